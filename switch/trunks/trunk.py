"""One trunk at work: its targets and their health, in which order a call tries them, its registration."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sip.accounts.authentication import Authorizer, Authorizers, Credentials
from sip.accounts.registration import State
from sip.location import Destination, Place, in_turn
from switch.config.addresses import Proxy
from switch.config.trunk import Target as TargetSettings
from switch.config.trunk import Trunk as Settings
from switch.trunks.directory import Directory
from switch.trunks.enrolment import Account, Enrolment
from switch.trunks.health import Sign
from switch.trunks.target import Manner, Target
from switch.trunks.way import Way
from switch.trunks.wire import Wire

_PORT: Final = 5060


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What all trunks share."""

    directory: Directory
    authorizers: Authorizers
    wire: Wire
    t1: float


class Trunk:
    """The running side of one `trunks.NAME`."""

    def __init__(self, name: str, settings: Settings, neighbours: Neighbours) -> None:
        self.name = name
        self.settings = settings
        self.enrolment: Enrolment | None = None
        self._shared = neighbours
        self._targets: dict[tuple[Proxy, Place], Target] = {}
        self._addresses: frozenset[str] = frozenset()
        """Asked of for every packet that could be a stranger's."""

    # Facts

    @property
    def targets(self) -> list[Target]:
        """Every socket of the carrier that we know of, in the order of the configuration."""
        return list(self._targets.values())

    @property
    def is_up(self) -> bool:
        """Whether calls to it have somewhere to go. A trunk that only calls us is up."""
        if not chosen(self.settings):
            return True
        return any(target.health.takes_calls for target in self._targets.values())

    def holds(self, address: str) -> bool:
        """Whether that is an address of its targets or of its registrar."""
        return address in self._addresses

    def hears(self, address: str, user: str | None) -> bool:
        """Whether a request from that address for that user comes by our registration."""
        enrolment = self.enrolment
        return (
            enrolment is not None
            and enrolment.registered
            and user == enrolment.account.user
            and self.holds(address)
        )

    def ways(self) -> list[Way]:
        """Where a call goes, one after the other (RFC 3263 section 4.3)."""
        random = self._shared.wire.random
        ways = [
            Way(self.name, target.uri, place)
            for target in in_turn(chosen(self.settings), random)
            for server in in_turn(self._shared.directory.servers(target.uri.destination), random)
            for place in server.places
        ]
        places = [way.place for way in ways]
        ways = [way for i, way in enumerate(ways) if way.place not in places[:i]]
        return self._in_order(ways)

    def way_to(self, host: str, port: int | None) -> Way | None:
        """The way to a target that a URI names as the configuration does, or by its address."""
        wanted = host.lower().rstrip(".")
        ways = [Way(self.name, target.proxy, target.place) for target in self.targets]
        for way in self._in_order(ways):
            place = way.place
            if (wanted, port or _PORT) in ((way.host, way.port or _PORT), (place.address, place.port)):
                return way
        return None

    def is_down(self, way: Way) -> bool:
        """Whether a target is thought dead, and tried only when nobody else is left."""
        target = self._targets.get((way.proxy, way.place))
        return target is not None and not target.health.takes_calls

    def see(self, way: Way, sign: Sign) -> None:
        """Note what a call saw of a target."""
        target = self._targets.get((way.proxy, way.place))
        if target is not None:
            target.see(sign)

    def rest(self, way: Way, seconds: float) -> None:
        """Leave a target alone for a while."""
        if (target := self._targets.get((way.proxy, way.place))) is not None:
            target.rest(seconds)

    def credentials(self) -> Credentials | None:
        """Who we are when this carrier challenges us."""
        ours = self.settings.credentials
        if ours is None:
            return None
        return Credentials(ours.user, ours.secret.get_secret_value(), ours.realm, self.name)

    # Changes

    def configure(self, settings: Settings) -> None:
        """Go on with other settings: what is the same stays as it is, health and registration included."""
        asked_anew = _manner(self.settings) != _manner(settings)
        before = (self.settings.registration, self.credentials())
        self.settings = settings
        if asked_anew:
            self._drop(list(self._targets))
        known = self.enrolment
        self.located()
        after = (settings.registration, self.credentials())
        if known is not None and known is self.enrolment and before != after:
            self._renew(known)

    def located(self) -> None:
        """Targets came, went or moved: by the configuration or by DNS."""
        wanted = list(self._wanted())
        self._drop(key for key in self._targets if key not in wanted)
        manner, wire = _manner(self.settings), self._shared.wire
        self._targets = {
            key: self._targets.get(key) or Target(self.name, *key, manner, wire) for key in wanted
        }
        self._addresses = frozenset(
            place.address for place in [*(it[1] for it in wanted), *self._registrars()]
        )
        self._enrol()

    def leave(self) -> None:
        """It is not in the configuration any more: no questions, no registration. Calls go on."""
        self._drop(list(self._targets))
        if self.enrolment is not None:
            self.enrolment.stop()

    def close(self) -> None:
        """No more timers."""
        self._drop(list(self._targets))
        if self.enrolment is not None:
            self.enrolment.close()

    # Inside

    def _in_order(self, ways: Sequence[Way]) -> list[Way]:
        """What is down comes last; what wants to be left alone not at all, unless all do."""
        return sorted([way for way in ways if not self._rests(way)] or ways, key=self.is_down)

    def _rests(self, way: Way) -> bool:
        target = self._targets.get((way.proxy, way.place))
        return target is not None and target.rests

    def _wanted(self) -> Iterable[tuple[Proxy, Place]]:
        for target in chosen(self.settings):
            for server in self._shared.directory.servers(target.uri.destination):
                for place in server.places:
                    yield target.uri, place

    def _drop(self, keys: Iterable[tuple[Proxy, Place]]) -> None:
        for key in list(keys):
            self._targets.pop(key).close()

    def _registrars(self) -> list[Place]:
        """The sockets of the registrar, in the order in which to try them."""
        registration = self.settings.registration
        if registration is None:
            return []
        servers = self._shared.directory.servers(registration.registrar.destination)
        turn = in_turn(servers, self._shared.wire.random)
        return [place for server in turn for place in server.places]

    def _enrol(self) -> None:
        """Begin to register once the registrar is known; another user or domain is another registration."""
        account = _account(self.settings)
        enrolment = self.enrolment
        if enrolment is not None and (account is None or enrolment.account.record != account.record):
            enrolment.stop()
            self.enrolment = enrolment = None
        if account is None:
            return
        if enrolment is None:
            shared = self._shared
            enrolment = self.enrolment = Enrolment(
                self.name, account, self._authorizer(), self._registrars, shared.wire, shared.t1
            )
        if enrolment.state is State.NEW and self._registrars():
            enrolment.start()

    def _renew(self, enrolment: Enrolment) -> None:
        account = _account(self.settings)
        if account is not None:
            enrolment.renew(account, self._authorizer())

    def _authorizer(self) -> Authorizer | None:
        credentials = self.credentials()
        return None if credentials is None else self._shared.authorizers.of(credentials)


def chosen(settings: Settings) -> Sequence[TargetSettings]:
    """Where calls to the trunk go: its targets, its proxy, or else the registrar that we register with."""
    if settings.targets is not None:
        return settings.targets
    if settings.proxy is not None:
        return (TargetSettings(uri=settings.proxy),)
    if settings.registration is not None:
        return (TargetSettings(uri=settings.registration.registrar),)
    return ()


def destinations(settings: Settings) -> set[Destination]:
    """Every name and address that has to be known for a trunk."""
    registration = settings.registration
    proxies = [target.uri for target in chosen(settings)]
    return {it.destination for it in [*proxies, *([registration.registrar] if registration else [])]}


def _account(settings: Settings) -> Account | None:
    registration = settings.registration
    if registration is None:
        return None
    domain = registration.domain or registration.registrar.host
    return Account(registration.user, domain, round(registration.expires))


def _manner(settings: Settings) -> Manner:
    return Manner(settings.options, settings.unreachable_after)
