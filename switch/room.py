"""Room on the disk: an alarm while there is too little of it for a new call."""

import asyncio
from typing import Final

import structlog

from switch.events.types import Alarm
from switch.exchange import Exchange
from switch.host import LEAST_FREE_BYTES, disk

EVERY_S: Final = 2.0
_MB: Final = 1024 * 1024


class Room:
    """Looks at the disk of data_dir."""

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
        data_dir, alarms = self._exchange.config.server.data_dir, self._exchange.alarms
        try:
            free = disk(data_dir).free
        except OSError as error:
            self._full(f"{data_dir}: {error.strerror}")
            return
        if free < LEAST_FREE_BYTES:
            self._full(f"{data_dir} has {free // _MB} MB left: make room, or the journal cannot be written")
        else:
            alarms.over(Alarm.DISK_FULL, str(data_dir))

    def _full(self, detail: str) -> None:
        data_dir = str(self._exchange.config.server.data_dir)
        if self._exchange.alarms.begin(Alarm.DISK_FULL, data_dir, detail):
            self._log.error("disk full", detail=detail)
