"""A call of ours and a call of the peer, as far as a test needs them."""

from collections.abc import Sequence
from typing import Any

from sip.endpoint import ALLOW
from sip.events import Event, IncomingInvite, Outgoing
from sip.flow import Flow
from sip.syntax.message import Request, Response
from tests.sip.raw import OURS, PEER, SDP, UDP, Peer, only_request, only_response, reply
from tests.sip.wire import kind

CONTACT = "Contact: <sip:them@192.0.2.9>"
TCP = Flow("tcp", OURS, PEER, 7)


def kinds(sent: list[Request | Response]) -> list[str]:
    return [kind(each.encode()) for each in sent]


def names(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def over(peer: Peer) -> bool:
    """Whether nothing is left once every timer has run out, and no table lacked a row."""
    peer.run(400)
    counts = peer.endpoint.counts()
    assert not peer.endpoint.counters.unexpected
    return (counts.transactions, counts.dialogs, counts.sessions, counts.timers) == (0, 0, 0, 0)


class Calling:
    """A call of ours, as far as the INVITE."""

    def __init__(
        self, flow: Flow = UDP, sdp: str = SDP, allow: Sequence[str] = ALLOW, **options: Any
    ) -> None:
        """`options` are those of `Outgoing`; no `sdp` asks for a late offer."""
        self.peer = Peer(flow=flow, allow=allow)
        self.outgoing = Outgoing(
            "sip:them@192.0.2.9",
            flow,
            "<sip:us@192.0.2.1>",
            "<sip:them@192.0.2.9>",
            sdp.encode() or None,
            **options,
        )
        self.session = self.peer.endpoint.invite(self.outgoing, 0.0)
        self.invite = only_request(self.peer.sent())

    def reply(
        self, status: int, *lines: str, tag: str = "theirs", body: str = ""
    ) -> list[Request | Response]:
        contact = (CONTACT,) if 101 <= status < 300 and not any("Contact" in line for line in lines) else ()
        return self.peer.send(reply(self.invite, status, *contact, *lines, tag=tag, body=body))

    def request(
        self, method: str, cseq: int, *lines: str, tag: str = "theirs", body: str = ""
    ) -> list[Request | Response]:
        """A request of the peer in the dialog, or in an early one."""
        kinds = ["Content-Type: application/sdp"] if body and "Content-Type" not in "".join(lines) else []
        return self.peer.send(
            self.peer.request(
                method,
                *lines,
                *kinds,
                to_tag=self.invite.from_tag or "",
                from_tag=tag,
                call_id=self.invite.call_id,
                cseq=cseq,
                body=body,
            )
        )

    def answered(self, *lines: str) -> "Calling":
        """The peer answers; what was heard is taken away."""
        self.reply(200, *lines, body=SDP)
        self.peer.events()
        return self

    def cancel(self) -> list[Request | Response]:
        self.peer.endpoint.cancel(self.session, self.peer.now)
        return self.peer.sent()

    def hangup(self) -> list[Request | Response]:
        self.peer.endpoint.hangup(self.session, self.peer.now)
        return self.peer.sent()


class Called:
    """A call of the peer, answered and acknowledged unless told otherwise."""

    def __init__(
        self, *lines: str, answered: bool = True, flow: Flow = UDP, body: str = SDP, **options: Any
    ) -> None:
        """`lines` are of the INVITE, `options` of our endpoint."""
        self.peer = Peer(flow=flow, **options)
        self.peer.send(self.peer.invite(*lines, branch="z9hG4bK-first", body=body))
        (event,) = self.peer.events()
        assert isinstance(event, IncomingInvite)
        self.session = event.session
        self.tag = ""
        if answered:
            self.answer()
            self.ack()
            self.peer.events()

    def answer(self) -> Response:
        self.peer.endpoint.accept(self.session, SDP.encode(), self.peer.now)
        response = only_response(self.peer.sent())
        self.tag = response.to_tag or ""
        return response

    def ack(self, cseq: int = 1, body: str = "") -> None:
        kinds = ["Content-Type: application/sdp"] if body else []
        self.peer.send(self.peer.request("ACK", *kinds, to_tag=self.tag, cseq=cseq, body=body))

    def progress(self, status: int, sdp: str = "", reliable: bool = False) -> list[Request | Response]:
        self.peer.endpoint.progress(
            self.session, status, self.peer.now, sdp=sdp.encode() or None, reliable=reliable
        )
        sent = self.peer.sent()
        if sent:
            self.tag = sent[-1].to_tag or ""
        return sent

    def request(self, method: str, cseq: int, *lines: str, **options: Any) -> list[Request | Response]:
        """A request of the peer in the dialog."""
        if method == "INVITE":
            return self.peer.send(self.peer.invite(*lines, to_tag=self.tag, cseq=cseq, **options))
        kinds = ["Content-Type: application/sdp"] if options.get("body") and len(lines) < 2 else []
        return self.peer.send(
            self.peer.request(method, *lines, *kinds, to_tag=self.tag, cseq=cseq, **options)
        )
