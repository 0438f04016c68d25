"""`toll`: what a phone or a trunk may spend on calls to trunks."""

from typing import Annotated, Final

from pydantic import BeforeValidator, Field

from switch.config import values
from switch.config.section import Count, Section, Words

MOST_CALLS_AN_HOUR: Final = 10_000
"""Their beginnings are remembered one by one."""


class Allowance(Section):
    """What is allowed in one part of the day; None knows no limit"""

    calls_at_once: Count | None = None
    calls_an_hour: Annotated[Count, Field(le=MOST_CALLS_AN_HOUR)] | None = None
    minutes_a_day: Count | None = None
    destinations: Annotated[tuple[Words, ...], BeforeValidator(values.one_or_several)] = ("*",)
    """Numbers, as patterns of `to` in a route, after the route's `strip` and `prefix`."""


class Toll(Allowance):
    """`phones.NAME.toll`, `trunks.NAME.toll`: calls that reach a trunk; emergency calls are never refused"""

    hours: Words | None = None
    """When these limits hold, in the form of OpenStreetMap: `Mo-Fr 08:00-20:00`, in `server.timezone`."""
    outside: Allowance | None = None
    """What other limits hold at all other hours; a limit that is not named there stays as it is."""


class PhoneToll(Toll):
    """`phones.NAME.toll`: limits that no desk misses, and that stop whoever has found its secret"""

    calls_at_once: Count | None = 4
    calls_an_hour: Annotated[Count, Field(le=MOST_CALLS_AN_HOUR)] | None = 100
    minutes_a_day: Count | None = 600
