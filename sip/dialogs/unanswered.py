"""An INVITE of theirs that has no final response yet, as a value, so that another process can refuse it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sip.dialogs.session_table import State
from sip.flow import Flow
from sip.transactions.layer import Layer
from sip.transactions.writing import NO_BODY, ReplyHead

if TYPE_CHECKING:
    from sip.dialogs.session import Session


@dataclass(frozen=True, slots=True)
class UnansweredInvite:
    """What every response to it shares; `key` is that of its transaction, `tag` ours."""

    key: str
    flow: Flow
    lines: str
    to: str
    tag: str

    @classmethod
    def of(cls, session: "Session") -> "UnansweredInvite | None":
        """That of a session, where there is one."""
        server = session.server
        if server is None or server.reply is None or session.state is not State.INCOMING:
            return None
        flow = server.way._replace(connection=0)
        return cls(server.key, flow, server.reply.lines, server.reply.to, session.local_tag)

    def refuse(self, layer: Layer, status: int, lines: str, now: float) -> None:
        """Send a final response, repeated until its ACK."""
        transaction = layer.resume_server(self.key, self.flow, ReplyHead(self.lines, self.to))
        layer.answer(transaction, status, now, tag=self.tag, lines=lines + NO_BODY)
