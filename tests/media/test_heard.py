"""The decoded chain, with the test as its network and its clock: jitter buffer, concealment, resampling.

ext/engine_jitter.pxd, ext/engine_heard.pxd, ext/engine_conceal.pxd, ext/engine_resample.pxd.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from media.codecs import CODECS
from tests.compiling import ensure_compiled
from tests.peers.audio import RATE, Pcm, decode_alaw, encode_alaw, level_dbfs, pcm, tone

ensure_compiled("tests.media")

from tests.media.listening import Listener, to_narrow, to_wide  # noqa: E402  compiled above

HZ = 440.0
TICK_MS = 20
EPOCH_NS = 10**12
LONGEST_OPUS = pytest.param(
    "OPUS",
    bytes([0x9B, 6, *range(240)]),
    120,
    48,
    marks=pytest.mark.skipif(CODECS["OPUS"].capsule is None, reason="needs libopus-dev"),
)
"""Six frames of 20 ms (RFC 6716 section 3.2.5), whatever they say."""


@dataclass
class Heard:
    """What came out of one run."""

    sound: Pcm
    delays_ms: list[float]
    listener: Listener


def play(
    seconds: float,
    delay_ms: Callable[[int], float | None],
    *,
    ptime_ms: int = 20,
    drift: float = 0.0,
    copies: int = 1,
) -> Heard:
    """A tone in packets, each of which takes `delay_ms` or is lost (None)."""
    size, count = RATE * ptime_ms // 1000, round(seconds * 1000 / ptime_ms)
    said = encode_alaw(tone(HZ, seconds))
    arrivals = []
    for number in range(count):
        delay = delay_ms(number)
        if delay is not None:
            arrivals += [(number * ptime_ms * (1 + drift) + delay, number)] * copies
    arrivals.sort()
    listener, sound, delays = Listener(), [], []
    for tick in range(round(seconds * 1000 / TICK_MS) + 20):
        now_ms = tick * TICK_MS + 3.3
        while arrivals and arrivals[0][0] <= now_ms:
            at_ms, number = arrivals.pop(0)
            payload = said[number * size : (number + 1) * size]
            listener.put(
                7, (number + 65500) & 0xFFFF, (number * size + 0xFFFF0000) & 0xFFFFFFFF, payload, ns(at_ms)
            )
        frame = listener.tick(ns(now_ms))
        if frame is not None:
            sound.append(pcm(frame))
            delays.append(listener.delay_ms)
    return Heard(np.concatenate(sound), delays, listener)


def ns(ms: float) -> int:
    return EPOCH_NS + int(ms * 1e6)


def uniform(seed: int, most_ms: float, loss: float = 0.0) -> Callable[[int], float | None]:
    """Delays of up to `most_ms`, the same for the same number, and that share of packets lost."""

    def delay(number: int) -> float | None:
        random = Random(seed * 1_000_003 + number)
        return None if random.random() < loss else random.uniform(0, most_ms)

    return delay


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 100, 200])
def test_a_calm_network_is_heard_bit_by_bit_and_soon(ptime_ms: int) -> None:
    heard = play(3.0, lambda _: 5.0, ptime_ms=ptime_ms)
    said = decode_alaw(encode_alaw(tone(HZ, 3.0)))
    whole = len(said) - len(said) % 160
    assert np.array_equal(heard.sound[:whole], said[:whole])
    assert max(heard.delays_ms) < 40


def test_a_packet_that_is_too_long_counts_as_one_too_late() -> None:
    listener = Listener()
    listener.put(7, 1, 0, bytes(1601), ns(0))
    assert listener.late == 1


@pytest.mark.parametrize("most_ms", [5, 20, 60, 100])
def test_jitter_loses_nothing_once_it_is_known(most_ms: int) -> None:
    heard = play(30.0, uniform(1, most_ms))
    settled = heard.delays_ms[100:]
    assert heard.listener.late <= 1
    assert heard.listener.cut_ms == 0
    assert max(settled) < most_ms + 40
    assert all(delay < 200 for delay in heard.delays_ms)
    assert level_dbfs(heard.sound[RATE * 5 :], HZ) == pytest.approx(-13, abs=0.5)


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40])
@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1])
def test_what_is_made_up_is_what_was_lost(loss: float, ptime_ms: int) -> None:
    delay = uniform(2, 20, loss)
    heard = play(30.0, delay, ptime_ms=ptime_ms)
    lost_ms = ptime_ms * sum(delay(number) is None for number in range(30_000 // ptime_ms))
    after_the_end_ms = heard.listener.made_up_ms - lost_ms
    assert -ptime_ms <= after_the_end_ms <= 220
    assert all(delay < 200 for delay in heard.delays_ms)


def test_a_lost_packet_of_a_tone_is_hardly_heard() -> None:
    heard = play(2.0, lambda number: None if number % 10 == 5 else 5.0)
    steady = heard.sound[RATE // 2 : RATE]
    assert level_dbfs(steady, HZ) == pytest.approx(-13, abs=1.5)
    quiet = [np.abs(steady[i : i + 40].astype(int)).max() for i in range(0, len(steady) - 40, 40)]
    assert min(quiet) > 1000, "there is no hole"


def test_a_long_gap_fades_away_and_the_stream_begins_again_after_it() -> None:
    heard = play(3.0, lambda number: None if 50 <= number < 100 else 5.0)
    loud = [
        np.abs(frame.astype(int)).max() > 1000 for frame in np.split(heard.sound, len(heard.sound) // 160)
    ]
    assert sum(loud) == pytest.approx(100 + 3 + 3, abs=1)
    assert heard.listener.made_up_ms <= 220


def test_copies_are_played_once_and_count_as_nothing() -> None:
    once, twice = play(3.0, lambda _: 5.0), play(3.0, lambda _: 5.0, copies=2)
    assert np.array_equal(once.sound, twice.sound)
    assert twice.listener.late == 0


@pytest.mark.parametrize("drift", [200e-6, -200e-6])
def test_a_clock_that_runs_off_is_followed(drift: float) -> None:
    heard = play(120.0, uniform(3, 5), drift=drift)
    assert all(delay < 60 for delay in heard.delays_ms)
    assert heard.listener.late == 0
    assert heard.listener.made_up_ms <= 220
    assert heard.listener.cut_ms <= 40


def test_a_spike_grows_the_delay_and_is_cut_back() -> None:
    heard = play(30.0, lambda number: 100.0 if 200 <= number < 210 else 5.0)
    assert 90 <= max(heard.delays_ms) < 150
    assert heard.delays_ms[-20] < 45
    assert 60 <= heard.listener.cut_ms <= 100


def test_comfort_noise_until_the_next_word() -> None:
    listener, ticks = Listener(), []
    payload = encode_alaw(tone(450, 0.02))
    for number in range(100):
        stamp = number * 160
        if number < 20 or number >= 80:
            listener.put(7, number if number < 20 else number - 59, stamp, payload, ns(number * 20))
        elif number == 20:
            listener.put(7, 20, stamp, bytes([40]), ns(number * 20), noise=True)
        ticks.append(listener.tick(ns(number * 20 + 15)))
    rest = np.concatenate([pcm(frame) for frame in ticks[30:75] if frame is not None])
    assert len(rest) == 45 * 160
    power_db = 10 * np.log10(np.mean(rest.astype(float) ** 2) / 32768**2)
    assert power_db == pytest.approx(-40, abs=2)
    assert listener.made_up_ms == 0
    last = np.concatenate([pcm(frame) for frame in ticks[-10:] if frame is not None])
    assert level_dbfs(last, 450) > -16


def test_a_digit_is_silence_and_costs_no_time() -> None:
    listener, ticks = Listener(), []
    payload = encode_alaw(tone(HZ, 0.02))
    for number in range(60):
        if 20 <= number < 28:
            listener.note(7, number, 20 * 160)
        else:
            listener.put(7, number, number * 160, payload, ns(number * 20))
        ticks.append(listener.tick(ns(number * 20 + 15)))
    silent = [frame is not None and not np.any(pcm(frame)) for frame in ticks]
    assert sum(silent) == 8
    assert listener.made_up_ms == 0
    assert listener.delay_ms < 40


def test_another_stream_begins_with_nothing_known() -> None:
    listener = Listener()
    payload = encode_alaw(tone(HZ, 0.02))
    for number in range(20):
        listener.put(7, number, number * 160, payload, ns(number * 20))
        listener.tick(ns(number * 20 + 15))
    for number in range(20, 40):
        listener.put(8, number + 9000, number * 160 + 123456, payload, ns(number * 20))
        frame = listener.tick(ns(number * 20 + 15))
    assert frame is not None
    assert listener.delay_ms < 40


def test_to_16_khz_and_back_is_the_same_24_samples_later() -> None:
    said = np.concatenate([tone(hz, 0.4, -20) for hz in (200, 1000, 2000, 3000, 3400)])
    wide = pcm(to_wide(said.tobytes()))
    back = pcm(to_narrow(wide.tobytes()))
    error = back[24:].astype(int) - said[:-24]
    assert np.sqrt(np.mean(error**2.0)) < 8
    assert level_at(wide, 5000) < -70
    assert len(wide) == 2 * len(said)


@pytest.mark.parametrize("hz", [4600, 5000, 6000, 7500])
def test_what_8_khz_cannot_hold_is_taken_out(hz: int) -> None:
    t = np.arange(16000) / 16000
    wide = (16384 * np.sin(2 * np.pi * hz * t)).astype(np.int16)
    narrow = pcm(to_narrow(wide.tobytes())).astype(float)
    assert 20 * np.log10(np.sqrt(np.mean(narrow[100:] ** 2)) / 11585) < -50


def level_at(wide: Pcm, hz: float) -> float:
    """The level at 16 kHz."""
    return level_dbfs(wide, hz / 2)


def test_frames_follow_each_other_without_a_hole_in_time() -> None:
    listener, stamps = Listener(), []
    payload = encode_alaw(tone(HZ, 0.02))
    for number in range(50):
        listener.put(7, number, number * 160, payload, ns(number * 20))
        if listener.tick(ns(number * 20 + 15)) is not None:
            stamps.append(listener.timestamp)
    assert {after - before for before, after in pairwise(stamps)} == {160}


def test_one_packet_that_went_astray_changes_nothing() -> None:
    """Or a copy: older than all that is kept."""
    for delay_ms in (700.0, 1300.0):
        heard = play(6.0, lambda number, delay_ms=delay_ms: delay_ms if number == 100 else 5.0)  # type: ignore[misc]
        assert max(heard.delays_ms) < 40
        assert heard.listener.late == 1
        assert heard.listener.made_up_ms <= 220


@pytest.mark.parametrize("stall_ms", [150, 300, 400, 550, 900, 1500])
def test_after_a_stall_nobody_is_heard_later_than_200_ms(stall_ms: int) -> None:
    begun_ms = 2000.0
    heard = play(8.0, lambda number: max(5.0, begun_ms + stall_ms - number * 20 if number >= 100 else 0.0))
    assert max(heard.delays_ms) < 200
    assert len(heard.delays_ms) * TICK_MS >= 8000 - stall_ms


def test_what_comes_back_is_no_longer_made_up() -> None:
    listener = Listener()
    payload = encode_alaw(tone(HZ, 0.02))
    for number in range(10):
        listener.put(7, number, number * 160, payload, ns(number * 20))
        listener.tick(ns(number * 20 + 15))
    for number in range(10, 13):
        listener.tick(ns(number * 20 + 15))
    assert listener.made_up_ms == 60
    listener.put(7, 11, 11 * 160, payload, ns(260))
    assert listener.made_up_ms == 20, "10 is still to come"
    listener.put(7, 10, 10 * 160, payload, ns(261))
    assert listener.made_up_ms == 0
    frames = [pcm(listener.tick(ns(275 + 20 * tick)) or b"") for tick in range(2)]
    assert all(level_dbfs(frame, HZ) > -16 for frame in frames)


def test_a_gap_before_a_silence_is_not_heard_after_it() -> None:
    listener, ticks = Listener(), []
    said, silence = encode_alaw(tone(100, 0.4)), encode_alaw(np.zeros(160, np.int16))
    for number in range(60):
        if number < 20:
            payload = said[number * 160 : number * 160 + 160]
            listener.put(7, number, number * 160, payload, ns(number * 20))
        elif number == 21:
            listener.put(7, 21, number * 160, bytes([127]), ns(number * 20), noise=True)
        elif number >= 40:
            listener.put(7, number - 18, number * 160, silence, ns(number * 20))
        ticks.append(listener.tick(ns(number * 20 + 15)))
    rest = np.concatenate([pcm(frame) for frame in ticks[24:] if frame is not None])
    assert np.abs(rest.astype(int)).max() <= 8


def test_digits_of_another_stream_do_not_disturb() -> None:
    listener, ticks = Listener(), []
    payload = encode_alaw(tone(HZ, 0.02))
    for number in range(100):
        listener.put(7, number, number * 160, payload, ns(number * 20))
        if 50 <= number < 60:
            listener.note(8, number + 20000, number * 160)
        ticks.append(listener.tick(ns(number * 20 + 15)))
    assert all(frame is not None and level_dbfs(pcm(frame), HZ) > -16 for frame in ticks[2:])


def test_the_loudest_comfort_noise_does_not_wrap() -> None:
    listener = Listener()
    for number in range(10):
        listener.put(7, number, number * 160, bytes([0]), ns(number * 20), noise=True)
        frame = listener.tick(ns(number * 20 + 15))
    assert frame is not None
    assert np.abs(pcm(frame).astype(int)).mean() == pytest.approx(16384, rel=0.1)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_time_goes_on(seed: int) -> None:
    """Random lengths, leaps, streams, noise and digits, at any moment."""
    random, listener = Random(seed), Listener(("PCMA", "PCMU")[seed % 2])
    ssrc, sequence, timestamp, now_ms = 7, random.randrange(1 << 16), random.randrange(1 << 32), 0.0
    for _ in range(3000):
        now_ms += random.choice([0, 0, 1, 10, 20, 20, 20, 40])
        kind = random.random()
        if kind < 0.02:
            sequence, timestamp = random.randrange(1 << 16), random.randrange(1 << 32)
        elif kind < 0.03:
            ssrc = random.choice([0, 7, 8, 0xFFFFFFFF])
        elif kind < 0.2:
            sequence += random.randint(-40, 40)
            timestamp += random.choice([0, 1, 160, 1 << 31]) * random.randint(-40, 40)
        stamp = (ssrc, sequence & 0xFFFF, timestamp & 0xFFFFFFFF)
        size = random.choice([0, 1, 33, 80, 160, 160, 160, 320, 640, 1600, 1601])
        if kind > 0.9:
            listener.note(*stamp)
        else:
            listener.put(*stamp, random.randbytes(size), ns(now_ms), noise=kind > 0.85)
        sequence, timestamp = sequence + 1, timestamp + 160
        if random.random() < 0.7:
            frame = listener.tick(ns(now_ms), random.choice([8000, 8000, 16000]))
            assert frame is None or len(frame) in (320, 640)
    for number in range(150):
        listener.put(9, number, number * 160, encode_alaw(tone(HZ, 0.02)), ns(now_ms + number * 20))
        frame = listener.tick(ns(now_ms + number * 20 + 15))
    assert frame is not None
    assert listener.delay_ms < 60


@pytest.mark.parametrize(
    ("codec", "payload", "ptime_ms", "clock_khz"), [("G722", bytes(1600), 200, 8), LONGEST_OPUS]
)
@pytest.mark.parametrize("seed", range(40))
def test_the_longest_packets_never_fill_more_than_the_line(
    codec: str, payload: bytes, ptime_ms: int, clock_khz: int, seed: int
) -> None:
    """Stalls and losses make what waits and what is made up for meet."""
    random, listener, stall_ms = Random(seed), Listener(codec), 0.0
    arrivals = []
    for number in range(200):
        stall_ms = (
            random.choice([100, 200, 300, 400]) if random.random() < 0.05 else max(0.0, stall_ms - ptime_ms)
        )
        if random.random() > 0.3:
            arrivals.append((number * ptime_ms + stall_ms + random.uniform(0, 60), number))
    arrivals.sort()
    for now_ms in range(3, 200 * ptime_ms, TICK_MS):
        while arrivals and arrivals[0][0] <= now_ms:
            at_ms, number = arrivals.pop(0)
            listener.put(7, number, number * ptime_ms * clock_khz, payload, ns(at_ms))
        listener.tick(ns(now_ms))
        assert 0 <= listener.waiting <= 4096
        assert listener.delay_ms < 200 + ptime_ms
