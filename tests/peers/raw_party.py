"""A carrier that says SIP to the letter from one UDP socket, as caller and as callee, header by header.

async with RawParty.open(f"{address}:5060") as carrier:
    ...  # a switch at `address` whose trunk's proxy is sip:{carrier.host}:{carrier.port}
    call = await carrier.invited()
    await call.respond(183, sdp)
"""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self, TypeVar

from sip.syntax.message import Request, Response, parse
from tests.peers import ports
from tests.peers.child import PeerError

Heard = TypeVar("Heard", Request, Response)


class RawParty:
    """What comes is kept until it is asked for, in order; requests that are repeated are passed over."""

    contact_params = ""
    """What our Contact has behind host and port."""

    def __init__(self, sock: socket.socket, target: str) -> None:
        self.host, self.port = sock.getsockname()[:2]
        self.target = target
        self.heard: list[bytes] = []
        """Everything that came, repetitions too."""
        self._socket = sock
        self._requests: list[Request] = []
        self._responses: list[Response] = []
        self._seen: set[tuple[str, str]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, target: str, address: str = ports.PHONES) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch, which need not run yet."""
        host, _, port = target.rpartition(":")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.bind((address, 0))
            sock.connect((host.strip("[]"), int(port)))
            yield cls(sock, target)

    @property
    def here(self) -> str:
        """Its HOST:PORT in URIs."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def via(self) -> str:
        """The head of its Vias."""
        return f"SIP/2.0/UDP {self.here}"

    async def invited(self) -> "RawIncoming":
        """The next call."""
        return RawIncoming(self, await self.request("INVITE"))

    async def dial(
        self,
        user: str,
        sdp: str = "",
        *,
        from_: str = "",
        headers: Sequence[str] = (),
        content_type: str = "application/sdp",
    ) -> "RawOutgoing":
        """Call a number of the switch."""
        call = RawOutgoing(self, user, from_ or f"<sip:+34600111222@{self.here}>", list(headers))
        await call.invite(sdp, content_type)
        return call

    async def request(self, method: str, timeout_s: float = 5.0) -> Request:
        """The next new request of that method; others stay for later."""
        return await self._next(self._requests, lambda each: each.method == method, method, timeout_s)

    async def response(self, cseq: str, status: int = 0, timeout_s: float = 5.0) -> Response:
        """The next response to our request of that CSeq: with that status, or the final one."""
        return await self._next(
            self._responses,
            lambda each: str(each.cseq) == cseq and (each.status == status if status else each.status >= 200),
            f"response to {cseq}",
            timeout_s,
        )

    async def repeated(self, method: str, timeout_s: float = 5.0) -> None:
        """Waits until a request of that method has come a second time, octet by octet."""
        start = method.encode()
        async with asyncio.timeout(timeout_s):
            while len(came := [data for data in self.heard if data.startswith(start)]) < 2:
                self._take(await asyncio.get_running_loop().sock_recv(self._socket, 65536))
        assert came[0] == came[1]

    async def send(self, message: str) -> None:
        await asyncio.get_running_loop().sock_sendall(self._socket, message.encode())

    def waiting(self) -> list[str]:
        """The methods of new requests that came and were not asked for."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._take(self._socket.recv(65536))
        return [request.method for request in self._requests]

    async def _next(
        self, kept: list[Heard], wanted: Callable[[Heard], bool], what: str, timeout_s: float
    ) -> Heard:
        try:
            async with asyncio.timeout(timeout_s):
                while (found := next(filter(wanted, kept), None)) is None:
                    self._take(await asyncio.get_running_loop().sock_recv(self._socket, 65536))
        except TimeoutError:
            last = self.heard[-1].decode() if self.heard else "nothing"
            raise PeerError(f"no {what} in {timeout_s:g} s; last came\n{last}") from None
        kept.remove(found)
        return found

    def _take(self, data: bytes) -> None:
        self.heard.append(data)
        message = parse(data)
        if isinstance(message, Response):
            self._responses.append(message)
            return
        key = (message.top_via.params.get("branch") or "", message.method)
        if message.method == "OPTIONS" and message.to_tag is None:
            self._reply(message.answer(200, to_tag="alive").encode())  # it asks how its trunk is
        elif key not in self._seen:
            self._seen.add(key)
            self._requests.append(message)

    def _reply(self, data: bytes) -> None:
        self._socket.send(data)


class RawDialog:
    """What both sides of a call can do in it; the names are those of RFC 3261 section 12."""

    def __init__(self, party: RawParty) -> None:
        self.party = party
        self.call_id = ""
        self.local = ""
        self.remote = ""
        self.target = ""
        self.cseq = 0

    async def ask(
        self,
        method: str,
        body: str = "",
        *,
        content_type: str = "application/sdp",
        headers: Sequence[str] = (),
    ) -> Response:
        """A request in the dialog; its final response."""
        await self.say(method, body, content_type=content_type, headers=headers)
        return await self.party.response(f"{self.cseq} {method}")

    async def say(
        self,
        method: str,
        body: str = "",
        *,
        content_type: str = "application/sdp",
        headers: Sequence[str] = (),
    ) -> str:
        """Send it, and return what was sent: the same again is a retransmission."""
        self.cseq += method != "ACK"
        message = self._write(method, body, content_type, headers)
        await self.party.send(message)
        return message

    async def respond(
        self,
        request: Request,
        status: int,
        sdp: str = "",
        *,
        to: str = "",
        headers: Sequence[str] = (),
        phrase: str = "Whatever",
    ) -> None:
        """Answer a request of the switch's."""
        lines = [
            f"SIP/2.0 {status} {phrase}",
            *(f"Via: {via}" for via in request.headers.lines("Via")),
            f"From: {request.headers.get('From')}",
            f"To: {to or request.headers.get('To')}",
            f"Call-ID: {request.call_id}",
            f"CSeq: {request.cseq}",
            f"Contact: <sip:raw@{self.party.here}{self.party.contact_params}>",
            *headers,
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp.encode())}",
        ]
        await self.party.send("\r\n".join([*lines, "", sdp]))

    async def expect(self, method: str, sdp: str = "", *, status: int = 200) -> Request:
        """The next request of that method, answered."""
        request = await self.party.request(method)
        await self.respond(request, status, sdp)
        return request

    def _write(self, method: str, body: str, content_type: str, headers: Sequence[str], cseq: int = 0) -> str:
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: {self.party.via};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: {self.local}",
            f"To: {self.remote}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {cseq or self.cseq} {method}",
            f"Contact: <sip:raw@{self.party.here}{self.party.contact_params}>",
            *headers,
            *([f"Content-Type: {content_type}"] if body else []),
            f"Content-Length: {len(body.encode())}",
        ]
        return "\r\n".join([*lines, "", body])

    def _aim(self, message: Request | Response) -> None:
        contacts = message.contacts
        if isinstance(contacts, list) and contacts:
            self.target = str(contacts[0].uri)


class RawIncoming(RawDialog):
    """A call of the switch's; each tag makes an early dialog of its own."""

    def __init__(self, party: RawParty, invite: Request) -> None:
        super().__init__(party)
        self.invite = invite
        self.call_id = invite.call_id
        self.remote = invite.headers.get("From") or ""
        self._to = invite.headers.get("To") or ""
        self._aim(invite)
        self.fork(secrets.token_hex(4))

    @property
    def offer(self) -> str:
        """The switch's description."""
        return self.invite.body.decode()

    def fork(self, tag: str) -> None:
        """Speak as another phone behind the same proxy from now on."""
        self.local = f"{self._to};tag={tag}"

    async def progress(
        self, status: int, sdp: str = "", *, rseq: int = 0, headers: Sequence[str] = ()
    ) -> None:
        """A provisional response, reliable where it has an RSeq (RFC 3262)."""
        reliable = ["Require: 100rel", f"RSeq: {rseq}"] if rseq else []
        await self.respond(self.invite, status, sdp, to=self.local, headers=[*reliable, *headers])

    async def pracked(self, sdp: str = "") -> Request:
        """The PRACK that follows, answered."""
        return await self.expect("PRACK", sdp)

    async def answer(self, sdp: str = "", *, headers: Sequence[str] = ()) -> Request:
        """200, and the ACK that follows."""
        await self.respond(self.invite, 200, sdp, to=self.local, headers=headers)
        return await self.party.request("ACK")

    async def refuse(self, status: int, *, headers: Sequence[str] = (), phrase: str = "No") -> None:
        """A final response, and the ACK that follows."""
        await self.respond(self.invite, status, to=self.local, headers=headers, phrase=phrase)
        await self.party.request("ACK")

    async def cancelled(self) -> Request:
        """The CANCEL that comes, answered, and the INVITE with it."""
        cancel = await self.expect("CANCEL")
        await self.refuse(487)
        return cancel


class RawOutgoing(RawDialog):
    """A call to the switch."""

    def __init__(self, party: RawParty, user: str, from_: str, headers: list[str]) -> None:
        super().__init__(party)
        self.call_id = secrets.token_hex(12)
        self.local = f"{from_};tag={secrets.token_hex(6)}"
        self.remote = f"<sip:{user}@{party.target}>"
        self.target = f"sip:{user}@{party.target}"
        self.provisional: list[Response] = []
        self._headers = headers
        self._invite = ""
        self._invite_cseq = 1

    async def invite(self, sdp: str, content_type: str = "application/sdp") -> None:
        """As `RawParty.dial` does."""
        self._invite = await self.say("INVITE", sdp, content_type=content_type, headers=self._headers)
        self._invite_cseq = self.cseq

    async def hears(self, status: int) -> Response:
        """The next response of that status."""
        response = await self.party.response(f"{self._invite_cseq} INVITE", status)
        self._aim(response)
        self.remote = response.headers.get("To") or self.remote
        return response

    async def prack(self, response: Response, sdp: str = "") -> Response:
        """Acknowledge a reliable provisional response; the answer."""
        rack = f"RAck: {response.headers.get('RSeq')} {response.cseq}"
        return await self.ask("PRACK", sdp, headers=[rack])

    async def answered(self, sdp: str = "") -> Response:
        """The 200, acknowledged."""
        response = await self.hears(200)
        await self.party.send(self._write("ACK", sdp, "application/sdp", (), self._invite_cseq))
        return response

    async def refused(self) -> Response:
        """The final response that is no 2xx, acknowledged in the transaction of the INVITE."""
        response = await self.party.response(f"{self._invite_cseq} INVITE")
        lines = self._invite.partition("\r\n\r\n")[0].replace("INVITE", "ACK").split("\r\n")
        kept = [line for line in lines if not line.startswith(("To:", "Content-", "Contact:"))]
        to = f"To: {response.headers.get('To')}"
        await self.party.send("\r\n".join([*kept, to, "Content-Length: 0", "", ""]))
        return response

    async def cancel(self, *, headers: Sequence[str] = ()) -> Response:
        """Give up; the 487, acknowledged."""
        lines = self._invite.partition("\r\n\r\n")[0].replace("INVITE", "CANCEL").split("\r\n")
        names = ("CANCEL", "Via:", "From:", "To:", "Call-ID:", "CSeq:", "Max-Forwards:")
        kept = [line for line in lines if line.startswith(names)]
        await self.party.send("\r\n".join([*kept, *headers, "Content-Length: 0", "", ""]))
        return await self.refused()
