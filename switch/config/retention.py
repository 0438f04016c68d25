"""How long what happened is kept: the sections `retention` and `journal`."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from switch.config.section import Count, Duration, Section
from switch.config.values import expected

_AGE = re.compile(r"([1-9][0-9]{0,4})(d|y)")
_DAYS = {"d": 1, "y": 365}


def age(value: object) -> int:
    """Days, from `90d` or `2y`; a year has 365."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _AGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise expected(value, "an age in days or years", "90d or 2y")
    return int(match[1]) * _DAYS[match[2]]


Age = Annotated[int | None, BeforeValidator(age)]


class RetentionAges(Section):
    """`retention`: what is older goes, unless a hold is on it; what is not named is kept for ever"""

    calls: Age = None
    """From a call's end; its recording goes with it."""
    recordings: Age = None
    """Likewise; the call stays, and so do the recording's length and checksum in its row."""
    agent_states: Age = None
    """From when a state ended."""


class Journal(Section):
    """`journal`: how much of the router's past is kept, for who asks why a call went where it went"""

    keep: Duration = 86_400.0
    """What is older goes; 0 keeps what a restart needs, as any other value does."""
    size_mb: Count = 1000
    """So many megabytes in all, the oldest goes first."""
