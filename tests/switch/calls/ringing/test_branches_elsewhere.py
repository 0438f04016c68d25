"""Several devices of a phone ring, and the call goes elsewhere: picked up, transferred, forwarded."""

import pytest

from sip.events import IncomingInvite
from switch.preferences import Preferences
from tests.switch.calls.ringing.test_branches import DESK, ELSEWHERE, HOME, MOBILE, device, devices, said
from tests.switch.far_end import FarEnd, answering, sdp
from tests.switch.referrer import Referrer
from tests.switch.stage import NUMBER, OURS, Stage

NAMES = ("1001", "1002", "1003")
CENTRE = {
    "phones": {name: {"secret": f"secret of {name}", "pickup_group": "all"} for name in NAMES},
    "agents": {
        "ana": {"phone": "1001", "skills": {"support": "5"}},
        "luis": {"phone": "1002", "skills": {"support": "5"}},
    },
    "routes": [
        {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
        {"trunk": "carrier", "to": "8*", "strip": "1", "go": "phone"},
        {"phone": "*", "to": "[*]8*", "strip": "2", "go": "pickup"},
        {"phone": "*", "to": "10??", "go": "phone"},
    ],
}


@pytest.fixture
def sections() -> dict[str, object]:
    return CENTRE


async def other(stage: Stage, name: str = "1002") -> FarEnd:
    end = stage.join(name, (f"192.0.2.{50 + int(name) % 10}", 5060), f"secret of {name}")
    assert await end.register() == 200
    return end


async def silent_and_gone(stage: Stage, ends: list[FarEnd]) -> None:
    assert all(end.endpoint.counts().sessions == 0 for end in ends)
    await stage.pass_by(90)
    stage.assert_nothing_left()


@pytest.mark.parametrize("number", ["81001", NUMBER])
async def test_a_colleague_picks_it_up_and_all_of_them_fall_silent(stage: Stage, number: str) -> None:
    ends = await devices(stage)
    colleague = await other(stage)
    session = await stage.carrier.dial(number)
    rung = [end for end in ends if end.all(IncomingInvite)]
    if not rung:  # the offer went to the colleague
        await colleague.refuse(486)
        rung = [end for end in ends if end.all(IncomingInvite)]
    assert len(rung) == 2
    taken = await colleague.dial("*81001")
    assert (stage.carrier.status(session), colleague.status(taken)) == (200, 200)
    assert [said(end, "CANCEL") for end in ends] == [[ELSEWHERE], [ELSEWHERE]]
    await stage.carrier.hang_up(session)
    await silent_and_gone(stage, ends)


@pytest.mark.parametrize("winner", [0, 1])
async def test_a_transfer_while_they_ring_lets_all_ring_on_for_the_caller(stage: Stage, winner: int) -> None:
    boss = stage.add(Referrer(stage, "1002", ("192.0.2.52", 5060), OURS, "secret of 1002"))
    assert await boss.register() == 200
    boss.behave = answering
    ends = await devices(stage)
    session = await stage.carrier.dial("81002")
    own = boss.invited.session
    await boss.reinvite(own, sdp(boss.address[0], direction="sendonly", version=2))
    second = await boss.dial("1001")
    referral = await boss.refer(own, "1001", second)
    assert referral.status == 202
    await ends[winner].answer()
    assert referral.told[-1] == 200
    assert ends[1 - winner].endpoint.counts().sessions == 0
    (call,) = stage.registry.calls.values()
    assert call.party is not None
    assert call.party.flow.remote == ends[winner].address
    assert stage.heard(call.caller) == f"relay {call.party.port.number}"
    await stage.carrier.hang_up(session)
    await silent_and_gone(stage, ends)


async def test_nobody_answers_in_time_and_the_call_is_forwarded(stage: Stage) -> None:
    stage.running.set_preferences("1001", Preferences(no_answer="1002", no_answer_after=15))
    ends = await devices(stage)
    colleague = await other(stage)
    session = await stage.carrier.dial("81001")
    await stage.pass_by(15.2)
    assert all(end.endpoint.counts().sessions == 0 for end in ends)
    await colleague.answer()
    assert stage.carrier.status(session) == 200
    await stage.carrier.hang_up(session)
    await silent_and_gone(stage, ends)


async def test_all_are_busy_and_the_call_is_forwarded(stage: Stage) -> None:
    stage.running.set_preferences("1001", Preferences(busy="1002"))
    desk, mobile = await devices(stage)
    colleague = await other(stage)
    await stage.carrier.dial("81001")
    await desk.refuse(486)
    assert not colleague.all(IncomingInvite), "the other one rings"
    await mobile.refuse(486)
    assert colleague.all(IncomingInvite)


async def test_the_switch_is_started_anew_and_knows_them_all(stage: Stage) -> None:
    ends = [device(stage, place) for place in (DESK, MOBILE, HOME)]
    for number, end in enumerate(ends):
        end.contact_params = f';+sip.instance="<urn:uuid:{number}>";q=0.5'
        assert await end.register() == 200
    before = stage.exchange.registrations.bindings("1001")
    registrar = stage.exchange.registrations._registrar
    saved = [registrar.saved(binding, stage.now()) for binding in before]
    registrar.restore(saved, stage.now())
    after = stage.exchange.registrations.bindings("1001")
    assert {(each.key, each.instance, each.flow) for each in after} == {
        (each.key, each.instance, each.flow) for each in before
    }
    session = await stage.carrier.dial("81001")
    assert all(end.all(IncomingInvite) for end in ends)
    await stage.carrier.hang_up(session)
