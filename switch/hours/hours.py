"""Which calendars are open now: routes ask, and the router is told when a queue's opens or closes.

By the clock on the wall, unlike everything else that the router is told: opening hours are those of people.
It is looked at again each minute, since somebody may set it.
"""

import asyncio
from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

from acd.events import Event, QueueClosed, QueueOpened
from acd.queue import ClosedReason
from switch.config.hours import OfficeHours
from switch.config.schema import Config
from switch.hours.calendar import Calendar

LOOK_AGAIN_S: Final = 60.0
_APART_S: Final = 0.01
_A_DAY_US: Final = 86_400_000_000


class Hours:
    """The calendars of the configuration. `wall_us` is the clock on the wall, UTC microseconds."""

    def __init__(
        self, post: Callable[[Event], None], wall_us: Callable[[], int], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._post = post
        self._wall_us = wall_us
        self._loop = loop
        self._calendars: dict[str, Calendar] = {}
        self._of_queues: dict[str, str | None] = {}
        self._told: dict[str, ClosedReason | None] = {}
        """What the router was last told of each queue."""
        self._changes: dict[str, tuple[int, int | None]] = {}
        """For each calendar: when its next change was looked for, and when that is."""
        self._timers: dict[str, asyncio.Handle] = {}

    def configure(self, config: Config) -> None:
        """These are the calendars from now on, and those of the queues. The router hears of every queue: it
        may remember another state.
        """
        self.stop()
        zone = config.server.timezone
        self._calendars = {name: _calendar(hours, zone) for name, hours in config.hours.items()}
        self._of_queues = {name: queue.hours for name, queue in config.queues.items()}
        self._told, self._changes = {}, {}
        closed = {name: self.closed(name) for name in self._calendars}
        for queue, name in self._of_queues.items():
            self._tell(queue, None if name is None else closed[name])
        for place, name in enumerate(self._calendars):  # all in one turn could hold up calls
            self._timers[name] = self._loop.call_later(place * _APART_S, self._look, name)

    def closed(self, calendar: str) -> ClosedReason | None:
        """Why that calendar is closed now; None while it is open."""
        return self._calendars[calendar].closed(self._wall_us())

    def is_open(self, calendar: str) -> bool:
        """Whether it is now."""
        return self.closed(calendar) is None

    def changes_at_us(self, queue: str) -> int | None:
        """When the queue's calendar opens or closes next; None where that is far away, or it has none."""
        name = self._of_queues.get(queue)
        return None if name is None else self._next_change(name, self._wall_us())

    def stop(self) -> None:
        """Look no more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _look(self, name: str) -> None:
        now_us = self._wall_us()
        reason = self._calendars[name].closed(now_us)
        for queue, own in self._of_queues.items():
            if own == name:
                self._tell(queue, reason)
        self._timers[name] = self._loop.call_later(self._sleep_s(name, now_us), self._look, name)

    def _tell(self, queue: str, reason: ClosedReason | None) -> None:
        if queue in self._told and self._told[queue] is reason:
            return
        self._told[queue] = reason
        if reason is None:
            self._post(QueueOpened(queue, ClosedReason.HOURS))
        else:
            self._post(QueueClosed(queue, reason))

    def _sleep_s(self, name: str, now_us: int) -> float:
        """Until something changes, and never long: a clock that was set is seen."""
        change_us = self._next_change(name, now_us)
        return LOOK_AGAIN_S if change_us is None else min(LOOK_AGAIN_S, (change_us - now_us) / 1e6)

    def _next_change(self, name: str, now_us: int) -> int | None:
        looked_us, change_us = self._changes.get(name, (now_us + 1, None))
        until_us = looked_us + _A_DAY_US if change_us is None else change_us
        if not looked_us <= now_us < until_us:
            change_us = self._calendars[name].next_change(now_us)
            self._changes[name] = (now_us, change_us)
        return change_us


def _calendar(hours: OfficeHours, zone: str) -> Calendar:
    return Calendar(ZoneInfo(hours.timezone or zone), hours.weekly, hours.special)
