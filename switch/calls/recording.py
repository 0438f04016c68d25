"""The recording of a call: one file, first bridge to last, intervals without an agent left out."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from media.events import RecordingStopped
from media.port import Port, Recording
from switch.records import RecordingRecord


def recording_path(call: str, started_at: datetime, timezone: str) -> Path:
    """Relative to data_dir: the day is that of the call's start where the centre is."""
    day = started_at.astimezone(ZoneInfo(timezone))
    return Path("recordings", f"{day:%Y}", f"{day:%m}", f"{day:%d}", f"{call}.wav")


class CallRecording:
    """Taps the caller's port: left what the caller says, right what the caller hears."""

    def __init__(self, data_dir: Path, relative: Path) -> None:
        self._data_dir = data_dir
        self.path = relative
        """Of the complete file, relative to data_dir."""
        self._recording: Recording | None = None
        self.finished: RecordingRecord | None = None

    @property
    def running(self) -> bool:
        """Whether its file is still open."""
        return self._recording is not None and self.finished is None

    def resume(self, port: Port) -> None:
        """Record from now on; the first time makes the file. OSError where that cannot be."""
        if self._recording is None:
            path = self._data_dir / self.path
            path.parent.mkdir(parents=True, exist_ok=True)
            self._recording = port.record(path)
        else:
            self._recording.resume()

    def pause(self) -> None:
        """Leave out what follows."""
        if self.running and self._recording is not None:
            self._recording.pause()

    def stop(self) -> None:
        """Close the file; RecordingStopped follows."""
        if self.running and self._recording is not None:
            self._recording.stop()

    def stopped(self, event: RecordingStopped) -> RecordingRecord:
        """The file is closed, complete or not."""
        name = str(self.path) if event.error is None else f"{self.path}.part"
        self.finished = RecordingRecord(path=name, duration_s=event.duration_s, sha256=event.sha256)
        return self.finished
