"""Forks in engine memory."""

from typing import Self

from typing_extensions import disjoint_base

@disjoint_base
class ForkMemory:
    """What a fork hears, on its way from a worker to its one reader: the newest 2.56 s at most."""

    def __new__(cls, rate_hz: int = 8000) -> Self:
        """8000 or 16000, else ValueError."""
    @property
    def dropped(self) -> int:
        """Frames that found no room."""
    @property
    def ended(self) -> bool:
        """Whether the worker has let go: what `read` then finds is the last."""
    def read(self) -> list[tuple[int, bytes]]:
        """All frames that wait: number since the fork began, 20 ms of two channels in turn."""
