"""What the endpoint tells its application, and what the application asks of it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from sip.accounts.authentication import Credentials
from sip.flow import Flow
from sip.ids import RequestId as RequestId
from sip.ids import SessionId as SessionId
from sip.ids import TransactionId as TransactionId
from sip.subscriptions.events import SubscriptionEvent
from sip.syntax.headers import STAR, NameAddr
from sip.syntax.message import Malformed, Request, Response
from sip.transactions.writing import HeaderLines


class EndCause(StrEnum):
    """Why a session ended that the application had not given up."""

    REMOTE_BYE = "remote_bye"
    CANCELLED = "cancelled"
    """The caller gave up before our final response; 487 is sent."""
    ACK_TIMEOUT = "ack_timeout"
    """64*T1 passed without an ACK for our 2xx; BYE is sent (RFC 3261 section 13.3.1.4)."""
    SESSION_EXPIRED = "session_expired"
    """Nobody refreshed the session: the peer did not, or refused ours; BYE is sent (RFC 4028 section 10)."""
    PRACK_TIMEOUT = "prack_timeout"
    """64*T1 passed without a PRACK for our reliable 1xx; 504 is sent (RFC 3262 section 3)."""
    DIALOG_LOST = "dialog_lost"
    """The peer answered a re-INVITE or UPDATE of ours not at all (RFC 3261 section 14.1), or one of them or
    an INFO in a way that ends the dialog (RFC 5057 section 5.1); BYE is sent.
    """


@dataclass(frozen=True, slots=True)
class IncomingInvite:
    """A call: answer with `progress`, `accept`, `reject` or `hangup`. `sdp` is None for a late offer."""

    session: SessionId
    request: Request
    peer: Hashable
    flow: Flow
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """Our 2xx is on its way, after `accept` said that it has to wait."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class Acked:
    """The ACK for our 2xx arrived; `sdp` is its body, the answer to our late offer."""

    session: SessionId
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class Pracked:
    """The PRACK for our reliable 1xx arrived; `sdp` is its body, the answer to the offer of our 1xx."""

    session: SessionId
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class PrackOffered:
    """A PRACK brought another offer (RFC 3262 section 5): answer with `answer_offer`."""

    session: SessionId
    request: Request
    sdp: bytes


@dataclass(frozen=True, slots=True)
class Trying:
    """The first 100 arrived: somebody is there."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional response from 101 to 199.

    `dialog_tag` names the early dialog, "" where the response makes none: behind a proxy that forks several
    phones ring at once, each in its own (RFC 3261 section 12.1). 199 says that this one is over (RFC 6228).
    `reliable`: it is acknowledged by PRACK. `sdp` answers our offer; if our INVITE made none and the response
    is reliable it is an offer, which `answer_offer` with this tag answers in the PRACK.
    """

    session: SessionId
    status: int
    sdp: bytes | None
    response: Response
    dialog_tag: str = ""
    reliable: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The first 2xx arrived and its ACK is queued; the other early dialogs are over.

    `crossed_cancel`: it crossed our `cancel()`; keep it or hang up. `dialog_tag` is the early dialog that
    answered. If our INVITE made no offer, `sdp` is one, unless a reliable Progress of this dialog brought it
    before: the ACK then waits for `answer_offer`.
    """

    session: SessionId
    sdp: bytes | None
    response: Response
    crossed_cancel: bool
    dialog_tag: str = ""


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

    @property
    def retry_after_s(self) -> int:
        """For how long a 503 wants to be left alone (RFC 3261 section 21.5.4); 0 where it does not say."""
        if self.response is None or self.status != 503:
            return 0
        return self.response.retry_after_s or 0

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        """Where a 3xx sends us, the best first (RFC 3261 section 20.10, `q`); nothing follows by itself."""
        if self.response is None or not 300 <= self.status < 400:
            return ()
        try:
            contacts = self.response.contacts
        except Malformed:
            return ()
        return () if contacts is STAR else tuple(sorted(contacts, key=attrgetter("q"), reverse=True))


@dataclass(frozen=True, slots=True)
class Reinvited:
    """A re-INVITE: answer with `answer_offer`. `sdp` is None when they ask us for an offer."""

    session: SessionId
    request: Request
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class Updated:
    """An UPDATE with an offer, before or after the answer (RFC 3311): answer with `answer_offer`."""

    session: SessionId
    request: Request
    sdp: bytes


@dataclass(frozen=True, slots=True)
class OfferWithdrawn:
    """Nobody waits any more for the answer to a Reinvited, Updated or PrackOffered; the session is as it was.

    The peer has cancelled its re-INVITE (RFC 3261 section 9.2), or the answer did not come in 64*T1 (RFC
    4320). A Reinvited that was cancelled before `events()` took it is not told at all, and neither is this.
    """

    session: SessionId


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A request without an offer renewed the session, theirs or ours: its dialog may have changed.

    `sdp` is what they said to our own description, sent once more as it was; None where nothing was said.
    """

    session: SessionId
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class OfferAnswered:
    """The answer to the offer of `reinvite` or `update`."""

    session: SessionId
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class OfferRefused:
    """The offer of `reinvite` or `update` was not taken; the session stays as it was.

    Glare is tried again before this is said. 491 says that an offer of the peer came in between: the session
    is another now, so make a new offer if it is still wanted. 408: no final response came.
    """

    session: SessionId
    status: int


@dataclass(frozen=True, slots=True)
class InfoReceived:
    """An INFO of a type that the endpoint was told to take (RFC 6086 section 4.2.2); it is answered 200."""

    session: SessionId
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class InfoAnswered:
    """The answer to `info()`, in its order: None when nothing came in 64*T1 or the flow broke."""

    session: SessionId
    status: int | None


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
    | Accepted
    | Acked
    | Pracked
    | PrackOffered
    | Trying
    | Progress
    | Answered
    | Refused
    | Reinvited
    | Updated
    | OfferWithdrawn
    | Refreshed
    | OfferAnswered
    | OfferRefused
    | InfoReceived
    | InfoAnswered
    | ProbeAnswered
    | SessionEnded
    | SessionFlowClosed
    | IncomingRequest
    | ResponseReceived
    | SubscriptionEvent
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An INVITE to send.

    `uri` is the Request-URI; `from_` and `to` are header values without a tag; `sdp` None asks for a late
    offer. `routes` are Route values for the initial INVITE; `peer` goes to `Screen.same_peer` later. `natted`
    says that the peer's Contact cannot be reached: requests in the dialog then keep to `flow`.
    `wide_flow` is a stream by which it goes when it is too large for a datagram (section 18.1.1); where that
    cannot be had it goes by `flow` all the same. `call_id` is made by the endpoint where none is given.

    `supports_reliable` lets the peer send its provisional responses reliably, `require_reliable` makes
    it: one that cannot answers 420 (RFC 3262). `session_expires_s` is the session interval that we ask
    for, 0 for none, None for the endpoint's own. `credentials` answer 401 and 407, of this INVITE and in
    its dialog.
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
    wide_flow: Flow | None = None
    call_id: str = ""
    supports_reliable: bool = False
    require_reliable: bool = False
    session_expires_s: int | None = None
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request outside of any dialog, other than INVITE, ACK, CANCEL and BYE.

    `contact` is our Contact, the address on the flow where none is given. A request that renews an
    earlier one (REGISTER, RFC 3261 section 10.2) has the same `call_id` and a higher `cseq`.
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
