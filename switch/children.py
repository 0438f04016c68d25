"""Child processes of the switch, which do what would hold up its loop: how one begins, and ends with it."""

import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PARENT: Final = "CENTRALITA_PARENT"
"""In a child's environment: whose child it is."""


def command(module: str, *arguments: str) -> tuple[str, ...]:
    """What runs a module of ours in a process of its own."""
    return sys.executable, "-m", module, *arguments


def environment() -> dict[str, str]:
    """Of such a process: it imports from where this one does."""
    path = os.pathsep.join(filter(None, sys.path))
    return {**os.environ, "PYTHONPATH": path, _PARENT: str(os.getpid())}


def end_with_parent() -> None:
    """Said by a child at its start: kill -9 of the switch ends it too, before another switch owns its
    data_dir (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.environ.get(_PARENT, str(os.getppid())) != str(os.getppid()):  # it was gone by then
        sys.exit("the switch has ended")
