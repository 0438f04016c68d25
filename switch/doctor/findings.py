"""What an examination finds."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it is."""

    GOOD = "good"
    DOUBT = "doubt"
    """Calls can be taken; something will go wrong, or already does in part."""
    BAD = "bad"
    """Calls cannot be taken, or not as they should."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. Whatever is not good comes with its remedy: a command, or a line of the
    configuration.
    """

    verdict: Verdict
    said: str
    remedy: str = ""


def good(said: str) -> Finding:
    """As it should be."""
    return Finding(Verdict.GOOD, said)


def doubt(said: str, remedy: str) -> Finding:
    """Not as it should be, and calls go on."""
    return Finding(Verdict.DOUBT, said, remedy)


def bad(said: str, remedy: str) -> Finding:
    """Not as it must be."""
    return Finding(Verdict.BAD, said, remedy)
