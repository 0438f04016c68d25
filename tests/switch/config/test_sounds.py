"""Music and prompts: how classes are played, and which files `check` finds that nobody can play."""

from pathlib import Path

import pytest

from media.wav import encode_wav
from switch.config.errors import ConfigErrors
from switch.config.load import load

TEXT = """
server: {{data_dir: {data_dir}}}
music:
  jazz: {{order: shuffled, seed: 7, start: live}}
queues:
  support: {{music: jazz}}
  sales:
    music: folk
  late:
    music: folk
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration with two classes of music, each with a file that can be played."""
    for name in ("jazz/1.wav", "folk/1.wav"):
        path = tmp_path / "music" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(encode_wav(bytes(320)))
    path = tmp_path / "centralita.yaml"
    path.write_text(TEXT.format(data_dir=tmp_path))
    return path


def faults(file: Path) -> list[str]:
    """What `check` says, without the path of the file."""
    with pytest.raises(ConfigErrors) as raised:
        load(file, thorough=True)
    return [str(error).removeprefix(f"{file}:") for error in raised.value.errors]


def test_all_is_well(file: Path) -> None:
    music = load(file, thorough=True).music["jazz"]
    assert (music.order.value, music.seed, music.start.value) == ("shuffled", 7, "live")


def test_each_file_that_cannot_be_read_is_named_once(file: Path) -> None:
    for name in ("jazz/2.wav", "folk/2.wav", "folk/3.wav", "unused/1.wav", "default/1.wav"):
        path = file.parent / "music" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"ID3 music")
    music = file.parent / "music"
    wrong = "is no WAV file (no RIFF WAVE header)"
    assert sorted(faults(file)) == [
        f"4:9: music.jazz: {music}/jazz/2.wav {wrong}",
        f"6:3: queues: {music}/default/1.wav {wrong}",
        f"8:12: queues.sales.music: {music}/folk/2.wav {wrong}",
        f"8:12: queues.sales.music: {music}/folk/3.wav {wrong}",
    ]
    load(file)


def test_a_class_without_files_is_an_error(file: Path) -> None:
    (file.parent / "music/jazz/1.wav").unlink()
    (fault,) = faults(file)
    assert fault == f"4:9: music.jazz: no music 'jazz': put WAV files into {file.parent}/music/jazz"


def test_a_prompt_that_is_missing_or_no_wav_is_named(tmp_path: Path) -> None:
    notices = {"a": "recording-notice", "b": "nosuch", "c": "broken", "d": "welcome"}
    text = "\n".join(f"  {queue}: {{recording_notice: {name}}}" for queue, name in notices.items())
    file = tmp_path / "centralita.yaml"
    file.write_text(
        f"server: {{data_dir: {tmp_path}}}\nqueues:\n{text}\nroutes:\n  - {{phone: '*', go: clock}}\n"
    )
    own = tmp_path / "prompts/en"
    own.mkdir(parents=True)
    for name in ("broken", "number-7"):
        (own / f"{name}.wav").write_bytes(b"ID3 words")
    wrong = "is no WAV file (no RIFF WAVE header)"
    missing = f"no prompt 'nosuch' in language 'en': put a WAV file at {own}/nosuch.wav"
    assert sorted(faults(file)) == [
        f"4:25: queues.b.recording_notice: {missing}",
        f"5:25: queues.c.recording_notice: {own}/broken.wav {wrong}",
        f"8:22: routes[0].go: {own}/number-7.wav {wrong}",
    ]
    load(file)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{jazz: {order: random}}", "1:23: music.jazz.order: 'random' is not one of by-name, shuffled"),
        ("{jazz: {seed: -1}}", "1:22: music.jazz.seed: must not be less than 0"),
        ("{jazz: {starts: live}}", "1:16: music.jazz.starts: unknown key; did you mean 'start'?"),
        ("{a/b: {}}", "1:9: music.a/b: a name holds none of / * ? [ ]"),
    ],
)
def test_mistakes(tmp_path: Path, section: str, message: str) -> None:
    file = tmp_path / "centralita.yaml"
    file.write_text(f"music: {section}\n")
    assert any(fault.startswith(message) for fault in faults(file))
