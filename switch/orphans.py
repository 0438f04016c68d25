"""What child processes of the switch do once it is gone: nothing more."""

import ctypes
import signal
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def end_with_parent() -> None:
    """Said by a child at its start: kill -9 of the switch ends it too, before another switch owns its
    data_dir (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
