"""The session interval (RFC 4028): what the two sides agree on, and how it is written."""

import re
from typing import NamedTuple

from sip.syntax.kernels import parameters
from sip.syntax.malformed import Fault
from sip.syntax.message import Message, Request, Response

MIN_SE_S = 90
"""The shortest session interval (section 5)."""
MAX_INTERVAL_S = 86400
"""A peer that wants more than a day between refreshes wants none."""

_SECONDS = re.compile(r"([0-9]{1,9})[ \t]*+(?=;|\Z)")


class SessionInterval(NamedTuple):
    """The session ends unless it is refreshed within `length_s`; `ours`: we are to refresh it."""

    length_s: int
    ours: bool


def offered(message: Message) -> tuple[int, str | None] | None:
    """Seconds and refresher of Session-Expires, None when there is none. Malformed(400)."""
    value = message.headers.get("Session-Expires")
    if value is None:
        return None
    match = _SECONDS.match(value)
    try:
        params = parameters(value[match.end() :]) if match else {}
    except (ValueError, OverflowError):
        match = None
    if match is None:
        raise message.malformed(Fault.MALFORMED_SESSION_EXPIRES)
    refresher = params.get("refresher")
    return int(match[1]), refresher.lower() if refresher else None


def least_s(message: Message) -> int:
    """Min-SE, and never less than the RFC allows (section 5)."""
    match = _SECONDS.match(message.headers.get("Min-SE") or "")
    return max(MIN_SE_S, int(match[1])) if match else MIN_SE_S


def too_small(request: Request) -> bool:
    """Whether to answer 422: only to who understands it (section 9)."""
    offer = offered(request)
    return offer is not None and offer[0] < MIN_SE_S and request.has_option("timer", "Supported", "Require")


def as_server(request: Request, wished_s: int) -> tuple[SessionInterval | None, str]:
    """The interval of our 2xx, and the lines that say so (section 9, table 2).

    Who does not say which side refreshes is taken at his own word if he can do it himself. An interval that
    was not asked for is ours to set: `wished_s`, 0 for none, for who knows session timers.
    """
    offer, knows = offered(request), request.has_option("timer", "Supported", "Require")
    if offer is None:
        if not knows or not wished_s:
            return None, ""
        offer = max(wished_s, least_s(request)), None
    interval_s, refresher = offer
    if interval_s < MIN_SE_S:
        return None, ""
    ours = not knows or refresher == "uas"
    require, who = "Require: timer\r\n" if knows else "", "uas" if ours else "uac"
    return SessionInterval(interval_s, ours), f"{require}Session-Expires: {interval_s};refresher={who}\r\n"


def as_client(response: Response) -> SessionInterval | None:
    """The interval of a 2xx to our INVITE or UPDATE (section 7.2); None: the session has no end of its own.

    No interval is shorter than the RFC's least (section 5), whatever a peer may write.
    """
    offer = offered(response)
    if offer is None or not offer[0]:
        return None
    return SessionInterval(max(MIN_SE_S, offer[0]), offer[1] != "uas")


def watch_s(interval_s: int) -> float:
    """How long after a refresh to give up (section 10): a third of the interval early, at most 32 s."""
    return interval_s - min(32.0, interval_s / 3)
