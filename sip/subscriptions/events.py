"""What the endpoint tells its application of subscriptions."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum

from sip.flow import Flow
from sip.ids import SessionId, SubscriptionId
from sip.syntax.message import Request


class SubscriptionEnd(StrEnum):
    """Why a subscription is over that the application had not ended."""

    EXPIRED = "expired"
    REFUSED = "refused"
    """The subscriber refused a NOTIFY: it does not know the subscription any more."""
    UNREACHABLE = "unreachable"
    """No answer to a NOTIFY in 64*T1, or nothing could be sent."""
    UNANSWERED = "unanswered"
    """The application did not say anything to the SUBSCRIBE in 64*T1."""


@dataclass(frozen=True, slots=True)
class Subscribing:
    """Somebody wants to be told: `accept` or `refuse`. `package` is the Event header's, in lower case."""

    subscription: SubscriptionId
    request: Request
    peer: Hashable
    flow: Flow
    package: str


@dataclass(frozen=True, slots=True)
class Referred:
    """Somebody asks us to call, or to hand a call on (RFC 3515): `accept_referral` or `refuse`.

    `session` is the one in whose dialog he does. What becomes of it is told as `message/sipfrag`.
    """

    subscription: SubscriptionId
    request: Request
    peer: Hashable
    flow: Flow
    session: SessionId | None


@dataclass(frozen=True, slots=True)
class Renewed:
    """A subscription goes on: tell all there is to tell, as to a new one (RFC 6665 section 4.2.1.2).

    `expires_s` 0: the subscriber takes his leave, and this NOTIFY will be the last. `body` is what his
    SUBSCRIBE brought along, which some packages take for a wish.
    """

    subscription: SubscriptionId
    expires_s: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Told:
    """The NOTIFY under way has been taken: the next may follow."""

    subscription: SubscriptionId


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """Nobody wants to be told any more."""

    subscription: SubscriptionId
    cause: SubscriptionEnd


SubscriptionEvent = Subscribing | Referred | Renewed | Told | SubscriptionEnded
