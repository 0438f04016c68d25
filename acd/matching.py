"""Who gets whom: every free agent and every caller in line are brought together before a step ends.

Invariant between steps: no caller in line has a free agent with the skills. So whoever becomes free, or
comes to wait, alone in a step finds the partner at the head of one line; nothing is searched.
"""

from collections.abc import Iterable

from acd.agent import Agent
from acd.aging import CallKey, Waiting
from acd.board import Board
from acd.commands import VisitReason
from acd.deadlines import Due
from acd.eligibility import SkillClass
from acd.offering import Offering
from acd.optimal import Optimal
from acd.queued_call import CallState, QueuedCall
from acd.ranking import AgentKey
from acd.relaxing import Relaxing
from acd.routing import Method
from acd.settings import NoAgents
from acd.staff import Staff
from acd.visits import Visits
from acd.why import Rule

# Members that most steps name: Python 3.11 calls a function to find one through its class.
_AGENT_CHOSE, _CALLER_CHOSE = Rule.AGENT_CHOSE, Rule.CALLER_CHOSE
_OPTIMAL = Method.OPTIMAL
_WAITING = CallState.WAITING


class Matching:
    """The end of each step: agents settled, callers without agents sent on, pairs offered."""

    __slots__ = ("_board", "_gathering", "_offering", "_optimal", "_relaxing", "_ripe", "_staff", "_visits")

    def __init__(
        self, board: Board, visits: Visits, offering: Offering, staff: Staff, relaxing: Relaxing
    ) -> None:
        self._board = board
        self._relaxing = relaxing
        self._visits = visits
        self._offering = offering
        self._staff = staff
        self._optimal = Optimal(board)
        self._gathering: dict[int, SkillClass] = {}  # in which a pair has become possible, by identity
        self._ripe = False  # the gathered are to be brought together in this step

    def finish(self) -> None:
        """Bring the step to its end: afterwards nobody waits who could talk, and all states are told."""
        board = self._board
        while True:
            if board.unsettled:
                self._settle()
            if board.freed_agents or board.freed_calls or board.arrived or self._ripe:
                self._match()
            elif not board.unsettled:
                break
        if board.settled:
            for name, state in board.settled.items():
                self._staff.announce(board.state.agents[name], state)
            board.settled.clear()

    def _settle(self) -> None:
        """Read the states again of those whose facts have changed."""
        unsettled, self._board.unsettled = self._board.unsettled, []
        emptied = False
        for agent in unsettled:
            if self._staff.settle(agent):
                emptied = True
        if emptied:
            self._send_on()

    def _send_on(self) -> None:
        """Somebody's last agent went: callers leave the queues that do not wait for nobody."""
        for queue in list(self._board.state.queues.values()):
            if queue.settings.no_agents is NoAgents.WAIT:
                continue
            for name in list(queue.visits):
                call = self._board.state.calls[name]
                waits = call.state is _WAITING and call.assigned is None
                if waits and self._visits.finds_nobody(call, queue):
                    self._visits.overflow(call, VisitReason.NO_AGENTS)

    def _match(self) -> None:
        board = self._board
        agents, board.freed_agents = list(board.freed_agents.values()), {}
        if board.assigned:
            agents = [agent for agent in agents if not self._place_assigned(agent)]
        calls = self._wanting() if board.freed_calls or board.arrived else []
        if self._ripe or (board.state.routing.gather_us and (agents or calls)):
            self._gather(agents, calls)
        elif len(agents) == 1 and not calls:
            self._place_agent(agents[0])
        elif len(calls) == 1 and not agents:
            self._place_call(calls[0])
        elif agents or calls:
            self._pair_up(self._all_line_up(agents, calls))

    def _wanting(self) -> list[QueuedCall]:
        """Those who came (back) to wait, or ring for somebody, and want an agent; each once."""
        board = self._board
        calls: dict[str, QueuedCall] = {}
        while board.arrived or board.freed_calls:  # who is sent on may come to wait elsewhere, among these
            arrived, board.arrived = board.arrived, []
            for call in arrived:
                self._relaxing.look(call)
            freed, board.freed_calls = board.freed_calls, []
            for call in freed:
                calls[call.id] = call
                if call.state is _WAITING:
                    self._waits_on(call)
        return [call for call in calls.values() if self._wants(call)]

    def _waits_on(self, call: QueuedCall) -> None:
        """Where he can, and has somebody to wait for; else he is sent on. Who serves him no more
        does not come first for him."""
        board = self._board
        if self._visits.shows_out(call) or call.assigned is not None:
            return
        if self._visits.finds_nobody(call, board.state.queues[call.queue]):
            self._visits.send_on(call, VisitReason.NO_AGENTS)
        elif call.preferred is not None:
            agent = board.state.agents[call.preferred]
            if not board.eligibility.serves(agent.settings, call):
                board.prefer_nobody(call)

    def _wants(self, call: QueuedCall) -> bool:
        waits = call.state is _WAITING and call.assigned is None
        return waits or self._offering.seeks(call)

    def _place_assigned(self, agent: Agent) -> bool:
        """Whether somebody waits for this agent alone, who is offered him then."""
        board = self._board
        first = next(iter(board.assigned.get(agent.settings.name, ())), None)
        if first is not None and agent.free:  # an agent whom this step touched twice is here twice
            self._offering.make(board.state.calls[first], agent, Rule.ASSIGNED)
        return not agent.free

    def _place_agent(self, agent: Agent) -> None:
        """The only one who became free takes the first caller of all lines that his skills open; if they are
        empty, the first of those who ring for others and want him too."""
        board = self._board
        eligibility = board.eligibility
        signature, now_us, rule = eligibility.of_agent(agent.settings), board.now_us, _AGENT_CHOSE
        best = _first(signature.lines, now_us)
        own = eligibility.first_who_prefers(agent.settings.name, now_us) if eligibility.private else None
        if own is not None and (best is None or own < best):
            best, rule = own, Rule.PREFERRED
        elif board.state.routing.matching is _OPTIMAL:
            cheapest = self._optimal.call_for(agent)
            if cheapest is not None:
                self._offer(cheapest, agent, Rule.CHEAPEST, self._optimal.terms(cheapest, agent))
                return
        if best is None and eligibility.seeking:
            best = _first([skill_class.seeking for skill_class in signature.classes], board.now_us)
        if best is None:
            eligibility.free(agent)
        else:
            self._offer(board.state.calls[best[-2]], agent, rule)

    def _place_call(self, call: QueuedCall) -> None:
        """The only one who came to wait gets the first of the agents who are free for it, or as many of them
        as are to ring."""
        board = self._board
        if call.preferred is not None and call.state is _WAITING:
            if call.preferred in board.eligibility.agents:
                self._offering.make(call, board.state.agents[call.preferred], Rule.PREFERRED)
            else:
                board.eligibility.wait(call)
            return
        skill_class = board.eligibility.of_call(call)
        optimal = board.state.routing.matching is _OPTIMAL
        while (first := skill_class.free.first()) is not None:
            if optimal:
                agent = self._optimal.agent_for(call)
                self._offering.make(call, agent, Rule.CHEAPEST, self._optimal.terms(call, agent))
            else:
                self._offering.make(call, board.state.agents[first[-2]], _CALLER_CHOSE)
            if not self._offering.seeks(call):
                return
        self._line_up(call)

    def _offer(self, call: QueuedCall, agent: Agent, rule: Rule, costs: tuple[int, ...] = ()) -> None:
        """Make the offer; a call that wants one more still is found by whoever becomes free."""
        self._offering.make(call, agent, rule, costs)
        if self._offering.seeks(call):
            self._board.eligibility.seek(call)

    def _line_up(self, call: QueuedCall) -> SkillClass:
        """The call takes its place among those who wait, or ring and want one more; its class."""
        eligibility = self._board.eligibility
        return eligibility.wait(call) if call.state is _WAITING else eligibility.seek(call)

    def gathered(self) -> None:
        """Who could be brought together has waited long enough for others."""
        self._board.state.gather_until_us = None
        self._ripe = True

    def _gather(self, agents: list[Agent], calls: list[QueuedCall]) -> None:
        """Whoever could be brought together waits for others first, until that has lasted long enough."""
        board = self._board
        concerned = self._all_line_up(agents, calls)
        self._pair_preferring()
        for skill_class in concerned:
            if _first_pair((skill_class,), board.now_us) is not None:
                self._gathering[id(skill_class)] = skill_class
        if self._ripe:
            self._ripe = False
            gathering = list(self._gathering.values())
            self._gathering.clear()
            self._pair_up(gathering)
        elif self._gathering and board.state.gather_until_us is None:
            board.state.gather_until_us = board.now_us + board.state.routing.gather_us
            board.deadlines.arm(board.state.gather_until_us, Due.GATHER, "")

    def _all_line_up(self, agents: list[Agent], calls: list[QueuedCall]) -> list[SkillClass]:
        """Everybody takes his place; the classes in which a pair may have become possible."""
        concerned: dict[int, SkillClass] = {}
        for agent in agents:
            signature = self._board.eligibility.free(agent)
            concerned.update((id(one), one) for one in signature.classes)
        for call in calls:
            skill_class = self._line_up(call)
            concerned[id(skill_class)] = skill_class
        return list(concerned.values())

    def _pair_up(self, concerned: list[SkillClass]) -> None:
        """Several at once: the pairs that cost least together, where that is asked for. Then (and where it
        takes too long) callers choose in the order of all lines, each the first agent of his strategy; then
        those who ring for somebody and want one more, likewise."""
        board = self._board
        if board.state.routing.matching is _OPTIMAL:
            self._pair_preferring()
            while pairs := self._optimal.pairs(concerned):
                for call, agent in pairs:
                    self._offer(call, agent, Rule.CHEAPEST, self._optimal.terms(call, agent))
        while pair := _first_pair(concerned, board.now_us):
            first, free = pair
            call = board.state.calls[first[-2]]
            before = first if call.state is _WAITING else None
            if board.eligibility.private and self._pair_preferring(before):
                continue
            self._offer(call, board.state.agents[free[-2]], Rule.MATCHED)
        self._pair_preferring()

    def _pair_preferring(self, before: CallKey | None = None) -> bool:
        """Those for whom one agent comes first, who is free, in the order of their lines; of those ahead of
        `before` the first alone. Whether there was any."""
        board, found = self._board, False
        while pair := board.eligibility.first_private_pair(board.now_us):
            key, name = pair
            if before is not None and (found or key > before):
                break
            self._offering.make(board.state.calls[key[-2]], board.state.agents[name], Rule.PREFERRED)
            found = True
        return found


def _first(lines: list[Waiting], now_us: int) -> CallKey | None:
    """The first of all these lines."""
    firsts = [first for line in lines if (first := line.first(now_us)) is not None]
    return min(firsts) if firsts else None


def _first_pair(classes: Iterable[SkillClass], now_us: int) -> tuple[CallKey, AgentKey] | None:
    """The first caller of these classes for whom somebody is free, and that agent; who rings comes last."""
    free = [(skill_class, key) for skill_class in classes if (key := skill_class.free.first()) is not None]
    for rings in (False, True):
        best: tuple[CallKey, AgentKey] | None = None
        for skill_class, agent in free:
            first = (skill_class.seeking if rings else skill_class.waiting).first(now_us)
            if first is not None and (best is None or first < best[0]):
                best = (first, agent)
        if best is not None:
            return best
    return None
