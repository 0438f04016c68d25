"""The registrar: which contacts a user has now (RFC 3261 section 10). Authentication happened before."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sip.flow import Flow
from sip.message import Request


class Change(StrEnum):
    """What happened to a binding."""

    ADDED = "added"
    REFRESHED = "refreshed"
    REMOVED = "removed"
    """By the phone itself: `Expires: 0` or `*`."""
    REPLACED = "replaced"
    """A newer contact of the same user took its place (`max_contacts`)."""
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    """Two OPTIONS in a row went unanswered."""
    REACHABLE = "reachable"
    """It answered again, or registered again."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of a user. `uri` is for the Request-URI, `flow` is where to send; times are those of `now`.

    `natted`: the contact's address is not the one the request came from, so only `flow` reaches it.
    """

    user: str
    uri: str
    flow: Flow
    natted: bool
    q: float
    expires_at: float
    call_id: str
    cseq: int
    user_agent: str
    reachable: bool = True


@dataclass(frozen=True, slots=True)
class BindingChange:
    """One change, with the binding as it is after it (or was, when it is gone)."""

    change: Change
    binding: Binding


@dataclass(frozen=True, slots=True)
class ProbeDue:
    """Send OPTIONS to this binding now and report with `probed`."""

    binding: Binding


@dataclass(frozen=True, slots=True)
class RegisterOutcome:
    """What to answer, and what changed."""

    status: int
    reason: str
    headers: Sequence[tuple[str, str]]
    changes: Sequence[BindingChange]


class Registrar:
    """Bindings by user, with expiry and probes. Nothing is sent from here."""

    def __init__(
        self,
        max_contacts: int = 1,
        min_expires: int = 60,
        max_expires: int = 3600,
        default_expires: int = 3600,
        probe_interval_s: float = 25.0,
    ) -> None:
        raise NotImplementedError

    def register(self, request: Request, user: str, flow: Flow, now: float) -> RegisterOutcome:
        """Apply an authenticated REGISTER for `user` (the AOR's user) that came by `flow`."""
        raise NotImplementedError

    def bindings(self, user: str) -> list[Binding]:
        """The live bindings, highest q first, then the newest."""
        raise NotImplementedError

    def users(self) -> list[str]:
        """Everybody with a binding."""
        raise NotImplementedError

    def bound(self, user: str, flow: Flow) -> Binding | None:
        """The live binding of `user` on this very flow (same transport, host and port), if any."""
        raise NotImplementedError

    def watch(self, user: str, on: bool, now: float) -> None:
        """Probe this user's bindings even when they are not natted: their agent is unreachable."""
        raise NotImplementedError

    def probed(self, user: str, uri: str, answered: bool, now: float) -> list[BindingChange]:
        """The outcome of a probe."""
        raise NotImplementedError

    def heard(self, user: str, flow: Flow, now: float) -> list[BindingChange]:
        """An authenticated request came from the user by `flow`: its binding there is reachable."""
        raise NotImplementedError

    def deadline(self) -> float | None:
        """When to call `on_deadline`."""
        raise NotImplementedError

    def on_deadline(self, now: float) -> list[BindingChange | ProbeDue]:
        """Expire what is due and name the probes to send."""
        raise NotImplementedError

    def snapshot(self, now: float) -> list[dict[str, Any]]:
        """Every binding as plain JSON types, its expiry as seconds left."""
        raise NotImplementedError

    def restore(self, saved: list[dict[str, Any]], now: float, elapsed_s: float = 0.0) -> None:
        """Take up the bindings of a snapshot that is `elapsed_s` old, but for the expired ones."""
        raise NotImplementedError
