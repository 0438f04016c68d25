"""Three in a call: who is brought together by a code, who hears whom, who leaves, and what the books say."""

from typing import Any

import pytest

from acd.events import ConversationEnd, ConversationEnded
from media.events import Digit
from sip.events import SessionId
from switch.api.backend import Refused
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.legs.leg import Leg
from switch.calls.supervision import Mode
from switch.records import CallRecord, SegmentKind
from tests.switch.calls.test_flow import ending, talking
from tests.switch.far_end import FarEnd, answering, sdp
from tests.switch.stage import PHONES, SPARE, Stage

MIXED = "room"
CENTRE: dict[str, Any] = {
    "phones": {name: {"secret": f"secret of {name}"} for name in ("1001", "1002", "1003")},
    "agents": {
        "ana": {"phone": "1001", "skills": {"support": "5"}},
        "luis": {"phone": "1002"},
    },
}


@pytest.fixture
def sections() -> dict[str, object]:
    return CENTRE


async def hold(phone: FarEnd, session: SessionId, direction: str = "sendonly", version: int = 2) -> None:
    await phone.reinvite(session, sdp(phone.address[0], direction=direction, version=version))


def press(stage: Stage, leg: Leg | None, digits: str) -> None:
    for digit in digits:
        stage.tell(Digit(stage.port(leg), digit, 100, False))


async def consulting(stage: Stage) -> tuple[SessionId, FarEnd, FarEnd, SessionId]:
    """The caller is held by Ana, who talks to Luis; his session, the phones, and hers of the consultation."""
    caller, ana = await talking(stage)
    luis = await stage.phone("1002")
    luis.behave = answering
    await hold(ana, ana.invited.session)
    consultation = await ana.dial("1002")
    assert ana.status(consultation) == 200
    return caller, ana, luis, consultation


async def three(stage: Stage) -> tuple[SessionId, FarEnd, FarEnd, SessionId]:
    """And all of them talk."""
    found = await consulting(stage)
    (other,) = (call for call in stage.registry.calls.values() if call.agent is None)
    press(stage, other.caller, "*3")
    await stage.settle()
    return found


def ears(stage: Stage) -> list[str]:
    call = stage.call
    third = None if call.third is None else call.third.leg
    return [stage.heard(leg) for leg in (call.caller, call.party, third) if leg is not None]


async def ended(stage: Stage) -> CallRecord:
    """The record of the caller's call, when everything has run out; the consultation's is checked."""
    await stage.pass_by(60)
    stage.assert_nothing_left()
    (consultation,) = (each for each in stage.history.calls if not each.visits)
    (record,) = (each for each in stage.history.calls if each.visits)
    assert ending(consultation)[:2] == (Result.COMPLETED, Reason.TRANSFERRED)
    assert consultation.continued_in == record.id
    return record


def kinds(record: CallRecord) -> list[str]:
    return [segment.kind.value for segment in record.segments]


async def test_a_code_in_the_consultation_brings_all_three_together(stage: Stage) -> None:
    caller, ana, luis, _ = await three(stage)
    call = stage.call
    assert (call.agent, stage.agent()) == ("ana", "on_call")
    assert ears(stage) == [MIXED] * 3
    assert ana.endpoint.counts().sessions == 1, "the held leg has ended"
    assert luis.endpoint.counts().sessions == 1
    assert not [e for e in stage.posted if isinstance(e, ConversationEnded)], "her talk goes on"
    with pytest.raises(Refused, match="one of three"):
        await stage.running.supervise(call.id, "1003", Mode.LISTEN)
    await stage.carrier.hang_up(caller)
    assert (ana.endpoint.counts().sessions, luis.endpoint.counts().sessions) == (0, 0), "over for all"
    record = await ended(stage)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert (record.agent, len(record.visits)) == ("ana", 1)
    assert [(leg.role.value, leg.peer) for leg in record.legs] == [
        ("caller", "carrier"),
        ("agent", "1001"),
        ("agent", "1001"),
        ("callee", "1002"),
    ]
    assert kinds(record) == ["talk", "hold", "consultation", "talk", "conference"]
    assert record.segments[-1].legs == tuple(record.legs[place].id for place in (0, 2, 3))


async def test_the_agent_leaves_and_the_two_others_talk_on(stage: Stage) -> None:
    caller, ana, _, consultation = await three(stage)
    await ana.hang_up(consultation)
    call = stage.call
    assert (call.third, stage.agent()) == (None, "wrap_up")
    assert [e.how for e in stage.posted if isinstance(e, ConversationEnded)] == [ConversationEnd.TRANSFERRED]
    assert ears(stage) == [f"relay {stage.port(leg).number}" for leg in (call.party, call.caller)]
    await stage.carrier.hang_up(caller)
    record = await ended(stage)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert kinds(record)[-3:] == ["talk", "conference", "talk"]


async def test_the_third_leaves_and_the_two_are_as_before(stage: Stage) -> None:
    caller, _, luis, _ = await three(stage)
    await luis.hang_up()
    call = stage.call
    assert (call.third, stage.agent()) == (None, "on_call")
    assert ears(stage) == [f"relay {stage.port(leg).number}" for leg in (call.party, call.caller)]
    await stage.carrier.hang_up(caller)
    record = await ended(stage)
    assert stage.metrics().value("centralita_handle_seconds_count", queue="support", phase="talk") >= 1
    assert record.segments[-1].kind is SegmentKind.CONFERENCE


async def test_who_holds_is_out_of_it_until_he_comes_back(stage: Stage) -> None:
    caller, ana, _, consultation = await three(stage)
    await hold(ana, consultation)
    assert ears(stage) == [MIXED, "silence", MIXED]
    await hold(ana, consultation, "sendrecv", 3)
    assert ears(stage) == [MIXED] * 3
    await stage.carrier.hang_up(caller)
    await ended(stage)


async def test_a_phone_that_holds_both_dials_the_code(stage: Stage) -> None:
    caller, ana, luis, consultation = await consulting(stage)
    await hold(ana, consultation)
    dialled = await ana.dial("*3")
    assert ana.status(dialled) == 200
    assert ears(stage) == [MIXED] * 3
    assert (ana.endpoint.counts().sessions, stage.agent()) == (1, "on_call")
    await luis.hang_up()
    await ana.hang_up(dialled)
    assert stage.carrier.endpoint.dialog(caller) is None
    await ended(stage)


async def test_where_there_are_not_two_calls(stage: Stage) -> None:
    caller, ana = await talking(stage)
    assert ana.status(await ana.dial("*3")) == 404
    press(stage, stage.call.party, "*3")
    await stage.settle()
    assert ears(stage) == [f"relay {stage.port(leg).number}" for leg in (stage.call.party, stage.call.caller)]
    press(stage, stage.call.caller, "*3")  # of no phone of ours
    await stage.carrier.hang_up(caller)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_phone_that_mixes_by_itself_keeps_its_two_calls(stage: Stage) -> None:
    caller, ana, luis, consultation = await consulting(stage)
    await hold(ana, ana.invited.session, "sendrecv", 3)
    assert ana.endpoint.counts().sessions == 2
    assert len(stage.registry.calls) == 2
    await ana.hang_up(consultation)
    await stage.carrier.hang_up(caller)
    assert luis.endpoint.counts().sessions == 0
    await stage.pass_by(60)
    stage.assert_nothing_left()
    assert {ending(record)[0] for record in stage.history.calls} == {Result.ANSWERED, Result.COMPLETED}


async def test_nothing_changes_where_they_cannot_be_mixed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, ana, luis, consultation = await consulting(stage)
    monkeypatch.setattr(stage.plane, "mixes", lambda one, other: one is other)
    assert ana.status(await ana.dial("*3")) == 503
    press(stage, next(call for call in stage.registry.calls.values() if call.agent is None).caller, "*3")
    await stage.settle()
    assert len(stage.registry.calls) == 2
    await ana.hang_up(consultation)
    assert luis.endpoint.counts().sessions == 0
    await stage.carrier.hang_up(caller)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_what_a_phone_calls_while_it_talks_can_be_mixed_with_that(stage: Stage) -> None:
    _, ana = await talking(stage)
    leg = stage.call.party
    assert leg is not None
    await ana.dial("1002")
    assert stage.plane.ports[-1].near is leg.port


async def test_who_calls_a_phone_while_it_talks_can_be_mixed_with_that(stage: Stage) -> None:
    await talking(stage)
    leg, opened = stage.call.party, len(stage.plane.ports)
    assert leg is not None
    luis = await stage.phone("1002")
    await luis.dial("1001")
    assert stage.plane.ports[opened].near is leg.port


SPENDS: dict[str, Any] = {
    **CENTRE,
    "phones": {name: {"secret": f"secret of {name}", "toll": {"minutes_a_day": 10}} for name in PHONES},
}


@pytest.mark.parametrize("sections", [SPENDS])
async def test_what_a_third_costs_is_limited_too(stage: Stage) -> None:
    luis, ana = await stage.phone("1002"), await stage.phone("1001")
    luis.behave = stage.carrier.behave = answering
    session = await ana.dial("1002")
    await hold(ana, session)
    await ana.dial("0600111222")
    (other,) = (call for call in stage.registry.calls.values() if call.ledger.trunk is not None)
    press(stage, other.caller, "*3")
    await stage.settle()
    assert stage.call.third is not None
    assert stage.call.third.leg.peer.name == "carrier"
    await stage.pass_by(660)
    for spending in stage.exchange.toll.over(stage.exchange.now_us()):
        spending.on_limit()
    await stage.settle()
    assert not stage.registry.calls
    assert {call.reason for call in stage.history.calls} == {Reason.TRANSFERRED, Reason.TOLL_LIMIT}
    await stage.pass_by(40)
    stage.assert_nothing_left()


WITHIN: dict[str, Any] = {
    **CENTRE,
    "routes": [{"phone": "*", "to": "701", "go": "queue:support"}],
    "queues": {"support": {}},
}


@pytest.mark.parametrize("sections", [WITHIN])
async def test_two_agents_whom_queues_have_found_are_not_brought_together(stage: Stage) -> None:
    """As for a transfer: the router knows an agent by his caller."""
    boss = stage.join("1003", SPARE, "secret of 1003")
    assert await boss.register() == 200
    for name in PHONES:
        (await stage.phone(name)).behave = answering
    first = await boss.dial("701")
    await hold(boss, first)
    second = await boss.dial("701")
    live = next(each.caller for each in stage.registry.calls.values() if not each.caller.held)
    press(stage, live, "*3")
    await stage.settle()
    assert len(stage.registry.calls) == 2
    for session in (first, second):
        await boss.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()
