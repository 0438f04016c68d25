"""What an outside program may say, and how it knows that we asked."""

import hashlib
import hmac
from typing import Any

import msgspec
import pytest

from acd.commands import AskDecision
from switch.config.schema import Config
from switch.decisions.answers import Answer, WrongAnswer, question, read
from switch.signing import signed

CONFIG = Config.model_validate({"agents": {"ana": {}}, "queues": {"support": {}, "sales": {}}})


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"", Answer()),
        (b" \n", Answer()),
        (b"{}", Answer()),
        (
            b'{"priority": 5, "requires": "english >= 5", "agent": "ana", "queue": "sales"}',
            Answer(5, "english >= 5", "ana", "sales"),
        ),
        (b'{"priority": null, "requires": ""}', Answer(requires="")),
    ],
)
def test_what_can_be_used(body: bytes, answer: Answer) -> None:
    assert read(body, CONFIG) == answer


@pytest.mark.parametrize(
    "body",
    [
        b"hello",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"priority": "5"}',
        b'{"priority": 1e99}',
        b'{"priority": 10000000}',
        b'{"priority": true}',
        b'{"prority": 5}',
        b'{"agent": "nobody"}',
        b'{"agent": ""}',
        b'{"queue": "nowhere"}',
        b'{"requires": "english >="}',
        b'{"requires": "' + b"a" * 501 + b'"}',
        b"[" * 5000,
    ],
)
def test_what_cannot(body: bytes) -> None:
    with pytest.raises(WrongAnswer):
        read(body, CONFIG)


def test_what_it_is_asked() -> None:
    command = AskDecision(("main", 1, 0), "main-1-0", "01J", "support", 7, 3, 2, ("ana",))
    asked: dict[str, Any] = msgspec.json.decode(question(command, "+34600111222", "+34911000000"))
    assert asked == {
        "call": "01J",
        "queue": "support",
        "from": "+34600111222",
        "to": "+34911000000",
        "priority": 3,
        "waiting": 2,
        "free": ["ana"],
    }


def test_it_is_signed() -> None:
    headers = signed(b"{}", "s3cret", 1_800_000_000)
    digest = hmac.new(b"s3cret", b"1800000000.{}", hashlib.sha256).hexdigest()
    assert headers == {
        "X-Centralita-Timestamp": "1800000000",
        "X-Centralita-Signature": f"sha256={digest}",
    }
    assert signed(b"{}", "", 1_800_000_000) == {}
