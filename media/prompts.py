"""Where a prompt or a class of music lies: your own file in `data_dir` before the built-in one.

    data_dir/prompts/LANGUAGE/NAME.wav          data_dir/built-in/prompts/LANGUAGE/NAME.wav
    data_dir/music/CLASS/*.wav                  data_dir/built-in/music/CLASS/*.wav

Pure: this module names paths and texts; media.aio.sounds reads and media.aio.synthesis makes the files.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("en", "es")

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "welcome": {"en": "Welcome.", "es": "Bienvenido."},
}
"""Built-in prompts: name, then language, then the words that are spoken."""

MUSIC: Final = ("default",)
"""Built-in classes of music."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def built_in(data_dir: Path) -> Path:
    """The directory that media.aio.synthesis fills."""
    return data_dir / "built-in"


def is_name(name: str) -> bool:
    """Whether `name` can name a prompt or a class of music (it becomes part of a path)."""
    return _NAME.fullmatch(name) is not None


def prompt_paths(data_dir: Path, language: str, name: str) -> tuple[Path, Path]:
    """Where to look for a prompt; the first that exists wins. ValueError if one is no name."""
    _require_names(language, name)
    inside = Path("prompts", language, f"{name}.wav")
    return data_dir / inside, built_in(data_dir) / inside


def music_directories(data_dir: Path, music_class: str) -> tuple[Path, Path]:
    """Where to look for the WAV files of a class; the first directory that holds one wins."""
    _require_names(music_class)
    inside = Path("music", music_class)
    return data_dir / inside, built_in(data_dir) / inside


def _require_names(*names: str) -> None:
    for name in names:
        if not is_name(name):
            raise ValueError(f"{name!r} cannot name a prompt or music: letters, digits, '.', '_' and '-'")
