"""The small machines of a session: the tables are asked what the tables of transactions are asked."""

from enum import StrEnum
from typing import ClassVar

import pytest

from sip.counters import Counters
from sip.dialogs import early, renegotiation, session_timer
from sip.dialogs import reliable_provisional as reliable
from sip.dialogs.machine import Machine as Interpreter
from sip.dialogs.machine import Table
from sip.subscriptions import subscription_table
from sip.transactions.timers import Timers
from tests.sip.table import Machine

TABLES: dict[str, tuple[Table, type[StrEnum], type[StrEnum], type[StrEnum]]] = {
    "reliable responses": (
        reliable.RELIABLE, reliable.State, reliable.Input, reliable.Action,
    ),
    "renegotiation": (
        renegotiation.RENEGOTIATION, renegotiation.State, renegotiation.Input, renegotiation.Action,
    ),
    "session timer": (session_timer.REFRESH, session_timer.State, session_timer.Input, session_timer.Action),
    "subscription": (
        subscription_table.SUBSCRIPTION, subscription_table.State, subscription_table.Input,
        subscription_table.Action,
    ),
    "early dialog": (early.EARLY, early.State, early.Input, early.Action),
}  # fmt: skip
ENDING = (
    "reliable responses",
    "renegotiation",
    "session timer",
    "subscription",
)  # an early dialog is just forgotten
RENEWED = {"retry refresh": "refresh"}

tables = pytest.mark.parametrize("name", TABLES)


def machine(name: str) -> Machine:
    table, states, _, _ = TABLES[name]
    *_, last = states
    return Machine(table, next(iter(states)), last if name in ENDING else "never", RENEWED)


@tables
def test_every_state_is_reached(name: str) -> None:
    assert machine(name).reachable() == set(TABLES[name][1])


@pytest.mark.parametrize("name", ENDING)
def test_every_state_can_reach_the_end(name: str) -> None:
    assert machine(name).reachable() <= machine(name).ending()


@tables
def test_no_timer_runs_where_nobody_expects_it_and_none_outlives_the_end(name: str) -> None:
    assert machine(name).timer_faults() == []


@tables
def test_no_row_waits_for_a_timer_that_cannot_run(name: str) -> None:
    asked = machine(name)
    rows = {(state, event) for state, event in asked.table if event in asked.timer_names()}
    assert rows == asked.timers_that_can_run()


@pytest.mark.parametrize("name", ENDING)
def test_what_is_over_stays_over_and_starts_nothing(name: str) -> None:
    asked = machine(name)
    for (state, _), (following, actions) in asked.table.items():
        if state == asked.last:
            assert following == asked.last
            assert not [action for action in actions if action.startswith(("start", "double", "retry"))]


@tables
def test_no_action_and_no_input_is_unused(name: str) -> None:
    table, _, inputs, actions = TABLES[name]
    assert {action for _, done in table.values() for action in done} == set(actions)
    assert {event for _, event in table} == set(inputs)


END_OF_REQUEST = {
    renegotiation.SUCCESS, renegotiation.GLARE, renegotiation.REPAIR, renegotiation.UNSERVED,
    renegotiation.REFUSED, renegotiation.LOST,
}  # fmt: skip
FORGOTTEN = {renegotiation.SUCCESS, renegotiation.REFUSED}
MEANT = {
    renegotiation.IDLE: set(),
    renegotiation.REINVITING: END_OF_REQUEST - {renegotiation.UNSERVED},
    renegotiation.UPDATING: END_OF_REQUEST,
    renegotiation.RESTING: set(),
    renegotiation.CANCELLING: END_OF_REQUEST - {renegotiation.UNSERVED},
    renegotiation.CLOSING: FORGOTTEN,
    renegotiation.OVER: FORGOTTEN,
}


@pytest.mark.parametrize("state", renegotiation.State)
def test_each_end_of_a_request_means_something_where_one_is_under_way(state: renegotiation.State) -> None:
    known = {event for row, event in renegotiation.RENEGOTIATION if row == state}
    assert known & END_OF_REQUEST == MEANT[state]


@pytest.mark.parametrize(
    "state",
    [each for each in reliable.State if each not in (reliable.State.SETTLED, reliable.State.OVER)],
)
def test_a_call_may_end_while_anything_waits(state: reliable.State) -> None:
    assert reliable.RELIABLE[state, reliable.FINAL][0] is reliable.State.OVER


def test_an_unknown_pair_changes_nothing_and_is_counted() -> None:
    class Lamp(StrEnum):
        OFF = "off"
        ON = "on"

    class Light(Interpreter[None]):
        name = "light"
        table: ClassVar[Table] = {(Lamp.OFF, "press"): (Lamp.ON, ("shine",))}

        def do(self, action: StrEnum, now: float, matter: None) -> None:
            shone.append(str(action))

    shone: list[str] = []
    counters = Counters()
    light = Light(Lamp.OFF, Timers(()), counters)
    light.step("press", 0.0)
    light.step("press", 0.0)
    assert (light.state, shone) == ("on", ["shine"])
    assert counters.unexpected == {("light", "on", "press"): 1}
