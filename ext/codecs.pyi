"""The codecs that are always there, as capsules; and a codec at work on bytes, for those who have the time.

A capsule is a PyCapsule named "centralita.codec" around a CodecTable (engine_codec.pxd); so are `CODEC` of
ext.g722 and ext.opus.
"""

from typing import Self

from typing_extensions import disjoint_base

PCMA: object
PCMU: object
G729: object
"""Passed through only: no functions."""

@disjoint_base
class Coder:
    """Both directions of one leg."""

    def __new__(cls, capsule: object) -> Self:
        """ValueError: the codec is passed through only."""
    @property
    def pcm_rate_hz(self) -> int:
        """Of the samples that go in and come out."""
    def tune(self, fec: bool, dtx: bool, constant: bool, bits_per_s: int, rate_hz: int) -> None:
        """For what the peer wants, as media.tuning.Tuning has it; until then it wants nothing."""
    def encode(self, pcm: bytes) -> bytes:
        """One packet's payload; empty: nothing to send (DTX). ValueError: no frame of this codec."""
    def decode(self, octets: bytes) -> bytes:
        """16-bit samples. ValueError: no payload of this codec."""
    def conceal(self, samples: int, following: bytes | None = None) -> bytes:
        """What stands in for a lost frame; `following` is the payload after it, which may hold it again.

        ValueError: the codec conceals nothing, or not so many samples.
        """
