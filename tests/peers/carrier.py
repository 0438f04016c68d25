"""A carrier: takes calls, answers OPTIONS, wants a REGISTER with digest, calls whoever has registered.

It knows nothing of the switch's own SIP: messages are cut at their lines, digests computed from RFC 7616.

async with Carrier.running() as carrier:                        # by its network
async with Carrier.running(digest=Digest(("SHA-256",))) as it:  # by registration
    await it.until(lambda: it.contacts)
    answered = await it.call("us")
"""

import asyncio
import contextlib
import hashlib
import re
import secrets
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal, Self, cast

from tests.peers import ports
from tests.peers.child import PeerError

SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio 9000 RTP/AVP 8\r\n"
_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
Write = Callable[[bytes], None]


class Message:
    """Start line, header lines and body of a SIP message, as they came."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.decode().partition("\r\n\r\n")
        self.start, *self.lines = head.split("\r\n")

    @property
    def method(self) -> str:
        """Of a request; `SIP/2.0` says that it is a response."""
        return self.start.split(" ")[0]

    @property
    def uri(self) -> str:
        return self.start.split(" ")[1]

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1])

    def all(self, name: str) -> list[str]:
        """The values of the header lines of that name."""
        start = f"{name.lower()}:"
        return [line.partition(":")[2].strip() for line in self.lines if line.lower().startswith(start)]

    def get(self, name: str) -> str:
        """The first value, empty where there is none."""
        return next(iter(self.all(name)), "")


@dataclass
class Digest:
    """How the carrier challenges. `stale`: it forgets the first nonce that is answered."""

    algorithms: tuple[str, ...] = ("MD5",)
    stale: bool = False
    realm: str = "carrier.example"
    user: str = "us"
    secret: str = "s3cret"
    min_expires: int = 0
    invites: bool = False
    """Whether INVITEs are challenged too, by 407."""


@dataclass
class Heard:
    """What came, in order."""

    calls: list[Message] = field(default_factory=list)
    """INVITEs that were not challenged, each Call-ID once."""
    challenged: list[Message] = field(default_factory=list)
    registers: list[Message] = field(default_factory=list)
    options: int = 0
    credentials: list[str] = field(default_factory=list)
    """Every Authorization and Proxy-Authorization."""
    algorithms: list[str] = field(default_factory=list)
    """Of the credentials that were right."""


class Carrier:
    """One carrier at an address of its own."""

    def __init__(self, address: str, transport: Literal["udp", "tcp"], digest: Digest | None) -> None:
        self.host, self.port, self.transport = address, 5060, transport
        self.digest = digest
        self.status = 200
        """What INVITEs are answered with; 0 leaves them ringing."""
        self.redirects: dict[str, str] = {}
        """Numbers that are answered with 302, and the Contact."""
        self.mute = False
        """Whether INVITEs are left without any answer."""
        self.expires_s = 60
        self.contacts: list[str] = []
        """Where calls to us go that are registered."""
        self.heard = Heard()
        self._nonces: dict[str, bool] = {}
        self._listening: asyncio.DatagramTransport | asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._changed = asyncio.Event()
        self._source: tuple[str, int] | None = None

    @property
    def uri(self) -> str:
        """The proxy as the switch's configuration has it."""
        return f"sip:{self.host}:{self.port}" + (";transport=tcp" if self.transport == "tcp" else "")

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls, transport: Literal["udp", "tcp"] = "udp", digest: Digest | None = None
    ) -> AsyncIterator[Self]:
        carrier = cls(ports.own_address(), transport, digest)
        await carrier.revive()
        try:
            yield carrier
        finally:
            carrier.kill()

    async def revive(self) -> None:
        """Come back after a `kill`, without a memory."""
        loop = asyncio.get_running_loop()
        self._nonces.clear()
        if self.transport == "udp":
            self._listening, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self._arrived), local_addr=(self.host, self.port)
            )
        else:
            self._listening = await asyncio.start_server(self._stream, self.host, self.port)

    def kill(self) -> None:
        """As a crash would: sockets close, connections are reset."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for writer in list(self._streams):
            raw = cast(socket.socket, writer.get_extra_info("socket"))
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def until(self, met: Callable[[], object], timeout_s: float = 5.0) -> None:
        """Waits until something that was heard makes it true."""
        deadline = time.monotonic() + timeout_s
        while not met():
            self._changed.clear()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self._changed.wait()
            except TimeoutError:
                raise PeerError(f"not within {timeout_s:g} s; heard {self.heard}") from None

    async def call(self, timeout_s: float = 5.0) -> Message:
        """Call the last contact that was registered (UDP); the final response, acknowledged."""
        listening = cast(asyncio.DatagramTransport, self._listening)  # uvloop's is one without inheriting
        uri = self.contacts[-1]
        match = re.search(r"@([0-9.]+):([0-9]+)", uri)
        assert match is not None, uri
        call_id = secrets.token_hex(8)
        here = f"{self.host}:{self.port}"
        head = [
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{secrets.token_hex(8)}",
            f"From: <sip:+34600111222@{here}>;tag=1",
            f"To: <{uri}>",
            f"Call-ID: {call_id}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:{here}>",
            "Max-Forwards: 70",
        ]
        body = SDP.format(self.host)
        lines = [
            f"INVITE {uri} SIP/2.0",
            *head,
            "Content-Type: application/sdp",
            f"Content-Length: {len(body)}",
        ]
        where = (match[1], int(match[2]))
        answer = self._answers[call_id] = asyncio.get_running_loop().create_future()
        listening.sendto("\r\n".join([*lines, "", body]).encode(), where)
        async with asyncio.timeout(timeout_s):
            response: Message = await answer
        acked = [line for line in head if not line.startswith(("CSeq", "To", "Via"))]
        branch = head[0] if response.status >= 300 else f"{head[0]}ack"
        ack = [f"ACK {uri} SIP/2.0", branch, *acked, f"To: {response.get('To')}", "CSeq: 1 ACK"]
        listening.sendto("\r\n".join([*ack, "Content-Length: 0", "", ""]).encode(), where)
        return response

    # Inside

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._streams.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"\r\nContent-Length: *([0-9]+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1]) if length else 0)
                self._arrived(head + body, writer.write)
        self._streams.discard(writer)
        writer.close()

    def _arrived(self, data: bytes, write: Write) -> None:
        if not data.strip():
            return
        message = Message(data)
        match message.method:
            case "SIP/2.0":
                waiting = self._answers.get(message.get("Call-ID"))
                if waiting is not None and message.status >= 200 and not waiting.done():
                    waiting.set_result(message)
            case "OPTIONS":
                self.heard.options += 1
                write(self._reply(message, 200))
            case "REGISTER":
                self._register(message, write)
            case "INVITE":
                self._invite(message, write)
            case "BYE" | "CANCEL":
                write(self._reply(message, 200))
        self._changed.set()

    def _register(self, message: Message, write: Write) -> None:
        self.heard.registers.append(message)
        expires_s = int(message.get("Expires") or 3600)
        if not self._is_proven(message, "Authorization"):
            write(self._reply(message, 401, *self._challenges("WWW-Authenticate", message)))
        elif self.digest is not None and 0 < expires_s < self.digest.min_expires:
            write(self._reply(message, 423, f"Min-Expires: {self.digest.min_expires}"))
        else:
            contact = message.get("Contact")
            self.contacts = [contact.strip("<>")] if expires_s else []
            granted = [f"Contact: {contact};expires={min(expires_s, self.expires_s)}"] if expires_s else []
            write(self._reply(message, 200, *granted))

    def _invite(self, message: Message, write: Write) -> None:
        if not self.mute:
            write(self._reply(message, 100))
        wanted = self.digest is not None and self.digest.invites
        if wanted and not self._is_proven(message, "Proxy-Authorization"):
            self.heard.challenged.append(message)
            write(self._reply(message, 407, *self._challenges("Proxy-Authenticate", message)))
            return
        if message.get("Call-ID") not in [call.get("Call-ID") for call in self.heard.calls]:
            self.heard.calls.append(message)
        here = f"{self.host}:{self.port};transport={self.transport}"
        if self.mute:
            return
        number = message.uri.partition(":")[2].partition("@")[0]
        if number in self.redirects:
            write(self._reply(message, 302, f"Contact: {self.redirects[number]}"))
        elif self.status == 0:
            write(self._reply(message, 180, f"Contact: <sip:{here}>"))
        elif self.status < 300:
            write(self._reply(message, 200, f"Contact: <sip:{here}>", body=SDP.format(self.host)))
        else:
            write(self._reply(message, self.status))

    def _challenges(self, header: str, message: Message) -> list[str]:
        digest = self.digest
        assert digest is not None
        stale = ", stale=true" if message.get("Authorization") and digest.stale else ""
        nonce = secrets.token_hex(8)
        self._nonces[nonce] = not digest.stale or bool(stale)
        head = f'{header}: Digest realm="{digest.realm}", nonce="{nonce}", qop="auth"{stale}'
        return [f"{head}, algorithm={algorithm}" for algorithm in digest.algorithms]

    def _is_proven(self, message: Message, header: str) -> bool:
        if self.digest is None:
            return True
        given = message.get(header)
        if not given:
            return False
        self.heard.credentials.append(given)
        pairs = re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', given)
        answer = {name: quoted or plain for name, quoted, plain in pairs}
        algorithm = answer.get("algorithm", "MD5")
        if algorithm not in self.digest.algorithms or not self._nonces.get(answer["nonce"]):
            return False

        def h(text: str) -> str:
            return _HASHES[algorithm](text.encode()).hexdigest()

        a1 = h(f"{self.digest.user}:{self.digest.realm}:{self.digest.secret}")
        a2 = h(f"{message.method}:{answer['uri']}")
        parts = (a1, answer["nonce"], answer["nc"], answer["cnonce"], answer["qop"], a2)
        right: bool = answer["response"] == h(":".join(parts)) and answer["username"] == self.digest.user
        if right:
            self.heard.algorithms.append(algorithm)
        return right

    def _reply(self, message: Message, status: int, *headers: str, body: str = "") -> bytes:
        kept = [
            line
            for line in message.lines
            if re.match(r"(via|from|call-id|cseq|record-route):", line, re.IGNORECASE)
        ]
        to = message.get("To")
        tag = "" if status == 100 or ";tag=" in to else ";tag=carrier"
        content = ["Content-Type: application/sdp"] if body else []
        lines = [f"SIP/2.0 {status} X", *kept, f"To: {to}{tag}", *headers, *content]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, arrived: Callable[[bytes, Write], None]) -> None:
        self._arrived = arrived
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        transport = self._transport
        if transport is not None:
            self._arrived(data, lambda reply: transport.sendto(reply, source))
