"""One trunk at work: its targets and their health, in which order a call tries them, its registration."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sip.accounts.authentication import Authorizer, Authorizers, Credentials
from sip.accounts.registration import State
from sip.flow import DEFAULT_PORTS
from sip.location import Destination, Place, in_turn
from switch.config.addresses import Proxy
from switch.config.trunk import Target as TargetSettings
from switch.config.trunk import Trunk as Settings
from switch.trunks.directory import Directory
from switch.trunks.health import HealthEvent
from switch.trunks.next_hop import NextHop
from switch.trunks.registration import Account, Registration
from switch.trunks.sip_client import SipClient
from switch.trunks.target import OptionsProbe, Target


@dataclass(frozen=True, slots=True)
class TrunkContext:
    """What all trunks share."""

    directory: Directory
    authorizers: Authorizers
    client: SipClient
    t1: float


class Trunk:
    """The running side of one `trunks.NAME`."""

    def __init__(self, name: str, settings: Settings, context: TrunkContext) -> None:
        self.name = name
        self.settings = settings
        self.registration: Registration | None = None
        self._shared = context
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
        registration = self.registration
        return (
            registration is not None
            and registration.registered
            and user == registration.account.user
            and self.holds(address)
        )

    def next_hops(self) -> list[NextHop]:
        """Where a call goes, one after the other (RFC 3263 section 4.3)."""
        random = self._shared.client.random
        hops = [
            NextHop(self.name, target.uri, place)
            for target in in_turn(chosen(self.settings), random)
            for server in in_turn(self._shared.directory.servers(target.uri.destination), random)
            for place in server.places
        ]
        places = [hop.place for hop in hops]
        hops = [hop for i, hop in enumerate(hops) if hop.place not in places[:i]]
        return self._in_order(hops)

    def next_hop_to(self, host: str, port: int | None) -> NextHop | None:
        """The next hop at the target that a URI names as the configuration does, or by its address."""
        wanted = host.lower().rstrip(".")
        hops = [NextHop(self.name, target.proxy, target.place) for target in self.targets]
        for hop in self._in_order(hops):
            place, default = hop.place, DEFAULT_PORTS[hop.place.transport]
            if (wanted, port or default) in ((hop.host, hop.port or default), (place.address, place.port)):
                return hop
        return None

    def is_down(self, hop: NextHop) -> bool:
        """Whether a target is thought dead, and tried only when nobody else is left."""
        target = self._targets.get((hop.proxy, hop.place))
        return target is not None and not target.health.takes_calls

    def see(self, hop: NextHop, event: HealthEvent) -> None:
        """Note what a call saw of a target."""
        target = self._targets.get((hop.proxy, hop.place))
        if target is not None:
            target.see(event)

    def rest(self, hop: NextHop, seconds: float) -> None:
        """Leave a target alone for a while."""
        if (target := self._targets.get((hop.proxy, hop.place))) is not None:
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
        asked_anew = _probe(self.settings) != _probe(settings)
        before = (self.settings.registration, self.credentials())
        self.settings = settings
        if asked_anew:
            self._drop(list(self._targets))
        known = self.registration
        self.located()
        after = (settings.registration, self.credentials())
        if known is not None and known is self.registration and before != after:
            self._renew(known)

    def located(self) -> None:
        """Targets came, went or moved: by the configuration or by DNS."""
        wanted = list(self._wanted())
        self._drop(key for key in self._targets if key not in wanted)
        probe, client = _probe(self.settings), self._shared.client
        self._targets = {
            key: self._targets.get(key) or Target(self.name, *key, probe, client) for key in wanted
        }
        self._addresses = frozenset(
            place.address for place in [*(it[1] for it in wanted), *self._registrars()]
        )
        self._register()

    def leave(self) -> None:
        """It is not in the configuration any more: no questions, no registration. Calls go on."""
        self._drop(list(self._targets))
        if self.registration is not None:
            self.registration.stop()

    def close(self) -> None:
        """No more timers."""
        self._drop(list(self._targets))
        if self.registration is not None:
            self.registration.close()

    # Inside

    def _in_order(self, hops: Sequence[NextHop]) -> list[NextHop]:
        """What is down comes last; what wants to be left alone not at all, unless all do."""
        return sorted([hop for hop in hops if not self._rests(hop)] or hops, key=self.is_down)

    def _rests(self, hop: NextHop) -> bool:
        target = self._targets.get((hop.proxy, hop.place))
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
        turn = in_turn(servers, self._shared.client.random)
        return [place for server in turn for place in server.places]

    def _register(self) -> None:
        """Begin to register once the registrar is known; another user or domain is another registration."""
        account = _account(self.settings)
        registration = self.registration
        if registration is not None and (account is None or registration.account.record != account.record):
            registration.stop()
            self.registration = registration = None
        if account is None:
            return
        if registration is None:
            shared = self._shared
            registration = self.registration = Registration(
                self.name, account, self._authorizer(), self._registrars, shared.client, shared.t1
            )
        if registration.state is State.NEW and self._registrars():
            registration.start()

    def _renew(self, registration: Registration) -> None:
        account = _account(self.settings)
        if account is not None:
            registration.renew(account, self._authorizer())

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


def _probe(settings: Settings) -> OptionsProbe:
    return OptionsProbe(settings.options, settings.unreachable_after)
