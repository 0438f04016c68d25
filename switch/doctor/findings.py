"""What an examination finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from switch.config.schema import Config


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


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Patient:
    """An installation whose configuration can be read."""

    file: Path
    config: Config
    doubts: tuple[str, ...] = ()
    """Of the configuration, as `check` says them."""
    running: bool = False
    """Whether a switch has this `data_dir`."""
    pid: int | None = None
    """Of that switch, where the kernel says it."""
    now: Callable[[], datetime] = utc_now

    @property
    def data_dir(self) -> Path:
        """Where its files are."""
        return self.config.server.data_dir


Check = Callable[[Patient], Iterator[Finding]]


def good(said: str) -> Finding:
    """As it should be."""
    return Finding(Verdict.GOOD, said)


def doubt(said: str, remedy: str) -> Finding:
    """Not as it should be, and calls go on."""
    return Finding(Verdict.DOUBT, said, remedy)


def bad(said: str, remedy: str) -> Finding:
    """Not as it must be."""
    return Finding(Verdict.BAD, said, remedy)
