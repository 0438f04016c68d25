"""Every session of an endpoint, by id, by our dialog tag and by connection."""

from collections.abc import Hashable

from sip.accounts.authentication import Authorizers
from sip.dialogs.session import Session
from sip.dialogs.session_table import State
from sip.events import Event, OfferWithdrawn, Reinvited, SessionFlowClosed, SessionId
from sip.flow import Flow
from sip.refusal import EXTENSIONS
from sip.syntax.message import Request
from sip.syntax.replaces import DialogName
from sip.transactions.layer import Layer
from sip.transactions.loops import LoopMark


class Sessions:
    """What all sessions share (`Common`). Our tags are unguessable and unique: each names its session."""

    __slots__ = (
        "_by_connection", "_by_tag", "_last_id", "allow", "authorizers", "by_id", "events", "info_types",
        "layer", "marks", "session_expires_s", "timer_c_s", "uac_lines", "uas_lines",
    )  # fmt: skip

    def __init__(
        self,
        layer: Layer,
        allow: tuple[str, ...],
        server: str,
        timer_c_s: float,
        info_types: tuple[str, ...] = (),
        session_expires_s: int = 0,
    ) -> None:
        self.layer = layer
        self.allow = allow
        self.timer_c_s = timer_c_s
        self.info_types = info_types
        self.session_expires_s = session_expires_s
        self.authorizers = Authorizers(layer.token)
        self.marks = LoopMark(layer.token().encode()[:64])
        names = ", ".join(allow)
        self.uas_lines = f"Allow: {names}\r\nSupported: {', '.join(EXTENSIONS)}\r\nServer: {server}\r\n"
        self.uac_lines = f"Allow: {names}\r\nUser-Agent: {server}\r\n"
        self.events: list[Event] = []
        self.by_id: dict[SessionId, Session] = {}
        self._by_tag: dict[str, Session] = {}
        self._by_connection: dict[int, set[Session]] = {}
        self._last_id = 0

    def open(self, state: State, flow: Flow, peer: Hashable, local_tag: str = "") -> Session:
        """A new session; with a fresh tag unless one is given."""
        self._last_id += 1
        session = Session(SessionId(self._last_id), self, state, local_tag or self.layer.token(), flow, peer)
        self.by_id[session.id] = session
        self._by_tag[session.local_tag] = session
        if flow.connection:
            self._by_connection.setdefault(flow.connection, set()).add(session)
        return session

    def report(self, event: Event) -> None:
        """Tell the application."""
        self.events.append(event)

    def withdraw(self, session: SessionId) -> None:
        """The peer takes back its re-INVITE: tell the application, if it knows of it."""
        known = len(self.events)
        self.events = [each for each in self.events if type(each) is not Reinvited or each.session != session]
        if len(self.events) == known:
            self.report(OfferWithdrawn(session))

    def ended(self, session: Session) -> None:
        """Forget a session."""
        self.by_id.pop(session.id, None)
        self._by_tag.pop(session.local_tag, None)
        connection = session.began_on
        if connection in self._by_connection:
            self._by_connection[connection].discard(session)
            if not self._by_connection[connection]:
                del self._by_connection[connection]

    def of(self, request: Request) -> Session | None:
        """The session in whose dialog a request says to be (RFC 3261 section 12.2.2)."""
        session = self._by_tag.get(request.to_tag or "")
        if session is not None and session.knows(request.call_id, request.from_tag):
            return session
        return None

    def named(self, name: DialogName) -> Session | None:
        """The session whose dialog somebody means. He may see it from the other end: of a dialog between us
        and a phone that he watches, our tag is the remote one (RFC 4235 section 4.1.2).
        """
        for ours, theirs in ((name.local_tag, name.remote_tag), (name.remote_tag, name.local_tag)):
            session = self._by_tag.get(ours)
            if session is not None and session.knows(name.call_id, theirs):
                return session
        return None

    def returned(self, invite: Request) -> Session | None:
        """The session whose INVITE this is, come back to us by its Call-ID and From tag (section 16.3)."""
        session = self._by_tag.get(invite.from_tag or "")
        invitation = None if session is None else session.invitation
        return session if invitation is not None and invitation.call_id == invite.call_id else None

    def lose_connection(self, connection: int) -> None:
        """A TCP connection closed: those who used it hear of it, unless they are given up."""
        for session in sorted(self._by_connection.pop(connection, ()), key=lambda session: session.id):
            if session.flow.connection != connection:
                continue  # it has moved to UDP
            session.lose_connection()
            if not session.is_given_up:
                self.report(SessionFlowClosed(session.id))

    def move(self, session: Session, flow: Flow) -> None:
        """Its peer is reached by another flow, and by that alone."""
        if session.dialog is not None:
            self._by_connection.get(session.began_on, set()).discard(session)
            session.move(flow)
            if flow.connection:
                self._by_connection.setdefault(flow.connection, set()).add(session)

    def dialogs(self) -> int:
        """How many sessions have a dialog."""
        return sum(session.dialog is not None for session in self.by_id.values())
