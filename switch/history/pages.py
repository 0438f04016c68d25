"""Cursors: the place of a row among rows in order of time, as text that only we can read."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

import msgspec


class BadCursor(ValueError):
    """The cursor is none that we gave."""


def cursor_of(at: datetime | None, id: str) -> str:
    """Of the last row of a page."""
    return urlsafe_b64encode(msgspec.json.encode((at, id))).decode().rstrip("=")


def position_of(cursor: str) -> tuple[datetime, str]:
    """Time and id of that row. Raises BadCursor."""
    try:
        plain = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        return msgspec.json.decode(plain, type=tuple[datetime, str])
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise BadCursor("the cursor is none that we gave") from error
