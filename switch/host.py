"""What the machine has left for the switch, and what the switch takes of it."""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LEAST_FREE_BYTES: Final = 64 * 1024 * 1024
"""With less room than this, the journal may soon not be written: the switch is not ready."""
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system of a folder, in octets."""

    free: int
    """What an ordinary user may still write."""
    size: int


@dataclass(frozen=True, slots=True)
class Host:
    """One look at the machine."""

    disk: Disk
    cpu_s: float
    """Processor time of all threads since the start, the media workers' included."""
    resident_bytes: int
    started_at: float
    """When the process began, in seconds since 1970."""


def disk(folder: Path) -> Disk:
    """The disk on which `folder` lies. Raises OSError."""
    room = os.statvfs(folder)
    return Disk(room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize)


def look(folder: Path) -> Host:
    """How the machine is doing now; three short system calls. Raises OSError."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Host(disk(folder), used.ru_utime + used.ru_stime, pages * _PAGE_BYTES, _STARTED_AT)


def _started_at() -> float:
    """From the kernel's own account of this process: field 22 of /proc/self/stat, in ticks since boot."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    ticks = int(fields[19])
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - age_s


_STARTED_AT: Final = _started_at()
