"""Bans: who fails to prove himself again and again is not listened to for a while.

Only those failures may be reported here that answered a nonce which we had sent to that very address
(`sip.accounts.digest.Failure.answered`): who forges a source never saw one, and can get nobody banned. Bans
live in memory: a restart forgets them, and who goes on guessing is soon back.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final, Generic, TypeVar

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
        """Judge by these settings from now on; bans of those who are exempt now are lifted."""
        self._settings = settings
        banned = {address for address, _ in self._bans}
        self._lift({each for each in banned if not settings.failures or self._is_exempt(each)})

    def failed(self, address: str, user: str, now: float) -> Ban | None:
        """`user` at `address` answered our nonce wrongly; the ban that follows, if one does."""
        settings, address, user = self._settings, plain(address), user[:_MAX_USER_CHARS]
        if not settings.failures or self._is_exempt(address):
            return None
        since = now - settings.within
        alone = self._pairs.add((address, user), user, now, since, settings.failures)
        together = self._addresses.add(address, user, now, since, settings.failures)
        several = len(together) >= settings.failures and len({name for _, name in together}) > 1
        if several and not self._registered(address):
            return self._ban(address, None, len(together), now)
        if len(alone) >= settings.failures:
            return self._ban(address, user, len(alone), now)
        return None

    def holds(self, address: str, user: str | None, now: float) -> bool:
        """Whether nobody at `address` is listened to, or not who says that he is `user`."""
        if not self._bans:
            return False
        address = plain(address)
        return self._is_live((address, None), now) or (
            user is not None and self._is_live((address, user[:_MAX_USER_CHARS]), now)
        )

    def active(self, now: float) -> list[Ban]:
        """Every ban in force, the oldest first."""
        for key in [key for key, ban in self._bans.items() if ban.until <= now]:
            del self._bans[key]
        return list(self._bans.values())

    def remove(self, address: str) -> int:
        """Lift every ban of an address and forget its failures; how many there were.

        Raises ValueError for what is no address.
        """
        return self._lift({plain(str(ip_address(address)))})

    def _lift(self, addresses: Collection[str]) -> int:
        """In one pass: an attacker may have filled the tables."""
        keys = [key for key in self._bans if key[0] in addresses]
        for key in keys:
            del self._bans[key]
        self._addresses.forget(lambda key: key in addresses)
        self._pairs.forget(lambda key: key[0] in addresses)
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
        if ban.until <= now or self._is_exempt(ban.address):
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


def plain(address: str) -> str:
    """An address as the operator knows it: a socket on :: shows IPv4 peers as IPv4-mapped IPv6."""
    if not address.lower().startswith("::ffff:"):
        return address
    number = ip_address(address)
    mapped = number.ipv4_mapped if isinstance(number, IPv6Address) else None
    return address if mapped is None else str(mapped)
