"""What was on the wire: a capture of loopback UDP, read back as datagrams and as RTP streams.

Needs root, as every capture does.
"""

import asyncio
import contextlib
import itertools
import os
import re
import secrets
import signal
import socket
import struct
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Self

import numpy as np

from tests.peers.audio import Pcm, decode_alaw, decode_ulaw
from tests.peers.child import PeerError

TCPDUMP = ["tcpdump", "-i", "lo", "-n", "-B", "16384", "-s", "4096", "--immediate-mode", "-U", "-w", "-"]
Endpoint = tuple[str, int]
LAST: Endpoint = ("127.255.255.9", 9)
"""Nobody's address, to which the end of a capture is marked."""


@dataclass(frozen=True, slots=True)
class Datagram:
    time: float
    source: Endpoint
    destination: Endpoint
    payload: bytes


@dataclass(frozen=True, slots=True)
class Rtp:
    """A packet as RFC 3550 section 5.1 lays it out."""

    time: float
    source: Endpoint
    destination: Endpoint
    marker: bool
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    @classmethod
    def parse(cls, datagram: Datagram) -> Self | None:
        """None for what is not RTP: SIP, RTCP (types 200 to 204 read as 72 to 76), noise."""
        data = datagram.payload
        if len(data) < 12 or data[0] >> 6 != 2 or 72 <= data[1] & 0x7F <= 76:
            return None
        sequence, timestamp, ssrc = struct.unpack_from("!HII", data, 2)
        return cls(
            time=datagram.time,
            source=datagram.source,
            destination=datagram.destination,
            marker=bool(data[1] & 0x80),
            payload_type=data[1] & 0x7F,
            sequence=sequence,
            timestamp=timestamp,
            ssrc=ssrc,
            payload=data[12 + 4 * (data[0] & 0x0F) :],
        )


class Capture:
    """A tcpdump of `lo`. It is complete when the context has ended; before, it has nearly all."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pcap = b""

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, expression: str = "udp") -> AsyncIterator[Self]:
        """`expression` is tcpdump's, such as `udp and host 127.1.2.3`."""
        with tempfile.TemporaryFile() as file:
            process = await asyncio.create_subprocess_exec(
                *TCPDUMP,
                f"({expression}) or (udp and dst host {LAST[0]} and dst port {LAST[1]})",
                stdout=file,
                stderr=asyncio.subprocess.PIPE,
            )
            assert process.stderr is not None
            said = await process.stderr.readuntil(b"\n")
            while b"listening on" not in said:
                line = await process.stderr.readline()
                if not line:
                    raise PeerError(f"tcpdump: {said.decode()}")
                said += line
            process.send_signal(signal.SIGUSR1)
            before = _dropped(await process.stderr.readline())  # of all on lo, until the filter was there
            capture = cls(file)
            try:
                yield capture
            finally:
                await capture._flush()
                process.terminate()
                summary = await process.stderr.read()
                await process.wait()
                capture._pcap = capture._read()
            if _dropped(summary) != before:
                raise PeerError(f"the capture is not complete: {summary.decode()}")

    async def _flush(self) -> None:
        """Waits until tcpdump has written a datagram that we send now, and so all that came before it."""
        mark, seen = secrets.token_bytes(16), self._size()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, LAST)
        async with asyncio.timeout(5.0):
            while mark not in self._read(seen):  # noqa: ASYNC110 - tcpdump tells nobody when it writes
                await asyncio.sleep(0.005)

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _read(self, start: int = 0) -> bytes:
        # tcpdump writes at the offset that it shares with us, so it is not ours to move.
        return os.pread(self._file.fileno(), self._size() - start, start)

    def datagrams(self) -> list[Datagram]:
        return [d for d in parse_pcap(self._pcap or self._read()) if d.destination != LAST]

    def rtp(self) -> list[Rtp]:
        return [packet for packet in map(Rtp.parse, self.datagrams()) if packet is not None]

    def rtp_to(self, destination: Endpoint) -> list[Rtp]:
        return [packet for packet in self.rtp() if packet.destination == destination]


def _dropped(said: bytes) -> int:
    """The packets that tcpdump's statistics have as dropped. Raises PeerError."""
    if (found := re.search(rb"(\d+) packets? dropped by kernel", said)) is None:
        raise PeerError(f"tcpdump: no statistics in {said!r}")
    return int(found[1])


def parse_pcap(data: bytes) -> Iterator[Datagram]:
    """UDP over IPv4 in Ethernet frames, as `tcpdump -w` of the loopback interface writes them."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    fraction = 1e-9 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1e-6
    offset = 24
    while offset + 16 <= len(data):
        seconds, parts, length, _ = struct.unpack_from(f"{order}IIII", data, offset)
        frame = data[offset + 16 : offset + 16 + length]
        offset += 16 + length
        if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
            continue
        udp = 14 + 4 * (frame[14] & 0x0F)
        source_port, destination_port, size = struct.unpack_from("!HHH", frame, udp)
        yield Datagram(
            time=seconds + parts * fraction,
            source=(".".join(map(str, frame[26:30])), source_port),
            destination=(".".join(map(str, frame[30:34])), destination_port),
            payload=frame[udp + 8 : udp + size],
        )


def ladder(datagrams: Sequence[Datagram]) -> str:
    """The SIP among them, one line a message: when, from whom to whom, what, in which call."""
    lines = []
    for datagram in datagrams:
        text = datagram.payload.decode(errors="replace")
        first, *headers = text.split("\r\n\r\n")[0].split("\r\n")
        if "SIP/2.0" not in first:
            continue
        sought = ("call-id:", "i:", "cseq:", "reason:")
        facts = "  ".join(line for line in headers if line.lower().startswith(sought))
        way = "{}:{} -> {}:{}".format(*datagram.source, *datagram.destination)
        lines.append(f"{datagram.time - datagrams[0].time:8.3f}  {way:45}  {first:50}  {facts}")
    return "\n".join(lines)


def breaks(packets: Sequence[Rtp], step: int = 160) -> list[str]:
    """Where a stream is not one stream: SSRC, sequence or timestamp out of step, told in words.

    Packets of an RFC 4733 event share a timestamp, so only their sequence is looked at. After a marker the
    timestamp is wherever the clock is by then (RFC 3550 section 5.1): it must only go forward.
    """
    found = []
    for before, after in itertools.pairwise(packets):
        if after.ssrc != before.ssrc:
            found.append(f"SSRC {before.ssrc:#x} became {after.ssrc:#x}")
        if after.sequence != (before.sequence + 1) % 2**16:
            found.append(f"sequence {before.sequence} was followed by {after.sequence}")
    for before, after in itertools.pairwise(p for p in packets if p.payload_type < 96):
        if (after.timestamp - before.timestamp) % 2**32 % step and not after.marker:
            found.append(f"timestamp {before.timestamp} was followed by {after.timestamp}")
        if (after.timestamp - before.timestamp) % 2**32 >= 2**31:
            found.append(f"timestamp {before.timestamp} went back to {after.timestamp}")
    return found


def sound(packets: Sequence[Rtp]) -> Pcm:
    """The G.711 packets decoded and put in a row, without their gaps."""
    decode = {0: decode_ulaw, 8: decode_alaw}
    frames = [decode[p.payload_type](p.payload) for p in packets if p.payload_type in decode]
    return np.concatenate(frames) if frames else np.zeros(0, dtype=np.int16)
