"""Patterns of numbers and names: `?` is one character, `[6-9]` one of these, `*`, at the end, any rest."""

import re

_PART = re.compile(r"\[(?P<choice>[^\[\]]+)\]|(?P<rest>\*)\Z|(?P<any>\?)|(?P<one>[^\[\]*?\s])")
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)


def expression(text: str) -> str:
    """The regular expression of a pattern, for a full match; `ValueError` with a message for people."""
    if not text:
        raise ValueError("a pattern has at least one character")
    found = ""
    position = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise ValueError(_fault(text[position]))
        found += _translated(part)
        position = part.end()
    return found


def beginning(text: str, length: int) -> str:
    """`length` characters with which a number of the pattern may begin; a zero where any would do."""
    first = [(part["choice"] or part["one"] or "0")[0] for part in _PART.finditer(text)]
    return "".join(first[:length]).ljust(length, "0")


def is_plain(text: str) -> bool:
    """Whether the pattern stands for itself only."""
    return not set(text) & set("?*[]")


def _translated(part: re.Match[str]) -> str:
    if part["choice"]:
        return f"[{''.join(_choice(*match.groups()) for match in _RANGE.finditer(part['choice']))}]"
    if part["rest"]:
        return ".*"
    return "." if part["any"] else re.escape(part["one"])


def _choice(first: str | None, last: str | None, one: str | None) -> str:
    if one is not None:
        return re.escape(one)
    if first is None or last is None or first > last:
        raise ValueError(f"'{first}-{last}' ends before it begins")
    return f"{re.escape(first)}-{re.escape(last)}"


def _fault(character: str) -> str:
    if character == "*":
        return "'*' stands for any rest, so it can only be the last character"
    if character in "[]":
        return f"'{character}' without its partner, or nothing between them; write it as [6-9]"
    return "a pattern has no spaces"
