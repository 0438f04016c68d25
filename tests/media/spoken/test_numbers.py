"""Numbers and what they count, in English and Spanish."""

import pytest

from media.spoken.grammar import LARGEST, Form, Noun, number
from media.spoken.sayings import GRAMMARS, Count, Number
from tests.media.spoken.said import read_back, said

LANGUAGES = tuple(GRAMMARS)
SOME = {
    *range(2500),
    *(1000 * thousands + rest for thousands in range(1000) for rest in (0, 1, 21, 100)),
    *range(0, LARGEST, 331),
    LARGEST,
}


def check(language: str, value: int) -> None:
    """Every form has prompts whose words mean the number again."""
    grammar = GRAMMARS[language]
    for form in {Form.COUNTING} | {form for _, form in grammar.agreement}:
        assert read_back(language, (grammar.texts[name] for name in number(grammar, value, form))) == value


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_number_mean_it(language: str) -> None:
    for value in SOME:
        check(language, value)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_every_number_mean_it(language: str) -> None:
    for value in range(LARGEST + 1):
        check(language, value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("value", [-1, LARGEST + 1])
def test_what_cannot_be_said_is_an_error(language: str, value: int) -> None:
    with pytest.raises(ValueError, match="0 to 999999"):
        number(GRAMMARS[language], value)


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        (0, "zero", "cero"),
        (1, "one", "uno"),
        (15, "fifteen", "quince"),
        (16, "sixteen", "dieciséis"),
        (20, "twenty", "veinte"),
        (21, "twenty one", "veintiuno"),
        (22, "twenty two", "veintidós"),
        (29, "twenty nine", "veintinueve"),
        (30, "thirty", "treinta"),
        (31, "thirty one", "treinta y uno"),
        (99, "ninety nine", "noventa y nueve"),
        (100, "one hundred", "cien"),
        (101, "one hundred and one", "ciento uno"),
        (116, "one hundred and sixteen", "ciento dieciséis"),
        (200, "two hundred", "doscientos"),
        (500, "five hundred", "quinientos"),
        (555, "five hundred and fifty five", "quinientos cincuenta y cinco"),
        (700, "seven hundred", "setecientos"),
        (999, "nine hundred and ninety nine", "novecientos noventa y nueve"),
        (1000, "one thousand", "mil"),
        (1001, "one thousand and one", "mil uno"),
        (1100, "one thousand one hundred", "mil cien"),
        (1999, "one thousand nine hundred and ninety nine", "mil novecientos noventa y nueve"),
        (2000, "two thousand", "dos mil"),
        (2026, "two thousand and twenty six", "dos mil veintiséis"),
        (21_000, "twenty one thousand", "veintiún mil"),
        (31_031, "thirty one thousand and thirty one", "treinta y un mil treinta y uno"),
        (100_000, "one hundred thousand", "cien mil"),
        (101_101, "one hundred and one thousand one hundred and one", "ciento un mil ciento uno"),
        (
            999_999,
            "nine hundred and ninety nine thousand nine hundred and ninety nine",
            "novecientos noventa y nueve mil novecientos noventa y nueve",
        ),
    ],
)
def test_numbers(value: int, english: str, spanish: str) -> None:
    assert said("en", Number(value)) == english
    assert said("es", Number(value)) == spanish


@pytest.mark.parametrize(
    ("value", "noun", "english", "spanish"),
    [
        (0, Noun.CALL, "zero calls", "cero llamadas"),
        (1, Noun.CALL, "one call", "una llamada"),
        (2, Noun.CALL, "two calls", "dos llamadas"),
        (21, Noun.CALL, "twenty one calls", "veintiuna llamadas"),
        (31, Noun.CALL, "thirty one calls", "treinta y una llamadas"),
        (100, Noun.CALL, "one hundred calls", "cien llamadas"),
        (101, Noun.CALL, "one hundred and one calls", "ciento una llamadas"),
        (200, Noun.CALL, "two hundred calls", "doscientas llamadas"),
        (521, Noun.CALL, "five hundred and twenty one calls", "quinientas veintiuna llamadas"),
        (1000, Noun.CALL, "one thousand calls", "mil llamadas"),
        (1001, Noun.CALL, "one thousand and one calls", "mil una llamadas"),
        (21_000, Noun.CALL, "twenty one thousand calls", "veintiuna mil llamadas"),
        (200_000, Noun.CALL, "two hundred thousand calls", "doscientas mil llamadas"),
        (1, Noun.MINUTE, "one minute", "un minuto"),
        (21, Noun.MINUTE, "twenty one minutes", "veintiún minutos"),
        (31, Noun.MINUTE, "thirty one minutes", "treinta y un minutos"),
        (101, Noun.MINUTE, "one hundred and one minutes", "ciento un minutos"),
        (201, Noun.SECOND, "two hundred and one seconds", "doscientos un segundos"),
        (21_021, Noun.SECOND, "twenty one thousand and twenty one seconds", "veintiún mil veintiún segundos"),
        (1, Noun.HOUR, "one hour", "una hora"),
        (24, Noun.HOUR, "twenty four hours", "veinticuatro horas"),
        (1, Noun.SECOND, "one second", "un segundo"),
    ],
)
def test_what_is_counted(value: int, noun: Noun, english: str, spanish: str) -> None:
    assert said("en", Count(value, noun)) == english
    assert said("es", Count(value, noun)) == spanish
