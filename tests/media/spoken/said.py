"""Sequences of prompts as a person would hear them, and numbers read back from their words."""

from collections.abc import Iterable

from media.spoken.sayings import GRAMMARS, Saying, words

VALUES = {
    "en": """
        zero 0 one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12
        thirteen 13 fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 nineteen 19 twenty 20 thirty 30
        forty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90 and 0
    """,
    "es": """
        cero 0 uno 1 un 1 una 1 dos 2 tres 3 cuatro 4 cinco 5 seis 6 siete 7 ocho 8 nueve 9 diez 10 once 11
        doce 12 trece 13 catorce 14 quince 15 dieciséis 16 diecisiete 17 dieciocho 18 diecinueve 19 veinte 20
        veintiuno 21 veintiún 21 veintiuna 21 veintidós 22 veintitrés 23 veinticuatro 24 veinticinco 25
        veintiséis 26 veintisiete 27 veintiocho 28 veintinueve 29 treinta 30 cuarenta 40 cincuenta 50
        sesenta 60 setenta 70 ochenta 80 noventa 90 cien 100 ciento 100 doscientos 200 doscientas 200
        trescientos 300 trescientas 300 cuatrocientos 400 cuatrocientas 400 quinientos 500 quinientas 500
        seiscientos 600 seiscientas 600 setecientos 700 setecientas 700 ochocientos 800 ochocientas 800
        novecientos 900 novecientas 900 y 0
    """,
}


def _pairs(text: str) -> dict[str, int]:
    each = text.split()
    return {word: int(value) for word, value in zip(each[::2], each[1::2], strict=True)}


_VALUES = {language: _pairs(text) for language, text in VALUES.items()}


def said(language: str, saying: Saying) -> str:
    """The words of all the prompts that say it."""
    return " ".join(GRAMMARS[language].texts[name] for name in words(language, saying))


def read_back(language: str, texts: Iterable[str]) -> int:
    """The number that these words mean; KeyError for a word that is none of a number."""
    total = part = 0
    for text in texts:
        if text in ("thousand", "mil"):
            total, part = total + 1000 * (part or 1), 0
        elif text == "hundred":
            part *= 100
        else:
            part += _VALUES[language][text]
    return total + part
