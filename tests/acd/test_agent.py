"""The agent's state is read off facts: the decision table itself, row by row."""

import itertools
from typing import Any

import pytest

from acd.agent import PRECEDENCE, Agent, AgentState
from acd.settings import AgentSettings

READY = {"logged_in": True, "registered": True}


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, AgentState.OFFLINE),
        ({"registered": True}, AgentState.OFFLINE),
        ({"registered": True, "dialogs": 1}, AgentState.OFFLINE),
        (READY, AgentState.READY),
        ({**READY, "paused": True}, AgentState.PAUSED),
        ({**READY, "registered": False}, AgentState.UNREACHABLE),
        ({**READY, "reachable": False}, AgentState.UNREACHABLE),
        ({**READY, "registered": False, "paused": True}, AgentState.UNREACHABLE),
        ({**READY, "offer": "o"}, AgentState.RINGING),
        ({**READY, "offer": "o", "paused": True}, AgentState.RINGING),
        ({**READY, "offer": "o", "logged_in": False}, AgentState.RINGING),
        ({**READY, "offer": "o", "reachable": False}, AgentState.UNREACHABLE),
        ({**READY, "dialogs": 1}, AgentState.ON_CALL),
        ({**READY, "dialogs": 2, "paused": True}, AgentState.ON_CALL),
        ({**READY, "dialogs": 1, "wrap_up_until_us": 9}, AgentState.ON_CALL),
        ({**READY, "dialogs": 1, "offer": "o"}, AgentState.RINGING),
        ({**READY, "wrap_up_until_us": 9}, AgentState.WRAP_UP),
        ({**READY, "wrap_up_until_us": 9, "paused": True}, AgentState.WRAP_UP),
        ({**READY, "conversation": "o"}, AgentState.ON_CALL),
        ({**READY, "conversation": "o", "paused": True}, AgentState.ON_CALL),
        ({"conversation": "o"}, AgentState.ON_CALL),
    ],
)
def test_the_state_follows_from_the_facts(facts: dict[str, Any], state: AgentState) -> None:
    assert Agent(AgentSettings("ana"), **facts).state is state


def test_every_state_is_named_by_some_row_and_the_last_row_takes_the_rest() -> None:
    assert {state for _, _, state in PRECEDENCE} == set(AgentState)
    assert PRECEDENCE[-1][:2] == (0, 0)


def test_no_row_is_dead() -> None:
    """Each row decides for some combination of facts."""

    def deciding_row(facts: int) -> int:
        return next(
            row
            for row, (must, must_not, _) in enumerate(PRECEDENCE)
            if facts & must == must and not facts & must_not
        )

    assert {deciding_row(facts) for facts in range(128)} == set(range(len(PRECEDENCE)))


def test_only_a_ready_agent_has_every_fact_of_readiness() -> None:
    choices = itertools.product((False, True), repeat=7)
    for talking, offered, logged_in, dialogs, wrapping, registered, paused in choices:
        agent = Agent(
            AgentSettings("ana"),
            conversation="o" if talking else None,
            offer="o" if offered else None,
            logged_in=logged_in,
            dialogs=int(dialogs),
            wrap_up_until_us=1 if wrapping else None,
            registered=registered,
            paused=paused,
        )
        free = logged_in and registered and not (talking or offered or dialogs or wrapping or paused)
        assert (agent.state is AgentState.READY) == free
