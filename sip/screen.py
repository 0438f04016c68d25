"""Who may speak to us: asked before any state is made for a request."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from sip.flow import Flow
from sip.syntax.message import Malformed, Request


@dataclass(frozen=True, slots=True)
class Stranger:
    """Nobody we know: nothing is sent, not even 400 or 405, and a counter moves."""


@dataclass(frozen=True, slots=True)
class Banned:
    """Somebody who has failed too often: nothing is sent, and another counter moves."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer without state (RFC 3261 section 8.2.7): a challenge, a limit reached."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A peer of ours; events and `same_peer` carry `peer`."""

    peer: Hashable
    proven: bool = False
    """By an answer to a challenge of ours, rather than by where the request came from."""


Verdict = Stranger | Banned | Refuse | Known


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

    def may_return(self, invite: Request, peer: Hashable, flow: Flow) -> bool:
        """Whether an INVITE that we sent to `peer` is a call of his where it comes back by `flow`. Asked for
        those that `identify` refuses, since our own From claims to be one of us.
        """
        ...


class Silence(Enum):
    """Why a message is not even parsed."""

    BANNED = "banned"
    """Its address is."""
    CROWD = "crowd"
    """Those who prove nothing ask for more than their share of our time."""


class Gate(Protocol):
    """The application's judgement of how much is read at all, and how much is begun."""

    def silences(self, data: bytes, flow: Flow, now: float) -> Silence | None:
        """Why a message is dropped unread; None lets it in. Asked for every message: be quick.

        What may belong to a dialog, or answer a request of ours, is let in.
        """
        ...

    def heard(self, flow: Flow, now: float) -> None:
        """A message was read whose sender has proved nothing: a request that gets no answer, or a challenge;
        an ACK or response of nothing that we have; what cannot be read.
        """
        ...

    def sheds(self, request: Request, verdict: Refuse | Known, flow: Flow, now: float) -> Refuse | None:
        """The refusal of a request outside of dialogs for which there is no time now; None takes it."""
        ...


class OpenGate:
    """A gate that stands open."""

    def silences(self, data: bytes, flow: Flow, now: float) -> Silence | None:
        """Everything is let in."""
        return None

    def heard(self, flow: Flow, now: float) -> None:
        """Nobody counts."""

    def sheds(self, request: Request, verdict: Refuse | Known, flow: Flow, now: float) -> Refuse | None:
        """There is always time."""
        return None
