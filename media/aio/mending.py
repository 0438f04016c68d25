"""What a crash left of a recording: a WAV again, as long as what was written."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from media.aio.recording import BLOCK_OCTETS, HEADER_OCTETS, RATE_HZ, header


def mend(part: Path) -> float:
    """Make the header tell what is there, and cut off half a sample; how many seconds there are.

    A file that ends before its first sample becomes an empty WAV. Blocks. OSError.
    """
    descriptor = os.open(part, os.O_RDWR | os.O_CLOEXEC)
    try:
        octets = max(0, os.fstat(descriptor).st_size - HEADER_OCTETS) // BLOCK_OCTETS * BLOCK_OCTETS
        os.ftruncate(descriptor, HEADER_OCTETS + octets)
        os.pwrite(descriptor, header(octets), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return octets / BLOCK_OCTETS / RATE_HZ


def join(first: Path, others: Iterable[Path]) -> float:
    """Mend `first` and append what the others have, which are gone then; how many seconds there are.

    Blocks. OSError, and nothing is lost.
    """
    seconds = mend(first)
    for other in others:
        mend(other)
        with first.open("ab") as whole, other.open("rb") as part:
            part.seek(HEADER_OCTETS)
            shutil.copyfileobj(part, whole)
        seconds = mend(first)
        other.unlink()
    return seconds
