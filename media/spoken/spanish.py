"""Spanish: numbers agree in gender and are cut short before a noun; the clock counts back from the half hour.

Real Academia Española, Diccionario panhispánico de dudas, "cardinales", "uno" and "hora".
"""

from typing import Final

from media.spoken.grammar import Form, Grammar, Noun, NounWords, Opening, Slot, number_texts

_UNITS: Final = """
cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete
dieciocho diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete
veintiocho veintinueve
"""
_TENS: Final = "treinta cuarenta cincuenta sesenta setenta ochenta noventa"
_HUNDREDS: Final = number_texts(
    "doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos",
    first=200,
    step=100,
)
_MASCULINE: Final = {"number-1": "un", "number-21": "veintiún"}
_FEMININE: Final = {
    "number-1": "una",
    "number-21": "veintiuna",
    **{name: f"{text.removesuffix('os')}as" for name, text in _HUNDREDS.items()},
}

SPANISH: Final = Grammar(
    texts={
        **number_texts(_UNITS),
        **number_texts(_TENS, first=30, step=10),
        **_HUNDREDS,
        **{f"{name}-masculine": text for name, text in _MASCULINE.items()},
        **{f"{name}-feminine": text for name, text in _FEMININE.items()},
        "number-100": "cien",
        "hundred": "ciento",
        "thousand": "mil",
        "and": "y",
        "call": "llamada",
        "calls": "llamadas",
        "hour": "hora",
        "hours": "horas",
        "minute": "minuto",
        "minutes": "minutos",
        "second": "segundo",
        "seconds": "segundos",
        "it-is-one": "Es la",
        "it-is": "Son las",
        "at-one": "a la",
        "at": "a las",
        "to": "menos",
        "quarter": "cuarto",
        "half": "media",
        "in-the-small-hours": "de la madrugada",
        "in-the-morning": "de la mañana",
        "at-midday": "del mediodía",
        "in-the-afternoon": "de la tarde",
        "at-night": "de la noche",
        "you-are-next": "Su llamada es la siguiente.",
        "you-are-number": "Es usted el número",
        "there-are": "Hay",
        "ahead-of-you": "delante de la suya.",
        "wait-is": "El tiempo de espera estimado es de",
        "about": "aproximadamente",
        "less-than-a-minute": "menos de un minuto.",
    },
    numbers={
        **{value: {0: (f"number-{value}",)} for value in range(30)},
        **{
            ten: {0: (f"number-{ten}",), 1: (f"number-{ten}", "and", Slot.REST)} for ten in range(30, 100, 10)
        },
        100: {0: ("number-100",), 1: ("hundred", Slot.REST)},
        **{
            hundred: {0: (f"number-{hundred}",), 1: (f"number-{hundred}", Slot.REST)}
            for hundred in range(200, 1000, 100)
        },
        1000: {0: ("thousand",), 1: ("thousand", Slot.REST)},
        2000: {0: (Slot.QUOTIENT, "thousand"), 1: (Slot.QUOTIENT, "thousand", Slot.REST)},
    },
    agreement={
        **{(name, Form.MASCULINE): f"{name}-masculine" for name in _MASCULINE},
        **{(name, Form.FEMININE): f"{name}-feminine" for name in _FEMININE},
    },
    quotient_forms={Form.COUNTING: Form.MASCULINE},  # veintiún mil, though nothing is counted
    nouns={
        Noun.CALL: NounWords(Form.FEMININE, "call", "calls"),
        Noun.HOUR: NounWords(Form.FEMININE, "hour", "hours"),
        Noun.MINUTE: NounWords(Form.MASCULINE, "minute", "minutes"),
        Noun.SECOND: NounWords(Form.MASCULINE, "second", "seconds"),
    },
    minutes={15: "quarter", 30: "half"},
    bare_minutes=frozenset(range(2, 30)),
    clock={
        0: (Slot.OPENING, Slot.HOUR, Slot.PERIOD),
        1: (Slot.OPENING, Slot.HOUR, "and", Slot.MINUTES, Slot.PERIOD),
        31: (Slot.OPENING, Slot.HOUR, "to", Slot.MINUTES, Slot.PERIOD),
    },
    hour_form=Form.FEMININE,
    openings={Opening.IT_IS: {1: "it-is-one", 2: "it-is"}, Opening.AT: {1: "at-one", 2: "at"}},
    periods={
        0: "at-night",
        1: "in-the-small-hours",
        6: "in-the-morning",
        12: "at-midday",
        13: "in-the-afternoon",
        21: "at-night",
    },
    position={1: ("you-are-next",), 2: ("you-are-number", Slot.VALUE)},
    ahead={0: ("you-are-next",), 1: ("there-are", Slot.VALUE, "ahead-of-you")},
    wait={0: ("wait-is", "less-than-a-minute"), 1: ("wait-is", "about", Slot.VALUE)},
)
