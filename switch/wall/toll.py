"""The toll-fraud guard: what each phone and each trunk may spend on calls that reach a trunk.

A leaked secret is worth as much as these limits. Whoever leads a call to a trunk asks `admit`, and holds
what it returns until the call has ended; whoever leads that call on to another number (3xx) asks `permits`.
`over` names the calls that have to end because the day's minutes are used up. Emergency calls never come
here.

Time is UTC in microseconds; days and hours are those of `server.timezone`.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec

from switch.config.schema import Config
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.wall.account import Account, Spending, Talk
from switch.wall.tariff import FREE, Rule, Tariff


class TollLimit(StrEnum):
    """Which limit a call met."""

    DESTINATION = "destination"
    CALLS_AT_ONCE = "calls_at_once"
    CALLS_AN_HOUR = "calls_an_hour"
    MINUTES_A_DAY = "minutes_a_day"


class Spent(msgspec.Struct, frozen=True):
    """What one origin has spent: seconds of the day, and when the calls of the last hour began."""

    kind: str
    """phone or trunk"""
    name: str
    seconds: float
    begun: tuple[int, ...]


class Tollbook(msgspec.Struct, frozen=True):
    """What all have spent on the day that began at `day_us`."""

    day_us: int
    spent: tuple[Spent, ...] = ()


class Toll:
    """The accounts of every phone and trunk."""

    def __init__(self, on_alarm: Callable[[Peer, TollLimit, int], None] | None = None) -> None:
        """`on_alarm` hears of each call that is refused or ended: whose limit, which, and when."""
        self.on_change: Callable[[], None] = _nothing
        """Called when there is something new to keep."""
        self._on_alarm = on_alarm or _no_alarm
        self._accounts: dict[Peer, Account] = {}
        self._tariffs: dict[Peer, Tariff] = {}
        self._zone = ZoneInfo("UTC")
        self._day_us = (0, 0)

    def configure(self, config: Config) -> None:
        """Put new limits in force; what was spent stays spent."""
        self._zone = zone = ZoneInfo(config.server.timezone)
        self._day_us = (0, 0)
        self._tariffs = {PhonePeer(name): Tariff(it.toll, zone) for name, it in config.phones.items()}
        self._tariffs.update({TrunkPeer(name): Tariff(it.toll, zone) for name, it in config.trunks.items()})

    def admit(self, origin: Peer, number: str, talk: Talk, now_us: int) -> Spending | TollLimit:
        """Let a call of `origin` to `number`, as the trunk will see it, begin; or the limit it meets."""
        account, rule = self._account(origin, now_us), self._rule(origin, now_us)
        limit = _exceeded(rule, account, number, now_us)
        if limit is not None:
            self._on_alarm(origin, limit, now_us)
            return limit
        spending = account.open(talk, now_us, self._released)
        self.on_change()
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

    def talking(self) -> bool:
        """Whether somebody spends just now."""
        return any(account.talking() for account in self._accounts.values())

    def used_s(self, origin: Peer, now_us: int) -> float:
        """What `origin` has talked today, in seconds."""
        return self._account(origin, now_us).used_s(now_us)

    # Restart

    def book(self, now_us: int) -> Tollbook:
        """What is spent by now, calls in progress included."""
        spent = [self._spent(origin, now_us) for origin in self._accounts]
        return Tollbook(self._day(now_us), tuple(each for each in spent if each.seconds or each.begun))

    def restore(self, book: Tollbook, now_us: int) -> None:
        """Go on from what an earlier process had spent."""
        today = book.day_us == self._day(now_us)
        for spent in book.spent:
            origin = PhonePeer(spent.name) if spent.kind == "phone" else TrunkPeer(spent.name)
            self._account(origin, now_us).restore(spent.seconds if today else 0.0, spent.begun)

    # Inside

    def _released(self, account: Account, spending: Spending) -> None:
        if spending.talk.ended_us is not None:
            account.turn(self._day(spending.talk.ended_us))
        account.close(spending)
        self.on_change()

    def _account(self, origin: Peer, now_us: int) -> Account:
        account = self._accounts.get(origin)
        if account is None:
            account = self._accounts[origin] = Account()
        account.turn(self._day(now_us))
        return account

    def _rule(self, origin: Peer, now_us: int) -> Rule:
        tariff = self._tariffs.get(origin)
        return FREE if tariff is None else tariff.at(now_us)

    def _spent(self, origin: Peer, now_us: int) -> Spent:
        account = self._account(origin, now_us)
        account.calls(now_us)
        kind = "phone" if isinstance(origin, PhonePeer) else "trunk"
        return Spent(kind, origin.name, round(account.used_s(now_us), 3), tuple(account.begun))

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


def _exceeded(rule: Rule, account: Account, number: str, now_us: int) -> TollLimit | None:
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
