"""The days themselves: a heap of what happens when, and what each happening leads to."""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import count
from random import Random

from switch.calls.ending import EndedBy, Reason, Result
from switch.history.entries import CallEnded, Entry
from switch.records import AgentState, Direction, LegRole
from tests.history_days.call import CallNotes, LegNotes, new_id
from tests.history_days.centre import PAUSES, QUEUES, SLOT_US, people, slots, wall_us
from tests.history_days.staff import Agent
from tests.history_days.talks import Talks

DAYS = tuple(date(2026, 3, day) for day in range(27, 32)) + tuple(
    date(2026, 10, day) for day in range(23, 28)
)
"""Ten days, with Sunday, March 29, of 23 hours and Sunday, October 25, of 25."""
_NUMBERS = 3000
"""How many people may call: some call again."""


def entries(*, calls: int, days: Sequence[date] = DAYS, seed: int = 1) -> Iterator[Entry]:
    """What a switch would tell its history of `calls` calls on these days, in that order."""
    return Centre(calls, sorted(days), Random(seed)).entries()


class Centre:
    """Callers, lines and agents; the time is the heap's."""

    def __init__(self, calls: int, days: Sequence[date], random: Random) -> None:
        self.random = random
        self._told: deque[Entry] = deque()
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []
        self._order = count()
        self._lines: dict[str, deque[CallNotes]] = {name: deque() for name in QUEUES}
        self._agents = [Agent(person, self.tell) for person in people(calls / len(days))]
        self._talks = Talks(self)
        for agent in self._agents:
            for day in days:
                self._roster(agent, day, last=day + timedelta(days=1) not in days)
        begins, weights = slots(days)
        for begin in random.choices(begins, weights, k=calls):
            self.at(begin + random.randrange(SLOT_US), self._arrive)

    def entries(self) -> Iterator[Entry]:
        """Until nothing more happens."""
        while self._heap:
            now_us, _, happen = heapq.heappop(self._heap)
            happen(now_us)
            while self._told:
                yield self._told.popleft()

    def tell(self, entry: Entry) -> None:
        """The history hears of it."""
        self._told.append(entry)

    def at(self, when_us: int, happen: Callable[[int], None]) -> None:
        """It happens then."""
        heapq.heappush(self._heap, (when_us, next(self._order), happen))

    def after(self, now_us: int, seconds: float, happen: Callable[[int], None]) -> None:
        """It happens so much later."""
        self.at(now_us + max(1, round(seconds * 1e6)), happen)

    # Agents

    def _roster(self, agent: Agent, day: date, *, last: bool) -> None:
        """His shift and its pauses, each a few minutes early or late. A night at the end is not worked."""
        begin, end = agent.person.shift
        if last and end > 24:
            return
        few, many = 240_000_000, 1_200_000_000
        early, late = self.random.randrange(few), self.random.randrange(few)
        self.at(wall_us(day, begin) - early, partial(self._ask, agent, AgentState.READY, None))
        self.at(wall_us(day, end) + late, partial(self._ask, agent, AgentState.OFFLINE, None))
        for reason, after_h, minutes in PAUSES:
            when_us = wall_us(day, begin + after_h) + self.random.randrange(many)
            self.at(when_us, self._pause(agent, reason, minutes))

    def _pause(self, agent: Agent, reason: str, minutes: int) -> Callable[[int], None]:
        def begin(now_us: int) -> None:
            if agent.works:
                self._ask(agent, AgentState.PAUSED, reason, now_us)
                self.after(now_us, minutes * self.random.uniform(50, 70), end)

        def end(now_us: int) -> None:
            if agent.wants == (AgentState.PAUSED, reason):
                self._ask(agent, AgentState.READY, None, now_us)

        return begin

    def _ask(self, agent: Agent, state: AgentState, reason: str | None, now_us: int) -> None:
        agent.ask(now_us, state, reason)
        self.look(now_us)

    def look(self, now_us: int) -> None:
        """Somebody may be free for somebody: a moment later they are brought together."""
        self.after(now_us, self.random.uniform(0.001, 0.004), self._match)

    def _match(self, now_us: int) -> None:
        """Who has waited longest goes first, to whom has idled longest."""
        waiting = [call for line in self._lines.values() for call in line if call.offer is None]
        for call in sorted(waiting, key=lambda call: call.entered_us):
            able = [one for one in self._agents if one.can_take(now_us, call.queue or "")]
            if able:
                self._talks.offer(now_us, min(able, key=lambda one: one.since_us), call)

    # Callers

    def _arrive(self, now_us: int) -> None:
        random = self.random
        kind = random.choices(("queue", "out", "phone", "nowhere"), (90, 6, 3, 1))[0]
        if kind == "queue":
            queue = random.choices(list(QUEUES.values()), [queue.share for queue in QUEUES.values()])[0]
            call = self.call(now_us, queue.number)
            self._answer(call, now_us)
            menu_s = random.uniform(1.5, 12.0) if queue.name != "vip" else 0.05
            if random.random() < 0.01:
                over = partial(self.end, call, Result.COMPLETED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
                self.after(now_us, menu_s / 2, over)
            else:
                self.after(now_us, menu_s, lambda at_us: self.enter(call, at_us, queue.name))
        elif kind == "nowhere":
            call = self.call(now_us, "+34911999999")
            call.legs[0].status = 404
            self.end(call, Result.REJECTED, Reason.NO_ROUTE, EndedBy.SWITCH, now_us + 2_000)
        else:
            self._plain(now_us, Direction.OUTBOUND if kind == "out" else Direction.INTERNAL)

    def call(self, now_us: int, to: str, from_: str | None = None) -> CallNotes:
        """One that begins: from a phone, or else from somebody outside."""
        caller = from_ or f"+346{self.random.randrange(_NUMBERS):08}"
        trunk = "carrier" if from_ is None else None
        direction = Direction.INTERNAL if from_ else Direction.INBOUND
        call = CallNotes(new_id(self.random, now_us), direction, caller, to, now_us, trunk)
        call.legs.append(LegNotes(f"{call.id}-0", LegRole.CALLER, trunk or caller, now_us))
        return call

    def _answer(self, call: CallNotes, now_us: int) -> None:
        call.connected_us = now_us + 20_000
        call.legs[0].answered_us = call.connected_us

    def _plain(self, now_us: int, direction: Direction) -> None:
        """A phone that calls somebody outside, or another phone."""
        random = self.random
        outside = direction is Direction.OUTBOUND
        to = f"+349{random.randrange(10**8):08}" if outside else str(1900 + random.randrange(50))
        call = self.call(now_us, to, str(1900 + random.randrange(50)))
        call.direction, call.trunk = direction, "carrier" if outside else None
        peer = "carrier" if outside else to
        leg = LegNotes(f"{call.id}-1", LegRole.CALLEE, peer, now_us + 3_000, now_us + 800_000)
        call.legs.append(leg)
        taken_us = now_us + round(random.uniform(2, 15) * 1e6)
        if random.random() < 0.15:
            leg.status = call.legs[0].status = 486
            self.at(taken_us, partial(self.end, call, Result.FAILED, Reason.BUSY, EndedBy.CALLEE))
            return
        leg.answered_us = call.answered_us = taken_us
        call.connected_us = call.legs[0].answered_us = taken_us + 1_000
        end_us = taken_us + round(random.expovariate(1 / 90) * 1e6) + 1_000_000
        self._talks.segment(call, leg, taken_us, end_us)
        self.at(end_us, partial(self.end, call, Result.COMPLETED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE))

    def enter(self, call: CallNotes, now_us: int, queue: str) -> None:
        """Into a queue's line, until an agent takes the call, patience ends, or the queue sends it on."""
        call.queue, call.entered_us = queue, now_us
        about, entered_us = QUEUES[queue], now_us
        if about.overflow and not any(one.works and queue in one.person.queues for one in self._agents):
            self._send_on(call, now_us, about.overflow, Reason.NO_AGENTS)
            return
        self._lines[queue].append(call)
        short = self.random.random() < 0.03
        patience_s = self.random.uniform(0.5, 6.0) if short else self.random.expovariate(1 / about.patience_s)

        def still(then: Callable[[int], None]) -> Callable[[int], None]:
            return lambda at_us: then(at_us) if (call.queue, call.entered_us) == (queue, entered_us) else None

        self.after(now_us, max(0.2, patience_s), still(lambda at_us: self._abandon(call, at_us)))
        if about.overflow is not None:
            onward = about.overflow
            sent_on = still(lambda at_us: self._send_on(call, at_us, onward, Reason.MAX_WAIT))
            self.after(now_us, about.max_wait_s, sent_on)
        self.look(now_us)

    def leave(self, call: CallNotes, now_us: int, result: Result, reason: Reason, agent: str | None) -> None:
        """Out of the line."""
        line = self._lines[call.queue or ""]
        if call in line:
            line.remove(call)
        call.leave(now_us, result, reason, agent)

    def _abandon(self, call: CallNotes, now_us: int) -> None:
        self.leave(call, now_us, Result.ABANDONED, Reason.CALLER_HUNG_UP, None)
        self._talks.withdraw(call, now_us, by_end=True)
        self.end(call, Result.ABANDONED, Reason.CALLER_HUNG_UP, EndedBy.CALLER, now_us)

    def _send_on(self, call: CallNotes, now_us: int, queue: str, reason: Reason) -> None:
        self.leave(call, now_us, Result.OVERFLOWED, reason, None)
        self._talks.withdraw(call, now_us, by_end=False)
        self.enter(call, now_us + 1, queue)

    def end(self, call: CallNotes, result: Result, reason: Reason, by: EndedBy, now_us: int) -> None:
        """The call is over, and its record written."""
        call.ended = True
        record = call.record(self.random, now_us, result, reason, by)
        self.tell(CallEnded(call=record, offers=tuple(call.offers), transfers=tuple(call.transfers)))
