"""What bodies and parameters of requests have in common."""

import re
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

_RFC3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def body(*examples: dict[str, Any]) -> ConfigDict:
    """Of a body: a key that is not known is an error. What is said below a key stands in the API's document,
    and so do the examples: a test asks with each of them.
    """
    return ConfigDict(
        extra="forbid", use_attribute_docstrings=True, json_schema_extra={"examples": list(examples)}
    )


def _written(value: object) -> object:
    """Numbers, which Pydantic would take for seconds since 1970, are no moments."""
    if (isinstance(value, str) and _RFC3339.fullmatch(value) is None) or isinstance(value, int | float):
        raise ValueError("a moment is written as 2026-11-02T09:00:00Z (RFC 3339)")
    return value


def _integer(value: object) -> object:
    """JSON has one kind of number: 3.0 is 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""With its zone."""
WHOLE: Final = BeforeValidator(_integer)
"""After the field of a strict integer: a number without a fraction, and no text that looks like one."""
Flag = Annotated[bool, Field(strict=True)]
"""true or false, and no number."""
