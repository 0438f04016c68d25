"""Wrong PINs: counted for each agent and phone; after too many neither is listened to for a while."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from switch.config.desk import PinGuarding

Who = tuple[Literal["agent", "phone"], str]


@dataclass(slots=True)
class _Failures:
    at: deque[float] = field(default_factory=deque)
    locked_until: float = 0.0


class PinGuard:
    """Keeps no more than the agents and phones of the configuration are. Times are monotonic seconds."""

    def __init__(self, settings: PinGuarding) -> None:
        self.settings = settings
        self._of: dict[Who, _Failures] = {}

    def is_locked(self, now: float, *whom: Who) -> bool:
        """Whether one of them has to wait."""
        return any((found := self._of.get(who)) is not None and now < found.locked_until for who in whom)

    def failed(self, now: float, *whom: Who) -> None:
        """A wrong PIN for that agent from that phone."""
        for who in whom:
            failures = self._of.setdefault(who, _Failures())
            failures.at.append(now)
            while failures.at[0] < now - self.settings.within:
                failures.at.popleft()
            if len(failures.at) >= self.settings.failures:
                failures.locked_until = now + self.settings.locked_for
                failures.at.clear()

    def proved(self, *whom: Who) -> None:
        """The right PIN: what was wrong before is forgotten."""
        for who in whom:
            self._of.pop(who, None)
