"""How our own messages are put on paper: text in, one bytes object out.

Requests and responses of ours are formatted straight from their parts and never become header objects: at
several thousand messages a second that would be the largest cost of the endpoint.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sip.flow import Flow
from sip.syntax.grammar import writable
from sip.syntax.message import Request
from sip.syntax.uri import host_port

BRANCH_COOKIE = "z9hG4bK"
"""Starts every branch of RFC 3261 (section 8.1.1.7)."""

NO_BODY = "Content-Length: 0\r\n"

HeaderLines = Sequence[tuple[str, str]]
"""Names and values of headers that the application adds."""

_VIA_ENDS = {"udp": ";rport", "tcp": "", "tls": ";alias"}


def header_lines(headers: HeaderLines) -> str:
    """Header lines of the application; ValueError for control characters: a line break begins a header."""
    return "".join([f"{writable(name)}: {writable(value)}\r\n" for name, value in headers]) if headers else ""


def one_line(text: str) -> str:
    """`text`, or ValueError if it contains a line break or another control character."""
    return writable(text)


def body_lines(body: bytes, content_type: str = "application/sdp") -> str:
    """Content-Type and Content-Length."""
    if not body:
        return NO_BODY
    return f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"


class Statement(NamedTuple):
    """What the application says in a response: header lines and a body."""

    status: int
    reason: str | None
    lines: str
    body: bytes


class RequestHead:
    """The parts that a request shares with its CANCEL (RFC 3261 section 9.1) and with its ACK (17.1.1.3)."""

    __slots__ = ("call_id", "cseq", "from_", "routes", "to", "uri", "via")

    def __init__(
        self, uri: str, via: str, routes: Iterable[str], from_: str, to: str, call_id: str, cseq: int
    ) -> None:
        self.uri = uri
        self.via = via
        self.routes = "".join([f"Route: {route}\r\n" for route in routes])
        self.from_ = from_
        self.to = to
        self.call_id = call_id
        self.cseq = cseq

    def write(self, method: str, to: str, lines: str, body: bytes = b"", max_forwards: int = 70) -> bytes:
        """The request; `lines` are further header lines and include those of the body."""
        text = (
            f"{method} {self.uri} SIP/2.0\r\nVia: {self.via}\r\nMax-Forwards: {max_forwards}\r\n"
            f"{self.routes}From: {self.from_}\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {self.cseq} {method}\r\n{lines}\r\n"
        )
        return text.encode("utf-8", "surrogateescape") + body


def via_value(flow: Flow, address: tuple[str, int], branch: str) -> str:
    """Our Via. On UDP it asks for symmetric responses (RFC 3581 section 3); on TLS, where certificates prove
    who is who, it offers the connection for requests to us (RFC 5923 section 5).
    """
    return (
        f"SIP/2.0/{flow.transport.upper()} {host_port(*address)};branch={branch}{_VIA_ENDS[flow.transport]}"
    )


def contact_value(flow: Flow, address: tuple[str, int], secure: bool = False) -> str:
    """Our Contact on a flow; `secure` where the peer's request or Record-Route is SIPS (RFC 3261 12.1.1)."""
    transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
    return f"<{'sips' if secure else 'sip'}:{host_port(*address)}{transport}>"


class ReplyHead:
    """The parts that all responses to one request share (RFC 3261 section 8.2.6.2)."""

    __slots__ = ("lines", "to")

    def __init__(self, lines: str, to: str) -> None:
        self.lines = lines
        self.to = to

    @classmethod
    def of(cls, request: Request, flow: Flow) -> "ReplyHead":
        """From, To, Call-ID and CSeq as they came, Via with `received` and `rport` (RFC 3581 section 4)."""
        headers = request.headers
        vias = headers.lines("Via")
        if "," in vias[0]:
            vias = headers.all("Via")
        vias[0] = _seen_from(vias[0], request, flow)
        via_lines = "".join([f"Via: {via}\r\n" for via in vias])
        lines = (
            f"{via_lines}From: {headers.get('From')}\r\n"
            f"Call-ID: {headers.get('Call-ID')}\r\nCSeq: {headers.get('CSeq')}\r\n"
        )
        return cls(lines, headers.get("To") or "")

    def write(self, status: int, reason: str, tag: str, lines: str, body: bytes = b"") -> bytes:
        """The response; `tag` is added to To unless empty; `lines` include those of the body."""
        to = f"{self.to};tag={tag}" if tag else self.to
        text = f"SIP/2.0 {status} {reason}\r\n{self.lines}To: {to}\r\n{lines}\r\n"
        return text.encode("utf-8", "surrogateescape") + body


def _seen_from(raw: str, request: Request, flow: Flow) -> str:
    host, port = flow.remote
    asks = raw.find(";rport")
    if '"' in raw or "received" in raw or (asks < 0 and "rport" in raw.lower()):
        return str(request.top_via.seen_from(host, port))
    if asks >= 0:
        after = asks + len(";rport")
        if raw[after : after + 1] not in ("", ";"):
            return str(request.top_via.seen_from(host, port))
        return f"{raw[:after]}={port};received={host}{raw[after:]}"
    return raw if request.top_via.host == host else f"{raw};received={host}"
