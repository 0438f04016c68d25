"""What a leg tells its owner."""

from dataclasses import dataclass
from typing import Final

from sip.events import EndCause
from sip.syntax.headers import NameAddr
from switch.calls.digits import Pressed
from switch.calls.ending import Reason

RINGS: Final = (180, 182)
"""Provisional responses at which the caller's own side plays a tone."""


@dataclass(frozen=True, slots=True)
class Trying:
    """Somebody is there: 100."""


@dataclass(frozen=True, slots=True)
class Ringing:
    """A provisional response from 101 to 199; `early` says that its media has begun to flow."""

    status: int
    early: bool


@dataclass(frozen=True, slots=True)
class Connected:
    """Our 200 to the caller is on its way."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The leg is up. `crossed`: its 200 crossed our CANCEL."""

    crossed: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Our INVITE failed. `timed_out`: no final response came, or nothing could be sent. `contacts` are where
    a 3xx points, the best first; `retry_after_s` is for how long a 503 wants to be left alone, 0 where it
    does not say.
    """

    status: int
    phrase: str
    q850: int | None
    timed_out: bool
    contacts: tuple[NameAddr, ...] = ()
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """The way is gone by which we are calling: its connection closed, or the phone has registered from
    elsewhere. Nobody has answered yet.
    """


@dataclass(frozen=True, slots=True)
class Held:
    """The peer put us on hold, or took us back."""

    held: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The peer ended the leg, or the endpoint did (no ACK, no refresh). The port is closed.

    `elsewhere`: the peer says that somebody else took the call (RFC 3326, SIP cause 200).
    """

    cause: EndCause
    q850: int | None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """No media, and no answer to the question whether the peer is still there; or no keys for any. The owner
    ends the leg.
    """

    reason: Reason = Reason.MEDIA_LOST


@dataclass(frozen=True, slots=True)
class Returned:
    """A leg that a crash of ours has cut is up again."""


@dataclass(frozen=True, slots=True)
class Played:
    """A prompt came to its end."""

    token: int


LegEvent = (
    Trying
    | Ringing
    | Connected
    | Answered
    | Refused
    | Cut
    | Held
    | Ended
    | Lost
    | Pressed
    | Played
    | Returned
)
