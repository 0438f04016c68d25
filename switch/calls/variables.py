"""What a program, or a carrier's headers, say of a call: names and values that go with it."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

MOST: Final = 20
VALUE_CHARS: Final = 512
ALL_BYTES: Final = 4096
"""Of names and values together, in UTF-8."""
NAME: Final = r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"
VALUE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"


def checked(variables: Mapping[str, str]) -> dict[str, str]:
    """As they are. Raises ValueError, in words, where a name or a value cannot be, or they are too many."""
    for name, value in variables.items():
        _check(name, value)
    if len(variables) > MOST:
        raise ValueError(f"{MOST} variables at most; there are {len(variables)}")
    if _size(variables) > ALL_BYTES:
        raise ValueError(f"names and values have {ALL_BYTES} octets at most; they are {_size(variables)}")
    return dict(variables)


def name(value: str) -> str:
    """A variable's name. Raises ValueError."""
    if not re.fullmatch(NAME[1:-1], value):
        raise ValueError(
            f"{value!r} is no variable's name: a letter, then letters, digits, _ . and -, 64 in all"
        )
    return value


def heard(said: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Of what somebody else says, all that may be a variable; None was not said. The first ones count."""
    return joined({}, {name: value.strip() for name, value in said if value is not None})


def joined(first: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Of two calls that become one: all of the first, and of the other what there is room for."""
    both = dict(first)
    for name, value in more.items():
        if name not in both:
            try:
                both = checked({**both, name: value})
            except ValueError:
                continue
    return both


def _check(variable: str, value: str) -> None:
    name(variable)
    if not re.fullmatch(VALUE[1:-1], value) or len(value) > VALUE_CHARS:
        raise ValueError(
            f"{variable}: a value has {VALUE_CHARS} characters at most, and none of control or line breaks"
        )


def _size(variables: Mapping[str, str]) -> int:
    return sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
