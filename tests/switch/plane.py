"""A media plane that carries no packets and notes every order; a test says what happens on its ports."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from media.aio.plane import NoPorts
from media.events import PortEvent, RecordingStopped
from media.port import (
    DIGIT_MS,
    Echo,
    Mix,
    PeerMedia,
    PlaneCounters,
    Play,
    Port,
    PortStats,
    Relay,
    Silence,
    Source,
    Stream,
    Tone,
)

Tell = Callable[[PortEvent], None]


class NotingRecording:
    """One file that is never written; stopped, it is closed a turn later, a second long."""

    def __init__(self, port: "NotingPort", path: Path, tell: Tell) -> None:
        self.path = path
        self.asked: list[str] = ["record"]
        self.error: str | None = None
        """What the disk said of it."""
        self.slow = False
        """Closed only when the test tells so."""
        self._port = port
        self._tell = tell

    def pause(self) -> None:
        self.asked.append("pause")

    def blank(self) -> None:
        self.asked.append("blank")

    def resume(self) -> None:
        self.asked.append("resume")

    def stop(self) -> None:
        if "stop" not in self.asked:
            self.asked.append("stop")
            if not self.slow:
                asyncio.get_running_loop().call_soon(self._tell, self.stopped())

    def stopped(self) -> RecordingStopped:
        """What the recorder tells when the file is closed."""
        sha256 = None if self.error else "ab" * 32
        return RecordingStopped(self._port, self, self.path, 50, 1.0, 0, sha256, self.error)


class NotingFork:
    """Hears nothing; a test puts into `frames` what it is to have heard."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.frames: list[tuple[int, bytes]] = []
        self.dropped = 0
        self.ended = False

    def read(self) -> list[tuple[int, bytes]]:
        frames, self.frames = self.frames, []
        return frames

    def blank(self) -> None:
        self.asked.append("blank")

    def resume(self) -> None:
        self.asked.append("resume")

    def stop(self) -> None:
        self.ended = True


class NotingPort:
    """One port. `peer` is the last SDP, `sources` all that it was to send, `watches` all silence watches."""

    def __init__(self, number: int, tell: Tell) -> None:
        self.number = number
        self.near: Port | None = None
        """The port whose worker it shares, as was asked for."""
        self.stream = Stream(number, 1000, 160_000, "c" * 24)
        self.peer: PeerMedia | None = None
        self.sources: list[Source] = []
        self.keyless: str | None = None
        self.muted = False
        self.digits: list[tuple[str, int]] = []
        """Those that it was to send, with their lengths in ms."""
        self.sounded: list[tuple[str, int]] = []
        """Likewise, in band."""
        self.listens = False
        self.watches: list[float | None] = []
        self.watches_voice = False
        self.openings_s: list[float] = []
        self.recording: NotingRecording | None = None
        self.masks_digits: bool | None = None
        """As the last recording or fork wanted it."""
        self.masked_ms: list[int] = []
        """The digits that were told of."""
        self.forks: list[NotingFork] = []
        self.counted = PortStats()
        self.closed = False
        self._tell = tell

    @property
    def ssrc(self) -> int:
        return self.stream.ssrc

    @property
    def source(self) -> Source:
        """What it sends now."""
        return self.sources[-1] if self.sources else Silence()

    def connect(self, peer: PeerMedia) -> None:
        self.peer = peer

    def send(self, source: Source) -> None:
        self.sources.append(source)

    def send_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        self.digits.append((digit, duration_ms))

    def sound_digit(self, digit: str, duration_ms: int = DIGIT_MS) -> None:
        self.sounded.append((digit, duration_ms))

    def listen_for_digits(self, listens: bool) -> None:
        self.listens = listens

    def mute(self, muted: bool) -> None:
        self.muted = muted

    def watch_silence(self, seconds: float | None) -> None:
        self.watches.append(seconds)

    def watch_voice(self, watched: bool) -> None:
        self.watches_voice = watched

    def hear_opening(self, seconds: float) -> None:
        self.openings_s.append(seconds)

    def record(self, path: Path, *, masks_digits: bool = True) -> NotingRecording:
        self.masks_digits = masks_digits
        self.recording = NotingRecording(self, path, self._tell)
        return self.recording

    def fork(self, rate_hz: int = 8000, *, masks_digits: bool = True) -> NotingFork:
        self.masks_digits = masks_digits
        self.forks.append(NotingFork())
        return self.forks[-1]

    def mask_digit(self, duration_ms: int = DIGIT_MS) -> None:
        self.masked_ms.append(duration_ms)

    def stats(self) -> PortStats:
        return self.counted

    def close(self) -> None:
        self.closed = True
        for fork in self.forks:
            fork.stop()
        if self.recording is not None:
            self.recording.stop()


class NotingRoom:
    """A room without sound. `gains` are those told last, by the numbers of ear and mouth."""

    def __init__(self) -> None:
        self.gains: dict[tuple[int, int], float] = {}
        self.closed = False

    def gain(self, ear: Port, mouth: Port, gain: float) -> None:
        self.gains[ear.number, mouth.number] = gain

    def close(self) -> None:
        self.closed = True


class NotingPlane:
    """Ports from 20000 on, `space` at a time."""

    def __init__(self) -> None:
        self.space = 1000
        self.rooms: list[NotingRoom] = []
        self.ports: list[NotingPort] = []
        self.on_event: Callable[[PortEvent], None] = print
        self._numbers: Iterator[int] = count(20000, 2)

    @property
    def open_ports(self) -> list[NotingPort]:
        return [port for port in self.ports if not port.closed]

    def open(self, near: Port | None = None) -> NotingPort:
        if len(self.open_ports) >= self.space:
            raise NoPorts
        port = NotingPort(next(self._numbers), lambda event: self.on_event(event))
        port.near = near
        self.ports.append(port)
        return port

    def reopen(self, number: int, stream: Stream, near: Port | None = None) -> NotingPort:
        if any(port.number == number for port in self.open_ports):
            raise NoPorts
        port = NotingPort(number, lambda event: self.on_event(event))
        port.stream, port.near = stream, near
        self.ports.append(port)
        return port

    def room(self, near: Port) -> NotingRoom:
        self.rooms.append(NotingRoom())
        return self.rooms[-1]

    def mixes(self, one: Port, other: Port) -> bool:
        return True

    def reaches(self, address: str) -> bool:
        return ":" not in address

    def capacity(self) -> int:
        return self.space

    def counters(self) -> PlaneCounters:
        ports = {"free": 0, "open": len(self.open_ports), "closing": 0, "resting": 0}
        return PlaneCounters(0, 0, 0, 0, 0, 0, 0, 0, ports, 0, 0, 0.0, 0, 0)


def heard(source: Source) -> str:
    """What a party hears, in a word: `relay 20002`, `music default`, `prompt welcome`, `tone 1004`."""
    match source:
        case Relay(port=port):
            return f"relay {port.number}"
        case Play():
            return ", ".join(sound.name for sound in source.sounds)
        case Tone(hz=hz):
            return f"tone {hz:g}"
        case Echo():
            return "echo"
        case Mix():
            return "room"
        case Silence():
            return "silence"
