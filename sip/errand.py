"""A request of ours in a dialog, from the first time that it is sent to its final response.

Who challenges it is answered with the credentials of the call (RFC 3261 section 22): it goes again, in a
transaction of its own and with the next CSeq.
"""

from typing import Protocol

from sip.authentication import Authorizer
from sip.dialog import Dialog
from sip.flow import Flow
from sip.layer import Layer
from sip.message import Response
from sip.proof import Proof
from sip.transaction import Transaction
from sip.writing import body_lines


class Sender(Protocol):
    """Whose errand it is."""

    def done(self, errand: "Errand", status: int, response: Response | None, now: float) -> None:
        """The final response; None: 408 nothing came in time, 503 nothing could be sent.

        The 2xx of a re-INVITE comes as often as it is repeated (RFC 6026).
        """
        ...


class Errand:
    """One request; `lines` are its header lines but for those of the body."""

    __slots__ = ("_dropped", "_layer", "_proof", "_sender", "ack", "body", "content_type", "dialog", "lines",
                 "method", "transaction")  # fmt: skip

    def __init__(
        self,
        sender: Sender,
        layer: Layer,
        authorizer: Authorizer | None,
        dialog: Dialog,
        method: str,
        lines: str = "",
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> None:
        self._sender = sender
        self._layer = layer
        self._proof = Proof(authorizer) if authorizer is not None and dialog.stays else None
        self._dropped = False
        self.dialog = dialog
        self.method = method
        self.lines = lines
        self.body = body
        self.content_type = content_type
        self.transaction: Transaction | None = None
        self.ack: tuple[bytes, Flow] | None = None
        """Of a re-INVITE: what acknowledges each 2xx."""

    def send(self, now: float) -> None:
        """Send it for the first time."""
        if self._proof is not None:
            self._proof.ahead(self.method, self.dialog.request_uri, self.body, now)
        self.again(now)

    def again(self, now: float) -> None:
        """Send it with the next CSeq, and the credentials that it has by now."""
        lines = f"{self.proof_lines}{self.lines}{body_lines(self.body, self.content_type)}"
        self.transaction = self._layer.ask(self.dialog, self.method, lines, self, now, self.body)

    def drop(self) -> None:
        """Nobody wants it any more: a challenge ends it."""
        self._dropped = True

    @property
    def proof_lines(self) -> str:
        """The credentials; the ACK of a re-INVITE carries them too (RFC 3261 section 22.1)."""
        return self._proof.lines if self._proof is not None else ""

    def arrived(self, transaction: Transaction, now: float) -> None:
        """Nothing arrives at a client."""

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """A response: only the final one matters."""
        if response.status < 200:
            return
        if self._may_go_again(response, now):
            self.again(now)
        else:
            self._sender.done(self, response.status, response, now)

    def _may_go_again(self, response: Response, now: float) -> bool:
        if self._proof is None or self._dropped:
            return False
        return self._proof.take(response, self.method, self.dialog.request_uri, self.body, now)

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """None will come."""
        self._sender.done(self, status, None, now)
