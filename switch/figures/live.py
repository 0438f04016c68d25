"""Today's figures of a running switch, from the same happenings as the database's, as they happen.

What began before the switch did comes from the database, once, by a child process (`switch.figures.seed`):
calls that ended before that moment are the database's, the others are counted here. So nothing counts twice,
and nothing is lost by a restart or a crash.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from switch.figures import happenings
from switch.figures.calendar import Interval, Span, day_of, days, intervals
from switch.figures.cells import LEAVES, Cells, Key, Row, keys
from switch.figures.facts import Counts, Dimension, Fact, Happened, Stay
from switch.figures.seed import Seed, SeedCell
from switch.history.entries import AgentChanged, CallEnded, Entry, OfferEnded, WrapUpEnded
from switch.records import AgentState, to_us

Group: TypeAlias = tuple[Dimension, ...]

GROUPS: Final[tuple[Group, ...]] = ((), *((dimension,) for dimension in Dimension))
"""What is kept: for everybody, and by each dimension."""
_LATE: Final = 10_000
"""Of so many calls, the last ones, offers may still end."""


class Live:
    """From the making of it. The day before is kept, too. Every method is called in the loop's thread."""

    def __init__(self, zone: ZoneInfo, now_us: Callable[[], int]) -> None:
        self.since_us = now_us()
        """What ended before that is the database's to tell."""
        self.seeded = False
        """Whether it has told."""
        self.zone = zone
        self._now_us = now_us
        self.span = self._around(self.since_us)
        """Yesterday and today."""
        self._cells = self._empty()
        self._entered: Counter[tuple[str, int]] = Counter()
        self._left: Counter[tuple[str, int]] = Counter()
        """Visits of calls that go on, by queue and when they were entered."""
        self._waiting: dict[Group, Counter[Key]] = {by: Counter() for by in GROUPS}
        self._states: dict[str, Stay] = {}
        self._first: dict[str, int] = {}
        """When each agent changed first: until then his state is the seed's."""
        self._wrapping: dict[tuple[str, str], Happened] = {}
        """Answered visits of calls that have ended, whose agents have not wrapped up."""
        self._ended: dict[str, None] = {}
        """The last calls that have: offers may end after them. Of a call that no record tells of, as a crash
        may leave it, the database takes none.
        """
        self._wrapped: dict[tuple[str, str], float] = {}
        """Wrap-ups of calls that are the seed's, which is still to come."""

    # What happens

    def call_resumed(self, visits: Iterable[happenings.Visit]) -> None:
        """A call of the former run goes on: it is not in the database."""
        for visit in visits:
            self.visit_entered(visit)
            if visit.left_us is not None:
                self.visit_left(visit)

    def visit_entered(self, visit: happenings.Visit) -> None:
        """A call joined a line."""
        self._entered[visit.queue, visit.entered_us] += 1
        happened = happenings.visit_entered(visit)
        self._add(happened)
        self._wait(happened, 1)

    def visit_left(self, visit: happenings.Visit) -> None:
        """It left the line."""
        self._left[visit.queue, visit.entered_us] += 1
        happened = happenings.visit_left(visit._replace(talk_us=0, hold_us=0, wrap_up_us=0))
        self._add(happened)
        self._wait(happened, -1)

    def hear(self, entry: Entry) -> None:
        """What the history is told."""
        match entry:
            case CallEnded(call=call) if call.ended_at is not None and to_us(call.ended_at) >= self.since_us:
                self._call_ended(entry)
            case OfferEnded(call=call_id, offer=offer) if call_id in self._ended:
                at_us = to_us(offer.ended_at)
                self._add(happenings.offer_ended(call_id, at_us, offer.queue, offer.agent, offer.result))
            case WrapUpEnded(call=call_id, agent=agent, wrap_up_s=wrap_up_s):
                self._wrap_up_ended(call_id, agent, wrap_up_s)
            case AgentChanged(change=change) if to_us(change.since) >= self.since_us:
                self._agent_changed(Stay(change.agent, change.state, change.reason, to_us(change.since)))

    def seed(self, cell: SeedCell) -> None:
        """A part of what the database tells."""
        counts = Counts(Counter(cell.facts), Counter(cell.waits))
        for held in self._cells[cell.by]:
            held.put(cell.start_us, cell.key, counts)

    def seeded_with(self, seed: Seed) -> None:
        """The rest of it: agents' states when the switch began, and who still wrapped up."""
        for stay in seed.states:
            until_us = self._first.get(stay.agent)
            if until_us is None:
                self._states[stay.agent] = stay
            else:
                self._stayed(stay, until_us)
        for visit in seed.wrapping:
            self._wrapping[visit.call, visit.agent or ""] = happenings.visit_handled(visit)
        for (call, agent), wrap_up_s in self._wrapped.items():
            self._wrap_up_ended(call, agent, wrap_up_s)
        self._wrapped.clear()
        self.seeded = True

    # What is asked

    def rows(self, by: Group = (), interval: Interval = Interval.DAY) -> list[Row]:
        """Yesterday's and today's, by interval, then key: of quarters or days. With thousands of quarters it
        takes milliseconds.
        """
        self._roll()
        now_us = self._now_us()
        held = self._cells[by][0 if interval is Interval.DAY else 1].copy()
        for stay in self._states.values():
            held.stayed(stay, now_us)
        waiting = dict(self._waiting[by])
        for counts, _, key in held.all():
            waiting[key] = waiting.get(key, 0) + sum(counts[fact] for fact in LEAVES) - counts[Fact.OFFERED]
        return list(held.rows({key: count for key, count in waiting.items() if count}))

    @property
    def today_us(self) -> int:
        """When the local day began."""
        today = day_of(self._now_us(), self.zone)
        return Span.days(today, today, self.zone).start_us

    def today(self, by: Group = ()) -> dict[Key, Counts]:
        """Of this local day so far."""
        today_us = self.today_us
        return {key: counts for key, span, counts in self.rows(by) if span.start_us == today_us}

    # Inside

    def _call_ended(self, entry: CallEnded) -> None:
        call = entry.call
        self._ended[call.id] = None
        if len(self._ended) > _LATE:
            del self._ended[next(iter(self._ended))]
        for visit in happenings.visits(call):
            self._visit_booked(visit)
        for offer in entry.offers:
            at_us = to_us(offer.ended_at)
            self._add(happenings.offer_ended(call.id, at_us, offer.queue, offer.agent, offer.result))
        for sent in entry.transfers:
            self._add(happenings.transferred(call.id, to_us(sent.at), sent.queue, sent.agent, sent.kind))
        for leg in happenings.trunk_legs(call):
            self._add(happenings.trunk_leg_ended(leg))

    def _visit_booked(self, visit: happenings.Visit) -> None:
        """Its call has ended: what was not heard of it while it lasted counts now, and how it was handled."""
        at = visit.queue, visit.entered_us
        if not _take(self._entered, at):
            self.visit_entered(visit)
            _take(self._entered, at)
        if not _take(self._left, at):
            self.visit_left(visit)
            _take(self._left, at)
        handled = happenings.visit_handled(visit)
        self._add(handled)
        if visit.agent is not None and not visit.wrap_up_us:
            self._wrapping[visit.call, visit.agent] = handled

    def _wrap_up_ended(self, call: str, agent: str, wrap_up_s: float) -> None:
        handled = self._wrapping.pop((call, agent), None)
        if handled is not None:
            self._add(handled._replace(facts={Fact.WRAP_UP_US: happenings.us(wrap_up_s)}))
        elif not self.seeded:
            self._wrapped[call, agent] = wrap_up_s

    def _agent_changed(self, stay: Stay) -> None:
        self._first.setdefault(stay.agent, stay.since_us)
        if (before := self._states.get(stay.agent)) is not None:
            self._stayed(before, stay.since_us)
        if stay.state is AgentState.PAUSED:
            self._add(happenings.pause_began(stay))
        self._states[stay.agent] = stay

    def _add(self, happened: Happened) -> None:
        self._roll()
        for pair in self._cells.values():
            for held in pair:
                held.add(happened)

    def _stayed(self, stay: Stay, to_us: int) -> None:
        self._roll()
        for pair in self._cells.values():
            for held in pair:
                held.stayed(stay, to_us)

    def _wait(self, happened: Happened, by_one: int) -> None:
        for by, waiting in self._waiting.items():
            if Dimension.AGENT not in by:
                waiting.update(dict.fromkeys(keys(happened, by), by_one))

    def _roll(self) -> None:
        """A day has begun: the one before yesterday is let go."""
        now_us = self._now_us()
        if now_us < self.span.end_us:
            return
        self.span, before = self._around(now_us), self._cells
        self._cells = self._empty()
        for by, pair in before.items():
            for held, kept in zip(pair, self._cells[by], strict=True):
                for counts, span, key in held.all():
                    kept.put(span.start_us, key, counts)
        oldest = self.span.start_us
        self._wrapping = {name: each for name, each in self._wrapping.items() if each.at_us >= oldest}

    def _around(self, at_us: int) -> Span:
        """Yesterday and today."""
        today = day_of(at_us, self.zone)
        return Span.days(today - timedelta(days=1), today, self.zone)

    def _empty(self) -> dict[Group, tuple[Cells, Cells]]:
        whole = list(days(self.span, self.zone))
        quarters = list(intervals(self.span, self.zone, Interval.QUARTER))
        return {by: (Cells(whole, by), Cells(quarters, by)) for by in GROUPS}


def _take(known: Counter[tuple[str, int]], at: tuple[str, int]) -> bool:
    """Whether it was there; it is there once less."""
    there = known[at] > 0
    known[at] -= there
    if not known[at]:
        del known[at]
    return there
