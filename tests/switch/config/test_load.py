"""The file itself, secrets from the environment and from files, and what a reload may not change."""

import pickle
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from switch.config.errors import ConfigError, ConfigErrors
from switch.config.load import load
from switch.config.schema import Config
from tests.switch.config.conftest import Mistakes
from tests.switch.config.test_schema import SAMPLE

MISHAPS = [
    "",
    *"{}[]:,#&*!|>'\"%@`-?\t\n \r\x85\u2028$~",
    "${X}",
    "<<: *a",
    "*a",
    "!!int ",
    "null",
    "? ",
    "- ",
    "a: ",
]

Write = Callable[[str], Path]


def refused(path: Path) -> str:
    with pytest.raises(ConfigErrors) as caught:
        load(path, {})
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "1:1: the file is empty"),
        (b"\xef\xbb\xbf", "1:1: the file is empty"),
        (b"server:\n  data_dir: caf\xe9\n", "2:16: is not UTF-8"),
        ("server: {}\n".encode("utf-16"), "1:1: is not UTF-8"),
        (
            b"a: 1\nserver: [\n",
            "3:1: not YAML: expected the node content, but found '<stream end>' while parsing a flow node",
        ),
        (b" " * (16 * 1024 * 1024 + 1), "1:1: is larger than 16 MiB"),
    ],
)
def test_what_is_no_configuration(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "test.yaml"
    path.write_bytes(content)
    assert refused(path) == f"{path}:{found}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refused(tmp_path / "x.yaml") == f"{tmp_path}/x.yaml:1:1: cannot be read: No such file or directory"
    assert refused(tmp_path) == f"{tmp_path}:1:1: cannot be read: Is a directory"


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "test.yaml"
    path.write_bytes(b"\xef\xbb\xbfserver:\r\n  language: es\r\n")
    assert load(path).server.language == "es"


def test_what_is_left_out_or_empty_has_its_default(write: Write) -> None:
    assert load(write("server: {}")) == Config()
    assert load(write("server:\nsip:\ntrunks:\nphones:\nagents:\nqueues:\nroutes:\n")) == Config()
    assert load(write("queues: {a: }")).queues["a"].ring_timeout == 15.0


def test_an_agent_without_a_name_is_called_by_the_key(write: Write) -> None:
    agents = load(write("agents: {ana: {}, luis: {name: Luis Gil}}")).agents
    assert {key: agent.name for key, agent in agents.items()} == {"ana": "ana", "luis": "Luis Gil"}


@pytest.mark.parametrize("written", ["no", "0123", "1e3", "12:30:00", "null", "~", "0x1f", "5"])
def test_text_stays_text(write: Write, written: str) -> None:
    config = load(write(f"phones: {{x: {{secret: {written}}}}}\nagents: {{{written}: {{name: {written}}}}}"))
    assert config.phones["x"].secret.get_secret_value() == written
    assert config.agents[written].name == written


def test_secrets_come_from_the_environment(write: Write) -> None:
    config = load(write("phones: {'1': {secret: '${PHONE_1}'}}"), {"PHONE_1": "x:${y}#z"})
    assert config.phones["1"].secret.get_secret_value() == "x:${y}#z"


def test_no_representation_shows_a_secret(write: Write) -> None:
    config = load(write("phones: {'1': {secret: hunter2}}"))
    assert "hunter2" not in repr(config) + str(config) + repr(config.model_dump())


@pytest.mark.parametrize(
    ("content", "secret"),
    [(b"s3cret\n", "s3cret"), (b"s3cret", "s3cret"), (b"s3cret\r\n", "s3cret"), (b" a b \n", " a b ")],
)
def test_a_secret_file_lies_under_data_dir(tmp_path: Path, write: Write, content: bytes, secret: str) -> None:
    (tmp_path / "one").write_bytes(content)
    config = load(write(f"server: {{data_dir: {tmp_path}}}\nphones: {{'1': {{secret_file: one}}}}"))
    assert config.phones["1"].secret.get_secret_value() == secret


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "must hold one line, the secret"),
        (b"\n", "must hold one line, the secret"),
        (b"a\nb\n", "must hold one line, the secret"),
        (b"x" * 5000, "must hold one line, the secret"),
        (b"caf\xe9\n", "is not UTF-8"),
    ],
)
def test_a_secret_file_that_holds_none(
    tmp_path: Path, mistakes: Mistakes, content: bytes | None, fault: str
) -> None:
    if content is not None:
        (tmp_path / "one").write_bytes(content)
    found = mistakes(f"server: {{data_dir: {tmp_path}}}\nphones: {{'1': {{secret_file: one}}}}")
    assert found == [f"2:29: phones.1.secret_file: {tmp_path}/one {fault}"]


FIXED = "a running switch cannot change this; restart it, or take the change back"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("server: {data_dir: other}", [f"1:20: server.data_dir: {FIXED}"]),
        ("database: {url: sqlite:///x.db}", [f"1:17: database.url: {FIXED}"]),
        (
            "sip: {listen: [udp:127.0.0.1:5060], t1: 1s}",
            [f"1:15: sip.listen: {FIXED}", f"1:41: sip.t1: {FIXED}"],
        ),
        ("media: {ports: 30000-30099}", [f"1:16: media.ports: {FIXED}"]),
        ("media: {listen: 127.0.0.1}", [f"1:17: media.listen: {FIXED}"]),
        ("http: {listen: 127.0.0.1:8081}", [f"1:16: http.listen: {FIXED}"]),
        ("server: {language: es, timezone: UTC, drain_timeout: 1s}\nqueues: {a: {}}", []),
        ("sip: {domain: x.example, advertise: 192.0.2.1}", []),
        ("media: {codecs: [PCMU], silence_timeout: 0, tones: mx}", []),
    ],
)
def test_what_only_a_restart_can_change_is_refused(mistakes: Mistakes, text: str, found: list[str]) -> None:
    assert mistakes(text, Config()) == found


def test_a_default_that_cannot_come_back_is_refused_at_its_section(mistakes: Mistakes) -> None:
    running = Config.model_validate({"http": {"listen": "127.0.0.1:9999"}})
    assert mistakes("http:\n  # nothing\nsip: {}\n", running) == [f"1:6: http: {FIXED}"]
    assert mistakes("sip: {}", running) == [f"1:1: {FIXED}"]


def test_whatever_is_written_is_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(1)
    sample = SAMPLE.read_text("utf-8")
    path = tmp_path / "test.yaml"
    refusals = 0
    for _ in range(150):
        at = chance.randrange(len(sample))
        end = at + chance.choice((0, 0, 1, 5, 30))
        path.write_text(sample[:at] + chance.choice(MISHAPS) + sample[end:], "utf-8")
        errors = every_error(path)
        assert all(error.line >= 1 and error.column >= 1 and error.message for error in errors)
        refusals += bool(errors)
    assert 50 < refusals < 150


def every_error(path: Path) -> list[ConfigError]:
    try:
        load(path, {"PHONE_1001": "x"})
    except ConfigErrors as errors:
        return errors.errors
    return []


def test_errors_cross_from_a_child_process() -> None:
    errors = ConfigErrors([ConfigError("b", 1, 1, "", "x"), ConfigError("a", 2, 1, "c.d", "y")])
    again = pickle.loads(pickle.dumps(errors))
    assert isinstance(again, ConfigErrors)
    assert str(again) == str(errors) == "a:2:1: c.d: y\nb:1:1: x"
    assert again.errors == errors.errors
