"""Which frames a recorder takes for a digit: every one that could be found later, and no speech."""

import random

import numpy as np
import pytest

from ext.listening import frames_to_mask
from tests.media.pressing import KEYS, digits_in, pressed
from tests.media.voices import talks
from tests.peers.audio import Pcm, decode_alaw, encode_alaw

FRAME = 160
DIGITS = "".join(KEYS)


def masked(sound: Pcm) -> Pcm:
    """As it is recorded: the frames that sound like a digit, and their neighbours, are silent."""
    quiet = sound.copy()
    for frame in frames_to_mask(sound.tobytes()):
        quiet[max(0, frame - 1) * FRAME : (frame + 2) * FRAME] = 0
    return quiet


@pytest.mark.parametrize("ms", [40, 70, 100, 400])
@pytest.mark.parametrize("level_dbfs", [-6.0, -13.0, -27.0, -40.0])
def test_no_digit_can_be_found_afterwards(ms: int, level_dbfs: float) -> None:
    """Wherever in a frame it begins, through G.711, between silences."""
    chance = random.Random(f"{ms} {level_dbfs}")
    for digit in DIGITS:
        sound = np.zeros(8 * FRAME + ms * 8, np.int16)
        begin = 3 * FRAME + chance.randrange(FRAME)
        sound[begin : begin + ms * 8] = pressed(digit, ms / 1000, level_dbfs)
        sound = decode_alaw(encode_alaw(sound))
        assert digits_in(sound) == digit
        assert digits_in(masked(sound)) == "", f"{digit} from sample {begin}"


def test_what_people_say_is_kept() -> None:
    said = np.concatenate([talk.samples for talk in talks(60)])
    assert len(frames_to_mask(said.tobytes())) <= 3
