"""White noise, compiled: the twin of media.noise. Import it through `media.kernels`."""

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (noise.pxd)."""

def noise(level_dbm0: float, count: int, seed: int) -> bytes:
    """PCM of white noise, so many samples, the same for the same seed. ValueError if `count` is negative."""
