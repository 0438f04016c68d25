"""The SIP endpoint: bytes and `now` in, events, bytes and one deadline out (RFC 3261). No socket, no clock."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from sip.counters import Counters
from sip.dialog import Dialog
from sip.events import (
    Event,
    HeaderLines,
    Outgoing,
    OutgoingRequest,
    RequestId,
    SessionId,
    TransactionId,
)
from sip.flow import Address, Flow
from sip.screen import Screen


@dataclass(frozen=True, slots=True)
class Counts:
    """What is alive now; all zero when the last timer has run out."""

    transactions: int
    dialogs: int
    sessions: int
    timers: int


class Endpoint:
    """One user agent with any number of sessions.

    After every call that may change something, the shell takes `datagrams()`, `events()` and `deadline()`.
    Calls with the id of a session or transaction that is over change nothing: its end may be on its way.
    """

    counters: Counters

    def __init__(
        self,
        screen: Screen,
        *,
        token: Callable[[], str],
        advertise: Callable[[Flow], Address],
        allow: Sequence[str] = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER"),
        server: str = "Centralita",
        t1: float = 0.5,
        t2: float = 4.0,
        t4: float = 5.0,
        timer_c: float = 185.0,
    ) -> None:
        """`token` returns a fresh, unguessable token (branches, tags, Call-IDs); `advertise` our Contact on a flow."""
        raise NotImplementedError

    # From the shell

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take one datagram, or one message that the framer cut from a stream."""
        raise NotImplementedError

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A TCP connection closed: sessions on it are reported and will open a new one."""
        raise NotImplementedError

    def flow_failed(self, flow: Flow, now: float) -> None:
        """Nothing can be sent on this flow (RFC 3261 section 17.1.4): its requests fail with 503."""
        raise NotImplementedError

    def datagrams(self) -> list[tuple[bytes, Flow]]:
        """Take what must go on the wire, in order."""
        raise NotImplementedError

    def events(self) -> list[Event]:
        """Take what happened, in order."""
        raise NotImplementedError

    def deadline(self) -> float | None:
        """When to call `on_deadline`, in the seconds of `now`."""
        raise NotImplementedError

    def on_deadline(self, now: float) -> None:
        """Run every timer that is due at `now`."""
        raise NotImplementedError

    # From the application: sessions

    def invite(self, outgoing: Outgoing, now: float) -> SessionId:
        """Call somebody: Trying, Progress, then Answered or Refused follow."""
        raise NotImplementedError

    def progress(
        self, session: SessionId, status: int, now: float, sdp: bytes | None = None, headers: HeaderLines = ()
    ) -> None:
        """Send a provisional response from 101 to 199 to an IncomingInvite."""
        raise NotImplementedError

    def accept(self, session: SessionId, sdp: bytes | None, now: float, headers: HeaderLines = ()) -> None:
        """Answer an IncomingInvite with 200, repeated until the ACK (RFC 3261 section 13.3.1.4): Acked follows."""
        raise NotImplementedError

    def reject(
        self, session: SessionId, status: int, now: float, reason: str | None = None, headers: HeaderLines = ()
    ) -> None:
        """Refuse an IncomingInvite with a final response from 300 to 699. The session is over."""
        raise NotImplementedError

    def cancel(self, session: SessionId, now: float, headers: HeaderLines = ()) -> None:
        """Stop ringing (RFC 3261 section 9.1); `headers` go on the CANCEL.

        Waits for the first provisional response. Refused follows, or Answered with `crossed_cancel`.
        """
        raise NotImplementedError

    def hangup(self, session: SessionId, now: float, headers: HeaderLines = (), status: int = 480) -> None:
        """Give the session up in whatever state it is: no more events for it.

        An unanswered IncomingInvite is refused with `status`; a ringing INVITE gets CANCEL, and a 2xx that crosses it
        ACK and BYE; a confirmed session gets BYE, once RFC 3261 section 15 allows it. `headers` go on what is sent.
        """
        raise NotImplementedError

    def answer_offer(
        self, session: SessionId, status: int, now: float, sdp: bytes | None = None, headers: HeaderLines = ()
    ) -> None:
        """Answer a Reinvited: 200 with SDP, or a refusal after which the session stays as it was."""
        raise NotImplementedError

    def probe(self, session: SessionId, now: float) -> None:
        """Ask by OPTIONS in the dialog whether the peer still has it: ProbeAnswered follows."""
        raise NotImplementedError

    def dialog(self, session: SessionId) -> Dialog | None:
        """The dialog of a session, to be kept for `restore`; None while there is none."""
        raise NotImplementedError

    def restore(self, dialog: Dialog, now: float, peer: Hashable = None) -> SessionId:
        """Take up a confirmed dialog that an earlier process left, so that it can be probed and hung up."""
        raise NotImplementedError

    # From the application: requests outside of dialogs

    def request(self, outgoing: OutgoingRequest, now: float) -> RequestId:
        """Send a request outside of any dialog: ResponseReceived follows."""
        raise NotImplementedError

    def respond(
        self,
        transaction: TransactionId,
        status: int,
        now: float,
        reason: str | None = None,
        headers: HeaderLines = (),
        body: bytes = b"",
    ) -> None:
        """Answer an IncomingRequest. A 200 to OPTIONS gets Allow, Accept and Supported by itself."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """What is alive now."""
        raise NotImplementedError
