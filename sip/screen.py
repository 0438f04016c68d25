"""Who may speak to us: asked before any state is made for a request."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sip.flow import Flow
from sip.message import Malformed, Request


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody we know: nothing is sent, not even 400 or 405, and a counter moves."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer without state (RFC 3261 section 8.2.7): a challenge, a limit reached."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A peer of ours; events and `same_peer` carry this value."""

    peer: Hashable


Verdict = Stranger | Refuse | Known


class Screen(Protocol):
    """The application's judgement of senders."""

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Verdict:
        """Judge a request that is neither a retransmission nor part of a dialog with that dialog's peer.

        Never asked for ACK, which follows its INVITE; for CANCEL only when it names no INVITE of ours, and
        then only Known is answered. A `Malformed` may name its sender in `partial`.
        """
        ...

    def same_peer(self, peer: Hashable, flow: Flow) -> bool:
        """Whether an in-dialog request by `flow` may be `peer`'s although it comes from another host."""
        ...
