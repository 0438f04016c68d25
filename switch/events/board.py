"""The rows as they were told last: what a listener knows who has heard everything, and the snapshot of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from switch.events.filter import Filter
from switch.events.rows import AgentNow, CallNow, Kind, PhoneNow, QueueNow, Row, TrunkNow
from switch.events.subject import Subject

KEY: Final[Mapping[Kind, str]] = {kind: "id" if kind is Kind.CALL else "name" for kind in Kind}
"""By which a row is known among those of its kind."""
KIND: Final[Mapping[type[Row], Kind]] = {
    CallNow: Kind.CALL,
    QueueNow: Kind.QUEUE,
    AgentNow: Kind.AGENT,
    PhoneNow: Kind.PHONE,
    TrunkNow: Kind.TRUNK,
}


class _Told:
    __slots__ = ("about", "json", "row")

    def __init__(self, row: Row, about: frozenset[Subject]) -> None:
        self.row = row
        self.about = about
        self.json = msgspec.json.encode(row)


class Board:
    """Rows by kind and key. Each is encoded once, when it is told."""

    def __init__(self) -> None:
        self._rows: dict[Kind, dict[str, _Told]] = {kind: {} for kind in Kind}

    def put(self, row: Row, about: Iterable[Subject]) -> frozenset[Subject]:
        """This is the row from now on. Whom it is about are those given, and of a call all with whom it ever
        was: who has heard of it hears of its end.
        """
        kind, key = KIND[type(row)], key_of(row)
        subjects = frozenset(about)
        if kind is Kind.CALL and (before := self._rows[kind].get(key)) is not None:
            subjects |= before.about
        self._rows[kind][key] = _Told(row, subjects)
        return subjects

    def remove(self, kind: Kind, key: str) -> frozenset[Subject]:
        """It is no more; whom it was about."""
        told = self._rows[kind].pop(key, None)
        return frozenset() if told is None else told.about

    def call(self, id: str) -> CallNow | None:
        """One call's row."""
        row = self.row(Kind.CALL, id)
        return row if isinstance(row, CallNow) else None

    def row(self, kind: Kind, key: str) -> Row | None:
        """One row; None where there is none."""
        told = self._rows[kind].get(key)
        return None if told is None else told.row

    def about(self, kind: Kind, key: str) -> frozenset[Subject]:
        """Whom a row is about."""
        told = self._rows[kind].get(key)
        return frozenset() if told is None else told.about

    def keys(self, kind: Kind) -> list[str]:
        """Of which there are rows."""
        return list(self._rows[kind])

    def snapshot(self, wanted: Filter) -> bytes:
        """All rows that somebody wants to see, as the JSON of a `Snapshot`."""
        return b"{" + b",".join(self._lists(wanted)) + b"}"

    def _lists(self, wanted: Filter) -> Iterator[bytes]:
        for kind, rows in self._rows.items():
            seen = [told.json for told in rows.values() if wanted.concerns(told.about)]
            yield b'"%ss":[%s]' % (kind.encode(), b",".join(seen if kind in wanted.kinds else ()))


def key_of(row: Row) -> str:
    """By which it is known."""
    key: str = getattr(row, KEY[KIND[type(row)]])
    return key
