"""All recordings of the plane: opened here, written by the engine, completed on a thread of their own."""

import asyncio
import itertools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ext.filesystem import sync_filesystem
from media.aio.fork import EngineFork
from media.aio.port import EnginePort
from media.aio.recording import EngineRecording, complete, open_part
from media.events import PortEvent, RecordingStopped

FRAMES_PER_S: Final = 50
SYNC_EVERY_S: Final = 10.0
"""What a power cut may cost; kill -9 costs less than two seconds."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is known of a file that nobody writes any more; `error` is an errno or 0."""

    frames: int
    dropped: int
    error: int


class Recorder:
    """Begins recordings and tells when they are over. `tell` gets the events, in the loop."""

    def __init__(self, tell: Callable[[PortEvent], None]) -> None:
        self._tell = tell
        self._tokens = itertools.count(1)
        self._recordings: dict[int, EngineRecording] = {}
        self._completing: set[asyncio.Task[None]] = set()
        self._disk = ThreadPoolExecutor(1, "recordings")
        self._syncing: asyncio.Task[None] | None = None
        self._sync_disk = ThreadPoolExecutor(1, "recordings-sync")

    @property
    def busy(self) -> bool:
        """Whether the engine still writes a file."""
        return bool(self._recordings)

    def begin(self, port: EnginePort, path: Path, masks_digits: bool) -> EngineRecording:
        """Record a port; a file that cannot be opened is told like one that cannot be written."""
        if port.recording is not None and not port.recording.stopped:
            raise ValueError(f"{port!r} is being recorded already")
        recording = EngineRecording(port, path, next(self._tokens))
        self._recordings[recording.token] = port.recording = recording
        try:
            recording.begin(open_part(path), masks_digits)
        except OSError as error:
            failed = Written(0, 0, error.errno or 0)
            asyncio.get_running_loop().call_soon(self.written, recording.token, failed)
        if self._syncing is None:
            self._syncing = asyncio.get_running_loop().create_task(self._sync(), name="sync recordings")
        return recording

    def fork(self, port: EnginePort, rate_hz: int, masks_digits: bool) -> EngineFork:
        """Hear a port in Python."""
        return EngineFork(port, next(self._tokens), rate_hz, masks_digits)

    def find(self, token: int) -> EngineRecording | None:
        """A recording that is not over."""
        return self._recordings.get(token)

    def written(self, token: int, written: Written) -> None:
        """The file is closed: complete it, or tell what went wrong."""
        recording = self._recordings.pop(token)
        recording.stopped = True
        if written.error:
            self._told(recording, written, None, os.strerror(written.error))
            return
        task = asyncio.get_running_loop().create_task(self._complete(recording, written))
        self._completing.add(task)
        task.add_done_callback(self._completing.discard)

    async def _complete(self, recording: EngineRecording, written: Written) -> None:
        try:
            sha256 = await asyncio.get_running_loop().run_in_executor(self._disk, complete, recording.path)
        except OSError as error:
            self._told(recording, written, None, error.strerror or str(error))
        else:
            self._told(recording, written, sha256, None)

    def _told(
        self, recording: EngineRecording, written: Written, sha256: str | None, error: str | None
    ) -> None:
        self._tell(
            RecordingStopped(
                recording.port,
                recording,
                recording.path,
                written.frames,
                written.frames / FRAMES_PER_S,
                written.dropped,
                sha256,
                error,
            )
        )

    async def _sync(self) -> None:
        """One call for all files: one each would cost a disk more than the recordings themselves."""
        while self._recordings:
            await asyncio.sleep(SYNC_EVERY_S)
            folders = {recording.path.parent for recording in self._recordings.values()}
            await asyncio.get_running_loop().run_in_executor(self._sync_disk, sync, folders)
        self._syncing = None

    async def close(self) -> None:
        """Wait for the files that are being completed, then end the threads."""
        if self._syncing is not None:
            self._syncing.cancel()
        while self._completing:
            await asyncio.wait(self._completing)
        self._disk.shutdown(wait=False)
        self._sync_disk.shutdown(wait=False)


def sync(folders: Iterable[Path]) -> None:
    """Bring their file systems to the disk, each once. Blocks. What cannot be synced is told by the write."""
    synced = set()
    for folder in folders:
        with suppress(OSError):
            if (device := folder.stat().st_dev) in synced:
                continue
            synced.add(device)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                sync_filesystem(descriptor)
            finally:
                os.close(descriptor)
