"""Why an offer was made, found out again: who else could have been chosen, and why nobody of them was.

The ledger (`acd.why`) keeps the winner and the terms. The rest follows from the facts at that moment, and
these from the journal: a router is brought to the step before, and takes the step again, with a witness.
"""

import enum
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from acd.agent import Agent
from acd.board import Board
from acd.commands import Offer
from acd.events import Event
from acd.offering import Offering
from acd.queued_call import CallState, QueuedCall
from acd.router import Router
from acd.skills import Everyone, Requirement, failing, parse
from acd.visits import Visits
from acd.why import Decision, Rule
from acd.work import CAPACITY, Channel

MOST = 50  # agents and callers that are named one by one; the rest are counted


class Bar(enum.StrEnum):
    """What keeps an agent from a call."""

    LEAVING = "leaving"
    """No longer in the configuration."""
    SKILL = "skill"
    LOGGED_OUT = "logged_out"
    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    ON_CALL = "on_call"
    OWN_CALL = "own_call"
    """In a call that is none of a queue's."""
    RINGING = "ringing"
    WRAP_UP = "wrap_up"
    HELD_OFF = "held_off"
    """Refused an offer a moment ago."""
    AT_CODE = "at_code"
    """Dials a feature code."""
    FULL = "full"
    """Takes as many chats as he may: his capacity is among the `levels`, by its channel."""
    RESERVED = "reserved"
    """The call is kept for somebody else."""
    BEHIND = "behind"
    """Nothing: free, but not the first."""


class Hindrance(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that kept an agent from a call. `requires` is the part of the requirement that is not met,
    `levels` the agent's in the skills of it; `until_us` when it ends, UTC microseconds, where that is known;
    `call` the one that the agent is busy with."""

    bar: Bar
    requires: str = ""
    levels: dict[str, int] = {}
    until_us: int | None = None
    reason: str = ""
    call: str | None = None


class Candidate(msgspec.Struct, frozen=True):
    """An agent for the call. `key` orders those who are free, smaller first, as `Decision.chosen`; `since_us`
    is when he entered his state; `levels` are his in the skills that the requirement names. Nothing hindered
    the chosen one; of several hindrances the first is the one to tell."""

    agent: str
    chosen: bool
    key: tuple[int, ...]
    state: str
    since_us: int
    levels: dict[str, int]
    hindrances: tuple[Hindrance, ...]

    @property
    def free(self) -> bool:
        """Whether the call could have been offered to him."""
        return not self.hindrances or self.hindrances[0].bar is Bar.BEHIND


class Rival(msgspec.Struct, frozen=True):
    """A caller for the agent. `key` as `Decision.caller`, `priority` what it was without aging. `requires` is
    what the agent lacks for him, `reserved` the agent for whom he is kept; both empty if the agent could have
    had him. `knows` is the agent whom he knows, or empty."""

    call: str
    queue: str
    chosen: bool
    key: tuple[int, ...]
    priority: int
    requires: str
    reserved: str = ""
    knows: str = ""

    @property
    def open(self) -> bool:
        """Whether the agent could have had him."""
        return not self.requires and not self.reserved


class Runner(msgspec.Struct, frozen=True):
    """Who would have been next, with his key, and the place in both keys of the term that made the
    difference: with every term equal, the one after the last, which is the name."""

    name: str
    term: int
    key: tuple[int, ...]


class Choice(msgspec.Struct, frozen=True):
    """What the router saw when it made an offer. The agents: the chosen one, the free ones in their order,
    the others, those whom least hindered first. The callers: in the order of all lines. Of either only some
    are named; `agents_left_out` and `callers_left_out` count the rest. `free` agents could have had the call,
    `open` callers the agent, the chosen ones included. `next_agent` is the first of the others who were free
    for the caller, `next_caller` the first of the others whom the agent could have had.
    """

    decision: Decision
    seal: str
    requires: str
    agents: tuple[Candidate, ...]
    callers: tuple[Rival, ...]
    agents_left_out: dict[Bar, int]
    callers_left_out: int
    free: int
    open: int
    next_agent: Runner | None
    next_caller: Runner | None


def choices(
    before: bytes, event: Event, now_us: int, offers: Iterable[str], most: int = MOST
) -> dict[str, Choice]:
    """Take the step again from the snapshot before it; what was seen when these offers were made."""
    router = _Witnessing.restore(before)
    witness = router._offering
    assert isinstance(witness, _Witness)
    witness.wanted = frozenset(offers)
    made = [one for one in router.step(event, now_us) if isinstance(one, Offer)]
    return {
        one.offer: witness.seen[one.offer].choice(one.decision, one.seal, most)
        for one in made
        if one.offer in witness.seen and one.decision is not None
    }


def hindrances(
    board: Board, requirement: Requirement, call: QueuedCall, agent: Agent
) -> tuple[Hindrance, ...]:
    """Everything that keeps an agent from a call that requires this, what lasts longest first."""
    reserved = call.reserved is not None and call.reserved != agent.name
    kept = (Hindrance(Bar.RESERVED, reason=call.reserved or ""),) if reserved else ()
    chats = () if call.channel is Channel.VOICE else _of_chats(agent)
    return (*kept, *_hindrances(board, requirement, agent), *chats)


def requirement_of(board: Board, call: QueuedCall) -> Requirement:
    """What the call asks of an agent."""
    return board.lines_of(call).of_call(call).requirement


def key_of(board: Board, call: QueuedCall, agent: Agent) -> tuple[int, ...]:
    """The agent's place among those who are free for the call, smaller first; equals go by name."""
    return board.lines_of(call).of_call(call).key(agent)


class _Witness(Offering):
    """Makes offers, and looks around before those that are wanted."""

    __slots__ = ("seen", "wanted")

    def __init__(self, board: Board, visits: Visits) -> None:
        super().__init__(board, visits)
        self.wanted: frozenset[str] = frozenset()
        self.seen: dict[str, _Seen] = {}

    def make(
        self, call: QueuedCall, agent: Agent, rule: Rule = Rule.MATCHED, costs: tuple[int, ...] = ()
    ) -> None:
        offer = self._board.next_name()
        if offer in self.wanted:
            self.seen[offer] = _look(self._board, call, agent)
        super().make(call, agent, rule, costs)


class _Witnessing(Router):
    """A router whose offers are witnessed."""

    offering_kind = _Witness


def _look(board: Board, call: QueuedCall, agent: Agent) -> "_Seen":
    requirement = requirement_of(board, call)
    candidates = sorted(
        (_candidate(board, requirement, call, one, one is agent) for one in board.state.agents.values()),
        key=lambda one: (not one.free, len(one.hindrances), one.key, one.agent),
    )
    others = (one for one in board.state.calls.values() if one.channel is call.channel)
    waiting = [one for one in others if one.state is CallState.WAITING or one is call]
    rivals = sorted((_rival(board, one, agent, one is call) for one in waiting), key=lambda one: one.key)
    return _Seen(str(requirement), candidates, rivals)


def _candidate(
    board: Board, requirement: Requirement, call: QueuedCall, agent: Agent, chosen: bool
) -> Candidate:
    levels = _levels(requirement, agent)
    if agent.name in board.lines_of(call).of_call(call).named:
        requirement = Everyone()
    found = () if chosen else hindrances(board, requirement, call, agent) or (Hindrance(Bar.BEHIND),)
    free = chosen or found[0].bar is Bar.BEHIND
    key = key_of(board, call, agent) if free else ()
    since_us = agent.since_us if agent.shown is agent.announced else board.now_us
    return Candidate(agent.name, chosen, key, agent.shown.value, since_us, levels, found)


def _rival(board: Board, call: QueuedCall, agent: Agent, chosen: bool) -> Rival:
    by_name = agent.name in board.lines_of(call).of_call(call).named
    lacks = "" if chosen or by_name else failing(requirement_of(board, call), agent.settings.skills)
    reserved = call.reserved if not chosen and call.reserved != agent.name else None
    key = board.eligibility.place(call, board.now_us)
    return Rival(call.id, call.queue, chosen, key, call.priority, lacks, reserved or "", call.knows)


def _hindrances(board: Board, requirement: Requirement, agent: Agent) -> Iterator[Hindrance]:
    skills = agent.settings.skills
    if agent.leaving:
        yield Hindrance(Bar.LEAVING)
    if lacks := failing(requirement, skills):
        yield Hindrance(Bar.SKILL, lacks, _levels(parse(lacks), agent))
    if not agent.logged_in:
        yield Hindrance(Bar.LOGGED_OUT)
    if not (agent.registered and agent.reachable):
        yield Hindrance(Bar.UNREACHABLE)
    if agent.conversation is not None:
        yield Hindrance(Bar.ON_CALL, call=agent.call)
    if agent.offer is not None:
        yield Hindrance(Bar.RINGING, call=board.state.offers[agent.offer].call)
    if agent.dialogs > 0:
        yield Hindrance(Bar.OWN_CALL)
    if agent.wrap_up_until_us is not None:
        yield Hindrance(Bar.WRAP_UP, until_us=agent.wrap_up_until_us, call=agent.call)
    if agent.paused:
        yield Hindrance(Bar.PAUSED, reason=agent.pause_reason)
    if agent.retry_at_us is not None:
        yield Hindrance(Bar.HELD_OFF, until_us=agent.retry_at_us)
    if agent.at_code:
        yield Hindrance(Bar.AT_CODE)


def _of_chats(agent: Agent) -> Iterator[Hindrance]:
    """What keeps a chat from him, and no call."""
    if not agent.room_beside(0):
        capacity = agent.settings.capacity.get(Channel.CHAT, CAPACITY[Channel.CHAT])
        yield Hindrance(Bar.FULL, levels={Channel.CHAT.value: capacity})
    if agent.chats_retry_at_us is not None:
        yield Hindrance(Bar.HELD_OFF, until_us=agent.chats_retry_at_us)


def _levels(requirement: Requirement, agent: Agent) -> dict[str, int]:
    """The agent's levels in the skills that the requirement names."""
    return {each.skill: agent.settings.skills.get(each.skill, 0) for each in requirement.comparisons()}


class _Seen(msgspec.Struct, frozen=True):
    """All of it, before some is left out."""

    requires: str
    agents: list[Candidate]
    callers: list[Rival]

    def choice(self, decision: Decision, seal: str, most: int) -> Choice:
        """What is told of it: the free ones before the others, the chosen caller in the midst of the line,
        and in any case who would have been next."""
        place = next(number for number, one in enumerate(self.callers) if one.chosen)
        first = max(0, min(place - most // 2, len(self.callers) - most))
        next_caller = self._next_caller()
        callers = [
            one
            for number, one in enumerate(self.callers)
            if first <= number < first + most or (next_caller is not None and one.call == next_caller.name)
        ]
        left_out = Counter(_bar(one) for one in self.agents[most:])
        return Choice(
            decision,
            seal,
            self.requires,
            tuple(self.agents[:most]),
            tuple(callers),
            dict(left_out),
            len(self.callers) - len(callers),
            sum(one.free for one in self.agents),
            sum(one.open for one in self.callers),
            self._next_agent(),
            next_caller,
        )

    def _next_agent(self) -> Runner | None:
        free = [one for one in self.agents if one.free]
        return _runner([(one.chosen, one.key, one.agent) for one in free])

    def _next_caller(self) -> Runner | None:
        able = [one for one in self.callers if one.open]
        runner = _runner([(one.chosen, one.key, one.call) for one in able])
        if runner is None or runner.term > 0:
            return runner
        own = next(one for one in able if one.chosen)
        other = next(one for one in able if one.call == runner.name)
        # Of one priority the longer wait decided, unless it grows faster in one queue than in the other.
        by_wait = own.priority == other.priority and own.key[1] < other.key[1]
        return Runner(runner.name, int(by_wait), runner.key)


def _bar(agent: Candidate) -> Bar:
    return agent.hindrances[0].bar if agent.hindrances else Bar.BEHIND


def _runner(ordered: list[tuple[bool, tuple[int, ...], str]]) -> Runner | None:
    """The first of the others, and by which term the chosen one differs from him."""
    chosen = next(key for is_chosen, key, _ in ordered if is_chosen)
    other = next(((key, name) for is_chosen, key, name in ordered if not is_chosen), None)
    if other is None:
        return None
    key, name = other
    terms = (place for place, (own, others) in enumerate(zip(chosen, key, strict=True)) if own != others)
    return Runner(name, next(terms, len(key)), key)
