"""What a phone shows of a caller: the text of `queues.X.caller_display`, filled in and made to fit."""

from collections.abc import Mapping
from typing import Final

from switch.identities.caller import MAX_DISPLAY_CHARS, clean_display

_GIVES_WAY: Final = ("name", "queue", "dialled")
"""What is shortened, in this order, where all of it is too long: nobody can guess the end of a number."""


def fill(template: str, facts: Mapping[str, str]) -> str:
    """One line of at most MAX_DISPLAY_CHARS; `facts` has a value for each field (`DISPLAY_FIELDS`)."""
    for field in _GIVES_WAY:
        over = len(_line(template, facts)) - MAX_DISPLAY_CHARS
        if over > 0:
            facts = {**facts, field: facts[field][: max(0, len(facts[field]) - over)]}
    return clean_display(_line(template, facts))


def _line(template: str, facts: Mapping[str, str]) -> str:
    return " ".join(template.format_map(facts).split())


def clock(seconds: float) -> str:
    """Minutes and seconds: `2:05`."""
    minutes, left = divmod(int(seconds), 60)
    return f"{minutes}:{left:02}"
