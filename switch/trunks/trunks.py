"""All trunks at work."""

from collections.abc import Mapping, Sequence

from sip.accounts.authentication import Authorizers, Credentials
from sip.events import ResponseReceived
from sip.syntax.uri import Uri
from switch.config.trunk import Trunk as Settings
from switch.trunks.directory import Directory, Locator
from switch.trunks.health import HealthEvent
from switch.trunks.next_hop import NextHop
from switch.trunks.registration import Registration
from switch.trunks.sip_client import SipClient
from switch.trunks.trunk import Trunk, TrunkContext, destinations


class Trunks:
    """Where calls to each trunk go, which of its targets answer, and what comes from it by registration."""

    def __init__(self, locator: Locator, client: SipClient, t1: float) -> None:
        self._client = client
        directory = Directory(locator, client.loop, self._located)
        self._shared = TrunkContext(directory, Authorizers(client.token), client, t1)
        self._trunks: dict[str, Trunk] = {}
        self._left: list[Registration] = []
        self._settings: Mapping[str, Settings] | None = {}
        """Those that wait for `start`; None once that has come."""

    # Changes

    def start(self) -> None:
        """Our sockets are open: begin to ask and to register."""
        settings, self._settings = self._settings, None
        self.configure(settings or {})

    def configure(self, settings: Mapping[str, Settings]) -> None:
        """Have these trunks from now on: what is the same goes on, what is gone is unregistered."""
        if self._settings is not None:
            self._settings = settings
            return
        gone = [trunk for name, trunk in self._trunks.items() if name not in settings]
        for trunk in gone:
            trunk.leave()
            self._left += [] if trunk.registration is None else [trunk.registration]
        self._shared.directory.watch(it for each in settings.values() for it in destinations(each))
        trunks = {name: self._trunks.get(name) for name in settings}
        self._trunks = {
            name: trunk or Trunk(name, settings[name], self._shared) for name, trunk in trunks.items()
        }
        for name, trunk in self._trunks.items():
            trunk.configure(settings[name])

    def stop(self) -> None:
        """No more questions; what is registered is unregistered. See `is_leaving`."""
        self.configure({})

    def close(self) -> None:
        """No more timers."""
        self._shared.directory.close()
        for trunk in self._trunks.values():
            trunk.close()
        for registration in self._left:
            registration.close()

    @property
    def is_leaving(self) -> bool:
        """Whether a registration that is given up still waits for its registrar's answer."""
        self._left = [registration for registration in self._left if not registration.is_over]
        return bool(self._left)

    def answered(self, event: ResponseReceived) -> bool:
        """Whether that is the answer to a question of ours; if so it has been heard."""
        return self._client.answered(event)

    def _located(self) -> None:
        for trunk in self._trunks.values():
            trunk.located()

    # Calls

    def next_hops(self, name: str) -> list[NextHop]:
        """Where a call to the trunk goes, one target after the other; empty where it goes nowhere."""
        trunk = self._trunks.get(name)
        return [] if trunk is None else trunk.next_hops()

    def next_hop_to(self, name: str, uri: Uri) -> NextHop | None:
        """The next hop at the target of that trunk that the URI names; None where it names none."""
        trunk = self._trunks.get(name)
        return None if trunk is None else trunk.next_hop_to(uri.host, uri.port)

    def is_down(self, hop: NextHop) -> bool:
        """Whether a target is thought dead, and tried only when nobody else is left."""
        trunk = self._trunks.get(hop.trunk)
        return trunk is not None and trunk.is_down(hop)

    def see(self, hop: NextHop, event: HealthEvent) -> None:
        """Note what a call saw of a target."""
        if (trunk := self._trunks.get(hop.trunk)) is not None:
            trunk.see(hop, event)

    def rest(self, hop: NextHop, seconds: float) -> None:
        """Leave a target alone: its 503 said for how long (RFC 3261 section 21.5.4)."""
        if (trunk := self._trunks.get(hop.trunk)) is not None:
            trunk.rest(hop, seconds)

    def credentials(self, name: str) -> Credentials | None:
        """Who we are when that carrier challenges us."""
        trunk = self._trunks.get(name)
        return None if trunk is None else trunk.credentials()

    # Who is who

    def registered(self, address: str, user: str | None) -> str | None:
        """The trunk whose registration a request from that address for that user comes by."""
        if user is None:
            return None
        return next((it.name for it in self._trunks.values() if it.hears(address, user)), None)

    def holds(self, name: str, address: str) -> bool:
        """Whether that is an address of the trunk's targets or of its registrar."""
        trunk = self._trunks.get(name)
        return trunk is not None and trunk.holds(address)

    # For people

    def registered_now(self) -> dict[str, bool]:
        """Of each trunk that we register with, whether we are registered."""
        return {
            name: trunk.registration is not None and trunk.registration.registered
            for name, trunk in self._trunks.items()
            if trunk.settings.registration is not None
        }

    def is_up(self, name: str) -> bool:
        """Whether calls to it have somewhere to go. A trunk that only calls us is up."""
        trunk = self._trunks.get(name)
        return trunk is not None and trunk.is_up

    def trunk(self, name: str) -> Trunk | None:
        """Targets and registration of one."""
        return self._trunks.get(name)

    def names(self) -> Sequence[str]:
        """Those of the configuration."""
        return list(self._trunks)
