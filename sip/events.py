"""What the endpoint tells its application, and what the application asks of it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from sip.flow import Flow
from sip.message import Request, Response

SessionId = NewType("SessionId", int)
"""One INVITE usage (RFC 5057), from the INVITE to the end of its BYE. Never reused."""
RequestId = NewType("RequestId", int)
"""One request outside of any dialog that we sent."""
TransactionId = NewType("TransactionId", int)
"""One request outside of any dialog that the application has to answer."""

HeaderLines = Sequence[tuple[str, str]]


class EndCause(StrEnum):
    """Why a session ended that the application had not given up."""

    REMOTE_BYE = "remote_bye"
    CANCELLED = "cancelled"
    """The caller gave up before our final response; 487 is sent."""
    ACK_TIMEOUT = "ack_timeout"
    """64*T1 passed without an ACK for our 2xx; BYE is sent (RFC 3261 section 13.3.1.4)."""
    SESSION_EXPIRED = "session_expired"
    """The peer promised to refresh the session and did not; BYE is sent (RFC 4028 section 10)."""


@dataclass(frozen=True, slots=True)
class IncomingInvite:
    """A call: answer with `progress`, `accept`, `reject` or `hangup`. `sdp` is None for a late offer."""

    session: SessionId
    request: Request
    peer: Hashable
    flow: Flow
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class Acked:
    """The ACK for our 2xx arrived; `sdp` is its body, the answer to our late offer."""

    session: SessionId
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class Trying:
    """The first 100 arrived: somebody is there."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional response from 101 to 199."""

    session: SessionId
    status: int
    sdp: bytes | None
    response: Response


@dataclass(frozen=True, slots=True)
class Answered:
    """The first 2xx arrived and its ACK is queued.

    `crossed_cancel`: it crossed our `cancel()`; keep it or hang up.
    """

    session: SessionId
    sdp: bytes | None
    response: Response
    crossed_cancel: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Our INVITE failed and the session is over.

    `response` is None when nothing came in time (status 408) or nothing could be sent (status 503).
    """

    session: SessionId
    status: int
    reason: str
    q850: int | None
    response: Response | None


@dataclass(frozen=True, slots=True)
class Reinvited:
    """A re-INVITE: answer with `answer_offer`. `sdp` is None when they ask us for an offer."""

    session: SessionId
    request: Request
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class ProbeAnswered:
    """The answer to `probe()`: None when nothing came in 64*T1 or the flow broke."""

    session: SessionId
    status: int | None


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The session is over although the application had not given it up."""

    session: SessionId
    cause: EndCause
    q850: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class SessionFlowClosed:
    """The TCP connection under this session closed. The session lives on; `probe()` tells of the peer."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """A request outside of any dialog, other than INVITE: answer with `respond` within 64*T1."""

    transaction: TransactionId
    request: Request
    peer: Hashable
    flow: Flow


@dataclass(frozen=True, slots=True)
class ResponseReceived:
    """The final response to `request()`; both None when nothing came in 64*T1 or the flow broke."""

    request: RequestId
    status: int | None
    response: Response | None


Event = (
    IncomingInvite
    | Acked
    | Trying
    | Progress
    | Answered
    | Refused
    | Reinvited
    | ProbeAnswered
    | SessionEnded
    | SessionFlowClosed
    | IncomingRequest
    | ResponseReceived
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An INVITE to send.

    `uri` is the Request-URI; `from_` and `to` are header values without a tag; `sdp` None asks for a late
    offer. `routes` are Route values for the initial INVITE; `peer` goes to `Screen.same_peer` later. `natted`
    says that the peer's Contact cannot be reached: requests in the dialog then keep to `flow`.
    `call_id` is made by the endpoint where none is given.
    """

    uri: str
    flow: Flow
    from_: str
    to: str
    sdp: bytes | None
    headers: HeaderLines = ()
    routes: Sequence[str] = ()
    peer: Hashable = None
    max_forwards: int = 70
    natted: bool = False
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request outside of any dialog, other than INVITE, ACK, CANCEL and BYE.

    `contact` is our Contact, the address on the flow where none is given. A request that renews an earlier one
    (REGISTER, RFC 3261 section 10.2) has the same `call_id` and a higher `cseq`.
    """

    method: str
    uri: str
    flow: Flow
    from_: str
    to: str
    headers: HeaderLines = ()
    body: bytes = b""
    contact: str = ""
    call_id: str = ""
    cseq: int = 1
