"""A phone that talks is called by somebody else: it rings beside, or is busy where that is its limit."""

import pytest

from sip.events import IncomingInvite
from switch.calls.ending import Reason
from tests.switch.stage import NUMBER, PHONES, Stage

ONE = {"phones": {name: {"secret": f"secret of {name}", "max_calls": "1"} for name in PHONES}}


async def test_who_talks_to_a_queues_caller_may_be_called_but_is_offered_nothing(stage: Stage) -> None:
    phone = await stage.phone()
    first = await stage.carrier.dial(NUMBER)
    await phone.answer()
    waiting = await stage.carrier.dial(NUMBER)
    assert len(phone.all(IncomingInvite)) == 1, "a queue's call waits for its agent"
    direct = await stage.carrier.dial("81001")
    assert len(phone.all(IncomingInvite)) == 2
    second = await phone.answer()
    assert stage.carrier.status(direct) == 200
    assert len(stage.registry.calls) == 3
    await phone.hang_up(second)
    assert stage.agent() == "on_call", "with the first"
    for session in (first, waiting):
        await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [ONE])
async def test_at_its_limit_a_phone_is_busy(stage: Stage) -> None:
    phone = await stage.phone()
    first = await stage.carrier.dial("81001")
    while_it_rings = await stage.carrier.dial("81001")
    await phone.answer()
    while_it_talks = await stage.carrier.dial("81001")
    assert [stage.carrier.status(each) for each in (first, while_it_rings, while_it_talks)] == [200, 486, 486]
    assert len(phone.all(IncomingInvite)) == 1
    await stage.carrier.hang_up(first)
    assert [call.reason for call in stage.history.calls] == [Reason.BUSY, Reason.BUSY, Reason.CALLER_HUNG_UP]
    free_again = await stage.carrier.dial("81001")
    assert len(phone.all(IncomingInvite)) == 2
    await stage.carrier.hang_up(free_again)
    await stage.pass_by(60)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [ONE])
async def test_a_phone_that_calls_somebody_is_busy_too(stage: Stage) -> None:
    phone, _ = await stage.phone("1001"), await stage.phone("1002")
    own = await phone.dial("1002")
    session = await stage.carrier.dial("81001")
    assert stage.carrier.status(session) == 486
    await phone.hang_up(own)
    await stage.pass_by(60)
    stage.assert_nothing_left()
