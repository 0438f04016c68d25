"""Descriptions in and out as files: `golden/NAME.txt`, to which anybody can add one.

A line for people; `codecs:`, our list; `agreed:`, what both sides have then; and the two descriptions, the
first one the offer: `--- in` is theirs, `--- out` ours. {address} and {port} are our place, {peer} and
{peer_port} theirs, {session} and {version} stand for our `o=`.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from sip.dialogs.offer_answer import Agreed, MediaSession

CASES = sorted((Path(__file__).parent / "golden").glob("*.txt"))
PLACES = {
    "address": "192.0.2.1",
    "port": "20000",
    "peer": "198.51.100.7",
    "peer_port": "11780",
    "session": "42",
    "version": "1",
}


class Case(NamedTuple):
    codecs: list[str]
    agreed: str
    first: str
    theirs: bytes
    ours: bytes


def read(path: Path) -> Case:
    text = re.sub(r"\{(\w+)\}", lambda match: PLACES[match[1]], path.read_text())
    head, first, one, second, other = re.split(r"^--- (in|out)\n", text, flags=re.MULTILINE)
    said = dict(line.split(": ", 1) for line in head.splitlines() if not line.startswith("#"))
    sides = {which: body.replace("\n", "\r\n").encode() for which, body in ((first, one), (second, other))}
    return Case(said["codecs"].split(), said["agreed"], first, sides["in"], sides["out"])


def in_words(agreed: Agreed) -> str:
    events = f"events {agreed.send_event_type} and {agreed.receive_event_type} at {agreed.event_rate_hz} Hz"
    if agreed.send_event_type is None and agreed.receive_event_type is None:
        events = "no events"
    numbers = f"sends {agreed.payload_type}, receives {agreed.receive_payload_type}"
    return f"{agreed.codec}, {numbers}, {events}, {agreed.ptime_ms} ms"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    case = read(path)
    session, address, port = MediaSession(42), PLACES["address"], int(PLACES["port"])
    if case.first == "in":
        ours, agreed = session.answer(case.theirs, address, port, case.codecs)
    else:
        ours = session.offer(address, port, case.codecs)
        agreed = session.accept(case.theirs)
    assert ours.decode() == case.ours.decode()
    assert in_words(agreed) == case.agreed
    assert (agreed.remote_address, agreed.remote_port) == (PLACES["peer"], int(PLACES["peer_port"]))
    again = session.offer(address, port, case.codecs)
    assert session.offer(address, port, case.codecs) == again, "the same again is the same bytes"


def test_there_are_cases() -> None:
    assert {path.stem.partition("_")[0] for path in CASES} == {"answer", "offer"}
