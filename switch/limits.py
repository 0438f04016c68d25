"""How many calls a trunk may have at once (`max_calls`) and begin within a second (`max_cps`), both exact."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Protocol

from switch.config.trunk import Trunk

WINDOW_S = 1.0
FULL_RETRY_S = 5
"""When a full trunk has room again nobody knows; this is what its callers are told to wait."""


class Limit(StrEnum):
    """Which limit refused a call."""

    MAX_CALLS = "max_calls"
    MAX_CPS = "max_cps"


@dataclass(frozen=True, slots=True)
class Refusal:
    """No room: answer 503 with `Retry-After: retry_after_s` (whole seconds)."""

    limit: Limit
    retry_after_s: int


@dataclass(slots=True)
class _Load:
    """What a trunk carries: calls now, and when the calls of the last second began."""

    active: int = 0
    begun: deque[float] = field(default_factory=deque)


class Room(Protocol):
    """What a call holds until it ends."""

    def release(self) -> None:
        """The call has ended. A second time changes nothing."""
        ...


class Slot:
    """The room that one call takes on its trunk, from `Limits.admit` until `release`."""

    __slots__ = ("_load",)

    def __init__(self, load: _Load) -> None:
        self._load: _Load | None = load
        load.active += 1

    def release(self) -> None:
        """The call has ended. A second time changes nothing."""
        if self._load is not None:
            self._load.active -= 1
            self._load = None


class Limits:
    """The limits of every trunk.

    Calls to a trunk and from it count alike; emergency calls count and are never refused.
    """

    def __init__(self, trunks: Mapping[str, Trunk]) -> None:
        self._loads: dict[str, _Load] = {}
        self.configure(trunks)

    def configure(self, trunks: Mapping[str, Trunk]) -> None:
        """Put new limits in force; running calls keep their room, even where the new limit is smaller."""
        self._trunks = dict(trunks)
        gone = [name for name, load in self._loads.items() if name not in trunks and not load.active]
        for name in gone:
            del self._loads[name]

    def admit(self, trunk: str, now: float, emergency: bool = False) -> Slot | Refusal:
        """Take room for a call that begins `now` (monotonic seconds), or say why there is none.

        No interval of one second, its start included and its end not, holds more than `max_cps` beginnings.
        A trunk that the configuration no longer has takes emergency calls only.
        """
        load = self._loads.setdefault(trunk, _Load())
        while load.begun and load.begun[0] <= now - WINDOW_S:
            load.begun.popleft()
        if not emergency and (refusal := self._refusal(trunk, load, now)) is not None:
            return refusal
        load.begun.append(now)
        return Slot(load)

    def active(self, trunk: str) -> int:
        """Calls that hold room on the trunk."""
        load = self._loads.get(trunk)
        return 0 if load is None else load.active

    def leaving(self) -> list[str]:
        """The trunks that the configuration no longer has and whose last call goes on."""
        return [name for name, load in self._loads.items() if name not in self._trunks and load.active]

    def _refusal(self, trunk: str, load: _Load, now: float) -> Refusal | None:
        limits = self._trunks.get(trunk)
        if limits is None or load.active >= limits.max_calls:
            return Refusal(Limit.MAX_CALLS, FULL_RETRY_S)
        if limits.max_cps <= 0:
            return Refusal(Limit.MAX_CPS, FULL_RETRY_S)
        if len(load.begun) >= limits.max_cps:
            room_at = load.begun[-limits.max_cps] + WINDOW_S
            return Refusal(Limit.MAX_CPS, max(1, ceil(room_at - now)))
        return None
