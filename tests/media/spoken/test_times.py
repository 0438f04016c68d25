"""Times of day and durations, in English and Spanish."""

import pytest

from media.spoken.grammar import Opening
from media.spoken.sayings import GRAMMARS, Duration, TimeOfDay, words
from tests.media.spoken.said import said


@pytest.mark.parametrize(
    ("time", "english", "spanish"),
    [
        ("00:00", "It is midnight", "Son las doce de la noche"),
        ("00:01", "It is one minute past twelve at night", "Son las doce y un minuto de la noche"),
        ("00:30", "It is half past twelve at night", "Son las doce y media de la noche"),
        ("00:45", "It is quarter to one at night", "Es la una menos cuarto de la noche"),
        ("01:00", "It is one o'clock in the morning", "Es la una de la madrugada"),
        ("01:05", "It is five past one in the morning", "Es la una y cinco de la madrugada"),
        ("01:35", "It is twenty five to two in the morning", "Son las dos menos veinticinco de la madrugada"),
        ("02:00", "It is two o'clock in the morning", "Son las dos de la madrugada"),
        ("08:15", "It is quarter past eight in the morning", "Son las ocho y cuarto de la mañana"),
        ("09:07", "It is seven minutes past nine in the morning", "Son las nueve y siete de la mañana"),
        (
            "09:21",
            "It is twenty one minutes past nine in the morning",
            "Son las nueve y veintiuno de la mañana",
        ),
        ("11:59", "It is one minute to twelve in the morning", "Son las doce menos un minuto de la mañana"),
        ("12:00", "It is noon", "Son las doce del mediodía"),
        ("12:10", "It is ten past twelve in the afternoon", "Son las doce y diez del mediodía"),
        ("12:50", "It is ten to one in the afternoon", "Es la una menos diez del mediodía"),
        ("13:00", "It is one o'clock in the afternoon", "Es la una de la tarde"),
        ("13:05", "It is five past one in the afternoon", "Es la una y cinco de la tarde"),
        ("13:45", "It is quarter to two in the afternoon", "Son las dos menos cuarto de la tarde"),
        ("18:20", "It is twenty past six in the evening", "Son las seis y veinte de la tarde"),
        ("20:30", "It is half past eight in the evening", "Son las ocho y media de la tarde"),
        ("21:31", "It is twenty nine minutes to ten at night", "Son las diez menos veintinueve de la noche"),
        ("23:59", "It is one minute to twelve at night", "Son las doce menos un minuto de la noche"),
    ],
)
def test_what_time_it_is(time: str, english: str, spanish: str) -> None:
    hour, minute = map(int, time.split(":"))
    assert said("en", TimeOfDay(hour, minute)) == english
    assert said("es", TimeOfDay(hour, minute)) == spanish


@pytest.mark.parametrize(
    ("time", "english", "spanish"),
    [
        ("13:00", "at one o'clock in the afternoon", "a la una de la tarde"),
        ("12:45", "at quarter to one in the afternoon", "a la una menos cuarto del mediodía"),
        ("13:45", "at quarter to two in the afternoon", "a las dos menos cuarto de la tarde"),
        ("02:00", "at two o'clock in the morning", "a las dos de la madrugada"),
        ("12:00", "at noon", "a las doce del mediodía"),
    ],
)
def test_at_what_time(time: str, english: str, spanish: str) -> None:
    hour, minute = map(int, time.split(":"))
    assert said("en", TimeOfDay(hour, minute, Opening.AT)) == english
    assert said("es", TimeOfDay(hour, minute, Opening.AT)) == spanish


@pytest.mark.parametrize("language", GRAMMARS)
def test_every_minute_of_the_day_is_said_in_words_of_its_own(language: str) -> None:
    for opening in Opening:
        times = [(hour, minute) for hour in range(24) for minute in range(60)]
        every = [said(language, TimeOfDay(*time, opening)) for time in times]
        assert len(set(every)) == 24 * 60


@pytest.mark.parametrize("language", GRAMMARS)
@pytest.mark.parametrize("time", [(24, 0), (-1, 0), (0, 60), (0, -1)])
def test_what_is_no_time_is_an_error(language: str, time: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no time of day"):
        words(language, TimeOfDay(*time))


@pytest.mark.parametrize(
    ("seconds", "english", "spanish"),
    [
        (0, "zero seconds", "cero segundos"),
        (1, "one second", "un segundo"),
        (21, "twenty one seconds", "veintiún segundos"),
        (60, "one minute", "un minuto"),
        (61, "one minute and one second", "un minuto y un segundo"),
        (1260, "twenty one minutes", "veintiún minutos"),
        (3600, "one hour", "una hora"),
        (3601, "one hour and one second", "una hora y un segundo"),
        (3660, "one hour and one minute", "una hora y un minuto"),
        (7322, "two hours two minutes and two seconds", "dos horas dos minutos y dos segundos"),
        (75_600, "twenty one hours", "veintiuna horas"),
    ],
)
def test_durations(seconds: int, english: str, spanish: str) -> None:
    assert said("en", Duration(seconds)) == english
    assert said("es", Duration(seconds)) == spanish
