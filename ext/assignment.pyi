"""Minimum-cost assignment, compiled: the twin of acd.assignment.solve_pure; import acd.assignment."""

from array import array

def solve(costs: array[int], rows: int, columns: int, budget: int) -> tuple[list[int], int] | None:
    """Each row's column and the steps, or None when they would be more than `budget`. Raises `ValueError` for
    another number of costs, or more rows than columns."""

def spread(
    rows: array[int],
    row_kinds: array[int],
    columns: array[int],
    column_kinds: array[int],
    table: array[int],
) -> array[int]:
    """The costs of all pairs, from those of rows, of columns and of two kinds together. Raises `ValueError`
    where kinds and table do not fit."""
