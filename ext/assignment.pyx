# cython: language_level=3, autotestdict=False
"""Minimum-cost assignment, compiled: the twin of acd.assignment.solve_pure."""

from cpython cimport array as arrays
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc

cdef enum:
    NOBODY = -1

cdef int64_t FORBIDDEN = 1 << 44  # acd.assignment's


cdef struct Work:
    int64_t* row_price
    int64_t* column_price
    int64_t* cheapest
    Py_ssize_t* path
    Py_ssize_t* column_of
    Py_ssize_t* row_of
    Py_ssize_t* left
    Py_ssize_t* reached_rows
    Py_ssize_t* reached_columns


cdef int64_t run(
    const int64_t* costs, Py_ssize_t rows, Py_ssize_t columns, int64_t budget, Work* at
) noexcept nogil:
    """The steps taken, or -1 when they would be more than the budget."""
    cdef int64_t steps = 0, so_far, lowest, way, offset
    cdef Py_ssize_t first, row, column, place, best, left, rows_reached, columns_reached, sink, before
    for row in range(rows):
        at.row_price[row] = 0
        at.column_of[row] = NOBODY
    for column in range(columns):
        at.column_price[column] = 0
        at.row_of[column] = NOBODY
    for first in range(rows):
        for column in range(columns):
            at.path[column] = NOBODY
            at.left[column] = columns - 1 - column
        left = columns
        rows_reached = columns_reached = 0
        row = first
        so_far = 0
        sink = NOBODY
        while sink == NOBODY:
            steps += left
            if steps > budget:
                return -1
            at.reached_rows[rows_reached] = row
            rows_reached += 1
            offset = so_far - at.row_price[row]
            lowest = 0
            best = NOBODY
            for place in range(left):
                column = at.left[place]
                way = offset + costs[row * columns + column] - at.column_price[column]
                if at.path[column] == NOBODY or way < at.cheapest[column]:
                    at.path[column] = row
                    at.cheapest[column] = way
                way = at.cheapest[column]
                if best == NOBODY or way < lowest or (way == lowest and at.row_of[column] == NOBODY):
                    lowest = way
                    best = place
            so_far = lowest
            column = at.left[best]
            left -= 1
            at.left[best] = at.left[left]
            if at.row_of[column] == NOBODY:
                sink = column
            else:
                at.reached_columns[columns_reached] = column
                columns_reached += 1
                row = at.row_of[column]
        at.row_price[first] += so_far
        for place in range(1, rows_reached):
            row = at.reached_rows[place]
            at.row_price[row] += so_far - at.cheapest[at.column_of[row]]
        for place in range(columns_reached):
            column = at.reached_columns[place]
            at.column_price[column] -= so_far - at.cheapest[column]
        column = sink
        while True:
            row = at.path[column]
            at.row_of[column] = row
            before = at.column_of[row]
            at.column_of[row] = column
            column = before
            if row == first:
                break
    return steps


def solve(const int64_t[::1] costs not None, Py_ssize_t rows, Py_ssize_t columns, int64_t budget):
    if rows < 0 or rows > columns or costs.shape[0] != rows * columns:
        raise ValueError(f"{costs.shape[0]} costs for {rows} rows and {columns} columns")
    if not rows:
        return [], 0
    cdef size_t prices = rows + 2 * columns
    cdef size_t places = 2 * rows + 4 * columns
    cdef char* memory = <char*>malloc(prices * sizeof(int64_t) + places * sizeof(Py_ssize_t))
    cdef Work at
    cdef int64_t steps
    if memory == NULL:
        raise MemoryError
    try:
        at.row_price = <int64_t*>memory
        at.column_price = at.row_price + rows
        at.cheapest = at.column_price + columns
        at.path = <Py_ssize_t*>(at.cheapest + columns)
        at.row_of = at.path + columns
        at.left = at.row_of + columns
        at.reached_columns = at.left + columns
        at.column_of = at.reached_columns + columns
        at.reached_rows = at.column_of + rows
        with nogil:
            steps = run(&costs[0], rows, columns, budget, &at)
        return None if steps < 0 else ([at.column_of[row] for row in range(rows)], steps)
    finally:
        free(memory)


def spread(
    const int64_t[::1] rows not None,
    const int64_t[::1] row_kinds not None,
    const int64_t[::1] columns not None,
    const int64_t[::1] column_kinds not None,
    const int64_t[::1] table not None,
):
    cdef Py_ssize_t row, column, width = 1, height = 0, last = columns.shape[0]
    cdef int64_t together
    if row_kinds.shape[0] != rows.shape[0] or column_kinds.shape[0] != last:
        raise ValueError("a kind for each row and each column is needed")
    for column in range(last):
        width = max(width, <Py_ssize_t>column_kinds[column] + 1)
        if column_kinds[column] < 0:
            raise ValueError("a kind is not negative")
    for row in range(rows.shape[0]):
        height = max(height, <Py_ssize_t>row_kinds[row] + 1)
        if row_kinds[row] < 0:
            raise ValueError("a kind is not negative")
    if table.shape[0] < height * width:
        raise ValueError("the table is smaller than the kinds")
    cdef arrays.array costs = arrays.clone(arrays.array("q"), rows.shape[0] * last, zero=False)
    cdef int64_t* cost = <int64_t*>costs.data.as_voidptr
    for row in range(rows.shape[0]):
        for column in range(last):
            together = table[row_kinds[row] * width + column_kinds[column]]
            cost[0] = FORBIDDEN if together == FORBIDDEN else rows[row] + columns[column] + together
            cost += 1
    return costs
