"""Prompts and music: your own before the built-in, every prompt in every language, remedies in words."""

import wave
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from media.aio import synthesis
from media.aio.sounds import SoundError, SoundLibrary, unreadable_music
from media.kernels import alaw_decode, power, tone_power
from media.music import compose
from media.playlist import Manner
from media.prompts import LANGUAGES, MUSIC, TEXTS, built_in, music_directories, parts, prompt_paths, texts
from media.sound import Sound
from media.spoken.sayings import Ahead, Number, Position, Saying, TimeOfDay, Wait
from media.tones import level_dbm0
from media.wav import decode_wav, encode_wav
from tests.media.waves import sine

SPOKEN = sum(len(texts(language)) for language in LANGUAGES)
UNSPOKEN = len(LANGUAGES) + len(MUSIC)
"""Pauses and music."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `data_dir` as set-up leaves it."""
    data_dir = tmp_path_factory.mktemp("var")
    assert synthesis.make(data_dir).problems == ()
    return data_dir


def put(file: Path, hz: float) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(encode_wav(sine(hz, -10.0)))


def plays(sound: Sound, hz: float) -> bool:
    return level_dbm0(tone_power(alaw_decode(sound.pcma), hz)) > -12.0


def quiet(pcm: bytes) -> list[bool]:
    """For each 10 ms whether it is silent, to an ear on the telephone."""
    powers = [power(pcm[start : start + 160]) for start in range(0, len(pcm), 160)]
    return [each < max(powers) / 10**4.5 for each in powers]


def silences_s(sound: Sound) -> tuple[float, float]:
    """How long it is silent before and after its sound."""
    windows = quiet(alaw_decode(sound.pcma))
    return windows.index(False) / 100, windows[::-1].index(False) / 100


def inner_silences_s(pcm: bytes) -> list[float]:
    """How long it is silent each time between two sounds."""
    runs = [(silent, len(list(run))) for silent, run in groupby(quiet(pcm))]
    return [length / 100 for silent, length in runs[1:-1] if silent]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEXTS)
def test_every_built_in_prompt_is_spoken_in_every_language(made: Path, language: str, name: str) -> None:
    sound = SoundLibrary(made, language).prompt(name)
    assert 0.3 < sound.duration_s < 10.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_of_a_sentence_is_spoken_with_no_silence_around_it(made: Path, language: str) -> None:
    library = SoundLibrary(made, language)
    library.read_parts()
    for name in parts(language):
        sound = library.prompt(name)
        assert 0.1 < sound.duration_s < 3.0, name
        before, after = silences_s(sound)
        assert before <= 0.01, name
        assert after <= 0.05, name


SENTENCES = (
    [Ahead(21), Wait(3660.0)],
    [Position(3), Wait(30.0)],
    [TimeOfDay(13, 5), TimeOfDay(1, 45)],
    [Number(value) for value in (0, 16, 22, 31, 99, 100, 101, 555, 1999, 21_021, 999_999)],
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sayings", SENTENCES)
def test_words_follow_one_another_as_in_speech(made: Path, language: str, sayings: list[Saying]) -> None:
    """Between two words no more than the stop of a t or k within one, some 70 ms, and the pauses longer."""
    for saying in sayings:
        heard = b"".join(sound.pcma for sound in SoundLibrary(made, language).spoken([saying]))
        assert max(inner_silences_s(alaw_decode(heard)), default=0.0) <= 0.15
    pcm = alaw_decode(b"".join(sound.pcma for sound in SoundLibrary(made, language).spoken(sayings)))
    pauses = [silence for silence in inner_silences_s(pcm) if silence > 0.2]
    assert len(pauses) == len(sayings) - 1
    assert max(pauses, default=0.0) < 0.35


def test_your_own_words_are_cut_to_their_sound(tmp_path: Path) -> None:
    own = prompt_paths(tmp_path, "es", "number-1")[0]
    put(own, 440.0)
    own.write_bytes(encode_wav(bytes(8000) + sine(440, -10.0, seconds=0.5) + bytes(8000)))
    assert SoundLibrary(tmp_path, "es").prompt("number-1").duration_s == pytest.approx(0.53, abs=0.02)
    own.rename(own.with_name("mine.wav"))
    assert SoundLibrary(tmp_path, "es").prompt("mine").duration_s == 1.5, "a whole prompt is yours to cut"


def test_each_language_is_spoken_by_one_library(made: Path) -> None:
    library = SoundLibrary(made, "en")
    spanish = [sound.pcma for sound in SoundLibrary(made, "es").spoken([Position(3)])]
    assert [sound.pcma for sound in library.spoken([Position(3)], "es")] == spanish
    assert [sound.pcma for sound in library.spoken([Position(3)])] != spanish


def test_languages_differ(made: Path) -> None:
    english, spanish = (SoundLibrary(made, language).prompt("welcome") for language in LANGUAGES)
    assert english.pcma != spanish.pcma


@pytest.mark.parametrize("music_class", MUSIC)
def test_built_in_music_is_loud_enough_long_enough_and_never_clips(made: Path, music_class: str) -> None:
    (file,) = music_directories(made, music_class)[1].glob("*.wav")
    with wave.open(str(file)) as reader:
        assert (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) == (8000, 1, 2)
    pcm = decode_wav(file.read_bytes())
    assert len(pcm) > 30 * 16000
    assert -24.0 < level_dbm0(power(pcm)) < -16.0
    assert b"\xff\x7f" not in (pcm[n : n + 2] for n in range(0, len(pcm), 2))


def test_music_never_sounds_like_the_tones_of_our_tests(made: Path) -> None:
    pcm = decode_wav(next(music_directories(made, "default")[1].glob("*.wav")).read_bytes())
    for hz in (440.0, 1000.0):
        assert level_dbm0(tone_power(pcm, hz)) < -50.0


def test_music_is_the_same_for_the_same_choices() -> None:
    def choices(start: int) -> Iterator[float]:
        return (n * 0.37 % 1.0 for n in range(start, 10000))

    assert compose(choices(0)) == compose(choices(0)) != compose(choices(1))


def test_set_up_makes_nothing_twice(made: Path) -> None:
    again = synthesis.make(made)
    assert (again.made, again.kept) == (0, SPOKEN + UNSPOKEN)


def test_set_up_makes_again_what_is_gone(made: Path) -> None:
    prompt_paths(made, "en", "goodbye")[1].unlink()
    assert synthesis.make(made).made == 1


def test_set_up_makes_all_again_if_its_list_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert synthesis.make(tmp_path).made == UNSPOKEN
    (built_in(tmp_path) / "made.json").write_text("[")
    assert synthesis.make(tmp_path).made == UNSPOKEN


def test_your_own_prompt_wins(tmp_path: Path) -> None:
    own, ours = prompt_paths(tmp_path, "en", "welcome")
    put(ours, 440.0)
    assert plays(SoundLibrary(tmp_path, "en").prompt("welcome"), 440.0)
    put(own, 1000.0)
    assert plays(SoundLibrary(tmp_path, "en").prompt("welcome"), 1000.0)


def test_your_own_music_wins_and_is_played_in_the_order_of_its_names(tmp_path: Path) -> None:
    own, ours = music_directories(tmp_path, "default")
    put(ours / "chords.wav", 350.0)
    put(own / "2.wav", 1000.0)
    put(own / "1.wav", 440.0)
    first, second = SoundLibrary(tmp_path, "en").music("default").pieces
    assert plays(first, 440.0)
    assert plays(second, 1000.0)


def names(library: SoundLibrary) -> str:
    """The names of the files of the class jazz in the order in which they are played."""
    return "".join(piece.name for piece in library.music("jazz").pieces)


def test_music_is_shuffled_by_its_seed_alone(tmp_path: Path) -> None:
    for name in "abcdefgh":
        put(music_directories(tmp_path, "jazz")[0] / f"{name}.wav", 440.0)
    orders = [names(SoundLibrary(tmp_path, "en", {"jazz": Manner(seed)})) for seed in (None, 1, 1, 2)]
    assert orders[0] == "abcdefgh"
    assert orders[1] == orders[2]
    assert len({*orders}) == 3
    assert all(sorted(order) == sorted(orders[0]) for order in orders)


def test_music_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    folder = music_directories(tmp_path, "jazz")[0]
    for name in "ac":
        put(folder / f"{name}.wav", 440.0)
    (folder / "b.wav").write_bytes(b"RIFF")
    (folder / "d.wav").mkdir()
    library = SoundLibrary(tmp_path, "en")
    assert names(library) == "ac"
    told = [f"{folder / 'b.wav'} is no WAV file (no RIFF WAVE header)", f"{folder / 'd.wav'}: Is a directory"]
    assert library.left_out == told
    assert list(unreadable_music(tmp_path, "jazz")) == told


def test_a_class_of_music_of_which_nothing_can_be_read_is_an_error(tmp_path: Path) -> None:
    folder = music_directories(tmp_path, "jazz")[0]
    folder.mkdir(parents=True)
    (folder / "a.wav").write_bytes(b"")
    with pytest.raises(SoundError, match=r"a\.wav is no WAV file"):
        SoundLibrary(tmp_path, "en").music("jazz")


def test_what_is_wrong_with_music_is_known_before_it_is_read(tmp_path: Path) -> None:
    assert list(unreadable_music(tmp_path, "default")) == [], "it will be made at set-up"
    (missing,) = unreadable_music(tmp_path, "jazz")
    assert missing == f"no music 'jazz': put WAV files into {tmp_path / 'music' / 'jazz'}"
    (named,) = unreadable_music(tmp_path, "../jazz")
    assert "cannot name" in named


def test_a_sound_is_read_once(tmp_path: Path) -> None:
    put(prompt_paths(tmp_path, "en", "welcome")[0], 440.0)
    put(music_directories(tmp_path, "jazz")[0] / "a.wav", 440.0)
    library = SoundLibrary(tmp_path, "en")
    assert library.prompt("welcome") is library.prompt("welcome")
    assert library.music("jazz") is library.music("jazz")


def test_without_espeak_ng_prompts_are_optional_until_one_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = synthesis.make(tmp_path)
    assert result.made == UNSPOKEN
    assert result.problems == ("no espeak-ng, so no spoken prompts: apt-get install espeak-ng",)
    library = SoundLibrary(tmp_path, "en")
    (piece,) = library.music("default").pieces
    assert piece.duration_s > 30.0
    with pytest.raises(SoundError, match=r"no prompt 'welcome' in language 'en'.*apt-get install espeak-ng"):
        library.prompt("welcome")


def test_an_espeak_ng_that_fails_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\necho no such voice >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    problems = synthesis.make(tmp_path).problems
    assert len(problems) == SPOKEN
    assert all(problem.endswith(": no such voice") for problem in problems)


@pytest.mark.parametrize("name", ["", "..", "../secret", "a/b", ".hidden", "a\0b"])
def test_a_name_cannot_leave_its_directory(tmp_path: Path, name: str) -> None:
    library = SoundLibrary(tmp_path, "en")
    for find in (library.prompt, library.music):
        with pytest.raises(SoundError, match="cannot name"):
            find(name)


def test_what_is_missing_is_told_with_the_place_for_it(tmp_path: Path) -> None:
    library = SoundLibrary(tmp_path, "es")
    with pytest.raises(SoundError, match=r"put a WAV file at .*prompts/es/mine\.wav"):
        library.prompt("mine")
    with pytest.raises(SoundError, match=r"put WAV files into .*music/jazz"):
        library.music("jazz")


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = prompt_paths(tmp_path, "en", "bad")[0]
    file.parent.mkdir(parents=True)
    file.write_bytes(b"ID3 something")
    with pytest.raises(SoundError, match=r"bad\.wav is no WAV file"):
        SoundLibrary(tmp_path, "en").prompt("bad")
