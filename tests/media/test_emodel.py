"""The E-model against what the ITU printed, and that nothing bad ever makes a call sound better."""

from math import exp, log10
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.emodel import IMPAIRMENTS, NARROW_BEST, WIDE_BEST, Impairment, impairment
from tests.media.builds import COMPILED, PURE

G711_BARE = Impairment(NARROW_BEST, 0.0, 4.3)
G723 = Impairment(NARROW_BEST, 15.0, 16.1)
GSM_EFR = Impairment(NARROW_BEST, 5.0, 10.0)


def rating(
    build: Any, of: Impairment, delay_ms: float = 0.0, loss: float = 0.0, burst_ratio: float = 1.0
) -> float:
    value: float = build.emodel_rating(of.best, of.ie, of.bpl, delay_ms, loss, burst_ratio)
    return value


def best_by_the_defaults() -> tuple[float, float, float]:
    """No, Ro and Ro - Is of G.107 sections 7.2 and 7.3 with every parameter of table 2 at its default."""
    send, receive, sidetone, listener_sidetone, d, room, circuit, floor = 8, 2, 15, 18, 3, 35, -70, -64
    room_sent = room - send - d - 100 + 0.004 * (room - send - receive - d - 14) ** 2
    effective_room = room + 10 * log10(1 + 10 ** ((10 - listener_sidetone) / 10))
    room_heard = receive - 121 + effective_room + 0.008 * (effective_room - 35) ** 2
    noise = 10 * log10(sum(10 ** (n / 10) for n in (circuit, room_sent, room_heard, floor + receive)))
    signal = 15 - 1.5 * (send + noise)
    loud = (send + receive + 0.2 * (64 + noise - receive)) / 8
    too_loud = 20 * ((1 + loud**8) ** (1 / 8) - loud)
    heard_self = -10 * log10(10 ** (-sidetone / 10) + exp(0) * 10 ** (-65 / 10))

    def term(a: float, b: float, c: float) -> float:
        return float((1 + ((heard_self + a) / b) ** c) ** (1 / c))

    self_impairment = 12 * term(-13, 6, 8) - 28 * term(1, 19.4, 35) - 13 * term(-3, 33, 13) + 29
    q = 37.0
    g = 1.07 + 0.258 * q + 0.0602 * q * q
    quantising = 15 * log10(1 + 10 ** ((signal - 100) / 15 + 46 / 8.4 - g / 9) + 10 ** (46 / 30 - g / 40))
    return noise, signal, signal - (too_loud + self_impairment + quantising)


def test_the_constants_are_those_of_the_defaults() -> None:
    noise, signal, best = best_by_the_defaults()
    assert noise == pytest.approx(-61.18, abs=0.005)
    assert signal == pytest.approx(94.77, abs=0.005)
    assert signal == pytest.approx(-1.5 * (noise - 2), rel=1e-12)  # Roe, (7-20)
    assert best == pytest.approx(NARROW_BEST, rel=1e-12)


def test_all_defaults_give_93_2(build: Any) -> None:
    """G.107 section 7.7."""
    assert rating(build, IMPAIRMENTS["PCMA"]) == pytest.approx(93.2, abs=0.05)
    assert rating(build, Impairment(WIDE_BEST, 0.0, 1.0)) == pytest.approx(129.0)


@pytest.mark.parametrize(
    ("r", "score"),
    [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (93.2, 4.41), (0, 1), (-20, 1), (100, 4.5)],
)
def test_the_score_of_a_rating(build: Any, r: float, score: float) -> None:
    """G.107 table B.1."""
    assert build.emodel_mos(r) == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize(
    ("of", "loss", "printed"),
    [
        (IMPAIRMENTS["G729"], 0.0, 11),
        (IMPAIRMENTS["G729"], 0.01, 15),
        (IMPAIRMENTS["G729"], 0.02, 19),
        (IMPAIRMENTS["G729"], 0.03, 23),
        (IMPAIRMENTS["G729"], 0.04, 26),
        (IMPAIRMENTS["G729"], 0.08, 36),
        (IMPAIRMENTS["PCMA"], 0.02, 7),
        (IMPAIRMENTS["PCMA"], 0.03, 10),
        (IMPAIRMENTS["PCMU"], 0.05, 15),
        (IMPAIRMENTS["PCMU"], 0.07, 20),
        (IMPAIRMENTS["PCMU"], 0.15, 35),
        (G723, 0.01, 19),
        (G723, 0.04, 32),
        (GSM_EFR, 0.0, 5),
    ],
)
def test_loss_impairs_as_printed(build: Any, of: Impairment, loss: float, printed: float) -> None:
    """G.113 (02/2001) appendix I, table I.2: Ie under random packet loss, to which Bpl was fitted."""
    assert NARROW_BEST - 0.149 - rating(build, of, loss=loss) == pytest.approx(printed, abs=1.5)


@pytest.mark.parametrize(
    ("delay_ms", "r"), [(0, 93.2), (50, 92), (100, 91), (150, 90), (200, 86), (250, 80), (300, 73), (400, 62)]
)
def test_delay_impairs_as_in_the_planning_curve(build: Any, delay_ms: float, r: float) -> None:
    """G.108 and G.131: G.711 with an echo loudness rating of 65 dB, to a point."""
    assert rating(build, IMPAIRMENTS["PCMA"], delay_ms) == pytest.approx(r, abs=1.0)


def test_bursts_are_worse_than_chance(build: Any) -> None:
    """G.107 (7-29) by hand: 95 * 2 / (2 / 2 + 25.1) = 7.28 beside 95 * 2 / 27.1 = 7.01."""
    of = IMPAIRMENTS["PCMA"]
    assert rating(build, of) - rating(build, of, loss=0.02, burst_ratio=2.0) == pytest.approx(7.28, abs=0.005)
    assert rating(build, of) - rating(build, of, loss=0.02) == pytest.approx(7.01, abs=0.005)
    assert rating(build, of, loss=0.02, burst_ratio=0.1) == rating(build, of, loss=0.02)


def test_a_wider_band_is_better_and_a_narrower_codec_worse(build: Any) -> None:
    clean = {name: rating(build, each, 40.0) for name, each in IMPAIRMENTS.items()}
    assert clean["G722"] > clean["OPUS"] > clean["PCMA"] == clean["PCMU"] > clean["G729"]
    assert impairment("SPEEX") == impairment(None) == IMPAIRMENTS["PCMA"]


of_any = st.sampled_from([*IMPAIRMENTS.values(), G711_BARE])
delays = st.floats(0.0, 2000.0)
fractions = st.floats(0.0, 1.0)
ratios = st.floats(1.0, 20.0)


@given(of_any, delays, fractions, ratios, delays, fractions, ratios)
def test_worse_never_sounds_better(
    of: Impairment,
    delay: float,
    loss: float,
    ratio: float,
    more_delay: float,
    more_loss: float,
    more_ratio: float,
) -> None:
    here = rating(PURE, of, delay, loss, ratio)
    for worse in (
        rating(PURE, of, delay + more_delay, loss, ratio),
        rating(PURE, of, delay, min(loss + more_loss, 1.0), ratio),
        rating(PURE, of, delay, loss, ratio + more_ratio),
    ):
        assert worse <= here + 1e-9
        assert 1.0 <= PURE.emodel_mos(worse) <= PURE.emodel_mos(here) + 1e-9 <= 4.5 + 1e-9


@given(of_any, st.floats(-10.0, 5000.0), st.floats(-0.5, 1.5), st.floats(0.0, 50.0))
def test_twins_rate_the_same(of: Impairment, delay_ms: float, loss: float, ratio: float) -> None:
    pure, compiled = (rating(build, of, delay_ms, loss, ratio) for build in (PURE, COMPILED))
    assert pure == compiled
    assert PURE.emodel_mos(pure) == COMPILED.emodel_mos(compiled)
