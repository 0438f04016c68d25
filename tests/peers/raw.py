"""A socket that says SIP to the letter, as no proper phone would: what is refused, and what is not answered.

async with RawSip.open(switch.sip) as carrier:
    response = await carrier.ask(carrier.request("OPTIONS", "sip:600"))
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from typing import Literal, Self

from sip.accounts.digest import client_response
from sip.syntax.message import Response, parse
from sip.syntax.stream import Framer
from sip.syntax.uri import host_port
from tests.peers import ports
from tests.peers.child import PeerError

SDP = "v=0\r\no=- 1 1 IN IP4 {0}\r\ns=-\r\nc=IN IP4 {0}\r\nt=0 0\r\nm=audio {1} RTP/AVP 8\r\n"


class RawSip:
    """One socket, UDP or TCP, of an address of its own."""

    def __init__(self, sock: socket.socket, target: str, transport: str) -> None:
        self.host, self.port = sock.getsockname()[:2]
        self.target = target
        self.contact_port = self.port
        """Where we say that requests reach us."""
        self._socket = sock
        self._transport = transport
        self._framer = Framer()
        self._arrived: list[bytes] = []
        self._cseq = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, target: str, transport: Literal["udp", "tcp"] = "udp", address: str = ports.PHONES
    ) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch."""
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        host, _, port = target.rpartition(":")
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as sock:
            sock.setblocking(False)
            sock.bind((address, 0))
            await asyncio.get_running_loop().sock_connect(sock, (host.strip("[]"), int(port)))
            yield cls(sock, target, transport)

    def request(
        self,
        method: str,
        user: str,
        from_: str = "",
        headers: Sequence[str] = (),
        body: str = "",
        to: str = "",
    ) -> str:
        """A request to `user` at the switch, complete and well formed, in a dialog of its own."""
        self._cseq += 1
        here = host_port(self.host, self.port)
        lines = [
            f"{method} sip:{user + '@' if user else ''}{self.target} SIP/2.0",
            f"Via: SIP/2.0/{self._transport.upper()} {here};branch=z9hG4bK{secrets.token_hex(8)};rport",
            f"From: <{from_ or f'sip:caller@{here}'}>;tag={secrets.token_hex(4)}",
            f"To: <{to or f'sip:{user}@{self.target}'}>",
            f"Call-ID: {secrets.token_hex(8)}",
            f"CSeq: {self._cseq} {method}",
            f"Contact: <sip:caller@{host_port(self.host, self.contact_port)};transport={self._transport}>",
            "Max-Forwards: 70",
            *headers,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join([*lines, "", body])

    def invite(self, user: str, from_: str = "", headers: Sequence[str] = ()) -> str:
        """A call that offers A-law."""
        return self.request("INVITE", user, from_, headers, SDP.format(self.host, 9000))

    async def dial(self, user: str, sdp: str) -> "RawCall":
        """A call that is answered; without SDP the offer is left to the switch."""
        invite = self.request("INVITE", user, body=sdp)
        return RawCall(self, invite, await self.ask(invite))

    def number_from(self, cseq: int) -> None:
        """Go on behind this CSeq."""
        self._cseq = max(self._cseq, cseq)

    def close(self) -> None:
        """In the middle of everything."""
        self._socket.close()

    async def send(self, message: str) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, message.encode())

    async def ask(self, request: str, timeout_s: float = 5.0) -> Response:
        """The final response; to an INVITE that failed it is acknowledged."""
        await self.send(request)
        try:
            async with asyncio.timeout(timeout_s):
                while (response := await self._response()).status < 200:
                    pass
        except TimeoutError:
            raise PeerError(f"no final response in {timeout_s:g} s to\n{request}") from None
        if response.cseq.method == "INVITE" and response.status >= 300:
            await self.send(acknowledgement(request, response))
        return response

    def prove(self, request: str, response: Response, user: str, secret: str) -> str:
        """The request again, as a new transaction with the credentials that a 401 asks for."""
        head, _, body = request.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        method, uri, _ = first.split(" ")
        challenges = response.headers.lines("WWW-Authenticate")
        answer = client_response(challenges, method, uri, user, secret, cnonce=secrets.token_hex(8))
        self._cseq += 1
        kept = [line for line in lines if not line.startswith(("Via:", "CSeq:"))]
        via = next(line for line in lines if line.startswith("Via:"))
        fresh = via.replace(via.split("branch=")[1].split(";")[0], f"z9hG4bK{secrets.token_hex(8)}")
        again = [first, fresh, f"CSeq: {self._cseq} {method}", f"Authorization: {answer}", *kept]
        return "\r\n".join([*again, "", body])

    def waiting(self) -> bytes:
        """What has come and was not asked for, without waiting for more."""
        with contextlib.suppress(BlockingIOError):
            return b"".join(self._arrived) + self._socket.recv(65536)
        return b"".join(self._arrived)

    async def hear(self, timeout_s: float = 5.0) -> bytes:
        """The next message as it came: what answers a malformed request may be malformed, too."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self._arrived:
                    await self._receive()
        except TimeoutError:
            raise PeerError(f"nothing in {timeout_s:g} s") from None
        return self._arrived.pop(0)

    async def _receive(self) -> None:
        chunk = await asyncio.get_running_loop().sock_recv(self._socket, 65536)
        if not chunk:
            raise PeerError("the switch closed the connection")
        self._arrived += [chunk] if self._transport == "udp" else self._framer.feed(chunk)

    async def _response(self) -> Response:
        while not self._arrived:
            await self._receive()
        message = parse(self._arrived.pop(0))
        if not isinstance(message, Response):
            raise PeerError(f"a request, not a response: {message!r}")
        return message


def acknowledgement(request: str, response: Response) -> str:
    """The ACK of a final response that is no 2xx (RFC 3261 section 17.1.1.3)."""
    head = request.partition("\r\n\r\n")[0].replace("INVITE", "ACK")
    kept = [line for line in head.split("\r\n") if not line.startswith(("To:", "Content-", "Contact:"))]
    return "\r\n".join([*kept, f"To: {response.headers.get('To')}", "Content-Length: 0", "", ""])


class RawCall:
    """A confirmed dialog in which a test says what it likes; the first 2xx is not yet acknowledged."""

    def __init__(self, socket: RawSip, invite: str, answered: Response) -> None:
        lines = invite.partition("\r\n\r\n")[0].split("\r\n")
        contacts = answered.contacts
        assert answered.status == 200, answered
        assert isinstance(contacts, list), answered
        self.answer = answered.body.decode()
        """The SDP of the 200."""
        self._socket = socket
        self._target = str(contacts[0].uri)
        self._kept = [line for line in lines if line.startswith(("From:", "Call-ID:", "Contact:", "Max-"))]
        self._kept.append(f"To: {answered.headers.get('To')}")
        self._via = next(line for line in lines if line.startswith("Via:")).split("branch=")[0]
        self._cseq = answered.cseq.number

    async def acknowledge(self, sdp: str = "") -> None:
        """With our answer where the offer was theirs."""
        await self._socket.send(self._request("ACK", sdp))

    async def reinvite(self, sdp: str) -> Response:
        """The final response, acknowledged unless it brings an offer of theirs."""
        self._cseq += 1
        invite = self._request("INVITE", sdp)
        response = await self._socket.ask(invite)
        if response.status < 300 and sdp:
            await self.acknowledge()
        return response

    def move(self, socket: RawSip) -> None:
        """We speak by another socket from now on."""
        self._socket = socket

    async def prove(self, user: str, secret: str, sdp: str) -> Response:
        """The final response to a re-INVITE that answers the challenge which it meets; acknowledged."""
        self._cseq += 1
        self._socket.number_from(self._cseq)
        invite = self._request("INVITE", sdp)
        challenge = await self._socket.ask(invite)
        response = await self._socket.ask(self._socket.prove(invite, challenge, user, secret))
        self._cseq = response.cseq.number
        await self.acknowledge()
        return response

    async def hang_up(self) -> Response:
        """The answer to our BYE."""
        self._cseq += 1
        return await self._socket.ask(self._request("BYE"))

    def _request(self, method: str, body: str = "") -> str:
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"{self._via}branch=z9hG4bK{secrets.token_hex(8)};rport",
            *self._kept,
            f"CSeq: {self._cseq} {method}",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join([*lines, "", body])
