"""One webhook at work: the oldest event is told until it is taken, then the next; no other waits for it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
import structlog

from switch.config.webhook import Webhook
from switch.events.alarms import Alarms
from switch.events.filter import Filter
from switch.events.stream import Entry
from switch.events.types import Alarm
from switch.records import utc
from switch.webhooks.outbox import Line, Outbox
from switch.webhooks.post import Attempt, Posted, Poster

FIRST_S: Final = 1.0
"""Before the second attempt; then twice as long each time..."""
LONGEST_S: Final = 300.0
"""...up to this."""
LONGEST_ASKED_S: Final = 3600.0
"""What a Retry-After may ask for."""
_JITTER: Final = 0.1
_TEST: Final = "test"


class State(StrEnum):
    """What a webhook is doing."""

    IDLE = "idle"
    TELLING = "telling"
    FAILING = "failing"
    """Its last answer was not good; it is tried again."""
    DEAD = "dead"
    """It has failed for too long, or said that it is gone: nobody tries, until somebody says so."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a webhook has of the switch: `now` is monotonic, `wall_us` UTC, `random` from 0 to 1."""

    now: Callable[[], float]
    wall_us: Callable[[], int]
    random: Callable[[], float]
    alarms: Alarms


class Hook:
    """From `run` until that is cancelled."""

    def __init__(self, name: str, settings: Webhook, outbox: Outbox, poster: Poster, around: Around) -> None:
        self.name = name
        self.settings = settings
        self.outbox = outbox
        self.state = State.IDLE
        self.attempts = Counter(dict.fromkeys(Attempt, 0))
        self.dropped = 0
        """Events that it will never be told."""
        self.failures = 0
        """In a row."""
        self.last: Posted | None = None
        """Its newest attempt."""
        self.taken = 0
        """Events that it took, since the start."""
        self.next_at_us: int | None = None
        """When it is tried again, UTC."""
        self._poster = poster
        self._around = around
        self._wanted = Filter.of(settings.events, settings.queues)
        self._failing_since = 0.0
        self._news = asyncio.Event()
        self._again = asyncio.Event()
        self._log = structlog.get_logger("webhook").bind(webhook=name)

    def take(self, entry: Entry) -> None:
        """Something happened: it is on disk when this returns, if the webhook wants it."""
        if not self._wanted.passes(entry.type, entry.about):
            return
        try:
            dropped = self.outbox.append(entry.seq, entry.json)
        except OSError as error:
            self.lost(1, f"the disk does not take it: {error}")
        else:
            self._news.set()
            if dropped:
                self.lost(dropped, "more waited than there is room for")

    async def run(self) -> None:
        """Tell what is there, and wait for more."""
        while True:
            self._news.clear()
            line = self.outbox.first()
            if self.outbox.damaged:
                self.lost(self.outbox.damaged, "what was kept for it is damaged")
                self.outbox.damaged = 0
            if line is None:
                self.state = State.IDLE
                await self._news.wait()
            else:
                await self._tell(line)

    def retry(self) -> None:
        """Try now, and be it dead."""
        if self.state is State.DEAD:
            self._failing_since = self._around.now()
            self._log.info("webhook is tried again")
        self._again.set()

    async def test(self) -> Posted:
        """Tell it an event of type `test`, out of turn, once."""
        now_us = self._around.wall_us()
        told = {"seq": 0, "time": utc(now_us), "type": _TEST, "data": {"webhook": self.name}}
        line = Line(0, _TEST, msgspec.json.encode(told))
        return await self._poster.post(line, self._around.wall_us() // 1_000_000)

    def lost(self, count: int, why: str) -> None:
        """So many events it will never be told."""
        self.dropped += count
        if self.dropped == count:
            self._log.error("webhook loses events", why=why)
            self._around.alarms.once(Alarm.WEBHOOK_DROPPED, self.name, why)

    async def close(self) -> None:
        """Close its connections: there is no such webhook any more."""
        self._around.alarms.over(Alarm.WEBHOOK_DEAD, self.name)
        await self._poster.close()

    async def _tell(self, line: Line) -> None:
        self.state = State.FAILING if self.failures else State.TELLING
        self._again.clear()
        posted = await self._poster.post(line, self._around.wall_us() // 1_000_000)
        self.last = posted
        self.attempts[posted.outcome] += 1
        if posted.outcome is Attempt.TAKEN:
            if self.failures:
                self._log.info("webhook takes events again", waiting=self.outbox.count)
                self._around.alarms.over(Alarm.WEBHOOK_DEAD, self.name)
            self.failures = 0
            self.taken += 1
            self.outbox.done(line)
            return
        if not self.failures:
            self._failing_since = self._around.now()
            self._log.warning("webhook fails", error=posted.error, event_seq=line.seq)
        self.failures += 1
        failing_s = self._around.now() - self._failing_since
        if posted.outcome is Attempt.GONE or failing_s >= self.settings.give_up_after:
            self._die(posted)
            await self._again.wait()
        else:
            self.state = State.FAILING
            await self._rest(posted)

    async def _rest(self, posted: Posted) -> None:
        rest_s = min(FIRST_S * 2 ** min(self.failures - 1, 20), LONGEST_S)
        rest_s *= 1 - _JITTER + 2 * _JITTER * self._around.random()
        if posted.retry_after_s is not None:
            rest_s = max(rest_s, min(posted.retry_after_s, LONGEST_ASKED_S))
        self.next_at_us = self._around.wall_us() + round(rest_s * 1e6)
        try:
            async with asyncio.timeout(rest_s):
                await self._again.wait()
        except TimeoutError:
            pass
        finally:
            self.next_at_us = None

    def _die(self, posted: Posted) -> None:
        self.state = State.DEAD
        detail = f"told nothing any more: {posted.error}; then: centralita webhook retry {self.name}"
        self._log.error("webhook is dead", error=posted.error, waiting=self.outbox.count)
        self._around.alarms.begin(Alarm.WEBHOOK_DEAD, self.name, detail)
