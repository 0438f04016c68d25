"""The ear of the end-to-end tests, tried on sounds that we know."""

import numpy as np
import pytest

from media.rtp import rtp_header
from tests.media.hearing import heard_anywhere, listen, pcm_of_rtp, share, story
from tests.peers.audio import Pcm, decode_alaw, encode_alaw, encode_ulaw, tone

CALLER, AGENT = 440.0, 1000.0


def silence(seconds: float) -> Pcm:
    return np.zeros(round(8000 * seconds), np.int16)


def packets(samples: Pcm, payload_type: int = 8, first: int = 0) -> list[bytes]:
    octets = encode_alaw(samples) if payload_type == 8 else encode_ulaw(samples)
    return [
        rtp_header(payload_type, n == 0, n // 160, first + n, 7) + octets[n : n + 160]
        for n in range(0, len(octets), 160)
    ]


def test_each_window_tells_its_tone_and_level() -> None:
    windows = listen(np.concatenate([tone(CALLER, 1.0, -10), silence(0.5), tone(AGENT, 1.0, -20)]))
    assert [window.words for window in windows] == ["440 Hz"] * 10 + ["silence"] * 5 + ["1000 Hz"] * 10
    assert windows[3].tones[CALLER] == pytest.approx(-10.0, abs=0.2)
    assert windows[20].tones[AGENT] == pytest.approx(-20.0, abs=0.2)
    assert heard_anywhere(windows) == {CALLER, AGENT}
    assert share(windows, CALLER) == 0.4


def test_two_at_once_are_both_heard() -> None:
    both = tone(CALLER, 0.5, -16) + tone(AGENT, 0.5, -16)
    assert {window.words for window in listen(both)} == {"440 Hz + 1000 Hz"}


def test_other_sounds_are_no_tone_and_no_silence() -> None:
    noise = np.random.default_rng(1).normal(0, 1500, 8000).astype(np.int16)
    assert {window.words for window in listen(noise)} == {"something else"}
    assert {window.words for window in listen(tone(700.0))} == {"something else"}


def test_g711_adds_nothing_that_is_heard() -> None:
    windows = listen(decode_alaw(encode_alaw(tone(CALLER, 1.0, -10))))
    assert share(windows, CALLER) == 1.0
    assert max(window.rest_db for window in windows) < -40.0


def test_rtp_is_laid_where_its_timestamps_say() -> None:
    sent = packets(tone(CALLER, 1.0), first=2**32 - 800)
    windows = listen(pcm_of_rtp(sent[:25] + sent[35:]))  # 0.2 s are lost, across the wrap of the timestamp
    assert [window.words for window in windows] == ["440 Hz"] * 5 + ["silence"] * 2 + ["440 Hz"] * 3


def test_both_laws_are_heard_and_all_else_is_left_out() -> None:
    event = rtp_header(101, True, 99, 0, 7) + bytes(4)
    assert share(listen(pcm_of_rtp([event, b"junk", *packets(tone(AGENT), 0)])), AGENT) == 1.0
    assert len(pcm_of_rtp([event])) == 0


def test_the_story_has_a_line_for_each_stretch() -> None:
    windows = listen(np.concatenate([tone(CALLER, 0.3, -10), silence(0.2)]))
    assert story(windows).splitlines() == [
        "   0.0 to    0.3 s  440 Hz at -10 to -10 dB",
        "   0.3 to    0.5 s  silence",
    ]
