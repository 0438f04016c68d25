"""A recording in progress, and what makes its file complete when the engine has closed it."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from struct import pack
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from media.aio.port import EnginePort

HEADER_OCTETS: Final = 44
BLOCK_OCTETS: Final = 4
"""A sample of each channel."""
RATE_HZ: Final = 8000
LARGEST: Final = 0xFFFF_FFFF - HEADER_OCTETS


class EngineRecording:
    """Implements media.port.Recording by orders about its port."""

    def __init__(self, port: "EnginePort", path: Path, token: int) -> None:
        self.port: Final = port
        self.token: Final = token
        self.stopped = False
        self._path = path

    @property
    def path(self) -> Path:
        return self._path

    def begin(self, descriptor: int, masks_digits: bool) -> None:
        """Hand the open file over.

        Not by the port's own order: a closed port too must end with RecordingStopped.
        """
        port = self.port
        port.shard.order(
            lambda: port.shard.worker.record(
                port.slot, port.generation, descriptor, self.token, masks_digits=masks_digits
            )
        )

    def pause(self) -> None:
        self._pause("leave out")

    def blank(self) -> None:
        self._pause("blank")

    def resume(self) -> None:
        self._pause("keep")

    def stop(self) -> None:
        port = self.port
        if not self.stopped:
            port.order(lambda: port.shard.worker.stop_recording(port.slot, port.generation, self.token))
        self.stopped = True

    def _pause(self, mode: str) -> None:
        port = self.port
        port.order(lambda: port.shard.worker.pause(port.slot, port.generation, self.token, mode))


def part_of(path: Path) -> Path:
    """Where the file is until it is complete."""
    return path.with_name(path.name + ".part")


def open_part(path: Path) -> int:
    """A descriptor at the first sample's place of a WAV that is empty yet; the engine keeps its header right.

    OSError as the system says.
    """
    part, flags = part_of(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    try:
        descriptor = os.open(part, flags, 0o640)
    except FileNotFoundError:  # the first of its day
        part.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, flags, 0o640)
    with suppress(OSError):  # what cannot be written is told by the engine, which writes it again
        os.pwrite(descriptor, header(0), 0)
    os.lseek(descriptor, HEADER_OCTETS, os.SEEK_SET)
    return descriptor


def header(octets: int) -> bytes:
    """RIFF/WAVE, PCM, 2 channels, 8000 Hz, 16 bits. Past 4 GiB (37 hours) the sizes stay at their most."""
    told = min(octets, LARGEST)
    form = pack("<HHIIHH", 1, 2, RATE_HZ, RATE_HZ * BLOCK_OCTETS, BLOCK_OCTETS, 16)
    return pack("<4sI8sI16s4sI", b"RIFF", told + HEADER_OCTETS - 8, b"WAVEfmt ", 16, form, b"data", told)


def sha256_of(path: Path) -> str:
    """Of all the octets of a file, in hex; they are on the disk by then. Blocks. OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    return digest


def complete(path: Path) -> str:
    """Sync the part, give it its name, sync the directory; the SHA-256 of all its octets.

    Blocks: not for the loop.
    """
    part = part_of(path)
    digest = sha256_of(part)
    part.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return digest
