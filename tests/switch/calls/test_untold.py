"""A phone whose connection died with a crash, and with it every way to tell that its call is over."""

from pathlib import Path

import pytest

from sip.events import IncomingInvite
from sip.flow import Flow
from switch.calls.returning import PATIENCE_S
from tests.switch.calls.test_returning import restarted, takes_offers
from tests.switch.far_end import FarEnd, answering
from tests.switch.stage import NUMBER, Stage


@pytest.mark.parametrize("returns", [True, False])
async def test_a_phone_that_connects_too_late_hears_bye(stage: Stage, tmp_path: Path, returns: bool) -> None:
    """Whether its call might have returned or not: nothing of ours found it before."""
    phone = stage.add(connected("1001", 5060, 7, stage))
    assert await phone.register() == 200
    phone.behave = answering
    await takes_offers(stage.carrier).dial(NUMBER)
    talk = phone.invited.session
    if not returns:
        stage.logbook.dialog_closed(stage.call.caller.id)
    await stage.settle()
    after = await restarted(stage, tmp_path, stage.carrier)
    await after.pass_by(PATIENCE_S + 1)
    assert list(after.exchange.untold) == ["1001"]
    back = connected("1001", 5061, 8, after)
    back.endpoint = phone.endpoint
    assert await after.add(back).register() == 200
    await after.settle()
    assert phone.endpoint.dialog(talk) is None
    (bye,) = [data for data in back.received if data.startswith(b"BYE")]
    assert b"Reason: Q.850;cause=41" in bye
    assert not after.exchange.untold
    assert bool(back.all(IncomingInvite)) is returns, "the agent is back, the caller waits"
    await after.close()


def connected(name: str, port: int, connection: int, wire: Stage) -> FarEnd:
    """A phone on TCP, connected from that port."""
    end = FarEnd(wire, name, ("192.0.2.21", port), ("192.0.2.1", 5060), f"secret of {name}")
    end.flow = Flow("tcp", end.address, end.flow.remote, connection)
    return end
