"""Cursors: the place of a row among rows, as text that only we can read."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import TypeVar

import msgspec

T = TypeVar("T")


class BadCursor(ValueError):
    """The cursor is none that we gave."""


def sealed(place: object) -> str:
    """The cursor that stands for a place."""
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def opened(cursor: str, kind: type[T]) -> T:
    """The place that it stands for. Raises BadCursor."""
    try:
        plain = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(plain, type=kind)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise BadCursor("the cursor is none that we gave") from error


def cursor_of(at: datetime | None, id: str) -> str:
    """Of the last row of a page, among rows in order of time."""
    return sealed((at, id))


def position_of(cursor: str) -> tuple[datetime, str]:
    """Time and id of that row. Raises BadCursor."""
    return opened(cursor, tuple[datetime, str])
