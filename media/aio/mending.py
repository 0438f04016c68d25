"""What a crash left of a recording: a WAV again, as long as what was written."""

import os
from pathlib import Path
from struct import pack
from typing import Final

from media.aio.recording import HEADER_OCTETS

BLOCK_OCTETS: Final = 4
"""A sample of each channel."""
RATE_HZ: Final = 8000
LARGEST: Final = 0xFFFF_FFFF - HEADER_OCTETS


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


def header(octets: int) -> bytes:
    """RIFF/WAVE, PCM, 2 channels, 8000 Hz, 16 bits. Past 4 GiB (37 hours) the sizes stay at their most."""
    told = min(octets, LARGEST)
    form = pack("<HHIIHH", 1, 2, RATE_HZ, RATE_HZ * BLOCK_OCTETS, BLOCK_OCTETS, 16)
    return pack("<4sI8sI16s4sI", b"RIFF", told + HEADER_OCTETS - 8, b"WAVEfmt ", 16, form, b"data", told)
