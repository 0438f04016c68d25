"""What the machine gives: disk, descriptors, time, buffers."""

import ctypes
import os
import resource
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from media.aio.sockets import ports_within_limit
from sip.aio.udp import RECEIVE_BUFFER_BYTES
from switch.doctor.findings import Finding, bad, doubt, good
from switch.doctor.patient import Patient
from switch.host import LEAST_FREE_BYTES

_RECORDED_BYTES_PER_S: Final = 2 * 2 * 8000
"""A recording: two channels of 16 bits, 8,000 times a second."""
_DOUBTFUL_BYTES: Final = 2 * 1024**3
_LEAST_FILES: Final = 1000
_AHEAD: Final = timedelta(seconds=5)
_STA_UNSYNC: Final = 0x40
"""The kernel's word for a clock that nothing sets (adjtimex(2))."""


def disk(patient: Patient) -> Iterator[Finding]:
    """Is there room for journal, history and recordings?"""
    folder = next(one for one in (patient.data_dir, *patient.data_dir.absolute().parents) if one.exists())
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    hours = free / _RECORDED_BYTES_PER_S / 3600
    said = f"{_size(free)} free in {folder}: {hours:,.0f} hours of recorded talk"
    remedy = f"du -xh --max-depth=2 {folder} | sort -h; take old recordings away, or enlarge the disk"
    if free < LEAST_FREE_BYTES:
        yield bad(f"only {_size(free)} free in {folder}: journal and recordings cannot be written", remedy)
    elif free < _DOUBTFUL_BYTES:
        yield doubt(said, remedy)
    else:
        yield good(said)
    if room.f_files and room.f_favail < _LEAST_FILES:
        yield bad(f"only {room.f_favail:,} files can still be made in {folder} (inodes)", remedy)


def descriptors(patient: Patient) -> Iterator[Finding]:
    """How many calls do open files allow, and how many are wanted?"""
    limit, whose = _limit(patient.pid)
    calls = min(ports_within_limit(limit), len(patient.config.media.ports) // 2) // 2
    wanted = sum(trunk.max_calls for trunk in patient.config.trunks.values()) or 1
    said = f"{whose} may open {limit:,} files: {calls:,} bridged calls"
    remedy = (
        "LimitNOFILE=1048576 in the unit of systemd, or `ulimit -Hn 1048576` in the shell that starts it; "
        "then restart"
    )
    if calls < 1:
        yield bad(f"{said}; it cannot take one", remedy)
    elif calls < wanted and ports_within_limit(limit) < 2 * wanted:
        yield doubt(f"{said}, while the trunks may have {wanted:,} (max_calls)", remedy)
    else:
        yield good(said)


def clock(patient: Patient) -> Iterator[Finding]:
    """Is the time right, as far as this machine can know? The database is asked for its own later."""
    ahead = _newest(patient.data_dir / "journal") - patient.now()
    if ahead > _AHEAD:
        yield bad(
            f"the clock was set back: the journal was written {_span(ahead)} from now",
            "timedatectl set-ntp true; start the switch when `timedatectl` says synchronized",
        )
    elif _is_unsynchronised():
        yield doubt(
            "nothing sets this machine's clock",
            "timedatectl set-ntp true (Debian: systemd-timesyncd or chrony)",
        )
    else:
        yield good("the clock is synchronised")


def kernel(patient: Patient) -> Iterator[Finding]:
    """Does the kernel allow the buffers that we ask for? Its own hold 256 small datagrams."""
    allowed = int(Path("/proc/sys/net/core/rmem_max").read_text(encoding="ascii"))
    if allowed < RECEIVE_BUFFER_BYTES:
        yield doubt(
            f"SIP over UDP gets {allowed:,} bytes of buffer, not {RECEIVE_BUFFER_BYTES:,}: bursts get lost",
            f"sysctl -w net.core.rmem_max={RECEIVE_BUFFER_BYTES}, and the same in /etc/sysctl.d/",
        )
    else:
        yield good(f"buffers of {RECEIVE_BUFFER_BYTES:,} bytes are allowed")


def _limit(pid: int | None) -> tuple[int, str]:
    """Of the running switch where it can be read, else of whoever asks: the hard one, which it takes."""
    if pid is not None:
        try:
            _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        except PermissionError:
            pass
        else:
            return _files(hard), f"the switch (pid {pid})"
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _files(hard), "a switch started from here"


def _files(limit: int) -> int:
    if limit != resource.RLIM_INFINITY:
        return limit
    return int(Path("/proc/sys/fs/nr_open").read_text(encoding="ascii"))


def _newest(folder: Path) -> datetime:
    """When the newest file of it was written."""
    times = [one.stat().st_mtime for one in folder.glob("*")] if folder.is_dir() else []
    return datetime.fromtimestamp(max(times, default=0.0), UTC)


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as we read it; the rest is room for the kernel."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def _is_unsynchronised() -> bool:
    timex = _Timex()
    library = ctypes.CDLL(None, use_errno=True)
    if library.adjtimex(ctypes.byref(timex)) < 0:
        raise OSError(ctypes.get_errno(), "adjtimex")
    return bool(timex.status & _STA_UNSYNC)


def _size(count: int) -> str:
    return f"{count / 1024**3:,.1f} GiB" if count >= 1024**3 else f"{count / 1024**2:,.0f} MiB"


def _span(time: timedelta) -> str:
    return f"{time.total_seconds():,.0f} s"
