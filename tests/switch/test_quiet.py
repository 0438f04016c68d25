"""Do not disturb, and the agent who sits there: which follows which."""

from pathlib import Path

import pytest

from sip.events import IncomingInvite
from switch.preferences import NONE, Preferences
from switch.records import AgentState
from tests.switch.far_end import answering
from tests.switch.persistence.test_survivors import crashed
from tests.switch.stage import NUMBER, Stage

DND = Preferences(do_not_disturb=True)


def said(stage: Stage) -> tuple[str, str | None, bool]:
    """Ana's state and reason, and whether her phone does not want to be disturbed."""
    row = stage.running.agent("ana")
    return row.state.value, row.reason, stage.running.preferences("1001").do_not_disturb


async def test_who_does_not_want_to_be_disturbed_is_paused_and_offered_nothing(stage: Stage) -> None:
    ana = await stage.phone("1001")
    stage.running.set_preferences("1001", DND)
    assert said(stage) == ("paused", "do-not-disturb", True)
    await stage.carrier.dial(NUMBER)
    assert not ana.all(IncomingInvite)
    stage.running.set_preferences("1001", NONE)
    await stage.settle()
    assert said(stage) == ("ringing", None, False)


async def test_who_is_made_ready_wants_to_be_disturbed(stage: Stage) -> None:
    await stage.phone("1001")
    stage.running.set_preferences("1001", DND)
    stage.running.set_agent_state("ana", AgentState.READY, None)
    await stage.settle()
    assert said(stage) == ("ready", None, False)


async def test_a_pause_for_another_reason_goes_on(stage: Stage) -> None:
    await stage.phone("1001")
    stage.running.set_agent_state("ana", AgentState.PAUSED, "lunch")
    stage.running.set_preferences("1001", DND)
    assert said(stage) == ("paused", "lunch", True)
    stage.running.set_preferences("1001", NONE)
    assert said(stage) == ("paused", "lunch", False)


async def test_who_logs_in_at_such_a_phone_is_paused(stage: Stage) -> None:
    stage.running.set_preferences("1001", DND)
    await stage.carrier.dial(NUMBER)
    ana = await stage.phone("1001")
    assert said(stage) == ("paused", "do-not-disturb", True)
    assert not ana.all(IncomingInvite), "though a caller waits"


async def test_in_a_call_it_counts_afterwards(stage: Stage) -> None:
    ana = await stage.phone("1001")
    ana.behave = answering
    session = await stage.carrier.dial(NUMBER)
    stage.running.set_preferences("1001", DND)
    assert stage.agent() == "on_call"
    await stage.carrier.hang_up(session)
    await stage.pass_by(11)
    assert said(stage) == ("paused", "do-not-disturb", True)


async def test_in_a_call_and_over_before_its_end(stage: Stage) -> None:
    ana = await stage.phone("1001")
    ana.behave = answering
    session = await stage.carrier.dial(NUMBER)
    stage.running.set_preferences("1001", DND)
    stage.running.set_preferences("1001", NONE)
    await stage.carrier.hang_up(session)
    await stage.pass_by(11)
    assert said(stage) == ("ready", None, False)


async def test_who_moves_away_is_not_paused_any_more(stage: Stage) -> None:
    await stage.phone("1001")
    await stage.phone("1002")
    stage.running.set_preferences("1001", DND)
    stage.running.set_agent_state("ana", AgentState.READY, None, "1002")
    await stage.settle()
    assert (stage.agent(), stage.running.preferences("1001").do_not_disturb) == ("ready", True)


async def test_who_was_paused_before_a_restart_is_disturbed_again(stage: Stage, tmp_path: Path) -> None:
    await stage.phone("1001")
    stage.running.set_preferences("1001", DND)
    await stage.settle()
    after = await crashed(stage, tmp_path / "after")
    assert after.running.preferences("1001").do_not_disturb
    await after.phone("1001")
    assert said(after) == ("paused", "do-not-disturb", True)
    after.running.set_agent_state("ana", AgentState.READY, None)
    await after.settle()
    assert said(after) == ("ready", None, False)
    await after.close()


@pytest.mark.parametrize("phone", ["1001", "1002"])
async def test_a_phone_of_nobody_pauses_nobody(stage: Stage, phone: str) -> None:
    stage.running.set_preferences(phone, DND)
    assert stage.agent() == "offline"
