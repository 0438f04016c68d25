"""Which URLs may hear calls: those whose host the configuration names, and by default none."""

import pytest

from switch.config.forks import refusal
from tests.switch.config.conftest import Mistakes

ALLOWED = ("speech.example", "10.0.0.1:9000", "[2001:db8::1]", "Other.Example:443")


@pytest.mark.parametrize(
    "url",
    [
        "ws://speech.example/in?x=1",
        "wss://SPEECH.example:8443",
        "ws://10.0.0.1:9000/",
        "ws://[2001:db8::1]:1234/",
        "wss://other.example/",
    ],
)
def test_allowed(url: str) -> None:
    assert refusal(url, ALLOWED) is None


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ws://10.0.0.1/", "media.fork_to does not name 10.0.0.1:80"),
        ("ws://10.0.0.1:9001/", "media.fork_to does not name 10.0.0.1:9001"),
        ("ws://other.example/", "media.fork_to does not name other.example:80"),
        ("ws://speech.example.evil.example/", "media.fork_to does not name speech.example.evil.example:80"),
        ("ws://speech.example@evil.example/", "is no ws:// or wss:// URL of a host"),
        ("http://speech.example/", "is no ws:// or wss:// URL of a host"),
        ("ws:///in", "is no ws:// or wss:// URL of a host"),
        ("ws://speech.example:99999/", "is no ws:// or wss:// URL of a host"),
        ("ws://speech.example/#x", "is no ws:// or wss:// URL of a host"),
        ("", "is no ws:// or wss:// URL of a host"),
    ],
)
def test_refused(url: str, why: str) -> None:
    assert why in (refusal(url, ALLOWED) or "")


def test_by_default_nobody_hears_anything() -> None:
    assert refusal("ws://127.0.0.1/", ()) == "media.fork_to does not name 127.0.0.1:80"


def test_a_queues_fork_must_be_allowed(mistakes: Mistakes) -> None:
    found = mistakes("queues: {a: {fork: 'ws://speech.example/'}}")
    assert found == ["1:20: queues.a.fork: media.fork_to does not name speech.example:80"]
    assert mistakes("media: {fork_to: [speech.example]}\nqueues: {a: {fork: 'ws://speech.example/'}}") == []


@pytest.mark.parametrize(
    "entry", ["wss://a.example", "a.example/", "", "a.example:", "u@a.example", "a:99999"]
)
def test_what_can_name_no_host_is_a_mistake(mistakes: Mistakes, entry: str) -> None:
    (found,) = mistakes(f"media: {{fork_to: [b.example, '{entry}']}}")
    assert found == (f"1:30: media.fork_to[1]: '{entry}' is no host; write speech.example or 10.0.0.7:9000")


@pytest.mark.parametrize("entry", ALLOWED)
def test_a_host_may_have_a_port(mistakes: Mistakes, entry: str) -> None:
    assert mistakes(f"media: {{fork_to: ['{entry}']}}") == []
