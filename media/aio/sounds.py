"""The sounds of one `data_dir`: prompts and music read from their files, once each."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from media.aio.synthesis import SPEECH_PROGRAM, speech_program
from media.playlist import Manner, Playlist
from media.prompts import MUSIC, music_directories, parts, prompt_paths, texts
from media.sound import Sound
from media.spoken.sayings import PAUSE, Saying, sequence
from media.trimming import trim
from media.wav import WavError, check_wav, decode_wav


class SoundError(LookupError):
    """A prompt or music that cannot be played, with the remedy in its words."""


class SoundLibrary:
    """Prompts in each language, and music, by name.

    Reads files, and so may block: ask for what the configuration names before the switch is ready, and for
    what a reload brings on another thread. A sound that was read is kept; a changed file is heard by the next
    library, that is after a reload.
    """

    def __init__(self, data_dir: Path, language: str, manners: Mapping[str, Manner] | None = None) -> None:
        """`manners` says how classes of music are played; without one, in the order of their names."""
        self.left_out: list[str] = []
        """Why files of music are not played, each by its name."""
        self._data_dir = data_dir
        self._language = language
        self._manners = manners or {}
        self._prompts: dict[tuple[str, str], Sound] = {}
        self._music: dict[str, Playlist] = {}

    def prompt(self, name: str, language: str | None = None) -> Sound:
        """The prompt `name`, in the library's own language where none is given.

        SoundError if there is none or it cannot be read.
        """
        language = language or self._language
        key = language, name
        if key not in self._prompts:
            pcm = _decode(_prompt_file(self._data_dir, language, name))
            self._prompts[key] = Sound.from_pcm(name, trim(pcm) if name in parts(language) else pcm)
        return self._prompts[key]

    def spoken(self, sayings: Sequence[Saying], language: str | None = None) -> tuple[Sound, ...]:
        """The prompts that say all this, one after another, likewise. ValueError: it cannot be said."""
        language = language or self._language
        return tuple(self.prompt(name, language) for name in sequence(language, sayings))

    def read_parts(self, language: str | None = None) -> None:
        """Read all that sentences are made of, so that no call waits for a file. SoundError likewise."""
        language = language or self._language
        for name in (*parts(language), PAUSE):
            self.prompt(name, language)

    def music(self, music_class: str) -> Playlist:
        """The files of a class. One that cannot be read is left out; SoundError if there is none left."""
        if music_class not in self._music:
            self._music[music_class] = self._playlist(music_class)
        return self._music[music_class]

    def _playlist(self, music_class: str) -> Playlist:
        pieces: list[Sound] = []
        faults: list[SoundError] = []
        for file in _music_files(self._data_dir, music_class):
            try:
                pieces.append(Sound.from_pcm(file.stem, _decode(file)))
            except SoundError as error:
                faults.append(error)
        if not pieces:
            raise faults[0]
        self.left_out += map(str, faults)
        manner = self._manners.get(music_class, Manner())
        if manner.seed is not None:
            random.Random(manner.seed).shuffle(pieces)
        return Playlist(tuple(pieces), manner.live)


def unreadable_music(data_dir: Path, music_class: str) -> Iterator[str]:
    """What is wrong with a class of music before it is ever played: each file by its name.

    Nothing is wrong with one that is still to be built in.
    """
    try:
        files = _music_files(data_dir, music_class)
    except SoundError as error:
        if music_class not in MUSIC:
            yield str(error)
        return
    for file in files:
        yield from _unreadable(file)


def unreadable_prompt(data_dir: Path, language: str, name: str) -> Iterator[str]:
    """Likewise a prompt."""
    try:
        file = _prompt_file(data_dir, language, name)
    except SoundError as error:
        if name not in texts(language):
            yield str(error)
        return
    yield from _unreadable(file)


def _unreadable(file: Path) -> Iterator[str]:
    try:
        check_wav(_octets(file))
    except WavError as error:
        yield f"{file} {error}"
    except SoundError as error:
        yield str(error)


def _prompt_file(data_dir: Path, language: str, name: str) -> Path:
    """SoundError with the remedy where there is none."""
    try:
        paths = prompt_paths(data_dir, language, name)
    except ValueError as error:
        raise SoundError(str(error)) from error
    for path in paths:
        if path.is_file():
            return path
    remedy = f"put a WAV file at {paths[0]}"
    if name in texts(language) and speech_program() is None:
        remedy += f", or install {SPEECH_PROGRAM} (apt-get install {SPEECH_PROGRAM}) and start again"
    raise SoundError(f"no prompt {name!r} in language {language!r}: {remedy}")


def _music_files(data_dir: Path, music_class: str) -> list[Path]:
    """At least one, in the order of their names; SoundError else."""
    try:
        directories = music_directories(data_dir, music_class)
    except ValueError as error:
        raise SoundError(str(error)) from error
    for directory in directories:
        if files := sorted(directory.glob("*.wav")):
            return files
    raise SoundError(f"no music {music_class!r}: put WAV files into {directories[0]}")


def _decode(file: Path) -> bytes:
    try:
        return decode_wav(_octets(file))
    except WavError as error:
        raise SoundError(f"{file} {error}") from error


def _octets(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SoundError(f"{file}: {error.strerror}") from error
