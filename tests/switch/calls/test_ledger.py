"""The ledger: what a call's record says of intervals, visits and who served it."""

from typing import Any, cast

import pytest

from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.ledger import Ledger, Visit
from switch.calls.legs.leg import Leg
from switch.records import Direction, SegmentKind, utc

S = 1_000_000
START = 1_800_000_000 * S


class NamedLeg:
    """A leg that only has a name."""

    def __init__(self, id: str) -> None:
        self.id = id


CALLER, ANA, LUIS = (cast(Leg, NamedLeg(id)) for id in ("caller", "ana", "luis"))


def ledger() -> Ledger:
    return Ledger("c1", Direction.INBOUND, "carrier", "+34600111222", "+34911000000", START)


def visit(queue: str, result: Result | None = None, agent: str | None = None, **fields: Any) -> Visit:
    return Visit(f"visit of {queue}", queue, START, result=result, agent=agent, **fields)


def test_talk_and_hold_are_the_sums_of_their_intervals() -> None:
    book = ledger()
    book.joined(SegmentKind.TALK, (CALLER, ANA), START)
    book.joined(SegmentKind.HOLD, (CALLER, ANA), START + 10 * S)
    book.joined(SegmentKind.TALK, (CALLER, ANA), START + 15 * S)
    book.parted(START + 20 * S)
    book.parted(START + 99 * S)
    record = book.record(START + 100 * S)
    assert (record.talk_s, record.hold_s) == (15.0, 5.0)
    assert [(segment.kind, segment.legs) for segment in record.segments] == [
        (SegmentKind.TALK, ("caller", "ana")),
        (SegmentKind.HOLD, ("caller", "ana")),
        (SegmentKind.TALK, ("caller", "ana")),
    ]
    assert [segment.to for segment in record.segments[:-1]] == [
        segment.from_ for segment in record.segments[1:]
    ]


def test_an_interval_that_goes_on_counts_until_now() -> None:
    book = ledger()
    book.joined(SegmentKind.TALK, (CALLER, ANA), START)
    assert book.record(START + 7 * S).talk_s == 7.0
    assert book.record(START + 7 * S).segments[0].to is None


def test_a_supervisor_is_beside_talk_and_hold_and_counts_as_neither() -> None:
    book = ledger()
    book.joined(SegmentKind.TALK, (CALLER, ANA), START)
    book.supervised(SegmentKind.LISTEN, (CALLER, ANA, LUIS), START + 2 * S)
    book.joined(SegmentKind.HOLD, (CALLER, ANA), START + 3 * S)
    book.supervised(SegmentKind.WHISPER, (CALLER, ANA, LUIS), START + 4 * S)
    book.parted(START + 5 * S)
    book.unsupervised(START + 6 * S)
    book.unsupervised(START + 7 * S)
    record = book.record(START + 8 * S)
    assert (record.talk_s, record.hold_s) == (3.0, 2.0)
    assert [(each.kind.value, each.to) for each in record.segments] == [
        ("talk", utc(START + 3 * S)),
        ("listen", utc(START + 4 * S)),
        ("hold", utc(START + 5 * S)),
        ("whisper", utc(START + 6 * S)),
    ]


def test_parting_before_any_interval_changes_nothing() -> None:
    book = ledger()
    book.parted(START)
    assert book.record(START).segments == ()


@pytest.mark.parametrize(
    ("visits", "queue", "agent"),
    [
        ([], None, None),
        ([visit("sales")], "sales", None),
        ([visit("sales", Result.OVERFLOWED), visit("support", Result.ABANDONED)], "support", None),
        ([visit("sales", Result.ANSWERED, "ana"), visit("support", Result.ABANDONED)], "sales", "ana"),
        (
            [visit("sales", Result.ANSWERED, "ana"), visit("sales", Result.ANSWERED, "luis")],
            "sales",
            "luis",
        ),
    ],
    ids=["none", "waiting", "the last", "the answered one", "the last answered one"],
)
def test_the_flat_fields_are_of_the_last_answered_visit_else_of_the_last(
    visits: list[Visit], queue: str | None, agent: str | None
) -> None:
    book = ledger()
    book.visits += visits
    record = book.record(START)
    assert (record.queue, record.agent) == (queue, agent)


@pytest.mark.parametrize(
    ("visits", "overflowed"),
    [
        ([], False),
        ([visit("sales")], False),
        ([visit("sales", Result.OVERFLOWED)], True),
        ([visit("sales", Result.OVERFLOWED), visit("support", Result.ANSWERED, "ana")], False),
    ],
    ids=["none", "waiting", "sent on", "sent on and answered"],
)
def test_a_call_has_overflowed_whose_last_queue_sent_it_on(visits: list[Visit], overflowed: bool) -> None:
    book = ledger()
    book.visits += visits
    assert book.overflowed is overflowed


def test_the_wait_is_that_of_the_visit() -> None:
    book = ledger()
    book.visits.append(visit("support"))
    assert book.waiting
    assert book.record(START).wait_s is None
    book.visits[0].left_us = START + 3_200_000
    assert not book.waiting
    assert book.record(START).wait_s == 3.2
    assert book.record(START).queued_at == utc(START)


def test_what_happens_twice_counts_the_first_time() -> None:
    book = ledger()
    for moment in (START + S, START + 2 * S):
        book.connected(moment)
        book.answered(moment)
    record = book.record(START + 3 * S)
    assert record.connected_at == record.answered_at == utc(START + S)


def test_a_visit_is_found_by_the_routers_id() -> None:
    book = ledger()
    book.visits += [visit("sales"), visit("support")]
    assert book.visit("visit of support") is book.visits[1]
    assert book.visit("another") is None


def test_a_call_in_progress_has_no_end() -> None:
    book = ledger()
    record = book.record(START)
    assert (record.ended_at, record.result, record.reason, record.ended_by) == (None, None, None, None)
    book.ended_us, book.result, book.reason, book.ended_by = (
        START + S,
        Result.REJECTED,
        Reason.LIMIT,
        EndedBy.SWITCH,
    )
    record = book.record(START + 2 * S)
    assert (record.ended_at, record.result) == (utc(START + S), Result.REJECTED)
