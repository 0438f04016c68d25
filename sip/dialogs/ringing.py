"""An INVITE of ours that rings, as a value, so that another process can stop it (RFC 3261 section 9.1)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sip.dialogs.invitation import Invitation
from sip.events import Outgoing
from sip.flow import Flow
from sip.transactions.writing import RequestHead

if TYPE_CHECKING:
    from sip.dialogs.session import Session


@dataclass(frozen=True, slots=True)
class RingingInvite:
    """What its CANCEL and the ACK and BYE of its 2xx share with it; `from_` is without the tag."""

    uri: str
    via: str
    routes: tuple[str, ...]
    from_: str
    local_tag: str
    to: str
    call_id: str
    cseq: int
    flow: Flow
    natted: bool

    @classmethod
    def of(cls, session: "Session") -> "RingingInvite | None":
        """That of a session which has had a provisional response, and no final one."""
        invitation = session.invitation
        transaction = None if invitation is None else invitation.transaction
        if invitation is None or transaction is None or transaction.head is None:
            return None
        outgoing = invitation.outgoing
        return cls(
            uri=outgoing.uri,
            via=transaction.head.via,
            routes=tuple(outgoing.routes),
            from_=outgoing.from_,
            local_tag=session.local_tag,
            to=outgoing.to,
            call_id=invitation.call_id,
            cseq=invitation.cseq,
            flow=invitation.flow._replace(connection=0),
            natted=outgoing.natted,
        )

    def resume(self, session: "Session") -> None:
        """Let the session, which nobody wants any more, be that of this INVITE."""
        layer = session.common.layer
        outgoing = Outgoing(
            self.uri, self.flow, self.from_, self.to, None, routes=self.routes, natted=self.natted
        )
        invitation = Invitation(layer, outgoing, self.call_id, self.local_tag, "", 0, None)
        from_ = f"{self.from_};tag={self.local_tag}"
        head = RequestHead(self.uri, self.via, self.routes, from_, self.to, self.call_id, self.cseq)
        invitation.cseq = self.cseq
        invitation.transaction = layer.resume(head, self.flow, session)
        session.uri, session.natted, session.invitation = self.uri, self.natted, invitation
        session.early.invited(self.uri, self.natted, offered=True)
