"""Sounds: whole frames of 20 ms, encoded once for each codec."""

import pytest

from media.kernels import alaw_encode, ulaw_encode
from media.pcm import FRAME_SAMPLES
from media.sound import Sound
from tests.media.waves import sine


def test_a_sound_has_the_same_frames_in_each_codec() -> None:
    pcm = sine(440.0, -10.0)
    sound = Sound.from_pcm("a", pcm)
    assert (sound.frames, sound.duration_s) == (50, 1.0)
    assert sound.encoded("PCMA") == alaw_encode(pcm)
    assert sound.encoded("PCMU") == ulaw_encode(pcm)


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (159, 1), (160, 1), (161, 2)])
def test_the_last_frame_is_filled_with_silence(samples: int, frames: int) -> None:
    sound = Sound.from_pcm("short", b"\x00\x10" * samples)
    assert sound.frames == frames
    for codec, silence in (("PCMA", 0xD5), ("PCMU", 0xFF)):
        octets = sound.encoded(codec)
        assert len(octets) == frames * FRAME_SAMPLES
        assert octets[samples:] == bytes([silence]) * (len(octets) - samples)


def test_nothing_is_no_sound() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        Sound.from_pcm("nothing", b"")


def test_a_codec_that_we_do_not_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        Sound.from_pcm("a", b"ab").encoded("G729")


def test_two_sounds_are_two_though_they_sound_alike() -> None:
    assert len({Sound.from_pcm("a", b"ab"), Sound.from_pcm("a", b"ab")}) == 2
