"""Calls that a program makes for a phone, in memory: who rings, who hears whom, what the books say."""

from collections.abc import Mapping
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from acd.agent import AgentState
from sip.events import IncomingInvite
from switch.api.backend import Refused, Unknown
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.originating import NO_VARIABLES, RING_S
from switch.records import CallRecord, Direction
from tests.switch.calls.test_flow import booked, ending
from tests.switch.far_end import FarEnd, answering, refusing, ringing, silent
from tests.switch.stage import NUMBER, PHONES, Stage

OUTSIDE = "0600111222"
LIMITED = {
    "phones": {name: {"secret": f"secret of {name}", "toll": {"destinations": "x"}} for name in PHONES}
}
QUEUED = {"routes": [{"phone": "*", "to": "700", "go": "queue:support"}]}


async def originated(
    stage: Stage,
    to: str,
    phone: str = "1001",
    *,
    answers: bool = False,
    variables: Mapping[str, str] = NO_VARIABLES,
) -> CallRecord:
    record = stage.running.originate(phone, to, answers=answers, ring_s=RING_S, variables=variables)
    await stage.settle()
    return record


async def test_the_phone_rings_and_then_calls_as_if_it_had_dialled(stage: Stage) -> None:
    ana = await stage.phone()
    ana.behave = ringing
    stage.carrier.behave = answering
    record = await originated(stage, OUTSIDE)
    assert (record.direction, record.trunk, record.from_, record.to) == (
        Direction.OUTBOUND,
        "carrier",
        "1001",
        OUTSIDE,
    )
    assert ana.invited.request.from_.uri.user == OUTSIDE, "it shows who will be called"
    assert record.placed_by == "ana", "who sits at that phone"
    assert stage.agent() == AgentState.ON_CALL
    await stage.pass_by(4)
    call = stage.call
    assert call.ledger.connected_us is None
    await ana.answer()
    assert f"sip:{OUTSIDE[1:]}@" in str(stage.carrier.invited.request.uri)
    assert [stage.heard(leg).split()[0] for leg in (call.caller, call.party)] == ["relay", "relay"]
    await stage.pass_by(30)
    await ana.hang_up()
    booked_ = await booked(stage, legs=2)
    assert (booked_.id, booked_.placed_by) == (record.id, "ana")
    assert ending(booked_) == (Result.COMPLETED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert booked_.talk_s == pytest.approx(30, abs=0.5)
    assert [leg.role.value for leg in booked_.legs] == ["caller", "callee"]
    assert stage.agent() == AgentState.READY


async def test_the_caller_hears_the_other_side_ring(stage: Stage) -> None:
    ana, luis = await stage.phone(), await stage.phone("1002")
    ana.behave, luis.behave = answering, ringing
    await originated(stage, "1002")
    assert stage.heard(stage.call.caller) == "ringback"
    await luis.answer()
    assert stage.heard(stage.call.caller).startswith("relay")


@pytest.mark.parametrize(
    ("behave", "wait_s", "reason", "by"),
    [
        (refusing(486), 0, Reason.BUSY, EndedBy.CALLER),
        (refusing(603), 0, Reason.DECLINED, EndedBy.CALLER),
        (ringing, RING_S + 1, Reason.NO_ANSWER, EndedBy.SWITCH),
        (silent, RING_S + 10, Reason.NO_ANSWER, EndedBy.SWITCH),
    ],
)
async def test_a_phone_that_does_not_answer_ends_it(
    stage: Stage, behave: Any, wait_s: float, reason: Reason, by: EndedBy
) -> None:
    ana = await stage.phone()
    ana.behave = behave
    await originated(stage, OUTSIDE)
    await stage.pass_by(wait_s)
    record = await booked(stage)
    assert (record.reason, record.ended_by) == (reason, by)
    assert record.connected_at is None
    assert stage.carrier.last is not None
    assert stage.metrics().value("centralita_trunk_calls_active", trunk="carrier") == 0


async def test_it_is_asked_to_answer_by_itself(stage: Stage) -> None:
    ana = await stage.phone(user_agent="Yealink SIP-T46S")
    await originated(stage, "1002", answers=True)
    assert ana.invited.request.headers.get("Alert-Info") == "info=alert-autoanswer"


@pytest.mark.parametrize(
    ("phone", "to", "message"),
    [
        ("1001", "999", "phone '1001' may not call '999' now: no_route"),
        ("1002", OUTSIDE, "phone '1002' cannot be reached: 480 Temporarily Unavailable"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    stage: Stage, phone: str, to: str, message: str
) -> None:
    await stage.phone()
    with pytest.raises(Refused, match=message):
        await originated(stage, to, phone)
    with pytest.raises(Unknown):
        await originated(stage, to, "1009")
    await stage.pass_by(60)
    stage.assert_nothing_left()
    assert stage.history.calls == []


@pytest.mark.parametrize("sections", [LIMITED])
async def test_toll_is_the_phones(stage: Stage) -> None:
    await stage.phone()
    with pytest.raises(Refused, match="toll_limit"):
        await originated(stage, OUTSIDE)


async def test_a_busy_phone_is_left_alone(stage: Stage) -> None:
    ana = await stage.phone()
    ana.behave = answering
    await stage.carrier.dial(NUMBER)
    with pytest.raises(Refused, match="phone '1001' is busy"):
        await originated(stage, OUTSIDE)


async def test_the_administrator_ends_it_while_it_rings(stage: Stage) -> None:
    ana = await stage.phone()
    ana.behave = ringing
    record = await originated(stage, OUTSIDE)
    stage.running.hangup(record.id)
    await stage.settle()
    assert ending(await booked(stage)) == (Result.FAILED, Reason.ADMINISTRATOR, EndedBy.ADMINISTRATOR)
    assert ana.endpoint.counts().sessions == 0


@pytest.mark.parametrize("sections", [QUEUED])
async def test_it_may_lead_into_a_queue(stage: Stage) -> None:
    luis, ana = await stage.phone("1002"), await stage.phone()
    luis.behave = ana.behave = answering
    await originated(stage, "700", "1002")
    assert stage.call.agent == "ana"
    await luis.hang_up()
    assert (await booked(stage, legs=2)).result is Result.ANSWERED


MIXED = {
    "routes": [
        {"phone": "*", "to": "700", "go": "queue:support"},
        {"phone": "*", "to": "112", "go": "trunk:carrier", "emergency": "yes"},
        {"phone": "*", "to": "10??", "go": "phone"},
        {"phone": "*", "to": "0*", "go": "trunk:carrier"},
        {"trunk": "carrier", "to": "*", "go": "queue:support"},
    ]
}


async def step(stage: Stage, dice: Random, ends: list[FarEnd]) -> None:
    """Somebody does something, or time goes by."""
    end, calls = dice.choice(ends), list(stage.running.active_ids())
    end.behave = dice.choice([answering, ringing, silent, refusing(486)])
    with suppress(Refused):  # it cannot be done just now
        match dice.randrange(7):
            case 0 | 1:
                to = dice.choice([OUTSIDE, "1001", "1002", "700", "112"])
                await originated(stage, to, dice.choice(list(PHONES)))
            case 2 if end.all(IncomingInvite):
                await end.hang_up()
            case 3 if end.all(IncomingInvite):
                await end.answer()
            case 4 if calls:
                stage.running.hold(dice.choice(calls), dice.random() < 0.5)
            case 5 if calls:
                stage.running.hangup(dice.choice(calls))
            case 6:
                await stage.carrier.dial(NUMBER)
    await stage.pass_by(dice.choice([0.0, 0.5, 3.0, 20.0]))


@pytest.mark.parametrize("sections", [MIXED])
@pytest.mark.parametrize("seed", range(20))
async def test_nothing_is_left_in_whatever_order_things_happen(stage: Stage, seed: int) -> None:
    dice = Random(seed)
    ends = [await stage.phone(name) for name in PHONES]
    for _ in range(60):
        await step(stage, dice, [*ends, stage.carrier])
    for call in list(stage.running.active_ids()):
        stage.running.hangup(call)
    await stage.pass_by(120)
    assert stage.history.calls
    stage.assert_nothing_left()
