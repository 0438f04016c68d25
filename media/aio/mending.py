"""What a crash left of a recording: a WAV again, as long as what was written."""

import os
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
