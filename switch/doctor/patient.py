"""What is examined."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from switch.config.schema import Config
from switch.doctor.findings import Finding


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
