"""Where a 3xx leads a call: to numbers as if the caller had dialled them, or to targets of the same trunk.

Whoever is called decides what stands in a Contact, so nothing in it opens a way that the caller's own routes
do not: its number is looked up as a dialled one, and its host counts only where it is a target of the trunk
that said so.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from sip.syntax.headers import NameAddr
from sip.syntax.uri import Uri
from switch.calls.hunting import Try
from switch.calls.leg_events import Refused
from switch.config.targets import DialledPhone, PhoneTarget, TrunkTarget
from switch.peers import Peer
from switch.routes import Routed, Routes
from switch.trunks.way import Way

MAX_CONTACTS: Final = 5
"""Contacts that one call follows, all its 3xx together."""


class Roads(Protocol):
    """What is open to a call that goes on."""

    def routes(self) -> Routes:
        """Those in force."""
        ...

    def way_to(self, trunk: str, uri: Uri) -> Way | None:
        """The way to the target of a trunk at which a URI is."""
        ...

    def permits(self, number: str) -> bool:
        """Whether the caller may spend on a number of a trunk."""
        ...

    def to_phone(self, name: str) -> Sequence[Try]:
        """The tries of a phone."""
        ...

    def to_trunk(self, trunk: str, number: str, emergency: bool) -> Sequence[Try]:
        """The tries of a trunk."""
        ...

    def at(self, way: Way, number: str) -> Try:
        """The try of one target."""
        ...


class Redirecting:
    """Follows the contacts of one call; `origin` is who called."""

    def __init__(self, origin: Peer, roads: Roads) -> None:
        self._origin = origin
        self._roads = roads
        self._seen: set[str] = set()

    def follow(self, sender: Way | None, event: Refused) -> list[Try]:
        """What a 3xx leaves to be tried, the best contact first; `sender` None is a phone of ours."""
        return [one for contact in event.contacts for one in self._tries(sender, contact)]

    def _tries(self, sender: Way | None, contact: NameAddr) -> Iterator[Try]:
        uri = contact.uri
        number = _number(uri)
        known = f"{number}@{uri.host.lower()}:{uri.port}"
        if known in self._seen or len(self._seen) >= MAX_CONTACTS or not number:
            return
        self._seen.add(known)
        routed = self._roads.routes().match(self._origin, number)
        way = None if sender is None or uri.scheme != "sip" else self._roads.way_to(sender.trunk, uri)
        if way is not None:
            if (routed is not None and routed.route.emergency) or self._roads.permits(number):
                yield self._roads.at(way, number)
        elif routed is not None:
            yield from self._routed(routed)

    def _routed(self, routed: Routed) -> Sequence[Try]:
        match routed.go:
            case TrunkTarget(name=name):
                emergency = routed.route.emergency
                if not emergency and not self._roads.permits(routed.number):
                    return ()
                return self._roads.to_trunk(name, routed.number, emergency)
            case PhoneTarget(name=name):
                return self._roads.to_phone(name)
            case DialledPhone():
                return self._roads.to_phone(routed.number)
            case _:  # who wants the switch itself to answer in his place does not ask for it by a 3xx
                return ()


def _number(uri: Uri) -> str:
    """The number of a SIP or tel URI; empty where there is none."""
    if uri.scheme not in ("sip", "sips", "tel"):
        return ""
    return (uri.number or "").partition(";")[0]
