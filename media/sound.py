"""A sound: a prompt or a piece of music, encoded once for each kind of G.711 and shared by every listener."""

from dataclasses import dataclass

from media.kernels import alaw_encode, ulaw_encode
from media.pcm import FRAME_SAMPLES, RATE


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Sound:
    """Whole 20 ms frames, one after another, at least one. Two sounds are equal only if they are one object.

    `pcm` is 16 bits at 8 kHz: what codecs other than G.711 encode, so no sound goes through two codecs.
    """

    name: str
    pcm: bytes
    pcma: bytes
    pcmu: bytes

    @classmethod
    def from_pcm(cls, name: str, pcm: bytes) -> "Sound":
        """Encode 8 kHz mono 16-bit PCM; the last frame is filled with silence. ValueError if it is empty."""
        if not pcm:
            raise ValueError(f"{name}: a sound needs at least one sample")
        whole = pcm + bytes(-len(pcm) % (2 * FRAME_SAMPLES))
        return cls(name, whole, alaw_encode(whole), ulaw_encode(whole))

    @property
    def frames(self) -> int:
        """How many 20 ms frames it has."""
        return len(self.pcma) // FRAME_SAMPLES

    @property
    def duration_s(self) -> float:
        """How long it plays once, in seconds."""
        return len(self.pcma) / RATE

    def encoded(self, codec: str) -> bytes:
        """All frames in `codec`, "PCMA" or "PCMU"; KeyError for any other."""
        return {"PCMA": self.pcma, "PCMU": self.pcmu}[codec]
