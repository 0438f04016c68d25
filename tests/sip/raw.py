"""One endpoint and a peer that writes its messages by hand."""

from collections.abc import Hashable
from typing import Any

from sip.endpoint import Endpoint
from sip.events import Event
from sip.flow import Address, Flow
from sip.screen import Known, Refuse, Stranger, Verdict
from sip.syntax.message import Malformed, Request, Response, parse
from tests.sip.wire import endpoint

OURS = ("192.0.2.1", 5060)
PEER = ("192.0.2.9", 5060)
UDP = Flow("udp", OURS, PEER)
SDP = "v=0\r\no=- 7 7 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


class Listed:
    """A screen that knows the peers of a list by their host, and may refuse."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts or (PEER[0],)
        self.refuse: Refuse | None = None
        self.moved: set[tuple[Hashable, str]] = set()
        self.asked: list[Request | Malformed] = []
        self.returns: set[tuple[Hashable, str]] = set()
        """Whose calls ours are, by whom they were sent to and from where they come back."""

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Verdict:
        self.asked.append(message)
        if flow.remote[0] not in self.hosts:
            return Stranger()
        return self.refuse or Known(flow.remote[0])

    def same_peer(self, peer: Hashable, flow: Flow) -> bool:
        return (peer, flow.remote[0]) in self.moved

    def may_return(self, invite: Request, peer: Hashable, flow: Flow) -> bool:
        return (peer, flow.remote[0]) in self.returns


class Peer:
    """Speaks to an endpoint in raw text; `now` moves by hand."""

    def __init__(self, screen: Listed | None = None, flow: Flow = UDP, **options: Any) -> None:
        self.screen = screen or Listed()
        self.flow = flow
        self.endpoint: Endpoint = endpoint("ours", self.screen, **options)
        self.now = 0.0
        self.count = 0

    def send(self, text: str, flow: Flow | None = None) -> list[Response | Request]:
        """Deliver a message; returns what the endpoint sends at once."""
        self.endpoint.receive(text.encode(), flow or self.flow, self.now)
        return self.sent()

    def sent(self) -> list[Response | Request]:
        return [parse(data) for data, _ in self.endpoint.datagrams()]

    def statuses(self, text: str, flow: Flow | None = None) -> list[int]:
        """The statuses of the responses that a message gets at once."""
        return [each.status for each in self.send(text, flow) if isinstance(each, Response)]

    def events(self) -> list[Event]:
        return self.endpoint.events()

    def run(self, seconds: float) -> list[Response | Request]:
        """Let time pass; returns what the endpoint sends meanwhile."""
        until = self.now + seconds
        sent = self.sent()
        while (deadline := self.endpoint.deadline()) is not None and deadline <= until:
            self.now = deadline
            self.endpoint.on_deadline(self.now)
            sent += self.sent()
        self.now = until
        return sent

    def request(
        self,
        method: str,
        *lines: str,
        uri: str = "sip:us@192.0.2.1",
        branch: str | None = None,
        to_tag: str = "",
        from_tag: str = "theirs",
        call_id: str = "call-1",
        cseq: int = 1,
        body: str = "",
        source: Address = PEER,
    ) -> str:
        """A request of the peer; each has a branch of its own unless one is given."""
        self.count += 1
        head = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {source[0]}:{source[1]};branch={branch or f'z9hG4bK-{self.count}'};rport",
            f"From: <sip:them@192.0.2.9>;tag={from_tag}",
            f"To: <sip:us@192.0.2.1>{f';tag={to_tag}' if to_tag else ''}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            *lines,
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join(head) + "\r\n\r\n" + body

    def invite(self, *lines: str, body: str = SDP, **options: Any) -> str:
        """An INVITE with Contact and SDP."""
        contact = (
            [] if any(line.startswith("Contact:") for line in lines) else ["Contact: <sip:them@192.0.2.9>"]
        )
        kinds = (
            ["Content-Type: application/sdp"]
            if body and not any("Content-Type" in each for each in lines)
            else []
        )
        return self.request("INVITE", *contact, *kinds, *lines, body=body, **options)


def reply(request: Request, status: int, *lines: str, tag: str = "theirs", body: str = "") -> str:
    """The peer's response to a request of ours."""
    get = request.headers.get
    to = get("To") or ""
    head = [
        f"SIP/2.0 {status} Whatever",
        f"Via: {get('Via')}",
        f"From: {get('From')}",
        f"To: {to if 'tag=' in to or not tag or status == 100 else f'{to};tag={tag}'}",
        f"Call-ID: {get('Call-ID')}",
        f"CSeq: {get('CSeq')}",
        *lines,
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(head) + "\r\n\r\n" + body


def only_request(sent: list[Response | Request]) -> Request:
    """The one request among what was sent."""
    (request,) = [each for each in sent if isinstance(each, Request)]
    return request


def only_response(sent: list[Response | Request]) -> Response:
    """The one response among what was sent."""
    (response,) = [each for each in sent if isinstance(each, Response)]
    return response
