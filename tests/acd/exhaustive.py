"""Every state that a few callers and agents can reach, by breadth-first search over the hashes of states.

From each state everything that may happen is tried: calls come and go, phones ring, answer, refuse and fall
silent, agents log out and in, pick up what rings elsewhere, move, wrap up, the configuration is loaded anew
without one of them, the switch dies and finds callers again, time passes to the next deadline.
Two states are one that differ in names, in when things began (not in which order), or in who of several like
agents is who.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, TypeAlias

import msgspec

from acd import events as e
from acd.agent import Agent
from acd.commands import CancelOffer, Command, Connect, HangUpOffer
from acd.offer import RINGS, TIMED
from acd.queue import ClosedReason
from acd.queued_call import CallState, QueuedCall
from acd.router import Router
from acd.settings import AgentSettings, AtClosing, QueueSettings
from acd.state import State
from acd.strategies import SEVERAL, Strategy
from tests.acd.history import SECOND, START_US

SHORT = QueueSettings(
    "support",
    ring_timeout_us=15 * SECOND,
    retry_busy_us=5 * SECOND,
    retry_reject_us=5 * SECOND,
    wrap_up_us=5 * SECOND,
    max_wait_us=0,
)
"""Every timer runs."""


@dataclass(frozen=True, slots=True)
class World:
    """So many callers, who want into one queue, and so many like agents."""

    calls: int
    agents: int
    queue: QueueSettings
    odd: bool = False
    """Whether phones do odd things besides: fall silent, vanish, cannot be reached."""

    restless: int = 1
    """How many of the agents log out and in, and are dropped from the configuration and named again."""

    closes: bool = False
    """Whether the queue closes and opens."""

    picks_up: bool = False
    """Whether agents pick up what rings at a colleague's phone, or at their own."""

    wishes: bool = False
    """Whether agents move to other phones, dial codes, end and extend wrap-ups."""

    dies: bool = False
    """Whether the switch dies, and some of its callers, or all, or none are there afterwards."""

    def is_restless(self, agent: str) -> bool:
        return int(agent[1:]) < self.restless

    @property
    def callers(self) -> list[str]:
        return [f"c{number}" for number in range(self.calls)]

    @property
    def staff(self) -> list[str]:
        return [f"a{number}" for number in range(self.agents)]

    def configured(self, without: str | None = None) -> e.Configured:
        """The configuration, or one that does not name an agent."""
        names = [name for name in self.staff if name != without]
        return e.Configured(queues=[self.queue], agents=[AgentSettings(name) for name in names])

    def opening(self) -> Router:
        """All agents are ready, nobody has called."""
        router = Router()
        router.step(self.configured(), START_US)
        for name in self.staff:
            router.step(e.PhoneRegistered(agent=name, fresh=True), START_US)
        return router

    def happenings(self, router: Router) -> Iterator[e.Event]:
        """What may happen next."""
        facts = router.facts
        for call in self.callers:
            if call in facts.calls:
                yield e.CallGone(call=call, reason=e.GoneReason.CALLER_HUNG_UP)
            elif not facts.is_gone(call):
                yield e.CallQueued(call=call, queue=self.queue.name, queued_at_us=router.now_us)
        if router.deadline() is not None:
            yield e.DeadlinePassed()
        for offer in facts.offers:
            yield e.OfferRinging(offer=offer)
            yield e.OfferAnswered(offer=offer)
            yield e.OfferRefused(offer=offer, status=486)
            if self.odd:
                yield e.OfferTrying(offer=offer)
                yield e.OfferNoResponse(offer=offer)
                yield e.OfferNotSent(offer=offer)
            for agent in facts.agents.values() if self.picks_up else ():
                if agent.conversation != (pickup := f"{offer} by {agent.name}"):
                    yield e.OfferPickedUp(offer=offer, agent=agent.name, pickup=pickup)
        if self.wishes:
            yield from self._wishes(facts)
        if self.dies:
            yield from _deaths(facts)
        if self.closes:
            turned = e.QueueClosed if facts.queues[self.queue.name].closed is None else e.QueueOpened
            yield turned(queue=self.queue.name, reason=ClosedReason.HOURS)
        for known in facts.calls.values():
            if known.state is CallState.ASKING:
                yield e.DecisionLate(visit=known.visit, call=known.id)
                yield e.DecisionAnswered(visit=known.visit, call=known.id, agent=self.staff[-1])
            if known.state is CallState.TALKING and known.agent is not None:
                how = e.ConversationEnd.AGENT_HUNG_UP
                yield e.ConversationEnded(call=known.id, agent=known.agent, how=how)
                if self.odd:
                    how = e.ConversationEnd.AGENT_LOST
                    yield e.ConversationEnded(call=known.id, agent=known.agent, how=how)
        for agent in facts.agents.values():
            if not agent.reachable:
                yield e.PhoneReachable(agent=agent.name)
            if not self.is_restless(agent.name):
                continue
            wanted = e.WantedState.OFFLINE if agent.logged_in and not agent.paused else e.WantedState.READY
            yield e.AgentStateSet(agent=agent.name, state=wanted)
            if not agent.leaving:
                yield self.configured(without=agent.name)
        if any(agent.leaving for agent in facts.agents.values()):
            yield self.configured()

    def _wishes(self, facts: State) -> Iterator[e.Event]:
        for agent in facts.agents.values():
            yield e.AgentMoved(agent=agent.name)
            yield e.WrapUpDone(agent=agent.name)
            yield e.PhoneAtCode(agent=agent.name, at_code=not agent.at_code)
            if agent.wrap_up_extra_us == 0 and _wrap_up_us(agent) <= self.queue.wrap_up_us:
                yield e.WrapUpExtended(agent=agent.name, by_us=SECOND)


def _deaths(facts: State) -> Iterator[e.Event]:
    """All calls may return, or the first, or none; who does has to be told."""
    calls = tuple(facts.calls)
    for some in dict.fromkeys(((), calls[:1], calls)):
        yield e.SwitchRestarted(may_return=some)
    for call in facts.calls.values():
        if call.state is CallState.DOUBTED:
            yield e.CallsRecovered(calls=(call.id,))


def _wrap_up_us(agent: Agent) -> int:
    """How long it is in all."""
    return (agent.wrap_up_until_us or 0) - (agent.wrap_up_since_us or 0)


@dataclass(slots=True)
class Explored:
    """How much there was."""

    states: int = 0
    transitions: int = 0
    deepest: int = 0
    """Events from the beginning to the state that is farthest away."""
    of_offers: set[str] = field(default_factory=set)
    """States that an offer was in."""
    of_calls: set[str] = field(default_factory=set)
    """States that a call was in."""


class Broken(AssertionError):
    """A law does not hold: after which events."""


Path: TypeAlias = tuple["Path", e.Event] | None
"""The events that led to a state, the last one first."""


def explore(world: World) -> Explored:
    """Every state that can be reached, until no new one appears; raises `Broken` at the first broken law."""
    start = world.opening()
    seen = {digest(start, world)}
    ahead: deque[tuple[bytes, Path, int]] = deque([(start.snapshot(), None, 0)])
    found = Explored(states=1)
    while ahead:
        snapshot, path, depth = ahead.popleft()
        before = Router.restore(snapshot)
        unchanged = before.state_hash()
        for event in world.happenings(before):
            found.transitions += 1
            try:
                router = taken(snapshot, event)
                if router.state_hash() == unchanged:
                    continue
                if (reached := digest(router, world)) not in seen:
                    seen.add(reached)
                    comes_to_rest(router.snapshot())
                    ahead.append((router.snapshot(), (path, event), depth + 1))
                    found.deepest = depth + 1
            except (AssertionError, KeyError, RuntimeError) as fault:
                raise Broken(f"{fault!r} after {told((path, event))}") from fault
            found.of_offers |= {offer.state for offer in router.facts.offers.values()}
            found.of_calls |= {call.state for call in router.facts.calls.values()}
    found.states = len(seen)
    return found


def taken(snapshot: bytes, event: e.Event) -> Router:
    """Where the event leads; the laws hold."""
    router = Router.restore(snapshot)
    rings = {offer.id for offer in router.facts.offers.values() if offer.state in RINGS}
    passed = isinstance(event, e.DeadlinePassed)
    commands = router.step(event, (router.deadline() or 0) if passed else router.now_us)
    laws(router, event, commands, rings)
    return router


def told(path: Path) -> str:
    """Events, for who looks for the fault."""
    events = []
    while path is not None:
        path, event = path
        events.append(str(event))
    return "; ".join(reversed(events))


# Which states are one

_FORGOTTEN = frozenset(
    {"visit", "announced", "announced_reason", "announced_call", "since_us", "settings", "trying_at_us"}
    | {"place", "last_offer_us", "calls", "talk_us", "talking_since_us", "at_work"}
    | {"made_at_us", "entered_at_us", "wrap_up_since_us"}
)
"""What nothing depends on: names of visits, what was told to the world, what other strategies go by, and what
other queues count from, with steps or a longest wait."""
_RANKED = ("idle_since_us", "queued_at_us", "arrival")
"""Of which only the order matters."""


_DUE = ("due_us", "ring_next_us", "ask_until_us", "wrap_up_until_us", "retry_at_us")
"""Whose order matters among all of them."""


def digest(router: Router, world: World) -> bytes:
    """Equal for states that are one."""
    facts = router.facts
    ranks = {name: _ranks(facts, (name,)) for name in _RANKED} | {"due": _ranks(facts, _DUE)}
    offers = {name: _row(offer, ranks) for name, offer in facts.offers.items()}
    agents = {name: _row(agent, ranks) for name, agent in facts.agents.items()}
    for name, row in agents.items():
        row["restless"] = world.is_restless(name)
        row["wrap_up_us"] = _wrap_up_us(facts.agents[name])
    calls = {name: _row(call, ranks) for name, call in facts.calls.items()}
    order = sorted(agents, key=lambda name: repr(_nameless(agents[name])))
    names = {name: f"agent {number}" for number, name in enumerate(order)}
    order = sorted(calls, key=lambda name: repr(calls[name]["arrival"]))
    names |= {name: f"call {number}" for number, name in enumerate(order)}
    order = sorted(offers, key=lambda name: names[offers[name]["agent"]])
    names |= {name: f"offer {number}" for number, name in enumerate(order)}
    talks = [call for call in facts.calls.values() if call.state is CallState.TALKING]
    names |= {call.offer or "": f"talk of {names[call.id]}" for call in talks}
    ever = facts.gone | facts.gone_before
    everything = (
        sorted(((names[name], _renamed(row, names)) for name, row in agents.items()), key=repr),
        sorted(((names[name], _renamed(row, names)) for name, row in calls.items()), key=repr),
        sorted(((names[name], _renamed(row, names)) for name, row in offers.items()), key=repr),
        len(ever),
        [queue.closed for queue in facts.queues.values()],
    )
    return blake2b(repr(everything).encode(), digest_size=16).digest()


def _ranks(facts: State, names: tuple[str, ...]) -> dict[int, int]:
    times = {
        value
        for group in (facts.agents, facts.calls, facts.offers)
        for one in group.values()
        for name in names
        if (value := getattr(one, name, None)) is not None
    }
    return {value: rank for rank, value in enumerate(sorted(times))}


def _row(one: msgspec.Struct, ranks: dict[str, dict[int, int]]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in one.__struct_fields__:
        value = getattr(one, name)
        if name in _FORGOTTEN or (name in ("id", "name")):
            continue
        if name in ranks and value is not None:
            value = ranks[name][value]
        elif name in _DUE and value is not None:
            value = ranks["due"][value]
        row[name] = value
    return row


def _nameless(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value is not None if isinstance(value, str) else value for key, value in row.items()}


def _name(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_name(one, names) for one in value]
    return names.get(value, value) if isinstance(value, str) else value


def _renamed(row: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {key: _name(value, names) for key, value in row.items()}


# The laws


def laws(router: Router, event: e.Event, commands: list[Command], rang: set[str]) -> None:
    """What holds after every event; `rang` were the open offers before it."""
    facts = router.facts
    bound = [offer.call for offer in facts.offers.values() if offer.state in RINGS]
    for name in set(bound):
        several = facts.queues[facts.calls[name].queue].settings.strategy in SEVERAL
        assert several or bound.count(name) == 1, "a call is offered to two agents"
    rung = [offer.agent for offer in facts.offers.values()]
    assert len(rung) == len(set(rung)), "an agent is offered two calls"
    for offer in facts.offers.values():
        assert facts.agents[offer.agent].offer == offer.id, "an agent does not know what rings at his phone"
        assert (offer.due_us is not None) == (offer.state in TIMED), "an offer without a timer of its own"
        assert facts.agents[offer.agent].logged_in or offer.state not in RINGS, "it rings where nobody is"
        if offer.id in rang and offer.state not in RINGS:
            cancelled = sum(isinstance(one, CancelOffer) and one.offer == offer.id for one in commands)
            assert cancelled == 1, "a phone rings on"
    for agent in facts.agents.values():
        assert agent.offer is None or agent.offer in facts.offers, "an agent is kept by an offer that is over"
        assert agent.announced is agent.state, "a state was not told"
        assert agent.wrap_up_until_us is None or not agent.free, "a wrap-up is not honoured"
        talks = [call for call in facts.calls.values() if call.state is CallState.TALKING]
        assert agent.conversation is None or agent.conversation in {call.offer for call in talks}
        assert not agent.free or not _waits(router), "somebody waits beside a free agent"
    for call in facts.calls.values():
        if call.state is CallState.OFFERED:
            assert call.offers, "nothing rings for a call"
            for ringing in call.offers:
                assert facts.offers[ringing].call == call.id
                assert facts.offers[ringing].state in TIMED, "a call is bound to what does not ring for it"
            assert not _rings_on(facts, call), "somebody is free who is to ring, too"
        if call.state is CallState.DOUBTED:
            assert (call.offers, call.due_us) == ([], None), "a call in doubt has an offer, or a deadline"
        if call.state is CallState.TALKING:
            assert facts.agents[call.agent or ""].conversation == call.offer
        assert (call.ask_until_us is not None) == (call.state is CallState.ASKING), "asked without an end"
        if call.state is CallState.WAITING and facts.queues[call.queue].closed is not None:
            keeps = facts.queues[call.queue].settings.at_closing is AtClosing.KEEP
            assert keeps, "somebody waits in a closed queue that keeps nobody"
    for name, queue in facts.queues.items():
        inside = {one.id for one in facts.calls.values() if one.state is not CallState.TALKING}
        assert set(queue.visits) == inside, "a visit without its call"
        talking = len(facts.calls) - len(inside)
        assert queue.engaged == talking + len(facts.offers), f"{name} is engaged by nobody"
    if isinstance(event, e.OfferAnswered | e.OfferPickedUp):
        replies = sum(isinstance(command, Connect | HangUpOffer) for command in commands)
        assert replies == 1, "a 200 is not answered once"


def _rings_on(facts: State, call: QueuedCall) -> bool:
    """Whether one more is to ring for the call, who is free."""
    strategy = facts.queues[call.queue].settings.strategy
    ripe = strategy is Strategy.RING_PROGRESSIVELY and call.ring_next_us is None
    wants = (ripe or strategy is Strategy.RING_ALL) and not call.alone
    return wants and any(agent.free for agent in facts.agents.values())


def _waits(router: Router) -> bool:
    return any(call.state is CallState.WAITING for call in router.facts.calls.values())


def comes_to_rest(snapshot: bytes) -> None:
    """Callers hang up, phones refuse, deadlines pass: nothing is left, and every agent can be called."""
    router = Router.restore(snapshot)
    for call in list(router.facts.calls):
        router.step(e.CallGone(call=call, reason=e.GoneReason.CALLER_HUNG_UP), router.now_us)
    for offer in list(router.facts.offers):
        router.step(e.OfferRefused(offer=offer, status=487), router.now_us)
    for _ in range(100):
        if (deadline := router.deadline()) is None:
            break
        router.step(e.DeadlinePassed(), deadline)
    assert router.deadline() is None, "deadlines without end"
    assert not router.facts.offers, "an offer is left"
    assert not router.facts.calls, "a call is left"
    for agent in list(router.facts.agents.values()):
        if agent.leaving:
            continue
        router.step(e.PhoneAtCode(agent=agent.name, at_code=False), router.now_us)
        router.step(e.PhoneRegistered(agent=agent.name, fresh=False), router.now_us)
        router.step(e.AgentStateSet(agent=agent.name, state=e.WantedState.READY), router.now_us)
        assert agent.free, "an agent is stuck"
