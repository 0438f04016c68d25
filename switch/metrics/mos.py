"""Mean opinion score of a narrow-band leg from its loss and jitter: the E-model of ITU-T G.107.

R = 93.2 - I_d - I_e,eff, with the delay impairment in its common linear form and, for random loss (BurstR 1),
I_e,eff = I_e + (95 - I_e) * Ppl / (Ppl + Bpl). G.711 has I_e 0 and, without concealment, Bpl 4.3 (G.113
appendix I). The one-way delay of the network is not known to one end; what is known, packetisation and a
receiver's buffer of twice the jitter, is what the score takes.
"""

_BEST_R = 93.2
_G711_BPL = 4.3
_PTIME_MS = 20.0
_KNEE_MS = 177.3


def mos(packets_received: int, packets_lost: int, jitter_s: float) -> float | None:
    """The score of a G.711 leg at 20 ms, 1.0 to 4.41, in hundredths; None when nothing was to be heard."""
    expected = packets_received + max(packets_lost, 0)
    if expected <= 0:
        return None
    loss_percent = 100.0 * max(packets_lost, 0) / expected
    rating = _BEST_R - _delay_impairment(_PTIME_MS + 2000.0 * jitter_s) - _loss_impairment(loss_percent)
    return round(_score(rating), 2)


def _delay_impairment(delay_ms: float) -> float:
    return 0.024 * delay_ms + 0.11 * max(delay_ms - _KNEE_MS, 0.0)


def _loss_impairment(loss_percent: float) -> float:
    return 95.0 * loss_percent / (loss_percent + _G711_BPL)


def _score(rating: float) -> float:
    """R to MOS (G.107 annex B)."""
    if rating <= 0.0:
        return 1.0
    if rating >= 100.0:
        return 4.5
    return max(1.0, 1.0 + 0.035 * rating + 7e-6 * rating * (rating - 60.0) * (100.0 - rating))
