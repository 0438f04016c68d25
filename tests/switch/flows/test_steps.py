"""A queue's recipe, with phones that ring and callers who hear."""

from typing import Any

import pytest

from sip.events import IncomingInvite
from switch.calls.ending import Reason, Result
from tests.switch.far_end import answering
from tests.switch.stage import NUMBER, Stage


def queue(*steps: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"queues": {"support": {"requires": "support >= 9", "steps": list(steps), **settings}}}


WIDER = {"when": {"waited": "10s"}, "do": {"requires": "support >= 1", "announce": "sorry"}}
MUSIC, SORRY = "music default", "prompt sorry"


@pytest.mark.parametrize("sections", [queue(WIDER)])
async def test_others_ring_and_the_caller_hears_why_he_waits(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(9)
    assert not phone.all(IncomingInvite)
    assert stage.heard(stage.call.caller) == MUSIC
    await stage.pass_by(1.2)
    assert phone.all(IncomingInvite)
    assert stage.heard(stage.call.caller) == SORRY
    assert stage.running.place(stage.call.id).steps == (1,)
    stage.played(stage.call.caller)
    assert stage.heard(stage.call.caller) == MUSIC


@pytest.mark.parametrize("sections", [queue(WIDER)])
async def test_a_prompt_keeps_nobody_from_his_agent(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(10.2)
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    assert stage.call.agent == "ana"


@pytest.mark.parametrize("sections", [queue({"when": {"waited": "3s"}, "do": {"overflow": "hangup"}})])
async def test_a_step_sends_the_caller_on(stage: Stage) -> None:
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(3.2)
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.OVERFLOWED, Reason.STEP)
    assert record.visits[0].wait_s == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize("sections", [queue()])
async def test_a_reload_brings_a_recipe_to_those_who_wait(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial(NUMBER)
    await stage.pass_by(20)
    await stage.reload(**queue(WIDER))
    assert phone.all(IncomingInvite)
    assert stage.heard(stage.call.caller) == SORRY
