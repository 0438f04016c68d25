"""Requests outside of dialogs, theirs and ours: one transaction each and nothing after it."""

from collections.abc import Hashable

from sip.dialogs.sessions import Sessions
from sip.events import IncomingRequest, OutgoingRequest, RequestId, ResponseReceived, TransactionId
from sip.syntax.message import Response
from sip.transactions.layer import Layer
from sip.transactions.transaction import Owner, Transaction
from sip.transactions.writing import RequestHead, body_lines, contact_value, header_lines


class OutOfDialog:
    """Requests that the application has to answer, and those that it sends."""

    __slots__ = ("_last_request", "_last_transaction", "_layer", "_sessions", "waiting")

    def __init__(self, layer: Layer, sessions: Sessions) -> None:
        self._layer = layer
        self._sessions = sessions
        self._last_request = 0
        self._last_transaction = 0
        self.waiting: dict[TransactionId, Transaction] = {}

    def owner_for(self, peer: Hashable) -> "ReceivedRequest":
        """The owner of a request that a peer sends."""
        return ReceivedRequest(self, peer)

    def arrived(self, transaction: Transaction, peer: Hashable) -> TransactionId:
        """A request waits for the application."""
        self._last_transaction += 1
        identity = TransactionId(self._last_transaction)
        self.waiting[identity] = transaction
        if transaction.request is not None:
            event = IncomingRequest(identity, transaction.request, peer, transaction.flow)
            self._sessions.report(event)
        return identity

    def respond(
        self,
        identity: TransactionId,
        status: int,
        now: float,
        reason: str | None,
        lines: str,
        body: bytes,
    ) -> None:
        """Answer one; nothing happens if it is over."""
        transaction = self.waiting.get(identity)
        if transaction is None:
            return
        if status >= 200:
            del self.waiting[identity]
        if transaction.method == "OPTIONS" and status < 300:
            lines = f"Accept: application/sdp\r\n{self._sessions.uas_lines}{lines}"
        if not body:
            lines += body_lines(body)
        else:
            lines += f"Content-Length: {len(body)}\r\n"
        tag = "" if status == 100 else self._layer.token()
        self._layer.answer(transaction, status, now, tag=tag, lines=lines, body=body, reason=reason)

    def send(self, outgoing: OutgoingRequest, now: float) -> RequestId:
        """Send a request of ours."""
        self._last_request += 1
        identity = RequestId(self._last_request)
        layer, flow = self._layer, outgoing.flow
        from_ = f"{outgoing.from_};tag={layer.token()}"
        call_id = outgoing.call_id or layer.token()
        head = RequestHead(outgoing.uri, layer.via(flow), (), from_, outgoing.to, call_id, outgoing.cseq)
        contact = outgoing.contact or contact_value(flow, layer.advertise(flow))
        lines = (
            f"Contact: {contact}\r\n{self._sessions.uac_lines}"
            f"{header_lines(outgoing.headers)}Content-Length: {len(outgoing.body)}\r\n"
        )
        message = head.write(outgoing.method, outgoing.to, lines, outgoing.body)
        layer.call(outgoing.method, head, message, flow, SentRequest(self._sessions, identity), now)
        return identity


class ReceivedRequest(Owner):
    """Owns the server transaction of one request until the application answers it."""

    __slots__ = ("_identity", "_peer", "_requests")

    def __init__(self, requests: OutOfDialog, peer: Hashable) -> None:
        self._requests = requests
        self._peer = peer
        self._identity = TransactionId(0)

    def arrived(self, transaction: Transaction, now: float) -> None:
        """Hand it to the application."""
        self._identity = self._requests.arrived(transaction, self._peer)

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """The application never answered, and now it is too late (RFC 4320 section 4.2)."""
        self._requests.waiting.pop(self._identity, None)


class SentRequest(Owner):
    """Owns the client transaction of one request of ours."""

    __slots__ = ("_identity", "_sessions")

    def __init__(self, sessions: Sessions, identity: RequestId) -> None:
        self._sessions = sessions
        self._identity = identity

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """Report a final response."""
        if response.status >= 200:
            self._sessions.report(ResponseReceived(self._identity, response.status, response))

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """Report that none will come."""
        self._sessions.report(ResponseReceived(self._identity, None, None))
