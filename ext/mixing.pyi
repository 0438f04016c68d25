"""Frames added up, compiled: the twin of media.mixing. Import it through `media.kernels`."""

from collections.abc import Sequence

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (mixing.pxd)."""

def mix(frames: Sequence[bytes]) -> list[bytes]:
    """For each of several PCM frames of one length, the saturated sum of all the others."""
