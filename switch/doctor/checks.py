"""The checks in their order: what a later one stands on is examined by an earlier one."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from switch.config.errors import ConfigError, ConfigErrors
from switch.config.load import load
from switch.doctor import database, files, machine, network, running
from switch.doctor.findings import Finding, bad, doubt, good
from switch.doctor.patient import Check, Patient, utc_now

CONFIGURATION: Final = "configuration"


_CHANGE: Final = "change that line, then centralita check"
_NAME: Final = "name the configuration with --config or CENTRALITA_CONFIG; scripts/run writes a first one"


def _configuration(patient: Patient) -> Iterator[Finding]:
    for one in patient.doubts:
        yield doubt(one, "change that line, then centralita check, then centralita reload")
    if not patient.doubts:
        yield good(f"{patient.file} has no mistake")


CHECKS: Final[Sequence[tuple[str, Check]]] = (
    (CONFIGURATION, _configuration),
    ("data_dir", files.data_dir),
    ("disk", machine.disk),
    ("descriptors", machine.descriptors),
    ("clock", machine.clock),
    ("kernel", machine.kernel),
    ("sounds", files.sounds),
    ("certificates", files.certificates),
    ("addresses", network.addresses),
    ("ports", network.ports),
    ("media ports", network.media_ports),
    ("database", database.examine),
    ("switch", running.switch),
    ("alarms", running.alarms),
    ("trunks", running.trunks),
    ("phones", running.phones),
)
"""Name and check, in the order in which they are made."""


def examine(file: Path, now: Callable[[], datetime] = utc_now) -> Iterator[tuple[str, Finding]]:
    """Every finding with the name of its check, as it is found. Nothing is changed and nothing stays open.

    A configuration with mistakes ends it: nothing else would be examined as it is meant.
    """
    doubts: list[ConfigError] = []
    try:
        config = load(file, warn=doubts.append, thorough=False)
    except ConfigErrors as errors:
        for error in errors.errors:
            yield CONFIGURATION, bad(str(error), _CHANGE if file.is_file() else _NAME)
        return
    held, pid = _holder(config.server.data_dir / "lock")
    patient = Patient(file, config, tuple(map(str, doubts)), running=held, pid=pid, now=now)
    for name, check in CHECKS:
        for finding in check(patient):
            yield name, finding


def _holder(lock: Path) -> tuple[bool, int | None]:
    """Whether a switch holds the lock of its `data_dir`, and which process that is."""
    try:
        file = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False, None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return True, _process_with(os.fstat(file).st_ino)
    finally:
        os.close(file)
    return False, None


def _process_with(inode: int) -> int | None:
    """By /proc/locks (proc_locks(5)): `1: FLOCK ADVISORY WRITE PID MAJOR:MINOR:INODE 0 EOF`."""
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        fields = line.split()
        if fields[1] == "FLOCK" and fields[3] == "WRITE" and fields[5].endswith(f":{inode}"):
            return int(fields[4]) or None
    return None
