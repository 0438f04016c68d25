"""Pages of lists that are made when they are asked for: a cursor stands for the last row of a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

import msgspec
from fastapi import Depends, Query

from switch.api.answers import Items
from switch.api.problems import Failure, Kind
from switch.history.pages import BadCursor, opened, sealed

MOST_ROWS: Final = 1000
Row = TypeVar("Row", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list somebody asks for."""

    cursor: str | None
    limit: int

    def of(self, rows: Sequence[Row], key: Callable[[Row], str]) -> Items:
        """These, and the cursor that asks for what follows: behind the row of that key, or, where that has
        gone since, behind those that were before it. Raises Failure.
        """
        start = 0 if self.cursor is None else _behind(self.cursor, [key(row) for row in rows])
        end = start + self.limit
        more = end < len(rows)
        return Items(rows[start:end], sealed((end, key(rows[end - 1]))) if more else None)


def _behind(cursor: str, keys: Sequence[str]) -> int:
    try:
        count, last = opened(cursor, tuple[int, str])
    except BadCursor as error:
        raise Failure(Kind.BAD_CURSOR, str(error)) from None
    return keys.index(last) + 1 if last in keys else max(0, count - 1)


def _page(cursor: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = MOST_ROWS) -> Page:
    return Page(cursor, limit)


Asked = Annotated[Page, Depends(_page)]
"""By `cursor` and `limit` in the query; a thousand rows unless told."""
