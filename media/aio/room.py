"""The engine's rooms, as orders to the worker of their members."""

from typing import TYPE_CHECKING, Final

from media.port import Port

if TYPE_CHECKING:
    from media.aio.shard import Shard

LOUDEST: Final = 100.0
"""40 dB: more would only clip, and the sums stay within 32 bits."""


class EngineRoom:
    """Implements media.port.Room."""

    def __init__(self, shard: "Shard", slot: int, generation: int) -> None:
        self.shard: Final = shard
        self.slot: Final = slot
        self.generation: Final = generation
        self._open = True

    def gain(self, ear: Port, mouth: Port, gain: float) -> None:
        if not 0 <= gain <= LOUDEST:
            raise ValueError(f"a gain is 0 or more, and {LOUDEST:g} at most, not {gain}")
        listener, speaker = self.shard.own(ear), self.shard.own(mouth)
        listener.order(
            lambda: self.shard.worker.gain(
                listener.slot,
                listener.generation,
                self.slot,
                self.generation,
                speaker.slot,
                speaker.generation,
                gain,
            )
        )

    def close(self) -> None:
        if self._open:
            self._open = False
            self.shard.close_room(self)
