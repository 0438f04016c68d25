"""Where sessions live: what they share with the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sip.accounts.authentication import Authorizers
from sip.events import Event, SessionId
from sip.transactions.layer import Layer
from sip.transactions.loops import LoopMark

if TYPE_CHECKING:
    from sip.dialogs.session import Session


class Common(Protocol):
    """What sessions share."""

    layer: Layer
    allow: tuple[str, ...]
    info_types: tuple[str, ...]
    timer_c_s: float
    session_expires_s: int
    uas_lines: str
    """Allow, Supported and Server of our responses."""
    uac_lines: str
    """Allow and User-Agent of our requests."""
    authorizers: Authorizers
    marks: LoopMark

    def report(self, event: Event) -> None:
        """Tell the application."""
        ...

    def withdraw(self, session: SessionId) -> None:
        """The peer takes back its re-INVITE: tell the application, if it knows of it."""
        ...

    def ended(self, session: Session) -> None:
        """Forget a session."""
        ...
