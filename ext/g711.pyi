"""G.711, compiled: the twin of media.g711. `pcm` is 16-bit linear samples in native byte order; ValueError if
its length is odd. Import it through `media.kernels`, which chooses the build.
"""

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (g711.pxd)."""

def alaw_decode(octets: bytes) -> bytes:
    """A-law octets to PCM."""

def ulaw_decode(octets: bytes) -> bytes:
    """mu-law octets to PCM."""

def alaw_encode(pcm: bytes) -> bytes:
    """PCM to A-law octets."""

def ulaw_encode(pcm: bytes) -> bytes:
    """PCM to mu-law octets."""

def alaw_to_ulaw(octets: bytes) -> bytes:
    """A-law to mu-law by G.711 table 4."""

def ulaw_to_alaw(octets: bytes) -> bytes:
    """mu-law to A-law by G.711 table 3."""
