"""Session timers (RFC 4028), as the side that is refreshed: we watch that the other keeps its promise."""

from sip.message import Message, Request, Response

MIN_SE_S = 90
"""The shortest session interval (section 5)."""


def offered(message: Message) -> tuple[int, str | None] | None:
    """Seconds and refresher of Session-Expires, None when there is none. Malformed(400)."""
    value = message.headers.get("Session-Expires")
    if value is None:
        return None
    seconds, _, params = value.partition(";")
    seconds = seconds.strip()
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 9:
        raise message.malformed("Malformed Session-Expires")
    refresher = None
    for param in params.split(";"):
        name, _, who = param.partition("=")
        if name.strip().lower() == "refresher":
            refresher = who.strip().lower()
    return int(seconds), refresher


def supports_timer(message: Message) -> bool:
    """Whether the peer knows session timers."""
    return any(
        tag.strip().lower() == "timer"
        for name in ("Supported", "Require")
        for tag in message.headers.all(name)
    )


def too_small(request: Request) -> bool:
    """Whether to answer 422: only to who understands it (section 9)."""
    offer = offered(request)
    return offer is not None and offer[0] < MIN_SE_S and supports_timer(request)


def promised_to_us(request: Request) -> int:
    """The interval in which the caller will refresh, 0 if it will not (section 9, table 2)."""
    offer = offered(request)
    if offer is None or offer[0] < MIN_SE_S or offer[1] == "uas" or not supports_timer(request):
        return 0
    return offer[0]


def promised_in_answer(response: Response) -> int:
    """The interval in which the callee will refresh without having been asked, 0 if it will not."""
    offer = offered(response)
    return offer[0] if offer is not None and offer[1] == "uas" else 0


def watch_s(interval_s: int) -> float:
    """How long after a refresh to give up (section 10): a third of the interval early, at most 32 s."""
    return interval_s - min(32.0, interval_s / 3)
