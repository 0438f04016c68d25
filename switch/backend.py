"""The running switch as its API sees it: rows from the router, the registrar, the calls and the counters."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from msgspec import structs

from acd.commands import Refusal
from acd.events import Act
from switch.api.backend import Refused, Unknown
from switch.api.rows import (
    AgentRow,
    BanRow,
    Draining,
    ForkRow,
    HoldRow,
    PhoneRow,
    PlaceRow,
    PreferencesRow,
    ProvisioningRow,
    QueueRow,
    Readiness,
    RecordingRow,
    RecordingState,
    Reloaded,
    SupervisionRow,
    TransferRow,
    TrunkRow,
)
from switch.calls import acts
from switch.calls.ending import EndedBy, Reason
from switch.calls.flow import Call
from switch.calls.forks import ForkRefused, fork_row
from switch.calls.holding import hold
from switch.calls.originating import originate
from switch.calls.parting import cut_off
from switch.calls.recording import CallRecording
from switch.calls.registry import Registry
from switch.calls.ringing.unreachable import Unreachable
from switch.calls.supervision import Mode, NotNow, Supervision, supervise
from switch.calls.transfers.transferring import transfer
from switch.config.choices import Maker
from switch.desk.wishes import DOES, Answer, LogIn, LogOut, Pause, Ready, Wish
from switch.exchange import Exchange
from switch.hours import emergency
from switch.preferences import NotForwardable, Preferences
from switch.readiness import readiness
from switch.records import AgentState, CallRecord, OfferRecord
from switch.rows import agent_row, ban_row, phone_row, place_row, queue_row, recording_row, supervision_row
from switch.staffing import Staffing
from switch.trunks.rows import trunk_row

_WANTED: Final[Mapping[AgentState, Callable[[str, str], Wish]]] = {
    AgentState.READY: lambda agent, reason: Ready(agent),
    AgentState.PAUSED: Pause,
    AgentState.OFFLINE: lambda agent, reason: LogOut(agent),
}
_REFUSED: Final[Mapping[Answer, str]] = {
    Answer.TALKING: "agent {agent!r} is in a call at another phone",
    Answer.TAKEN: "whoever sits at phone {phone!r} is in a call there",
    Answer.NOBODY: "agent {agent!r} is leaving",
}
_RINGS_WITHIN_S: Final = 4.0
"""A phone that has not even begun to ring by then is not there."""


class Running:
    """Implements `switch.api.backend.Backend`."""

    def __init__(
        self,
        exchange: Exchange,
        registry: Registry,
        staffing: Staffing,
        reload: Callable[[], Awaitable[Reloaded]],
        drain: Callable[[], None],
    ) -> None:
        self.ready = False
        self._exchange = exchange
        self._registry = registry
        self._staffing = staffing
        self._reload = reload
        self._drain = drain

    def readiness(self) -> Readiness:
        """Ready between the start's end and the first SIGTERM, while there is room to write."""
        return readiness(self._exchange, started=self.ready, calls=len(self._registry.calls))

    # Queues and agents

    def queues(self) -> Sequence[QueueRow]:
        """Every queue of the router."""
        return [queue_row(self._exchange, view) for view in self._exchange.dispatch.router.queues()]

    def queue(self, name: str) -> QueueRow:
        """One queue."""
        view = self._exchange.dispatch.router.queue(name)
        if view is None:
            raise Unknown(f"no queue {name!r}")
        return queue_row(self._exchange, view)

    def close_queues(self, name: str | None, by: str, why: str) -> Sequence[QueueRow]:
        """Out of turn."""
        closed = emergency.close(self._exchange.dispatch, name, by, why)
        return [self.queue(one) for one in (closed if name is None else [name])]

    def open_queues(self, name: str | None, by: str, why: str) -> Sequence[QueueRow]:
        """By their calendars again."""
        opened = emergency.reopen(self._exchange.dispatch, name, by, why)
        return [self.queue(one) for one in (opened if name is None else [name])]

    def agents(self) -> Sequence[AgentRow]:
        """Every agent of the router."""
        return [agent_row(self._staffing, view) for view in self._exchange.dispatch.router.agents()]

    def agent(self, name: str) -> AgentRow:
        """One agent."""
        view = self._exchange.dispatch.router.agent(name)
        if view is None:
            raise Unknown(f"no agent {name!r}")
        return agent_row(self._staffing, view)

    def queues_of(self, agent: str) -> Sequence[str]:
        """Those that his skills open."""
        view = self._exchange.dispatch.router.agent(agent)
        return () if view is None else view.queues

    def set_agent_state(
        self, name: str, state: AgentState, reason: str | None, phone: str | None = None
    ) -> AgentRow:
        """Ask for it, at that phone where one is given, and show what follows."""
        self.agent(name)
        wanted = _WANTED.get(state)
        if wanted is None:
            raise Refused(f"an agent cannot be told to be {state.value}: ready, paused or offline")
        if phone is not None and state is AgentState.OFFLINE:
            raise Refused("who goes offline goes to no phone")
        if phone is not None:
            self._log_in(name, phone)
        self._exchange.desk.ask(wanted(name, reason or ""))
        return self.agent(name)

    def _log_in(self, name: str, phone: str) -> None:
        """As the administrator, who vouches for him."""
        if phone not in self._exchange.config.phones:
            raise Refused(f"no phone {phone!r}")
        answer = self._exchange.desk.ask(LogIn(name, phone, vouched=True))
        if answer not in DOES:
            raise Refused(_REFUSED[answer].format(agent=name, phone=phone))

    # Calls

    def active_ids(self) -> Sequence[str]:
        """The calls in progress, newest first."""
        return list(reversed(self._registry.calls))

    def active_call(self, call: str) -> CallRecord | None:
        """A call in progress, or one whose record waits for its recording."""
        return self._registry.record(call)

    def offers(self, call: str) -> Mapping[str, OfferRecord]:
        """The offers that have ended of a call that is not booked yet."""
        found = self._registry.unbooked(call)
        return {} if found is None else {offer.id: offer for offer in found.ledger.offers}

    def originate(
        self, phone: str, to: str, *, answers: bool, ring_s: float, variables: Mapping[str, str]
    ) -> CallRecord:
        """Ring a phone that is to call somebody, as the administrator."""
        if phone not in self._exchange.config.phones:
            raise Unknown(f"no phone {phone!r}")
        by = EndedBy.ADMINISTRATOR.value
        try:
            call = originate(
                self._exchange,
                self._registry,
                phone,
                to,
                answers=answers,
                ring_s=ring_s,
                variables=variables,
                by=by,
            )
        except NotNow as error:
            raise Refused(str(error)) from None
        return call.ledger.record(self._exchange.now_us())

    def hangup(self, call: str) -> None:
        """End the call as the administrator."""
        found = self._call(call)
        found.end(cut_off(found.ledger, found.agent), Reason.ADMINISTRATOR, EndedBy.ADMINISTRATOR)

    def hold(self, call: str, on: bool) -> HoldRow:
        """As the administrator."""
        try:
            leg = hold(self._call(call), on, EndedBy.ADMINISTRATOR.value)
        except NotNow as error:
            raise Refused(str(error)) from None
        return HoldRow(call=call, phone=leg.peer.name, held=leg.held)

    def recording(self, call: str) -> RecordingRow:
        """Of a call in progress."""
        return recording_row(call, self._recording(call))

    def set_recording(self, call: str, state: RecordingState) -> RecordingRow:
        """Pause it or let it go on, as the administrator."""
        self._call(call).keep(state is RecordingState.RECORDING, EndedBy.ADMINISTRATOR)
        return self.recording(call)

    def forks(self, call: str) -> Sequence[ForkRow]:
        """Of a call in progress, those that have ended included."""
        forks = self._call(call).taps.forks
        return [] if forks is None else [fork_row(id, stream) for id, stream in forks.streams.items()]

    def begin_fork(self, call: str, url: str, rate_hz: int) -> ForkRow:
        """Let a service hear the call."""
        found = self._call(call)
        try:
            id = found.fork(url, rate_hz)
        except ForkRefused as error:
            raise Refused(str(error)) from None
        return next(row for row in self.forks(call) if row.id == id)

    def end_fork(self, call: str, fork: str) -> None:
        """The call goes on."""
        forks = self._call(call).taps.forks
        if forks is None or fork not in forks.streams:
            raise Unknown(f"call {call!r} has no fork {fork!r}")
        forks.streams[fork].stop()

    def _recording(self, call: str) -> CallRecording:
        found = self._call(call)
        recording = found.taps.recording
        if recording is None or not recording.running:
            raise Refused(f"call {call!r} is not being recorded")
        return recording

    def _call(self, call: str) -> Call:
        found = self._registry.calls.get(call)
        if found is None:
            raise Unknown(f"no call {call!r} in progress")
        return found

    def transfer(self, call: str, to: str) -> TransferRow:
        """Send the caller on, as the administrator."""
        found, conferences = self._call(call), self._registry.conferences
        try:
            destination = transfer(self._exchange, conferences, found, to, EndedBy.ADMINISTRATOR)
        except NotNow as error:
            raise Refused(str(error)) from None
        return TransferRow(call=call, by=destination.by.name, to=to, target=str(destination))

    # Supervisors

    def place(self, call: str) -> PlaceRow:
        """Of a call that the router knows."""
        view = self._exchange.dispatch.router.call(call)
        if view is None:
            raise Unknown(f"no call {call!r} in a queue")
        return place_row(view)

    def act(self, act: Act) -> PlaceRow | None:
        """As the router decides."""
        if (refusal := acts.carry_out(self._exchange, act)) is not Refusal.DONE:
            raise (Unknown if refusal is Refusal.NO_SUCH_CALL else Refused)(acts.why(refusal, act))
        return None if self._exchange.dispatch.router.call(act.call) is None else self.place(act.call)

    def supervision(self, call: str) -> SupervisionRow:
        """Of a call in progress."""
        return supervision_row(self._supervision(call))

    async def supervise(self, call: str, phone: str, mode: Mode) -> SupervisionRow:
        """Call the phone, and wait until it rings; or change what it is to the call."""
        found = self._call(call)
        there = found.supervision
        if (there is None or there.phone != phone) and self._registry.is_busy(phone):
            raise Refused(f"phone {phone!r} is busy")
        try:
            supervision = supervise(self._exchange, found, phone, mode, EndedBy.ADMINISTRATOR)
        except Unreachable as error:
            raise Refused(f"phone {phone!r} cannot be reached: {error.status} {error.phrase}") from None
        except NotNow as error:
            raise Refused(str(error)) from None
        await asyncio.wait((supervision.rings,), timeout=_RINGS_WITHIN_S)
        if not supervision.rings.done():
            supervision.leave("it says nothing")
        why = supervision.rings.result()
        if why is not None:
            raise Refused(f"phone {phone!r} was called in vain: {why}")
        return supervision_row(supervision)

    def leave(self, call: str) -> None:
        """Let its supervisor go, as the administrator."""
        self._supervision(call).leave(EndedBy.ADMINISTRATOR.value)

    def _supervision(self, call: str) -> Supervision:
        supervision = self._call(call).supervision
        if supervision is None:
            raise Unknown(f"nobody supervises call {call!r}")
        return supervision

    # Phones and trunks

    def phones(self) -> Sequence[PhoneRow]:
        """Every phone of the configuration."""
        return [phone_row(self._exchange, self._staffing, name) for name in self._exchange.config.phones]

    def preferences(self, phone: str) -> PreferencesRow:
        """What is to become of calls to it."""
        if phone not in self._exchange.config.phones:
            raise Unknown(f"no phone {phone!r}")
        return PreferencesRow(phone=phone, **structs.asdict(self._exchange.preferences.of(phone)))

    def set_preferences(self, phone: str, wanted: Preferences) -> PreferencesRow:
        """As the administrator."""
        self.preferences(phone)
        try:
            self._exchange.preferences.set(phone, wanted, EndedBy.ADMINISTRATOR.value)
        except NotForwardable as error:
            raise Refused(str(error)) from None
        self._exchange.dispatch.flush()
        return self.preferences(phone)

    def provisioning(self, phone: str) -> ProvisioningRow:
        """Where a phone gets its files."""
        settings = self._exchange.config.phones.get(phone)
        if settings is None:
            raise Unknown(f"no phone {phone!r}")
        if settings.provision is None:
            raise Unknown(f"phone {phone!r} has no provision in the configuration")
        here = self._exchange.shell.local_address_for
        url = self._exchange.provisioning.url(phone, here)
        if url is None:
            raise Refused("provisioning.listen is not set, so no phone gets a file")
        return ProvisioningRow(
            phone=phone,
            maker=settings.maker or Maker.GENERIC,
            mac=settings.provision.mac,
            url=url,
            files=tuple(self._exchange.provisioning.files.names(phone)),
        )

    def trunks(self) -> Sequence[TrunkRow]:
        """Every trunk, those of the former configuration that still have calls last."""
        limits = self._exchange.limits
        trunks = self._exchange.config.trunks
        rows = [trunk_row(self._exchange, name, settings) for name, settings in trunks.items()]
        return rows + [
            TrunkRow(name=name, up=False, calls=limits.active(name), max_calls=0, proxy=None, leaving=True)
            for name in limits.leaving()
        ]

    # The wall

    def bans(self) -> Sequence[BanRow]:
        """Every ban in force, its times on the wall clock."""
        now, now_us = self._exchange.now(), self._exchange.now_us()
        return [ban_row(ban, now, now_us) for ban in self._exchange.gate.bans.active(now)]

    def remove_bans(self, address: str) -> None:
        """Lift them and forget the failures."""
        try:
            lifted = self._exchange.gate.bans.remove(address)
        except ValueError as error:
            raise Unknown(str(error)) from None
        if not lifted:
            raise Unknown(f"{address} is not banned")

    # The switch itself

    async def reload(self) -> Reloaded:
        """Read the configuration file again and apply it."""
        return await self._reload()

    def drain(self) -> Draining:
        """Take no new calls."""
        self._drain()
        return Draining(calls=len(self._registry.calls))
