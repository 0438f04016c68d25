"""Call-progress tones by country: what a network says without words (ITU-T E.180).

Frequencies and cadences are those of E.180's Supplement 2, "Various tones used in national networks".
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import cycle
from typing import Final, TypeAlias

from media.kernels import mix, tone
from media.pcm import FRAME_SAMPLES, RATE
from media.sound import Sound

LEVEL_DBM0: Final = -10.0
"""Of a tone (E.180); where two frequencies make one, each has 3 dB less."""

Hz: TypeAlias = tuple[float, ...]
Seconds: TypeAlias = tuple[float, ...]


class Signal(StrEnum):
    """What a tone means."""

    DIAL = "dial"
    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    INFORMATION = "information"
    """The call cannot be reached in another way; words may follow."""


class Country(StrEnum):
    """By ISO 3166."""

    AR = "ar"
    BR = "br"
    CL = "cl"
    CO = "co"
    DE = "de"
    ES = "es"
    FR = "fr"
    GB = "gb"
    IT = "it"
    MX = "mx"
    PE = "pe"
    PT = "pt"
    US = "us"


@dataclass(frozen=True, slots=True)
class Burst:
    """Frequencies that sound together for so long; none of them is a pause."""

    hz: Hz
    seconds: float
    level_dbm0: float = LEVEL_DBM0
    """Of each frequency."""


Cadence: TypeAlias = tuple[Burst, ...]
"""One round of what is repeated for as long as the tone lasts."""


def _beat(hz: Hz, seconds: Seconds, level_dbm0: float | None = None) -> Cadence:
    """On, off, on, off ..."""
    level = LEVEL_DBM0 - 3.0 * (len(hz) - 1) if level_dbm0 is None else level_dbm0
    return tuple(Burst(each, s, level) for each, s in zip(cycle((hz, ())), seconds, strict=False))


def _information(gap_s: float = 0.0) -> Cadence:
    """Three rising tones of 330 ms, and a second's pause."""
    gap = (Burst((), gap_s),) if gap_s else ()
    first, second, third = (Burst((hz,), 0.33) for hz in (950.0, 1400.0, 1800.0))
    return (first, *gap, second, *gap, third, Burst((), 1.0))


_STEADY_S: Final = 1.0
"""How much of a tone without pauses is one round: whole periods of every frequency in whole hertz."""


def _one(
    hz: float,
    ringback: Seconds,
    busy: Seconds,
    congestion: Seconds,
    dial: Seconds = (_STEADY_S,),
    information: Cadence | None = None,
) -> dict[Signal, Cadence]:
    """Where all tones but one are of one frequency."""
    return {
        Signal.DIAL: _beat((hz,), dial),
        Signal.RINGBACK: _beat((hz,), ringback),
        Signal.BUSY: _beat((hz,), busy),
        Signal.CONGESTION: _beat((hz,), congestion),
        Signal.INFORMATION: information or _information(),
    }


TONES: Final[dict[Country, dict[Signal, Cadence]]] = {
    Country.AR: _one(425, (1, 4), (0.3, 0.2), (0.3, 0.4)),
    Country.BR: _one(425, (1, 4), (0.25, 0.25), (0.25, 0.25, 0.75, 0.25)),
    Country.CL: _one(400, (1, 3), (0.5, 0.5), (0.2, 0.2)),
    Country.CO: _one(425, (1, 4), (0.25, 0.25), (0.25, 0.25)),
    Country.DE: _one(425, (1, 4), (0.48, 0.48), (0.24, 0.24)),
    Country.ES: _one(425, (1.5, 3), (0.2, 0.2), (0.2, 0.2, 0.2, 0.2, 0.2, 0.6)),
    Country.FR: _one(440, (1.5, 3.5), (0.5, 0.5), (0.25, 0.25)),
    Country.GB: {
        Signal.DIAL: _beat((350, 440), (_STEADY_S,)),
        Signal.RINGBACK: _beat((400, 450), (0.4, 0.2, 0.4, 2)),
        Signal.BUSY: _beat((400,), (0.375, 0.375)),
        Signal.CONGESTION: _beat((400,), (0.4, 0.35, 0.225, 0.525)),
        Signal.INFORMATION: _information(0.015),
    },
    Country.IT: _one(425, (1, 4), (0.5, 0.5), (0.2, 0.2), dial=(0.2, 0.2, 0.6, 1)),
    Country.MX: _one(425, (1, 4), (0.25, 0.25), (0.25, 0.25), information=_information(0.03)),
    Country.PE: _one(425, (1, 4), (0.5, 0.5), (0.25, 0.25)),
    Country.PT: _one(425, (1, 5), (0.5, 0.5), (0.2, 0.2)),
    Country.US: {  # its precise tone plan has levels of its own (Telcordia GR-506)
        Signal.DIAL: _beat((350, 440), (_STEADY_S,), level_dbm0=-13),
        Signal.RINGBACK: _beat((440, 480), (2, 4), level_dbm0=-19),
        Signal.BUSY: _beat((480, 620), (0.5, 0.5), level_dbm0=-24),
        Signal.CONGESTION: _beat((480, 620), (0.25, 0.25), level_dbm0=-24),
        Signal.INFORMATION: _information(),
    },
}


@cache
def progress_tone(country: Country, signal: Signal) -> Sound:
    """A tone to be looped: the same sound each time, for it never changes. It begins with its first burst."""
    one = b"".join(_burst(each) for each in TONES[country][signal])
    rounds = 1
    while rounds * len(one) % (2 * FRAME_SAMPLES):  # a sound has whole frames: the cadence stays exact
        rounds += 1
    return Sound.from_pcm(signal.value, rounds * one)


def _burst(burst: Burst) -> bytes:
    """The sum of its sines: what a listener hears who says nothing himself."""
    count = round(burst.seconds * RATE)
    return mix([bytes(2 * count), *(tone(hz, burst.level_dbm0, count) for hz in burst.hz)])[0]
