"""A language as tables, and what reads them: a value becomes the names of the prompts that say it.

A template is a tuple of prompt names and slots. Most tables have templates by the least value for which each
is meant: the row of a value is the last that does not begin above it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeAlias, TypeVar

LARGEST: Final = 999_999
"""The largest number that can be said."""

MINUTE_S: Final = 60
HOUR_S: Final = 3600

Words: TypeAlias = tuple[str, ...]
"""Names of prompts, one after another."""


class Form(Enum):
    """How a number agrees with what it counts."""

    COUNTING = auto()
    """It counts nothing: uno, dos, tres."""
    MASCULINE = auto()
    """un minuto"""
    FEMININE = auto()
    """una llamada"""


class Noun(Enum):
    """What can be counted."""

    CALL = auto()
    HOUR = auto()
    MINUTE = auto()
    SECOND = auto()


class Opening(Enum):
    """How a time of day begins, for the article may hang on it."""

    IT_IS = auto()
    AT = auto()


class Slot(Enum):
    """What a template leaves open."""

    QUOTIENT = auto()
    """Of the number by its row's power of ten, as a number..."""
    REST = auto()
    """...and what remains."""
    VALUE = auto()
    """The number, the duration or the calls that the sentence is about."""
    OPENING = auto()
    HOUR = auto()
    """1 to 12; the next one where the minutes are still to come."""
    MINUTES = auto()
    """Past the hour, or to the next."""
    PERIOD = auto()
    """Of the day."""


Template: TypeAlias = tuple[str | Slot, ...]
Rows: TypeAlias = Mapping[int, Template]
Fillings: TypeAlias = Mapping[Slot, Callable[[], Words]]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class NounWords:
    """The form that numbers take before a noun, and its prompts for one and for any other number."""

    form: Form
    one: str
    many: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """Everything that differs from language to language.

    `texts` has the words of every prompt that the tables name. `numbers`: rows by the least number, each with
    templates by the least rest after division by the row's power of ten. `agreement`: the prompt that takes
    a number word's place in a form. `quotient_forms`: the form of a quotient, where it is not the whole
    number's. `minutes`: the minutes that have a name of their own, `bare_minutes` those said as a number
    alone; after any other comes the noun. `clock`: by the least minute of the hour. `named_times`: by hour
    and minute. `openings`: by the least hour that is said. `periods`: by the least hour of the day.
    `position`, `ahead` and `wait`: by the least position, number of calls and whole minutes.
    """

    texts: Mapping[str, str]
    numbers: Mapping[int, Rows]
    nouns: Mapping[Noun, NounWords]
    minutes: Mapping[int, str]
    bare_minutes: frozenset[int]
    clock: Rows
    openings: Mapping[Opening, Mapping[int, str]]
    periods: Mapping[int, str]
    position: Rows
    ahead: Rows
    wait: Rows
    hour_form: Form = Form.COUNTING
    named_times: Mapping[tuple[int, int], Template] = field(default_factory=dict)
    agreement: Mapping[tuple[str, Form], str] = field(default_factory=dict)
    quotient_forms: Mapping[Form, Form] = field(default_factory=dict)


def number_texts(words: str, first: int = 0, step: int = 1) -> dict[str, str]:
    """The words of numbers, by the names of their prompts: of `first`, `first + step` and so on."""
    return {f"number-{first + step * place}": word for place, word in enumerate(words.split())}


def row(rows: Mapping[int, Row], value: int) -> Row:
    """The row that is meant for a value. ValueError: all begin above it."""
    return rows[max(start for start in rows if start <= value)]


def fill(template: Template, fillings: Fillings) -> Words:
    """The template's words, with what fills its slots."""
    words: list[str] = []
    for part in template:
        if isinstance(part, Slot):
            words += fillings[part]()
        else:
            words.append(part)
    return tuple(words)


def number(grammar: Grammar, value: int, form: Form = Form.COUNTING) -> Words:
    """A number, 0 to LARGEST, else ValueError."""
    if not 0 <= value <= LARGEST:
        raise ValueError(f"{value} cannot be said: 0 to {LARGEST} can")
    start = max(each for each in grammar.numbers if each <= value)
    quotient, rest = divmod(value, int(10 ** (len(str(start)) - 1)))
    words = fill(
        row(grammar.numbers[start], rest),
        {
            Slot.QUOTIENT: lambda: number(grammar, quotient, grammar.quotient_forms.get(form, form)),
            Slot.REST: lambda: number(grammar, rest, form),
        },
    )
    return tuple(grammar.agreement.get((word, form), word) for word in words)


def counted(grammar: Grammar, value: int, noun: Noun) -> Words:
    """So many of something: one call, veintiuna llamadas."""
    words = grammar.nouns[noun]
    return (*number(grammar, value, words.form), words.one if value == 1 else words.many)


def duration(grammar: Grammar, seconds: int) -> Words:
    """Hours, minutes and seconds, without those of which there are none: una hora y un minuto."""
    hours, rest = divmod(seconds, HOUR_S)
    minutes, rest = divmod(rest, MINUTE_S)
    counts = ((hours, Noun.HOUR), (minutes, Noun.MINUTE), (rest, Noun.SECOND))
    parts = [counted(grammar, count, noun) for count, noun in counts if count]
    if not parts:
        return counted(grammar, 0, Noun.SECOND)
    *before, last = parts
    if not before:
        return last
    return (*(word for part in before for word in part), "and", *last)


def time_of_day(grammar: Grammar, hour: int, minute: int, opening: Opening) -> Words:
    """A time on the clock of 12 hours, with the period of the day; `hour` is 0 to 23, else ValueError."""
    if not (0 <= hour < 24 and 0 <= minute < 60):
        raise ValueError(f"{hour}:{minute:02} is no time of day")
    template = grammar.named_times.get((hour, minute)) or row(grammar.clock, minute)
    to_come = minute > 30
    said = (hour + to_come - 1) % 12 + 1
    return fill(
        template,
        {
            Slot.OPENING: lambda: (row(grammar.openings[opening], said),),
            Slot.HOUR: lambda: number(grammar, said, grammar.hour_form),
            Slot.MINUTES: lambda: _minutes(grammar, 60 - minute if to_come else minute),
            Slot.PERIOD: lambda: (row(grammar.periods, hour),),
        },
    )


def position(grammar: Grammar, place: int) -> Words:
    """A place in line; 1 is next."""
    return fill(row(grammar.position, place), {Slot.VALUE: lambda: number(grammar, place)})


def ahead(grammar: Grammar, calls: int) -> Words:
    """How many calls come first."""
    return fill(row(grammar.ahead, calls), {Slot.VALUE: lambda: counted(grammar, calls, Noun.CALL)})


def wait(grammar: Grammar, seconds: float) -> Words:
    """How long it will take, in `rounded_up` minutes."""
    minutes = rounded_up(seconds)
    return fill(row(grammar.wait, minutes), {Slot.VALUE: lambda: duration(grammar, minutes * MINUTE_S)})


def rounded_up(seconds: float) -> int:
    """A wait in minutes as it is promised, never less than it is: whole ones, from an hour on whole fives.

    0 is less than a minute.
    """
    minutes = int(-(-seconds // MINUTE_S))
    if seconds < MINUTE_S:
        return 0
    return minutes if minutes <= 60 else -(-minutes // 5) * 5


def _minutes(grammar: Grammar, minutes: int) -> Words:
    if minutes in grammar.minutes:
        return (grammar.minutes[minutes],)
    if minutes in grammar.bare_minutes:
        return number(grammar, minutes)
    return counted(grammar, minutes, Noun.MINUTE)
