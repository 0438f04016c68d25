"""The recording of a call: one file, first bridge to last, intervals without an agent left out."""

from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from media.aio.mending import join
from media.aio.recording import sha256_of
from media.events import RecordingStopped
from media.port import Port, Recording
from switch.calls.ending import EndedBy
from switch.calls.ledger import Ledger
from switch.config.choices import RecordDigits
from switch.config.schema import Server
from switch.events.alarms import Alarms
from switch.events.types import Alarm
from switch.records import RecordingRecord, utc

_MINUTE_US: Final = 60_000_000
_MOST_PARTS: Final = 100
"""As many crashes as one call may see."""


def recording_path(call: str, started_us: int, timezone: str) -> Path:
    """Relative to data_dir: the day is that of the call's start where the centre is."""
    return _folder(started_us // _MINUTE_US, timezone) / f"{call}.wav"


@lru_cache(maxsize=16)
def _folder(minute: int, timezone: str) -> Path:
    """Of all calls that begin in a minute (since 1970): no day begins within one."""
    day = utc(minute * _MINUTE_US).astimezone(ZoneInfo(timezone))
    return Path("recordings", f"{day:%Y/%m/%d}")


def call_of(path: Path) -> str:
    """The call that a recording is of, or a part of one."""
    return path.name.partition(".")[0]


def next_part(data_dir: Path, path: Path) -> Path:
    """Where a recording goes on that a crash has cut; `path` is that of the whole, relative as the answer."""
    number = 1 + len(_parts(data_dir / path))
    return path.with_name(f"{path.stem}.{number}.wav") if number > 1 else path


def mended(data_dir: Path, recording: RecordingRecord) -> RecordingRecord | None:
    """What a crash has left of a recording, one file again: its parts one after another. Blocks.

    They stay `.part`, or complete if they were renamed just in time. None where there is no file; without a
    duration where it cannot be mended.
    """
    known = Path(recording.path)
    parts = _parts(data_dir / known.with_name(f"{call_of(known)}.wav"))
    if not parts:
        return None
    first, *others = parts
    path = str(first.relative_to(data_dir))
    try:
        return RecordingRecord(path=path, duration_s=join(first, others), sha256=sha256_of(first))
    except OSError as error:
        structlog.get_logger("recording").error("cannot mend a recording", path=path, error=str(error))
        return RecordingRecord(path=path)


def _parts(whole: Path) -> list[Path]:
    """The files of a recording, in their order, complete or not."""
    names = (f"{whole.stem}{number}.wav" for number in ("", *(f".{n}" for n in range(2, _MOST_PARTS))))
    found = []
    for name in names:
        part = next((p for p in (whole.with_name(f"{name}.part"), whole.with_name(name)) if p.exists()), None)
        if part is None:
            break
        found.append(part)
    return found


class CallRecording:
    """Taps the caller's port: left what the caller says, right what the caller hears. A disk that fails costs
    the recording, not the call.
    """

    def __init__(self, server: Server, ledger: Ledger, digits: RecordDigits, alarms: Alarms) -> None:
        self._data_dir = server.data_dir
        self._ledger = ledger
        self._alarms = alarms
        self._path = recording_path(ledger.id, ledger.started_us, server.timezone)
        if ledger.recorded_before:
            self._path = next_part(server.data_dir, self._path)
        self._recording: Recording | None = None
        self._port: Port | None = None
        self._closed = False
        self._masks_digits = digits is RecordDigits.MASKED
        self._left_out = False
        self._behind = False
        self.paused = False
        """Somebody does not want kept what is said now."""

    @property
    def running(self) -> bool:
        """Whether its file is still open."""
        return self._recording is not None and not self._closed

    @property
    def path(self) -> str:
        """Of the file that grows, relative to data_dir."""
        return f"{self._path}.part"

    def go_on(self, port: Port) -> bool:
        """Record from now on; whether the file begins with that. One that has failed is not tried again, and
        one whose caller has left ends with his port.
        """
        if self._recording is not None:
            if not self._closed and port is self._port:
                self._keep(self._recording)
            return False
        path = self._data_dir / self._path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._recording = port.record(path, masks_digits=self._masks_digits)
            self._port = port
        except OSError as error:
            self._failed("cannot record", str(error))
            return False
        self._ledger.recording = RecordingRecord(path=self.path)
        if self.paused:
            self._recording.blank()
        return True

    def leave_out(self) -> None:
        """Nobody talks: what follows is not in the file, until it goes on."""
        self._left_out = True
        if self.running and self._recording is not None:
            self._recording.pause()

    def pause(self, paused: bool, by: EndedBy) -> None:
        """Silence as long as it is paused, then on; through hold and from agent to agent."""
        if paused is self.paused:
            return
        self.paused = paused
        self._log.info("recording paused" if paused else "recording goes on", by=by.value)
        if self.running and self._recording is not None and not self._left_out:
            self._keep(self._recording)

    def _keep(self, recording: Recording) -> None:
        self._left_out = False
        if self.paused:
            recording.blank()
        else:
            recording.resume()

    def stop(self) -> None:
        """Close the file; RecordingStopped follows."""
        if self.running and self._recording is not None:
            self._recording.stop()

    def stopped(self, event: RecordingStopped) -> None:
        """The file is closed, complete or not."""
        self._closed = True
        name = str(self._path) if event.error is None else self.path
        self._ledger.recording = RecordingRecord(path=name, duration_s=event.duration_s, sha256=event.sha256)
        if event.error is not None:
            self._failed("recording stopped", event.error)

    def fell_behind(self) -> None:
        """The disk is too slow: parts are left out. However often that begins anew, it is told once."""
        if self._behind:
            return
        self._behind = True
        self._log.error("recorder fell behind", path=self.path)
        detail = f"{self.path}: the disk is too slow, parts are left out"
        self._alarms.once(Alarm.RECORDER_BEHIND, self._ledger.id, detail)

    def _failed(self, what: str, error: str) -> None:
        self._log.error(what, error=error, path=self.path)
        self._alarms.once(Alarm.RECORDING_FAILED, self._ledger.id, f"{what}: {self.path}: {error}")

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        log: structlog.stdlib.BoundLogger = structlog.get_logger("call")
        return log.bind(call=self._ledger.id)
