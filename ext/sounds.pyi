"""Sounds in engine memory."""

from typing import Self

from typing_extensions import disjoint_base

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (sounds.pxd)."""

@disjoint_base
class SoundMemory:
    """A sound's frames in engine memory; they live as long as this object or anybody who plays it."""

    def __new__(cls, pcm: bytes, pcma: bytes, pcmu: bytes) -> Self:
        """Copy whole 20 ms frames (160 samples) in 16-bit PCM and both kinds of G.711, as many in each.

        ValueError: they are not.
        """
    @property
    def users(self) -> int:
        """This object, and the ports and orders that hold on to the frames."""
