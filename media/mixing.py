"""Mixing one frame in plain Python: the twin of the compiled kernel."""

from collections.abc import Sequence
from operator import sub

from media.pcm import samples, saturated


def mix(frames: Sequence[bytes]) -> list[bytes]:
    """For each of several PCM frames of one length, the saturated sum of the others: nobody hears himself.

    ValueError if the lengths differ or one is odd.
    """
    voices = [samples(frame) for frame in frames]
    if len({len(voice) for voice in voices}) > 1:
        raise ValueError("frames of different lengths cannot be mixed")
    total = [sum(column) for column in zip(*voices, strict=True)]
    return [saturated(map(sub, total, voice)) for voice in voices]
