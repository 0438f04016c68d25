"""The logbook: what a crash would leave behind, a JSON line each, written in the same turn of the loop.

A call is noted when it begins and when it has come further; a dialog, with what its leg needs, from its
confirmation until it ends; a subscription as long as it stands. A call that has ended is noted with its whole
record until the history has it. At the next start, dialogs that are still noted are taken up again
(`switch.calls.returning`) or ended on the wire, calls that the history may not have are booked, and who
subscribed is told how things are.
"""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from sip.dialogs.dialog import Dialog
from sip.dialogs.ringing import RingingInvite
from sip.dialogs.unanswered import UnansweredInvite
from switch.calls.legs.note import LegNote
from switch.history.entries import CallEnded
from switch.persistence.lines import LineFile
from switch.preferences import Preferences
from switch.records import CallRecord


class _Line(msgspec.Struct, frozen=True, tag_field="line"):
    """One thing that happened."""


class _CallNoted(_Line, frozen=True, tag="noted", omit_defaults=True):
    call: CallRecord
    paused: bool = False


class _DialogOpened(_Line, frozen=True, tag="opened"):
    leg: str
    call: str
    dialog: dict[str, Any]
    note: LegNote | None = None


class _DialogClosed(_Line, frozen=True, tag="closed"):
    leg: str


class _Rings(_Line, frozen=True, tag="rings"):
    leg: str
    invite: RingingInvite


class _Unanswered(_Line, frozen=True, tag="unanswered"):
    leg: str
    invite: UnansweredInvite


class _LampOpened(_Line, frozen=True, tag="lamp"):
    lamp: str
    at_us: int
    saved: dict[str, Any]


class _LampClosed(_Line, frozen=True, tag="lamp off"):
    lamp: str


class _SeatNoted(_Line, frozen=True, tag="seat"):
    agent: str
    phone: str | None


class _PreferencesNoted(_Line, frozen=True, tag="preferences"):
    phone: str
    wanted: Preferences | None


class _CallEnded(_Line, frozen=True, tag="ended"):
    entry: CallEnded


class _CallBooked(_Line, frozen=True, tag="booked"):
    call: str


_READ = msgspec.json.Decoder(
    _CallNoted
    | _DialogOpened
    | _DialogClosed
    | _Rings
    | _Unanswered
    | _LampOpened
    | _LampClosed
    | _SeatNoted
    | _PreferencesNoted
    | _CallEnded
    | _CallBooked
)


class Survivor(msgspec.Struct, frozen=True):
    """A call that the former run left: its record as last noted, and the dialogs that may be up."""

    call: CallRecord
    dialogs: dict[str, Dialog]
    """By leg."""
    notes: dict[str, LegNote]
    """Likewise: what is needed of each besides."""
    paused: bool = False
    """Somebody did not want recorded what was said."""


class Logbook:
    """What still counts, in memory and in a file; one write for each turn of the loop."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        """Opens the file. OSError if that cannot be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._log = structlog.get_logger("logbook")
        self._calls: dict[str, _CallNoted] = {}
        self._dialogs: dict[str, _DialogOpened] = {}
        self._ringing: dict[str, _Rings | _Unanswered] = {}
        self._lamps: dict[str, _LampOpened] = {}
        self._seats: dict[str, _SeatNoted] = {}
        self._preferences: dict[str, _PreferencesNoted] = {}
        self._ended: dict[str, _CallEnded] = {}
        self.last_beat_us = self._read()
        """When the former run was last seen alive (UTC microseconds); 0 if there was none."""
        self._file = LineFile(path, loop, self._still_noted)

    def survivors(self) -> list[Survivor]:
        """The calls that the former run left in progress."""
        dialogs: dict[str, dict[str, Dialog]] = {}
        notes: dict[str, dict[str, LegNote]] = {}
        for line in self._dialogs.values():
            dialogs.setdefault(line.call, {})[line.leg] = Dialog.from_dict(line.dialog)
            if line.note is not None:
                notes.setdefault(line.call, {})[line.leg] = line.note
        return [
            Survivor(line.call, dialogs.get(call, {}), notes.get(call, {}), line.paused)
            for call, line in self._calls.items()
        ]

    def unbooked(self) -> list[CallEnded]:
        """The ended calls that the history may not have."""
        return [line.entry for line in self._ended.values()]

    def beat(self) -> None:
        """The switch is alive: a crash is known to have come later."""
        self._file.touch()

    def call_noted(self, call: CallRecord, *, paused: bool = False) -> None:
        """The call is in progress, and has come so far; `paused`: what is said is not recorded."""
        self._calls[call.id] = line = _CallNoted(call, paused)
        self._file.add(line)

    def ringing_noted(self, leg: str, invite: RingingInvite | None) -> None:
        """A leg's INVITE rings, until its dialog is opened or closed. A second time changes nothing."""
        known = self._ringing.get(leg)
        if invite is not None and (not isinstance(known, _Rings) or known.invite.cseq != invite.cseq):
            self._ringing[leg] = line = _Rings(leg, invite)
            self._file.add(line)

    def unanswered_noted(self, leg: str, invite: UnansweredInvite | None) -> None:
        """Likewise: who calls was told that it rings, or hears us already."""
        if invite is not None and leg not in self._ringing:
            self._ringing[leg] = line = _Unanswered(leg, invite)
            self._file.add(line)

    def take_ringing(self) -> list[RingingInvite | UnansweredInvite]:
        """What the former run left without a final response, from us or to us; noted no more."""
        left = list(self._ringing.values())
        for line in left:
            self.dialog_closed(line.leg)
        return [line.invite for line in left]

    def dialog_opened(self, leg: str, call: str, dialog: Dialog, note: LegNote | None = None) -> None:
        """A leg's dialog is confirmed."""
        self._ringing.pop(leg, None)
        self._dialogs[leg] = line = _DialogOpened(leg, call, dialog.to_dict(), note)
        self._file.add(line)

    def dialog_changed(self, leg: str, dialog: Dialog, note: LegNote) -> None:
        """Its remote target may be new, or its description. One that is not noted is not noted now."""
        if (known := self._dialogs.get(leg)) is not None:
            caller = known.note.caller if known.note is not None else None
            self.dialog_opened(leg, known.call, dialog, replace(note, caller=caller))

    def dialog_closed(self, leg: str) -> None:
        """It has ended. A second time changes nothing."""
        rang, opened = self._ringing.pop(leg, None), self._dialogs.pop(leg, None)
        if rang is not None or opened is not None:
            self._file.add(_DialogClosed(leg))

    def lamp_opened(self, lamp: str, saved: dict[str, Any], now_us: int) -> None:
        """Somebody watches, or has renewed: `saved` is what another process would go on with."""
        self._lamps[lamp] = line = _LampOpened(lamp, now_us, saved)
        self._file.add(line)

    def lamp_closed(self, lamp: str) -> None:
        """He watches no more. A second time changes nothing."""
        if self._lamps.pop(lamp, None) is not None:
            self._file.add(_LampClosed(lamp))

    def take_lamps(self) -> list[tuple[dict[str, Any], int]]:
        """What the former run's lamps were, and when (UTC microseconds) it said so; noted no more."""
        lamps = list(self._lamps.values())
        for line in lamps:
            self.lamp_closed(line.lamp)
        return [(line.saved, line.at_us) for line in lamps]

    def seat_noted(self, agent: str, phone: str | None) -> None:
        """The agent sits at a phone that is not his own, or (None) not any more."""
        line = _SeatNoted(agent, phone)
        if phone is None:
            self._seats.pop(agent, None)
        else:
            self._seats[agent] = line
        self._file.add(line)

    def seats(self) -> dict[str, str]:
        """Who sits at which phone that is not his own."""
        return {agent: line.phone for agent, line in self._seats.items() if line.phone is not None}

    def preferences_noted(self, phone: str, wanted: Preferences | None) -> None:
        """What is to become of calls to the phone; None: it rings."""
        line = _PreferencesNoted(phone, wanted)
        self._take_preferences(line)
        self._file.add(line)

    def preferences(self) -> dict[str, Preferences]:
        """Of every phone that wants something."""
        return {phone: line.wanted for phone, line in self._preferences.items() if line.wanted is not None}

    def _take_preferences(self, line: _PreferencesNoted) -> None:
        if line.wanted is None:
            self._preferences.pop(line.phone, None)
        else:
            self._preferences[line.phone] = line

    def call_ended(self, entry: CallEnded) -> None:
        """The call's record is whole, and on its way to the history."""
        self._calls.pop(entry.call.id, None)
        self._ended[entry.call.id] = line = _CallEnded(entry)
        self._file.add(line)

    def call_booked(self, call: str) -> None:
        """The history has it. A second time changes nothing."""
        if self._ended.pop(call, None) is not None:
            self._file.add(_CallBooked(call))

    def close(self) -> None:
        """Write what is pending and close the file."""
        self._file.close()

    def _read(self) -> int:
        """Take up the file; when it was last touched. A line that a crash cut short was never acted upon."""
        if not self._path.exists():
            return 0
        for raw in self._path.read_bytes().splitlines():
            try:
                line = _READ.decode(raw)
            except msgspec.DecodeError as error:
                self._log.warning("unreadable line passed over", error=str(error))
                continue
            match line:
                case _CallNoted(call=record):
                    self._calls[record.id] = line
                case _DialogOpened(leg=leg):
                    self._ringing.pop(leg, None)
                    self._dialogs[leg] = line
                case _DialogClosed(leg=leg):
                    self._ringing.pop(leg, None)
                    self._dialogs.pop(leg, None)
                case _Rings(leg=leg) | _Unanswered(leg=leg):
                    self._ringing[leg] = line
                case _LampOpened(lamp=lamp):
                    self._lamps[lamp] = line
                case _LampClosed(lamp=lamp):
                    self._lamps.pop(lamp, None)
                case _SeatNoted(agent=agent, phone=None):
                    self._seats.pop(agent, None)
                case _SeatNoted(agent=agent):
                    self._seats[agent] = line
                case _PreferencesNoted():
                    self._take_preferences(line)
                case _CallEnded(entry=entry):
                    self._calls.pop(entry.call.id, None)
                    self._ended[entry.call.id] = line
                case _CallBooked(call=call):
                    self._ended.pop(call, None)
        return self._path.stat().st_mtime_ns // 1000

    def _still_noted(self) -> list[_Line]:
        noted = (
            self._calls,
            self._dialogs,
            self._ringing,
            self._lamps,
            self._seats,
            self._preferences,
            self._ended,
        )
        return [line for lines in noted for line in lines.values()]
