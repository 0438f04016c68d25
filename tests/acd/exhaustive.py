"""Every state that a few callers and agents can reach, by breadth-first search over the hashes of states.

From each state everything that may happen is tried: calls come and go, phones ring, answer, refuse and fall
silent, agents log out and in, pick up what rings elsewhere, move, wrap up, the configuration is loaded anew
without one of them, the switch dies and finds callers again, any of the running timers runs out before all
the others, or all of them at once.

Two states are one that differ in names, in who of several like agents is who, and in times: of those only the
order of the idle and the order of the callers is kept, and which timers run, not how long each has to. So
whatever the lengths of timers, every order in which they can run out is tried. Callers come without end, each
another one, never more than so many at a time.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias

import msgspec

from acd import events as e
from acd.agent import Agent
from acd.commands import Command
from acd.offer import OpenOffer
from acd.queue import ClosedReason
from acd.queued_call import CallState, QueuedCall
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from acd.state import State, decode
from acd.work import Channel, Work
from tests.acd.history import SECOND, START_US
from tests.acd.laws import may_take, obeyed, ringing, seeks

SHORT = QueueSettings(
    "support",
    ring_timeout_us=15 * SECOND,
    retry_busy_us=5 * SECOND,
    retry_reject_us=5 * SECOND,
    wrap_up_us=5 * SECOND,
    max_wait_us=60 * SECOND,
)
"""Every timer runs."""


class Timer(NamedTuple):
    """A field of an offer, a call or an agent, which holds when something is due."""

    owners: str
    name: str
    field: str


class RunOut(NamedTuple):
    """These timers run out now; all others later."""

    timers: tuple[Timer, ...]


Happening: TypeAlias = e.Event | RunOut

_TIMERS = {
    "offers": ("due_us",),
    "calls": ("due_us", "ring_next_us", "ask_until_us"),
    "agents": ("wrap_up_until_us", "retry_at_us", "chats_retry_at_us"),
    "chats": ("wrap_up_until_us",),
}
_LATER_US = 3600 * SECOND


def timers(facts: State) -> list[Timer]:
    """Those that run."""
    return [
        Timer(owners, name, field)
        for owners, fields in _TIMERS.items()
        for name, one in _owners(facts, owners).items()
        for field in fields
        if getattr(one, field) is not None
    ]


def _owners(facts: State, owners: str) -> dict[str, Any]:
    """By name; chats are their agents', and known by what is offered or by whom they are with."""
    if owners != "chats":
        found: dict[str, Any] = getattr(facts, owners)
        return found
    chats = [chat for agent in facts.agents.values() for chat in agent.chats]
    return {chat.call or chat.offer or "": chat for chat in chats}


@dataclass(frozen=True, slots=True)
class World:
    """So many callers at a time, who want into one queue, and so many like agents."""

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

    chats: int = 0
    """How many chats an agent may have, beside a call; callers come on either channel then."""

    def is_restless(self, agent: str) -> bool:
        return int(agent[1:]) < self.restless

    @property
    def staff(self) -> list[str]:
        return [f"a{number}" for number in range(self.agents)]

    def configured(self, without: str | None = None) -> e.Configured:
        """The configuration, or one that does not name an agent."""
        names = [name for name in self.staff if name != without]
        capacity = {Channel.CHAT: self.chats} if self.chats else {}
        agents = [AgentSettings(name, capacity=capacity) for name in names]
        return e.Configured(queues=[self.queue], agents=agents)

    def opening(self) -> Router:
        """All agents are ready, nobody has called."""
        router = Router()
        router.step(self.configured(), START_US)
        for name in self.staff:
            router.step(e.PhoneRegistered(agent=name, fresh=True), START_US)
        return router

    def happenings(self, router: Router) -> Iterator[Happening]:
        """What may happen next."""
        facts = router.facts
        if len(facts.calls) < self.calls:
            call = f"c{facts.arrivals}"
            queued = e.CallQueued(call=call, queue=self.queue.name, queued_at_us=router.now_us)
            yield queued
            if self.chats:
                yield msgspec.structs.replace(queued, channel=Channel.CHAT)
        for call in facts.calls:
            yield e.CallGone(call=call, reason=e.GoneReason.CALLER_HUNG_UP)
        running = timers(facts)
        yield from (RunOut((timer,)) for timer in running)
        if len(running) > 1:
            yield RunOut(tuple(running))
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
            yield from _wishes(facts)
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
            if not agent.registered:
                yield e.PhoneRegistered(agent=agent.name, fresh=True)
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


def _wishes(facts: State) -> Iterator[e.Event]:
    for agent in facts.agents.values():
        yield e.AgentMoved(agent=agent.name)
        yield e.WrapUpDone(agent=agent.name)
        yield e.PhoneAtCode(agent=agent.name, at_code=not agent.at_code)
        for chat in agent.chats:
            if chat.call is not None:
                yield e.WrapUpDone(agent=agent.name, call=chat.call)
        if agent.wrap_up_extra_us == 0:
            yield e.WrapUpExtended(agent=agent.name, by_us=SECOND)


def _deaths(facts: State) -> Iterator[e.Event]:
    """All calls may return, or the first, or none; who does has to be told."""
    calls = tuple(facts.calls)
    for some in dict.fromkeys(((), calls[:1], calls)):
        yield e.SwitchRestarted(may_return=some)
    for call in facts.calls.values():
        if call.state is CallState.DOUBTED:
            yield e.CallsRecovered(calls=(call.id,))


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


Path: TypeAlias = tuple["Path", Happening] | None
"""What led to a state, the last one first."""


def explore(world: World) -> Explored:
    """Every state that can be reached, until no new one appears; raises `Broken` at the first broken law."""
    start = world.opening()
    seen = {digest(start, world)}
    ahead: deque[tuple[bytes, Path, int]] = deque([(start.snapshot(), None, 0)])
    found = Explored(states=1)
    while ahead:
        snapshot, path, depth = ahead.popleft()
        for happening in world.happenings(Router.restore(snapshot)):
            found.transitions += 1
            try:
                router = taken(snapshot, happening)
                if (reached := digest(router, world)) in seen:
                    continue
                seen.add(reached)
                after = router.snapshot()
                comes_to_rest(after)
            except (AssertionError, KeyError, RuntimeError) as fault:
                raise Broken(f"{fault!r} after {told((path, happening))}") from fault
            ahead.append((after, (path, happening), depth + 1))
            found.deepest = depth + 1
            found.of_offers |= {offer.state for offer in router.facts.offers.values()}
            found.of_calls |= {call.state for call in router.facts.calls.values()}
    found.states = len(seen)
    return found


def taken(snapshot: bytes, happening: Happening) -> Router:
    """Where it leads, a microsecond later; the laws hold."""
    saved = decode(snapshot)
    facts, now_us = saved.state, saved.now_us + 1
    facts.gone.clear()  # who comes is another one, always
    rang = ringing(facts)
    event = e.DeadlinePassed() if isinstance(happening, RunOut) else happening
    if isinstance(happening, RunOut):
        for timer in timers(facts):
            due_us = now_us if timer in happening.timers else now_us + _LATER_US
            setattr(_owners(facts, timer.owners)[timer.name], timer.field, due_us)
    router = Router.resume(saved)
    laws(router, event, router.step(event, now_us), rang)
    return router


def told(path: Path) -> str:
    """What happened, for who looks for the fault."""
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
_TOLD = frozenset({"id", "name", "agent", "call", "offer", "offers", "conversation", "chats"}) | frozenset(
    {"idle_since_us", "queued_at_us", "arrival"}
)
"""Who belongs to whom, and who comes before whom: what `digest` says without names and times."""


def _facts_of(kind: type[msgspec.Struct], owners: str) -> Callable[[Any], Any]:
    """Reads all other fields: one that is new is not forgotten."""
    timed = _TIMERS[owners]
    return attrgetter(*(name for name in kind.__struct_fields__ if name not in {*_FORGOTTEN, *_TOLD, *timed}))


_OF_AGENT = _facts_of(Agent, "agents")
_OF_CALL = _facts_of(QueuedCall, "calls")
_OF_OFFER = _facts_of(OpenOffer, "offers")
_OF_CHAT = _facts_of(Work, "chats")
_encode = msgspec.msgpack.Encoder().encode


def digest(router: Router, world: World) -> bytes:
    """Equal for states that are one: the agents with what rings or talks at each, in any order, and the calls
    in the order of their line."""
    facts = router.facts
    line = sorted(facts.calls.values(), key=attrgetter("queued_at_us", "arrival"))
    number = {call.id: place for place, call in enumerate(line)}
    idle = sorted(
        (agent.idle_since_us, agent.name)
        for agent in facts.agents.values()
        if agent.idle_since_us is not None
    )
    rank = {name: place for place, (_, name) in enumerate(idle)}
    agents = sorted(
        _encode(
            (
                world.is_restless(agent.name),
                rank.get(agent.name),
                _OF_AGENT(agent),
                _running(agent, "agents"),
                _work(facts, agent, number),
                sorted(
                    _encode((_OF_CHAT(chat), _running(chat, "chats"), _work(facts, chat, number)))
                    for chat in agent.chats
                ),
            )
        )
        for agent in facts.agents.values()
    )
    calls = [(_OF_CALL(call), _running(call, "calls")) for call in line]
    closed = [queue.closed for queue in facts.queues.values()]
    return blake2b(_encode((agents, calls, closed)), digest_size=16).digest()


def _work(facts: State, work: Work, number: dict[str, int]) -> tuple[object, ...]:
    return (
        None if work.call is None else number.get(work.call, -1),
        work.conversation is not None,
        None if work.offer is None else _offer(facts, work.offer, number),
    )


def _running(one: msgspec.Struct, owners: str) -> list[bool]:
    return [getattr(one, field) is not None for field in _TIMERS[owners]]


def _offer(facts: State, name: str, number: dict[str, int]) -> tuple[object, ...]:
    """With its call's place in line, and its own among the offers of that call."""
    offer = facts.offers[name]
    call = facts.calls.get(offer.call)
    place = call.offers.index(name) if call is not None and name in call.offers else -1
    return (_OF_OFFER(offer), _running(offer, "offers"), number.get(offer.call, -1), place)


# The laws


def laws(router: Router, event: e.Event, commands: list[Command], rang: set[str]) -> None:
    """What holds after every event, and what holds where everybody serves every caller; `rang` were the open
    offers before it."""
    obeyed(router, event, commands, rang)
    for channel in Channel:
        if any(may_take(agent, channel) for agent in router.facts.agents.values()):
            assert not _waits(router, channel), "somebody waits beside a free agent"
    if any(agent.free for agent in router.facts.agents.values()):
        rings_on = any(seeks(router.facts, call) for call in router.facts.calls.values())
        assert not rings_on, "somebody is free who is to ring, too"


def _waits(router: Router, channel: Channel) -> bool:
    calls = router.facts.calls.values()
    return any(call.state is CallState.WAITING and call.channel is channel for call in calls)


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
        assert not agent.chats, "a chat is left"
