"""What a caller in line is told, and that all of it can be said."""

import pytest

from media.prompts import is_name
from media.spoken.grammar import Noun, Opening, Slot, rounded_up
from media.spoken.sayings import (
    GRAMMARS,
    PAUSE,
    Ahead,
    Count,
    Duration,
    Number,
    Position,
    Prompt,
    Saying,
    TimeOfDay,
    Wait,
    sequence,
    words,
)
from tests.media.spoken.said import said

LANGUAGES = tuple(GRAMMARS)
WAIT = "The estimated waiting time is"
ESPERA = "El tiempo de espera estimado es de"


@pytest.mark.parametrize(
    ("place", "english", "spanish"),
    [
        (1, "You are next in line.", "Su llamada es la siguiente."),
        (2, "You are number two", "Es usted el número dos"),
        (3, "You are number three", "Es usted el número tres"),
        (21, "You are number twenty one", "Es usted el número veintiuno"),
        (31, "You are number thirty one", "Es usted el número treinta y uno"),
    ],
)
def test_the_place_in_line(place: int, english: str, spanish: str) -> None:
    assert said("en", Position(place)) == english
    assert said("es", Position(place)) == spanish


@pytest.mark.parametrize(
    ("calls", "english", "spanish"),
    [
        (0, "You are next in line.", "Su llamada es la siguiente."),
        (1, "There is one call ahead of you.", "Hay una llamada delante de la suya."),
        (2, "There are two calls ahead of you.", "Hay dos llamadas delante de la suya."),
        (21, "There are twenty one calls ahead of you.", "Hay veintiuna llamadas delante de la suya."),
    ],
)
def test_the_calls_ahead(calls: int, english: str, spanish: str) -> None:
    assert said("en", Ahead(calls)) == english
    assert said("es", Ahead(calls)) == spanish


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (-1.0, "less than a minute.", "menos de un minuto."),
        (0.0, "less than a minute.", "menos de un minuto."),
        (59.9, "less than a minute.", "menos de un minuto."),
        (60.0, "about one minute", "aproximadamente un minuto"),
        (60.1, "about two minutes", "aproximadamente dos minutos"),
        (300.0, "about five minutes", "aproximadamente cinco minutos"),
        (1260.0, "about twenty one minutes", "aproximadamente veintiún minutos"),
        (3600.0, "about one hour", "aproximadamente una hora"),
        (3660.0, "about one hour and five minutes", "aproximadamente una hora y cinco minutos"),
        (7200.0, "about two hours", "aproximadamente dos horas"),
    ],
)
def test_the_wait(seconds: float, english: str, spanish: str) -> None:
    assert said("en", Wait(seconds)) == f"{WAIT} {english}"
    assert said("es", Wait(seconds)) == f"{ESPERA} {spanish}"


def test_no_wait_is_said_to_be_shorter_than_it_is() -> None:
    waits = [rounded_up(seconds / 2) for seconds in range(40_000)]
    assert all(60 * minutes >= seconds / 2 for seconds, minutes in enumerate(waits) if minutes)
    assert waits == sorted(waits)


def test_sayings_have_pauses_between_them() -> None:
    assert sequence("en", [Prompt("welcome"), Position(1), Count(1, Noun.CALL)]) == (
        *("welcome", PAUSE, "you-are-next", PAUSE, "number-1", "call"),
    )
    assert sequence("es", []) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_of_a_sentence_is_used_and_every_one_that_is_used_has_words(language: str) -> None:
    grammar = GRAMMARS[language]
    sayings: list[Saying] = [
        *(TimeOfDay(*divmod(time, 60), opening) for time in range(1440) for opening in Opening),
        *(Count(value, noun) for value in (0, 1, 2, 3) for noun in Noun),
        *(Position(place) for place in range(1, 5)),
        *(Ahead(calls) for calls in range(1200)),
        *(Number(value) for value in range(0, 999_999, 101)),
        *(Duration(seconds) for seconds in range(0, 8000, 7)),
        *(Wait(seconds) for seconds in range(0, 8000, 30)),
    ]
    used = {name for saying in sayings for name in words(language, saying)}
    assert used == set(grammar.texts)
    assert all(is_name(name) for name in used)
    assert all(text.strip() == text and text for text in grammar.texts.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_name_only_prompts_that_there_are(language: str) -> None:
    grammar = GRAMMARS[language]
    rows = [*grammar.numbers.values(), grammar.clock, grammar.position, grammar.ahead, grammar.wait]
    templates = [template for each in rows for template in each.values()] + [*grammar.named_times.values()]
    named = {part for template in templates for part in template if not isinstance(part, Slot)}
    named |= {*grammar.agreement.values(), *grammar.minutes.values(), *grammar.periods.values()}
    named |= {name for each in grammar.openings.values() for name in each.values()}
    named |= {name for noun in grammar.nouns.values() for name in (noun.one, noun.many)}
    assert named <= set(grammar.texts)
