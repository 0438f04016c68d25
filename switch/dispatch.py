"""The router's shell: events in, journal, then commands out, and the one deadline in the loop's timer.

All events of the few messages that are read together, or of one turn of the loop, are stepped together and
reach the journal in one write, before any of their commands is carried out: what a caller saw happen, the
journal knows.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial

import structlog

from acd.commands import Command
from acd.events import DeadlinePassed, Event, IndexesDoubted
from acd.router import Router
from switch.clock import Clock
from switch.persistence.journal import Journal, Retention

_LATE_TIMER_S = 0.001
"""uvloop's timers may fire up to a millisecond early; asking again costs one turn."""


class Dispatch:
    """One router's events and commands."""

    def __init__(
        self,
        router: Router,
        journal: Journal,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        decided: Callable[[float], None],
    ) -> None:
        """`decided` hears how long each step took, in seconds."""
        self.router = router
        self._journal = journal
        self._clock = clock
        self._loop = loop
        self._events: list[Event] = []
        self._settled: list[Callable[[], None]] = []
        self._carry_out: Callable[[Command, int], None] | None = None
        self._scheduled = False
        self._in_flush = False
        self._timer: asyncio.TimerHandle | None = None
        self._log = structlog.get_logger("router")
        self._decided = decided

    def start(self, carry_out: Callable[[Command, int], None]) -> None:
        """From now on hand commands, with the time of their step, to `carry_out`."""
        self._carry_out = carry_out
        self._set_timer()

    def keep_past(self, retention: Retention) -> None:
        """Keep so much of the journal from now on."""
        self._journal.keep(retention)

    def stop(self) -> None:
        """Step what is pending and set no more timers."""
        self.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._carry_out = None

    def post(self, event: Event) -> None:
        """Give the router an event; it is stepped in this turn of the loop."""
        self._events.append(event)
        self._schedule()

    def when_settled(self, callback: Callable[[], None], *, first: bool = False) -> None:
        """Call once every event posted so far is stepped and its commands carried out, in the same turn.
        `first`: before what the others have to count and to book.
        """
        self._settled.insert(0 if first else len(self._settled), callback)
        self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled and not self._in_flush:
            self._scheduled = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Step what is pending now rather than at the end of this turn."""
        if self._in_flush or not self._scheduled:
            return
        self._scheduled = False
        self._in_flush = True
        try:
            while self._events or self._settled:
                events, self._events = self._events, []
                self._carry_out_all(self._step(events))
                if not self._events:
                    settled, self._settled = self._settled, []
                    for callback in settled:
                        self._guarded(callback)
        finally:
            self._in_flush = False
            self._set_timer()

    def _step(self, events: list[Event]) -> list[tuple[Command, int]]:
        steps = []
        for event in events:
            now_us = self._clock.now_us()
            began = time.perf_counter()
            try:
                commands = self.router.step(event, now_us)
            except Exception:  # noqa: BLE001 - a fault of ours in one step must not cost the others
                self._log.exception("step failed", step=repr(event))
                self._journal.start_anew()
                if not isinstance(event, IndexesDoubted):  # which would fail again, for ever
                    events.append(IndexesDoubted())
                continue
            self._journal.record(event, commands)
            self._decided(time.perf_counter() - began)
            steps += [(command, now_us) for command in commands]
        self._journal.write()
        return steps

    def _carry_out_all(self, steps: list[tuple[Command, int]]) -> None:
        carry_out = self._carry_out
        if carry_out is None:
            return
        for command, now_us in steps:
            self._guarded(partial(carry_out, command, now_us))

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - a task's edge: one command's failure must not stop the line
            self._log.exception("command failed")

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline_us = self.router.deadline()
        if deadline_us is not None and self._carry_out is not None:
            self._timer = self._loop.call_later(self._clock.seconds_until(deadline_us), self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        deadline_us = self.router.deadline()
        if deadline_us is not None and deadline_us <= self._clock.now_us():
            self.post(DeadlinePassed())
        else:
            self._timer = self._loop.call_later(_LATE_TIMER_S, self._on_timer)
