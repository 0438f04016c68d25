"""`go: queue:NAME`: how a call waits, where it goes when it is let go, and what the phones are told."""

from typing import Any

import pytest

from acd.events import CallQueued
from acd.skills import SkillError
from sip.events import IncomingInvite
from switch.calls.ending import Reason, Result
from switch.calls.ringing.reaching import TONE_S
from tests.switch.far_end import answering, refusing
from tests.switch.stage import NUMBER, Stage

SHORT = {"requires": "support >= 1", "max_wait": "5s", "wrap_up": "7s"}


def queue(**settings: Any) -> dict[str, Any]:
    return {"queues": {"support": settings}}


def cancels(stage: Stage) -> list[bytes]:
    """The CANCELs that left."""
    return [data for data in stage.sent if data.startswith(b"CANCEL")]


@pytest.mark.parametrize("sections", [{"queues": {"support": {**SHORT, "overflow": "phone:1002"}}}])
async def test_a_phone_whose_caller_overflowed_is_told_that_he_is_elsewhere(stage: Stage) -> None:
    await stage.phone("1001")
    other = await stage.phone("1002")
    other.events.clear()
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(5.2)
    (cancel,) = cancels(stage)
    assert b'Reason: SIP;cause=200;text="Call completed elsewhere"' in cancel
    await other.answer()
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.queue) == (
        Result.OVERFLOWED,
        Reason.CALLER_HUNG_UP,
        "support",
    )


@pytest.mark.parametrize("sections", [{"queues": {"support": SHORT}}])
async def test_a_phone_whose_caller_was_sent_away_has_missed_him(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial(NUMBER)
    assert phone.all(IncomingInvite)
    await stage.pass_by(5.2)
    (cancel,) = cancels(stage)
    assert b"cause=200" not in cancel
    assert stage.history.calls[0].reason is Reason.MAX_WAIT


@pytest.mark.parametrize("sections", [{"queues": {"support": SHORT}}])
async def test_wrap_up_is_measured_though_the_call_is_booked_before_it_ends(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    await phone.answer()
    await stage.carrier.hang_up(session)
    await stage.pass_by(8)
    labels = {"queue": "support", "phase": "wrap_up"}
    metrics = stage.metrics()
    assert metrics.value("centralita_handle_seconds_count", **labels) == 1
    assert metrics.value("centralita_handle_seconds_sum", **labels) == pytest.approx(7, abs=0.1)


@pytest.mark.parametrize(
    ("sections", "first", "hears", "connected"),
    [
        (queue(answer="at-once", music="jazz"), "200 INVITE", "music jazz", True),
        (queue(answer="early", music="jazz"), "183 INVITE", "music jazz", False),
        (queue(answer="on-agent", music="jazz"), "180 INVITE", "silence", False),
    ],
    ids=["at once", "early", "on agent"],
)
async def test_what_a_waiting_caller_is_told_and_hears(
    stage: Stage, first: str, hears: str, connected: bool
) -> None:
    session = await stage.carrier.dial(NUMBER)
    assert stage.kinds()[1] == first
    assert stage.heard(stage.call.caller) == hears
    assert (stage.call.ledger.connected_us is not None) is connected
    phone = await stage.phone()
    await phone.answer()
    assert stage.carrier.status(session) == 200
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert record.result is Result.ANSWERED
    assert record.connected_at is not None
    assert record.answered_at is not None
    assert (record.connected_at < record.answered_at) is connected


@pytest.mark.parametrize("sections", [queue(max_wait="10s", overflow="phone:1002", requires="support >= 9")])
async def test_who_waited_too_long_reaches_the_phone_that_the_queue_names(stage: Stage) -> None:
    phone = await stage.phone("1002")
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(10.2)
    assert phone.invited.request.from_.display == "support +34600111222"
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    assert stage.agent("luis") == "on_call"
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    (visit,) = record.visits
    assert (visit.result, visit.reason) == (Result.OVERFLOWED, Reason.MAX_WAIT)
    assert visit.wait_s == pytest.approx(10, abs=0.1)


OVERFLOWING = {"max_wait": "10s", "overflow": "phone:1002", "requires": "support >= 9"}


@pytest.mark.parametrize("sections", [queue(**OVERFLOWING)])
@pytest.mark.parametrize(
    ("status", "tone", "reason"),
    [
        (486, "busy", Reason.BUSY),
        (503, "congestion", Reason.UNREACHABLE),
        (404, "information", Reason.NOT_FOUND),
    ],
)
async def test_who_is_answered_hears_that_nobody_is_there(
    stage: Stage, status: int, tone: str, reason: Reason
) -> None:
    phone = await stage.phone("1002")
    phone.behave = refusing(status)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(10.2)
    assert stage.heard(stage.call.caller) == tone
    await stage.pass_by(TONE_S)
    assert stage.carrier.endpoint.dialog(session) is None
    (record,) = stage.history.calls
    assert record.reason is reason


@pytest.mark.parametrize("sections", [queue(**OVERFLOWING)])
async def test_who_hangs_up_on_the_tone_was_called_in_vain_all_the_same(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(10.2)
    assert stage.heard(stage.call.caller) == "congestion", "the phone is not registered"
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.OVERFLOWED, Reason.NO_ANSWER)


@pytest.mark.parametrize("sections", [queue(**OVERFLOWING, answer="early")])
async def test_a_status_says_it_where_nobody_was_answered(stage: Stage) -> None:
    phone = await stage.phone("1002")
    phone.behave = refusing(486)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(10.2)
    assert stage.carrier.status(session) == 486


@pytest.mark.parametrize("sections", [queue(max_waiting="1")])
async def test_the_line_is_full(stage: Stage) -> None:
    await stage.carrier.dial(NUMBER)
    second = await stage.carrier.dial(NUMBER)
    (record,) = stage.history.calls
    assert record.reason is Reason.MAX_WAITING
    assert stage.carrier.endpoint.dialog(second) is None


@pytest.mark.parametrize(
    "sections",
    [{"routes": [{"trunk": "carrier", "to": "+34911*", "go": "queue:support", "priority": "7"}]}],
)
async def test_the_routes_priority_goes_with_the_call(stage: Stage) -> None:
    await stage.carrier.dial(NUMBER)
    (queued,) = [event for event in stage.posted if isinstance(event, CallQueued)]
    assert (queued.queue, queued.priority) == ("support", 7)


@pytest.mark.parametrize("sections", [queue(redial_within="1m")])
async def test_who_gives_up_and_calls_again_has_waited_since_then(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    before = stage.running.place(stage.call.id)
    await stage.pass_by(20)
    await stage.carrier.hang_up(session)
    await stage.pass_by(10)
    await stage.carrier.dial(NUMBER)
    place = stage.running.place(stage.call.id)
    assert place.queued_at == before.queued_at
    assert place.entered_at > before.entered_at


@pytest.mark.parametrize(
    "sections",
    [
        {
            "agents": {
                "ana": {"phone": "1001", "skills": {"support": "8", "english": "9"}},
                "luis": {"phone": "1002", "skills": {"support": "5", "english": "9", "trainee": "1"}},
            },
            "routes": [
                {
                    "trunk": "carrier",
                    "to": "+34911*",
                    "go": "queue:support",
                    "requires": "english >= 5 and not trainee >= 1",
                }
            ],
        }
    ],
)
async def test_a_route_asks_for_skills_beside_the_queues(stage: Stage) -> None:
    trainee = await stage.phone("1002")
    await stage.carrier.dial(NUMBER)
    (queued,) = [event for event in stage.posted if isinstance(event, CallQueued)]
    assert queued.requires == "english >= 5 and not trainee >= 1"
    assert not trainee.all(IncomingInvite)
    other = await stage.phone("1001")
    assert other.all(IncomingInvite)


async def test_a_flow_asks_for_skills_and_cannot_be_misread(stage: Stage) -> None:
    await stage.carrier.dial(NUMBER)
    with pytest.raises(SkillError):
        await stage.call.queue("support", requires="english >=")
    with pytest.raises(ValueError, match="too large"):
        await stage.call.queue("support", priority=2**63)
