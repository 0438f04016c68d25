"""Who should get whom, found by going through everybody: the strategies' definitions, said a second time."""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any, cast

from acd.agent import Agent
from acd.queued_call import CallState, QueuedCall
from acd.router import Router
from acd.settings import QueueSettings
from acd.skills import Requirement, SkillError, parse
from acd.state import State
from acd.strategies import Strategy
from acd.why import Rule
from tests.acd.laws import may_take


@cache
def requirement(text: str) -> Requirement:
    """One that cannot be read counts as none."""
    try:
        return parse(text)
    except SkillError:
        return parse("")


def serves(facts: State, agent: Agent, call: QueuedCall) -> bool:
    """Whether the agent has what the call's queue and the call itself ask for, or is named by a step."""
    asked, names = asked_of(facts, call)
    return agent.name in names or all(requirement(text).accepts(agent.settings.skills) for text in asked)


def asked_of(facts: State, call: QueuedCall) -> tuple[tuple[str, str], list[str]]:
    """What the call's queue asks for after the steps that it has taken, and the call itself; and who else
    may serve."""
    settings = facts.queues[call.queue].settings
    requires, names = settings.requires, list[str]()
    for number, step in enumerate(settings.steps):
        if call.steps & 2**number:
            requires = requires if step.requires is None else step.requires
            names += step.add
    return (requires, call.requires), names


def waits_for(facts: State, agent: Agent, call: QueuedCall) -> bool:
    """Whether the call would take the agent: the one for whom it is kept, or any who serves it."""
    return call.reserved == agent.name if call.reserved else serves(facts, agent, call)


def priority(facts: State, call: QueuedCall, now_us: int) -> Fraction:
    """What the call's priority has grown to, in points."""
    aging = facts.queues[call.queue].settings.aging
    if call.priority >= aging.cap:
        return Fraction(call.priority)
    minutes = Fraction(now_us - call.queued_at_us, 60 * 1_000_000)
    return min(Fraction(aging.cap), call.priority + aging.per_minute * minutes)


def ahead(facts: State, call: QueuedCall, now_us: int) -> tuple[object, ...]:
    """The smallest goes first."""
    return (-priority(facts, call, now_us), call.queued_at_us, call.arrival)


def _best_skill(facts: State, agent: Agent, call: QueuedCall) -> int:
    asked = {skill for text in asked_of(facts, call)[0] for skill in requirement(text).wanted()}
    return -sum(agent.settings.skills.get(skill, 0) for skill in asked)


RANKS: dict[Strategy, Callable[[State, Agent, QueuedCall], int]] = {
    Strategy.LONGEST_IDLE: lambda facts, agent, call: 0,
    Strategy.RING_ALL: lambda facts, agent, call: 0,
    Strategy.RING_PROGRESSIVELY: lambda facts, agent, call: 0,
    Strategy.ROUND_ROBIN: lambda facts, agent, call: agent.last_offer_us,
    Strategy.FEWEST_CALLS: lambda facts, agent, call: agent.calls,
    Strategy.LEAST_TALK_TIME: lambda facts, agent, call: agent.talk_us,
    Strategy.LINEAR: lambda facts, agent, call: list(facts.agents).index(agent.name),
    Strategy.BEST_SKILL: _best_skill,
}


_CHOOSING = (Rule.AGENT_CHOSE, Rule.CALLER_CHOSE, Rule.MATCHED)


class Oracle:
    """Stands between the matching and the offering, and judges each pair before it is offered."""

    def __init__(self, router: Router) -> None:
        self._board = router._board
        self._offering = router._matching._offering
        matching = router._matching
        for holder in (matching, matching._voice, matching._chats):
            holder._offering = cast("Any", self)

    def seeks(self, call: QueuedCall) -> bool:
        return self._offering.seeks(call)

    def make(self, call: QueuedCall, agent: Agent, rule: Rule, costs: tuple[int, ...] = ()) -> None:
        """The pair that the router chose: nobody is ahead of the caller, nobody before the agent."""
        facts = self._board.state
        assert call.id in facts.calls, "nobody is there any more"
        if rule is not Rule.ASSIGNED:
            assert serves(facts, agent, call), f"{rule}: the agent has not the skill"
        if rule not in _CHOOSING:
            self._offering.make(call, agent, rule, costs)
            return
        free = [one for one in facts.agents.values() if may_take(one, call.channel)]
        assert agent in free
        now_us = self._board.now_us
        own = ahead(facts, call, now_us)
        rings = call.state is CallState.OFFERED  # then everybody in line goes first
        for other in facts.calls.values():
            if other.channel is not call.channel:
                continue
            if other.state is CallState.WAITING and (rings or ahead(facts, other, now_us) < own):
                assert not any(waits_for(facts, one, other) for one in free), (
                    f"{other.id} was ahead of {call.id}"
                )
        strategy = facts.queues[call.queue].settings.strategy
        if (rank := RANKS.get(strategy)) is not None:
            able = [one for one in free if serves(facts, one, call)]
            first = min(able, key=lambda one: (rank(facts, one, call), one.idle_since_us, one.name))
            assert agent is first, f"{strategy}: {agent.name} instead of {first.name}"
        self._offering.make(call, agent, rule, costs)


class Loads:
    """Who comes to work has at least as much behind him as the least loaded colleague who was there."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[int, int]] = {}

    def check(self, facts: State) -> None:
        """After each step."""
        before, now = self._before, {one.name: one for one in facts.agents.values() if one.at_work}
        for agent in now.values():
            if agent.name not in before:
                for queue in facts.queues.values():
                    self._check(agent, queue.settings, [one for one in now.values() if one.name in before])
        self._before = {name: (one.calls, one.talk_us) for name, one in now.items()}

    def _check(self, agent: Agent, queue: QueueSettings, there: list[Agent]) -> None:
        able = requirement(queue.requires).accepts
        colleagues = [self._before[one.name] for one in there if able(one.settings.skills)]
        if colleagues and able(agent.settings.skills):
            calls, talk_us = (min(column) for column in zip(*colleagues, strict=True))
            assert queue.strategy is not Strategy.FEWEST_CALLS or agent.calls >= calls
            assert queue.strategy is not Strategy.LEAST_TALK_TIME or agent.talk_us >= talk_us
