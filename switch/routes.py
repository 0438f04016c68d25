"""Which route a call takes: the first whose origin and number match."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sip.syntax.headers import NameAddr
from sip.syntax.message import Request
from switch.config.patterns import beginning, expression
from switch.config.schema import Route
from switch.config.targets import Led, TrunkTarget
from switch.config.trunk import DidFrom
from switch.identities.numbers import number_of
from switch.peers import Peer, PhonePeer, TrunkPeer


@dataclass(frozen=True, slots=True)
class Routed:
    """A call's route, and its number after the route's `strip` and `prefix`."""

    route: Route
    number: str
    closed: bool = False
    """Whether the route's calendar is."""

    @property
    def go(self) -> Led:
        """Where it leads."""
        return self.route.otherwise or self.route.go if self.closed else self.route.go


@dataclass(frozen=True, slots=True)
class _Compiled:
    route: Route
    origin: re.Pattern[str]
    to: re.Pattern[str]


class Routes:
    """The routes of a configuration, compiled once."""

    def __init__(
        self, routes: Sequence[Route], is_open: Callable[[str], bool] = lambda calendar: True
    ) -> None:
        """`is_open` says of a calendar of `hours` whether it is open now."""
        self._is_open = is_open
        self._of_trunks = [
            _Compiled(route, _any_of([route.trunk]), _any_of(route.to))
            for route in routes
            if route.trunk is not None
        ]
        self._of_phones = [
            _Compiled(route, _any_of([route.phone]), _any_of(route.to))
            for route in routes
            if route.phone is not None
        ]

    def match(self, origin: Peer, number: str) -> Routed | None:
        """The first route for a call of `origin` to `number`; None where there is none (404).

        A number with characters that nobody can see or write matches nothing.
        """
        for candidate in self._of(origin) if number.isprintable() else ():
            if candidate.to.fullmatch(number):
                route = candidate.route
                closed = route.hours is not None and not self._is_open(route.hours)
                if not closed or route.otherwise is not None:
                    return Routed(route, route.prefix + number[route.strip :], closed)
        return None

    def leading_to(self, origin: Peer, trunk: str, number: str) -> Routed | None:
        """What becomes of a number that `origin` could dial, and that reaches the trunk as `number`; None
        where no route lets him call that there.
        """
        go = TrunkTarget(trunk)
        for candidate in self._of(origin):
            route = candidate.route
            if route.go != go or not number.startswith(route.prefix):
                continue
            for pattern in route.to:
                dialled = beginning(pattern, route.strip) + number.removeprefix(route.prefix)
                routed = self.match(origin, dialled) if candidate.to.fullmatch(dialled) else None
                if routed is not None and (routed.go, routed.number) == (go, number):
                    return routed
        return None

    def _of(self, origin: Peer) -> Iterator[_Compiled]:
        match origin:
            case TrunkPeer():
                candidates = self._of_trunks
            case PhonePeer():
                candidates = self._of_phones
        return (each for each in candidates if each.origin.fullmatch(origin.name))


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(expression, patterns)))


def called_number(request: Request, did_from: DidFrom) -> str:
    """The number that a trunk's INVITE asks for, from where `did_from` says.

    P-Called-Party-ID (RFC 7315 section 4.2) is optional: without it the Request-URI counts. Empty where
    the URI names no user; raises `sip.syntax.malformed.Malformed` where it cannot be read.
    """
    match did_from:
        case DidFrom.REQUEST_URI:
            return number_of(request.target)
        case DidFrom.TO:
            return number_of(request.to.uri)
        case DidFrom.P_CALLED_PARTY_ID:
            called = request.headers.get("P-Called-Party-ID")
            return number_of(request.target if called is None else NameAddr.parse(called).uri)
