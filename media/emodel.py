"""The E-model (ITU-T G.107) in plain Python: how a call sounds, from its codec, delay and loss.

R = Ro - Is - Id - Ie,eff (G.107 section 7.1). Everything that a packet network does not change is at its
default (table 2), so Ro - Is is a constant; the listeners' echo loudness ratings too, TELR 65 dB and WEPL
110 dB. One way is as long as the other: T = Ta, Tr = 2 Ta. Delay sensitivity is that of ordinary users
(table 1: sT 1, mT 100 ms).

Wideband codecs are rated on the same scale, which G.107.1 extends to 129; narrow-band telephony ends at 93.2
on it. Their score is the narrow-band one too (annex B), so that one call can be compared with another; 4.5 is
the best there is.

The arithmetic is that of the kernels, operation by operation, so both builds give the same doubles.
"""

from dataclasses import dataclass
from math import exp, log10, pow, sqrt
from typing import Final

NARROW_BEST: Final = 93.35525344821313
"""Ro - Is with all defaults: R is 93.2 at no delay, where 0.15 of listener echo are left (G.107 7.7)."""
WIDE_BEST: Final = 129.0 + NARROW_BEST - 93.20620772327571
"""The same for 50 to 7000 Hz: R is 129 at no delay (G.107.1 section 6.2)."""

_ROE: Final = 94.76882157936254
"""Roe of G.107 (7-20), equal to Ro: noise and loudness ratings are at their defaults."""
_TELR: Final = 65.0
_WEPL: Final = 110.0
_MT_MS: Final = 100.0


@dataclass(frozen=True, slots=True)
class Impairment:
    """What a codec does to speech: R at its best, `ie` taken off it, `bpl` its robustness against loss."""

    best: float
    ie: float
    bpl: float


_G711: Final = Impairment(NARROW_BEST, 0.0, 25.1)

IMPAIRMENTS: Final = {
    "PCMA": _G711,
    "PCMU": _G711,
    "G729": Impairment(NARROW_BEST, 11.0, 19.0),
    "G722": Impairment(WIDE_BEST, 13.0, 4.3),
    "OPUS": Impairment(WIDE_BEST, 18.0, 18.7),
}
"""By the codec's name in SDP.

G.711 with concealment and G.729A with silence suppression: G.113 appendix I, table I.3 (without concealment
G.711 has Bpl 4.3). G.722 at 64 kbit/s: G.113 appendix IV, Ie,wb 13; its Bpl is set as careful as that of
G.711 without concealment, for G.722 itself conceals nothing. Opus has no value of the ITU's: these are the
measured ones (Al-Ahmadi, Pocta, Melvin) of wideband at a constant 15 kbit/s, the highest in their study.
"""


def impairment(codec: str | None) -> Impairment:
    """Of the codec with this name in SDP; one that we do not know, or none yet, is taken for G.711."""
    return IMPAIRMENTS.get(codec or "", _G711)


def emodel_rating(
    best: float, ie: float, bpl: float, delay_ms: float, loss: float, burst_ratio: float
) -> float:
    """R, on the scale where clean G.711 is 93.2; negative where nothing can be understood.

    `best`, `ie` and `bpl` are of an `Impairment`. `delay_ms` is one way, mouth to ear; `loss` the fraction of
    packets that were not heard, 0 to 1; `burst_ratio` the mean length of a run of lost packets divided by
    what it would be if each were lost by chance (G.107 section 7.5), which below 1 counts as 1.
    """
    percent = 100.0 * min(max(loss, 0.0), 1.0)
    effective = ie + (95.0 - ie) * percent / (percent / max(burst_ratio, 1.0) + bpl)
    return best - _delay_impairment(max(delay_ms, 0.0)) - effective


def _delay_impairment(ms: float) -> float:
    """Id of G.107 section 7.4: talker echo, listener echo, and delay itself from 100 ms on."""
    echo = _TELR - 40.0 * log10((1.0 + ms / 10.0) / (1.0 + ms / 150.0)) + 6.0 * exp(-0.3 * ms * ms)
    half = (_ROE - (80.0 + 2.5 * (echo - 14.0))) / 2.0
    talker = (half + sqrt(half * half + 100.0) - 1.0) * (1.0 - exp(-ms))
    half = (_ROE - 10.5 * (_WEPL + 7.0) * pow(2.0 * ms + 1.0, -0.25)) / 2.0
    listener = half + sqrt(half * half + 169.0)
    waiting = 0.0
    if ms > _MT_MS:
        x = log10(ms / _MT_MS) / log10(2.0)
        sixth = 1.0 / 6.0
        waiting = 25.0 * (pow(1.0 + pow(x, 6.0), sixth) - 3.0 * pow(1.0 + pow(x / 3.0, 6.0), sixth) + 2.0)
    return max(talker, 0.0) + listener + waiting


def emodel_mos(rating: float) -> float:
    """The mean opinion score of an R (G.107 annex B): 1.0 (bad) to 4.5."""
    if rating <= 0.0:
        return 1.0
    if rating >= 100.0:
        return 4.5
    return max(1.0, 1.0 + 0.035 * rating + 7e-6 * rating * (rating - 60.0) * (100.0 - rating))
