"""What a call's first seconds are like: the raw figures by which machines are told from people.

Nothing is decided here. Times are ms from the order on, in steps of 20, later than the peer's by the way
here and the jitter buffer; while nothing comes, it is silent.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beep:
    """A steady tone of 180 ms or more."""

    at_ms: int
    length_ms: int
    """As far as it was heard."""
    hz: float


@dataclass(frozen=True, slots=True)
class Opening:
    """The figures of `heard_ms`."""

    heard_ms: int
    first_speech_ms: int | None
    """When somebody first spoke; None: it has been silent since the start."""
    first_utterance_ms: int | None
    """How long he spoke until half a second of silence followed, pauses included; None until it did."""
    words: int
    """Stretches of 100 ms or more between which 60 ms are quiet."""
    longest_speech_ms: int
    """Without a pause of more than 200 ms."""
    speech_ms: int
    """All that was louder than a pause."""
    profile: tuple[float, ...]
    """The energy of each 260 ms of the first 8.3 s: mean squares of 16-bit samples; 2.605e8 is 0 dBm0."""
    beep: Beep | None
    """The first."""
    special_information_ms: int | None
    """When the special information tone began, by which a network refuses (ITU-T E.180)."""
