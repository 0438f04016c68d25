"""The sounds that a configuration names: read ahead, and named in words where they are missing."""

from pathlib import Path
from typing import Any

import structlog

from media.prompts import parts
from media.spoken.sayings import PAUSE
from media.wav import encode_wav
from switch.config.schema import Config
from switch.sounds import names_missing, read_sounds


def config(folder: Path, **queue: Any) -> Config:
    return Config.model_validate({"server": {"data_dir": folder}, "queues": {"support": queue}})


def put(folder: Path, *names: str) -> None:
    """Tenth of a second of silence under each name."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_wav(bytes(1600)))


def test_what_is_named_and_there_is_read(tmp_path: Path) -> None:
    put(tmp_path, "music/default/a.wav", "music/jazz/b.wav", "prompts/en/notice.wav")
    wanted = config(tmp_path, music="jazz", recording_notice="notice")
    library = read_sounds(wanted)
    assert names_missing(library, wanted) == ()
    for name in ("music/jazz/b.wav", "prompts/en/notice.wav"):
        (tmp_path / name).unlink()
    assert [piece.frames for piece in library.music("jazz").pieces] == [5]
    assert library.prompt("notice").frames == 5, "kept in memory: the loop never waits for a file"


def test_everything_missing_is_named_at_once_with_its_key(tmp_path: Path) -> None:
    wanted = config(tmp_path, music="jazz", recording_notice="notice")
    errors = names_missing(read_sounds(wanted), wanted)
    assert [error.partition(":")[0] for error in errors] == [
        "queues.*.music",
        "queues.support.music",
        "queues.support.recording_notice",
    ]
    assert f"put a WAV file at {tmp_path / 'prompts' / 'en' / 'notice.wav'}" in errors[2]


def test_music_is_played_as_the_file_says(tmp_path: Path) -> None:
    put(tmp_path, *(f"music/default/{name}.wav" for name in "abcdefgh"))
    for section, order, live in (
        ({}, "abcdefgh", False),
        ({"default": {"seed": 3, "start": "live"}}, "abcdefgh", True),
        ({"default": {"order": "shuffled", "seed": 3}}, "afhcbged", False),
    ):
        wanted = Config.model_validate({"server": {"data_dir": tmp_path}, "music": section})
        music = read_sounds(wanted).music("default")
        assert ("".join(piece.name for piece in music.pieces), music.live) == (order, live)


def test_a_file_of_several_that_is_no_wav_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "music/default/a.wav", "music/default/b.wav")
    (tmp_path / "music/default/a.wav").write_bytes(b"not a WAV")
    wanted = config(tmp_path)
    with structlog.testing.capture_logs() as logs:
        library = read_sounds(wanted)
    assert names_missing(library, wanted) == ()
    silent, told = logs
    assert silent["event"] == "feature codes say nothing"
    assert (told["log_level"], told["event"]) == ("warning", "left out of the music")
    assert told["fault"].startswith(str(tmp_path / "music/default/a.wav"))


def test_a_file_that_is_no_wav_is_an_error_too(tmp_path: Path) -> None:
    put(tmp_path, "music/default/a.wav")
    (tmp_path / "music" / "default" / "a.wav").write_bytes(b"not a WAV")
    wanted = config(tmp_path)
    errors = names_missing(read_sounds(wanted), wanted)
    assert [error.partition(":")[0] for error in errors] == ["queues.*.music", "queues.support.music"]
    assert all("a.wav" in error for error in errors)


def test_a_clock_needs_every_word(tmp_path: Path) -> None:
    put(tmp_path, "music/default/a.wav", *(f"prompts/es/{name}.wav" for name in (*parts("es"), PAUSE)))
    wanted = Config.model_validate(
        {
            "server": {"data_dir": tmp_path, "language": "es"},
            "routes": [{"phone": "*", "to": "603", "go": "clock"}],
        }
    )
    assert names_missing(read_sounds(wanted), wanted) == ()
    (tmp_path / "prompts/es/number-7.wav").unlink()
    (missing,) = names_missing(read_sounds(wanted), wanted)
    assert missing.startswith("routes[0].go: no prompt 'number-7' in language 'es'")
