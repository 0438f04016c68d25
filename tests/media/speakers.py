"""Parties that say speech, in any codec, at their times; and what came to them, with the kernel's time."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np

from ext.codecs import Coder
from media.codecs import CODECS
from media.kernels import resample
from media.port import Port
from media.resampling import low_pass
from media.rtp import rtp_header
from tests.compiling import ensure_compiled
from tests.media.rtp_peer import Packet, RtpPeer
from tests.media.stage import Stage
from tests.peers.audio import RATE, Pcm

ensure_compiled("tests.media")

from tests.media import talking  # noqa: E402 - it has just been compiled

PEERS = "127.20.40.10"
FRAME_NS = 20_000_000
SO_TIMESTAMPNS = 35
"""<asm-generic/socket.h>; Python has no name for it."""
RECEIVE_BUFFER = 4 << 20
AHEAD_NS = 10_000_000
LEAP = 500
"""Frames, 10 s: what a timestamp is ahead by at most."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet, and when the kernel had it (CLOCK_REALTIME)."""

    at_ns: int
    packet: Packet


@dataclass(eq=False)
class Speaker:
    """One peer and its port. `said` is every packet that it sent, and when."""

    peer: RtpPeer
    port: Port
    ptime_ms: int
    said: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def codec(self) -> str:
        return self.peer.codec

    def plan(self, payloads: Sequence[bytes], start_ns: int) -> list[tuple[int, bytes]]:
        """Its next packets, one each packet time from an offset on; an empty payload is none (DTX)."""
        step = CODECS[self.codec].clock_rate_hz * self.ptime_ms // 1000
        peer = self.peer
        planned = []
        for number, payload in enumerate(payloads):
            if payload:
                begins = number == 0 or not payloads[number - 1]
                header = rtp_header(peer.payload_type, begins, peer.sequence, peer.timestamp, peer.ssrc)
                peer.sequence = (peer.sequence + 1) & 0xFFFF
                planned.append((start_ns + number * self.ptime_ms * 1_000_000, header + payload))
            peer.timestamp = (peer.timestamp + step) & 0xFFFFFFFF
        return planned

    def came(self) -> list[Arrival]:
        """All that came since the last time."""
        arrivals = []
        with contextlib.suppress(BlockingIOError):
            while True:
                octets, control, _, _ = self.peer.socket.recvmsg(2048, 64)
                (stamp,) = (data for level, kind, data in control if kind == SO_TIMESTAMPNS)
                seconds, nanoseconds = struct.unpack("qq", stamp)
                arrivals.append(Arrival(seconds * 10**9 + nanoseconds, Packet(self.peer.opened(octets))))
        return arrivals


def speaker(
    stage: Stage, codec: str = "PCMA", *, near: Port | None = None, ptime_ms: int = 20, ssrc: int = 0x1234
) -> Speaker:
    """A party and its port, which its first packets lock."""
    peer = stage.peer(PEERS, codec=codec, ssrc=ssrc)
    peer.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    port = stage.plane.open(near)
    port.connect(peer.media(ptime_ms=ptime_ms))
    peer.meet(port, stage.host)
    peer.socket.connect(peer.target)
    return Speaker(peer, port, ptime_ms)


async def perform(
    parts: Iterable[tuple[Speaker, Sequence[bytes]]], besides: Sequence[tuple[int, int, bytes]] = ()
) -> float:
    """All say their payloads at once, in real time, spread over the first 20 ms; how late we were, in ms.

    `besides` are packets of others: offset in ns, connected socket, octets.
    """
    together = list(parts)
    planned: list[tuple[int, int, bytes, Speaker | None]] = [
        (moment, each.peer.socket.fileno(), octets, each)
        for number, (each, payloads) in enumerate(together)
        for moment, octets in each.plan(payloads, number * FRAME_NS // len(together))
    ]
    planned += ((*packet, None) for packet in besides)
    planned.sort(key=lambda due: due[0])
    sent = await asyncio.to_thread(_say_first, [due[:3] for due in planned])
    for (_, sent_ns), (_, _, octets, each) in zip(sent, planned, strict=True):
        if each is not None:
            each.said.append((sent_ns, octets))
    return max(sent_ns - due_ns for due_ns, sent_ns in sent) / 1e6


def _say_first(packets: list[tuple[int, int, bytes]]) -> list[tuple[int, int]]:
    """Before others, where this thread may: what comes late is meant to be the engine's doing alone."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(2))
    try:
        return talking.say(packets, AHEAD_NS)
    finally:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


# --- speech to payloads and back ---


@cache
def _filter(source_hz: int, target_hz: int) -> tuple[bytes, int, int]:
    return low_pass(source_hz, target_hz)


def at_rate(pcm: bytes, source_hz: int, target_hz: int) -> bytes:
    """16-bit PCM at another rate, not a sample later."""
    return pcm if source_hz == target_hz else resample(pcm, *_filter(source_hz, target_hz))


def encoded(speech: Pcm, codec: str, ptime_ms: int = 20) -> list[bytes]:
    """8 kHz speech as payloads, by a fresh encoder; empty where it would send nothing (DTX)."""
    coder = Coder(CODECS[codec].capsule)
    sound = at_rate(speech.tobytes(), RATE, coder.pcm_rate_hz)
    frame = coder.pcm_rate_hz // 50 * 2
    payloads = [coder.encode(sound[at : at + frame]) for at in range(0, len(sound) - frame + 1, frame)]
    if ptime_ms == 20:
        return payloads
    octets, size = b"".join(payloads), len(payloads[0]) * ptime_ms // 20
    return [octets[at : at + size] for at in range(0, len(octets) - size + 1, size)]


def decoded(payloads: Iterable[bytes], codec: str) -> Pcm:
    """The reverse; an empty payload is 20 ms of what the codec makes of a silence."""
    coder = Coder(CODECS[codec].capsule)
    frame = coder.pcm_rate_hz // 50
    sound = bytearray()
    for payload in payloads:
        if payload:
            sound += coder.decode(payload)
        else:
            sound += coder.conceal(frame) if codec == "OPUS" else bytes(2 * frame)
    return np.frombuffer(at_rate(bytes(sound), coder.pcm_rate_hz, RATE), np.int16)


def heard(arrivals: Sequence[Arrival], codec: str) -> Pcm:
    """What came, as 8 kHz speech; where timestamps leap ahead there is silence."""
    frame = CODECS[codec].clock_rate_hz // 50
    payloads: list[bytes] = []
    for one, two in pairwise([*arrivals, arrivals[-1]]):
        payloads.append(one.packet.payload)
        ahead = (two.packet.header.timestamp - one.packet.header.timestamp) & 0xFFFFFFFF
        payloads.extend([b""] * (ahead // frame - 1 if ahead < LEAP * frame else 0))
    return decoded(payloads, codec)


def holes(arrivals: Sequence[Arrival], step: int, rests: bool = False) -> list[str]:
    """Where a sequence number or a timestamp does not go on from the one before.

    A party that `rests` in silence (DTX) may leave time out, and begins again with a marker.
    """
    found = []
    for one, two in pairwise(arrival.packet.header for arrival in arrivals):
        ahead = (two.timestamp - one.timestamp) & 0xFFFFFFFF
        whole = ahead == step or (rests and two.marker and 0 < ahead < LEAP * step)
        if (two.sequence - one.sequence) & 0xFFFF != 1 or not whole:
            found.append(f"{one} {two}")
    return found
