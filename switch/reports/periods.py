"""When a scheduled report is due, and the period that it is of: days, weeks and months of its zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FORM: Final = re.compile(
    rf"(?:(daily)|(weekly) on ({'|'.join(_WEEKDAYS)})|(monthly) on ([1-9]|1[0-9]|2[0-8]))"
    r" at ([01][0-9]|2[0-3]):([0-5][0-9])"
)
_DAY: Final = timedelta(days=1)


class Rhythm(StrEnum):
    """How often."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to `end`, which is not in it; both UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Every:
    """`daily at 07:00`, `weekly on monday at 07:00`, `monthly on 1 at 07:00`: of the day, the week from
    Monday to Sunday, or the month before. `day` is a weekday from 0, or a day of the month from 1 to 28."""

    rhythm: Rhythm
    at: time
    day: int = 0

    def __str__(self) -> str:
        """As it is written in the configuration."""
        on = {
            Rhythm.DAILY: "",
            Rhythm.WEEKLY: f" on {_WEEKDAYS[self.day % 7]}",
            Rhythm.MONTHLY: f" on {self.day}",
        }
        return f"{self.rhythm.value}{on[self.rhythm]} at {self.at:%H:%M}"

    def due_after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first time it is due after `moment`, in UTC. A time that a change of the clock leaves out is
        due as much later; one that comes twice is due the first time."""
        day = moment.astimezone(zone).date() - _DAY
        while True:
            day = self._falls_on_or_after(day)
            due = datetime.combine(day, self.at, zone).astimezone(UTC)
            if due > moment:
                return due
            day += _DAY

    def period(self, due: datetime, zone: ZoneInfo) -> Period:
        """What the report that is due then is of: the last one that is over."""
        today = due.astimezone(zone).date()
        match self.rhythm:
            case Rhythm.DAILY:
                first, last = today - _DAY, today
            case Rhythm.WEEKLY:
                last = today - today.weekday() * _DAY
                first = last - 7 * _DAY
            case Rhythm.MONTHLY:
                last = today.replace(day=1)
                first = (last - _DAY).replace(day=1)
        return Period(midnight(first, zone), midnight(last, zone))

    def _falls_on_or_after(self, day: date) -> date:
        while not self._falls_on(day):
            day += _DAY
        return day

    def _falls_on(self, day: date) -> bool:
        match self.rhythm:
            case Rhythm.DAILY:
                return True
            case Rhythm.WEEKLY:
                return day.weekday() == self.day
            case Rhythm.MONTHLY:
                return day.day == self.day


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins there, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def read_every(written: str) -> Every:
    """From the configuration. Raises ValueError."""
    match = _FORM.fullmatch(written)
    if match is None:
        raise ValueError(
            f"{written!r} is no time for a report; write it as daily at 07:00, weekly on monday at 07:00,"
            " or monthly on 1 at 07:00 (1 to 28)"
        )
    daily, weekly, weekday, _, day, hour, minute = match.groups()
    at = time(int(hour), int(minute))
    if daily:
        return Every(Rhythm.DAILY, at)
    if weekly:
        return Every(Rhythm.WEEKLY, at, _WEEKDAYS.index(weekday))
    return Every(Rhythm.MONTHLY, at, int(day))
