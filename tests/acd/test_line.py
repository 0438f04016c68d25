"""A line keeps its order and forgets what left it."""

import random

import pytest

from acd.line import Line


def test_the_first_is_the_smallest_live_key() -> None:
    live = {"c": 1, "a": 2, "b": 3}
    line: Line[tuple[int, str, int]] = Line(live)
    for place, (name, token) in enumerate(live.items()):
        line.put((place, name, token))
    assert line.first() == (0, "c", 1)
    del live["c"]
    assert line.first() == (1, "a", 2)
    live.clear()
    assert line.first() is None


def test_one_deletion_takes_a_member_out_of_all_lines() -> None:
    live = {"ana": 1}
    lines: list[Line[tuple[int, str, int]]] = [Line(live), Line(live)]
    for place, line in enumerate(lines):
        line.put((place, "ana", 1))
    del live["ana"]
    assert [line.first() for line in lines] == [None, None]


def test_a_member_who_returns_has_only_the_new_place() -> None:
    live: dict[str, int] = {}
    line: Line[tuple[int, str, int]] = Line(live)
    for key in ((1, "ana", 1), (5, "ana", 2), (3, "luis", 3)):
        live[key[-2]] = key[-1]
        line.put(key)
    assert line.first() == (3, "luis", 3)


def test_stale_entries_are_bounded_and_order_holds() -> None:
    dice = random.Random(7)
    live: dict[str, int] = {}
    keys: dict[str, tuple[int, str, int]] = {}
    line: Line[tuple[int, str, int]] = Line(live)
    for turn in range(20_000):
        name = f"a{dice.randrange(50)}"
        if dice.random() < 0.5:
            live[name] = turn
            keys[name] = (dice.randrange(1000), name, turn)
            line.put(keys[name])
        else:
            live.pop(name, None)
            keys.pop(name, None)
        if turn % 100 == 0:
            assert line.first() == min(keys.values(), default=None)
    assert len(line) < 200


@pytest.mark.parametrize("seed", range(20))
def test_the_first_few_in_their_order(seed: int) -> None:
    dice = random.Random(seed)
    live: dict[str, int] = {}
    line: Line[tuple[int, str, int]] = Line(live)
    keys = [(dice.randrange(20), f"m{n}", n) for n in range(dice.randrange(60))]
    for key in keys:
        live[key[1]] = key[2]
        line.put(key)
    for key in keys:
        if dice.random() < 0.4:
            del live[key[1]]
    there = sorted(key for key in keys if key[1] in live)
    count = dice.choice((0, 1, 5, 100))
    assert list(line.firsts(count)) == there[:count]
    assert line.first() == (there[0] if there else None)
