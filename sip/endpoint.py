"""The SIP endpoint: bytes and `now` in; events, bytes and one deadline out. No socket, no clock."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from sip.counters import Counters
from sip.dialogs.dialog import Dialog
from sip.dialogs.renegotiation import PendingOffer
from sip.dialogs.ringing import RingingInvite
from sip.dialogs.session import Session
from sip.dialogs.session_table import Input, State
from sip.dialogs.sessions import Sessions
from sip.dialogs.unanswered import UnansweredInvite
from sip.events import (
    Event,
    Outgoing,
    OutgoingRequest,
    RequestId,
    SessionId,
    TransactionId,
)
from sip.flow import Address, Flow
from sip.out_of_dialog import OutOfDialog
from sip.reception import Reception
from sip.screen import Gate, OpenGate, Screen
from sip.subscriptions.subscriptions import Subscriptions
from sip.syntax.message import Malformed
from sip.syntax.replaces import DialogName
from sip.transactions.layer import Layer
from sip.transactions.timers import Timers
from sip.transactions.transaction import Timing
from sip.transactions.writing import HeaderLines, Statement, header_lines, one_line

ALLOW: Final = (
    "INVITE",
    "ACK",
    "CANCEL",
    "BYE",
    "OPTIONS",
    "PRACK",
    "UPDATE",
    "INFO",
    "REGISTER",
    "SUBSCRIBE",
    "REFER",
)
"""The methods that work here."""
INFO_TYPES: Final = ("application/dtmf-relay", "application/dtmf")
"""What an INFO may carry: digits."""


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
    Header values and reasons with a line break raise ValueError.
    """

    def __init__(
        self,
        screen: Screen,
        *,
        token: Callable[[], str],
        advertise: Callable[[Flow], Address],
        allow: Sequence[str] = ALLOW,
        info_types: Sequence[str] = INFO_TYPES,
        session_expires_s: int = 0,
        server: str = "Centralita",
        t1: float = 0.5,
        t2: float = 4.0,
        t4: float = 5.0,
        timer_c: float = 185.0,
        gate: Gate | None = None,
    ) -> None:
        """`token` returns a fresh, unguessable token; `advertise` our address on a flow; without a `gate`
        everything is read. `info_types` are the bodies of INFO that are reported; `session_expires_s` is the
        session interval that our INVITEs ask for and our 2xx set, 0 for none (RFC 4028).
        """
        self.counters = Counters()
        timing = Timing(t1, t2, t4)
        self._timers = Timers({*timing.constants(), timer_c})
        self._layer = Layer(token, advertise, timing, self._timers, self.counters)
        self._sessions = Sessions(
            self._layer, tuple(allow), server, timer_c, tuple(info_types), session_expires_s
        )
        self._out_of_dialog = OutOfDialog(self._layer, self._sessions)
        sessions = self._sessions
        self.subscriptions = Subscriptions(
            self._layer, sessions.allow, sessions.uas_lines, sessions.uac_lines, sessions.report
        )
        """Who wants to be told of something, and what is told."""
        self._reception = Reception(
            screen,
            gate or OpenGate(),
            self._layer,
            sessions,
            self.subscriptions,
            self._out_of_dialog.owner_for,
        )

    @property
    def session_expires_s(self) -> int:
        """The session interval that our INVITEs ask for and our 2xx set, 0 for none. It may be changed."""
        return self._sessions.session_expires_s

    @session_expires_s.setter
    def session_expires_s(self, interval_s: int) -> None:
        self._sessions.session_expires_s = interval_s

    # From the shell

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """Take one datagram, or one message that the framer cut from a stream; False if nobody read it."""
        return self._reception.receive(data, flow, now)

    def malformed(self, error: Malformed, flow: Flow, now: float) -> None:
        """Take what the framer of a stream could not cut; the shell closes the connection afterwards."""
        self._reception.malformed(error, flow, now)

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A TCP connection closed: sessions on it are reported and will open a new one."""
        self._sessions.lose_connection(flow.connection)

    def flow_failed(self, flow: Flow, now: float) -> None:
        """Nothing can be sent on this flow (RFC 3261 section 17.1.4): its requests fail with 503."""
        self._layer.broken(flow, now)

    def datagrams(self) -> list[tuple[bytes, Flow]]:
        """Take what must go on the wire, in order."""
        wire, self._layer.wire = self._layer.wire, []
        return wire

    def events(self) -> list[Event]:
        """Take what happened, in order."""
        events, self._sessions.events = self._sessions.events, []
        return events

    def deadline(self) -> float | None:
        """When to call `on_deadline`, in the seconds of `now`."""
        return self._timers.deadline()

    def on_deadline(self, now: float) -> None:
        """Run every timer that is due at `now`."""
        self._timers.run(now)

    # From the application: sessions

    def invite(self, outgoing: Outgoing, now: float) -> SessionId:
        """Call somebody: Trying, Progress, then Answered or Refused follow."""
        header_lines((("From", outgoing.from_), ("To", outgoing.to), ("Request-URI", outgoing.uri)))
        header_lines([*outgoing.headers, *(("Route", route) for route in outgoing.routes)])
        one_line(outgoing.call_id)
        session = self._sessions.open(State.CALLING, outgoing.flow, outgoing.peer)
        session.call(outgoing, outgoing.call_id or self._layer.token(), now)
        return session.id

    def progress(
        self,
        session: SessionId,
        status: int,
        now: float,
        sdp: bytes | None = None,
        headers: HeaderLines = (),
        reliable: bool = False,
    ) -> None:
        """Send a provisional response from 101 to 199 to an IncomingInvite.

        It goes reliably (RFC 3262) if the caller insists, or if `reliable` and the caller can: it is then
        repeated until its PRACK, and Pracked follows. One that follows it waits for that.
        """
        if (found := self._find(session)) is not None:
            found.ring(Statement(status, None, header_lines(headers), sdp or b""), reliable, now)

    def accept(self, session: SessionId, sdp: bytes | None, now: float, headers: HeaderLines = ()) -> bool:
        """Answer an IncomingInvite with 200, repeated until the ACK (RFC 3261 13.3.1.4): Acked follows.

        Returns whether the 200 is on its way. It waits for the PRACK of a reliable response with SDP (RFC
        3262 section 3): Accepted follows then, or SessionEnded.
        """
        said = Statement(200, None, header_lines(headers), sdp or b"")
        return (found := self._find(session)) is not None and found.accept(said, now)

    def reject(
        self,
        session: SessionId,
        status: int,
        now: float,
        reason: str | None = None,
        headers: HeaderLines = (),
    ) -> None:
        """Refuse an IncomingInvite with a final response from 300 to 699. The session is over."""
        said = Statement(status, one_line(reason) if reason else None, header_lines(headers), b"")
        if (found := self._find(session)) is not None:
            found.step(Input.REJECT, now, said)

    def cancel(self, session: SessionId, now: float, headers: HeaderLines = ()) -> None:
        """Stop ringing (RFC 3261 section 9.1); `headers` go on the CANCEL.

        Waits for the first provisional response. Refused follows, or Answered with `crossed_cancel`.
        """
        self._part(session, Input.CANCEL, headers, None, now)

    def hangup(self, session: SessionId, now: float, headers: HeaderLines = (), status: int = 480) -> None:
        """Give the session up in whatever state it is: no more events for it.

        An unanswered IncomingInvite is refused with `status`; a ringing INVITE gets CANCEL, and a 2xx that
        crosses it ACK and BYE; a confirmed session gets BYE, once RFC 3261 section 15 allows it. `headers` go
        on what is sent.
        """
        self._part(session, Input.HANGUP, headers, Statement(status, None, header_lines(headers), b""), now)

    def answer_offer(
        self,
        session: SessionId,
        status: int,
        now: float,
        sdp: bytes | None = None,
        headers: HeaderLines = (),
        dialog_tag: str = "",
    ) -> None:
        """Answer the peer's offer: 200 with SDP, or a refusal after which the session stays as it was.

        For Reinvited, Updated and PrackOffered; for the offer of a 2xx or a reliable Progress to an INVITE of
        ours that made none: the answer goes in the ACK or PRACK. `dialog_tag` is the Progress's.
        """
        if (found := self._find(session)) is not None:
            found.answer_offer(Statement(status, None, header_lines(headers), sdp or b""), dialog_tag, now)

    def reinvite(self, session: SessionId, sdp: bytes, now: float) -> None:
        """Make another offer by re-INVITE: OfferAnswered or OfferRefused follows.

        It is sent as soon as the rules allow (RFC 3261 section 14.1); glare is tried again.
        """
        self._offer(session, "INVITE", sdp, now)

    def update(self, session: SessionId, sdp: bytes, now: float) -> None:
        """Make another offer by UPDATE (RFC 3311), also before the INVITE is answered.

        As `reinvite`, which it is in a confirmed dialog with a peer that does not serve UPDATE. Before the
        answer it waits until the offer and answer of the INVITE were exchanged reliably.
        """
        self._offer(session, "UPDATE", sdp, now)

    def info(
        self, session: SessionId, content_type: str, body: bytes, now: float, dialog_tag: str = ""
    ) -> None:
        """Send INFO in the dialog: InfoAnswered follows. Each waits for the answer to the one before.

        At most 64 wait; InfoAnswered without a status follows at once for more, and where there is no dialog.
        Before the answer to an INVITE of ours `dialog_tag`, a Progress's, says in which early one.
        """
        if (found := self._find(session)) is not None:
            found.inform(one_line(content_type), body, dialog_tag, now)

    def probe(self, session: SessionId, now: float) -> None:
        """Ask by OPTIONS in the dialog whether the peer still has it: ProbeAnswered follows."""
        if (found := self._find(session)) is not None:
            found.probe(now)

    def move(self, session: SessionId, flow: Flow) -> None:
        """The peer of a dialog has got another address: it is reached by this flow, and by that alone."""
        found = self._find(session)
        if found is not None:
            self._sessions.move(found, flow)

    def dialog(self, session: SessionId) -> Dialog | None:
        """The dialog of a session, to be kept for `restore`; None while there is none."""
        found = self._find(session)
        return found.dialog if found is not None else None

    def name_of(self, session: SessionId) -> DialogName | None:
        """How others may name the dialog of a session, early ones included; None while it has none."""
        found = self._find(session)
        return None if found is None else found.name

    def named(self, name: DialogName) -> SessionId | None:
        """The session in whose dialog, early or confirmed, Replaces or Target-Dialog points."""
        found = self._sessions.named(name)
        return None if found is None or found.is_given_up else found.id

    def is_over(self, name: DialogName) -> bool:
        """Whether the dialog that is meant is one that we have just given up."""
        found = self._sessions.named(name)
        return found is not None and found.is_given_up

    def restore(self, dialog: Dialog, now: float, peer: Hashable = None) -> SessionId:
        """Take up a confirmed dialog that an earlier process left, so that it goes on, or is hung up.

        That process may have sent more in it after it was saved: our requests go on well above. Who refreshes
        it is settled anew by the first `reinvite`.
        """
        dialog.skip_unsaved()
        session = self._sessions.open(State.CONFIRMED, dialog.flow, peer, dialog.local_tag)
        session.dialog = dialog
        session.ensure_later_offers().wished_s = self._sessions.session_expires_s
        return session.id

    def ringing(self, session: SessionId) -> RingingInvite | None:
        """Our INVITE that rings, to be kept for `stop_ringing`; None where there is none."""
        found = self._find(session)
        return None if found is None else RingingInvite.of(found)

    def unanswered(self, session: SessionId) -> UnansweredInvite | None:
        """Their INVITE without a final response, to be kept for `refuse_left`; None where there is none."""
        found = self._find(session)
        return None if found is None else UnansweredInvite.of(found)

    def refuse_left(
        self, invite: UnansweredInvite, status: int, now: float, headers: HeaderLines = ()
    ) -> None:
        """Refuse an INVITE that an earlier process has left without a final response."""
        invite.refuse(self._layer, status, header_lines(headers), now)

    def stop_ringing(self, invite: RingingInvite, now: float, headers: HeaderLines = ()) -> None:
        """End an INVITE that an earlier process has left ringing: CANCEL, and BYE where its 2xx has crossed
        that. Nobody hears of it.
        """
        session = self._sessions.open(State.PROCEEDING, invite.flow, None, invite.local_tag)
        invite.resume(session)
        session.parting = header_lines(headers)
        session.step(Input.HANGUP, now)

    # From the application: requests outside of dialogs

    def request(self, outgoing: OutgoingRequest, now: float) -> RequestId:
        """Send a request outside of any dialog: ResponseReceived follows."""
        header_lines((("From", outgoing.from_), ("To", outgoing.to), (outgoing.method, outgoing.uri)))
        header_lines((("Contact", outgoing.contact), ("Call-ID", outgoing.call_id)))
        return self._out_of_dialog.send(outgoing, now)

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
        said = one_line(reason) if reason else None
        self._out_of_dialog.respond(transaction, status, now, said, header_lines(headers), body)

    def counts(self) -> Counts:
        """What is alive now."""
        return Counts(
            transactions=len(self._layer.clients) + len(self._layer.servers),
            dialogs=self._sessions.dialogs(),
            sessions=len(self._sessions.by_id),
            timers=self._timers.running,
        )

    def _find(self, session: SessionId) -> Session | None:
        return self._sessions.by_id.get(session)

    def _offer(self, session: SessionId, method: str, sdp: bytes, now: float) -> None:
        if (found := self._find(session)) is not None and not found.is_given_up:
            found.ensure_later_offers().make(PendingOffer(method, sdp), now)

    def _part(
        self, session: SessionId, event: Input, headers: HeaderLines, said: Statement | None, now: float
    ) -> None:
        if (found := self._find(session)) is not None:
            found.parting = header_lines(headers) or found.parting  # a CANCEL that still waits keeps its own
            found.step(event, now, said)
