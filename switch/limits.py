"""How many calls a trunk may have at once (`max_calls`) and begin within a second (`max_cps`), both exact.

What begins is a call that gets its flow. One that is refused before, whatever for, has not begun: it takes
nobody's place, least of all on the trunk that it would have gone to, which has not seen it. But to refuse
costs us something, too, above all where a signature had to be verified. So of the calls that came by a trunk,
had room there and were refused all the same, only as many as `max_cps` within a second count for nothing; the
next ones count like calls. However fast a carrier sends what we refuse, in no second are more than twice
`max_cps` of its calls looked at; the rest gets the 503 of the limit, which itself never counts.
"""

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
    """What a trunk carries: calls now, and of the last second when calls began, and when those came that were
    turned away and do not count.
    """

    active: int = 0
    begun: deque[float] = field(default_factory=deque)
    turned_away: deque[float] = field(default_factory=deque)

    def forget(self, now: float) -> None:
        """Drop what is a second old."""
        for moments in (self.begun, self.turned_away):
            while moments and moments[0] <= now - WINDOW_S:
                moments.popleft()


class Room(Protocol):
    """What a call holds until it ends."""

    def release(self) -> None:
        """The call has ended. A second time changes nothing."""
        ...

    def turn_away(self) -> None:
        """The call is refused and has not begun; in place of `release`."""
        ...


class Slot:
    """The room that one call takes on its trunk, from `Limits.admit` until `release` or `turn_away`.

    `forgiven` is how many of a second's calls may be turned away and count for nothing, None if all.
    """

    __slots__ = ("_began", "_forgiven", "_load")

    def __init__(self, load: _Load, now: float, forgiven: int | None) -> None:
        self._load: _Load | None = load
        self._began = now
        self._forgiven = forgiven
        load.active += 1
        load.begun.append(now)

    def turn_away(self) -> None:
        """The call is refused and has not begun: its beginning counts no longer. To be said in the wake-up of
        `admit`; after `release` it changes nothing.
        """
        load = self._load
        if load is not None and (self._forgiven is None or len(load.turned_away) < self._forgiven):
            load.begun.remove(self._began)
            if self._forgiven is not None:
                load.turned_away.append(self._began)
        self.release()

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

    def admit(
        self, trunk: str, now: float, emergency: bool = False, *, arriving: bool = False
    ) -> Slot | Refusal:
        """Take room for a call that begins `now` (monotonic seconds), or say why there is none.

        No interval of one second, its start included and its end not, holds more than `max_cps` beginnings.
        A trunk that the configuration no longer has takes emergency calls only. `arriving` calls come by the
        trunk, the others are to go out over it.
        """
        load = self._loads.setdefault(trunk, _Load())
        load.forget(now)
        if not emergency and (refusal := self._refusal(trunk, load, now)) is not None:
            return refusal
        limits = self._trunks.get(trunk)
        forgiven = limits.max_cps if arriving and limits is not None else None
        return Slot(load, now, forgiven)

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
