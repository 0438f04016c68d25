"""A reload changes seats and queues under calls: what was removed serves until its last call ends."""

from typing import Any

from media.events import Silent
from sip.events import IncomingInvite
from switch.calls.ending import Reason, Result
from switch.config.schema import Config
from switch.reloading import apply
from tests.switch.far_end import answering
from tests.switch.stage import NUMBER, Stage, centre

ELSEWHERE = [{"trunk": "carrier", "to": "600", "go": "echo"}]


async def reload(stage: Stage, **sections: Any) -> None:
    """Put another configuration in force."""
    config = Config.model_validate({**centre(**sections), "server": {"data_dir": stage.folder}})
    apply(stage.exchange, config, stage.staffing, stage.switch.identification)
    await stage.settle()


async def test_who_waits_in_a_queue_that_was_removed_is_still_answered(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    await reload(stage, queues={}, routes=ELSEWHERE)
    phone = await stage.phone()
    assert phone.invited.request.from_.display == "support +34600111222"
    await phone.answer()
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.queue, record.agent, record.result) == ("support", "ana", Result.ANSWERED)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_who_is_lost_in_a_queue_that_was_removed_waits_there_again(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial(NUMBER)
    await reload(stage, queues={}, routes=ELSEWHERE)
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(stage.call.party), 20.0))
    await stage.pass_by(5)
    assert stage.heard(stage.call.caller) == "music default"
    other = await stage.phone("1002")
    await other.answer()
    assert stage.call.agent == "luis"


async def test_an_agent_without_a_phone_is_not_rung(stage: Stage) -> None:
    phone = await stage.phone()
    await reload(stage, agents={"ana": {"skills": {"support": "5"}}})
    await stage.carrier.dial(NUMBER)
    assert not phone.all(IncomingInvite)
    assert stage.agent() == "unreachable"


async def test_a_trunk_that_was_removed_leaves_with_its_last_call(stage: Stage) -> None:
    session = await stage.carrier.dial("600")
    await reload(stage, trunks={}, routes=[])
    (row,) = stage.running.trunks()
    assert (row.name, row.calls, row.leaving) == ("carrier", 1, True)
    await stage.carrier.hang_up(session)
    assert not stage.running.trunks()
    assert stage.history.calls[0].reason is Reason.CALLER_HUNG_UP


async def test_a_watched_phone_is_left_alone_when_its_agent_moves(stage: Stage) -> None:
    phone = await stage.phone()
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.exchange.registrations.lost("1001")
    await stage.settle()
    assert stage.agent() == "unreachable"
    agents = {"ana": {"phone": "1002", "skills": {"support": "5"}}}
    await reload(stage, agents=agents)
    stage.lose = lambda data: False
    phone.received.clear()
    await stage.pass_by(60)
    assert not phone.received
