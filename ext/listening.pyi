"""What the engine hears in PCM, one detector at a time, for tests and for analysis of what was recorded.

`pcm` is 16-bit linear samples at 8 kHz in native byte order; it goes in as 20 ms frames, the last
one shorter.
"""

from typing_extensions import disjoint_base

@disjoint_base
class Digits:
    """In-band digits: ext/engine_dtmf.pxd."""

    def hear(self, pcm: bytes) -> list[tuple[int, float]]:
        """The digits that ended meanwhile: RFC 4733 event (section 3.2) and duration in ms."""
