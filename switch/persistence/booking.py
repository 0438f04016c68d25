"""Booking: an ended call's record goes to logbook and history, and stays in both until the second has it."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from switch.history.entries import CallEnded
from switch.history.writer import Writer
from switch.persistence.logbook import Logbook
from switch.records import CallRecord, OfferRecord, TransferRecord

_SETTLE_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 10.0


class Booking:
    """Where calls go when they have ended: kill -9 between here and the database loses none."""

    def __init__(self, history: Writer, logbook: Logbook) -> None:
        self.on_ended: Callable[[CallRecord], None] = lambda record: None
        """Hears of each record before it is written."""
        self._history = history
        self._logbook = logbook
        self._unsettled: list[str] = []
        self._settling: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("call")

    def book(
        self,
        record: CallRecord,
        offers: tuple[OfferRecord, ...] = (),
        transfers: tuple[TransferRecord, ...] = (),
    ) -> None:
        """Write the record, and the one line that tells the call's story."""
        self.on_ended(record)
        entry = CallEnded(call=record, offers=offers, transfers=transfers)
        self._logbook.call_ended(entry)
        self._put(entry)
        self._log.info(
            "call ended",
            call=record.id,
            direction=record.direction.value,
            trunk=record.trunk,
            from_=record.from_,
            to=record.to,
            queue=record.queue,
            agent=record.agent,
            wait_s=record.wait_s,
            talk_s=record.talk_s,
            hold_s=record.hold_s,
            result=record.result,
            reason=record.reason,
            ended_by=record.ended_by,
            legs=len(record.legs),
            offers=len(offers),
        )

    def again(self) -> None:
        """Book what the former run may not have brought into the history: there it counts once."""
        for entry in self._logbook.unbooked():
            self._put(entry)

    async def close(self) -> None:
        """Wait for what is under way."""
        if self._settling is not None:
            await asyncio.wait({self._settling}, timeout=_PATIENCE_S)

    def _put(self, entry: CallEnded) -> None:
        self._history.put(entry)
        self._unsettled.append(entry.call.id)
        if self._settling is None:
            self._settling = asyncio.get_running_loop().create_task(self._settle(), name="booking")

    async def _settle(self) -> None:
        """Strike out of the logbook what the history has by now, in batches, until there is nothing left."""
        while self._unsettled:
            await asyncio.sleep(_SETTLE_EVERY_S)
            calls, self._unsettled = self._unsettled, []
            if await self._history.flush(_PATIENCE_S):
                for call in calls:
                    self._logbook.call_booked(call)
            else:
                self._unsettled = calls + self._unsettled
        self._settling = None
