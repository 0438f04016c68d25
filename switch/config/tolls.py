"""What must be right of `toll`: hours that can be read, destinations that are patterns."""

import re
from collections.abc import Iterator
from typing import Final

from opening_hours import validate

from switch.config.document import Path
from switch.config.patterns import expression
from switch.config.schema import Config
from switch.config.toll import Allowance, Toll

Fault = tuple[Path, str]
"""Where, and what is wrong there."""
_COMMENT: Final = re.compile(r'"[^"]*"')
_HOLIDAYS: Final = re.compile(r"\b(PH|SH)\b")


def faults(config: Config) -> Iterator[Fault]:
    """Every mistake in what phones and trunks may spend."""
    for name, phone in config.phones.items():
        yield from _toll(("phones", name, "toll"), phone.toll)
    for name, trunk in config.trunks.items():
        yield from _toll(("trunks", name, "toll"), trunk.toll)


def _toll(path: Path, toll: Toll) -> Iterator[Fault]:
    yield from _destinations(path, toll)
    if toll.hours is not None and (wrong := _wrong_with(toll.hours)):
        yield (*path, "hours"), wrong
    if toll.outside is not None:
        yield from _destinations((*path, "outside"), toll.outside)
        if toll.hours is None:
            yield (*path, "outside"), "needs 'hours' beside it: outside of which?"


def _wrong_with(hours: str) -> str:
    if not validate(hours):
        return "cannot be read; write them as OpenStreetMap does: Mo-Fr 08:00-20:00"
    if (holidays := _HOLIDAYS.search(_COMMENT.sub("", hours))) is not None:
        return (
            f"names holidays ({holidays[1]}), and no country's are known here; "
            "write their dates: Mo-Fr 08:00-20:00; Jan 01,Dec 25 off"
        )
    return ""


def _destinations(path: Path, allowance: Allowance) -> Iterator[Fault]:
    for i, written in enumerate(allowance.destinations):
        try:
            expression(written)
        except ValueError as error:
            yield (*path, "destinations", i), str(error)
