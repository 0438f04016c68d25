"""The whole switch by the clock on the wall: it begins on Friday, 15 January 2027, at nine in Madrid."""

from typing import Any

import pytest

from acd.events import QueueClosed, QueueOpened
from acd.queue import ClosedReason
from switch.api.backend import Unknown
from switch.calls.ending import Reason, Result
from switch.lamps.shown import Kind, Lit, Subject
from tests.switch.stage import NUMBER, Stage

HOUR_S = 3600.0


def centre(weekly: str = "Mo-Fr 09:00-10:00", **queue: Any) -> dict[str, Any]:
    return {
        "hours": {"office": {"weekly": weekly}},
        "queues": {"support": {"requires": "support >= 1", "hours": "office", **queue}},
    }


def told(stage: Stage) -> list[tuple[str, str]]:
    """What the router was told of opening and closing."""
    return [
        (type(event).__name__, str(event.reason))
        for event in stage.posted
        if isinstance(event, QueueClosed | QueueOpened)
    ]


def closed(stage: Stage) -> ClosedReason | None:
    view = stage.exchange.dispatch.router.queue("support")
    assert view is not None
    return view.closed


@pytest.mark.parametrize("sections", [centre()])
async def test_a_queue_closes_and_opens_at_its_very_second(stage: Stage) -> None:
    assert closed(stage) is None
    await stage.pass_by(HOUR_S - 1)
    assert closed(stage) is None
    await stage.pass_by(1.1)
    assert closed(stage) is ClosedReason.HOURS
    await stage.pass_by(71 * HOUR_S)
    assert closed(stage) is None  # on Monday
    assert told(stage) == [("QueueOpened", "hours"), ("QueueClosed", "hours"), ("QueueOpened", "hours")]


@pytest.mark.parametrize(
    ("sections", "kinds"),
    [
        (centre("Sa 09:00-10:00"), ["INVITE", "200 INVITE", "ACK", "BYE", "200 BYE"]),
        (
            centre("Sa 09:00-10:00", answer="early"),
            ["INVITE", "183 INVITE", "480 INVITE", "ACK"],
        ),
        (
            centre("Sa 09:00-10:00", answer="on-agent"),
            ["INVITE", "180 INVITE", "183 INVITE", "480 INVITE", "ACK"],
        ),
    ],
    ids=["at once", "early", "on agent"],
)
async def test_who_calls_then_hears_so_and_is_hung_up_on(stage: Stage, kinds: list[str]) -> None:
    await stage.phone()
    before = len(stage.sent)
    await stage.carrier.dial(NUMBER)
    assert stage.heard(stage.call.caller) == "prompt closed"
    stage.played(stage.call.caller)
    await stage.settle()
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.queue) == (
        Result.OVERFLOWED,
        Reason.CLOSED_HOURS,
        "support",
    )
    assert stage.kinds(before) == kinds
    await stage.pass_by(40)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [centre("Sa 09:00-10:00", closed="phone:1002")])
async def test_or_goes_to_the_phone_that_closed_names(stage: Stage) -> None:
    other = await stage.phone("1002")
    session = await stage.carrier.dial(NUMBER)
    await other.answer()
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert record.result is Result.OVERFLOWED


@pytest.mark.parametrize("sections", [centre(at_closing="send")])
async def test_at_closing_those_in_line_are_told_too(stage: Stage) -> None:
    await stage.pass_by(HOUR_S - 5)
    await stage.carrier.dial(NUMBER)
    assert stage.heard(stage.call.caller) == "music default"
    await stage.pass_by(6)
    assert stage.heard(stage.call.caller) == "prompt closed"


@pytest.mark.parametrize("sections", [centre()])
async def test_or_they_are_served(stage: Stage) -> None:
    await stage.pass_by(HOUR_S - 5)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(6)
    phone = await stage.phone()
    await phone.answer()
    assert stage.agent() == "on_call"
    await stage.carrier.hang_up(session)


@pytest.mark.parametrize("sections", [centre()])
async def test_a_clock_that_is_set_is_seen_within_a_minute(stage: Stage) -> None:
    stage.set_forward_us = 2 * 3_600_000_000
    await stage.pass_by(61)
    assert closed(stage) is ClosedReason.HOURS
    stage.set_forward_us = 0
    await stage.pass_by(61)
    assert closed(stage) is None


@pytest.mark.parametrize("sections", [centre()])
async def test_a_reload_changes_the_hours_at_once(stage: Stage) -> None:
    await stage.reload(**centre("Sa 09:00-10:00"))
    assert closed(stage) is ClosedReason.HOURS
    await stage.reload(queues={"support": {"requires": "support >= 1"}})
    assert closed(stage) is None


ROUTES = [
    {"trunk": "carrier", "to": "600", "hours": "office", "go": "echo", "else": "tone"},
    {"trunk": "carrier", "to": "601", "hours": "office", "go": "echo", "else": "hangup"},
    {"trunk": "carrier", "to": "602", "hours": "office", "go": "echo"},
    {"trunk": "carrier", "to": "602", "go": "tone"},
]


@pytest.mark.parametrize("sections", [{**centre(), "routes": ROUTES}])
async def test_a_route_leads_elsewhere_outside_of_its_hours(stage: Stage) -> None:
    heard = []
    for wait_s in (0, HOUR_S):
        await stage.pass_by(wait_s)
        for number in ("600", "601", "602"):
            session = await stage.carrier.dial(number)
            heard.append(stage.heard(stage.call.caller))
            if heard[-1].startswith("prompt"):
                stage.played(stage.call.caller)
                await stage.settle()
            else:
                await stage.carrier.hang_up(session)
    assert [one.split()[0] for one in heard] == ["echo", "echo", "echo", "tone", "prompt", "tone"]
    refused = stage.history.calls[4]
    assert (refused.result, refused.reason) == (Result.REJECTED, Reason.CLOSED_HOURS)
    await stage.pass_by(40)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [centre("24/7", closed="phone:1002")])
async def test_somebody_closes_it_out_of_turn_and_opens_it_again(stage: Stage) -> None:
    (row,) = stage.running.close_queues("support", "marta", "fire")
    assert (row.closed, row.closed_by, row.closed_why) == (ClosedReason.EMERGENCY, "marta", "fire")
    assert row.closed_since is not None
    metrics = stage.metrics()
    assert metrics.value("centralita_queue_closed", queue="support", reason="emergency") == 1
    assert metrics.value("centralita_queue_closed", queue="support", reason="hours") == 0
    other = await stage.phone("1002")
    session = await stage.carrier.dial(NUMBER)
    await other.answer()
    await stage.carrier.hang_up(session)
    (row,) = stage.running.open_queues(None, "luisa", "")
    assert (row.closed, row.closed_by) == (None, None)
    assert stage.history.calls[0].result is Result.OVERFLOWED


@pytest.mark.parametrize("sections", [centre()])
async def test_a_row_says_when_its_hours_change(stage: Stage) -> None:
    row = stage.running.queue("support")
    assert (row.closed, str(row.changes_at)) == (None, "2027-01-15 09:00:00+00:00")
    stage.running.close_queues(None, "marta", "fire")
    await stage.pass_by(HOUR_S)
    (row,) = stage.running.open_queues("support", "marta", "")
    assert (row.closed, str(row.changes_at)) == (ClosedReason.HOURS, "2027-01-18 08:00:00+00:00")


async def test_no_such_queue(stage: Stage) -> None:
    for act in (stage.running.close_queues, stage.running.open_queues):
        with pytest.raises(Unknown):
            act("nowhere", "marta", "")


@pytest.mark.parametrize("sections", [{**centre("Sa 09:00-10:00"), "lamp_lists": {"all": ["support"]}}])
async def test_its_lamp_is_on(stage: Stage) -> None:
    shown = stage.exchange.lamps._facts.shown(Subject(Kind.QUEUE, "support"))
    assert (shown.dialogs[0].lit, shown.note) == (Lit.CONFIRMED, "closed: hours, 0 waiting")
