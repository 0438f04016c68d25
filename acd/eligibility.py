"""Who may serve whom, computed once: requirements interned into classes, agents' skills into signatures.

Calls that ask for the same (in normal form) of queues that order free agents in the same way share a class;
agents with the same levels share a signature. Whether a signature satisfies a class is computed when either
is born, never for a decision. The queues' own classes stay until the next configuration; those of calls with
a requirement of their own are born when it is first asked for, and dropped some time after nobody waits in
them. All of this is an index: facts alone say who gets whom.
"""

from collections.abc import Iterable
from typing import TypeAlias

from acd.agent import Agent
from acd.line import Line
from acd.queued_call import CallKey, QueuedCall
from acd.ranking import AgentKey, Rank, rank_by
from acd.settings import AgentSettings, QueueSettings
from acd.skills import Requirement, SkillError, both, parse
from acd.state import State
from acd.strategies import RANKINGS, Ranking

Levels: TypeAlias = frozenset[tuple[str, int]]

_FEW = 256  # classes of calls' own requirements that are kept, used or not


class SkillClass:
    """One requirement and one order: the calls that wait for it, those that ring for somebody and want one
    more, and the agents who are free for it."""

    __slots__ = ("free", "present", "rank", "ranking", "requirement", "seeking", "waiting")

    def __init__(
        self,
        requirement: Requirement,
        ranking: Ranking,
        waiting: Line[CallKey],
        seeking: Line[CallKey],
        free: Line[AgentKey],
    ) -> None:
        self.requirement = requirement
        self.ranking = ranking
        self.rank = rank_by(ranking, requirement)
        self.waiting = waiting
        self.seeking = seeking
        self.free = free
        self.present = 0  # agents logged in, with a phone that answers

    def key(self, agent: Agent) -> tuple[int, ...]:
        """The agent's place among those who are free for these calls, smaller first: his rank, if it is not
        his idle time, and that; equals go by name."""
        idle = (agent.idle_since_us or 0,)
        return idle if self.ranking is Ranking.IDLE else (self.rank(agent), *idle)


class Signature:
    """The agents of the same levels: the classes that they satisfy, and how many of them are present."""

    __slots__ = ("classes", "orders", "present", "skills")

    def __init__(self, skills: dict[str, int], classes: Iterable[SkillClass]) -> None:
        self.skills = skills
        self.present = 0
        self.set(classes)

    def set(self, classes: Iterable[SkillClass]) -> None:
        """These are the classes. `orders`: the lines of free agents, those of one rank together."""
        self.classes = tuple(classes)
        orders: dict[Rank, list[Line[AgentKey]]] = {}
        for one in self.classes:
            orders.setdefault(one.rank, []).append(one.free)
        self.orders = tuple(orders.items())


class Eligibility:
    """The classes and signatures in use, over the facts.

    `calls`, `seeking` and `agents` hold the tokens of calls in line, of those that ring and want one more
    agent, and of free agents (see `acd.line`).
    """

    def __init__(self, state: State) -> None:
        self.calls: dict[str, int] = {}
        self.seeking: dict[str, int] = {}
        self.agents: dict[str, int] = {}
        self._state = state
        self._tokens = 0
        self._limit = _FEW
        self._classes: dict[tuple[str, Ranking], SkillClass] = {}  # by normal form
        self._by_queue: dict[str, SkillClass] = {}
        self._by_own: dict[tuple[str, str], SkillClass] = {}  # by queue and the call's own requirement
        self._signatures: dict[Levels, Signature] = {}
        self._by_agent: dict[str, Signature] = {}

    def intern(self, queues: Iterable[QueueSettings]) -> None:
        """Make what these queues require the classes in use; nobody waits and nobody is free. Raises
        `SkillError` and changes nothing if an expression cannot be read."""
        parsed = [(queue, parse(queue.requires)) for queue in queues]
        self._clear()
        for queue, requirement in parsed:
            self._by_queue[queue.name] = self._class(requirement, RANKINGS[queue.strategy])

    def of_queue(self, name: str) -> SkillClass:
        """The class of the queue's calls that ask for nothing of their own."""
        return self._by_queue[name]

    def of_call(self, call: QueuedCall) -> SkillClass:
        """The class of a call in its queue."""
        return self.of(call.queue, call.requires)

    def of(self, queue: str, requires: str) -> SkillClass:
        """The class of a call with that requirement of its own in that queue."""
        if not requires:
            return self._by_queue[queue]
        return self._by_own.get((queue, requires)) or self._born(queue, requires)

    def of_agent(self, settings: AgentSettings) -> Signature:
        """The agent's signature; looked up by name until requirements are interned anew."""
        found = self._by_agent.get(settings.name)
        if found is None:
            found = self._by_agent[settings.name] = self._signature(settings.skills)
        return found

    def wait(self, call: QueuedCall) -> SkillClass:
        """The call takes its place in line; answers its class."""
        self._tokens = self.calls[call.id] = self._tokens + 1
        skill_class = self.of_call(call)
        skill_class.waiting.put((*call.key, call.id, self._tokens))
        return skill_class

    def seek(self, call: QueuedCall) -> SkillClass:
        """The call, which rings for somebody, takes its place among those that want one more; its class."""
        self._tokens = self.seeking[call.id] = self._tokens + 1
        skill_class = self.of_call(call)
        skill_class.seeking.put((*call.key, call.id, self._tokens))
        return skill_class

    def seek_no_more(self, call: str) -> None:
        """The call wants nobody else for now."""
        self.seeking.pop(call, None)

    def leave(self, call: str) -> None:
        """The call is not in line any more."""
        self.calls.pop(call, None)

    def free(self, agent: Agent) -> Signature:
        """The agent is free for whoever may come; answers his signature."""
        name = agent.settings.name
        self._tokens = self.agents[name] = self._tokens + 1
        signature = self.of_agent(agent.settings)
        for rank, lines in signature.orders:
            key = (rank(agent), agent.idle_since_us or 0, name, self._tokens)
            for line in lines:
                line.put(key)
        return signature

    def engage(self, name: str) -> None:
        """The agent is not free any more."""
        self.agents.pop(name, None)

    def _clear(self) -> None:
        for tokens in (self.calls, self.seeking, self.agents):
            tokens.clear()
        for classes in (self._classes, self._by_queue, self._by_own):
            classes.clear()
        for signatures in (self._signatures, self._by_agent):
            signatures.clear()

    def _class(self, requirement: Requirement, ranking: Ranking) -> SkillClass:
        key = (str(requirement), ranking)
        found = self._classes.get(key)
        if found is None:
            lines = Line[CallKey](self.calls), Line[CallKey](self.seeking)
            found = SkillClass(requirement, ranking, *lines, Line(self.agents))
            self._classes[key] = found
        return found

    def _signature(self, skills: dict[str, int]) -> Signature:
        levels: Levels = frozenset(skills.items())
        found = self._signatures.get(levels)
        if found is None:
            accepting = (one for one in self._classes.values() if one.requirement.accepts(skills))
            found = self._signatures[levels] = Signature(skills, accepting)
        return found

    def _born(self, queue: str, requires: str) -> SkillClass:
        """The class of the queue's calls with that requirement of their own; nobody asked for it yet."""
        general = self._by_queue[queue]
        try:
            requirement = both(general.requirement, parse(requires))
        except SkillError:
            requirement = general.requirement
        if len(self._by_own) >= self._limit:
            self._drop_unused()
        known = len(self._classes)
        born = self._by_own[queue, requires] = self._class(requirement, general.ranking)
        if len(self._classes) > known:
            self._introduce(born)
        return born

    def _introduce(self, born: SkillClass) -> None:
        """Check the class against all signatures, and let it know who is present and free."""
        for signature in self._signatures.values():
            if born.requirement.accepts(signature.skills):
                signature.set((*signature.classes, born))
                born.present += signature.present
        for name, token in self.agents.items():
            agent = self._state.agents[name]
            if born.requirement.accepts(agent.settings.skills):
                born.free.put((born.rank(agent), agent.idle_since_us or 0, name, token))

    def _drop_unused(self) -> None:
        """Forget the calls' own requirements for which nobody waits, or wants one more."""
        self._by_own = {
            key: one for key, one in self._by_own.items() if one.waiting.first() or one.seeking.first()
        }
        self._limit = max(_FEW, 2 * len(self._by_own))
        used = {id(one) for index in (self._by_queue, self._by_own) for one in index.values()}
        self._classes = {key: one for key, one in self._classes.items() if id(one) in used}
        for signature in self._signatures.values():
            signature.set(one for one in signature.classes if id(one) in used)
