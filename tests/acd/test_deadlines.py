"""Deadlines: the owner's field counts, the heap is an index."""

from collections.abc import Callable
from functools import partial

from acd.deadlines import Deadlines, Due


def reading(due_of: Callable[[Due, str], int | None]) -> Deadlines:
    """Whatever the kind, this function knows."""
    return Deadlines({kind: partial(due_of, kind) for kind in Due})


def test_the_earliest_that_still_counts() -> None:
    due: dict[tuple[Due, str], int] = {}
    deadlines = reading(lambda kind, name: due.get((kind, name)))
    for at, kind, name in ((30, Due.OFFER, "o1"), (10, Due.MAX_WAIT, "c1"), (20, Due.WRAP_UP, "ana")):
        due[kind, name] = at
        deadlines.arm(at, kind, name)
    assert deadlines.first() == (10, Due.MAX_WAIT, "c1")
    del due[Due.MAX_WAIT, "c1"]
    assert deadlines.first() == (20, Due.WRAP_UP, "ana")
    due[Due.WRAP_UP, "ana"] = 40
    assert deadlines.first() == (30, Due.OFFER, "o1")


def test_ties_go_by_kind_then_name() -> None:
    entries = [(5, Due.MAX_WAIT, "a"), (5, Due.OFFER, "b"), (5, Due.OFFER, "a"), (5, Due.WRAP_UP, "z")]
    left = list(entries)
    deadlines = reading(lambda kind, name: 5 if (5, kind, name) in left else None)
    for entry in entries:
        deadlines.arm(*entry)
    order = []
    while (first := deadlines.first()) is not None:
        order.append(first)
        left.remove(first)
    assert order == sorted(entries)


def test_what_was_stopped_does_not_pile_up() -> None:
    due: dict[str, int] = {}
    deadlines = reading(lambda kind, name: due.get(name))
    for turn in range(50_000):
        due = {"call": turn}
        deadlines.arm(turn, Due.MAX_WAIT, "call")
    assert len(deadlines) <= 1_025
    assert deadlines.first() == (49_999, Due.MAX_WAIT, "call")


def test_rearm_reads_the_owner() -> None:
    deadlines = reading(lambda kind, name: 7 if name == "timed" else None)
    deadlines.rearm(Due.OFFER, "timed")
    deadlines.rearm(Due.OFFER, "untimed")
    assert len(deadlines) == 1
