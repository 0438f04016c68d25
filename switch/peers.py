"""Who sent a request: a trunk, one of our phones, or a stranger (docs: "Who sent this request")."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

from sip.digest import Challenger
from sip.flow import Flow
from sip.message import Malformed, Request
from sip.screen import Verdict
from switch.config.schema import Config


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


class Identification:
    """The switch's `sip.screen.Screen`.

    `is_local` says whether an address is one of this machine's: a socket that listens on every address makes each of
    them a domain of ours.
    """

    auth_failures: int
    """Requests refused because of what their credentials said: wrong, replayed or another user's."""

    def __init__(
        self, config: Config, challenger: Challenger, registrations: Registrations, is_local: Callable[[str], bool]
    ) -> None: ...

    def configure(self, config: Config) -> None:
        """Judge by this configuration from now on."""

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Verdict: ...

    def same_peer(self, peer: Hashable, flow: Flow) -> bool: ...
