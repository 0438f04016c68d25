"""Bans: who fails to prove himself again and again is not listened to for a while.

Only those failures may be reported here that answered a nonce which we had sent to that very address
(`sip.accounts.digest.Failure.answered`): who forges a source never saw one, and can get nobody banned. Bans
live in memory: a restart forgets them, and who goes on guessing is soon back.

Of IPv6 a neighbourhood counts as one address (`sip.flow.neighbourhood`).
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Generic, TypeVar

from sip.flow import neighbourhood
from switch.config.schema import Bans as Settings

MAX_ENTRIES: Final = 10_000
"""Of each table; the oldest entry makes room. Together they stay below some 20 MB."""
_MAX_USER_CHARS: Final = 64
"""Names that are longer, which no phone of ours has, count as one when these are the same."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Ban:
    """`address` is not listened to until `until`; with a `user`, not as that user. Monotonic seconds."""

    address: str
    """Of IPv6 the /64."""
    user: str | None
    since: float
    until: float
    failures: int


class Bans:
    """Counts failures, first by address and user, and bans.

    Many people may share an address. So what one user's name earns bans that name there; the whole address
    is banned when several names failed and none of our phones is registered from it.
    """

    def __init__(
        self,
        settings: Settings,
        exempt: Callable[[str], bool],
        registered: Callable[[str], bool],
        max_entries: int = MAX_ENTRIES,
    ) -> None:
        """`exempt` knows a trunk's addresses, `registered` those of live registrations."""
        self._exempt = exempt
        self._registered = registered
        self._max_entries = max_entries
        self._pairs: _Tally[tuple[str, str]] = _Tally(max_entries)
        self._addresses: _Tally[str] = _Tally(max_entries)
        self._bans: OrderedDict[tuple[str, str | None], Ban] = OrderedDict()
        self._settings = settings

    def configure(self, settings: Settings) -> None:
        """Judge by these settings from now on. Who is exempt now is listened to, whatever bans there are."""
        self._settings = settings
        if not settings.failures:
            self._bans.clear()

    def failed(self, address: str, user: str, now: float) -> Ban | None:
        """`user` at `address` answered our nonce wrongly; the ban that follows, if one does."""
        settings, place, user = self._settings, neighbourhood(address), user[:_MAX_USER_CHARS]
        if not settings.failures or self._is_exempt(address):
            return None
        since = now - settings.within
        alone = self._pairs.add((place, user), user, now, since, settings.failures)
        together = self._addresses.add(place, user, now, since, settings.failures)
        several = len(together) >= settings.failures and len({name for _, name in together}) > 1
        if several and not self._registered(address):
            return self._ban(place, None, len(together), now)
        if len(alone) >= settings.failures:
            return self._ban(place, user, len(alone), now)
        return None

    def holds(self, address: str, user: str | None, now: float) -> bool:
        """Whether nobody at `address` is listened to, or not who says that he is `user`."""
        if not self._bans:
            return False
        place = neighbourhood(address)
        users = (None,) if user is None else (None, user[:_MAX_USER_CHARS])
        return any(self._is_live((place, each), now) for each in users) and not self._is_exempt(address)

    def active(self, now: float) -> list[Ban]:
        """Every ban in force, the oldest first."""
        for key in [key for key, ban in self._bans.items() if ban.until <= now]:
            del self._bans[key]
        return list(self._bans.values())

    def remove(self, address: str) -> int:
        """Lift every ban of an address, or of a /64, and forget its failures; how many there were.

        Raises ValueError for what is no address.
        """
        place = neighbourhood(str(ip_address(address.removesuffix("/64"))))
        keys = [key for key in self._bans if key[0] == place]
        for key in keys:
            del self._bans[key]
        self._addresses.forget_one(place)
        self._pairs.forget(lambda key: key[0] == place)
        return len(keys)

    def _ban(self, address: str, user: str | None, failures: int, now: float) -> Ban:
        self._bans.pop((address, user), None)
        if len(self._bans) >= self._max_entries:
            self._bans.popitem(last=False)
        ban = self._bans[address, user] = Ban(address, user, now, now + self._settings.lasts, failures)
        if user is not None:
            self._pairs.forget_one((address, user))
        else:
            self._addresses.forget_one(address)
        return ban

    def _is_live(self, key: tuple[str, str | None], now: float) -> bool:
        ban = self._bans.get(key)
        if ban is None:
            return False
        if ban.until <= now:
            del self._bans[key]
            return False
        return True

    def _is_exempt(self, address: str) -> bool:
        number = ip_address(address)
        return any(number in network for network in self._settings.never) or self._exempt(address)


class _Tally(Generic[Key]):
    """When, and under which name, each key failed of late."""

    def __init__(self, max_keys: int) -> None:
        self._max_keys = max_keys
        self._failures: OrderedDict[Key, deque[tuple[float, str]]] = OrderedDict()

    def add(self, key: Key, user: str, now: float, since: float, most: int) -> deque[tuple[float, str]]:
        """Note one more; what of this key is younger than `since`, the last `most` of it."""
        failures = self._failures.get(key)
        if failures is None:
            if len(self._failures) >= self._max_keys:
                self._failures.popitem(last=False)
            failures = self._failures[key] = deque()
        else:
            self._failures.move_to_end(key)
        failures.append((now, user))
        while failures[0][0] <= since or len(failures) > most:
            failures.popleft()
        return failures

    def forget_one(self, key: Key) -> None:
        """This key begins anew."""
        self._failures.pop(key, None)

    def forget(self, picked: Callable[[Key], bool]) -> None:
        """So do all that are picked."""
        for key in [key for key in self._failures if picked(key)]:
            del self._failures[key]
