"""SIP statuses, Q.850 causes and our own reasons, told apart and translated (RFC 3398, RFC 3326)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sip.syntax.fields import Headers
from sip.syntax.kernels import parameters
from sip.syntax.malformed import Malformed
from switch.calls.ending import Reason, Result

NORMAL_CLEARING: Final = 16
"""Q.850 cause 16."""

STATUS_OF: Final[Mapping[Reason, int]] = {
    Reason.MAX_WAIT: 480,
    Reason.STEP: 480,
    Reason.MAX_WAITING: 486,
    Reason.NO_AGENTS: 480,
    Reason.CLOSED_HOURS: 480,
    Reason.CLOSED_HOLIDAY: 480,
    Reason.CLOSED_EMERGENCY: 480,
    Reason.BUSY: 486,
    Reason.NO_ANSWER: 480,
    Reason.DECLINED: 603,
    Reason.UNREACHABLE: 480,
    Reason.NOT_FOUND: 404,
    Reason.NO_ROUTE: 404,
    Reason.NOT_ACCEPTABLE: 488,
    Reason.ENCRYPTION_FAILED: 488,
    Reason.LIMIT: 503,
    Reason.TOLL_LIMIT: 403,
    Reason.NOT_ALLOWED: 403,
    Reason.IDENTITY: 438,
    Reason.REDIRECTED: 480,
    Reason.REDIRECTED_TOO_OFTEN: 482,
    Reason.DRAINING: 503,
    Reason.NO_PORTS: 503,
    Reason.SWITCH_STOPPED: 503,
    Reason.SWITCH_RESTARTED: 503,
    Reason.ERROR: 500,
    Reason.PRACK_TIMEOUT: 504,
}
"""What a caller who was not answered is told; 480 for every other reason."""

_REASONS: Final[Mapping[int, Reason]] = {
    404: Reason.NOT_FOUND,
    408: Reason.UNREACHABLE,
    410: Reason.NOT_FOUND,
    480: Reason.NO_ANSWER,
    484: Reason.NOT_FOUND,
    486: Reason.BUSY,
    487: Reason.NO_ANSWER,
    488: Reason.NOT_ACCEPTABLE,
    503: Reason.UNREACHABLE,
    600: Reason.BUSY,
    603: Reason.DECLINED,
    604: Reason.NOT_FOUND,
    606: Reason.NOT_ACCEPTABLE,
}

_Q850: Final[Mapping[int, int]] = {  # RFC 3398 section 7.2.4.1
    400: 41,
    401: 21,
    402: 21,
    403: 21,
    404: 1,
    405: 63,
    406: 79,
    407: 21,
    408: 102,
    410: 22,
    413: 127,
    414: 127,
    415: 79,
    416: 127,
    420: 127,
    421: 127,
    423: 127,
    480: 18,
    481: 41,
    482: 25,
    483: 25,
    484: 28,
    485: 1,
    486: 17,
    487: 16,  # it names none: our own CANCEL
    488: 88,  # this and 606 by their Warning, which seldom comes: incompatible destination
    500: 41,
    501: 79,
    502: 38,
    503: 41,
    504: 102,
    505: 127,
    513: 127,
    600: 17,
    603: 21,
    604: 1,
    606: 88,
}


_CROSSING: Final[Mapping[int, int]] = {
    400: 500,
    401: 403,  # between us and the next hop: nothing that the caller could answer
    405: 500,
    406: 488,
    407: 403,
    413: 500,
    414: 500,
    415: 488,
    416: 500,
    420: 500,
    421: 500,
    422: 500,
    423: 500,
    481: 500,
    487: 480,  # nobody on the caller's side has cancelled
    489: 500,
    491: 500,
    493: 500,
    494: 500,
    501: 500,
    505: 500,
    513: 500,
}
"""Statuses that say something of our own request, and what they become for the caller."""


@dataclass(frozen=True, slots=True)
class Farewell:
    """What a leg that we end is told: `status` where it was not answered, and a Reason header (RFC 3326).

    `elsewhere` says that somebody else took the call (`Reason: SIP;cause=200`): the phone then shows no
    missed call.
    """

    status: int = 480
    phrase: str | None = None
    q850: int | None = None
    elsewhere: bool = False
    retry_after_s: int | None = None

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The headers of our BYE, CANCEL or final response."""
        lines = []
        if self.elsewhere:
            lines.append(("Reason", 'SIP;cause=200;text="Call completed elsewhere"'))
        elif self.q850 is not None:
            lines.append(("Reason", f"Q.850;cause={self.q850}"))
        if self.retry_after_s is not None:
            lines.append(("Retry-After", str(self.retry_after_s)))
        return lines


CLEARED: Final = Farewell(q850=NORMAL_CLEARING)


def farewell(reason: Reason) -> Farewell:
    """What the parties of a call that ended for `reason` are told."""
    status = STATUS_OF.get(reason, 480)
    return Farewell(status=status, q850=q850_of(status) if reason in STATUS_OF else NORMAL_CLEARING)


def crossing(status: int) -> int:
    """The final status for the caller where the other side refused with `status`.

    What it says of the callee crosses as itself; what it says of our own request, or of where we should have
    gone (3xx), is no business of the caller's.
    """
    return 480 if status < 400 else _CROSSING.get(status, status)


def completed_elsewhere(reason: str) -> bool:
    """Whether a Reason says that somebody else took the call (RFC 3326 section 3.2): what cannot be read does
    not.
    """
    try:
        values = [value.partition(";") for value in Headers([("Reason", reason)]).all("Reason")]
        causes = [
            parameters(f";{said}").get("cause") for who, _, said in values if who.strip().upper() == "SIP"
        ]
    except (Malformed, ValueError, OverflowError):
        return False
    return "200" in causes


def q850_of(status: int) -> int:
    """The Q.850 cause for a final SIP status; 31 (normal, unspecified) where RFC 3398 names none."""
    return _Q850.get(status, 31)


def refusal(status: int) -> tuple[Result, Reason]:
    """How a call ends whose called side refused it with `status`."""
    if 300 <= status < 400:
        return Result.FAILED, Reason.REDIRECTED
    reason = _REASONS.get(status, Reason.DECLINED if 400 <= status < 500 or status >= 600 else Reason.ERROR)
    rejected = reason in (Reason.BUSY, Reason.DECLINED, Reason.NO_ANSWER)
    return (Result.REJECTED if rejected else Result.FAILED), reason
