"""How each direction of a port sounds: from what was heard here, and from what the peer's RTCP says."""

from dataclasses import dataclass
from struct import Struct
from typing import Final, Self

from media.emodel import Impairment
from media.kernels import emodel_mos, emodel_rating

_BLOCK: Final = Struct("!4B4H8BxxHHH")
_UNKNOWN: Final = 127
_PACKET_MS: Final = 20.0


@dataclass(frozen=True, slots=True)
class VoipMetrics:
    """A VoIP metrics report block (RFC 3611 section 4.7): what who sent it hears of us.

    Fractions are 0 to 1, in steps of 1/256; `r` and `mos` (of conversations, MOS-CQ) None where unknown.
    """

    loss: float
    discarded: float
    burst_loss: float
    gap_loss: float
    burst_s: float
    gap_s: float
    round_trip_s: float
    gmin: int
    r: float | None
    mos: float | None

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """From the 28 octets after the SSRC. struct.error: there are not as many."""
        fields = _BLOCK.unpack(octets)
        loss, discarded, in_bursts, in_gaps = (each / 256 for each in fields[:4])
        burst_ms, gap_ms, trip_ms, _end_system_ms = fields[4:8]
        _signal, _noise, _echo, gmin, r, _external, _listening, conversation = fields[8:16]
        return cls(
            loss,
            discarded,
            in_bursts,
            in_gaps,
            burst_ms / 1000,
            gap_ms / 1000,
            trip_ms / 1000,
            gmin,
            float(r) if r <= 100 else None,
            conversation / 10 if 10 <= conversation <= 50 else None,
        )


@dataclass(frozen=True, slots=True)
class Quality:
    """How one direction of a port sounds, from its first packet on; None is what nobody has told.

    `loss` is the fraction of packets that never came, `discarded` of those that came too late to be played.
    The next five say how both lie in the stream: bursts and gaps of RFC 3611 section 4.7.2 with Gmin 16, the
    fraction of packets not heard in either, their mean lengths. `jitter_s` is the mean of RFC 3550 A.8 over
    all packets, or the newest where a peer tells it. `r` and `mos` are of the E-model (see media.emodel).
    """

    loss: float
    discarded: float | None
    bursts: int | None
    burst_loss: float | None
    gap_loss: float | None
    burst_s: float | None
    gap_s: float | None
    jitter_s: float | None
    r: float
    mos: float


@dataclass(frozen=True, slots=True)
class Told:
    """What the peer's reports say of our stream: RFC 3550 section 6.4.1, and its metrics if it sends any.

    `expected` is how many packets it should have heard, by its own highest sequence number.
    """

    packets_lost: int
    expected: int
    jitter_s: float
    round_trip_s: float | None
    metrics: VoipMetrics | None


def sounds_there(told: Told, of: Impairment) -> Quality:
    """The peer's own ratings where it tells them; else from its loss, jitter and half the round trip.

    The jitter stands for its buffer, twice as long, and a packet is taken for 20 ms.
    """
    metrics = told.metrics
    loss = min(told.packets_lost / told.expected, 1.0) if told.expected > 0 else 0.0
    discarded = metrics.discarded if metrics else None
    r = metrics.r if metrics else None
    if r is None:
        delay_ms = 500.0 * (told.round_trip_s or 0.0) + _PACKET_MS + 2000.0 * told.jitter_s
        r = emodel_rating(of.best, of.ie, of.bpl, delay_ms, loss + (discarded or 0.0), 1.0)
    return Quality(
        loss=loss,
        discarded=discarded,
        bursts=None,
        burst_loss=metrics.burst_loss if metrics else None,
        gap_loss=metrics.gap_loss if metrics else None,
        burst_s=metrics.burst_s if metrics else None,
        gap_s=metrics.gap_s if metrics else None,
        jitter_s=told.jitter_s,
        r=r,
        mos=metrics.mos if metrics and metrics.mos is not None else emodel_mos(r),
    )
