"""What can be said to a caller, whatever his language, and the prompts that say it in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from media.spoken import grammar
from media.spoken.english import ENGLISH
from media.spoken.grammar import Form, Grammar, Noun, Opening, Words
from media.spoken.spanish import SPANISH

GRAMMARS: Final[Mapping[str, Grammar]] = {"en": ENGLISH, "es": SPANISH}
"""By language."""

PAUSE: Final = "pause"
"""The prompt between two sayings: a moment of silence."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number that counts nothing, 0 to 999,999."""

    value: int


@dataclass(frozen=True, slots=True)
class Count:
    """So many of something."""

    value: int
    noun: Noun


@dataclass(frozen=True, slots=True)
class Duration:
    """Hours, minutes and seconds, to the second."""

    seconds: int


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time on the clock; `hour` is 0 to 23."""

    hour: int
    minute: int
    opening: Opening = Opening.IT_IS


@dataclass(frozen=True, slots=True)
class Position:
    """The caller's place in line, from 1."""

    place: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """How many calls stand before the caller's."""

    calls: int


@dataclass(frozen=True, slots=True)
class Wait:
    """How long it will still take, as far as we know."""

    seconds: float


Saying: TypeAlias = Prompt | Number | Count | Duration | TimeOfDay | Position | Ahead | Wait


def words(language: str, saying: Saying) -> Words:
    """The names of the prompts that say it. ValueError: a number or time that cannot be said."""
    rules = GRAMMARS[language]
    match saying:
        case Prompt(name):
            return (name,)
        case Number(value):
            return grammar.number(rules, value, Form.COUNTING)
        case Count(value, noun):
            return grammar.counted(rules, value, noun)
        case Duration(seconds):
            return grammar.duration(rules, seconds)
        case TimeOfDay(hour, minute, opening):
            return grammar.time_of_day(rules, hour, minute, opening)
        case Position(place):
            return grammar.position(rules, place)
        case Ahead(calls):
            return grammar.ahead(rules, calls)
        case Wait(seconds):
            return grammar.wait(rules, seconds)
        case _:
            assert_never(saying)


def sequence(language: str, sayings: Sequence[Saying]) -> Words:
    """All of them one after another, a pause between each two."""
    said: list[str] = []
    for saying in sayings:
        said += ([PAUSE] if said else []) + list(words(language, saying))
    return tuple(said)
