"""Who works in the centre, when, and for whom; who calls, when, and how long he waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from switch.records import to_us

ZONE = ZoneInfo("Europe/Madrid")
SLOT_US = 900_000_000


@dataclass(frozen=True)
class Queue:
    """A line of callers; times in seconds, `share` of all calls to queues."""

    name: str
    number: str
    share: float
    patience_s: float
    talk_s: float
    wrap_up_s: float
    max_wait_s: float
    overflow: str | None
    record: bool
    skills: tuple[str, ...]
    within_s: float


QUEUES = {
    queue.name: queue
    for queue in (
        Queue("support", "+34911000000", 0.45, 240.0, 200.0, 30.0, 300.0, "backup", True, ("support",), 20.0),
        Queue("sales", "+34911000001", 0.25, 120.0, 150.0, 20.0, 120.0, "support", True, ("sales",), 15.0),
        Queue(
            "billing",
            "+34911000002",
            0.20,
            180.0,
            170.0,
            40.0,
            240.0,
            None,
            False,
            ("billing", "english"),
            30.0,
        ),
        Queue(
            "vip",
            "+34911000003",
            0.10,
            300.0,
            240.0,
            20.0,
            60.0,
            "support",
            True,
            ("english", "support"),
            10.0,
        ),
        Queue("backup", "+34911000004", 0.0, 200.0, 120.0, 10.0, 600.0, None, False, (), 20.0),
    )
}

TEAMS = (
    ("support", "backup"),
    ("sales", "support"),
    ("billing",),
    ("support", "vip"),
    ("support", "billing", "sales"),
)
SHIFTS = ((9, 17), (7, 15), (13, 21), (9, 17), (12, 20), (8, 16), (14, 22), (22, 31))
"""Begin and end, in hours of the clock on the wall since the day's midnight."""
PAUSES = (("break", 1.8, 15), ("lunch", 4.0, 40), ("training", 5.5, 20), ("break", 6.6, 10))
"""Reason, hours after the shift's begin, and minutes."""
_HOURS = (8, 6, 6, 6, 5, 5, 6, 12, 35, 70, 90, 95, 85, 60, 50, 60, 75, 80, 65, 45, 25, 14, 8, 5)
"""How many callers an hour of the day brings, in proportion."""
_WEEKDAYS = (1.2, 1.0, 1.0, 0.95, 0.9, 0.4, 0.25)


@dataclass(frozen=True)
class Person:
    """An agent: who, where he sits, which queues he serves, and his shift."""

    name: str
    phone: str
    queues: tuple[str, ...]
    shift: tuple[int, int]


def people(calls_a_day: float) -> list[Person]:
    """Enough for so many calls, at least one of each team and shift."""
    count = max(len(SHIFTS), round(calls_a_day / 70))
    return [
        Person(f"agent{n:03}", str(1000 + n), TEAMS[n % len(TEAMS)], SHIFTS[n % len(SHIFTS)])
        for n in range(1, count + 1)
    ]


def wall_us(day: date, hours: float) -> int:
    """When the clock on the wall shows that, on that day or after it; on the day it shows it twice, first."""
    midnight = datetime.combine(day, time(0))
    return to_us((midnight + timedelta(hours=hours)).replace(tzinfo=ZONE))


def slots(days: Sequence[date]) -> tuple[list[int], list[float]]:
    """The quarters of an hour of these days, by their begin, and how many callers each brings, in proportion.

    A day of 23 hours has 92, one of 25 has 100, and in these an hour of the night comes twice.
    """
    begins = [begin for day in days for begin in range(wall_us(day, 0), wall_us(day, 24), SLOT_US)]
    clocks = [datetime.fromtimestamp(begin / 1e6, ZONE) for begin in begins]
    return begins, [_HOURS[clock.hour] * _WEEKDAYS[clock.weekday()] for clock in clocks]
