"""Somebody else's packets: forged RTP and RTCP from many addresses, right in all but where they come from."""

import contextlib
import random
import socket
import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from media.rtp import rtp_header
from tests.media.rtcp import goodbye, receiver_report
from tests.peers.audio import encode_alaw, tone

FORGED_HZ = 2700.0
PAYLOADS = [encode_alaw(tone(FORGED_HZ, 0.02, -6.0)), bytes(160), b"", b"\xff" * 33]
"""Loud, and other things."""


@contextlib.contextmanager
def forgers(hosts: Sequence[str], target: tuple[str, int]) -> Iterator[list[socket.socket]]:
    """A socket at each of these addresses, connected: an ICMP answer would be an error of its own."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in hosts]
        for each, host in zip(sockets, hosts, strict=True):
            each.setblocking(False)
            each.bind((host, 0))
            each.connect(target)
        yield sockets


def forged_rtp(ssrc: int, sequence: int, timestamp: int, payload_type: int = 8) -> Iterator[bytes]:
    """For ever: the peer's own stream as it goes on, and nearly so, and nothing of the kind."""
    chance = random.Random(1)
    while True:
        for _ in range(4):
            header = rtp_header(payload_type, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
            sequence, timestamp = sequence + 1, timestamp + 160
            yield header + PAYLOADS[0]
        yield (
            rtp_header(payload_type, True, chance.getrandbits(16), chance.getrandbits(32), ssrc) + PAYLOADS[0]
        )
        yield (
            rtp_header(chance.randrange(128), False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
            + PAYLOADS[1]
        )
        yield rtp_header(payload_type, False, 1, 1, chance.getrandbits(32)) + chance.choice(PAYLOADS)
        yield chance.randbytes(chance.randrange(0, 200))
        yield receiver_report(ssrc) + goodbye(ssrc)


def forged_reports(ssrc: int, about: int) -> Iterator[bytes]:
    """For ever: a receiver report that says all was lost, and BYE."""
    block = struct.pack("!6I", about, 0xFF7FFFFF, 1, 0xFFFFFF, 0, 0)
    while True:
        yield receiver_report(ssrc, block) + goodbye(ssrc)


def over(
    seconds: float, count: int, sockets: Sequence[socket.socket], packets: Iterator[bytes]
) -> list[tuple[int, int, bytes]]:
    """So many, evenly, from each in turn for four in a row, so that three in step come from one address."""
    step_ns = int(seconds * 1e9) // count
    return [
        (number * step_ns, sockets[number // 4 % len(sockets)].fileno(), packet)
        for number, packet in enumerate(islice(packets, count))
    ]


def answers(sockets: Sequence[socket.socket]) -> list[bytes | int]:
    """What came back: datagrams, and the errors that ICMP leaves on a socket."""
    found: list[bytes | int] = []
    for each in sockets:
        if error := each.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            found.append(error)
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(each.recv(2048))
    return found


def dropped(host: str, port: int) -> int:
    """What the kernel had no room for at this port, where the machine was busy (proc(5), /proc/net/udp)."""
    where = f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:{port:04X}"
    lines = Path("/proc/net/udp").read_text().splitlines()
    return sum(int(line.split()[-1]) for line in lines if line.split()[1] == where)
