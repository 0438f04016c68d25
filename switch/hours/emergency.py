"""Queues closed out of turn, and opened again, by somebody's word."""

from acd.events import QueueClosed, QueueOpened
from acd.queue import ClosedReason
from switch.dispatch import Dispatch


def close(dispatch: Dispatch, queue: str | None, by: str, why: str) -> list[str]:
    """Close that queue, or (None) all of them; which."""
    named = _named(dispatch, queue)
    for name in named:
        dispatch.post(QueueClosed(name, ClosedReason.EMERGENCY, by, why))
    dispatch.flush()
    return named


def reopen(dispatch: Dispatch, queue: str | None, by: str, why: str) -> list[str]:
    """Take that word back; a queue whose calendar is closed stays so. Which."""
    named = _named(dispatch, queue)
    for name in named:
        dispatch.post(QueueOpened(name, ClosedReason.EMERGENCY, by, why))
    dispatch.flush()
    return named


def _named(dispatch: Dispatch, queue: str | None) -> list[str]:
    dispatch.flush()  # what is on its way to the router comes first
    return [view.name for view in dispatch.router.queues() if queue in (None, view.name)]
