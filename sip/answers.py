"""The 2xx of one INVITE of ours: each is acknowledged every time it comes (RFC 3261 section 13.2.2.4)."""

from typing import Final

from sip.dialog import Dialog
from sip.flow import Flow
from sip.layer import Layer
from sip.message import Response
from sip.transaction import Transaction
from sip.writing import NO_BODY

_MAX_BRANCHES = 16
"""Dialogs that one INVITE may make by forking; 2xx beyond them are not acknowledged."""


class Answers:
    """Owns an INVITE transaction from its first 2xx on, when its session may be over already.

    The first 2xx is the session's. A proxy that forks may deliver others: they are acknowledged and ended.
    """

    __slots__ = ("_acks", "_layer", "_natted", "_uri")

    def __init__(self, layer: Layer, uri: str, natted: bool) -> None:
        self._layer = layer
        self._uri = uri
        self._natted = natted
        self._acks: dict[str, tuple[bytes, Flow]] = {}

    def acknowledge(self, response: Response, flow: Flow) -> Dialog:
        """Make the dialog of a 2xx that came for the first time, and send its ACK."""
        dialog = Dialog.of_response(response, flow, self._uri, self._natted)
        hop = dialog.hop()
        head = dialog.request_head(self._layer.via(hop), dialog.local_cseq)
        ack = head.write("ACK", dialog.remote, NO_BODY)
        self._acks[dialog.remote_tag] = (ack, hop)
        self._layer.transmit(ack, hop, "ACK", 0)
        return dialog

    def arrived(self, transaction: Transaction, now: float) -> None:
        """Nothing arrives at a client."""

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """Another 2xx: the same again, or one of another branch."""
        known = self._acks.get(response.to_tag or "")
        if known is not None:
            self._layer.counters.retransmissions["ACK"] += 1
            self._layer.transmit(*known, "ACK", 0)
        elif len(self._acks) < _MAX_BRANCHES:
            dialog = self.acknowledge(response, transaction.flow)
            self._layer.ask(dialog, "BYE", NO_BODY, NOBODY, now)

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """An answered INVITE cannot fail any more."""


class _Nobody:
    """Owns a request whose outcome changes nothing: a CANCEL, the BYE of a dialog that nobody wanted."""

    __slots__ = ()

    def arrived(self, transaction: Transaction, now: float) -> None:
        """Nothing arrives at a client."""

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """Whatever the answer."""

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """Likewise."""


NOBODY: Final = _Nobody()
