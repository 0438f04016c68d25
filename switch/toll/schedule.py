"""Which limits hold for one phone or trunk at a moment."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, validate

from switch.config.patterns import expression
from switch.config.toll import Allowance
from switch.config.toll import Toll as Settings

ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class TollRule:
    """The limits of one part of the day; None knows no limit."""

    calls_at_once: int | None
    calls_an_hour: int | None
    seconds_a_day: int | None
    destinations: re.Pattern[str] | None

    @classmethod
    def of(cls, allowed: Allowance) -> "TollRule":
        """As the configuration says it."""
        minutes = allowed.minutes_a_day
        return cls(
            allowed.calls_at_once,
            allowed.calls_an_hour,
            None if minutes is None else minutes * 60,
            None if ANY in allowed.destinations else _any_of(allowed.destinations),
        )

    def reaches(self, number: str) -> bool:
        """Whether a call may go to that number."""
        return self.destinations is None or self.destinations.fullmatch(number) is not None


NO_LIMITS: Final = TollRule.of(Allowance())
"""No limit at all."""


class TollSchedule:
    """The limits of one phone or trunk, by the hour."""

    __slots__ = ("_inside", "_is_open", "_outside")

    def __init__(self, settings: Settings, zone: ZoneInfo) -> None:
        """Raises ValueError for hours that cannot be read; the configuration was checked for that."""
        self._inside = self._outside = TollRule.of(settings)
        if (outside := settings.outside) is not None:
            named = {name: getattr(outside, name) for name in outside.model_fields_set}
            self._outside = TollRule.of(settings.model_copy(update=named))
        self._is_open = None if settings.hours is None else opening(settings.hours, zone)

    def at(self, now_us: int) -> TollRule:
        """The rule that holds now (UTC microseconds)."""
        return self._inside if self._is_open is None or self._is_open(now_us) else self._outside


def opening(hours: str, zone: ZoneInfo) -> Callable[[int], bool]:
    """Whether a moment (UTC microseconds) lies within `hours`, written as OpenStreetMap's opening_hours.

    Raises ValueError with a message for people.
    """
    if not validate(hours):
        raise ValueError(f"'{hours}' is not hours as OpenStreetMap writes them: Mo-Fr 08:00-20:00")
    known = OpeningHours(hours, timezone=zone)
    return lambda now_us: known.is_open(datetime.fromtimestamp(now_us / 1e6, zone))


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(expression, patterns)))
