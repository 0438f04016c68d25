"""A line keeps its order and forgets what left it."""

import random

from acd.line import Line


def test_the_first_is_the_smallest_live_key() -> None:
    live: dict[str, tuple[int, str]] = {}
    line = Line(live)
    for place, name in enumerate("cab"):
        live[name] = (place, name)
        line.put(live[name])
    assert line.first() == (0, "c")
    del live["c"]
    assert line.first() == (1, "a")
    live.clear()
    assert line.first() is None


def test_one_deletion_takes_a_member_out_of_all_lines() -> None:
    live: dict[str, tuple[int, str]] = {}
    lines = [Line(live), Line(live)]
    live["ana"] = (1, "ana")
    for line in lines:
        line.put(live["ana"])
    del live["ana"]
    assert [line.first() for line in lines] == [None, None]


def test_a_member_who_returns_has_only_the_new_place() -> None:
    live: dict[str, tuple[int, str]] = {}
    line = Line(live)
    for key in ((1, "ana"), (5, "ana"), (3, "luis")):
        live[key[-1]] = key
        line.put(key)
    assert line.first() == (3, "luis")


def test_stale_entries_are_bounded_and_order_holds() -> None:
    dice = random.Random(7)
    live: dict[str, tuple[int, str]] = {}
    line = Line(live)
    for turn in range(20_000):
        name = f"a{dice.randrange(50)}"
        if dice.random() < 0.5:
            live[name] = (dice.randrange(1000), name)
            line.put(live[name])
        else:
            live.pop(name, None)
        if turn % 100 == 0:
            assert line.first() == min(live.values(), default=None)
    assert len(line) < 200
