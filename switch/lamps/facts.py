"""What the switch has to show: a phone's legs, an agent's state, who waits in a queue or is parked."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from acd.router import Router
from acd.views import AgentView, QueueView
from sip.endpoint import Endpoint
from switch.calls.ledger import Ledger
from switch.calls.legs.incoming import IncomingLeg
from switch.calls.legs.leg import Leg
from switch.calls.transfers.parking import Parked
from switch.config.schema import Config
from switch.feature_keys.keys import FeatureKeys
from switch.lamps.shown import Kind, Lit, Shown, ShownDialog, Subject
from switch.lamps.watch import KEY_PACKAGES
from switch.records import AgentState

_AGENT: Final[Mapping[AgentState, Lit]] = {
    AgentState.READY: Lit.TERMINATED,
    AgentState.RINGING: Lit.EARLY,
    AgentState.ON_CALL: Lit.CONFIRMED,
    AgentState.WRAP_UP: Lit.CONFIRMED,
    AgentState.PAUSED: Lit.CONFIRMED,
    AgentState.OFFLINE: Lit.CONFIRMED,
    AgentState.UNREACHABLE: Lit.CONFIRMED,
}
"""An agent's lamp is off while he can take a call, blinks while one is offered, and is on else."""
_HERE: Final = frozenset(AgentState) - {AgentState.OFFLINE, AgentState.UNREACHABLE}
_NOTHING: Final = Shown(there=False)
_QUIET: Final = ShownDialog(id="do-not-disturb", lit=Lit.CONFIRMED)


class SwitchFacts:
    """Asked each time; nothing is kept. `legs` are those of a phone, `ledger` the books of a leg's call."""

    def __init__(
        self,
        config: Callable[[], Config],
        router: Router,
        endpoint: Endpoint,
        legs: Callable[[str], Iterable[Leg]],
        ledger: Callable[[Leg], Ledger | None],
        is_registered: Callable[[str], bool],
        keys: FeatureKeys,
        parked: Callable[[str], Parked | None],
    ) -> None:
        self._config = config
        self._router = router
        self._endpoint = endpoint
        self._legs = legs
        self._ledger = ledger
        self._is_registered = is_registered
        self._keys = keys
        self._parked = parked

    def subject(self, user: str, package: str) -> Subject | None:
        """A phone before an agent, an agent before a queue, a queue before a slot, a slot before a list of
        that name.
        """
        config = self._config()
        if package in KEY_PACKAGES:
            return Subject(Kind.KEYS, user) if user in config.phones else None
        for kind, names in (
            (Kind.PHONE, config.phones),
            (Kind.AGENT, config.agents),
            (Kind.QUEUE, config.queues),
            (Kind.SLOT, config.parking.slots),
            (Kind.LIST, config.lamp_lists),
        ):
            if user in names:
                return Subject(kind, user)
        return None

    def members(self, subject: Subject) -> tuple[Subject, ...]:
        """Those of a list; of anything else it alone."""
        if subject.kind is not Kind.LIST:
            return (subject,)
        found = [self.subject(name, "dialog") for name in self._config().lamp_lists.get(subject.name, ())]
        return tuple(member for member in found if member is not None and member.kind is not Kind.LIST)

    def pressed(self, phone: str, body: bytes) -> str:
        """A phone says by a soft key what it wants."""
        return self._keys.pressed(phone, body)

    def shown(self, subject: Subject) -> Shown:
        """What is to be seen now."""
        match subject.kind:
            case Kind.PHONE:
                return self._of_phone(subject.name)
            case Kind.AGENT:
                agent = self._router.agent(subject.name)
                return _NOTHING if agent is None else _of_agent(agent)
            case Kind.QUEUE:
                queue = self._router.queue(subject.name)
                return _NOTHING if queue is None else _of_queue(queue)
            case Kind.SLOT:
                parked = self._parked(subject.name)
                return Shown() if parked is None else _of_slot(parked)
            case Kind.LIST:
                members = self.members(subject)
                return Shown(members=tuple((member.name, self.shown(member)) for member in members))
            case Kind.KEYS:
                return Shown(keys=self._keys.shown(subject.name))

    def _of_phone(self, name: str) -> Shown:
        """Its dialogs; who does not want to be disturbed looks as if he were in one more."""
        dialogs = tuple(self._dialog(leg) for leg in self._legs(name))
        there = self._is_registered(name)
        if self._keys.is_quiet(name):
            return Shown((*dialogs, _QUIET), there, "do not disturb")
        return Shown(dialogs, there)

    def _dialog(self, leg: Leg) -> ShownDialog:
        calls = isinstance(leg, IncomingLeg)
        ledger = self._ledger(leg)
        name = self._endpoint.name_of(leg.session) if leg.session is not None else None
        rings = leg.ringing_at is not None and not calls
        remote = "" if ledger is None else (ledger.to if calls else ledger.from_) or ""
        return ShownDialog(
            id=leg.id,
            lit=Lit.CONFIRMED if leg.answered else (Lit.EARLY if rings else Lit.TRYING),
            initiator=calls,
            call_id=leg.sip_call_id,
            local_tag=name.remote_tag if name is not None else "",
            remote_tag=name.local_tag if name is not None else "",
            remote=remote,
            held=leg.held,
        )


def _of_slot(parked: Parked) -> Shown:
    """Its lamp is on while somebody is parked there, and blinks while the phone rings that parked him."""
    caller = parked.call.identity.shown
    lit = Lit.EARLY if parked.returns else Lit.CONFIRMED
    return Shown(dialogs=(ShownDialog(id=parked.call.id, lit=lit, remote=caller),), note=caller)


def _of_agent(agent: AgentView) -> Shown:
    state = AgentState(agent.state.value)
    words = state.value.replace("_", " ")
    return Shown(
        dialogs=(ShownDialog(id="state", lit=_AGENT[state]),),
        there=state in _HERE,
        note=f"{words}: {agent.reason}" if agent.reason else words,
    )


def _of_queue(queue: QueueView) -> Shown:
    """Its lamp blinks while somebody waits, and is on where nobody would answer, or it is closed."""
    staffed = any(queue.agents[state] for state in queue.agents if AgentState(state.value) in _HERE)
    note = f"{queue.waiting} waiting"
    if queue.closed is not None:
        staffed, note = False, f"closed: {queue.closed.value}, {note}"
    quiet = Lit.TERMINATED if staffed else Lit.CONFIRMED
    return Shown(
        dialogs=(ShownDialog(id="waiting", lit=Lit.EARLY if queue.waiting else quiet),),
        there=staffed,
        note=note,
    )
