"""The journal's bytes: round trips, torn writes, replays that differ."""

import pytest

from acd import journal
from acd.events import Configured, DeadlinePassed, PhoneRegistered
from acd.journal import Header, JournalError, Record, ReplayDiverged, decode, encode, encode_header, replay
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from tests.acd.history import History


@pytest.fixture(scope="module")
def segment() -> bytes:
    history = History(3)
    history.play(200)
    frames = (encode(n, now_us, event, out) for n, (now_us, event, out) in enumerate(history.steps, 1))
    return encode_header(Header("main", 1)) + b"".join(frames)


def test_events_read_back_as_they_were(segment: bytes) -> None:
    history = History(3)
    history.play(200)
    read = decode(segment)
    assert read.header == Header("main", 1)
    assert read.damage is None
    assert read.clean_bytes == len(segment)
    assert [(record.now_us, record.event) for record in read.records] == [
        (now_us, event) for now_us, event, _ in history.steps
    ]
    assert [record.commands for record in read.records] == [len(commands) for _, _, commands in history.steps]


def test_torn_anywhere_the_whole_records_before_it_are_read(segment: bytes) -> None:
    whole = decode(segment)
    head = len(encode_header(Header("main", 1)))
    for cut in range(head, len(segment), 37):
        torn = decode(segment[:cut])
        assert torn.records == whole.records[: len(torn.records)]
        assert torn.clean_bytes <= cut
        assert (torn.damage is None) == (torn.clean_bytes == cut)


@pytest.mark.parametrize("offset", [0, 3, 5, 9, 20])
def test_a_changed_byte_is_seen(segment: bytes, offset: int) -> None:
    first = len(encode_header(Header("main", 1)))
    changed = bytearray(segment)
    changed[first + offset] ^= 0xFF
    read = decode(bytes(changed))
    assert read.records == []
    assert read.damage is not None


@pytest.mark.parametrize(
    "data", [b"", b"centrJ99", journal.MAGIC, journal.MAGIC + journal.frame(b"\xc1"), b"\x00" * 64]
)
def test_what_is_no_journal_is_refused(data: bytes) -> None:
    with pytest.raises(JournalError):
        decode(data)


def test_unknown_fields_are_passed_over() -> None:
    """A later version may add a field; this one still reads the rest."""
    payload = b"\x94\x01\x02" + b"\x82\xa4type\xaeDeadlinePassed\xa5later\x01" + b"\x00"
    read = decode(encode_header(Header("main", 1)) + journal.frame(payload))
    assert read.records == [Record(1, 2, DeadlinePassed(), 0)]


def test_replay_skips_what_the_snapshot_holds_and_names_a_gap() -> None:
    router = Router()
    records = [Record(n, n, DeadlinePassed(), 0) for n in (1, 2, 3, 5)]
    assert replay(router, records[:2]) == 2
    with pytest.raises(ReplayDiverged, match="steps 4 to 4 are missing"):
        replay(router, records)
    assert router.sequence == 3


def test_replay_names_the_step_that_differs() -> None:
    configured = Configured([QueueSettings("support")], [AgentSettings("ana")])
    records = [Record(1, 1, configured, 0), Record(2, 2, PhoneRegistered("ana", fresh=True), 7)]
    with pytest.raises(ReplayDiverged, match="step 2 gave 7 commands, now gives 1"):
        replay(Router(), records)
