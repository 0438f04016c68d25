"""The floor: the smallest loop that can relay, in a process of its own, given the same packets."""

import contextlib
import multiprocessing
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Final, Self

from tests.bench import cores
from tests.bench.plane_process import ADDRESS, Endpoint
from tests.bench.rtp_load import relay

WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Floor:
    """What it did."""

    packets: int
    cpu_s: float

    @property
    def us_per_packet(self) -> float:
        return self.cpu_s * 1e6 / max(self.packets, 1)


class FloorProcess:
    """A relay between each two neighbours of `peers`, for so long, on one core."""

    def __init__(self, peers: Sequence[Endpoint], seconds: float, core: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_child, args=(theirs, peers, seconds, core), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.join(0 if error else WITHIN_S)
        self._process.kill()

    def ports(self) -> list[int]:
        """The port for each peer in turn; from now on it relays. EOFError: it failed."""
        return list(self._pipe.recv())

    def result(self) -> Floor:
        """Waits for its end."""
        return Floor(*self._pipe.recv())


def _child(pipe: Connection, peers: Sequence[Endpoint], seconds: float, core: int) -> None:
    cores.stay(core)
    cores.go_first()
    with contextlib.ExitStack() as stack:
        ends = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in peers]
        for end, peer in zip(ends, peers, strict=True):
            end.setblocking(False)
            end.bind((ADDRESS, 0))
            end.connect(peer)
        pipe.send([end.getsockname()[1] for end in ends])
        pipe.send(relay([end.fileno() for end in ends], seconds))
