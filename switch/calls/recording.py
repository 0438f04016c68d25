"""The recording of a call: one file, first bridge to last, intervals without an agent left out."""

from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from media.events import RecordingStopped
from media.port import Port, Recording
from switch.calls.ledger import Ledger
from switch.config.schema import Server
from switch.records import RecordingRecord, utc

_MINUTE_US: Final = 60_000_000


def recording_path(call: str, started_us: int, timezone: str) -> Path:
    """Relative to data_dir: the day is that of the call's start where the centre is."""
    return _folder(started_us // _MINUTE_US, timezone) / f"{call}.wav"


@lru_cache(maxsize=16)
def _folder(minute: int, timezone: str) -> Path:
    """Of all calls that begin in a minute (since 1970): no day begins within one."""
    day = utc(minute * _MINUTE_US).astimezone(ZoneInfo(timezone))
    return Path("recordings", f"{day:%Y/%m/%d}")


class CallRecording:
    """Taps the caller's port: left what the caller says, right what the caller hears. A disk that fails costs
    the recording, not the call.
    """

    def __init__(self, server: Server, ledger: Ledger) -> None:
        self._data_dir = server.data_dir
        self._ledger = ledger
        self._path = recording_path(ledger.id, ledger.started_us, server.timezone)
        self._recording: Recording | None = None
        self._closed = False

    @property
    def running(self) -> bool:
        """Whether its file is still open."""
        return self._recording is not None and not self._closed

    def go_on(self, port: Port) -> bool:
        """Record from now on; whether the file begins with that. One that has failed is not tried again."""
        if self._recording is not None:
            if not self._closed:
                self._recording.resume()
            return False
        path = self._data_dir / self._path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._recording = port.record(path)
        except OSError as error:
            self._log.error("cannot record", error=str(error))
            return False
        self._ledger.recording = RecordingRecord(path=f"{self._path}.part")
        return True

    def pause(self) -> None:
        """Leave out what follows."""
        if self.running and self._recording is not None:
            self._recording.pause()

    def stop(self) -> None:
        """Close the file; RecordingStopped follows."""
        if self.running and self._recording is not None:
            self._recording.stop()

    def stopped(self, event: RecordingStopped) -> None:
        """The file is closed, complete or not."""
        self._closed = True
        name = str(self._path) if event.error is None else f"{self._path}.part"
        self._ledger.recording = RecordingRecord(path=name, duration_s=event.duration_s, sha256=event.sha256)
        if event.error is not None:
            self._log.error("recording stopped", error=event.error, path=str(event.path))

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        log: structlog.stdlib.BoundLogger = structlog.get_logger("call")
        return log.bind(call=self._ledger.id)
