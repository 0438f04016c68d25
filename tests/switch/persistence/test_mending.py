"""Recordings that a crash cut short: mended, named and booked, whatever is left of them."""

import hashlib
import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from media.aio.recording import header
from switch.calls.ending import EndedBy, Reason, Result
from switch.history.reader import Reader
from switch.persistence.mending import mend_recordings
from switch.records import CallRecord, Direction, RecordingRecord

SECOND = bytes(range(256)) * 125
"""32,000 octets: 8000 samples of two channels."""


def call(id: str, path: str | None) -> CallRecord:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return CallRecord(
        id=id,
        direction=Direction.INBOUND,
        from_="a",
        to="b",
        started_at=now,
        ended_at=now,
        result=Result.ANSWERED,
        reason=Reason.SWITCH_RESTARTED,
        ended_by=EndedBy.SWITCH,
        recording=RecordingRecord(path=path) if path else None,
    )


class Known:
    """Stands for the reader: the calls that the history has."""

    def __init__(self, *calls: str, broken: bool = False) -> None:
        self._calls = calls
        self._broken = broken

    async def call(self, id: str) -> CallRecord | None:
        if self._broken:
            raise OSError("no database")
        return call(id, None) if id in self._calls else None


async def mended(
    folder: Path, *calls: CallRecord, parts: list[Path] | None = None, known: Known
) -> list[CallRecord]:
    booked: list[CallRecord] = []
    await mend_recordings(folder, calls, parts or [], cast(Reader, known), booked.append)
    return booked


@pytest.mark.parametrize(
    ("octets", "seconds"),
    [
        (b"", 0.0),
        (b"RIFF", 0.0),
        (bytes(44), 0.0),
        (bytes(44) + SECOND, 1.0),
        (header(0) + SECOND, 1.0),
        (header(len(SECOND)) + SECOND + SECOND[:641], 1.02),
        (header(2 * len(SECOND)) + SECOND, 1.0),
        (header(len(SECOND)) + SECOND, 1.0),
    ],
    ids=[
        "empty",
        "torn header",
        "no header",
        "header behind",
        "header of nothing",
        "torn frame",
        "cut",
        "whole",
    ],
)
async def test_whatever_is_left_is_a_wav_again(tmp_path: Path, octets: bytes, seconds: float) -> None:
    part = tmp_path / "call.wav.part"
    part.write_bytes(octets)
    (record,) = await mended(tmp_path, call("call", "call.wav.part"), known=Known())
    with wave.open(str(part)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        samples = file.readframes(file.getnframes())
    assert samples == octets[44 : 44 + len(samples)]
    assert part.stat().st_size == 44 + len(samples)
    sha256 = hashlib.sha256(part.read_bytes()).hexdigest()
    assert record.recording == RecordingRecord(path="call.wav.part", duration_s=seconds, sha256=sha256)


async def test_a_file_that_was_completed_just_in_time_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_bytes(header(len(SECOND)) + SECOND)
    (record,) = await mended(tmp_path, call("call", "call.wav.part"), known=Known())
    assert record.recording is not None
    assert (record.recording.path, record.recording.duration_s) == ("call.wav", 1.0)


async def test_a_file_that_is_gone_is_not_named(tmp_path: Path) -> None:
    (record,) = await mended(tmp_path, call("call", "call.wav.part"), known=Known())
    assert record.recording is None


async def test_a_file_that_cannot_be_mended_is_named_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "call.wav.part").mkdir()
    (record,) = await mended(tmp_path, call("call", "call.wav.part"), known=Known())
    assert record.recording == RecordingRecord(path="call.wav.part")


async def test_parts_of_calls_that_nobody_knows_are_mended_and_kept(tmp_path: Path) -> None:
    booked, lost = tmp_path / "booked.wav.part", tmp_path / "lost.wav.part"
    for part in (booked, lost):
        part.write_bytes(header(0) + SECOND)
    assert await mended(tmp_path, parts=[booked, lost], known=Known("booked")) == []
    assert booked.read_bytes() == header(0) + SECOND
    assert lost.read_bytes() == header(len(SECOND)) + SECOND


async def test_without_a_history_no_part_is_touched(tmp_path: Path) -> None:
    part = tmp_path / "call.wav.part"
    part.write_bytes(header(0) + SECOND)
    await mended(tmp_path, parts=[part], known=Known(broken=True))
    assert part.read_bytes() == header(0) + SECOND
