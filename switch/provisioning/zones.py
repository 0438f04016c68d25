"""A time zone as phones are told it: an offset, and the rule of its summer time.

The rule is the last line of the zone's file in the machine's database (RFC 9636 section 3.3), a TZ string of
POSIX such as CET-1CEST,M3.5.0,M10.5.0/3.
"""

import re
import zoneinfo
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, Self

_NAME: Final = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)"
_CLOCK: Final = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_TZ: Final = re.compile(
    rf"{_NAME}(?P<standard>{_CLOCK})"
    rf"(?:{_NAME}(?P<summer>{_CLOCK})?,(?P<start>M[\d.]+)(?:/(?P<starts>{_CLOCK}))?"
    rf",(?P<end>M[\d.]+)(?:/(?P<ends>{_CLOCK}))?)?"
)
_USUAL_CHANGE: Final = "2"
_HOUR_S: Final = 3600
_LAST_HOUR: Final = 23


@dataclass(frozen=True, slots=True)
class Change:
    """When clocks are put forward or back: on one weekday of a month, at a local time."""

    month: int
    week: int
    """1 to 4, or 5 for the last."""
    weekday: int
    """0 is Sunday."""
    hour: int
    """0 to 23. The few zones that change at 24:00 or later do so at 23:00 here: phones know no more."""


@dataclass(frozen=True, slots=True)
class Summer:
    """The time of the year in which clocks are ahead."""

    ahead_s: int
    start: Change
    end: Change


@dataclass(frozen=True, slots=True)
class Zone:
    """`offset_s` is how far its winter time is ahead of UTC."""

    offset_s: int
    summer: Summer | None = None

    @classmethod
    def named(cls, name: str) -> Self:
        """Of the IANA database. Raises OSError for a zone that this machine does not have."""
        return cls.read(_last_line(name))

    @classmethod
    def read(cls, rule: str) -> Self:
        """From a TZ string. A rule that phones cannot be told (by days of the year) counts as none."""
        match = _TZ.fullmatch(rule)
        if match is None:
            standard = re.match(rf"{_NAME}({_CLOCK})", rule)
            return cls(-_seconds(standard[1]) if standard else 0)
        offset_s = -_seconds(match["standard"])
        if match["start"] is None:
            return cls(offset_s)
        ahead_s = _HOUR_S if match["summer"] is None else -_seconds(match["summer"]) - offset_s
        start = _change(match["start"], match["starts"])
        end = _change(match["end"], match["ends"])
        if ahead_s < 0:  # Ireland's law has a winter time that is behind
            return cls(offset_s + ahead_s, Summer(-ahead_s, end, start))
        return cls(offset_s, Summer(ahead_s, start, end))

    @property
    def posix(self) -> str:
        """As a TZ string with plain names."""
        if self.summer is None:
            return f"STD{_clock(-self.offset_s)}"
        summer = _clock(-self.offset_s - self.summer.ahead_s)
        changes = ",".join(
            f"M{change.month}.{change.week}.{change.weekday}/{change.hour}"
            for change in (self.summer.start, self.summer.end)
        )
        return f"STD{_clock(-self.offset_s)}DST{summer},{changes}"

    @property
    def hours(self) -> str:
        """The offset as people write it: +1, -3 or +5:30."""
        return f"{'-' if self.offset_s < 0 else '+'}{_clock(abs(self.offset_s))}"


def _last_line(name: str) -> str:
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return _footer(path.read_bytes())
    try:
        return _footer(files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes())
    except ModuleNotFoundError:
        raise FileNotFoundError(f"no time zone {name}: install tzdata") from None


def _footer(content: bytes) -> str:
    return content.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii")


def _change(day: str, clock: str | None) -> Change:
    month, week, weekday = map(int, day[1:].split("."))
    hour = _seconds(clock or _USUAL_CHANGE) // _HOUR_S
    return Change(month, week, weekday, max(0, min(_LAST_HOUR, hour)))


def _seconds(clock: str) -> int:
    sign = -1 if clock.startswith("-") else 1
    hours, minutes, seconds = (*map(int, clock.lstrip("+-").split(":")), 0, 0)[:3]
    return sign * (hours * _HOUR_S + minutes * 60 + seconds)


def _clock(seconds: int) -> str:
    sign, minutes = "-" if seconds < 0 else "", abs(seconds) // 60
    return f"{sign}{minutes // 60}" + (f":{minutes % 60:02d}" if minutes % 60 else "")
