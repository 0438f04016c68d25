"""The registrar at work: REGISTERs and probes on the wire, bindings in the history, facts for the router."""

import asyncio
from asyncio import TimerHandle
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from sip.accounts.binding import Binding
from sip.accounts.registrar import BindingChange, Change, ProbeDue, Registrar
from sip.endpoint import Endpoint
from sip.events import IncomingRequest, OutgoingRequest, RequestId, ResponseReceived
from sip.flow import Flow
from switch.history.entries import BindingPut, BindingRemoved, Entry
from switch.history.reader import StoredBinding

_PUT = (Change.ADDED, Change.REFRESHED, Change.UNREACHABLE, Change.REACHABLE)
_HERE = (Change.ADDED, Change.REFRESHED)
_GONE = (Change.REMOVED, Change.REPLACED, Change.EXPIRED)


class Facts(Protocol):
    """Who must know what becomes of a phone: the router, by way of the agents."""

    def phones_known(self, phones: Collection[str]) -> None: ...

    def phone_registered(self, phone: str, fresh: bool) -> None: ...

    def phone_unregistered(self, phone: str, explicit: bool) -> None: ...

    def phone_reachable(self, phone: str) -> None: ...

    def phone_unreachable(self, phone: str) -> None: ...


class Registrations:
    """Which phones are registered where, from their REGISTER to its expiry."""

    def __init__(
        self,
        registrar: Registrar,
        sip: Callable[[], Endpoint],
        put: Callable[[Entry], None],
        now: Callable[[], float],
        loop: asyncio.AbstractEventLoop,
        domain: Callable[[], str],
        changed: Callable[[str], None],
        moved: Callable[[str, Flow, Flow], None],
    ) -> None:
        """`changed` hears of each phone that has another contact, or one less, `moved` of each device that is
        reached by another flow than before.
        """
        self._moved = moved
        self._registrar = registrar
        self._sip = sip
        self._put = put
        self._now = now
        self._loop = loop
        self._domain = domain
        self._changed = changed
        self._facts: Facts | None = None
        self._probes: dict[RequestId, Binding] = {}
        self._watched: set[str] = set()
        self._timer: TimerHandle | None = None
        self._log = structlog.get_logger("registrar")

    def start(self, facts: Facts, stored: Iterable[StoredBinding]) -> None:
        """Take up the former run's bindings and tell `facts`."""
        self._facts = facts
        self._take_up(stored)
        facts.phones_known(self._registrar.users())
        for user in self._registrar.users():
            if not self._is_reachable(user):
                facts.phone_unreachable(user)
        self._set_timer()

    def take_up_late(self, stored: Iterable[StoredBinding]) -> None:
        """The same, of a database that was away then: of phones that have not registered meanwhile."""
        late = [binding for binding in stored if not self._registrar.bindings(binding.phone)]
        self._take_up(late)
        for phone in dict.fromkeys(binding.phone for binding in late):
            self._changed(phone)
            if self._facts is not None:
                self._facts.phone_registered(phone, fresh=False)
                if not self._is_reachable(phone):
                    self._facts.phone_unreachable(phone)
        self._set_timer()

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Who is there

    def contacts(self, phone: str) -> list[Binding]:
        """Where to ring the phone: what is known to be out of reach only where nothing else is."""
        bindings = self._registrar.bindings(phone)
        return [binding for binding in bindings if binding.reachable] or bindings

    def bindings(self, phone: str) -> list[Binding]:
        """All of them."""
        return self._registrar.bindings(phone)

    def holds(self, user: str, flow: Flow) -> bool:
        """Whether `user` has a live registration whose messages come by `flow`."""
        return self._registrar.bound(user, flow) is not None

    def is_at(self, host: str) -> bool:
        """Whether a phone is registered from that address."""
        return self._registrar.is_at(host)

    def by_transport(self) -> Mapping[str, int]:
        """How many bindings there are."""
        registrar = self._registrar
        return Counter(b.flow.transport for user in registrar.users() for b in registrar.bindings(user))

    def expires_at(self, binding: Binding) -> datetime:
        """When the binding ends, on the wall."""
        return datetime.now(UTC) + timedelta(seconds=binding.expires_at - self._now())

    # What happens

    def registered(self, event: IncomingRequest, user: str) -> None:
        """An authenticated REGISTER of `user`."""
        before = self._registrar.bindings(user)
        outcome = self._registrar.register(event.request, user, event.flow, self._now())
        self._sip().respond(
            event.transaction, outcome.status, self._now(), reason=outcome.reason, headers=outcome.headers
        )
        self._apply(outcome.changes, fresh=not before)
        self._alive(user)
        changed = [change.binding for change in outcome.changes if change.change in _HERE]
        self._follow(before, self._registrar.bindings(user), changed)

    def heard(self, user: str, flow: Flow) -> None:
        """An authenticated request or an answer came from the phone."""
        self._apply(self._registrar.heard(user, flow, self._now()))
        self._alive(user)

    def connection_closed(self, flow: Flow) -> None:
        """A TCP connection closed: its phones are reached by a new one, or not at all behind a NAT."""
        self._apply(self._registrar.connection_closed(flow, self._now()))

    def lost(self, phone: str, flow: Flow) -> None:
        """Whoever is reached there by `flow` neither sends media nor answers: where the phone has no other
        contact, who is at it cannot be called until it answers.
        """
        if any(binding.reachable and binding.flow != flow for binding in self.bindings(phone)):
            self._apply(self._registrar.lost(phone, flow, self._now()))
        elif self._facts is not None:
            self._facts.phone_unreachable(phone)

    def watch(self, phone: str, on: bool) -> None:
        """Probe the phone until told otherwise: its agent is unreachable."""
        (self._watched.add if on else self._watched.discard)(phone)
        self._registrar.watch(phone, on, self._now())
        self._set_timer()

    def answered(self, event: ResponseReceived) -> None:
        """A probe was answered, or was not."""
        binding = self._probes.pop(event.request, None)
        if binding is not None:
            answered = event.status is not None
            self._apply(self._registrar.probed(binding.user, binding.key, answered, self._now()))
            if answered:
                self._alive(binding.user)

    # Inside

    def _take_up(self, stored: Iterable[StoredBinding]) -> None:
        wall = datetime.now(UTC)
        for binding in stored:
            state = msgspec.json.decode(binding.state)
            elapsed_s = state["expires_in_s"] - (binding.expires_at - wall).total_seconds()
            self._registrar.restore([state], self._now(), elapsed_s)

    def _follow(self, before: Iterable[Binding], now: Iterable[Binding], changed: Iterable[Binding]) -> None:
        """Tell of each device that was there before by another flow."""
        here = {binding.key for binding in now}
        flows = {each.key: each.flow for each in before}
        left = {each.instance: each.flow for each in before if each.instance and each.key not in here}
        for binding in changed:
            flow = flows.get(binding.key) or left.get(binding.instance)
            if flow is not None and flow != binding.flow:
                self._moved(binding.user, flow, binding.flow)

    def _is_reachable(self, user: str) -> bool:
        return any(binding.reachable for binding in self._registrar.bindings(user))

    def _alive(self, user: str) -> None:
        """The router gave this phone up, which the registrar may never have done."""
        if user in self._watched and self._facts is not None:
            self._facts.phone_reachable(user)

    def _apply(self, changes: Iterable[BindingChange], fresh: bool = False) -> None:
        for change in changes:
            self._one(change.change, change.binding, fresh)
        self._set_timer()

    def _one(self, change: Change, binding: Binding, fresh: bool = False) -> None:
        """`fresh`: the user had no binding before."""
        facts, user = self._facts, binding.user
        if change is not Change.REFRESHED:
            self._log.info(
                f"binding {change.value}", phone=user, contact=binding.uri, transport=binding.flow.transport
            )
            self._changed(user)
        if change in _PUT:
            self._save(binding)
        elif change in _GONE:
            self._put(BindingRemoved(phone=user, contact=binding.key))
        if facts is None:
            return
        match change:
            case Change.ADDED:
                facts.phone_registered(user, fresh)
            case Change.REFRESHED:
                facts.phone_registered(user, fresh=False)
            case Change.REMOVED | Change.EXPIRED if not self._registrar.bindings(user):
                facts.phone_unregistered(user, explicit=change is Change.REMOVED)
            case Change.UNREACHABLE if not self._is_reachable(user):
                facts.phone_unreachable(user)
            case Change.REACHABLE:
                facts.phone_reachable(user)
            case _:
                pass

    def _save(self, binding: Binding) -> None:
        state = self._registrar.saved(binding, self._now())
        self._put(
            BindingPut(
                phone=binding.user,
                contact=binding.key,
                expires_at=self.expires_at(binding),
                state=msgspec.json.encode(state).decode(),
            )
        )

    def _set_timer(self) -> None:
        self.stop()
        deadline = self._registrar.deadline()
        if deadline is not None:
            self._timer = self._loop.call_later(max(0.0, deadline - self._now()) + 0.001, self._on_timer)

    def _on_timer(self) -> None:
        for due in self._registrar.on_deadline(self._now()):
            if isinstance(due, ProbeDue):
                self._probe(due.binding)
            else:
                self._one(due.change, due.binding)
        self._set_timer()

    def _probe(self, binding: Binding) -> None:
        domain = self._domain()
        request = self._sip().request(
            OutgoingRequest(
                method="OPTIONS",
                uri=binding.target,
                flow=binding.flow,
                from_=f"<sip:{domain}>",
                to=f"<sip:{binding.user}@{domain}>",
            ),
            self._now(),
        )
        self._probes[request] = binding
