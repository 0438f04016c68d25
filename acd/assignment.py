"""Minimum-cost assignment: the pairs that cost least together, and as many of them as there can be.

Shortest augmenting paths with duals (R. Jonker and A. Volgenant, A shortest augmenting path algorithm for
dense and sparse linear assignment problems, 1987; in the form of D. F. Crouse, 2016, for rectangular ones):
rows are brought in one after another, and each may push others aside along the cheapest path to a free
column. Whole numbers only, so the answer is the same everywhere. What is spent on it is counted in looks at a
cost, never in time.

`ext.assignment` is the compiled twin; both look at the same costs in the same order, and give up at the same
one.
"""

from array import array
from collections.abc import Callable
from typing import NamedTuple

from ext.build import KERNELS

FORBIDDEN = 1 << 44
"""The cost of a pair that must not be. It is more than all other costs together: no pair of these is in an
answer as long as another set of pairs has one fewer."""

HIGHEST = 1 << 30
"""Costs of pairs that may be lie between its negative and it."""

LARGEST = 4096
"""Rows or columns at most: FORBIDDEN and the duals stay within 64 bits."""

_NOBODY = -1


class Assignment(NamedTuple):
    """`columns[row]` is the row's column, -1 where it has none. `steps` is how many costs were looked at."""

    columns: list[int]
    steps: int


def assign(costs: "array[int]", rows: int, columns: int, budget: int) -> Assignment | None:
    """The cheapest of the largest sets of pairs, or None when `budget` steps are not enough.

    `costs` (64-bit) holds row after row. Raises `ValueError` for another number of costs than `rows *
    columns`, or for too many rows or columns.
    """
    if len(costs) != rows * columns or costs.itemsize != 8:
        raise ValueError(f"{len(costs)} costs for {rows} rows and {columns} columns")
    if max(rows, columns) > LARGEST:
        raise ValueError(f"{rows} rows and {columns} columns: at most {LARGEST} of each")
    if rows <= columns:
        found = solve(costs, rows, columns, budget)
        return None if found is None else _allowed(costs, columns, *found)
    found = solve(_turned(costs, rows, columns), columns, rows, budget)
    if found is None:
        return None
    of_row = [_NOBODY] * rows
    for column, row in enumerate(found[0]):
        of_row[row] = column
    return _allowed(costs, columns, of_row, found[1])


def solve_pure(costs: "array[int]", rows: int, columns: int, budget: int) -> tuple[list[int], int] | None:
    """Each row's column, where no column is short of rows: `rows` is not more than `columns`; and the
    steps."""
    row_price, column_price = [0] * rows, [0] * columns
    column_of, row_of = [_NOBODY] * rows, [_NOBODY] * columns
    steps = 0
    for first in range(rows):
        cheapest = [0] * columns  # way to each column, and the row from which it was reached
        path = [_NOBODY] * columns
        left = list(range(columns - 1, -1, -1))
        reached_rows, reached_columns = [], []
        row, so_far, sink = first, 0, _NOBODY
        while sink == _NOBODY:
            steps += len(left)
            if steps > budget:
                return None
            reached_rows.append(row)
            base, offset = row * columns, so_far - row_price[row]
            lowest, at = 0, _NOBODY
            for place, column in enumerate(left):
                way = offset + costs[base + column] - column_price[column]
                if path[column] == _NOBODY or way < cheapest[column]:
                    path[column], cheapest[column] = row, way
                way = cheapest[column]
                if at == _NOBODY or way < lowest or (way == lowest and row_of[column] == _NOBODY):
                    lowest, at = way, place
            so_far, column = lowest, left[at]
            left[at] = left[-1]
            left.pop()
            if row_of[column] == _NOBODY:
                sink = column
            else:
                reached_columns.append(column)
                row = row_of[column]
        row_price[first] += so_far
        for row in reached_rows[1:]:
            row_price[row] += so_far - cheapest[column_of[row]]
        for column in reached_columns:
            column_price[column] -= so_far - cheapest[column]
        column, row = sink, _NOBODY
        while row != first:
            row = path[column]
            row_of[column] = row
            column_of[row], column = column, column_of[row]
    return column_of, steps


def spread_pure(
    rows: "array[int]",
    row_kinds: "array[int]",
    columns: "array[int]",
    column_kinds: "array[int]",
    table: "array[int]",
) -> "array[int]":
    """The costs of all pairs: what the row costs, and the column, and what their kinds cost together.

    `table` holds row kind after row kind; where it says FORBIDDEN, so does the pair.
    """
    width = max(column_kinds, default=0) + 1
    costs = array("q")
    for own, kind in zip(rows, row_kinds, strict=True):
        line = table[kind * width : (kind + 1) * width]
        costs.extend(
            FORBIDDEN if line[other] == FORBIDDEN else own + term + line[other]
            for term, other in zip(columns, column_kinds, strict=True)
        )
    return costs


def _turned(costs: "array[int]", rows: int, columns: int) -> "array[int]":
    turned = array("q")
    for column in range(columns):
        turned.extend(costs[column::columns])
    return turned


def _allowed(costs: "array[int]", columns: int, column_of: list[int], steps: int) -> Assignment:
    """Without the forbidden pairs, which stand for none."""
    return Assignment(
        [
            column if column != _NOBODY and costs[row * columns + column] < FORBIDDEN else _NOBODY
            for row, column in enumerate(column_of)
        ],
        steps,
    )


solve: Callable[["array[int]", int, int, int], tuple[list[int], int] | None] = solve_pure
spread: Callable[["array[int]", "array[int]", "array[int]", "array[int]", "array[int]"], "array[int]"] = (
    spread_pure
)
if KERNELS == "compiled":
    from ext.assignment import solve as solve_compiled
    from ext.assignment import spread as spread_compiled

    solve, spread = solve_compiled, spread_compiled
