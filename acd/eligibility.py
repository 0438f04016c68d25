"""Who may serve whom, computed once: requirements interned into classes, agents' skills into signatures.

Calls that ask for the same (in normal form) of queues that order agents and callers in the same way share a
class; agents with the same levels share a signature. Whether a signature satisfies a class is computed when
either is born, never for a decision. The queues' own classes stay until the next configuration; those of
calls with a requirement of their own are born when it is first asked for, and dropped some time after nobody
waits in them. All of this is an index: facts alone say who gets whom.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import TypeAlias

from acd.acquainted import Acquainted
from acd.agent import Agent
from acd.aging import CallKey, Place, Waiting, place
from acd.drawing import Drawn
from acd.line import Line
from acd.queued_call import QueuedCall
from acd.ranking import AgentKey, Rank, rank_by
from acd.recipe import demand
from acd.settings import AgentSettings, Aging, QueueSettings
from acd.skills import Requirement, SkillError, both, parse
from acd.state import State
from acd.strategies import RANKINGS, Ranking

# An agent's levels; and his name, where a recipe lets him serve by name.
Levels: TypeAlias = tuple[frozenset[tuple[str, int]], str]
FreeAgents: TypeAlias = Line[AgentKey] | Drawn
# What makes a class: normal form, orders of agents and callers, those who serve by name.
Form: TypeAlias = tuple[str, Ranking, Aging, frozenset[str]]
Loads: TypeAlias = tuple[int, int]  # calls, and talk in microseconds, since the login

_LOOKED_AT = 1_000  # agents, at most, to find some who are free for one call
_FEW = 256  # classes of calls' own requirements that are kept, used or not
_LOADED = (Ranking.CALLS, Ranking.TALK)


class SkillClass:
    """One requirement, one order of agents and one of callers: the calls that wait for it, those that ring
    for somebody and want one more, the agents who are free for it and, where a queue goes by their loads, all
    who are at work. Those who are `named` may serve whatever their skills."""

    __slots__ = (
        "aging",
        "asked",
        "form",
        "free",
        "general",
        "named",
        "present",
        "rank",
        "ranking",
        "requirement",
        "seeking",
        "waiting",
        "working",
    )

    def __init__(
        self,
        form: Form,
        requirement: Requirement,
        waiting: Waiting,
        seeking: Waiting,
        free: FreeAgents,
        working: Line[tuple[int, str, Loads]],
    ) -> None:
        self.form = form
        self.requirement = requirement
        _, self.ranking, self.aging, self.named = form
        self.rank = rank_by(self.ranking, requirement)
        self.waiting = waiting
        self.seeking = seeking
        self.free = free
        self.working = working
        self.general = False  # a queue's own
        self.asked = 0  # for how many of calls' own requirements it stands
        self.present = 0  # agents logged in, with a phone that answers

    def accepts(self, skills: Mapping[str, int], name: str) -> bool:
        """Whether an agent with these levels may serve, or one of this name."""
        return name in self.named or self.requirement.accepts(skills)

    def key(self, agent: Agent) -> tuple[int, ...]:
        """The agent's place among those who are free for these calls, smaller first: his rank, if it is not
        his idle time, and that; equals go by name. Where one is drawn there is no such place."""
        if self.ranking is Ranking.CHANCE:
            return ()
        idle = (agent.idle_since_us or 0,)
        return idle if self.ranking is Ranking.IDLE else (self.rank(agent), *idle)


class Signature:
    """The agents of the same levels: the classes that they satisfy, and how many of them are present."""

    __slots__ = ("classes", "drawn", "lines", "loaded", "name", "orders", "present", "skills")

    def __init__(self, skills: dict[str, int], name: str, classes: Iterable[SkillClass]) -> None:
        self.skills = skills
        self.name = name  # of the only one, where a recipe lets him serve by name
        self.present = 0
        self.classes: dict[SkillClass, None] = {}
        self.lines: list[Waiting] = []  # of those who wait in these classes
        self.orders: dict[Rank, dict[SkillClass, FreeAgents]] = {}  # the lines of free agents, by rank
        self.drawn: dict[SkillClass, Drawn] = {}  # of these, those that draw
        self.loaded: dict[SkillClass, None] = {}  # the queues' own classes that go by loads
        for one in classes:
            self.add(one)

    def add(self, one: SkillClass) -> None:
        """He satisfies this class, too."""
        self.classes[one] = None
        self.lines.append(one.waiting)
        self.orders.setdefault(one.rank, {})[one] = one.free
        if isinstance(one.free, Drawn):
            self.drawn[one] = one.free
        if one.general and one.ranking in _LOADED:
            self.loaded[one] = None

    def drop(self, one: SkillClass) -> None:
        """There is no such class any more."""
        if one in self.classes:
            del self.classes[one]
            self.lines.remove(one.waiting)
            self.drawn.pop(one, None)
            self.loaded.pop(one, None)
            del self.orders[one.rank][one]
            if not self.orders[one.rank]:
                del self.orders[one.rank]


class Eligibility:
    """The classes and signatures in use, over the facts.

    `calls`, `seeking` and `agents` hold the tokens of calls in line, of those that ring and want one more
    agent, and of free agents (see `acd.line`), `workers` the
    loads of who is at work, where some order goes by them.
    """

    def __init__(self, state: State, draw: Callable[[int], int]) -> None:
        self.calls: dict[str, int] = {}
        self.seeking: dict[str, int] = {}
        # By agent, and by aging: those for whom he comes first.
        self.private: dict[str, dict[Aging, Waiting]] = {}
        self.acquainted = Acquainted(self.calls)
        self.agents: dict[str, int] = {}
        self.workers: dict[str, Loads] = {}
        self.goes_by_loads = False  # whether some queue orders agents by their loads
        self._state = state
        self._draw = draw
        self._tokens = 0
        self._classes: dict[Form, SkillClass] = {}
        self._by_queue: dict[str, SkillClass] = {}
        # By queue, the call's own requirement, and the steps of the queue's recipe that let others serve.
        self._by_own: dict[tuple[str, str, int], SkillClass] = {}
        self._queues: dict[str, QueueSettings] = {}  # those with recipes
        self._named: frozenset[str] = frozenset()  # agents whom recipes let serve by name
        self._signatures: dict[Levels, Signature] = {}
        self._by_agent: dict[str, Signature] = {}

    def intern(self, queues: Iterable[QueueSettings]) -> None:
        """Make what these queues require the classes in use; nobody waits and nobody is free. Raises
        `SkillError` and changes nothing if an expression cannot be read."""
        parsed = [(queue, parse(queue.requires)) for queue in queues]
        steps = [step for queue, _ in parsed for step in queue.steps]
        for step in steps:
            parse(step.requires or "")
        self._clear()
        self._queues = {queue.name: queue for queue, _ in parsed if queue.steps}
        self._named = frozenset(name for step in steps for name in step.add)
        for queue, requirement in parsed:
            found = self._by_queue[queue.name] = self._class(
                requirement, RANKINGS[queue.strategy], queue.aging
            )
            found.general = True
        self.goes_by_loads = any(one.ranking in _LOADED for one in self._by_queue.values())

    def forget(self, queue: str) -> None:
        """The queue has left: nobody's loads are compared for it any more."""
        left = self._by_queue.pop(queue)
        left.general = any(one is left for one in self._by_queue.values())
        for signature in self._signatures.values() if not left.general else ():
            signature.loaded.pop(left, None)

    def of_queue(self, name: str) -> SkillClass:
        """The class of the queue's calls that ask for nothing of their own."""
        return self._by_queue[name]

    def of_call(self, call: QueuedCall) -> SkillClass:
        """The class of a call in its queue."""
        return self.of(call.queue, call.requires, call.widened)

    def of(self, queue: str, requires: str, widened: int = 0) -> SkillClass:
        """The class of a call with that requirement of its own in that queue, after these of its steps."""
        if not requires and not widened:
            return self._by_queue[queue]
        key = (queue, requires, widened)
        return self._by_own.get(key) or self._born(key)

    def serves(self, settings: AgentSettings, call: QueuedCall) -> bool:
        """Whether the agent may serve the call."""
        return self.of_call(call).accepts(settings.skills, settings.name)

    def of_agent(self, settings: AgentSettings) -> Signature:
        """The agent's signature; looked up by name until requirements are interned anew."""
        found = self._by_agent.get(settings.name)
        if found is None:
            found = self._by_agent[settings.name] = self._signature(settings)
        return found

    def place(self, call: QueuedCall, now_us: int) -> Place:
        """The call's place among all who wait now."""
        return place(call, self._state.queues[call.queue].settings.aging, now_us)

    def wait(self, call: QueuedCall) -> SkillClass:
        """The call takes its place in line; answers its class."""
        self._tokens = self.calls[call.id] = self._tokens + 1
        skill_class = self.of_call(call)
        line = (
            skill_class.waiting if call.preferred is None else self._private_line(call.preferred, skill_class)
        )
        line.put(call, self._tokens)
        if call.knows and call.preferred is None and self._state.routing.sticks:
            self._acquaint(call, skill_class)
        return skill_class

    def _acquaint(self, call: QueuedCall, skill_class: SkillClass) -> None:
        """The agent whom the caller knows can find him, if he may serve him."""
        agent = self._state.agents.get(call.knows)
        if agent is not None and skill_class in self.of_agent(agent.settings).classes:
            self.acquainted.put(call, skill_class, self._tokens)

    def first_who_prefers(self, name: str, now_us: int) -> CallKey | None:
        """The first of those for whom this agent comes first, as of now."""
        firsts = (line.first(now_us) for line in self.private.get(name, {}).values())
        return min((first for first in firsts if first is not None), default=None)

    def first_private_pair(self, now_us: int) -> tuple[CallKey, str] | None:
        """The first caller for whom an agent comes first who is free, and that agent."""
        best: tuple[CallKey, str] | None = None
        for name in [name for name in self.private if name in self.agents]:
            first = self.first_who_prefers(name, now_us)
            if first is None:
                del self.private[name]
            elif best is None or first < best[0]:
                best = (first, name)
        return best

    def _private_line(self, name: str, skill_class: SkillClass) -> Waiting:
        lines, aging = self.private.setdefault(name, {}), skill_class.aging
        if aging not in lines:
            lines[aging] = Waiting(aging, self.calls)
        return lines[aging]

    def seek(self, call: QueuedCall) -> SkillClass:
        """The call, which rings for somebody, takes its place among those that want one more; its class."""
        self._tokens = self.seeking[call.id] = self._tokens + 1
        skill_class = self.of_call(call)
        skill_class.seeking.put(call, self._tokens)
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
        for rank, lines in signature.orders.items():
            key = (rank(agent), agent.idle_since_us or 0, name, self._tokens)
            for line in lines.values():
                line.put(key)
        return signature

    def some_free(self, call: QueuedCall) -> Iterator[str]:
        """Who is free for the call, in the order of the configuration, of its first agents."""
        skill_class = self.of_call(call)
        for name in islice(self._state.agents, _LOOKED_AT):
            if name in self.agents and skill_class in self._by_agent[name].classes:
                yield name

    def engage(self, agent: Agent) -> None:
        """The agent is not free any more."""
        if self.agents.pop(agent.settings.name, None) is not None:
            for line in self.of_agent(agent.settings).drawn.values():
                line.take(agent.place)

    def dismiss(self, agent: Agent) -> None:
        """The agent is no longer in the configuration."""
        self.engage(agent)
        self.workers.pop(agent.settings.name, None)

    def work(self, agent: Agent) -> None:
        """Keep the loads of an agent at work, forget those of one who is not."""
        name = agent.settings.name
        loaded = self.of_agent(agent.settings).loaded
        if not agent.at_work:
            self.workers.pop(name, None)
        elif loaded and self.workers.get(name) != (loads := (agent.calls, agent.talk_us)):
            self.workers[name] = loads
            for one in loaded:
                one.working.put((one.rank(agent), name, loads))

    def start(self, agent: Agent) -> Loads:
        """With which loads an agent comes to work: at least the least of a colleague's, so that nobody is
        flooded for having come late, or from a break."""
        calls, talk_us = agent.calls, agent.talk_us
        for one in self.of_agent(agent.settings).loaded:
            least = one.working.first()
            if least is not None and one.ranking is Ranking.CALLS:
                calls = max(calls, least[0])
            elif least is not None:
                talk_us = max(talk_us, least[0])
        return calls, talk_us

    def _clear(self) -> None:
        for tokens in (self.calls, self.seeking, self.agents):
            tokens.clear()
        self.workers.clear()
        for classes in (self._classes, self._by_queue, self._by_own):
            classes.clear()
        for signatures in (self._signatures, self._by_agent):
            signatures.clear()
        self.private.clear()
        self.acquainted.clear()

    def _class(
        self, requirement: Requirement, ranking: Ranking, aging: Aging, named: frozenset[str] = frozenset()
    ) -> SkillClass:
        key = (str(requirement), ranking, aging, named)
        found = self._classes.get(key)
        if found is None:
            lines = Waiting(aging, self.calls), Waiting(aging, self.seeking)
            free: FreeAgents = Drawn(self._draw) if ranking is Ranking.CHANCE else Line(self.agents)
            found = SkillClass(key, requirement, *lines, free, Line(self.workers))
            self._classes[key] = found
        return found

    def _signature(self, settings: AgentSettings) -> Signature:
        skills, name = settings.skills, settings.name if settings.name in self._named else ""
        levels: Levels = (frozenset(skills.items()), name)
        found = self._signatures.get(levels)
        if found is None:
            accepting = (one for one in self._classes.values() if one.accepts(skills, name))
            found = self._signatures[levels] = Signature(skills, name, accepting)
        return found

    def _born(self, key: tuple[str, str, int]) -> SkillClass:
        """The class of calls with a requirement of their own, or after steps; nobody asked for it yet."""
        queue, requires, widened = key
        general = self._by_queue[queue]
        requirement, named = general.requirement, frozenset[str]()
        if widened:
            settings = self._queues[queue]
            asked, names = demand(settings.steps, widened, settings.requires)
            requirement, named = parse(asked), frozenset(names)
        with suppress(SkillError):
            requirement = both(requirement, parse(requires))
        if len(self._by_own) >= _FEW:
            self._drop_unused()
        known = len(self._classes)
        born = self._by_own[key] = self._class(requirement, general.ranking, general.aging, named)
        born.asked += 1
        if len(self._classes) > known:
            self._introduce(born)
        return born

    def _introduce(self, born: SkillClass) -> None:
        """Check the class against all signatures, and let it know who is present and free."""
        for signature in self._signatures.values():
            if born.accepts(signature.skills, signature.name):
                signature.add(born)
                born.present += signature.present
        for name, token in self.agents.items():
            if born in self._by_agent[name].classes:
                agent = self._state.agents[name]
                born.free.put((born.rank(agent), agent.idle_since_us or 0, name, token))

    def _drop_unused(self) -> None:
        """Of the calls' own requirements look at the two that were not looked at for longest, and forget
        those for which nobody waits, or wants one more: one is born, two go, so there are not many for long.
        """
        for key in list(islice(self._by_own, 2)):
            one = self._by_own.pop(key)
            if one.waiting or one.seeking:
                self._by_own[key] = one
                continue
            one.asked -= 1
            if not one.asked and not one.general:
                del self._classes[one.form]
                for signature in self._signatures.values():
                    signature.drop(one)
