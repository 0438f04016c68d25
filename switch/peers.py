"""Who sent a request: a trunk, one of our phones, or a stranger.

The order of the questions is the contract's ("Who sent this request"), and each has its reason. A
registered phone comes first, so that its calls are known by any name it uses. Then our own domains, before
the trunks: a carrier and our phones may share an address, and who claims to be one of us proves it; a
carrier may do so, too (`accept_digest`). Whoever is left is a carrier by its certificate, by its address
or by our registration with it, or nobody.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Protocol

import structlog

from sip.accounts.digest import Challenger, Failure, FailureKind, Verified
from sip.flow import DEFAULT_PORTS, Flow
from sip.screen import Banned, Known, Refuse, Stranger, Verdict
from sip.syntax.headers import NameAddr
from sip.syntax.message import Malformed, Request
from sip.syntax.uri import Uri
from switch.config.addresses import Address, Listen
from switch.config.schema import Config
from switch.config.trunk import Trunk
from switch.wall.bans import Bans


@dataclass(frozen=True, slots=True)
class TrunkPeer:
    """A carrier, by the name of its trunk."""

    name: str


@dataclass(frozen=True, slots=True)
class PhonePeer:
    """One of our phones, by its name, which is its SIP user."""

    name: str


Peer = TrunkPeer | PhonePeer


class Registrations(Protocol):
    """What identification has to know of the registrar."""

    def holds(self, user: str, flow: Flow) -> bool:
        """Whether `user` has a live registration whose messages come by `flow`."""
        ...

    def is_at(self, host: str) -> bool:
        """Whether anybody has a live registration from this address."""
        ...


class Interfaces(Protocol):
    """What identification has to know of this machine (`switch.interfaces`)."""

    def has(self, address: Address) -> bool:
        """Whether packets to `address` come to this machine."""
        ...


class Carriers(Protocol):
    """What identification has to know of the trunks at work (`switch.trunks`)."""

    def registered(self, address: str, user: str | None) -> str | None:
        """The trunk whose registration a request from that address for that user comes by."""
        ...

    def holds(self, name: str, address: str) -> bool:
        """Whether that is an address of the trunk's targets or of its registrar."""
        ...


class NoCarriers:
    """Nobody is a carrier but by its network, password or certificate."""

    def registered(self, address: str, user: str | None) -> str | None:
        return None

    def holds(self, name: str, address: str) -> bool:
        return False


class Identification:
    """The switch's `sip.screen.Screen`."""

    def __init__(
        self,
        config: Config,
        secret: bytes,
        registrations: Registrations,
        interfaces: Interfaces,
        on_auth_failure: Callable[[], None],
        carriers: Carriers | None = None,
        certificate_names: Callable[[Flow], tuple[str, ...]] = lambda flow: (),
    ) -> None:
        """`secret` signs the challenges: unguessable, and new for each process.

        `on_auth_failure` hears of each request whose credentials are wrong, used before, or another user's.
        `certificate_names` are those in the certificate that a peer has shown on a TLS connection.
        """
        self._log = structlog.get_logger("bans")
        self._secret = secret
        self._on_auth_failure = on_auth_failure
        self._registrations = registrations
        self._interfaces = interfaces
        self._carriers = carriers or NoCarriers()
        self._certificate_names = certificate_names
        self._challenger = Challenger(secret, config.sip.domain)
        self.bans = Bans(config.sip.bans, self._is_trunks, registrations.is_at)
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Judge by this configuration from now on; open challenges stay good while the domain stays."""
        self._sip = config.sip
        self._phones = set(config.phones)
        self._passwords = {name: phone.secret.get_secret_value() for name, phone in config.phones.items()}
        self._by_user: dict[str, TrunkPeer] = {}
        self._by_certificate: dict[str, TrunkPeer] = {}
        for name, trunk in config.trunks.items():
            self._by_certificate.update({it.lower(): TrunkPeer(name) for it in trunk.accept_certificate})
            if (digest := trunk.accept_digest) is not None:
                self._by_user[digest.user] = TrunkPeer(name)
                self._passwords[digest.user] = digest.secret.get_secret_value()
        self._sources = Sources(config.trunks)
        self._trunks = tuple(config.trunks)
        self.bans.configure(config.sip.bans)
        if self._challenger.realm != config.sip.domain:
            self._challenger = Challenger(self._secret, config.sip.domain)

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Verdict:
        """The verdict on a request that belongs to no dialog of ours (see `sip.screen.Screen`)."""
        method = _method(message)
        if method == "REGISTER":
            return self._challenged(message, _address_of_record(message), flow, now)
        sender = _sender(message)
        user = sender.user if sender is not None else None
        if user in self._phones and user is not None and self._registrations.holds(user, flow):
            # A malformed INVITE makes no call: its phone may hear what is wrong with it without a password.
            is_call = method == "INVITE" and isinstance(message, Request)
            return self._challenged(message, user, flow, now) if is_call else Known(PhonePeer(user))
        if sender is not None and self._is_ours(sender, flow):
            return self._challenged(message, user, flow, now)
        trunk = self._carrier(flow) or self._by_registration(message, flow)
        return Stranger() if trunk is None else Known(trunk)

    def knows(self, address: str) -> bool:
        """Whether this is the address of a trunk or of a registered phone."""
        return self._registrations.is_at(address) or self._is_trunks(address)

    def same_peer(self, peer: Hashable, flow: Flow) -> bool:
        """Whether an in-dialog request by `flow` may be `peer`'s although it comes from another host."""
        match peer:
            case TrunkPeer(name):
                return self._carrier(flow) == peer or self._carriers.holds(name, _plain(flow.remote[0]))
            case PhonePeer(name):
                return self._registrations.holds(name, flow)
        return False

    def may_return(self, invite: Request, peer: Hashable, flow: Flow) -> bool:
        """Whether an INVITE that we sent to `peer` is his call: where it would be, but for our own From. A
        phone proves itself for each of its calls.
        """
        return isinstance(peer, TrunkPeer) and peer == (
            self._carrier(flow) or self._by_registration(invite, flow)
        )

    def _challenged(self, message: Request | Malformed, user: str | None, flow: Flow, now: float) -> Verdict:
        """`user` when the message proves it; an unknown user and a wrong password are told the same."""
        failure, source = Failure(FailureKind.MISSING), flow.remote[0]
        if self._is_banned(user, flow, now):
            return Banned()
        if isinstance(message, Request):
            match self._challenger.verify(message, self._passwords.get, now, source):
                case Verified(proven) if proven == user:
                    return Known(self._by_user.get(proven) or PhonePeer(proven), proven=True)
                case Verified(proven):
                    self._on_auth_failure()
                    if self._is_banned(proven, flow, now):  # or 403 would tell that the guess was right
                        return Banned()
                    return Refuse(403, "Forbidden")
                case Failure() as failure:
                    if failure.kind in (FailureKind.WRONG, FailureKind.REPLAYED):
                        self._on_auth_failure()
                    if failure.kind is FailureKind.WRONG and failure.answered:
                        self._failed(source, failure.user, now)
        if self._is_banned(failure.user or user, flow, now):
            return Banned()
        challenges = self._challenger.challenges(now, failure, source)
        return Refuse(401, "Unauthorized", [("WWW-Authenticate", value) for value in challenges])

    def _failed(self, source: str, user: str, now: float) -> None:
        ban = self.bans.failed(source, user, now)
        if ban is not None:
            self._log.warning("banned", address=ban.address, user=ban.user, failures=ban.failures)

    def _is_banned(self, user: str | None, flow: Flow, now: float) -> bool:
        """Not where `user` is registered by this very flow: then it is others who guess at that address."""
        if not self.bans.holds(flow.remote[0], user, now):
            return False
        return user is None or not self._registrations.holds(user, flow)

    def _is_trunks(self, address: str) -> bool:
        number = _address(address)
        if self._sources.has(number):
            return True
        return any(self._carriers.holds(name, str(number)) for name in self._trunks)

    def _carrier(self, flow: Flow) -> TrunkPeer | None:
        """The trunk that the connection or the address is."""
        if flow.transport == "tls" and self._by_certificate:
            for name in self._certificate_names(flow):
                if (trunk := self._by_certificate.get(name.lower())) is not None:
                    return trunk
        return self._sources.find(flow)

    def _by_registration(self, message: Request | Malformed, flow: Flow) -> TrunkPeer | None:
        """The trunk that calls us where we have registered with it."""
        try:
            user = message.target.user if isinstance(message, Request) else None
        except Malformed:
            return None
        name = self._carriers.registered(_plain(flow.remote[0]), user)
        return None if name is None else TrunkPeer(name)

    def _is_ours(self, uri: Uri, flow: Flow) -> bool:
        """Whether the URI lies in our domain, or at a host and port on which we listen or which we
        advertise.
        """
        host = uri.host.lower()
        if uri.scheme not in ("sip", "sips"):
            return False
        if host == self._sip.domain.strip("[]"):
            return True
        try:
            address = _parsed(host)
        except ValueError:
            return False  # another domain's name
        transport = "tls" if uri.scheme == "sips" else flow.transport
        port = DEFAULT_PORTS[transport] if uri.port is None else uri.port
        here = Listen(flow.transport, *flow.local)  # its port, where the configuration left it to the kernel
        sockets = [socket for socket in (here, *self._sip.listen) if socket.port == port]
        public = self._sip.advertise.public
        if sockets and public is not None and address == _parsed(public):
            return True
        return any(self._answers_for(socket, address) for socket in sockets)

    def _answers_for(self, socket: Listen, address: Address) -> bool:
        bound = _parsed(socket.host)
        return bound == address or (bound.is_unspecified and self._interfaces.has(address))


class Sources:
    """The networks of the trunks, for the narrowest one that holds an address."""

    def __init__(self, trunks: Mapping[str, Trunk]) -> None:
        self._peers: dict[tuple[int, int, int, int | None], TrunkPeer] = {}
        for name, trunk in trunks.items():
            for source in trunk.accept_from:
                network = source.network
                bits = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
                self._peers[network.version, network.prefixlen, bits, source.port] = TrunkPeer(name)
        self._prefixes = {version: _prefixes(self._peers, version) for version in (4, 6)}
        self._networks = {key[:3] for key in self._peers}

    def find(self, flow: Flow) -> TrunkPeer | None:
        """The trunk with the longest matching network; of two alike, the one that names the port too."""
        address = _address(flow.remote[0])
        for prefix in self._prefixes[address.version]:
            bits = int(address) >> (address.max_prefixlen - prefix)
            for port in (flow.remote[1], None):
                peer = self._peers.get((address.version, prefix, bits, port))
                if peer is not None:
                    return peer
        return None

    def has(self, address: Address) -> bool:
        """Whether a trunk's requests may come from this address, by any port."""
        return any(
            (address.version, prefix, int(address) >> (address.max_prefixlen - prefix)) in self._networks
            for prefix in self._prefixes[address.version]
        )


def _prefixes(keys: Iterable[tuple[int, int, int, int | None]], version: int) -> list[int]:
    return sorted({key[1] for key in keys if key[0] == version}, reverse=True)


@lru_cache(maxsize=1024)
def _parsed(host: str) -> Address:
    """The same few hosts send everything."""
    return ip_address(host)


def _address(host: str) -> Address:
    address = _parsed(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped  # a socket on :: shows IPv4 peers so


def _plain(host: str) -> str:
    return str(_address(host))


def _method(message: Request | Malformed) -> str | None:
    if isinstance(message, Request):
        return message.method
    return None if message.partial is None else message.partial.method


def _sender(message: Request | Malformed) -> Uri | None:
    """The URI of From; None where it cannot be read."""
    try:
        if isinstance(message, Request):
            return message.from_.uri
        raw = None if message.partial is None else message.partial.from_
        return None if raw is None else NameAddr.parse(raw).uri
    except Malformed:
        return None


def _address_of_record(message: Request | Malformed) -> str | None:
    """The user whom a REGISTER is for; None where it cannot be read."""
    try:
        return message.to.uri.user if isinstance(message, Request) else None
    except Malformed:
        return None
