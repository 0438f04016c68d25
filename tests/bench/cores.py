"""Who may run where: what is measured has core 0 for itself, what measures it core 1."""

import contextlib
import os
from pathlib import Path
from typing import Final

MEASURED: Final = 0
LOAD: Final = 1


def stay(core: int) -> None:
    """Run this process, and the children it makes from now on, on one core."""
    os.sched_setaffinity(0, {core})


def go_first(policy: int = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK) -> None:
    """Let what else runs on this process's core wait, where we may say so."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, policy, os.sched_param(1))


def busy_s(core: int) -> float:
    """How long this core has worked since the machine started, whoever for (proc(5), /proc/stat)."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.split()[1:9])
            return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    raise OSError(f"/proc/stat does not know core {core}")


def process_cpu_s(pid: int) -> float:
    """CPU that a process's threads have used since its start (proc(5), /proc/PID/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = int(fields[11]), int(fields[12])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def resident_kb(pid: int) -> int:
    """Memory of a process that is in RAM (proc(5), /proc/PID/status, VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise OSError(f"process {pid} has no memory any more")
