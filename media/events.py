"""What a media port tells the application. Every event carries the port that it happened on."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from media.port import Port, Recording
from media.speech import Opening


@dataclass(frozen=True, slots=True)
class FirstPacket:
    """The first valid RTP packet of the port's life came from an allowed host."""

    port: Port


@dataclass(frozen=True, slots=True)
class Locked:
    """The peer's real address is known (symmetric RTP, RFC 4961); from now on no other is heard."""

    port: Port
    address: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The peer moved, or SDP named a new address: latching starts again, we send to the SDP address."""

    port: Port


@dataclass(frozen=True, slots=True)
class Keyless:
    """The handshake for the port's keys failed; `port.keyless` says why. It stays shut."""

    port: Port


@dataclass(frozen=True, slots=True)
class Digit:
    """A digit, told once, at its end: `digit` is one of 0123456789*#ABCD.

    As RFC 4733 event or, where the port was to listen for them, `in_band`.
    """

    port: Port
    digit: str
    duration_ms: int
    in_band: bool = False


@dataclass(frozen=True, slots=True)
class Silent:
    """Neither RTP nor RTCP for `seconds`, as asked by `watch_silence`.

    Told again only after life returned.
    """

    port: Port
    seconds: float


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Somebody speaks, as asked by `watch_voice`: since `at_ms` after that order, told 40 ms later.

    Until the first of these, it has been silent since the start.
    """

    port: Port
    at_ms: int


@dataclass(frozen=True, slots=True)
class SpeechOver:
    """Nobody has spoken since `at_ms` after the order; told 200 ms later, for words have pauses, too."""

    port: Port
    at_ms: int


@dataclass(frozen=True, slots=True)
class OpeningHeard:
    """What the opening was like, as asked by `hear_opening`.

    Told at its end or, with what was heard until then, when the port closes before; then it is `over`. Told
    before, too, as soon as a beep or a special information tone is known.
    """

    port: Port
    opening: Opening
    over: bool


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """A `Play` that does not loop came to its end. Not told for one that another source replaced."""

    port: Port
    token: int


@dataclass(frozen=True, slots=True)
class RecorderFellBehind:
    """The disk is slower than the recording: 20 ms frames are being left out, and counted.

    Told once each time it begins; the switch raises an alarm, the call goes on.
    """

    port: Port
    recording: Recording


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """The recording is over and its file closed.

    `frames` are 20 ms frames in the file, `duration_s` their sum, `dropped` those lost to a slow disk.
    Without an `error` the file lies complete at `path` and `sha256` (hex) is of all its octets; with one
    (the words of the operating system) what could be written lies at `path` + ".part" and `sha256` is None.
    """

    port: Port
    recording: Recording
    path: Path
    frames: int
    duration_s: float
    dropped: int
    sha256: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class PortClosed:
    """The engine has let go of the port: its number rests and is then given out again.

    Of its events only RecordingStopped can still follow.
    """

    port: Port


PortEvent: TypeAlias = (
    FirstPacket
    | Locked
    | Unlocked
    | Keyless
    | Digit
    | Silent
    | SpeechBegan
    | SpeechOver
    | OpeningHeard
    | PlaybackFinished
    | RecorderFellBehind
    | RecordingStopped
    | PortClosed
)
