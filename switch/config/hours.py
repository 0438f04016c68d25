"""`hours`: calendars of opening hours by name, and how they are written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from switch.config import values
from switch.config.section import Section
from switch.config.values import expected, shown, text
from switch.hours.calendar import Rule, Span, spans, weekly

_YEARS_AHEAD: Final = 10
"""The public holidays of so many years are known at once; a reload or a restart reckons anew."""


@dataclass(frozen=True, slots=True)
class PublicHolidays:
    """Of a country or one of its regions: `ES`, `ES-MD`."""

    where: str
    days: tuple[date, ...]


def public_holidays(value: object) -> object:
    """The days off of a country, or of its region (ISO 3166-2), as the package holidays has them."""
    if isinstance(value, PublicHolidays):
        return value
    import holidays  # of use to few, and large

    where = text(value)
    country, _, region = where.partition("-")
    known = holidays.list_supported_countries()
    if country not in known:
        raise ValueError(f"{shown(where)} is no country whose holidays are known{_close(country, known)}")
    if region and region not in known[country]:
        remedy = _close(region, known[country]) or f"; known are {', '.join(known[country]) or 'none'}"
        raise ValueError(f"{shown(where)}: '{region}' is no region of {country}{remedy}")
    first = date.today().year - 1
    years = range(first, first + _YEARS_AHEAD + 2)
    days = holidays.country_holidays(country, subdiv=region or None, years=years)
    return PublicHolidays(where, tuple(sorted(days)))


def _close(written: str, known: Iterable[str]) -> str:
    close = get_close_matches(written.upper(), list(known), 1, 0.4)
    return f"; did you mean '{close[0]}'?" if close else ""


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(text(value))
    except ValueError:
        raise expected(value, "a date", "2026-12-24") from None


def _times(value: object) -> tuple[Span, ...]:
    return value if isinstance(value, tuple) else spans(text(value))


def _weekly(value: object) -> tuple[Rule, ...]:
    return value if isinstance(value, tuple) else weekly(text(value))


Times = Annotated[tuple[Span, ...], BeforeValidator(_times)]


class OfficeHours(Section):
    """`hours.NAME`: when queues and routes of that name are open"""

    timezone: Annotated[str, BeforeValidator(values.timezone)] | None = None
    """None: that of the server."""
    weekly: Annotated[tuple[Rule, ...], BeforeValidator(_weekly)]
    """Such as Mo-Fr 09:00-18:00; Sa 10:00-14:00: of the rules that name a day the last counts."""
    holidays: Annotated[
        tuple[Annotated[PublicHolidays, BeforeValidator(public_holidays)], ...],
        BeforeValidator(values.one_or_several),
    ] = ()
    """Countries and regions whose public holidays count."""
    on_holidays: Times = ()
    """Hours of a public holiday; none is closed."""
    exceptions: dict[Annotated[date, BeforeValidator(_day)], Times] = Field(default_factory=dict)
    """Days with hours of their own, before holidays and weekdays."""

    @property
    def special(self) -> dict[date, tuple[Span, ...]]:
        """The days with hours of their own."""
        off = {day: self.on_holidays for each in self.holidays for day in each.days}
        return off | self.exceptions
