"""Webhooks as the API shows them."""

from datetime import datetime

import msgspec

from switch.webhooks.hook import State
from switch.webhooks.post import Attempt


class WebhookRow(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook now. `url` is without what comes after a question mark."""

    name: str
    url: str
    events: tuple[str, ...]
    queues: tuple[str, ...]
    state: State
    waiting: int
    """Events that it is still to be told."""
    waiting_bytes: int
    taken_seq: int | None
    """The number of the event that it took last."""
    taken: int
    """Events that it took since the switch started."""
    failures: int
    """In a row, up to now."""
    dropped: int
    """Events that it will never be told."""
    last_outcome: Attempt | None
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None
    """While it fails."""


class WebhookTested(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event of type `test`, which no listener hears."""

    outcome: Attempt
    status: int | None
    error: str | None
    seconds: float
