"""Prompts and music by name: where their files lie, and the words of the built-in prompts.

    data_dir/prompts/LANGUAGE/NAME.wav   your own, else   data_dir/built-in/prompts/LANGUAGE/NAME.wav
    data_dir/music/CLASS/*.wav           your own, else   data_dir/built-in/music/CLASS/*.wav

Pure: this module names paths and texts; media.aio.sounds reads the files, media.aio.synthesis makes those
that are built in.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from media.desk_prompts import DESK
from media.spoken.sayings import GRAMMARS

LANGUAGES: Final = tuple(GRAMMARS)

CLOSED: Final = "closed"
"""What callers hear outside of opening hours."""

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "welcome": {
        "en": "Welcome. Thank you for calling.",
        "es": "Bienvenido. Gracias por llamar.",
    },
    "please-wait": {
        "en": "All our agents are busy. Please stay on the line; your call will be answered soon.",
        "es": "Todos nuestros agentes están ocupados. Permanezca a la espera; le atenderemos en breve.",
    },
    "connecting": {
        "en": "Please hold. We are putting you through.",
        "es": "Un momento, por favor. Le ponemos en contacto con un agente.",
    },
    "call-resumes": {
        "en": "We are sorry, our agent's line was lost. Please hold; you keep your place in the queue.",
        "es": "Lo sentimos, se ha cortado con el agente. Permanezca a la espera; conserva su turno.",
    },
    "recording-notice": {
        "en": "This call may be recorded.",
        "es": "Esta llamada puede ser grabada.",
    },
    "try-later": {
        "en": "Nobody can take your call now. Please try again later.",
        "es": "En este momento no podemos atenderle. Por favor, inténtelo más tarde.",
    },
    CLOSED: {
        "en": "We are closed. Please call again during our opening hours.",
        "es": "Estamos cerrados. Por favor, llame de nuevo en nuestro horario de atención.",
    },
    "unknown-number": {
        "en": "The number that you dialled does not exist.",
        "es": "El número marcado no existe.",
    },
    "goodbye": {
        "en": "Thank you for calling. Goodbye.",
        "es": "Gracias por llamar. Adiós.",
    },
    **DESK,
}
"""Built-in prompts that are whole sentences: name, then language, then the words that are spoken."""

MUSIC: Final = ("default",)
"""Built-in classes of music."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def texts(language: str) -> Mapping[str, str]:
    """The words of every built-in prompt of a language: whole sentences, and parts of sentences."""
    return {name: spoken[language] for name, spoken in TEXTS.items()} | {**parts(language)}


def parts(language: str) -> Mapping[str, str]:
    """The words of the prompts that sentences are made of: no silence may stand around them."""
    return GRAMMARS[language].texts


def built_in(data_dir: Path) -> Path:
    """The directory that media.aio.synthesis fills."""
    return data_dir / "built-in"


def prompt_file(language: str, name: str) -> Path:
    """Where a prompt lies inside `data_dir` or the built-in directory. ValueError if one is no name."""
    _require_names(language, name)
    return Path("prompts", language, f"{name}.wav")


def music_directory(music_class: str) -> Path:
    """Where a class of music lies inside `data_dir` or the built-in one. ValueError if it is no name."""
    _require_names(music_class)
    return Path("music", music_class)


def prompt_paths(data_dir: Path, language: str, name: str) -> tuple[Path, Path]:
    """Where to look for a prompt; the first that exists wins. ValueError if one is no name."""
    inside = prompt_file(language, name)
    return data_dir / inside, built_in(data_dir) / inside


def music_directories(data_dir: Path, music_class: str) -> tuple[Path, Path]:
    """Where to look for the WAV files of a class; the first directory that holds one wins."""
    inside = music_directory(music_class)
    return data_dir / inside, built_in(data_dir) / inside


def is_name(name: str) -> bool:
    """Whether `name` can name a prompt or a class of music: it becomes part of a path."""
    return _NAME.fullmatch(name) is not None


def _require_names(*names: str) -> None:
    for name in names:
        if not is_name(name):
            raise ValueError(f"{name!r} cannot name a prompt or music: letters, digits, '.', '_' and '-'")
