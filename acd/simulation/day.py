"""A day as it is described (how many calls of which kind, who works when) and as it is drawn from a seed."""

import enum
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from acd.settings import SECOND_US, AgentSettings, QueueSettings
from acd.simulation.chance import AT_ONCE, NEVER, Chance, Duration

START_US = 1_795_000_000 * SECOND_US


class Stream(enum.IntEnum):
    """What is drawn: the first part of each draw's name."""

    ARRIVAL = 1
    TALK = 2
    PATIENCE = 3
    FATE = 4  # whether a phone answers, by call and attempt
    RING = 5  # how long it rings before it does


class Does(enum.Enum):
    """What a phone does with an offer."""

    ANSWER = enum.auto()
    REJECT = enum.auto()
    IGNORE = enum.auto()  # it rings until the router has enough of it


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls of one kind. `calls` holds the expected number for each interval of the day; within an interval
    they come as a Poisson process."""

    queue: str
    calls: Sequence[float]
    talk: Duration
    patience: Duration = NEVER
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """When an agent works: seconds since the day's start, with pauses in between. `pace` multiplies the
    talks."""

    agent: AgentSettings
    from_s: float = 0.0
    until_s: float = math.inf
    pauses: Sequence[tuple[float, float]] = ()
    pace: float = 1.0


@dataclass(frozen=True, slots=True)
class Phones:
    """What agents' phones do with an offer: shares of all offers that are rejected, or ring until the router
    has enough of it; the others are answered after `answers`. Who let a call ring is back after
    `returns_s`."""

    answers: Duration = AT_ONCE
    rejected: float = 0.0
    ignored: float = 0.0
    returns_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Day:
    """What a day is expected to be. `interval_s` is the length of the intervals of all traffic."""

    queues: Sequence[QueueSettings]
    traffic: Sequence[Traffic]
    shifts: Sequence[Shift]
    phones: Phones = Phones()
    interval_s: float = 1800.0
    start_us: int = START_US

    def drawn(self, seed: int) -> "DrawnDay":
        """The day as this seed makes it: the same seed, the same day, on every machine."""
        chance = Chance(seed)
        calls = [call for kind in range(len(self.traffic)) for call in self._calls(kind, chance)]
        calls.sort(key=lambda call: (call.at_us, call.name))
        return DrawnDay(self, chance, calls)

    def _calls(self, kind: int, chance: Chance) -> Iterator["Caller"]:
        traffic = self.traffic[kind]
        for n, at_s in enumerate(_arrivals(traffic.calls, self.interval_s, chance, kind)):
            patience_s = traffic.patience.quantile(chance.uniform(Stream.PATIENCE, kind, n))
            yield Caller(
                name=f"{traffic.queue}-{kind}-{n}",
                number=kind << 32 | n,
                queue=traffic.queue,
                priority=traffic.priority,
                at_us=self.start_us + microseconds(at_s),
                talk_us=microseconds(traffic.talk.quantile(chance.uniform(Stream.TALK, kind, n))),
                patience_us=None if math.isinf(patience_s) else microseconds(patience_s),
            )


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller: when he calls (UTC microseconds), how long he waits at most (None: for ever), how long he
    would talk. `number` names him in draws."""

    name: str
    number: int
    queue: str
    priority: int
    at_us: int
    talk_us: int
    patience_us: int | None


@dataclass(frozen=True, slots=True)
class DrawnDay:
    """A day's callers, in the order in which they call, and the chance that its phones go by."""

    day: Day
    chance: Chance
    callers: list[Caller]

    def phone(self, caller: Caller, attempt: int) -> tuple["Does", int]:
        """What a phone does with this caller's nth offer, and how many microseconds after it."""
        phones = self.day.phones
        fate = self.chance.uniform(Stream.FATE, caller.number, attempt)
        rings_s = phones.answers.quantile(self.chance.uniform(Stream.RING, caller.number, attempt))
        if fate < phones.rejected:
            return Does.REJECT, microseconds(rings_s)
        if fate < phones.rejected + phones.ignored:
            return Does.IGNORE, 0
        return Does.ANSWER, microseconds(rings_s)


def microseconds(seconds: float) -> int:
    """Whole microseconds: the router's time."""
    return round(seconds * SECOND_US)


def _arrivals(calls: Sequence[float], interval_s: float, chance: Chance, kind: int) -> Iterator[float]:
    """Seconds since the start at which calls come: a Poisson process of rate 1, its time stretched so that
    each interval gets its number (inversion; Lewis and Shedler, 1979)."""
    due = -math.log(chance.uniform(Stream.ARRIVAL, kind, 0))
    came, before = 0, 0.0
    for interval, expected in enumerate(calls):
        while due < before + expected:
            yield (interval + (due - before) / expected) * interval_s
            came += 1
            due -= math.log(chance.uniform(Stream.ARRIVAL, kind, came))
        before += expected
