"""What the engine hears in PCM, one detector at a time, for tests and for analysis of what was recorded.

`pcm` is 16-bit linear samples at 8 kHz in native byte order; it goes in as 20 ms frames. Of the last, shorter
one only the digits take notice.
"""

from typing_extensions import disjoint_base

@disjoint_base
class Digits:
    """In-band digits: ext/engine_dtmf.pxd."""

    def hear(self, pcm: bytes) -> list[tuple[int, float]]:
        """The digits that ended meanwhile: RFC 4733 event (section 3.2) and duration in ms."""

@disjoint_base
class Voice:
    """Whether somebody speaks: ext/engine_voice.pxd."""

    def hear(self, pcm: bytes) -> list[bool]:
        """Of each frame."""

    @property
    def floor(self) -> float:
        """The noise floor, as mean square."""

@disjoint_base
class Opening:
    """What the first seconds of a call sound like: ext/engine_opening.pxd."""

    def hear(self, pcm: bytes) -> None: ...
    @property
    def initial_silence_ms(self) -> int:
        """Before the first speech; all of the time while there is none."""

    @property
    def first_utterance_ms(self) -> int | None:
        """Until half a second of silence follows; None while it goes on."""

    @property
    def words(self) -> int:
        """Stretches of 100 ms or more between which 60 ms are quiet."""

    @property
    def longest_speech_ms(self) -> int:
        """Without a pause of more than 200 ms."""

    @property
    def speech_ms(self) -> int: ...
    @property
    def profile(self) -> list[float]:
        """Mean square of each 260 ms of the first 8.3 s."""

    @property
    def beep(self) -> tuple[int, int, float] | None:
        """The first steady tone of 180 ms: when it began in ms, how long it has been in ms, its Hz."""

    @property
    def special_information_ms(self) -> int | None:
        """When the special information tone (ITU-T E.180) began."""

def frames_to_mask(pcm: bytes) -> list[int]:
    """The 20 ms frames that sound like a digit to who records: these and their neighbours are not kept."""
