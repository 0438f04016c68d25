"""What would have changed a decision: the smallest change of one fact that leads elsewhere.

Nothing is guessed. Changes that may help are listed, the smallest first, and tried: the fact is changed in
the snapshot before the step, the step is taken again, and the first change counts with which the agent does
not get the call. What is smaller is a convention: `COST` counts in seconds of waiting.
"""

import enum
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from acd import state
from acd.agent import Agent, AgentState
from acd.aging import POINT
from acd.events import CallQueued, Event
from acd.explaining import Bar, Candidate, Choice, Hindrance, Rival
from acd.router import Router
from acd.skills import Comparison, parse
from acd.state import State
from acd.strategies import RANKINGS, Ranking, Strategy
from acd.why import Rule
from acd.work import Channel

SECOND_US: Final = 1_000_000
TRIES: Final = 8


class Change(enum.StrEnum):
    """What may have been otherwise."""

    AGENT_LATER = "agent_later"
    """The chosen agent had become free `by_us` later."""
    OFFERED_LATER = "offered_later"
    """The chosen agent had been offered his last call `by_us` later."""
    TALKED_LONGER = "talked_longer"
    """The chosen agent had talked `by_us` more since he logged in."""
    MORE_CALLS = "more_calls"
    """The chosen agent had taken `level` calls since he logged in."""
    LISTED_LATER = "listed_later"
    """The chosen agent stood at place `level` of the configuration."""
    NOT_ASSIGNED = "not_assigned"
    """The call had not been kept for the chosen agent."""
    NOT_KNOWN = "not_known"
    """The caller had not known the chosen agent."""
    WRAP_UP_SHORTER = "wrap_up_shorter"
    """The agent's wrap-up had been over."""
    CALLER_EARLIER = "caller_earlier"
    """The caller had come `by_us` earlier."""
    LEVEL = "level"
    """The agent had had `skill` at `level`."""
    PRIORITY = "priority"
    """The caller had had the priority `level`."""
    MORE_ROOM = "more_room"
    """The agent had had room for `level` chats."""
    NOT_HELD_OFF = "not_held_off"
    NOT_AT_CODE = "not_at_code"
    NOT_PAUSED = "not_paused"
    NOT_IN_OWN_CALL = "not_in_own_call"
    REACHABLE = "reachable"
    LOGGED_IN = "logged_in"
    AWAY = "away"
    """The chosen agent had not been there."""


# How much each is, in seconds of waiting: a change's cost, and what comes for each unit of it.
COST: Final[Mapping[Change, tuple[int, int]]] = {
    Change.AGENT_LATER: (0, 1),
    Change.OFFERED_LATER: (0, 1),
    Change.TALKED_LONGER: (0, 1),
    Change.MORE_CALLS: (0, 60),
    Change.LISTED_LATER: (0, 60),
    Change.NOT_ASSIGNED: (0, 0),
    Change.NOT_KNOWN: (0, 0),
    Change.CALLER_EARLIER: (0, 1),
    Change.WRAP_UP_SHORTER: (0, 1),
    Change.LEVEL: (0, 30),
    Change.PRIORITY: (0, 30),
    Change.MORE_ROOM: (0, 60),
    Change.NOT_HELD_OFF: (60, 0),
    Change.NOT_AT_CODE: (60, 0),
    Change.NOT_PAUSED: (120, 0),
    Change.NOT_IN_OWN_CALL: (180, 0),
    Change.REACHABLE: (300, 0),
    Change.LOGGED_IN: (600, 0),
    Change.AWAY: (3600, 0),
}


class Counterfactual(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fact, changed, and what came of it. `who` is the agent's name or the call's id. `then_agent` got
    the call instead (None: it went on waiting, or `then_left` its queue), `then_call` is what the chosen
    agent got instead."""

    change: Change
    who: str
    by_us: int = 0
    skill: str = ""
    level: int = 0
    was: int = 0
    then_agent: str | None = None
    then_call: str | None = None
    then_left: bool = False

    @property
    def cost(self) -> float:
        """How large the change is."""
        base, each = COST[self.change]
        units = abs(self.level - self.was) if self.change in _LEVELS else self.by_us / SECOND_US
        return base + each * units


_BROUGHT = (Change.NOT_ASSIGNED, Change.NOT_KNOWN)
_LEVELS = (Change.LEVEL, Change.PRIORITY, Change.MORE_CALLS, Change.LISTED_LATER, Change.MORE_ROOM)


def counterfactual(before: bytes, event: Event, now_us: int, choice: Choice) -> Counterfactual | None:
    """The smallest change of one fact, of those tried, with which the agent would not have got the call."""
    for change in sorted(_changes(choice), key=lambda one: one.cost)[:TRIES]:
        tried = decide_again(before, event, now_us, choice, change)
        if tried is not None:
            return tried
    away = Counterfactual(Change.AWAY, choice.decision.agent)
    return decide_again(before, event, now_us, choice, away)


def decide_again(
    before: bytes, event: Event, now_us: int, choice: Choice, change: Counterfactual
) -> Counterfactual | None:
    """The change with what came of it; None if the agent still gets the call."""
    snapshot = state.decode(before)
    rang = [one.agent for one in snapshot.state.offers.values() if one.call == choice.decision.call]
    _MAKE[change.change](snapshot.state, change)
    router = _Otherwise.resume(snapshot)
    router.step(_told_otherwise(event, change), now_us)
    call, agent = router.call(choice.decision.call), router.agent(choice.decision.agent)
    ringing = call.ringing if call is not None else ()
    if choice.decision.agent in ringing:
        return None
    offered = next((one for one in ringing if one not in rang), None)
    instead = agent.call if agent is not None and agent.state is AgentState.RINGING else None
    left = call is None or call.queue != choice.decision.queue
    return msgspec.structs.replace(change, then_agent=offered, then_call=instead, then_left=left)


def _told_otherwise(event: Event, change: Counterfactual) -> Event:
    """Who comes in this very step brings along whom he knows."""
    if change.change in _BROUGHT and isinstance(event, CallQueued) and event.call == change.who:
        return msgspec.structs.replace(event, preferred="")
    return event


class _Otherwise(Router):
    """A router whose facts were changed: what that leads to at once happens before the step."""

    def _rebuild(self) -> None:
        board = self._board
        sequence, board.sequence = board.sequence, -1  # so that no new name is one that there is already
        super()._rebuild()
        board.sequence = sequence


def _changes(choice: Choice) -> Iterator[Counterfactual]:
    """What may change it: of the agents who were free or hindered by one thing alone, and of the callers."""
    chosen = next(one for one in choice.agents if one.chosen)
    if choice.decision.rule in (Rule.ASSIGNED, Rule.PREFERRED):
        yield Counterfactual(Change.NOT_ASSIGNED, choice.decision.call)
    own = next(one for one in choice.callers if one.chosen)
    if choice.decision.rule is Rule.CHEAPEST and own.knows == choice.decision.agent:
        yield Counterfactual(Change.NOT_KNOWN, choice.decision.call)
    for agent in choice.agents:
        if len(agent.hindrances) != 1:
            continue
        if agent.free:
            yield from _of_rank(choice, chosen, agent)
        else:
            yield from _of_agent(agent, agent.hindrances[0], choice.decision.at_us)
    for caller in choice.callers:
        if not caller.chosen and caller.open:
            yield from _of_caller(own, caller)


def _of_rank(choice: Choice, chosen: Candidate, other: Candidate) -> Iterator[Counterfactual]:
    """The chosen one falls behind another who is free, in the first term in which they differ."""
    if not chosen.key:  # drawn by lot
        return
    *rank, idle = chosen.key
    *others, since = other.key
    ranking = RANKINGS[Strategy(choice.decision.strategy)]
    if rank == others:
        yield from _worse(Change.AGENT_LATER, chosen.agent, idle, since + 1)
    elif ranking is Ranking.SKILL:
        for skill in parse(choice.requires).wanted()[:1]:
            was = other.levels[skill]
            level = was + others[0] - rank[0] + 1
            yield Counterfactual(Change.LEVEL, other.agent, skill=skill, level=level, was=was)
    elif ranking in _RANKED:
        yield from _worse(_RANKED[ranking], chosen.agent, rank[0], others[0] + 1)


def _worse(change: Change, agent: str, was: int, level: int) -> Iterator[Counterfactual]:
    """The agent's term is larger than it was; not where he went first in spite of it."""
    if level > was and change in _LEVELS:
        yield Counterfactual(change, agent, level=level, was=was)
    elif level > was:
        yield Counterfactual(change, agent, by_us=level - was)


def _of_agent(agent: Candidate, hindrance: Hindrance, now_us: int) -> Iterator[Counterfactual]:
    """The one thing that keeps the agent from the call is lifted."""
    if hindrance.bar is Bar.SKILL:
        yield from _levels(agent.agent, hindrance)
    elif hindrance.bar is Bar.WRAP_UP and hindrance.until_us is not None:
        yield Counterfactual(Change.WRAP_UP_SHORTER, agent.agent, by_us=hindrance.until_us - now_us + 1)
    elif hindrance.bar is Bar.FULL:
        was = hindrance.levels[Channel.CHAT]
        yield Counterfactual(Change.MORE_ROOM, agent.agent, level=was + 1, was=was)
    elif hindrance.bar in _LIFTED:
        yield Counterfactual(_LIFTED[hindrance.bar], agent.agent)


def _levels(agent: str, hindrance: Hindrance) -> Iterator[Counterfactual]:
    """One skill changed so far that the part is met, as little as possible."""
    part = parse(hindrance.requires)
    for skill, was in hindrance.levels.items():
        edges = [edge for one in part.comparisons() if one.skill == skill for edge in _edges(one)]
        met = [level for level in edges if part.accepts({**hindrance.levels, skill: level})]
        if met:
            level = min(met, key=lambda edge: (abs(edge - was), edge))
            yield Counterfactual(Change.LEVEL, agent, skill=skill, level=level, was=was)


def _edges(comparison: Comparison) -> Iterator[int]:
    """The levels at which a comparison may begin or cease to hold."""
    yield from (level for level in range(comparison.level - 1, comparison.level + 2) if level >= 0)


def _of_caller(chosen: Rival, other: Rival) -> Iterator[Counterfactual]:
    """The other caller goes before the chosen one: by priority, or because he came earlier."""
    own, its = chosen.key, other.key
    if chosen.priority == other.priority and its[1] >= own[1]:
        yield Counterfactual(Change.CALLER_EARLIER, other.call, by_us=its[1] - own[1] + 1)
    points, rest = divmod(its[0] - own[0], POINT)
    points += rest > 0 or its[1:] > own[1:]
    if points > 0:
        was = other.priority
        yield Counterfactual(Change.PRIORITY, other.call, level=was + points, was=was)


def _ready_instead(agent: Agent) -> None:
    """He has been ready for as long as he has been what he was."""
    if agent.idle_since_us is None:
        agent.idle_since_us = agent.since_us


def _agent_later(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    agent.idle_since_us = (agent.idle_since_us or 0) + change.by_us


def _offered_later(facts: State, change: Counterfactual) -> None:
    facts.agents[change.who].last_offer_us += change.by_us


def _talked_longer(facts: State, change: Counterfactual) -> None:
    facts.agents[change.who].talk_us += change.by_us


def _more_calls(facts: State, change: Counterfactual) -> None:
    facts.agents[change.who].calls = change.level


def _listed_later(facts: State, change: Counterfactual) -> None:
    facts.agents[change.who].place = change.level


def _not_assigned(facts: State, change: Counterfactual) -> None:
    call = facts.calls.get(change.who)
    if call is not None:  # else he comes in this very step
        call.assigned = call.preferred = call.preferred_until_us = None


def _not_known(facts: State, change: Counterfactual) -> None:
    call = facts.calls.get(change.who)
    if call is not None:
        call.knows = ""


def _wrap_up_shorter(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    if agent.wrap_up_until_us is not None:
        agent.wrap_up_until_us = agent.wrap_up_since_us = agent.call = agent.queue = None


def _caller_earlier(facts: State, change: Counterfactual) -> None:
    facts.calls[change.who].queued_at_us -= change.by_us


def _priority(facts: State, change: Counterfactual) -> None:
    facts.calls[change.who].priority = change.level


def _level(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    skills = {**agent.settings.skills, change.skill: change.level}
    agent.settings = msgspec.structs.replace(agent.settings, skills=skills)


def _more_room(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    capacity = {**agent.settings.capacity, Channel.CHAT: change.level}
    agent.settings = msgspec.structs.replace(agent.settings, capacity=capacity)


def _not_held_off(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    agent.retry_at_us = agent.chats_retry_at_us = None


def _not_at_code(facts: State, change: Counterfactual) -> None:
    facts.agents[change.who].at_code = False


def _not_paused(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    agent.paused = False
    _ready_instead(agent)


def _not_in_own_call(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    agent.dialogs = 0
    _ready_instead(agent)


def _reachable(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    agent.registered = agent.reachable = True
    _ready_instead(agent)


def _logged_in(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    agent.logged_in = True
    _ready_instead(agent)


def _away(facts: State, change: Counterfactual) -> None:
    agent = facts.agents[change.who]
    agent.leaving = agent.at_code = True
    agent.registered = False


_MAKE: Final[Mapping[Change, Callable[[State, Counterfactual], None]]] = {
    Change.AGENT_LATER: _agent_later,
    Change.OFFERED_LATER: _offered_later,
    Change.TALKED_LONGER: _talked_longer,
    Change.MORE_CALLS: _more_calls,
    Change.LISTED_LATER: _listed_later,
    Change.NOT_ASSIGNED: _not_assigned,
    Change.NOT_KNOWN: _not_known,
    Change.WRAP_UP_SHORTER: _wrap_up_shorter,
    Change.CALLER_EARLIER: _caller_earlier,
    Change.PRIORITY: _priority,
    Change.LEVEL: _level,
    Change.MORE_ROOM: _more_room,
    Change.NOT_HELD_OFF: _not_held_off,
    Change.NOT_AT_CODE: _not_at_code,
    Change.NOT_PAUSED: _not_paused,
    Change.NOT_IN_OWN_CALL: _not_in_own_call,
    Change.REACHABLE: _reachable,
    Change.LOGGED_IN: _logged_in,
    Change.AWAY: _away,
}

# What a strategy ranks by, and the change that moves the chosen agent back in it.
_RANKED: Final[Mapping[Ranking, Change]] = {
    Ranking.LAST_OFFER: Change.OFFERED_LATER,
    Ranking.CALLS: Change.MORE_CALLS,
    Ranking.TALK: Change.TALKED_LONGER,
    Ranking.PLACE: Change.LISTED_LATER,
}

# The hindrances that are facts by themselves, and the change that takes each away.
_LIFTED: Final[Mapping[Bar, Change]] = {
    Bar.HELD_OFF: Change.NOT_HELD_OFF,
    Bar.AT_CODE: Change.NOT_AT_CODE,
    Bar.PAUSED: Change.NOT_PAUSED,
    Bar.OWN_CALL: Change.NOT_IN_OWN_CALL,
    Bar.UNREACHABLE: Change.REACHABLE,
    Bar.LOGGED_OUT: Change.LOGGED_IN,
}
