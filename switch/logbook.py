"""The logbook of open dialogs: what a crash would leave behind, a JSON line each, written in the same turn.

A dialog is noted when it is confirmed, with its call's record as of then, and struck out when it ends. At the
next start what was not struck out is ended on the wire and booked.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import structlog

from sip.dialog import Dialog
from switch.records import CallRecord

_COMPACT_AFTER = 20_000
"""Lines in the file after which it is written anew with the open dialogs only."""


class _Line(msgspec.Struct, frozen=True, omit_defaults=True):
    leg: str
    call: CallRecord | None = None
    dialog: dict[str, Any] | None = None
    """None: the dialog has ended."""


class Survivor(msgspec.Struct, frozen=True):
    """A call that the former run left: its record as last noted, and the dialogs that may still be up."""

    call: CallRecord
    dialogs: tuple[Dialog, ...]


class Logbook:
    """An append-only file; one write for each turn of the loop in which something was noted."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        """Opens the file. OSError if that cannot be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._loop = loop
        self._log = structlog.get_logger("logbook")
        self._open = _read(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._pending = bytearray()
        self._lines = 0
        self._scheduled = False
        self._compact()

    def survivors(self) -> list[Survivor]:
        """What the former run left, by call; they stay noted until `dialog_closed` strikes them out."""
        dialogs: dict[str, list[Dialog]] = {}
        calls: dict[str, CallRecord] = {}
        for line in self._open.values():
            if line.call is not None and line.dialog is not None:
                calls[line.call.id] = line.call
                dialogs.setdefault(line.call.id, []).append(Dialog.from_dict(line.dialog))
        return [Survivor(call, tuple(dialogs[id])) for id, call in calls.items()]

    def strike_out(self, call: str) -> None:
        """A survivor was seen to."""
        for leg in [
            leg for leg, line in self._open.items() if line.call is not None and line.call.id == call
        ]:
            self.dialog_closed(leg)

    def dialog_opened(self, leg: str, call: CallRecord, dialog: Dialog) -> None:
        """A leg's dialog is confirmed."""
        line = _Line(leg=leg, call=call, dialog=dialog.to_dict())
        self._open[leg] = line
        self._write(line)

    def dialog_closed(self, leg: str) -> None:
        """It has ended. A second time changes nothing."""
        if self._open.pop(leg, None) is not None:
            self._write(_Line(leg=leg))

    def close(self) -> None:
        """Write what is pending and close the file."""
        self._flush()
        os.close(self._file)

    def _write(self, line: _Line) -> None:
        self._pending += msgspec.json.encode(line) + b"\n"
        self._lines += 1
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._scheduled = False
        pending, self._pending = self._pending, bytearray()
        if not pending:
            return
        try:
            os.write(self._file, pending)
        except (
            OSError
        ) as error:  # a full disk must not end the calls; what is lost is only needed after a crash
            self._log.error("cannot note open dialogs", error=str(error), path=str(self._path))
            return
        if self._lines > _COMPACT_AFTER and self._lines > 4 * len(self._open):
            self._compact()

    def _compact(self) -> None:
        """Write the file anew with what is open."""
        fresh = self._path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_APPEND, 0o600)
        os.write(descriptor, b"".join(msgspec.json.encode(line) + b"\n" for line in self._open.values()))
        fresh.replace(self._path)
        os.close(self._file)
        self._file = descriptor
        self._lines = len(self._open)


def _read(path: Path) -> dict[str, _Line]:
    """The lines that were not struck out. A line that a crash cut short was never acted upon."""
    lines: dict[str, _Line] = {}
    if not path.exists():
        return lines
    for raw in path.read_bytes().splitlines():
        try:
            line = msgspec.json.decode(raw, type=_Line)
        except msgspec.DecodeError:
            continue
        if line.dialog is None:
            lines.pop(line.leg, None)
        else:
            lines[line.leg] = line
    return lines
