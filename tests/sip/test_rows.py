"""No table in `sip` has a dead row: each one is driven by a test that says what comes of it.

Those tests run here once more, in one process and with somebody who notes the rows.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from inspect import signature
from itertools import product
from types import ModuleType
from typing import Any

import pytest

from sip.accounts.registration import REGISTRATION, Registering
from sip.dialogs.machine import Machine
from sip.dialogs.session import Session
from sip.dialogs.session_table import SESSION
from sip.transactions.transaction import Transaction
from sip.transactions.transaction_table import TABLES
from tests.sip import test_endpoint
from tests.sip.accounts import test_registration
from tests.sip.dialogs import (
    test_crossings,
    test_early,
    test_info,
    test_invitation,
    test_later_offers,
    test_reliable_provisional,
    test_session,
    test_session_timer,
)
from tests.sip.subscriptions import test_subscription
from tests.sip.transactions import test_rare

SCRIPTED = (
    test_crossings, test_early, test_endpoint, test_info, test_invitation, test_later_offers, test_rare,
    test_registration, test_reliable_provisional, test_session, test_session_timer, test_subscription,
)  # fmt: skip

RowKey = tuple[str, str, str]
"""The table's name, state, input."""


def rows() -> set[RowKey]:
    """Every row of every table."""
    machines = [each for each in Machine.__subclasses__() if each.__module__.startswith("sip.")]
    tables: dict[str, Mapping[Any, Any]] = {
        **TABLES,
        **{each.name: each.table for each in machines},
        "session": SESSION,
        "registration": REGISTRATION,
    }
    return {(name, state, event) for name, table in tables.items() for state, event in table}


@pytest.fixture
def driven(monkeypatch: pytest.MonkeyPatch) -> set[RowKey]:
    """What happened to any machine since, and in which state."""
    noted: set[RowKey] = set()

    def note(interpreter: type, step: str, name: Callable[[Any], str]) -> None:
        original = getattr(interpreter, step)

        def noting(machine: Any, event: str, *rest: Any) -> None:
            noted.add((name(machine), machine.state, event))
            original(machine, event, *rest)

        monkeypatch.setattr(interpreter, step, noting)

    note(Transaction, "step", lambda transaction: transaction.name)
    note(Session, "step", lambda _: "session")
    note(Machine, "step", lambda machine: machine.name)
    note(Registering, "_step", lambda _: "registration")
    return noted


def scripts(module: ModuleType) -> Iterator[Callable[[], None]]:
    """The tests of a module that need no fixture, with each of their parameters."""
    for name, test in vars(module).items():
        if not name.startswith("test_"):
            continue
        marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
        for chosen in product(*map(_options, marks)):
            options = {name: value for option in chosen for name, value in option.items()}
            if options.keys() == signature(test).parameters.keys():
                yield partial(test, **options)


def _options(mark: pytest.Mark) -> Iterator[dict[str, Any]]:
    """The arguments that a `parametrize` gives, one set after another."""
    names, values = mark.args
    if isinstance(names, str):
        return ({names: value} for value in values)
    return (dict(zip(names, value, strict=True)) for value in values)


def test_no_row_is_dead(driven: set[RowKey]) -> None:
    for module in SCRIPTED:
        for script in scripts(module):
            script()
    assert rows() - driven == set()
