"""What must be right of `toll`: hours that can be read, destinations that are patterns."""

from collections.abc import Iterator

from opening_hours import validate

from switch.config.document import Path
from switch.config.patterns import expression
from switch.config.schema import Config
from switch.config.toll import Allowance, Toll

Fault = tuple[Path, str]
"""Where, and what is wrong there."""


def faults(config: Config) -> Iterator[Fault]:
    """Every mistake in what phones and trunks may spend."""
    for name, phone in config.phones.items():
        yield from _toll(("phones", name, "toll"), phone.toll)
    for name, trunk in config.trunks.items():
        yield from _toll(("trunks", name, "toll"), trunk.toll)


def _toll(path: Path, toll: Toll) -> Iterator[Fault]:
    yield from _destinations(path, toll)
    if toll.hours is not None and not validate(toll.hours):
        yield (*path, "hours"), "cannot be read; write them as OpenStreetMap does: Mo-Fr 08:00-20:00"
    if toll.outside is not None:
        yield from _destinations((*path, "outside"), toll.outside)
        if toll.hours is None:
            yield (*path, "outside"), "needs 'hours' beside it: outside of which?"


def _destinations(path: Path, allowance: Allowance) -> Iterator[Fault]:
    for i, written in enumerate(allowance.destinations):
        try:
            expression(written)
        except ValueError as error:
            yield (*path, "destinations", i), str(error)
