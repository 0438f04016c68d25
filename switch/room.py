"""Room on the disk: an alarm while there is too little of it for the journal and the recordings."""

import asyncio
from pathlib import Path
from typing import Final

import structlog

from switch.events.types import Alarm
from switch.exchange import Exchange
from switch.host import LEAST_FREE_BYTES, disk

EVERY_S: Final = 2.0
_MB: Final = 1024 * 1024


class Room:
    """Looks at the disk of data_dir, and at that of the recordings where they have one of their own."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._log = structlog.get_logger("room")

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(EVERY_S)

    def look(self) -> None:
        """Once."""
        data_dir = self._exchange.config.server.data_dir
        recordings = data_dir / "recordings"
        self._tell(data_dir, _lack(data_dir, "the journal cannot be written"))
        apart = _is_apart(recordings, data_dir)
        self._tell(recordings, _lack(recordings, "calls cannot be recorded") if apart else None)

    def _tell(self, folder: Path, lack: str | None) -> None:
        alarms = self._exchange.alarms
        if lack is None:
            alarms.over(Alarm.DISK_FULL, str(folder))
        elif alarms.begin(Alarm.DISK_FULL, str(folder), lack):
            self._log.error("disk full", detail=lack)


def _lack(folder: Path, at_stake: str) -> str | None:
    """What is wrong with its disk, and what will be for it; None while nothing is."""
    try:
        free = disk(folder).free
    except OSError as error:
        return f"{folder}: {error.strerror}"
    if free >= LEAST_FREE_BYTES:
        return None
    return f"{folder} has {free // _MB} MB left: make room, or {at_stake}"


def _is_apart(folder: Path, other: Path) -> bool:
    """Whether it is there, and on another disk."""
    try:
        return folder.stat().st_dev != other.stat().st_dev
    except OSError:
        return False
