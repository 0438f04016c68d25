import numpy as np
import pytest

from tests.peers import audio


@pytest.mark.parametrize("hz", [440, 1000, 1004])
def test_a_tone_is_heard_at_its_level_and_no_other_is(hz: float) -> None:
    heard = audio.tone(hz, level_dbfs=-13)
    assert audio.level_dbfs(heard, hz) == pytest.approx(-13, abs=0.2)
    assert audio.power_dbfs(heard) == pytest.approx(-13, abs=0.2)
    assert audio.hears_only(heard, hz, [440, 1000, 1004 + 300])


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (48000, 2)])
def test_other_rates_are_heard_at_ours(rate: int, channels: int) -> None:
    sound = audio.tone(440, 0.5, rate=rate).repeat(channels).tobytes()
    first, rest = audio.narrowed(sound[:10001], rate, channels)
    second, nothing = audio.narrowed(rest + sound[10001:], rate, channels)
    heard = audio.pcm(first + second)
    assert (len(heard), nothing) == (4000, b"")
    assert audio.level_dbfs(heard, 440) == pytest.approx(-13, abs=0.3)


def test_silence_and_nothing_are_told_from_a_tone() -> None:
    assert audio.is_silent(np.zeros(8000, dtype=np.int16))
    assert not audio.hears(np.zeros(0, dtype=np.int16), 440)
    mixed = (audio.tone(440, level_dbfs=-20) + audio.tone(1000, level_dbfs=-20)).astype(np.int16)
    assert not audio.hears_only(mixed, 440, [1000])


@pytest.mark.parametrize(
    ("decode", "code", "level"),
    [  # ITU-T G.711 tables 1a to 2b, scaled to 16 bits
        (audio.decode_alaw, 0xD5, 8),
        (audio.decode_alaw, 0x55, -8),
        (audio.decode_alaw, 0xAA, 32256),
        (audio.decode_alaw, 0x2A, -32256),
        (audio.decode_ulaw, 0xFF, 0),
        (audio.decode_ulaw, 0x80, 32124),
        (audio.decode_ulaw, 0x00, -32124),
    ],
)
def test_g711_levels(decode: audio.Decode, code: int, level: int) -> None:
    assert decode(bytes([code])).tolist() == [level]


@pytest.mark.parametrize(
    ("encode", "decode"),
    [(audio.encode_alaw, audio.decode_alaw), (audio.encode_ulaw, audio.decode_ulaw)],
)
def test_g711_survives_the_round(encode: audio.Encode, decode: audio.Decode) -> None:
    every = decode(bytes(range(256)))
    assert decode(encode(every)).tolist() == every.tolist()
