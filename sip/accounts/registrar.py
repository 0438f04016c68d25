"""The registrar: which contacts a user has now (RFC 3261 section 10). Authentication happened before."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from heapq import heappop, heappush
from math import inf
from typing import Any, Final

from sip.accounts.binding import Binding, device, keeps_flows
from sip.flow import Flow, neighbourhood
from sip.syntax.headers import STAR, NameAddr
from sip.syntax.message import Request
from sip.syntax.status import phrase
from sip.syntax.uri import Uri

_MISSES: Final = 2
"""Probes in a row without an answer that make a binding unreachable."""


class Change(StrEnum):
    """What happened to a binding."""

    ADDED = "added"
    REFRESHED = "refreshed"
    REMOVED = "removed"
    """By the phone itself: `Expires: 0` or `*`."""
    REPLACED = "replaced"
    """Another contact of the same device took its place, or a newer one where there was no room for both."""
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    """Two OPTIONS in a row went unanswered."""
    REACHABLE = "reachable"
    """It answered again, or registered again."""


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


class _Entry:
    """A binding and when it next needs attention."""

    __slots__ = ("binding", "came_by", "misses", "order", "probe_at", "wake_at")

    def __init__(self, binding: Binding, came_by: Flow, order: int) -> None:
        self.binding = binding
        self.came_by = came_by
        self.order = order
        self.misses = 0
        self.probe_at = inf
        self.wake_at = inf


class Registrar:
    """Bindings by user, with expiry and probes. Nothing is sent from here."""

    def __init__(
        self,
        max_contacts: Callable[[str], int] = lambda user: 5,
        min_expires: int = 60,
        max_expires: int = 3600,
        default_expires: int = 3600,
        probe_interval_s: float = 25.0,
    ) -> None:
        """`max_contacts` says how many bindings a user may have at once."""
        self._max_contacts = max_contacts
        self._min_expires = min_expires
        self._max_expires = max_expires
        self._default_expires = default_expires
        self._probe_interval_s = probe_interval_s
        self._users: dict[str, list[_Entry]] = {}
        self._watched: set[str] = set()
        self._wakes: list[tuple[float, int, _Entry]] = []
        self._hosts: Counter[str] = Counter()
        self._by_connection: dict[int, set[_Entry]] = {}
        self._order = 0

    def register(self, request: Request, user: str, flow: Flow, now: float) -> RegisterOutcome:
        """Apply an authenticated REGISTER for `user` (the AOR's user) that came by `flow` (section 10.3).

        All of it or nothing. Raises Malformed for a Contact or Expires that cannot be read.
        """
        contacts = request.contacts
        if contacts is STAR:
            if request.expires != 0:
                return _refused(400)
            if any(entry.binding.outdates(request) for entry in self._entries(user)):
                return _refused(500)
            return self._outcome(
                user, now, self._remove(user, list(self._entries(user)), Change.REMOVED), request
            )
        asked = [(contact, self._expires_s(contact, request)) for contact in contacts]
        if any(0 < expires_s < self._min_expires for _, expires_s in asked):
            return _refused(423, ("Min-Expires", str(self._min_expires)))
        known = [self._find(user, contact) for contact in contacts]
        if any(entry is not None and entry.binding.outdates(request) for entry in known):
            return _refused(500)
        changes: list[BindingChange] = []
        for contact, expires_s in asked:
            changes += self._bind(request, user, contact, expires_s, flow, now)
        return self._outcome(user, now, changes, request)

    def _expires_s(self, contact: NameAddr, request: Request) -> int:
        asked = contact.expires
        if asked is None:
            asked = request.expires
        return self._default_expires if asked is None else min(asked, self._max_expires)

    def _bind(
        self, request: Request, user: str, contact: NameAddr, expires_s: int, flow: Flow, now: float
    ) -> list[BindingChange]:
        entry = self._find(user, contact)
        if expires_s == 0:
            return self._remove(user, [entry], Change.REMOVED) if entry is not None else []
        binding = Binding.of_request(request, user, contact, flow, now + expires_s)
        others = [each for each in self._entries(user) if each is not entry]
        left = [each for each in others if _succeeds(binding, flow, each, direct=len(request.vias) == 1)]
        if entry is not None and entry.binding.key != binding.key:
            left.append(entry)
        changes = self._remove(user, left, Change.REPLACED)
        if entry is None or entry in left:
            return changes + self._add(binding, flow, now)
        return changes + self._refresh(entry, binding, flow, now)

    def _refresh(self, entry: _Entry, binding: Binding, flow: Flow, now: float) -> list[BindingChange]:
        changes = [BindingChange(Change.REFRESHED, binding)]
        if not entry.binding.reachable:
            changes.append(BindingChange(Change.REACHABLE, binding))
        self._leave(entry)
        entry.binding, entry.came_by, entry.misses = binding, flow, 0
        self._arrive(entry)
        self._order += 1
        entry.order = self._order
        self._schedule(entry, now)
        return changes

    def _add(self, binding: Binding, came_by: Flow, now: float) -> list[BindingChange]:
        entries = self._users.setdefault(binding.user, [])
        surplus = len(entries) + 1 - self._max_contacts(binding.user)
        leaving = sorted(entries, key=lambda entry: (entry.binding.reachable, entry.order))
        changes = self._remove(binding.user, leaving[: max(0, surplus)], Change.REPLACED)
        self._order += 1
        entry = _Entry(binding, came_by, self._order)
        self._arrive(entry)
        self._users.setdefault(binding.user, []).append(entry)
        self._schedule(entry, now)
        return [*changes, BindingChange(Change.ADDED, binding)]

    def _remove(self, user: str, gone: Iterable[_Entry], change: Change) -> list[BindingChange]:
        entries = self._users.get(user, [])
        changes = []
        for entry in gone:
            entries.remove(entry)
            self._leave(entry)
            entry.wake_at = inf
            changes.append(BindingChange(change, entry.binding))
        if not entries:
            self._users.pop(user, None)
        return changes

    def _arrive(self, entry: _Entry) -> None:
        self._hosts[neighbourhood(entry.came_by.remote[0])] += 1
        if entry.came_by.connection:
            self._by_connection.setdefault(entry.came_by.connection, set()).add(entry)

    def _leave(self, entry: _Entry) -> None:
        connection, host = entry.came_by.connection, neighbourhood(entry.came_by.remote[0])
        if connection in self._by_connection:
            self._by_connection[connection].discard(entry)
            if not self._by_connection[connection]:
                del self._by_connection[connection]
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]

    def _outcome(
        self, user: str, now: float, changes: list[BindingChange], request: Request
    ) -> RegisterOutcome:
        headers = [("Contact", binding.contact(now)) for binding in self.bindings(user)]
        headers += [("Path", proxy) for proxy in request.headers.all("Path")]
        if any(change.binding.reg_id for change in changes) and keeps_flows(request):
            headers.append(("Require", "outbound"))
        return RegisterOutcome(200, phrase(200), headers, changes)

    def _entries(self, user: str) -> list[_Entry]:
        return self._users.get(user, [])

    def _find(self, user: str, contact: NameAddr) -> _Entry | None:
        """A flow of a device by its number (RFC 5626 section 6), others as URIs (RFC 3261 section 10.2.4)."""
        named, text = device(contact), str(contact.uri)
        for entry in self._entries(user):
            binding = entry.binding
            if binding.reg_id and (binding.instance, binding.reg_id) == named:
                return entry
        for entry in self._entries(user):
            binding = entry.binding
            if binding.reg_id and named[1]:
                continue
            if binding.uri == text or Uri.parse(binding.uri).matches(contact.uri):
                return entry
        return None

    # Who is there

    def bindings(self, user: str) -> list[Binding]:
        """The live bindings, highest q first, then the newest."""
        entries = sorted(self._entries(user), key=lambda entry: (-entry.binding.q, -entry.order))
        return [entry.binding for entry in entries]

    def users(self) -> list[str]:
        """Everybody with a binding."""
        return list(self._users)

    def bound(self, user: str, flow: Flow) -> Binding | None:
        """The live binding of `user` whose REGISTER came by this very flow, if any."""
        for entry in self._entries(user):
            came_by = entry.came_by
            if (came_by.transport, came_by.remote) == (flow.transport, flow.remote):
                return entry.binding
        return None

    def is_at(self, host: str) -> bool:
        """Whether a live binding's REGISTER came from that address; of IPv6, from its neighbourhood."""
        return neighbourhood(host) in self._hosts

    # Who answers

    def watch(self, user: str, on: bool, now: float) -> None:
        """Probe this user's bindings even when they are not natted: their agent is unreachable."""
        (self._watched.add if on else self._watched.discard)(user)
        for entry in self._entries(user):
            self._schedule(entry, now)

    def probed(self, user: str, key: str, answered: bool, now: float) -> list[BindingChange]:
        """The outcome of a probe of the binding with that key."""
        entry = next((each for each in self._entries(user) if each.binding.key == key), None)
        if entry is None:
            return []
        if answered:
            return self._reached(entry, now)
        entry.misses += 1
        if entry.misses < _MISSES or not entry.binding.reachable:
            return []
        entry.binding = replace(entry.binding, reachable=False)
        self._schedule(entry, now)
        return [BindingChange(Change.UNREACHABLE, entry.binding)]

    def lost(self, user: str, flow: Flow, now: float) -> list[BindingChange]:
        """What is sent to the user by `flow` is not answered: its binding is unreachable until it is."""
        changes: list[BindingChange] = []
        for entry in self._entries(user):
            if entry.binding.flow == flow and entry.binding.reachable:
                entry.binding = replace(entry.binding, reachable=False)
                self._schedule(entry, now)
                changes.append(BindingChange(Change.UNREACHABLE, entry.binding))
        return changes

    def heard(self, user: str, flow: Flow, now: float) -> list[BindingChange]:
        """An authenticated request came from the user by `flow`: its binding there is reachable."""
        changes: list[BindingChange] = []
        for entry in self._entries(user):
            if (entry.came_by.transport, entry.came_by.remote) == (flow.transport, flow.remote):
                changes += self._reached(entry, now)
        return changes

    def connection_closed(self, flow: Flow, now: float) -> list[BindingChange]:
        """A TCP connection closed: its bindings are reached by a new one, or not at all behind a NAT."""
        changes = []
        for entry in sorted(self._by_connection.pop(flow.connection, ()), key=lambda entry: entry.order):
            changes += self._disconnect(entry, now)
        return changes

    def _disconnect(self, entry: _Entry, now: float) -> list[BindingChange]:
        binding = entry.binding
        lost = binding.natted and binding.reachable
        reachable = binding.reachable and not binding.natted
        entry.binding = replace(binding, flow=binding.reconnected(), reachable=reachable)
        self._schedule(entry, now)
        return [BindingChange(Change.UNREACHABLE, entry.binding)] if lost else []

    def _reached(self, entry: _Entry, now: float) -> list[BindingChange]:
        entry.misses = 0
        if entry.binding.reachable:
            return []
        entry.binding = replace(entry.binding, reachable=True)
        self._schedule(entry, now)
        return [BindingChange(Change.REACHABLE, entry.binding)]

    # Time

    def deadline(self) -> float | None:
        """When to call `on_deadline`."""
        while self._wakes and self._wakes[0][0] != self._wakes[0][2].wake_at:
            heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else None

    def on_deadline(self, now: float) -> list[BindingChange | ProbeDue]:
        """Expire what is due and name the probes to send."""
        happened: list[BindingChange | ProbeDue] = []
        while (deadline := self.deadline()) is not None and deadline <= now:
            entry = heappop(self._wakes)[2]
            entry.wake_at = inf
            binding = entry.binding
            if binding.expires_at <= now:
                happened += self._remove(binding.user, [entry], Change.EXPIRED)
                continue
            if entry.probe_at <= now:
                entry.probe_at = inf
                happened.append(ProbeDue(binding))
            self._schedule(entry, now)
        return happened

    def _schedule(self, entry: _Entry, now: float) -> None:
        """One wake-up for each binding: its next probe or its expiry. A later one is found when it wakes."""
        binding = entry.binding
        if not (binding.natted or not binding.reachable or binding.user in self._watched):
            entry.probe_at = inf
        elif entry.probe_at == inf:
            entry.probe_at = now + self._probe_interval_s
        when = min(binding.expires_at, entry.probe_at)
        if when < entry.wake_at:
            entry.wake_at = when
            self._order += 1
            heappush(self._wakes, (when, self._order, entry))

    # Restart

    def saved(self, binding: Binding, now: float) -> dict[str, Any]:
        """One binding as plain JSON types, its expiry as seconds left."""
        return {**binding.to_dict(now), "came_by": self._came_by(binding).to_list()}

    def _came_by(self, binding: Binding) -> Flow:
        entry = next((each for each in self._entries(binding.user) if each.binding.key == binding.key), None)
        return binding.flow if entry is None else entry.came_by

    def restore(self, saved: list[dict[str, Any]], now: float, elapsed_s: float = 0.0) -> None:
        """Take up bindings that were `saved` so `elapsed_s` ago, but for the expired ones.

        Raises KeyError, TypeError or ValueError for what is no binding.
        """
        for each in saved:
            left_s = float(each["expires_in_s"]) - elapsed_s
            if left_s > 0:
                binding = Binding.from_dict(each, now + left_s)
                known = [entry for entry in self._entries(binding.user) if entry.binding.key == binding.key]
                self._remove(binding.user, known, Change.REPLACED)
                self._add(binding, Flow.from_list(each["came_by"]), now)


def _succeeds(binding: Binding, came_by: Flow, before: _Entry, direct: bool) -> bool:
    """Whether a binding takes the place of another one, which is of the same phone before it was restarted or
    got another address.

    It names the same device (RFC 5626 section 6), or comes from the same socket in another Call-ID: `direct`
    says that no proxy, which has one socket for many phones, is in between.
    """
    other = before.binding
    if (other.call_id, other.cseq) == (binding.call_id, binding.cseq):
        return False  # of the same REGISTER
    if _same_flow(binding, other):
        return True
    if other.call_id == binding.call_id or not direct:
        return False
    return came_by.transport == "udp" == before.came_by.transport and came_by.remote == before.came_by.remote


def _same_flow(binding: Binding, other: Binding) -> bool:
    """Whether both are the same flow of the same device, or one of them is its only one."""
    if not binding.instance or binding.instance != other.instance:
        return False
    return 0 in (binding.reg_id, other.reg_id) or binding.reg_id == other.reg_id


def _refused(status: int, *headers: tuple[str, str]) -> RegisterOutcome:
    return RegisterOutcome(status, phrase(status), headers, ())
