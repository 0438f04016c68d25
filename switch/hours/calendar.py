"""A calendar: which hours of which days are open, in the time of one zone. Pure: the moment is given.

Hours belong to the day on which they begin: `Fr 22:00-02:30` runs into Saturday, whatever Saturday is. Of
opening-hours-py is asked which days a rule names; when its hours begin and end is reckoned here: where a zone
changes its clock, and where a night runs into a holiday, that library has other ideas.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, validate

from acd.queue import ClosedReason

Span = tuple[int, int]
"""From and to, minutes after midnight; past midnight is 1440 and more."""

DAY_MIN: Final = 24 * 60
AHEAD_DAYS: Final = 14
"""So far ahead a change is looked for."""
_NIGHT_MIN: Final = 2 * DAY_MIN
_TIME: Final = r"(\d\d?):(\d\d)"
_SPAN: Final = re.compile(rf"{_TIME}\s*-\s*{_TIME}")
_RULE: Final = re.compile(
    rf"(?P<days>.*?)\s*(?P<times>{_TIME}\s*-\s*{_TIME}(?:\s*,\s*{_TIME}\s*-\s*{_TIME})*|24/7|off|closed)"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rule:
    """On these days (a selector of OpenStreetMap's opening_hours; empty is each) these hours."""

    days: str
    spans: tuple[Span, ...]


def load_grammar() -> None:
    """Let opening-hours-py make what it needs for its first expression: milliseconds, once in a process."""
    OpeningHours("24/7")


def spans(written: str) -> tuple[Span, ...]:
    """`09:00-14:00, 16:00-20:00`, `22:00-02:30`, `24/7`, `closed`; ValueError has words for people."""
    if written in ("closed", "off"):
        return ()
    if written == "24/7":
        return ((0, DAY_MIN),)
    return tuple(_span(part.strip()) for part in written.split(","))


def _span(written: str) -> Span:
    match = _SPAN.fullmatch(written)
    if match is None:
        raise ValueError(f"'{written}' is no time of day; write 09:00-14:00, or closed")
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if int(match[2]) > 59 or int(match[4]) > 59 or start >= DAY_MIN or end > _NIGHT_MIN:
        raise ValueError(f"'{written}' is no time of day: hours are 00 to 23 (or past midnight to 48)")
    if end <= start:
        end += DAY_MIN
    if end - start > DAY_MIN:
        raise ValueError(f"'{written}' is longer than a day")
    return start, end


def weekly(written: str) -> tuple[Rule, ...]:
    """`Mo-Fr 09:00-18:00; Sa 10:00-14:00; Jul-Aug Mo-Fr 08:00-15:00`: of the rules that name a day the last
    counts. Raises ValueError with words for people.
    """
    rules = tuple(_rule(part.strip()) for part in written.split(";") if part.strip())
    if not rules:
        raise ValueError("names no hours; what is never open is written closed")
    return rules


def _rule(written: str) -> Rule:
    match = _RULE.fullmatch(written)
    if match is None:
        raise ValueError(f"'{written}' is no rule; write it as Mo-Fr 09:00-14:00,16:00-18:00")
    days = match["days"]
    if re.search(_TIME, days):  # a selector with times in it would say more than which days
        raise ValueError(f"'{written}' has times in two places; write ';' between rules, ',' between times")
    if re.search(r"\b(PH|SH)\b", days):
        raise ValueError(f"'{days}': holidays are named by 'holidays' and 'on_holidays'")
    if not validate(_all_day(days)):
        raise ValueError(f"'{days}' names no days; write Mo-Fr, Sa,Su, Jul-Aug Mo-Fr or Mo[1]")
    return Rule(days, spans(match["times"]))


def _all_day(days: str) -> str:
    return f"{days} 00:00-24:00".strip()


@dataclass(frozen=True)
class Calendar:
    """The hours of one office. `special` are days with hours of their own: holidays and exceptions."""

    zone: ZoneInfo
    rules: Sequence[Rule]
    special: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)

    def closed(self, at_us: int) -> ClosedReason | None:
        """Why it is closed at that moment (UTC microseconds); None while it is open."""
        moment = _EPOCH + timedelta(microseconds=at_us)
        today = moment.astimezone(self.zone).date()
        for day in (today - timedelta(1), today):
            for start, end in self._spans(day):
                if self._instant(day, start) <= moment < self._instant(day, end):
                    return None
        return ClosedReason.HOLIDAY if today in self.special else ClosedReason.HOURS

    def next_change(self, at_us: int) -> int | None:
        """When `closed` says something else than at that moment: the first time after it; None if that is not
        within `AHEAD_DAYS`.
        """
        now = self.closed(at_us)
        today = (_EPOCH + timedelta(microseconds=at_us)).astimezone(self.zone).date()
        moments: list[datetime] = []
        for ahead in range(-1, AHEAD_DAYS):
            day = today + timedelta(ahead)
            minutes = {0, *(minute for span in self._spans(day) for minute in span)}
            moments += [self._instant(day, minute) for minute in minutes]
        later = ((moment - _EPOCH) // timedelta(microseconds=1) for moment in sorted(moments))
        return next((us for us in later if us > at_us and self.closed(us) is not now), None)

    def _spans(self, day: date) -> tuple[Span, ...]:
        own = self.special.get(day)
        if own is not None:
            return own
        noon = datetime.combine(day, time(12))
        for rule, selector in reversed(self._selectors):
            if selector.is_open(noon):
                return rule.spans
        return ()

    @cached_property
    def _selectors(self) -> list[tuple[Rule, OpeningHours]]:
        return [(rule, OpeningHours(_all_day(rule.days))) for rule in self.rules]

    def _instant(self, day: date, minute: int) -> datetime:
        """When a clock on the wall first shows that time, or has just passed over it."""
        shown = datetime.combine(day, time()) + timedelta(minutes=minute)
        first = shown.replace(tzinfo=self.zone).astimezone(UTC)
        if first.astimezone(self.zone).replace(tzinfo=None) == shown:
            return first
        early, late = shown.replace(tzinfo=self.zone, fold=1).astimezone(UTC), first
        before = early.astimezone(self.zone).utcoffset()
        while late - early > timedelta(seconds=1):  # the clock goes forward between the two
            middle = early + (late - early) / 2
            if middle.astimezone(self.zone).utcoffset() == before:
                early = middle
            else:
                late = middle
        return late.replace(microsecond=0)
