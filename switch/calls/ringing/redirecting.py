"""Where a 3xx leads a call: to numbers as if the caller had dialled them, or to targets of the same trunk.

Whoever is called decides what stands in a Contact, so nothing in it opens a way that the caller's own routes
do not: its number is looked up as a dialled one. Its host counts only where it is a target of the trunk that
said so, and then for the number that was called there, or another one that the caller's routes lead to it.
"""

from collections.abc import Sequence
from typing import Final

from sip.syntax.headers import NameAddr
from sip.syntax.uri import Uri
from switch.calls.legs.events import Refused
from switch.calls.ringing.attempts import Attempts
from switch.calls.ringing.hunting import Attempt
from switch.exchange import Exchange
from switch.trunks.next_hop import NextHop

MAX_CONTACTS: Final = 5
"""Contacts that one call follows, all its 3xx together."""


class Redirecting:
    """Follows the contacts of one call, by the routes of who called."""

    def __init__(self, exchange: Exchange, attempts: Attempts) -> None:
        self._exchange = exchange
        self._attempts = attempts
        self._seen: set[str] = set()

    def follow(self, sender: Attempt, event: Refused) -> list[Attempt]:
        """What a 3xx that answered `sender` leaves to be tried, the best contact first."""
        return [one for contact in event.contacts for one in self._at(sender, contact)]

    def _at(self, sender: Attempt, contact: NameAddr) -> Sequence[Attempt]:
        uri = contact.uri
        number = _number(uri)
        known = f"{number}@{uri.host.lower()}:{uri.port}"
        if known in self._seen or len(self._seen) >= MAX_CONTACTS or not number:
            return ()
        self._seen.add(known)
        hop = None
        if sender.hop is not None and uri.scheme == "sip":
            hop = self._exchange.trunks.next_hop_to(sender.hop.trunk, uri)
        return self._dialled(number) if hop is None else self._at_target(hop, sender.number, number)

    def _at_target(self, hop: NextHop, called: str, number: str) -> Sequence[Attempt]:
        """Of the trunk where `called` was called."""
        if self._exchange.identities.trunk(hop.trunk).is_one(number, called):
            return [self._attempts.at(hop, called)]
        routed = self._exchange.routes.leading_to(self._attempts.origin, hop.trunk, number)
        if routed is None or not (routed.route.emergency or self._attempts.permits(number)):
            return ()
        return [self._attempts.at(hop, number)]

    def _dialled(self, number: str) -> Sequence[Attempt]:
        routed = self._exchange.routes.match(self._attempts.origin, number)
        return () if routed is None else self._attempts.routed(routed)


def _number(uri: Uri) -> str:
    """The number of a SIP or tel URI; empty where there is none."""
    if uri.scheme not in ("sip", "sips", "tel"):
        return ""
    return (uri.number or "").partition(";")[0]
