"""Messages, and a wire that shows them to a ring or to tracing."""

import asyncio
from collections.abc import Callable, Iterable

from sip.aio.shell import OnWire
from sip.flow import Flow
from switch.trace.message import Message, messages
from switch.trace.ring import Ring, Strand, Way

START_US = 1_800_000_000_000_000
OURS = ("192.0.2.1", 5060)
CARRIER = Flow("udp", OURS, ("203.0.113.9", 5060))
PHONE = Flow("udp", OURS, ("192.0.2.21", 5062))
STREAM = Flow("tcp", OURS, ("192.0.2.22", 40000), 7)
SECURE = Flow("tls", ("192.0.2.1", 5061), ("192.0.2.23", 40001), 8)
SIX = Flow("tls", ("2001:db8::1", 5061), ("2001:db8::9", 5061), 9)
SDP = (
    "v=0\r\no=- 7 7 IN IP4 203.0.113.9\r\ns=-\r\nc=IN IP4 203.0.113.9\r\nt=0 0\r\n"
    "m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def request(
    method: str = "INVITE",
    call_id: str = "leg-1",
    number: str = "+34911000000",
    *headers: str,
    cseq: int = 1,
    body: str = "",
) -> bytes:
    """A request of a carrier to a number."""
    lines = [
        f"{method} sip:{number}@192.0.2.1 SIP/2.0",
        f"Via: SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK{method}{cseq}",
        "From: Anyone <sip:+34600111222@203.0.113.9>;tag=a",
        f"To: <sip:{number}@192.0.2.1>",
        f"Call-ID: {call_id}",
        f"CSeq: {cseq} {method}",
        *headers,
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def response(
    status: str, method: str = "INVITE", call_id: str = "leg-1", *headers: str, cseq: int = 1, body: str = ""
) -> bytes:
    """A response to such a request: `status` is code and phrase."""
    return request(method, call_id, "+34911000000", *headers, cseq=cseq, body=body).replace(
        f"{method} sip:+34911000000@192.0.2.1 SIP/2.0".encode(), f"SIP/2.0 {status}".encode(), 1
    )


class Wire:
    """What tracing sees of the SIP shell; its time is moved by hand."""

    def __init__(self) -> None:
        self._on_wire: OnWire | None = None
        self._changed = asyncio.Event()
        self.now = 100.0
        self.has_way = True

    @property
    def on_wire(self) -> OnWire | None:
        """Who is shown what passes; tracing sets it anew when a follower comes or goes."""
        return self._on_wire

    @on_wire.setter
    def on_wire(self, on_wire: OnWire | None) -> None:
        self._on_wire = on_wire
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what comes true when a follower comes or goes; TimeoutError when it does not."""
        async with asyncio.timeout(10):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def local_address_for(self, remote: str) -> str:
        if not self.has_way:
            raise OSError("no route")
        return "2001:db8::1" if ":" in remote else "192.0.2.1"

    def now_us(self) -> int:
        return START_US + round((self.now - 100.0) * 1e6)

    def ring(self, calls: int = 1000) -> Ring:
        """A ring that is shown what passes."""
        ring = Ring(calls, self.now_us, lambda: self.now)
        self.on_wire = ring.saw
        return ring

    def show(self, way: Way, data: bytes, flow: Flow = CARRIER, after_s: float = 0.001) -> None:
        """A message passes, so much later than the one before."""
        self.now += after_s
        if self.on_wire is not None:
            self.on_wire(way, data, flow, self.now)


def seen(strands: Iterable[Strand] | None, after: int = 0, most: int = 10_000) -> list[Message]:
    """What people see of these strands, who ask for the next messages as long as there are some."""
    assert strands is not None
    kept, found = list(strands), list[Message]()
    while page := messages(kept, Wire().local_address_for, after=after, most=most - len(found)):
        found += page
        after = page[-1].number
        if len(found) == most:
            break
    return found
