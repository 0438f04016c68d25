"""Many phones that watch many others, on one UDP socket: made for load, each message read once.

async with Subscribers.open(switch.sip, {"2001": "secret"}) as crowd:
    watch = await crowd.watch("2001", "ana", "dialog", 30)
    ...  # each NOTIFY is answered at once, each subscription renewed at half its time
"""

import asyncio
import contextlib
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Self, cast

from sip.accounts.digest import client_response
from sip.syntax.message import Request, Response, parse
from tests.peers import ports
from tests.peers.child import PeerError

_VERSION = re.compile(rb' version="([0-9]+)"')
_PATIENCE_S = 10.0
_RCVBUFFORCE = 33
"""SO_RCVBUFFORCE of socket(7), which Python does not name."""


@dataclass
class Watch:
    """One subscription: `versions` of the documents that came, the `body` of the last, times `told`."""

    user: str
    subject: str
    package: str
    expires_s: int
    call_id: str = field(default_factory=lambda: secrets.token_hex(12))
    tag: str = field(default_factory=lambda: secrets.token_hex(6))
    to: str = ""
    target: str = ""
    cseq: int = 0
    body: bytes = b""
    versions: list[int] = field(default_factory=list)
    told: int = 0


class Subscribers(asyncio.DatagramProtocol):
    """`heard` is called with each NOTIFY: whose watch, and when it came by `time.monotonic`."""

    def __init__(self, target: str, users: Mapping[str, str]) -> None:
        self.target = target
        self.watches: list[Watch] = []
        self.heard: Callable[[Watch, float], None] = lambda watch, at: None
        self.renewals = 0
        self._users = users
        self._by_tag: dict[str, Watch] = {}
        self._asked: dict[tuple[str, int], asyncio.Future[Response]] = {}
        self._renewing: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport
        self._here = ""

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, target: str, users: Mapping[str, str], address: str = ports.PHONES
    ) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch, `users` its phones and their secrets."""
        crowd = cls(target, users)
        host, _, port = target.rpartition(":")
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(
            lambda: crowd, local_addr=(address, 0), remote_addr=(host, int(port))
        )
        try:
            yield crowd
        finally:
            for task in crowd._renewing:
                task.cancel()
            crowd._transport.close()

    async def watch(self, user: str, subject: str, package: str, expires_s: int) -> Watch:
        """Subscribe; renewed until all is over."""
        watch = Watch(user, subject, package, expires_s)
        self._by_tag[watch.tag] = watch
        response = await self._subscribe(watch)
        if response.status == 401:
            response = await self._subscribe(watch, self._proof(watch, response, "SUBSCRIBE"))
        if response.status != 200:
            raise PeerError(f"{user} watching {subject}: {response.status}")
        watch.to = response.headers.get("To") or ""
        contacts = response.contacts
        assert isinstance(contacts, list)
        watch.target = str(contacts[0].uri)
        self.watches.append(watch)
        self._renewing.add(asyncio.get_running_loop().create_task(self._renew(watch)))
        return watch

    async def register(self, user: str) -> None:
        """For an hour."""
        registration = Watch(user, "", "", 3600)
        response = await self._say(registration, "REGISTER")
        if response.status == 401:
            proof = self._proof(registration, response, "REGISTER")
            response = await self._say(registration, "REGISTER", proof)
        if response.status != 200:
            raise PeerError(f"{user} registering: {response.status}")

    async def _renew(self, watch: Watch) -> None:
        while True:
            await asyncio.sleep(watch.expires_s / 2)
            response = await self._subscribe(watch)
            if response.status != 200:
                raise PeerError(f"{watch.user} renewing {watch.subject}: {response.status}")
            self.renewals += 1

    async def _subscribe(self, watch: Watch, proof: str = "") -> Response:
        return await self._say(watch, "SUBSCRIBE", proof)

    async def _say(self, watch: Watch, method: str, proof: str = "") -> Response:
        watch.cseq += 1
        to = f"sip:{watch.subject or watch.user}@centralita.example"
        lines = [
            f"{method} {watch.target or self._uri(watch)} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._here};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: <sip:{watch.user}@centralita.example>;tag={watch.tag}",
            f"To: {watch.to or f'<{to}>'}",
            f"Call-ID: {watch.call_id}",
            f"CSeq: {watch.cseq} {method}",
            f"Contact: <sip:{watch.user}@{self._here}>",
            *([f"Event: {watch.package}"] if watch.package else []),
            f"Expires: {watch.expires_s}",
            *([f"Authorization: {proof}"] if proof else []),
            "Content-Length: 0",
        ]
        message = "\r\n".join([*lines, "", ""]).encode()
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._asked[watch.call_id, watch.cseq] = answer
        for wait_s in (0.5, 1.0, 2.0, _PATIENCE_S):
            self._transport.sendto(message)
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(asyncio.shield(answer), wait_s)
        raise PeerError(f"{watch.user} watching {watch.subject}: no answer")

    def _uri(self, watch: Watch) -> str:
        return f"sip:{watch.subject}@{self.target}" if watch.subject else f"sip:{self.target}"

    def _proof(self, watch: Watch, challenge: Response, method: str) -> str:
        proof = client_response(
            challenge.headers.lines("WWW-Authenticate"),
            method,
            self._uri(watch),
            watch.user,
            self._users[watch.user],
            cnonce=secrets.token_hex(8),
        )
        assert proof is not None
        return proof

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        with contextlib.suppress(PermissionError):  # who is kept waiting for the CPU loses nothing
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 8 << 20)
        host, port = transport.get_extra_info("sockname")[:2]
        self._here = f"{host}:{port}"

    def datagram_received(self, data: bytes, addr: object) -> None:
        """A response, or a NOTIFY, which is answered."""
        at = time.monotonic()
        message = parse(data)
        if isinstance(message, Request):
            self._transport.sendto(message.answer(200).encode())
            self._take(message, at)
        elif message.status >= 200:
            answer = self._asked.pop((message.call_id, message.cseq.number), None)
            if answer is not None and not answer.done():
                answer.set_result(message)

    def _take(self, notify: Request, at: float) -> None:
        watch = self._by_tag.get(notify.to_tag or "")
        if watch is None:
            return
        version = _VERSION.search(notify.body)
        if version is not None and watch.versions and int(version[1]) <= watch.versions[-1]:
            return  # repeated
        if version is not None:
            watch.versions.append(int(version[1]))
        watch.body = notify.body
        watch.told += 1
        self.heard(watch, at)
