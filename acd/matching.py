"""Who gets whom: every free agent and every caller in line are brought together before a step ends.

Invariant between steps: no caller in line has a free agent with the skills. So whoever becomes free, or
comes to wait, alone in a step finds the partner at the head of one line; nothing is searched.
"""

from collections.abc import Iterable

from acd.agent import Agent
from acd.board import Board
from acd.commands import VisitReason
from acd.eligibility import SkillClass
from acd.offering import Offering
from acd.queued_call import CallKey, CallState, QueuedCall
from acd.ranking import AgentKey
from acd.settings import NoAgents
from acd.staff import Staff
from acd.visits import Visits
from acd.why import Rule


class Matching:
    """The end of each step: agents settled, callers without agents sent on, pairs offered."""

    __slots__ = ("_board", "_offering", "_staff", "_visits")

    def __init__(self, board: Board, visits: Visits, offering: Offering, staff: Staff) -> None:
        self._board = board
        self._visits = visits
        self._offering = offering
        self._staff = staff

    def finish(self) -> None:
        """Bring the step to its end: afterwards nobody waits who could talk, and all states are told."""
        board = self._board
        while board.unsettled or board.freed_agents or board.freed_calls:
            unsettled, board.unsettled = board.unsettled, []
            emptied = False
            for agent in unsettled:
                emptied = self._staff.settle(agent) or emptied
            if emptied:
                self._send_on()
            self._match()
        for agent in board.touched.values():
            self._staff.announce(agent)
        board.touched.clear()

    def _send_on(self) -> None:
        """Somebody's last agent went: callers leave the queues that do not wait for nobody."""
        for queue in list(self._board.state.queues.values()):
            if queue.settings.no_agents is NoAgents.WAIT:
                continue
            for name in list(queue.visits):
                call = self._board.state.calls[name]
                if call.state is CallState.WAITING and self._visits.finds_nobody(call, queue):
                    self._visits.overflow(call, VisitReason.NO_AGENTS)

    def _match(self) -> None:
        board = self._board
        agents, board.freed_agents = board.freed_agents, []
        if board.assigned:
            agents = [agent for agent in agents if not self._place_assigned(agent)]
        calls: list[QueuedCall] = []
        while board.freed_calls:  # who is sent on may come to wait elsewhere, at his place among these
            freed, board.freed_calls = board.freed_calls, []
            calls += [call for call in freed if self._stays(call)]
        if len(agents) == 1 and not calls:
            self._place_agent(agents[0])
        elif len(calls) == 1 and not agents:
            self._place_call(calls[0])
        elif agents or calls:
            self._place_all(agents, calls)

    def _stays(self, call: QueuedCall) -> bool:
        """Whether a caller who came (back) to wait is still there, and has somebody to wait for."""
        if call.state is not CallState.WAITING:
            return False
        if self._visits.shows_out(call):
            return False
        if self._visits.finds_nobody(call, self._board.state.queues[call.queue]):
            self._visits.overflow(call, VisitReason.NO_AGENTS)
            return False
        return True

    def _place_assigned(self, agent: Agent) -> bool:
        """Whether somebody waits for this agent alone, who is offered him then."""
        board = self._board
        first = next(iter(board.assigned.get(agent.settings.name, ())), None)
        if first is not None and agent.free:  # an agent whom this step touched twice is here twice
            self._offering.make(board.state.calls[first], agent, Rule.ASSIGNED)
        return not agent.free

    def _place_agent(self, agent: Agent) -> None:
        """The only one who became free takes the first caller of all lines that his skills open."""
        board = self._board
        best: CallKey | None = None
        for skill_class in board.eligibility.of_agent(agent.settings).classes:
            first = skill_class.waiting.first()
            if first is not None and (best is None or first < best):
                best = first
        if best is None:
            board.eligibility.free(agent)
        else:
            self._offering.make(board.state.calls[best[-2]], agent, Rule.AGENT_CHOSE)

    def _place_call(self, call: QueuedCall) -> None:
        """The only one who came to wait gets the first of the agents who are free for it."""
        board = self._board
        free = board.eligibility.of_call(call).free.first()
        if free is None:
            board.eligibility.wait(call)
        else:
            self._offering.make(call, board.state.agents[free[-2]], Rule.CALLER_CHOSE)

    def _place_all(self, agents: list[Agent], calls: list[QueuedCall]) -> None:
        """Several at once: callers choose in the order of all lines, each the first agent of his strategy."""
        board = self._board
        concerned: dict[int, SkillClass] = {}
        for agent in agents:
            signature = board.eligibility.free(agent)
            concerned.update((id(one), one) for one in signature.classes)
        for call in calls:
            skill_class = board.eligibility.wait(call)
            concerned[id(skill_class)] = skill_class
        while pair := _first_pair(concerned.values()):
            waiting, free = pair
            self._offering.make(board.state.calls[waiting[-2]], board.state.agents[free[-2]], Rule.MATCHED)


def _first_pair(classes: Iterable[SkillClass]) -> tuple[CallKey, AgentKey] | None:
    """The first caller of these classes for whom somebody is free, and that agent."""
    best: tuple[CallKey, AgentKey] | None = None
    for skill_class in classes:
        free = skill_class.free.first()
        waiting = skill_class.waiting.first() if free is not None else None
        if free is not None and waiting is not None and (best is None or waiting < best[0]):
            best = (waiting, free)
    return best
