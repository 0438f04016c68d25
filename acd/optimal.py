"""Who gets whom at least cost (`acd.cost`), among those whom the lines have first.

Several callers and several agents are an assignment (`acd.assignment`) of at most `LARGEST` of each; where
its budget is not enough there is no answer, and the lines decide. A caller alone looks at the first `LOOK`
free agents, an agent alone at the first of each line that he serves: nothing grows with the number of those
who wait or are free.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice

from acd import cost
from acd.agent import Agent
from acd.aging import CallKey
from acd.assignment import FORBIDDEN, assign, spread
from acd.board import Board
from acd.eligibility import Eligibility, Signature, SkillClass
from acd.queued_call import QueuedCall

LARGEST = 48
LOOK = 32
BUDGET = 100_000
"""Costs that an assignment may look at: almost as many as the largest ever needs."""
REMEMBERED = 50_000


class Optimal:
    """Chooses; what is chosen is offered by `acd.matching`."""

    __slots__ = ("_board", "_gaps", "_lines")

    def __init__(self, board: Board, lines: Eligibility) -> None:
        self._board = board
        self._lines = lines
        self._gaps: dict[tuple[SkillClass, Signature], int] = {}  # what only the two together tell

    def agent_for(self, call: QueuedCall) -> Agent:
        """The cheapest of the first free agents and of the one whom the caller knows, for a caller who alone
        has come; there is one."""
        board = self._board
        skill_class = self._lines.of_call(call)
        weights, now_us = board.state.routing.weights, board.now_us
        names = dict.fromkeys(key[-2] for key in skill_class.free.firsts(LOOK))
        if call.knows in self._lines.agents:
            names[call.knows] = None
        found = []
        for name in names:
            agent = board.state.agents[name]
            signature = self._lines.of_agent(agent.settings)
            costs = cost.agent(agent, now_us, weights) + cost.acquaintance(call, agent, weights)
            costs += self._together(skill_class, signature, self._price(signature))
            found.append((costs, agent.idle_since_us or 0, name))
        return board.state.agents[min(found)[-1]]

    def call_for(self, agent: Agent) -> QueuedCall | None:
        """The cheapest of the callers at the heads of the lines and of the first who know him, for an agent
        who alone is free."""
        board = self._board
        weights, now_us = board.state.routing.weights, board.now_us
        signature = self._lines.of_agent(agent.settings)
        price = self._price(signature)
        best: tuple[int, tuple[int, int, int], QueuedCall] | None = None
        for skill_class, first in self._firsts(agent, signature):
            call = board.state.calls[first[-2]]
            costs = cost.caller(call, now_us, weights) + cost.acquaintance(call, agent, weights)
            costs += self._together(skill_class, signature, price)
            if best is None or (costs, first[:3]) < best[:2]:
                best = (costs, first[:3], call)
        return None if best is None else best[2]

    def terms(self, call: QueuedCall, agent: Agent) -> tuple[int, ...]:
        """What the pair costs, term by term, in thousandths of a point: the caller's part, the agent's, the
        levels beyond what is asked, the price of the agent to other callers, and that they know each other.
        """
        board = self._board
        weights, now_us = board.state.routing.weights, board.now_us
        skill_class, signature = self._lines.of_call(call), self._lines.of_agent(agent.settings)
        return (
            cost.caller(call, now_us, weights),
            cost.agent(agent, now_us, weights),
            1000 * weights.gap * self._gap(skill_class, signature),
            self._price(signature) - self._own(skill_class),
            cost.acquaintance(call, agent, weights),
        )

    def _firsts(self, agent: Agent, signature: Signature) -> Iterator[tuple[SkillClass, CallKey]]:
        """Of each line that the agent serves the first, and the first who knows him."""
        now_us = self._board.now_us
        for skill_class in signature.classes:
            first = skill_class.waiting.first(now_us)
            if first is not None:
                yield skill_class, first
        yield from self._lines.acquainted.firsts(agent.settings.name, now_us)

    def pairs(self, classes: Iterable[SkillClass]) -> list[tuple[QueuedCall, Agent]]:
        """The cheapest of the largest sets of pairs, callers in the order of their lines; none if that takes
        more than the budget. Whoever is beyond the largest assignment is left."""
        both = [one for one in classes if one.waiting and one.free.first() is not None]
        calls, agents = self._callers(both), self._agents(both)
        costs = self._costs(calls, agents)
        found = assign(costs, len(calls), len(agents), BUDGET)
        if found is None:
            return []
        return [
            (call, agents[column][0])
            for (call, _), column in zip(calls, found.columns, strict=True)
            if column >= 0
        ]

    def _callers(self, classes: Sequence[SkillClass]) -> list[tuple[QueuedCall, SkillClass]]:
        """The first of all these lines together, each with the class that he waits in."""
        lines = (self._line(one) for one in classes)
        place, now_us = self._lines.place, self._board.now_us
        return list(islice(merge(*lines, key=lambda pair: place(pair[0], now_us)), LARGEST))

    def _line(self, skill_class: SkillClass) -> Iterator[tuple[QueuedCall, SkillClass]]:
        for name in skill_class.waiting.firsts(LARGEST, self._board.now_us):
            yield self._board.state.calls[name], skill_class

    def _agents(self, classes: Sequence[SkillClass]) -> list[tuple[Agent, Signature]]:
        """Some of each of these lines, and of all of them those who are free longest."""
        board = self._board
        each = max(4, 2 * LARGEST // max(1, len(classes)))
        names = dict.fromkeys(key[-2] for one in classes for key in one.free.firsts(each))
        found = [board.state.agents[name] for name in names]
        found.sort(key=lambda agent: (agent.idle_since_us or 0, agent.settings.name))
        return [(agent, self._lines.of_agent(agent.settings)) for agent in found[:LARGEST]]

    def _costs(
        self, calls: list[tuple[QueuedCall, SkillClass]], agents: list[tuple[Agent, Signature]]
    ) -> "array[int]":
        weights, now_us = self._board.state.routing.weights, self._board.now_us
        rows = {one: kind for kind, one in enumerate(dict.fromkeys(one for _, one in calls))}
        columns = {one: kind for kind, one in enumerate(dict.fromkeys(one for _, one in agents))}
        prices = [(signature, self._price(signature)) for signature in columns]
        costs = spread(
            array("q", (cost.caller(call, now_us, weights) for call, _ in calls)),
            array("q", (rows[one] for _, one in calls)),
            array("q", (cost.agent(agent, now_us, weights) for agent, _ in agents)),
            array("q", (columns[one] for _, one in agents)),
            array("q", (self._together(one, *priced) for one in rows for priced in prices)),
        )
        columns_of = {agent.settings.name: column for column, (agent, _) in enumerate(agents)}
        for row, (call, _) in enumerate(calls):
            column = columns_of.get(call.knows)
            if column is not None and costs[place := row * len(agents) + column] < FORBIDDEN:
                costs[place] += cost.acquaintance(call, agents[column][0], weights)
        return costs

    def _price(self, signature: Signature) -> int:
        """Of an agent of these skills, to the callers of all queues that he serves."""
        weights = self._board.state.routing.weights
        return cost.price([one.present for one in signature.classes if one.general], weights)

    def _together(self, skill_class: SkillClass, signature: Signature, price: int) -> int:
        """The cost of what is asked and what the agent can, who is worth that price."""
        if skill_class not in signature.classes:
            return FORBIDDEN
        gap, weights = self._gap(skill_class, signature), self._board.state.routing.weights
        return cost.together(gap, price - self._own(skill_class), weights)

    def _gap(self, skill_class: SkillClass, signature: Signature) -> int:
        """Levels that the agent has beyond what is asked."""
        gap = self._gaps.get((skill_class, signature))
        if gap is None:
            if len(self._gaps) > REMEMBERED:
                self._gaps.clear()
            gap = skill_class.requirement.gap(signature.skills)
            self._gaps[skill_class, signature] = gap
        return gap

    def _own(self, skill_class: SkillClass) -> int:
        """What of an agent's price the callers of this class pay, who get him."""
        return (
            cost.price((skill_class.present,), self._board.state.routing.weights)
            if skill_class.general
            else 0
        )
