"""Recordings that a crash cut short: made playable WAVs again, and named in the records of their calls.

All of it waits for a disk, so it happens beside the calls of the new run.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import structlog
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError

from media.aio.mending import mend
from switch.calls.recording import call_of, mended, recording_path
from switch.exchange import Exchange
from switch.history.reader import Reader
from switch.records import CallRecord, RecordingRecord

_DAY_US: Final = 86_400_000_000
_LONGEST_CALL_DAYS: Final = 2
_PART: Final = ".wav.part"
_log = structlog.get_logger("recording")


def parts_left(exchange: Exchange) -> list[Path]:
    """Files that the former run had not completed, of calls that its logbook does not name.

    To be asked before this run records. Blocks.
    """
    server, logbook = exchange.config.server, exchange.logbook
    died_us = logbook.last_beat_us
    if died_us == 0:
        return []
    days = (died_us - back * _DAY_US for back in range(-1, _LONGEST_CALL_DAYS + 1))
    folders = {server.data_dir / recording_path("", day, server.timezone).parent for day in days}
    known = {survivor.call.id for survivor in logbook.survivors()}
    known |= {entry.call.id for entry in logbook.unbooked()}
    found = (part for folder in folders for part in folder.glob(f"*{_PART}"))
    return sorted(part for part in found if call_of(part) not in known)


async def mend_recordings(
    data_dir: Path,
    calls: Sequence[CallRecord],
    parts: Sequence[Path],
    reader: Reader,
    book: Callable[[CallRecord], None],
) -> None:
    """Mend the files of these calls and book them; then the parts of calls that nobody knows, which stay."""
    for call in calls:
        recording = await asyncio.to_thread(_mended, data_dir, call)
        book(replace(call, recording=recording))
    for part in parts:
        if not await _is_booked(reader, call_of(part)):
            await asyncio.to_thread(_mended_file, part)
            _log.warning("kept the recording of a call that nobody knows", path=str(part))


def _mended(data_dir: Path, call: CallRecord) -> RecordingRecord | None:
    if call.recording is None:
        return None
    recording = mended(data_dir, call.recording)
    if recording is None:
        _log.error("the recording of a call is gone", call=call.id, path=call.recording.path)
    return recording


def _mended_file(path: Path) -> None:
    try:
        mend(path)
    except OSError as error:
        _log.error("cannot mend a recording", path=str(path), error=str(error))


async def _is_booked(reader: Reader, call: str) -> bool:
    """Whether the history knows the call; where it does not answer, that is not to be said."""
    try:
        return await reader.call(call) is not None
    except (SQLAlchemyError, OSError):
        return True
