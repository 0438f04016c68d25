"""Figures as the API shows them."""

from datetime import datetime

import msgspec

from switch.figures.facts import Fact


class FigureRow(msgspec.Struct, frozen=True):
    """One number: of which version of its formula, what was divided by what, and the quotient."""

    version: int
    numerator: float
    denominator: int
    value: float


class FiguresRow(msgspec.Struct, frozen=True):
    """The figures of one queue, agent, skill, number, trunk or reason; of everybody where `key` is null."""

    key: str | None
    since: datetime
    """The local day's begin."""
    whole: bool
    """False until the database has told of what was before the switch started."""
    counts: dict[Fact, int]
    figures: dict[str, FigureRow | None]
    """By the formula's id; null while there is nothing to divide by."""
