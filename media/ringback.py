"""The tone that says that it rings, for callers whose own side plays none (ITU-T E.180)."""

from functools import cache
from typing import Final

from media.kernels import tone
from media.pcm import RATE
from media.sound import Sound

HZ: Final = 425.0
ON_S: Final = 1.5
OFF_S: Final = 3.0
LEVEL_DBM0: Final = -10.0


@cache
def ringback() -> Sound:
    """One ring and the pause after it, to be looped: the same sound each time, for it never changes."""
    pause = bytes(2 * round(OFF_S * RATE))
    return Sound.from_pcm("ringback", tone(HZ, LEVEL_DBM0, round(ON_S * RATE)) + pause)
