"""The registry of formulas: what each number means, as data.

A formula is never changed, only followed by one of the next version: a number that names its formula and
version stays what it was. What users read of it, in reports' footers and in docs/reference/figures.md, is
in `definitions`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from switch.figures.definitions import WORDS, Words
from switch.figures.facts import Counts, Dimension, Fact

Sum: TypeAlias = Mapping[Fact, int]
"""A sum of facts, each with its factor."""


class Unit(StrEnum):
    """What a value is in."""

    RATIO = "ratio"
    """From 0 to 1; shown as per cent."""
    SECONDS = "seconds"
    COUNT = "count"
    SCORE = "score"
    """From 1 to 5."""


_SCALE: Final = {Unit.RATIO: 1, Unit.SECONDS: 1_000_000, Unit.COUNT: 1, Unit.SCORE: 1000}
"""How many of what is summed up make one of the unit."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and where it comes from: `value` = `numerator` ÷ `denominator`, in the formula's unit."""

    formula: str
    version: int
    numerator: float
    denominator: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula under its `id`."""

    id: str
    version: int = 1
    unit: Unit
    numerator: Sum
    denominator: Sum
    by: frozenset[Dimension]
    percentile: float | None = None
    """Of the waits of answered visits, rather than the quotient."""

    def words(self, language: str) -> Words:
        """Its name and definition in that language: "en" or "es"."""
        return WORDS[language][self.id]

    def value(self, counts: Counts) -> Figure | None:
        """Of an interval's counts; None while there is nothing to divide by."""
        scale = _SCALE[self.unit]
        if self.percentile is not None:
            wait_s = counts.wait_s(self.percentile)
            number = counts[Fact.ANSWERED]
            return None if wait_s is None else Figure(self.id, self.version, wait_s * number, number, wait_s)
        numerator = _sum(self.numerator, counts)
        denominator = _sum(self.denominator, counts)
        if denominator <= 0:
            return None
        return Figure(self.id, self.version, numerator / scale, denominator, numerator / scale / denominator)


def _sum(parts: Sum, counts: Counts) -> int:
    return sum(factor * counts[fact] for fact, factor in parts.items())


F = Fact
_VISITS = frozenset({Dimension.QUEUE, Dimension.SKILL, Dimension.NUMBER, Dimension.TRUNK})
_ANSWERS = _VISITS | {Dimension.AGENT}
_WORK = frozenset({Dimension.QUEUE, Dimension.AGENT})
_AGENTS = frozenset({Dimension.AGENT})
_PAUSES = frozenset({Dimension.AGENT, Dimension.REASON})
_TRUNKS = frozenset({Dimension.TRUNK})
_HANDLING = {F.TALK_US: 1, F.HOLD_US: 1, F.WRAP_UP_US: 1}
_BUSY = {F.ON_CALL_US: 1, F.WRAPPING_US: 1, F.RINGING_US: 1}
_LOGGED_IN = {**_BUSY, F.READY_US: 1, F.PAUSED_US: 1, F.UNREACHABLE_US: 1}

_Row: TypeAlias = tuple[str, Unit, Sum, Sum, frozenset[Dimension]]

# id, unit, numerator, denominator, what it may be told by
_ROWS: Final[tuple[_Row, ...]] = (
    (
        "service_level.abandons_negative",
        Unit.RATIO,
        {F.ANSWERED_WITHIN: 1},
        {F.ANSWERED: 1, F.ABANDONED: 1, F.ABANDONED_SHORT: -1},
        _VISITS,
    ),
    ("service_level.answered_only", Unit.RATIO, {F.ANSWERED_WITHIN: 1}, {F.ANSWERED: 1}, _ANSWERS),
    (
        "service_level.abandons_ignored",
        Unit.RATIO,
        {F.ANSWERED_WITHIN: 1},
        {F.ANSWERED: 1, F.ABANDONED: 1, F.ABANDONED_WITHIN: -1},
        _VISITS,
    ),
    (
        "service_level.abandons_positive",
        Unit.RATIO,
        {F.ANSWERED_WITHIN: 1, F.ABANDONED_WITHIN: 1},
        {F.ANSWERED: 1, F.ABANDONED: 1},
        _VISITS,
    ),
    ("service_level.offered", Unit.RATIO, {F.ANSWERED_WITHIN: 1}, {F.OFFERED: 1}, _VISITS),
    (
        "service_level.live",
        Unit.RATIO,
        {F.ANSWERED_WITHIN: 1},
        {F.ANSWERED: 1, F.ABANDONED: 1, F.ABANDONED_SHORT: -1, F.WAITING_LATE: 1},
        frozenset({Dimension.QUEUE}),
    ),
    ("speed_of_answer", Unit.SECONDS, {F.ANSWER_WAIT_US: 1}, {F.ANSWERED: 1}, _ANSWERS),
    ("abandon_time", Unit.SECONDS, {F.ABANDON_WAIT_US: 1}, {F.ABANDONED: 1}, _VISITS),
    (
        "abandon_rate",
        Unit.RATIO,
        {F.ABANDONED: 1, F.ABANDONED_SHORT: -1},
        {F.OFFERED: 1, F.ABANDONED_SHORT: -1},
        _VISITS,
    ),
    ("abandon_rate.raw", Unit.RATIO, {F.ABANDONED: 1}, {F.OFFERED: 1}, _VISITS),
    ("talk_time", Unit.SECONDS, {F.TALK_US: 1}, {F.ANSWERED: 1}, _ANSWERS),
    ("handle_time", Unit.SECONDS, _HANDLING, {F.ANSWERED: 1}, _ANSWERS),
    ("occupancy", Unit.RATIO, _BUSY, {**_BUSY, F.READY_US: 1}, _AGENTS),
    ("utilisation", Unit.RATIO, {F.ON_CALL_US: 1, F.WRAPPING_US: 1}, _LOGGED_IN, _AGENTS),
    ("pause_time", Unit.SECONDS, {F.PAUSED_US: 1}, {F.PAUSES: 1}, _PAUSES),
    (
        "transfer_rate",
        Unit.RATIO,
        {F.TRANSFERRED_BLIND: 1, F.TRANSFERRED_ATTENDED: 1},
        {F.ANSWERED: 1},
        _WORK,
    ),
    ("transfer_rate.blind", Unit.RATIO, {F.TRANSFERRED_BLIND: 1}, {F.ANSWERED: 1}, _WORK),
    ("transfer_rate.attended", Unit.RATIO, {F.TRANSFERRED_ATTENDED: 1}, {F.ANSWERED: 1}, _WORK),
    ("no_answer_rate", Unit.RATIO, {F.OFFERS_UNANSWERED: 1}, {F.OFFERS: 1}, _WORK),
    ("trunk.answer_seizure", Unit.RATIO, {F.SEIZURES_ANSWERED: 1}, {F.SEIZURES: 1}, _TRUNKS),
    (
        "trunk.network_effectiveness",
        Unit.RATIO,
        {F.SEIZURES_ANSWERED: 1, F.SEIZURES_BUSY: 1, F.SEIZURES_NO_ANSWER: 1},
        {F.SEIZURES: 1},
        _TRUNKS,
    ),
    ("trunk.call_duration", Unit.SECONDS, {F.CONVERSATION_US: 1}, {F.SEIZURES_ANSWERED: 1}, _TRUNKS),
    ("trunk.post_dial_delay", Unit.SECONDS, {F.POST_DIAL_US: 1}, {F.SEIZURES_RINGING: 1}, _TRUNKS),
    ("trunk.mos", Unit.SCORE, {F.MOS_MILLI: 1}, {F.MOS_LEGS: 1}, _TRUNKS),
)
_PERCENTILES: Final = {"speed_of_answer.p50": 0.5, "speed_of_answer.p90": 0.9}


def _formulas() -> Iterator[Formula]:
    for id, unit, numerator, denominator, by in _ROWS:
        yield Formula(id=id, unit=unit, numerator=numerator, denominator=denominator, by=by)
    for id, share in _PERCENTILES.items():
        answered = {F.ANSWERED: 1}
        yield Formula(
            id=id, unit=Unit.SECONDS, numerator={}, denominator=answered, by=_ANSWERS, percentile=share
        )


FORMULAS: Final[Mapping[str, Formula]] = {each.id: each for each in _formulas()}
"""By id, in the order of the reference."""
SERVICE_LEVEL: Final = FORMULAS["service_level.abandons_negative"]
"""The one of the contract, unless somebody asks for another."""
