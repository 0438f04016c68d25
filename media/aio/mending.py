"""What a crash left of a recording: a WAV again, as long as what was written."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from media.aio.recording import BLOCK_OCTETS, HEADER_OCTETS, RATE_HZ, header

_WHOLE: Final = ".whole"
"""After the name of the first part: all of them, and none of the others counts any more."""


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


def join(first: Path, others: Sequence[Path]) -> float:
    """Mend `first` and append what the others have, which are gone then; how many seconds there are.

    The whole is made beside them, so that a crash in the middle, and another try, changes nothing. Blocks.
    OSError, and nothing is lost.
    """
    whole = first.with_name(f"{first.name}{_WHOLE}")
    if others and not whole.exists():
        _write_whole(whole, [first, *others])
    if whole.exists():
        for other in reversed(others):
            other.unlink()
        whole.replace(first)
    return mend(first)


def _write_whole(whole: Path, parts: Sequence[Path]) -> None:
    making = whole.with_name(f"{whole.name}.part")
    with making.open("wb") as file:
        file.write(header(0))
        for part in parts:
            mend(part)
            with part.open("rb") as data:
                data.seek(HEADER_OCTETS)
                shutil.copyfileobj(data, file)
    mend(making)
    making.replace(whole)
