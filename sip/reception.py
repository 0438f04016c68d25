"""Where every message arrives: whose it is, and what is refused before it can cost anything."""

from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Final, assert_never

from sip.counters import method_label
from sip.dialogs.dialog import remote_target
from sip.dialogs.invite_2xx import NOBODY
from sip.dialogs.session import Session
from sip.dialogs.session_interval import offered
from sip.dialogs.session_table import Input as SessionInput
from sip.dialogs.session_table import State
from sip.dialogs.sessions import Sessions
from sip.flow import DEFAULT_PORTS, Flow
from sip.refusal import refusal
from sip.routing import arrive
from sip.screen import Banned, Gate, Known, Refuse, Screen, Silence, Stranger
from sip.subscriptions.subscription import Subscription
from sip.subscriptions.subscriptions import METHODS as SUBSCRIBING
from sip.subscriptions.subscriptions import Subscriptions
from sip.syntax.headers import Via
from sip.syntax.message import Fault, Malformed, Partial, Request, Response, is_keepalive, parse
from sip.syntax.status import phrase
from sip.syntax.uri import Uri
from sip.transactions.layer import Layer, awaits_ack, is_rfc_2543, response_input, server_key
from sip.transactions.reuse import return_flow
from sip.transactions.transaction import Owner, Transaction
from sip.transactions.transaction_table import Input
from sip.transactions.writing import NO_BODY, ReplyHead, header_lines

Usage = Session | Subscription
"""What a dialog is for."""
_LATE = 481
_IN_DIALOG = ("BYE", "PRACK", "UPDATE", "INFO")
"""Requests that mean nothing outside of a dialog."""
_AMPLIFICATION = 3
"""What we send to a UDP source that has proved nothing is at most so many times what came from there: its
address may be forged, and then we would be the one who floods it."""
_SIDE_HEADERS: Final[tuple[tuple[Callable[[Response], object], tuple[str, ...]], ...]] = (
    (lambda response: response.record_routes, ("Record-Route", "Contact")),
    (remote_target, ("Contact",)),
    (offered, ("Session-Expires",)),
    (lambda response: response.has_option("100rel", "Require"), ("Require",)),
)
"""What a 2xx says beside its answer: how it is read, and what goes where that cannot be."""


class Reception:
    """Sorts what arrives. Nothing is remembered of a request before the screen knows its sender."""

    __slots__ = (
        "_gate",
        "_layer",
        "_octets",
        "_request_owner",
        "_screen",
        "_secret",
        "_sessions",
        "_subscriptions",
    )

    def __init__(
        self,
        screen: Screen,
        gate: Gate,
        layer: Layer,
        sessions: Sessions,
        subscriptions: Subscriptions,
        request_owner: Callable[[Hashable], Owner],
    ) -> None:
        """`request_owner` makes the owner of a request outside of dialogs for a peer."""
        self._screen = screen
        self._gate = gate
        self._octets = 0  # of the message that is being taken
        self._layer = layer
        self._sessions = sessions
        self._subscriptions = subscriptions
        self._request_owner = request_owner
        self._secret = layer.token().encode()[:64]

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:
        """Take one message; whether it was read."""
        if is_keepalive(data):
            return True
        silence = self._gate.silences(data, flow, now)
        if silence is not None:
            self._silenced(silence, flow)
            return False
        self._octets = len(data)
        self._read(data, flow, now)
        return True

    def _read(self, data: bytes, flow: Flow, now: float) -> None:
        try:
            message = parse(data)
        except Malformed as error:
            self.malformed(error, flow, now)
            return
        try:
            if isinstance(message, Response):
                self._response(message, flow, now)
            else:
                self._request(message, flow, now)
        except Malformed as error:
            error.partial = error.partial or message.partial()
            self.malformed(error, flow, now)

    def malformed(self, error: Malformed, flow: Flow, now: float) -> None:
        """The peer's fault: counted, and answered if it is a request of somebody we know."""
        layer = self._layer
        layer.counters.parse_errors[flow.transport, error.fault] += 1
        self._gate.heard(flow, now)
        partial = error.partial
        if partial is None or partial.method is None:
            return
        verdict = self._screen.identify(error, flow, now)
        if isinstance(verdict, Stranger | Banned):
            self._ignored(verdict, flow)
            return
        if partial.method == "ACK" or not partial.vias:
            return
        vias = [_seen_from(partial.vias[0], flow), *partial.vias[1:]]
        known = Partial(partial.method, vias, partial.from_, partial.to, partial.call_id, partial.cseq)
        response = Response.for_request(known, error.status, error.reason, self._tag(str(partial.call_id)))
        answer = response.encode()
        if self._fits(answer, flow):
            layer.transmit(answer, flow, method_label(partial.method), error.status)

    # Responses

    def _response(self, response: Response, flow: Flow, now: float) -> None:
        """Section 18.1.2; a response of no transaction is dropped, whoever sent it."""
        method = response.cseq.method
        transaction = self._layer.client_of(response)
        if transaction is None:
            method = method_label(method)
        self._layer.counters.messages["in", method, response.status, flow.transport] += 1
        if transaction is None:
            self._gate.heard(flow, now)
            return
        if method in ("INVITE", "UPDATE"):
            self._read_all_that_makes_a_dialog(response, flow)
        transaction.step(response_input(response.status), now, response)

    def _read_all_that_makes_a_dialog(self, response: Response, flow: Flow) -> None:
        """Malformed now, before anything has changed, and not half-way through the table.

        A 2xx is acknowledged whatever else it says (section 13.2.2.4), or it would be repeated and the call
        ring on: a side header that cannot be read is taken out. Without a Contact the dialog keeps to the
        INVITE's URI; so it does where the way to the Contact is unreadable.
        """
        _ = response.from_tag, response.to_tag
        if not (200 <= response.status < 300 or "RSeq" in response.headers):
            if "Require" in response.headers:
                response.headers.all("Require")
            return
        for read, names in _SIDE_HEADERS:
            try:
                read(response)
            except Malformed as error:
                self._layer.counters.parse_errors[flow.transport, error.fault] += 1
                for name in names:
                    response.headers.remove(name)

    # Requests

    def _request(self, request: Request, flow: Flow, now: float) -> None:
        method = request.method
        if method == "ACK":
            self._ack(request, flow, now)
            return
        key = server_key(request, method)
        transaction = self._layer.servers.get(key)
        if transaction is not None:
            self._count(request, flow)
            transaction.step(Input.REQUEST, now)
            return
        if method == "CANCEL":
            self._cancel(request, key, flow, now)
            return
        usage = self._sessions.of(request) or self._subscriptions.of(request)
        if usage is None or not self._is_peer(usage.peer, usage.flow, flow):
            self._newcomer(request, key, flow, usage, now)
            return
        self._count(request, flow)
        self._within(usage, request, key, flow, now)

    def _within(self, usage: Usage, request: Request, key: str, flow: Flow, now: float) -> None:
        request.check()
        owner: Owner = usage
        if isinstance(usage, Session) and request.method in SUBSCRIBING:
            owner = self._subscriptions.within(usage)
        self._layer.serve(request, key, flow, owner, now)

    def _is_peer(self, peer: Hashable, known: Flow, flow: Flow) -> bool:
        """The same host or connection; else the application judges (phones change their address)."""
        return flow.remote[0] == known.remote[0] or self._screen.same_peer(peer, flow)

    def _count(self, request: Request, flow: Flow) -> None:
        self._layer.counters.messages["in", method_label(request.method), 0, flow.transport] += 1

    def _ack(self, request: Request, flow: Flow, now: float) -> None:
        """An ACK ends the transaction of a failure, or is a session's for its 2xx, or is nobody's."""
        transaction = self._layer.servers.get(server_key(request, "INVITE"))
        if transaction is not None and awaits_ack(transaction):
            self._count(request, flow)
            transaction.step(Input.ACK, now)
            return
        session = self._sessions.of(request)
        if session is not None and self._is_peer(session.peer, session.flow, flow):
            self._count(request, flow)
            session.acknowledged(request, now)
            return
        self._gate.heard(flow, now)

    def _cancel(self, request: Request, key: str, flow: Flow, now: float) -> None:
        """Section 9.2: answered 200 with the INVITE's To tag; it stops what has no final response."""
        invite = self._layer.servers.get(server_key(request, "INVITE"))
        session = invite.owner if invite is not None and isinstance(invite.owner, Session) else None
        if invite is None or not self._may_cancel(invite, session, flow):
            self._stray_cancel(request, flow, now)
            return
        self._count(request, flow)
        cancel = self._layer.serve(request, key, flow, NOBODY, now)
        tag = session.local_tag if session is not None else invite.tag or self._tag(request.call_id)
        self._layer.answer(cancel, 200, now, tag="" if request.to_tag else tag)
        if session is not None:
            session.step(SessionInput.CANCELLED, now, request)

    def _may_cancel(self, invite: Transaction, session: Session | None, flow: Flow) -> bool:
        if session is not None:
            return self._is_peer(session.peer, invite.flow, flow)
        return invite.flow.remote[0] == flow.remote[0]

    def _stray_cancel(self, request: Request, flow: Flow, now: float) -> None:
        """A CANCEL cannot be challenged (section 22.1): only who is known without that gets an answer."""
        verdict = self._screen.identify(request, flow, now)
        if isinstance(verdict, Known):
            self._count(request, flow)
            self._refuse(request, flow, Refuse(_LATE, phrase(_LATE)))
            return
        self._gate.heard(flow, now)
        if isinstance(verdict, Stranger | Banned):
            self._ignored(verdict, flow)

    def _newcomer(self, request: Request, key: str, flow: Flow, usage: Usage | None, now: float) -> None:
        """Whoever sends this has to say who he is. A peer of ours who has moved goes on in his `usage`."""
        verdict = self._screen.identify(request, flow, now)
        if isinstance(verdict, Refuse) and request.method == "INVITE":
            verdict = self._spiral(request, flow) or verdict
        match verdict:
            case Stranger() | Banned():
                self._gate.heard(flow, now)
                self._ignored(verdict, flow)
            case Refuse():
                self._gate.heard(flow, now)
                self._count(request, flow)
                verdict = self._gate.sheds(request, verdict, flow, now) or self._loop(request) or verdict
                self._refuse(request, flow, verdict)
            case Known(peer=peer) if usage is not None and peer == usage.peer:
                self._count(request, flow)
                self._within(usage, request, key, flow, now)
            case Known():
                self._count(request, flow)
                refused = self._gate.sheds(request, verdict, flow, now) or self._examined(request, flow)
                if refused is None:
                    self._welcome(request, key, flow, verdict.peer, now)
                else:
                    self._refuse(request, flow, refused)
            case _:
                assert_never(verdict)

    def _examined(self, request: Request, flow: Flow) -> Refuse | None:
        """Section 8.2 for a request outside of the dialogs that we have.

        Authentication comes before all of this (section 8.2), so that a flood is not worth the work.
        """
        request.check()
        if "Route" in request.headers:
            arrive(request, lambda uri: self._is_ours(uri, flow))
        if request.to_tag is not None or request.method in _IN_DIALOG:
            return Refuse(_LATE, phrase(_LATE))
        if self._layer.is_merged(request):
            return Refuse(482, phrase(482))
        if (loop := self._loop(request)) is not None:
            return loop
        if request.method == "INVITE" and request.max_forwards == 0:
            return Refuse(483, phrase(483))
        if request.method == "INVITE" and "Contact" not in request.headers and not is_rfc_2543(request):
            raise request.malformed(Fault.CONTACT_MISSING)
        return refusal(request, self._sessions.allow)

    def _loop(self, request: Request) -> Refuse | None:
        """Section 16.3; asked before a password is, for the From that comes back is of our domain."""
        return Refuse(482, phrase(482)) if self._sessions.marks.is_loop(request) else None

    def _spiral(self, request: Request, flow: Flow) -> Known | None:
        """Section 16.3: our own INVITE comes back for another number, from whom we sent it to. He calls us,
        although From says that we do.
        """
        sent = self._sessions.returned(request)
        if sent is None or request.to_tag is not None:
            return None
        return Known(sent.peer) if self._screen.may_return(request, sent.peer, flow) else None

    def _is_ours(self, uri: Uri, flow: Flow) -> bool:
        """Whether a URI names us, by where we listen or by what we advertise."""
        where = uri.host, uri.port or DEFAULT_PORTS[flow.transport]
        return where in (flow.local, self._layer.advertise(flow))

    def _welcome(self, request: Request, key: str, flow: Flow, peer: Hashable, now: float) -> None:
        owner: Owner
        if request.method == "INVITE":
            owner = self._sessions.open(State.INCOMING, flow, peer)
        elif request.method in SUBSCRIBING:
            owner = self._subscriptions.open(flow, peer)
        else:
            owner = self._request_owner(peer)
        self._layer.serve(request, key, flow, owner, now)

    def _refuse(self, request: Request, flow: Flow, refused: Refuse) -> None:
        """Answer without state (section 8.2.7): the same request gets the same answer, tag included.

        Where that would be too much for what came, the first header has to do (of two challenges the one that
        every phone knows); where even that would be, there is no answer.
        """
        tag = "" if request.to_tag else self._tag(request.call_id)
        head = ReplyHead.of(request, flow)
        for headers in (refused.headers, refused.headers[:1]):
            lines = f"{header_lines(headers)}{NO_BODY}"
            data = head.write(refused.status, refused.reason, tag, lines)
            if self._fits(data, flow):
                way = return_flow(request.top_via, flow)
                self._layer.transmit(data, way, method_label(request.method), refused.status)
                return

    def _fits(self, answer: bytes, flow: Flow) -> bool:
        return flow.reliable or len(answer) <= _AMPLIFICATION * self._octets

    def _ignored(self, verdict: Stranger | Banned, flow: Flow) -> None:
        counters = self._layer.counters
        (counters.strangers if isinstance(verdict, Stranger) else counters.banned)[flow.transport] += 1

    def _silenced(self, silence: Silence, flow: Flow) -> None:
        counters = self._layer.counters
        (counters.banned if silence is Silence.BANNED else counters.unread)[flow.transport] += 1

    def _tag(self, call_id: str) -> str:
        seed = call_id.encode("utf-8", "surrogateescape")
        return blake2b(seed, digest_size=8, key=self._secret).hexdigest()


def _seen_from(via: str, flow: Flow) -> str:
    try:
        return str(Via.parse(via).seen_from(*flow.remote))
    except (Malformed, ValueError):
        return via
