"""The toll-fraud guard: what each phone and each trunk may spend on calls that reach a trunk.

A leaked secret is worth as much as these limits. Whoever leads a call to a trunk asks `admit`, and holds
what it returns until the call has ended; whoever leads that call on to another number (3xx) asks `permits`.
`over` names the calls that have to end because the day's minutes are used up. Emergency calls never come
here.

Time is UTC in microseconds; days and hours are those of `server.timezone`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from switch.config.schema import Config
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.toll.account import Account, Spending, Talk
from switch.toll.schedule import NO_LIMITS, TollRule, TollSchedule


class TollLimit(StrEnum):
    """Which limit a call met."""

    DESTINATION = "destination"
    CALLS_AT_ONCE = "calls_at_once"
    CALLS_AN_HOUR = "calls_an_hour"
    MINUTES_A_DAY = "minutes_a_day"


class Spent(msgspec.Struct, frozen=True):
    """What one origin has spent: seconds of a day, and when the calls of the last hour began."""

    kind: str
    """phone or trunk"""
    name: str
    day_us: int
    """When the day began."""
    seconds: float
    begun: tuple[int, ...]


class TollGuard:
    """The accounts of every phone and trunk."""

    def __init__(self, on_alarm: Callable[[Peer, TollLimit, int], None] | None = None) -> None:
        """`on_alarm` hears of each call that is refused or ended: whose limit, which, and when."""
        self.on_change: Callable[[], None] = _nothing
        """Called when there is something new to keep."""
        self._on_alarm = on_alarm or _no_alarm
        self._accounts: dict[Peer, Account] = {}
        self._changed: set[Account] = set()
        self._schedules: dict[Peer, TollSchedule] = {}
        self._zone = ZoneInfo("UTC")
        self._day_us = (0, 0)

    def configure(self, config: Config) -> None:
        """Put new limits in force; what was spent stays spent."""
        self._zone = zone = ZoneInfo(config.server.timezone)
        self._day_us = (0, 0)
        self._schedules = {PhonePeer(name): TollSchedule(it.toll, zone) for name, it in config.phones.items()}
        self._schedules.update(
            {TrunkPeer(name): TollSchedule(it.toll, zone) for name, it in config.trunks.items()}
        )

    def admit(self, origin: Peer, number: str, talk: Talk, now_us: int) -> Spending | TollLimit:
        """Let a call of `origin` to `number`, as the trunk will see it, begin; or the limit it meets."""
        account, rule = self._account(origin, now_us), self._rule(origin, now_us)
        limit = _exceeded(rule, account, number, now_us)
        if limit is not None:
            self._on_alarm(origin, limit, now_us)
            return limit
        spending = account.open(talk, now_us, self._released)
        self._change(account)
        return spending

    def permits(self, origin: Peer, number: str, now_us: int) -> TollLimit | None:
        """None when a call of `origin` that was admitted may go to `number` as well; else the limit met."""
        if self._rule(origin, now_us).reaches(number):
            return None
        self._on_alarm(origin, TollLimit.DESTINATION, now_us)
        return TollLimit.DESTINATION

    def over(self, now_us: int) -> list[Spending]:
        """The calls whose origin has no minutes left today."""
        found: list[Spending] = []
        for origin in [origin for origin, account in self._accounts.items() if account.running]:
            account, limit_s = self._account(origin, now_us), self._rule(origin, now_us).seconds_a_day
            if limit_s is not None and account.used_s(now_us) >= limit_s:
                self._on_alarm(origin, TollLimit.MINUTES_A_DAY, now_us)
                found += account.running
        return found

    def wake_s(self, now_us: int, most_s: float) -> float:
        """When to ask `over` again: as soon as some minutes can be used up, in `most_s` at the latest."""
        for origin in [origin for origin, account in self._accounts.items() if account.running]:
            account, limit_s = self._account(origin, now_us), self._rule(origin, now_us).seconds_a_day
            if limit_s is not None and (talking := account.talking()):
                most_s = min(most_s, (limit_s - account.used_s(now_us)) / talking)
        return max(0.0, most_s)

    def used_s(self, origin: Peer, now_us: int) -> float:
        """What `origin` has talked today, in seconds."""
        return self._account(origin, now_us).used_s(now_us)

    # Restart

    def talk_goes_on(self) -> None:
        """Whoever talks has spent more by now: that is a change."""
        for account in self._accounts.values():
            if account.running and account.talking():
                self._change(account)

    def changes(self, now_us: Callable[[], int]) -> Iterator[Spent]:
        """What has been spent, calls in progress included, by all who changed since it was last asked.

        Each is worked out when it is taken, so the loop may run in between.
        """
        changed, self._changed = self._changed, set()
        for account in changed:
            yield self._spent(account, now_us())

    def restore(self, book: Iterable[Spent], now_us: int) -> None:
        """Go on from what an earlier process had spent."""
        today = self._day(now_us)
        for spent in book:
            origin = PhonePeer(spent.name) if spent.kind == "phone" else TrunkPeer(spent.name)
            account = self._account(origin, now_us)
            account.restore(spent.seconds if spent.day_us == today else 0.0, spent.begun)
            if account.used_s(now_us) or account.calls(now_us):
                self._change(account)

    # Inside

    def _released(self, account: Account, spending: Spending) -> None:
        if spending.talk.ended_us is not None:
            account.turn(self._day(spending.talk.ended_us))
        account.close(spending)
        self._change(account)

    def _change(self, account: Account) -> None:
        self._changed.add(account)
        self.on_change()

    def _account(self, origin: Peer, now_us: int) -> Account:
        account = self._accounts.get(origin)
        if account is None:
            account = self._accounts[origin] = Account(origin)
        account.turn(self._day(now_us))
        return account

    def _rule(self, origin: Peer, now_us: int) -> TollRule:
        schedule = self._schedules.get(origin)
        return NO_LIMITS if schedule is None else schedule.at(now_us)

    def _spent(self, account: Account, now_us: int) -> Spent:
        day_us, origin = self._day(now_us), account.origin
        account.turn(day_us)
        account.calls(now_us)
        kind = "phone" if isinstance(origin, PhonePeer) else "trunk"
        return Spent(kind, origin.name, day_us, round(account.used_s(now_us), 3), tuple(account.begun))

    def _day(self, now_us: int) -> int:
        """When the day of `now_us` began."""
        first, after = self._day_us
        if not first <= now_us < after:
            today = datetime.fromtimestamp(now_us / 1e6, self._zone).date()
            first, after = self._midnight(today), self._midnight(today + timedelta(days=1))
            self._day_us = first, after
        return first

    def _midnight(self, day: date) -> int:
        return round(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() * 1e6)


def _exceeded(rule: TollRule, account: Account, number: str, now_us: int) -> TollLimit | None:
    if not rule.reaches(number):
        return TollLimit.DESTINATION
    if rule.calls_at_once is not None and len(account.running) >= rule.calls_at_once:
        return TollLimit.CALLS_AT_ONCE
    if rule.calls_an_hour is not None and account.calls(now_us) >= rule.calls_an_hour:
        return TollLimit.CALLS_AN_HOUR
    if rule.seconds_a_day is not None and account.used_s(now_us) >= rule.seconds_a_day:
        return TollLimit.MINUTES_A_DAY
    return None


def _nothing() -> None:
    """Nobody keeps it."""


def _no_alarm(origin: Peer, limit: TollLimit, now_us: int) -> None:
    """Nobody hears it."""
