"""RTCP as a test reads and writes it (RFC 3550 section 6, RFC 3611), on its own."""

import struct
from dataclasses import dataclass, field
from typing import Self

SENDER, RECEIVER, DESCRIPTION, GOODBYE, EXTENDED = 200, 201, 202, 203, 207
REFERENCE, DELAYS, METRICS = 4, 5, 7


def packets(compound: bytes) -> list[tuple[int, int, bytes]]:
    """(type, count, what follows the four octets of the header), one by one."""
    found, at = [], 0
    while at < len(compound):
        first, kind, words = struct.unpack_from("!BBH", compound, at)
        assert first >> 6 == 2
        end = at + 4 * (words + 1)
        assert end <= len(compound)
        found.append((kind, first & 0x1F, compound[at + 4 : end]))
        at = end
    return found


@dataclass(frozen=True)
class Block:
    """A report block."""

    ssrc: int
    fraction: float
    lost: int
    top: int
    jitter: int
    last: int
    delay: int

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        ssrc, loss, *rest = struct.unpack("!6I", octets)
        lost = loss & 0xFFFFFF
        return cls(ssrc, (loss >> 24) / 256, lost - (lost >> 23 << 24), *rest)


@dataclass(frozen=True)
class Metrics:
    """A VoIP metrics block, in the units of the wire."""

    ssrc: int
    loss: int
    discarded: int
    burst_loss: int
    gap_loss: int
    burst_ms: int
    gap_ms: int
    trip_ms: int
    end_system_ms: int
    signal: int
    noise: int
    echo: int
    gmin: int
    r: int
    external_r: int
    listening: int
    conversation: int
    config: int
    nominal_ms: int
    most_ms: int
    limit_ms: int

    def octets(self) -> bytes:
        names = list(self.__dataclass_fields__)
        values = [getattr(self, name) for name in names]
        return struct.pack("!BBHI4B4H8BBxHHH", METRICS, 0, 8, *values)


def metrics(ssrc: int, **said: int) -> Metrics:
    """Of a peer that hears everything, unless it says otherwise."""
    all_well = dict.fromkeys(list(Metrics.__dataclass_fields__)[1:], 0)
    return Metrics(ssrc, **{**all_well, "gmin": 16, "r": 127, "listening": 127, "conversation": 127, **said})


@dataclass
class Report:
    """What a compound says; `extended` are XR blocks by type, without their headers."""

    ssrc: int
    kinds: list[int]
    sent: tuple[int, ...] | None = None
    """Of a sender report: NTP seconds, their fraction, RTP time, packets, octets."""
    blocks: list[Block] = field(default_factory=list)
    extended: dict[int, bytes] = field(default_factory=dict)

    @property
    def metrics(self) -> Metrics:
        return Metrics(*struct.unpack("!I4B4H8BBxHHH", self.extended[METRICS]))

    @classmethod
    def parse(cls, compound: bytes) -> Self:
        inside = packets(compound)
        kind, count, body = inside[0]
        report = cls(struct.unpack_from("!I", body)[0], [each[0] for each in inside])
        at = 4
        if kind == SENDER:
            report.sent = struct.unpack_from("!5I", body, 4)
            at = 24
        assert len(body) == at + 24 * count
        report.blocks = [Block.parse(body[i : i + 24]) for i in range(at, len(body), 24)]
        for kind, _, body in inside:
            if kind == EXTENDED:
                report._read_extended(body)
        return report

    def _read_extended(self, body: bytes) -> None:
        assert struct.unpack_from("!I", body)[0] == self.ssrc
        at = 4
        while at < len(body):
            kind, _, words = struct.unpack_from("!BBH", body, at)
            end = at + 4 * (words + 1)
            self.extended[kind] = body[at + 4 : end]
            at = end
        assert at == len(body)


def receiver_report(ssrc: int, blocks: bytes = b"") -> bytes:
    return struct.pack("!BBHI", 0x80 | len(blocks) // 24, RECEIVER, 1 + len(blocks) // 4, ssrc) + blocks


def sender_report(ssrc: int, ntp_middle: int, blocks: bytes = b"") -> bytes:
    head = struct.pack("!BBH", 0x80 | len(blocks) // 24, SENDER, 6 + len(blocks) // 4)
    return (
        head + struct.pack("!IIIIII", ssrc, ntp_middle >> 16, (ntp_middle & 0xFFFF) << 16, 0, 0, 0) + blocks
    )


def extended_report(ssrc: int, *blocks: bytes) -> bytes:
    body = b"".join(blocks)
    return struct.pack("!BBHI", 0x80, EXTENDED, 1 + len(body) // 4, ssrc) + body


def goodbye(ssrc: int) -> bytes:
    return struct.pack("!BBHI", 0x81, GOODBYE, 1, ssrc)
