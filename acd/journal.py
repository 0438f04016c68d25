"""The journal's bytes: what a step leaves behind, framed so that a torn write is seen. No files here.

A segment is `MAGIC`, then frames. A frame is a little-endian u32 length, a u32 CRC-32 of the payload, and the
payload. The first frame is a `Header`, each other one a `Record`, all msgpack. Fields may be added with
defaults; unknown ones are passed over.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from acd.commands import Command
from acd.events import Event
from acd.router import Router

MAGIC = b"centrJ01"
MAX_FRAME_BYTES = 64 * 1024 * 1024  # a length beyond this is damage, not a record
_FRAME = struct.Struct("<II")


class Header(msgspec.Struct, frozen=True):
    """First frame of a segment: whose events these are, and the first one's sequence."""

    pool: str
    first_sequence: int


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One step: its number, its time (UTC microseconds), its event and how many commands it gave."""

    sequence: int
    now_us: int
    event: Event
    commands: int


class JournalError(ValueError):
    """The bytes are no segment of this version."""


class ReplayDiverged(RuntimeError):
    """This router does not answer a journalled event as the router did that journalled it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What could be read of a segment: `damage` says what stopped the reading, None at a clean end;
    the first `clean_bytes` bytes are whole."""

    header: Header
    records: list[Record]
    clean_bytes: int
    damage: str | None


_ENCODER = msgspec.msgpack.Encoder()
_RECORDS = msgspec.msgpack.Decoder(Record)
_HEADERS = msgspec.msgpack.Decoder(Header)


def encode(sequence: int, now_us: int, event: Event, commands: Sequence[Command]) -> bytes:
    """The frame of one step."""
    return frame(_ENCODER.encode(Record(sequence, now_us, event, len(commands))))


def encode_header(header: Header) -> bytes:
    """The beginning of a segment."""
    return MAGIC + frame(_ENCODER.encode(header))


def frame(payload: bytes) -> bytes:
    """Length, checksum, payload."""
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def unframe(data: bytes, offset: int) -> tuple[bytes | None, int, str]:
    """The payload of the frame at `offset` and the offset after it; or None, `offset`, and what is wrong."""
    start = offset + _FRAME.size
    if start > len(data):
        return None, offset, "a frame breaks off in its head"
    length, checksum = _FRAME.unpack_from(data, offset)
    if length > MAX_FRAME_BYTES:
        return None, offset, "a frame's length is impossible"
    payload = data[start : start + length]
    if len(payload) < length:
        return None, offset, "a frame breaks off"
    if zlib.crc32(payload) != checksum:
        return None, offset, "a frame's checksum is wrong"
    return payload, start + length, ""


def decode(data: bytes) -> Segment:
    """Read a segment up to its end or its first damage. Raises `JournalError` without a whole header."""
    if not data.startswith(MAGIC):
        raise JournalError("not a journal of this version")
    payload, offset, damage = unframe(data, len(MAGIC))
    if payload is None:
        raise JournalError(f"no header: {damage}")
    try:
        header = _HEADERS.decode(payload)
    except msgspec.DecodeError as error:
        raise JournalError(f"no header: {error}") from error
    records: list[Record] = []
    while offset < len(data):
        payload, after, damage = unframe(data, offset)
        if payload is None:
            return Segment(header, records, offset, damage)
        try:
            records.append(_RECORDS.decode(payload))
        except msgspec.DecodeError as error:
            return Segment(header, records, offset, f"no record: {error}")
        offset = after
    return Segment(header, records, offset, None)


def replay(
    router: Router,
    records: Iterable[Record],
    heard: Callable[[Sequence[Command]], None] = lambda commands: None,
) -> int:
    """Step the records that come after the router's sequence; answer how many. Nothing is carried out, but
    `heard` is told each step's commands.

    Raises `ReplayDiverged` at a gap, or where the number of commands differs; the router then stands
    at the step before, or at the one that differs.
    """
    count = 0
    for record in records:
        if record.sequence <= router.sequence:
            continue
        if record.sequence != router.sequence + 1:
            raise ReplayDiverged(f"steps {router.sequence + 1} to {record.sequence - 1} are missing")
        commands = router.step(record.event, record.now_us)
        heard(commands)
        count += 1
        if len(commands) != record.commands:
            raise ReplayDiverged(
                f"step {record.sequence} gave {record.commands} commands, now gives {len(commands)}"
            )
    return count
