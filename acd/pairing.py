"""Pairs of one channel: whoever became free or came to wait, and the lines in which everybody else stands."""

from collections.abc import Iterable

from acd.agent import Agent
from acd.aging import CallKey, Waiting
from acd.board import Board
from acd.deadlines import Due
from acd.eligibility import Eligibility, SkillClass
from acd.offering import Offering
from acd.optimal import Optimal
from acd.queued_call import CallState, QueuedCall
from acd.ranking import AgentKey
from acd.routing import Method
from acd.why import Rule
from acd.work import Channel

# Members that most steps name: Python 3.11 calls a function to find one through its class.
_AGENT_CHOSE, _CALLER_CHOSE = Rule.AGENT_CHOSE, Rule.CALLER_CHOSE
_OPTIMAL = Method.OPTIMAL
_VOICE = Channel.VOICE
_WAITING = CallState.WAITING


class Pairing:
    """Brings callers and agents of one channel together, through its `lines`."""

    __slots__ = ("_board", "_channel", "_gathering", "_lines", "_offering", "_optimal", "ripe")

    def __init__(self, board: Board, offering: Offering, lines: Eligibility, channel: Channel) -> None:
        self._board = board
        self._offering = offering
        self._lines = lines
        self._channel = channel
        self._optimal = Optimal(board, lines)
        self._gathering: dict[int, SkillClass] = {}  # in which a pair has become possible, by identity
        self.ripe = False  # the gathered are to be brought together in this step

    def pair(self, agents: list[Agent], calls: list[QueuedCall]) -> None:
        """These have become free, and these want an agent: afterwards nobody waits who could be served."""
        if self._board.assigned:
            agents = [agent for agent in agents if not self._place_assigned(agent)]
        if self.ripe or (self._board.state.routing.gather_us and (agents or calls)):
            self._gather(agents, calls)
        elif len(agents) == 1 and not calls:
            self._place_agent(agents[0])
            if self._channel is not _VOICE:
                self._place_again(agents[0])
        elif len(calls) == 1 and not agents:
            self._place_call(calls[0])
        elif agents or calls:
            self._pair_up(self._all_line_up(agents, calls))

    def _place_assigned(self, agent: Agent) -> bool:
        """Whether this agent is not free any more, after those were offered him who wait for him alone."""
        board = self._board
        for name in list(board.assigned.get(agent.settings.name, ())):
            call = board.state.calls[name]
            if call.channel is self._channel and agent.may_take(self._channel):
                self._offering.make(call, agent, Rule.ASSIGNED)
        return not agent.may_take(self._channel)

    def _place_agent(self, agent: Agent) -> None:
        """The only one who became free takes the first caller of all lines that his skills open; if they are
        empty, the first of those who ring for others and want him too."""
        board = self._board
        eligibility = self._lines
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

    def _place_again(self, agent: Agent) -> None:
        """He may have room for more, until he stands in line."""
        while agent.may_take(self._channel) and agent.settings.name not in self._lines.agents:
            self._place_agent(agent)

    def _place_call(self, call: QueuedCall) -> None:
        """The only one who came to wait gets the first of the agents who are free for it, or as many of them
        as are to ring."""
        board = self._board
        if call.preferred is not None and call.state is _WAITING:
            if call.preferred in self._lines.agents:
                self._offering.make(call, board.state.agents[call.preferred], Rule.PREFERRED)
            else:
                self._lines.wait(call)
            return
        skill_class = self._lines.of_call(call)
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
            self._lines.seek(call)

    def _line_up(self, call: QueuedCall) -> SkillClass:
        """The call takes its place among those who wait, or ring and want one more; its class."""
        eligibility = self._lines
        return eligibility.wait(call) if call.state is _WAITING else eligibility.seek(call)

    def _gather(self, agents: list[Agent], calls: list[QueuedCall]) -> None:
        """Whoever could be brought together waits for others first, until that has lasted long enough."""
        board = self._board
        concerned = self._all_line_up(agents, calls)
        self._pair_preferring()
        for skill_class in concerned:
            if _first_pair((skill_class,), board.now_us) is not None:
                self._gathering[id(skill_class)] = skill_class
        if self.ripe:
            self.ripe = False
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
            signature = self._lines.free(agent)
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
            if self._lines.private and self._pair_preferring(before):
                continue
            self._offer(call, board.state.agents[free[-2]], Rule.MATCHED)
        self._pair_preferring()

    def _pair_preferring(self, before: CallKey | None = None) -> bool:
        """Those for whom one agent comes first, who is free, in the order of their lines; of those ahead of
        `before` the first alone. Whether there was any."""
        board, found = self._board, False
        while pair := self._lines.first_private_pair(board.now_us):
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
