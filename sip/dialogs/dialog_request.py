"""A request of ours in a dialog, from the first time that it is sent to its final response.

Who challenges it is answered with the credentials of the call (RFC 3261 section 22): it goes again, in a
transaction of its own and with the next CSeq.
"""

from typing import Protocol

from sip.accounts.authentication import Authorizer
from sip.accounts.authorization import Authorization
from sip.dialogs.dialog import Dialog
from sip.flow import Flow
from sip.syntax.message import Response
from sip.transactions.layer import Layer
from sip.transactions.transaction import Owner, Transaction
from sip.transactions.writing import body_lines


class Sender(Protocol):
    """Who sends it and hears of its end."""

    def done(self, request: "DialogRequest", status: int, response: Response | None, now: float) -> None:
        """The final response; None: 408 nothing came in time, 503 nothing could be sent.

        The 2xx of a re-INVITE comes as often as it is repeated (RFC 6026).
        """
        ...


class DialogRequest(Owner):
    """One request; `lines` are its header lines but for those of the body."""

    __slots__ = (
        "_authorization",
        "_dropped",
        "_layer",
        "_sender",
        "ack",
        "body",
        "content_type",
        "dialog",
        "lines",
        "method",
        "transaction",
    )  # fmt: skip

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
        self._authorization = Authorization(authorizer) if authorizer is not None and dialog.stays else None
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
        if self._authorization is not None:
            self._authorization.ahead(self.method, self.dialog.request_uri, self.body, now)
        self.again(now)

    def again(self, now: float) -> None:
        """Send it with the next CSeq (section 12.2.1.1), and the credentials that it has by now."""
        dialog, layer = self.dialog, self._layer
        dialog.local_cseq += 1
        hop = dialog.hop()
        head = dialog.request_head(layer.via(hop), dialog.local_cseq)
        lines = f"{self.authorization_lines}{self.lines}{body_lines(self.body, self.content_type)}"
        message = head.write(self.method, dialog.remote, lines, self.body)
        self.transaction = layer.call(self.method, head, message, hop, self, now)

    def drop(self) -> None:
        """Nobody wants it any more: a challenge ends it."""
        self._dropped = True

    @property
    def authorization_lines(self) -> str:
        """The credentials; the ACK of a re-INVITE carries them too (RFC 3261 section 22.1)."""
        return self._authorization.lines if self._authorization is not None else ""

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """A response: only the final one matters."""
        if response.status < 200:
            return
        if self._may_go_again(response, now):
            self.again(now)
        else:
            self._sender.done(self, response.status, response, now)

    def _may_go_again(self, response: Response, now: float) -> bool:
        if self._authorization is None or self._dropped:
            return False
        return self._authorization.take(response, self.method, self.dialog.request_uri, self.body, now)

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """None will come."""
        self._sender.done(self, status, None, now)
