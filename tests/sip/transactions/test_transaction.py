"""RFC 3261 section 17 and RFC 6026: the tables are asked, then walked."""

import pytest

from sip.dialogs import session_table
from sip.transactions.transaction_table import (
    INVITE_CLIENT,
    INVITE_SERVER,
    NON_INVITE_CLIENT,
    NON_INVITE_SERVER,
    TABLES,
    Action,
    Input,
    State,
    Table,
)
from tests.sip.table import Machine

RESPONSES = {Input.PROVISIONAL, Input.SUCCESS, Input.FAILURE}
MACHINES = {name: Machine(table, State.INITIAL, State.TERMINATED) for name, table in TABLES.items()}
MACHINES["caller"] = Machine(session_table.SESSION, session_table.State.CALLING, session_table.State.ENDED)
MACHINES["callee"] = Machine(session_table.SESSION, session_table.State.INCOMING, session_table.State.ENDED)
machines = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES.keys())


@machines
def test_every_state_can_reach_the_end(machine: Machine) -> None:
    assert machine.reachable() <= machine.ending() | {machine.last}


@machines
def test_no_timer_runs_in_a_state_that_does_not_expect_it_and_none_outlives_the_end(machine: Machine) -> None:
    assert machine.timer_faults() == []


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_no_row_of_a_transaction_is_dead(table: Table) -> None:
    machine = next(each for each in MACHINES.values() if each.table is table)
    assert {state for state, _ in table} == machine.reachable() - {State.TERMINATED}
    timers = {(state, name) for state, name in table if name in machine.timer_names()}
    assert timers == machine.timers_that_can_run()


def test_no_row_of_a_session_is_dead() -> None:
    reachable = MACHINES["caller"].reachable() | MACHINES["callee"].reachable()
    assert {state for state, _ in session_table.SESSION} == reachable - {session_table.State.ENDED}
    running = MACHINES["caller"].timers_that_can_run() | MACHINES["callee"].timers_that_can_run()
    names = MACHINES["caller"].timer_names()
    assert {(state, name) for state, name in session_table.SESSION if name in names} == running


@pytest.mark.parametrize("table", [INVITE_CLIENT, NON_INVITE_CLIENT])
def test_a_client_says_in_each_state_what_each_response_means(table: Table) -> None:
    for state in {state for state, _ in table} - {State.INITIAL}:
        assert {name for row, name in table if row == state} >= RESPONSES
        assert ((state, Input.BROKEN) in table) == (state in (State.CALLING, State.TRYING, State.PROCEEDING))


@pytest.mark.parametrize("table", [INVITE_SERVER, NON_INVITE_SERVER])
def test_a_server_says_in_each_state_what_a_retransmission_means(table: Table) -> None:
    for state in {state for state, _ in table} - {State.INITIAL}:
        assert (state, Input.REQUEST) in table


def test_an_ack_ends_an_invite_server_that_has_refused_and_is_the_sessions_else() -> None:
    assert {state for state, name in INVITE_SERVER if name is Input.ACK} == {State.COMPLETED, State.CONFIRMED}


def test_no_action_and_no_input_is_unused() -> None:
    rows = [row for table in TABLES.values() for row in table.items()]
    assert {action for _, (_, actions) in rows for action in actions} == set(Action)
    assert {name for (_, name), _ in rows} == set(Input)
    rows_of_sessions = list(session_table.SESSION.items())
    assert {action for _, (_, actions) in rows_of_sessions for action in actions} == set(session_table.Action)
    assert {name for (_, name), _ in rows_of_sessions} == set(session_table.Input)


@pytest.mark.parametrize(
    "state",
    [
        session_table.State.CONFIRMED,
        session_table.State.REINVITED,
        session_table.State.REANSWERED,
        session_table.State.ENDING,
    ],
)
def test_a_confirmed_dialog_takes_every_request_in_every_state(state: session_table.State) -> None:
    for name in (
        session_table.Input.INVITE,
        session_table.Input.ACK,
        session_table.Input.BYE,
        session_table.Input.HANGUP,
    ):
        assert (state, name) in session_table.SESSION
