"""An offer: one call rings at one agent's phone. The table, and the value that moves through it.

    INVITED     nothing came back yet; unreachable_after runs
    TRYING      a 100 came; unreachable_after runs again
    QUIET       nothing followed the 100; ring_timeout runs, counted from the 100
    RINGING     a 101 to 199 came; ring_timeout runs
    CANCELLING  CANCEL is asked for; the call stays bound until the final response or 2 s
    RELEASED    the call went its way; the agent still rings until the final response
    ENDED       the INVITE is over

A row (state, input) -> (next state, actions); a pair without a row changes nothing.
"""

import enum
from typing import TypeAlias

import msgspec

from acd.commands import OfferResult
from acd.work import Channel

RELEASE_AFTER_US = 2_000_000  # after CANCEL the call may be offered on, response or not


class OfferState(enum.StrEnum):
    """See the module's docstring."""

    INVITED = "invited"
    TRYING = "trying"
    QUIET = "quiet"
    RINGING = "ringing"
    CANCELLING = "cancelling"
    RELEASED = "released"
    ENDED = "ended"


class OfferInput(enum.StrEnum):
    """What can happen to an offer."""

    TRYING = enum.auto()
    RINGING = enum.auto()
    ANSWERED = enum.auto()  # a 2xx, and the call is this offer's to take
    ANSWERED_TOO_LATE = enum.auto()  # a 2xx, and the call is gone, taken or being offered elsewhere
    REFUSED = enum.auto()
    NO_RESPONSE = enum.auto()
    NOT_SENT = enum.auto()
    TIMER = enum.auto()  # the state's only timer
    WITHDRAWN = enum.auto()  # the agent went; the call still wants an agent
    CALL_LEFT = enum.auto()  # the call left the queue


class OfferAction(enum.StrEnum):
    """What the interpreter in `acd.offering` carries out, in order."""

    START_SILENCE = enum.auto()  # the timer: now + unreachable_after
    RING_FROM_HERE = enum.auto()  # the timer: now + ring_timeout
    RING_FROM_TRYING = enum.auto()  # the timer: the 100 + ring_timeout
    START_RELEASE = enum.auto()  # the timer: now + RELEASE_AFTER_US
    STOP_TIMER = enum.auto()
    CANCEL = enum.auto()
    LOSE_PHONE = enum.auto()  # the agent becomes unreachable
    HOLD_OFF = enum.auto()  # no other offer to the agent for retry_busy
    RELEASE_CALL = enum.auto()  # the call waits again at its place
    CONNECT = enum.auto()
    HANG_UP = enum.auto()
    END = enum.auto()  # free the agent and apply the result


S = OfferState
On = OfferInput
A = OfferAction
R = OfferResult

# The result that a row settles; None keeps the one settled before (a cancelled offer's).
Row: TypeAlias = tuple[OfferState, OfferResult | None, tuple[OfferAction, ...]]

_END = (A.STOP_TIMER, A.RELEASE_CALL, A.END)
_TAKE = (A.STOP_TIMER, A.CONNECT, A.END)
_CANCEL = (A.CANCEL, A.START_RELEASE)

TABLE: dict[tuple[OfferState, OfferInput], Row] = {
    (S.INVITED, On.TRYING): (S.TRYING, None, (A.START_SILENCE,)),
    (S.INVITED, On.RINGING): (S.RINGING, None, (A.RING_FROM_HERE,)),
    (S.INVITED, On.ANSWERED): (S.ENDED, R.ANSWERED, _TAKE),
    (S.INVITED, On.REFUSED): (S.ENDED, R.BUSY, _END),
    (S.INVITED, On.NO_RESPONSE): (S.ENDED, R.UNREACHABLE, (A.LOSE_PHONE, *_END)),
    (S.INVITED, On.NOT_SENT): (S.ENDED, R.UNREACHABLE, (A.HOLD_OFF, *_END)),
    (S.INVITED, On.TIMER): (S.CANCELLING, R.UNREACHABLE, (A.LOSE_PHONE, *_CANCEL)),
    (S.INVITED, On.WITHDRAWN): (S.CANCELLING, R.AGENT_GONE, _CANCEL),
    (S.INVITED, On.CALL_LEFT): (S.RELEASED, None, (A.STOP_TIMER, A.CANCEL)),
    (S.TRYING, On.RINGING): (S.RINGING, None, (A.RING_FROM_HERE,)),
    (S.TRYING, On.ANSWERED): (S.ENDED, R.ANSWERED, _TAKE),
    (S.TRYING, On.REFUSED): (S.ENDED, R.BUSY, _END),
    (S.TRYING, On.NO_RESPONSE): (S.ENDED, R.UNREACHABLE, (A.LOSE_PHONE, *_END)),
    (S.TRYING, On.TIMER): (S.QUIET, None, (A.RING_FROM_TRYING,)),
    (S.TRYING, On.WITHDRAWN): (S.CANCELLING, R.AGENT_GONE, _CANCEL),
    (S.TRYING, On.CALL_LEFT): (S.RELEASED, None, (A.STOP_TIMER, A.CANCEL)),
    (S.QUIET, On.RINGING): (S.RINGING, None, ()),
    (S.QUIET, On.ANSWERED): (S.ENDED, R.ANSWERED, _TAKE),
    (S.QUIET, On.REFUSED): (S.ENDED, R.BUSY, _END),
    (S.QUIET, On.NO_RESPONSE): (S.ENDED, R.UNREACHABLE, (A.LOSE_PHONE, *_END)),
    (S.QUIET, On.TIMER): (S.CANCELLING, R.NO_ANSWER, _CANCEL),
    (S.QUIET, On.WITHDRAWN): (S.CANCELLING, R.AGENT_GONE, _CANCEL),
    (S.QUIET, On.CALL_LEFT): (S.RELEASED, None, (A.STOP_TIMER, A.CANCEL)),
    (S.RINGING, On.ANSWERED): (S.ENDED, R.ANSWERED, _TAKE),
    (S.RINGING, On.REFUSED): (S.ENDED, R.REJECTED, _END),
    (S.RINGING, On.NO_RESPONSE): (S.ENDED, R.UNREACHABLE, (A.LOSE_PHONE, *_END)),
    (S.RINGING, On.TIMER): (S.CANCELLING, R.NO_ANSWER, _CANCEL),
    (S.RINGING, On.WITHDRAWN): (S.CANCELLING, R.AGENT_GONE, _CANCEL),
    (S.RINGING, On.CALL_LEFT): (S.RELEASED, None, (A.STOP_TIMER, A.CANCEL)),
    (S.CANCELLING, On.ANSWERED): (S.ENDED, R.ANSWERED, _TAKE),
    (S.CANCELLING, On.REFUSED): (S.ENDED, None, _END),
    (S.CANCELLING, On.NO_RESPONSE): (S.ENDED, None, (A.LOSE_PHONE, *_END)),
    (S.CANCELLING, On.NOT_SENT): (S.ENDED, None, _END),
    (S.CANCELLING, On.TIMER): (S.RELEASED, None, (A.STOP_TIMER, A.RELEASE_CALL)),
    (S.CANCELLING, On.CALL_LEFT): (S.RELEASED, None, (A.STOP_TIMER,)),
    (S.RELEASED, On.ANSWERED): (S.ENDED, R.ANSWERED, _TAKE),
    (S.RELEASED, On.ANSWERED_TOO_LATE): (S.ENDED, None, (A.HANG_UP, A.END)),
    (S.RELEASED, On.REFUSED): (S.ENDED, None, (A.END,)),
    (S.RELEASED, On.NO_RESPONSE): (S.ENDED, None, (A.LOSE_PHONE, A.END)),
    (S.RELEASED, On.NOT_SENT): (S.ENDED, None, (A.END,)),
}

RINGS = frozenset({S.INVITED, S.TRYING, S.QUIET, S.RINGING})  # the offer is open: not cancelled
TIMED = RINGS | {S.CANCELLING}  # exactly these have a timer


class OpenOffer(msgspec.Struct, gc=False):
    """One offer whose INVITE is not over. Times are UTC microseconds."""

    id: str
    call: str
    queue: str
    agent: str
    made_at_us: int
    state: OfferState = OfferState.INVITED
    due_us: int | None = None
    trying_at_us: int = 0
    result: OfferResult | None = None
    status: int = 0
    channel: Channel = Channel.VOICE
