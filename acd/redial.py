"""Who gave up waiting and calls again soon has his place back, once."""

import msgspec

from acd.queued_call import QueuedCall

MOST = 10_000  # callers who are remembered; the one who gave up first is forgotten first


class GaveUp(msgspec.Struct, frozen=True, array_like=True):
    """A caller who hung up while he waited: where, since when, and until when his place is kept for him (UTC
    microseconds)."""

    queue: str
    queued_at_us: int
    until_us: int


def remember(gave_up: dict[str, GaveUp], call: QueuedCall, within_us: int, now_us: int) -> None:
    """The caller has given up, now. Who had his place back already, or is anonymous, is not remembered."""
    if within_us <= 0 or not call.caller or call.resumed:
        return
    gave_up.pop(call.caller, None)
    gave_up[call.caller] = GaveUp(call.queue, call.queued_at_us, now_us + within_us)
    while len(gave_up) > MOST or next(iter(gave_up.values())).until_us <= now_us:
        del gave_up[next(iter(gave_up))]


def kept(gave_up: dict[str, GaveUp], call: QueuedCall, now_us: int) -> GaveUp | None:
    """The place that the caller, who comes to a queue, has there since he gave up."""
    found = gave_up.get(call.caller)
    if found is None or found.queue != call.queue:
        return None
    return found if now_us < found.until_us else None


def resume(gave_up: dict[str, GaveUp], call: QueuedCall) -> None:
    """He is back at his place, and there is none kept any more."""
    call.queued_at_us = min(call.queued_at_us, gave_up.pop(call.caller).queued_at_us)
    call.resumed = True
