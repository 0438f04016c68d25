"""The built-in sounds, made at set-up: prompts spoken by espeak-ng, music synthesised.

`python -m media.aio.synthesis DATA_DIR` makes what is missing or out of date under DATA_DIR/built-in: a
few seconds the first time, nothing after that. Without espeak-ng the music is made and the prompts are not;
they are optional until a configuration names one, and whoever asks for it then is told the remedy.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from media.kernels import power
from media.music import compose
from media.pcm import RATE, samples, saturated
from media.prompts import LANGUAGES, MUSIC, built_in, music_directory, prompt_file, texts
from media.spoken.sayings import PAUSE
from media.tones import MILLIWATT_POWER
from media.trimming import trim
from media.wav import WavError, decode_wav, encode_wav

SPEECH_PROGRAM: Final = "espeak-ng"
SPEECH_TIMEOUT_S: Final = 20.0
VOICES: Final = {"en": "en-gb", "es": "es"}
WORDS_A_MINUTE: Final = 150

SPEECH_DBM0: Final = -20.0
"""Mean level of a prompt, its pauses included: about that of a talker on the telephone."""

PAUSE_S: Final = 0.25
"""The silence between two sentences."""

RECIPE: Final = "2"
"""Counted up when the way in which sounds are made changes, so that they are made again."""

MUSIC_SEEDS: Final = {"default": 1848}

_MANIFEST: Final = "made.json"


class SpeechError(RuntimeError):
    """espeak-ng failed, in its words."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a run of `make` did: files made, files that were there, and what could not be made and why."""

    made: int
    kept: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Recipe:
    """One file to make: its path inside the built-in directory, and a digest of what decides its sound."""

    name: str
    digest: str
    cook: Callable[[], bytes]
    speech: bool


def make(data_dir: Path) -> Made:
    """Make the built-in sounds that are missing or out of date. OSError if `data_dir` cannot be written."""
    directory = built_in(data_dir)
    before = _manifest(directory)
    kept = {recipe.name: recipe.digest for recipe in _recipes() if _is_made(recipe, directory, before)}
    problems: list[str] = []
    can_speak = speech_program() is not None
    if not can_speak:
        problems.append(f"no {SPEECH_PROGRAM}, so no spoken prompts: apt-get install {SPEECH_PROGRAM}")
    wanted = [recipe for recipe in _recipes() if recipe.name not in kept and (can_speak or not recipe.speech)]
    with ThreadPoolExecutor(os.cpu_count()) as cooks:
        found = list(cooks.map(lambda recipe: _cook(recipe, directory), wanted))
    problems += [problem for problem in found if problem is not None]
    made = {
        recipe.name: recipe.digest for recipe, problem in zip(wanted, found, strict=True) if problem is None
    }
    if made:
        _write(directory / _MANIFEST, json.dumps(kept | made, indent=1).encode())
    return Made(len(made), len(kept), tuple(problems))


def speech_program() -> str | None:
    """The path of espeak-ng, or None if it is not installed."""
    return shutil.which(SPEECH_PROGRAM)


def speak(text: str, language: str) -> bytes:
    """`text` spoken in `language`, 8 kHz mono PCM at SPEECH_DBM0, without silence around it.

    SpeechError if espeak-ng fails.
    """
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "speech.wav")
        options = ["-v", VOICES[language], "-s", str(WORDS_A_MINUTE), "-w", str(file)]
        try:
            subprocess.run(
                [SPEECH_PROGRAM, *options, "--", text],
                check=True,
                capture_output=True,
                text=True,
                timeout=SPEECH_TIMEOUT_S,
            )
            return _at_level(trim(decode_wav(file.read_bytes())), SPEECH_DBM0)
        except subprocess.CalledProcessError as error:
            words = error.stderr.strip() or f"{SPEECH_PROGRAM} ended with {error.returncode}"
            raise SpeechError(words) from error
        except (OSError, WavError, subprocess.TimeoutExpired) as error:
            raise SpeechError(str(error)) from error


def _recipes() -> Iterator[_Recipe]:
    for language in LANGUAGES:
        for name, text in texts(language).items():
            yield _spoken(language, name, text)
        yield _silence(prompt_file(language, PAUSE))
    for music_class in MUSIC:
        yield _composed(music_class)


def _spoken(language: str, name: str, text: str) -> _Recipe:
    digest = _digest("speech", VOICES[language], str(WORDS_A_MINUTE), text)
    file = prompt_file(language, name).as_posix()
    return _Recipe(file, digest, lambda: speak(text, language), speech=True)


def _silence(file: Path) -> _Recipe:
    length = round(PAUSE_S * RATE)
    return _Recipe(file.as_posix(), _digest("silence", str(length)), lambda: bytes(2 * length), speech=False)


def _composed(music_class: str) -> _Recipe:
    seed = MUSIC_SEEDS[music_class]
    name = (music_directory(music_class) / "chords.wav").as_posix()

    def cook() -> bytes:
        return compose(iter(random.Random(seed).random, None))

    return _Recipe(name, _digest("music", str(seed)), cook, speech=False)


def _cook(recipe: _Recipe, directory: Path) -> str | None:
    """Make one file; what is wrong, if it cannot be made."""
    try:
        _write(directory / recipe.name, encode_wav(recipe.cook()))
    except SpeechError as error:
        return f"{recipe.name}: {error}"
    return None


def _is_made(recipe: _Recipe, directory: Path, manifest: dict[str, str]) -> bool:
    return manifest.get(recipe.name) == recipe.digest and (directory / recipe.name).is_file()


def _digest(*ingredients: str) -> str:
    return hashlib.sha256("\0".join((RECIPE, *ingredients)).encode()).hexdigest()


def _at_level(pcm: bytes, level_dbm0: float) -> bytes:
    """`pcm` amplified to a mean level; its highest peaks may be clipped."""
    mean = power(pcm)
    if mean == 0.0:
        return pcm
    gain = (MILLIWATT_POWER * 10 ** (level_dbm0 / 10) / mean) ** 0.5
    return saturated(round(gain * sample) for sample in samples(pcm))


def _manifest(directory: Path) -> dict[str, str]:
    """What was made and how; empty if that cannot be read, and then all is made again."""
    try:
        found = json.loads((directory / _MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(file: Path, octets: bytes) -> None:
    """Write all or nothing: a set-up that is interrupted leaves no half of a sound."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.write_bytes(octets)
    part.replace(file)


def main() -> None:
    """Make the sounds of the `data_dir` that the command line names, and say what was done."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m media.aio.synthesis DATA_DIR")
    result = make(Path(sys.argv[1]))
    print(f"sounds: {result.made} made, {result.kept} kept")
    for problem in result.problems:
        print(f"sounds: {problem}", file=sys.stderr)


if __name__ == "__main__":
    main()
