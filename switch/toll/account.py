"""What one phone or trunk has spent on calls to trunks: its calls in progress, this hour's and this day's."""

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from switch.config.toll import MOST_CALLS_AN_HOUR
from switch.peers import Peer

_HOUR_US: Final = 3_600_000_000


class Talk(Protocol):
    """When a call was answered and when it ended, UTC microseconds; the ledger of a call is one."""

    @property
    def answered_us(self) -> int | None: ...

    @property
    def ended_us(self) -> int | None: ...


class Spending:
    """One call's share, from `TollGuard.admit` until `release` or `turn_away`. `on_limit` is called when
    it has to end.
    """

    __slots__ = ("_account", "_began_us", "_on_release", "on_limit", "talk")

    def __init__(self, account: "Account", talk: Talk, now_us: int, on_release: "Release") -> None:
        self.talk = talk
        self._began_us = now_us
        self.on_limit: Callable[[], None] = _nothing
        self._account: Account | None = account
        self._on_release = on_release

    def release(self) -> None:
        """The call has ended. A second time changes nothing."""
        account, self._account = self._account, None
        self.on_limit = _nothing
        if account is not None:
            self._on_release(account, self)

    def turn_away(self) -> None:
        """The call is refused and has not begun: it is none of the hour's."""
        if self._account is not None:
            self._account.begun.remove(self._began_us)
        self.release()


class Account:
    """One origin's account. Days are named by the moment at which they began, UTC microseconds."""

    __slots__ = ("_day_us", "_seconds", "begun", "origin", "running")

    def __init__(self, origin: Peer) -> None:
        self.origin = origin
        self.running: list[Spending] = []
        self.begun: deque[int] = deque(maxlen=MOST_CALLS_AN_HOUR)
        self._day_us = 0
        self._seconds = 0.0

    def turn(self, day_us: int) -> None:
        """This is the day now: of another one nothing is left but what is still talked of it."""
        if day_us != self._day_us:
            self._day_us, self._seconds = day_us, 0.0

    def open(self, talk: Talk, now_us: int, on_release: "Release") -> Spending:
        """A call begins."""
        self.begun.append(now_us)
        spending = Spending(self, talk, now_us, on_release)
        self.running.append(spending)
        return spending

    def close(self, spending: Spending) -> None:
        """It has ended."""
        self.running.remove(spending)
        ended_us = spending.talk.ended_us
        if ended_us is not None:
            self._seconds += _talked_s(spending.talk, self._day_us, ended_us)

    def used_s(self, now_us: int) -> float:
        """Seconds of this day, those of calls in progress included."""
        return self._seconds + sum(_talked_s(each.talk, self._day_us, now_us) for each in self.running)

    def calls(self, now_us: int) -> int:
        """How many calls began within the last hour."""
        while self.begun and self.begun[0] <= now_us - _HOUR_US:
            self.begun.popleft()
        return len(self.begun)

    def talking(self) -> int:
        """How many calls in progress have been answered."""
        return sum(each.talk.answered_us is not None for each in self.running)

    def restore(self, seconds: float, begun: tuple[int, ...]) -> None:
        """Take up what an earlier process had counted."""
        self._seconds = seconds
        self.begun.extend(begun)


Release = Callable[[Account, Spending], None]


def _talked_s(talk: Talk, day_us: int, now_us: int) -> float:
    if talk.answered_us is None:
        return 0.0
    return max(0, (talk.ended_us or now_us) - max(talk.answered_us, day_us)) / 1e6


def _nothing() -> None:
    """Nobody waits for it."""
