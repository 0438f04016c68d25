"""A fork of a port: the reader's end of the ring that a worker fills."""

from typing import TYPE_CHECKING, Final

from ext.forks import ForkMemory

if TYPE_CHECKING:
    from media.aio.port import EnginePort


class EngineFork:
    """Implements media.port.Fork by orders about its port."""

    def __init__(self, port: "EnginePort", token: int, rate_hz: int, masks_digits: bool) -> None:
        self._port = port
        self._token: Final = token
        self._memory = memory = ForkMemory(rate_hz)
        self._stopped = port.closed
        port.order(
            lambda: port.shard.worker.fork(
                port.slot, port.generation, memory, token, masks_digits=masks_digits
            )
        )

    @property
    def dropped(self) -> int:
        return self._memory.dropped

    @property
    def ended(self) -> bool:
        return self._memory.ended or self._stopped

    def read(self) -> list[tuple[int, bytes]]:
        return self._memory.read()

    def blank(self) -> None:
        self._pause("blank")

    def resume(self) -> None:
        self._pause("keep")

    def stop(self) -> None:
        port = self._port
        if not self._stopped:
            port.order(lambda: port.shard.worker.stop_recording(port.slot, port.generation, self._token))
        self._stopped = True

    def _pause(self, mode: str) -> None:
        port = self._port
        port.order(lambda: port.shard.worker.pause(port.slot, port.generation, self._token, mode))
