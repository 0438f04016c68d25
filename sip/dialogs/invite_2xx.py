"""The 2xx of one INVITE of ours: each is acknowledged every time it comes (RFC 3261 section 13.2.2.4)."""

from typing import Final

from sip.accounts.authentication import Authorizer
from sip.dialogs.dialog import Dialog
from sip.dialogs.dialog_request import DialogRequest
from sip.flow import Flow
from sip.syntax.limits import MAX_EARLY_DIALOGS
from sip.syntax.malformed import Fault
from sip.syntax.message import Response
from sip.transactions.layer import Layer
from sip.transactions.transaction import Owner, Transaction
from sip.transactions.writing import body_lines


class Invite2xx(Owner):
    """Owns an INVITE transaction from its first 2xx on, when its session may be over already.

    The first 2xx is the session's. A proxy that forks may deliver others: they are acknowledged and ended.
    """

    __slots__ = ("_acks", "_authorizer", "_cseq", "_layer", "_lines", "_natted", "_uri")

    def __init__(
        self, layer: Layer, uri: str, natted: bool, cseq: int, authorizer: Authorizer | None, lines: str
    ) -> None:
        """`cseq` is the INVITE's; `lines` are its credentials, which each ACK carries (section 22.1)."""
        self._layer = layer
        self._uri = uri
        self._natted = natted
        self._cseq = cseq
        self._authorizer = authorizer
        self._lines = lines
        self._acks: dict[str, tuple[bytes, Flow] | None] = {}

    def begin(self, response: Response, flow: Flow) -> Dialog:
        """Make the dialog of a 2xx that came for the first time; its ACK waits for `acknowledge`."""
        dialog = Dialog.of_response(response, flow, self._uri, self._natted)
        self._acks[dialog.remote_tag] = None
        return dialog

    def acknowledge(self, dialog: Dialog, answer: bytes = b"") -> None:
        """Send the ACK of a 2xx, with the answer to its offer if it made one."""
        hop = dialog.hop()
        head = dialog.request_head(self._layer.via(hop), self._cseq)
        credentials = self._lines if dialog.stays else ""
        ack = head.write("ACK", dialog.remote, f"{credentials}{body_lines(answer)}", answer)
        self._acks[dialog.remote_tag] = (ack, hop)
        self._layer.transmit(ack, hop, "ACK", 0)

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """Another 2xx: the same again, or one of another branch."""
        tag = response.to_tag or ""
        if tag in self._acks:
            if (ack := self._acks[tag]) is not None:
                self._layer.counters.retransmissions["ACK"] += 1
                self._layer.transmit(*ack, "ACK", 0)
        elif len(self._acks) < MAX_EARLY_DIALOGS:
            dialog = self.begin(response, transaction.flow)
            self.acknowledge(dialog)
            DialogRequest(NOBODY, self._layer, self._authorizer, dialog, "BYE").send(now)
        else:
            self._layer.counters.parse_errors[transaction.flow.transport, Fault.TOO_MANY_EARLY_DIALOGS] += 1


class _Nobody(Owner):
    """Owns a request whose outcome changes nothing: a CANCEL, the BYE of a dialog that nobody wanted."""

    __slots__ = ()

    def done(self, request: DialogRequest, status: int, response: Response | None, now: float) -> None:
        """Whatever came of it."""


NOBODY: Final = _Nobody()
