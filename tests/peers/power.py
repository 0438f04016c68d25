"""Phones that all lose their power and register again, in a process of its own.

async with Power.running(switch.sip, phones=2000, addresses=2000) as power:
    outcome = await power.cut(within_s=2.0)

Each phone has a socket of its own and does as RFC 3261 says: it repeats what is not answered (section
17.1.2.1), answers a challenge, and comes back after the Retry-After of a 503.
"""

import asyncio
import contextlib
import json
import resource
import secrets
import selectors
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from heapq import heappop, heappush
from ipaddress import IPv4Address
from random import Random
from typing import Final, Self

from sip.accounts.digest import client_response
from sip.syntax.message import Response, parse

FIRST: Final = 2000
"""The first phone's user."""
PATIENCE_S: Final = 40.0
_T1, _T2 = 0.5, 4.0


def users(phones: int) -> list[str]:
    return [str(FIRST + n) for n in range(phones)]


def secret_of(user: str) -> str:
    return f"secret-of-{user}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one power cut."""

    accepted: int
    seconds: float
    """Until the last one was accepted, from the moment when the power came back."""
    p99_s: float
    """What a phone waits, from its own first request."""
    requests: int
    """Repetitions included."""
    turned_away: int
    """503"""


class Power:
    """Many phones in another process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, target: str, *, phones: int, addresses: int) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch; the phones lie in 127.65.0.0/16."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.peers.power", target, str(phones), str(addresses)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield cls(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            await process.wait()

    async def cut(self, within_s: float, anew: bool = True) -> Outcome:
        """Every phone registers, each at a moment of its own `within_s`; unless `anew` it only renews."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([within_s, anew]).encode() + b"\n")
        return Outcome(**json.loads(await self._process.stdout.readline()))


class Desk:
    """One phone."""

    def __init__(self, target: str, user: str, address: str) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        host, _, port = target.rpartition(":")
        self.socket.connect((host, int(port)))
        self.socket.setblocking(False)
        self.user, self.target = user, target
        self.here = "{}:{}".format(*self.socket.getsockname())
        self.instance = f"urn:uuid:00000000-0000-1000-8000-{int(user):012d}"
        self.cseq = 0
        self.boot()

    def boot(self) -> None:
        """It remembers nothing of what it said before."""
        self.call_id, self.tag, self.cseq = secrets.token_hex(8), secrets.token_hex(4), 0

    def begin(self, now: float) -> None:
        self.began, self.done, self.requests, self.turned_away = now, 0.0, 0, 0
        self.ask("", now)

    def ask(self, authorization: str, now: float) -> None:
        self.cseq += 1
        there = f"<sip:{self.user}@{self.target}>"
        lines = [
            f"REGISTER sip:{self.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.here};branch=z9hG4bK{secrets.token_hex(8)};rport",
            f"From: {there};tag={self.tag}",
            f"To: {there}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} REGISTER",
            f'Contact: <sip:{self.user}@{self.here}>;+sip.instance="<{self.instance}>"',
            "Max-Forwards: 70",
            "Expires: 3600",
            *([f"Authorization: {authorization}"] if authorization else []),
            "Content-Length: 0",
        ]
        self.request = "\r\n".join([*lines, "", ""]).encode()
        self.wait_s = _T1
        self.send(now)

    def send(self, now: float) -> None:
        self.requests += 1
        with contextlib.suppress(OSError):
            self.socket.send(self.request)
        self.due = now + self.wait_s
        self.wait_s = min(2 * self.wait_s, _T2)

    def hear(self, data: bytes, now: float) -> None:
        message = parse(data)
        if self.done or not isinstance(message, Response) or message.cseq.number != self.cseq:
            return
        if message.status == 200:
            self.done = now
        elif message.status == 401:
            challenges = message.headers.lines("WWW-Authenticate")
            uri = f"sip:{self.target}"
            proof = client_response(
                challenges, "REGISTER", uri, self.user, secret_of(self.user), cnonce=secrets.token_hex(8)
            )
            self.ask(proof or "", now)
        elif message.status == 503:
            self.turned_away += 1
            self.due, self.wait_s = now + int(message.headers.get("Retry-After") or 1), _T1
            self.cseq += 1  # what is repeated then is another request
            self.request = self.request.replace(b"CSeq: %d " % (self.cseq - 1), b"CSeq: %d " % self.cseq)
            self.request = self.request.replace(b"branch=z9hG4bK", b"branch=z9hG4bK" + b"r")


def cut(desks: list[Desk], selector: selectors.BaseSelector, within_s: float, anew: bool) -> Outcome:
    """Let them all register."""
    began, random = time.monotonic(), Random(7)
    timers = [(began + random.uniform(0, within_s), n) for n in range(len(desks))]
    timers.sort()
    waiting, begun = set(range(len(desks))), set[int]()
    while waiting and time.monotonic() - began < within_s + PATIENCE_S:
        now = time.monotonic()
        while timers and timers[0][0] <= now:
            _, n = heappop(timers)
            desk = desks[n]
            if n not in begun:
                begun.add(n)
                if anew:
                    desk.boot()
                desk.begin(now)
            elif desk.done:
                continue
            elif desk.due <= now:
                desk.send(now)
            heappush(timers, (desk.due, n))
        timeout = max(0.0, timers[0][0] - now) if timers else 0.1
        for key, _ in selector.select(timeout):
            desk = desks[key.data]
            with contextlib.suppress(OSError):
                desk.hear(desk.socket.recv(65536), time.monotonic())
            if desk.done:
                waiting.discard(key.data)
    took = sorted(desk.done - desk.began for desk in desks if desk.done)
    return Outcome(
        accepted=len(took),
        seconds=max((desk.done for desk in desks if desk.done), default=began) - began,
        p99_s=took[len(took) * 99 // 100] if took else 0.0,
        requests=sum(desk.requests for desk in desks),
        turned_away=sum(desk.turned_away for desk in desks),
    )


def main(target: str, phones: int, addresses: int) -> None:
    """One power cut for each line of standard input."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    first = IPv4Address("127.65.0.1")
    desks = [Desk(target, user, str(first + n % addresses)) for n, user in enumerate(users(phones))]
    selector = selectors.DefaultSelector()
    for n, desk in enumerate(desks):
        selector.register(desk.socket, selectors.EVENT_READ, n)
    for line in sys.stdin:
        within_s, anew = json.loads(line)
        outcome = cut(desks, selector, within_s, anew)
        said = {name: getattr(outcome, name) for name in Outcome.__slots__}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
