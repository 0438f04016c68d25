"""Minimum-cost assignment: against every permutation, against greed, and one build against the other."""

import itertools
import random
import subprocess
import sys
from array import array

import pytest

from acd.assignment import FORBIDDEN, LARGEST, Assignment, assign, solve_pure, spread_pure
from ext.assignment import solve, spread

PLENTY = 1 << 60


def matrix(dice: random.Random, rows: int, columns: int, highest: int, forbidden: float) -> "array[int]":
    return array(
        "q",
        (
            FORBIDDEN if dice.random() < forbidden else dice.randint(-highest, highest)
            for _ in range(rows * columns)
        ),
    )


def value(costs: "array[int]", columns: int, found: list[int]) -> tuple[int, int]:
    """How many have nobody, and what the pairs cost."""
    pairs = [costs[row * columns + column] for row, column in enumerate(found) if column >= 0]
    assert max(pairs, default=0) < FORBIDDEN
    assert len({column for column in found if column >= 0}) == len(pairs)
    return len(found) - len(pairs), sum(pairs)


def best(costs: "array[int]", rows: int, columns: int) -> tuple[int, int]:
    """By trying everything: each row gets a column or one of as many places for nobody."""
    found = (rows, 0)
    for chosen in itertools.permutations([*range(columns), *[-1] * rows], rows):
        if any(c >= 0 and costs[r * columns + c] == FORBIDDEN for r, c in enumerate(chosen)):
            continue
        found = min(found, value(costs, columns, list(chosen)))
    return found


def greedy(costs: "array[int]", rows: int, columns: int) -> list[int]:
    """Each row in turn takes its cheapest column that is left."""
    left, found = set(range(columns)), []
    for row in range(rows):
        choice = [(costs[row * columns + c], c) for c in sorted(left) if costs[row * columns + c] < FORBIDDEN]
        found.append(min(choice)[1] if choice else -1)
        left.discard(found[-1])
    return found


@pytest.mark.parametrize("seed", range(150))
def test_nothing_is_better_than_its_answer(seed: int) -> None:
    dice = random.Random(seed)
    rows, columns = dice.randint(0, 4), dice.randint(0, 4)
    costs = matrix(dice, rows, columns, dice.choice((1, 3, 1000, 1 << 30)), dice.choice((0, 0.2, 0.5, 0.9)))
    found = assign(costs, rows, columns, PLENTY)
    assert found is not None
    assert value(costs, columns, found.columns) == best(costs, rows, columns)


@pytest.mark.parametrize("seed", range(60))
def test_it_is_never_worse_than_greed_whatever_the_size(seed: int) -> None:
    dice = random.Random(seed)
    rows, columns = dice.randint(1, 60), dice.randint(1, 60)
    costs = matrix(dice, rows, columns, dice.choice((2, 10**6)), dice.choice((0, 0.3, 0.95)))
    found = assign(costs, rows, columns, PLENTY)
    assert found is not None
    assert value(costs, columns, found.columns) <= value(costs, columns, greedy(costs, rows, columns))


@pytest.mark.parametrize("seed", range(60))
def test_both_builds_look_at_the_same_costs_and_answer_the_same(seed: int) -> None:
    dice = random.Random(seed)
    columns = dice.randint(1, 50)
    rows = dice.randint(0, columns)
    costs = matrix(dice, rows, columns, dice.choice((1, 5, 10**9)), dice.choice((0, 0.4)))
    pure = solve_pure(costs, rows, columns, PLENTY)
    assert solve(costs, rows, columns, PLENTY) == pure
    assert pure is not None
    for budget in (0, pure[1] // 2, pure[1] - 1, pure[1]):
        assert solve(costs, rows, columns, budget) == solve_pure(costs, rows, columns, budget)


def test_a_budget_is_honoured_to_the_step() -> None:
    costs = matrix(random.Random(1), 30, 30, 1000, 0.1)
    found = assign(costs, 30, 30, PLENTY)
    assert found is not None
    assert assign(costs, 30, 30, found.steps) == found
    assert assign(costs, 30, 30, found.steps - 1) is None


def test_more_rows_than_columns_are_turned() -> None:
    assert assign(array("q", [5, 1, 3]), 3, 1, 10) == Assignment([-1, 0, -1], 3)
    assert assign(array("q", [5, 1, 3]), 1, 3, 10) == Assignment([1], 3)
    assert assign(array("q"), 0, 3, 10) == Assignment([], 0)
    assert assign(array("q"), 3, 0, 10) == Assignment([-1, -1, -1], 0)


def test_two_are_served_where_greed_serves_one() -> None:
    """Who takes two languages leaves the one agent of the second language to who needs him."""
    either, english_only = [0, 10], [0, FORBIDDEN]
    found = assign(array("q", either + english_only), 2, 2, 100)
    assert found is not None
    assert found.columns == [1, 0]


@pytest.mark.parametrize(("count", "rows", "columns"), [(3, 2, 2), (LARGEST + 1, 1, LARGEST + 1)])
def test_costs_that_do_not_fit_are_refused(count: int, rows: int, columns: int) -> None:
    with pytest.raises(ValueError):
        assign(array("q", [0] * count), rows, columns, PLENTY)


def test_other_numbers_than_64_bits_are_refused() -> None:
    with pytest.raises(ValueError):
        assign(array("i", [1]), 1, 1, PLENTY)
    with pytest.raises(ValueError):
        solve(array("i", [1]), 1, 1, PLENTY)
    with pytest.raises(ValueError):
        solve(array("q", [1, 2]), 2, 1, PLENTY)


@pytest.mark.parametrize("seed", range(20))
def test_costs_are_spread_alike_by_both_builds(seed: int) -> None:
    dice = random.Random(seed)
    rows, columns, kinds, width = (dice.randint(1, 9) for _ in range(4))
    terms = [array("q", (dice.randint(-99, 99) for _ in range(n))) for n in (rows, columns)]
    row_kinds = array("q", (dice.randrange(kinds) for _ in range(rows)))
    column_kinds = array("q", [*(dice.randrange(width) for _ in range(columns - 1)), width - 1])
    table = matrix(dice, kinds, width, 1000, 0.3)
    costs = spread_pure(terms[0], row_kinds, terms[1], column_kinds, table)
    assert spread(terms[0], row_kinds, terms[1], column_kinds, table) == costs
    row, column = dice.randrange(rows), dice.randrange(columns)
    together = table[row_kinds[row] * width + column_kinds[column]]
    expected = FORBIDDEN if together == FORBIDDEN else terms[0][row] + terms[1][column] + together
    assert costs[row * columns + column] == expected


def test_kinds_outside_the_table_are_refused() -> None:
    one, two = array("q", [0]), array("q", [2])
    for row_kinds, column_kinds in ((two, one), (one, two), (array("q", [-1]), one), (one, array("q", [-1]))):
        with pytest.raises(ValueError):
            spread(one, row_kinds, one, column_kinds, one)
    with pytest.raises(ValueError):
        spread(one, array("q"), one, one, one)


def test_the_answer_does_not_depend_on_the_build_or_the_hash_seed() -> None:
    program = (
        "import random; from tests.acd.test_assignment import matrix; from acd.assignment import assign;"
        "print([assign(matrix(random.Random(n), 20, 25, 3, 0.4), 20, 25, 9999) for n in range(20)])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "CENTRALITA_KERNELS": build},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, build in (("1", "pure"), ("2", "compiled"))
    }
    assert len(said) == 1
