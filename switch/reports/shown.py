"""Cells as people read them, in the manner of their language."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from switch.language import Language
from switch.reports.sheet import Kind, Value

NOTHING: Final = "-"
_DAY: Final = {Language.EN: "%Y-%m-%d", Language.ES: "%d/%m/%Y"}


def shown(kind: Kind, value: Value, language: Language) -> str:
    """One cell; NOTHING where there is none."""
    return NOTHING if value is None else _SHOWN[kind](value, language)


def clock(seconds: int) -> str:
    """Hours, minutes and seconds."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def number(value: float, places: int, language: Language) -> str:
    """With so many decimals, after a comma in Spanish."""
    text = f"{value:.{places}f}"
    return text.replace(".", ",") if language is Language.ES else text


_SHOWN: Final[Mapping[Kind, Callable[[Any, Language], str]]] = {
    Kind.TEXT: lambda value, _: value,
    Kind.COUNT: lambda value, _: str(value),
    Kind.SECONDS: lambda value, language: number(value, 1, language),
    Kind.DURATION: lambda value, _: clock(value),
    Kind.SHARE: lambda value, language: f"{number(value * 100, 2, language)}%",
    Kind.SCORE: lambda value, language: number(value, 2, language),
    Kind.TIME: lambda value, language: value.strftime(f"{_DAY[language]} %H:%M:%S"),
    Kind.DAY: lambda value, language: value.strftime(_DAY[language]),
}
