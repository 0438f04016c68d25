"""A flood of requests without credentials from many loopback addresses, sent by a process of its own.

async with Flood.running(switch.sip, "REGISTER", per_s=5000, addresses=1000) as flood:
    ...
sent = flood.sent
"""

import asyncio
import contextlib
import json
import secrets
import select
import socket
import sys
import time
from collections.abc import AsyncIterator
from ipaddress import IPv4Address
from typing import Final, Self

_TURN_S: Final = 0.01


class Flood:
    """What a flooding process has sent is known when it has ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.sent = 0
        self.late_s = 0.0
        """How far behind its pace it was at the end."""

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls, target: str, method: str, *, per_s: int, addresses: int, user: str = "1001"
    ) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch; the senders lie in 127.64.0.0/16."""
        given = [target, method, str(per_s), str(addresses), user]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.peers.flood", *given),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        flood = cls(process)
        try:
            yield flood
        finally:
            assert process.stdin is not None
            process.stdin.close()
            assert process.stdout is not None
            said = json.loads(await process.stdout.read())
            flood.sent, flood.late_s = said["sent"], said["late_s"]
            await process.wait()


def requests(target: str, method: str, user: str, host: str) -> tuple[bytes, bytes]:
    """One request of that host, before and after what is new in each."""
    lines = [
        f"{method} sip:{target} SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:5060;rport;branch=z9hG4bK@",
        "Max-Forwards: 70",
        f"From: <sip:{user}@{target}>;tag=f{secrets.token_hex(4)}",
        f"To: <sip:{user}@{target}>",
        f"Call-ID: {secrets.token_hex(12)}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:{user}@{host}:5060>",
        "Expires: 3600",
        "User-Agent: flood",
        "Content-Length: 0",
    ]
    before, _, after = "\r\n".join([*lines, "", ""]).partition("@\r\nMax")
    return before.encode(), ("\r\nMax" + after).encode()


def send(target: str, method: str, per_s: int, addresses: int, user: str) -> None:
    """Send until standard input is closed."""
    host, _, port = target.rpartition(":")
    senders = []
    for number in range(addresses):
        source = str(IPv4Address("127.64.0.0") + 1 + number)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((source, 0))
        sock.connect((host, int(port)))
        sock.setblocking(False)
        senders.append((sock, *requests(target, method, user, source)))
    sent, began = 0, time.monotonic()
    while not select.select([sys.stdin], [], [], 0)[0]:
        due = int((time.monotonic() - began) * per_s)
        for number in range(sent, due):
            sock, before, after = senders[number % addresses]
            with contextlib.suppress(OSError):
                sock.send(before + b"%x" % number + after)
        sent = max(sent, due)
        time.sleep(_TURN_S)
    late_s = time.monotonic() - began - sent / per_s
    print(json.dumps({"sent": sent, "late_s": late_s}))


if __name__ == "__main__":
    send(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
