"""The configuration becomes facts: queues and agents come, change, and leave when their last call ends."""

from typing import TypeVar

from acd.agent import Agent
from acd.board import Board
from acd.commands import ConfigurationRefused
from acd.events import Configured
from acd.queue import Queue
from acd.queued_call import CallState, QueuedCall
from acd.relaxing import Relaxing
from acd.service_level import ServiceLevel
from acd.settings import AgentSettings
from acd.skills import SkillError
from acd.staff import Staff
from acd.standing import Standing
from acd.why import policy_version
from acd.work import Channel

Member = TypeVar("Member", Queue, Agent)


class Reconfigure:
    """The rules of a reload. `leaving_agents` and `leaving_queues` are an index, so that most steps need not
    look for them."""

    __slots__ = ("_board", "_relaxing", "_staff", "leaving_agents", "leaving_queues")

    def __init__(self, board: Board, staff: Staff, relaxing: Relaxing) -> None:
        self._board = board
        self._relaxing = relaxing
        self._staff = staff
        self.leaving_agents: list[str] = []
        self.leaving_queues: list[str] = []

    def apply(self, event: Configured) -> None:
        """Apply all of it or, with an expression that cannot be read, nothing."""
        board = self._board
        for settings in event.agents:
            if problem := _doubt(settings):
                board.commands.append(ConfigurationRefused(board.next_id(), problem))
                return
        named = {queue.name for queue in event.queues}
        kept = [queue.settings for name, queue in board.state.queues.items() if name not in named]
        try:
            board.eligibility.intern([*event.queues, *kept])
            board.chats.intern([*event.queues, *kept])
        except SkillError as error:
            board.commands.append(ConfigurationRefused(board.next_id(), f"requires: {error}"))
            return
        board.state.policy = policy_version(event)
        board.state.seed = event.seed & (2**63 - 1)
        board.state.routing = event.routing
        self._apply_queues(event)
        self._apply_agents(event)
        self.reindex()
        for agent in board.state.agents.values():
            board.touch(agent)

    def reindex(self) -> None:
        """Rebuild the lines and counts over the facts; the requirements are interned."""
        board = self._board
        state = board.state
        board.present.clear()
        board.present_for_chats.clear()
        self.leaving_queues = [name for name, queue in state.queues.items() if queue.leaving]
        self.leaving_agents = [name for name, agent in state.agents.items() if agent.leaving]
        for agent in state.agents.values():
            board.eligibility.work(agent)
        wanting = (CallState.WAITING, CallState.OFFERED)
        calls = [call for call in state.calls.values() if call.state in wanting]
        board.freed_calls.extend(calls)
        board.standings = {
            name: _standing(queue, state.calls)
            for name, queue in state.queues.items()
            if any(step.position is not None for step in queue.settings.steps)
        }
        board.assigned.clear()
        board.preferring.clear()
        for call in state.calls.values():
            if call.preferred is not None:
                board.prefer(call, call.preferred)
        for call in sorted(calls, key=_rank):
            if call.assigned is not None:
                board.assign(call, call.assigned)

    def drop_agents(self) -> None:
        """Let go of the leaving agents whose phones neither ring nor talk for us any more."""
        for name in self.leaving_agents.copy():
            agent = self._board.state.agents[name]
            works = (agent, *agent.chats)
            if all(work.offer is None and work.conversation is None for work in works):
                self.leaving_agents.remove(name)
                self._staff.remove(agent)

    def drop_queues(self) -> None:
        """Let go of the leaving queues that no call, offer or conversation holds on to any more."""
        queues = self._board.state.queues
        for name in self.leaving_queues.copy():
            if queues[name].unused:
                self.leaving_queues.remove(name)
                self._board.eligibility.forget(name)
                self._board.chats.forget(name)
                self._board.standings.pop(name, None)
                del queues[name]

    def _apply_queues(self, event: Configured) -> None:
        old = self._board.state.queues
        named: dict[str, Queue] = {}
        for settings in event.queues:
            queue = named[settings.name] = old.get(settings.name) or Queue(settings)
            before, queue.settings = queue.settings.steps, settings
            if before != settings.steps:
                self._relaxing.changed(queue, before)
            asked = any(step.service_level is not None for step in settings.steps)
            queue.level = (queue.level or ServiceLevel()) if asked else None
        self._board.state.queues = _with_leaving(named, old)

    def _apply_agents(self, event: Configured) -> None:
        old = self._board.state.agents
        named: dict[str, Agent] = {}
        for place, settings in enumerate(event.agents):
            known = old.get(settings.name)
            agent = named[settings.name] = known or Agent(settings, since_us=self._board.now_us)
            agent.settings = settings
            agent.place = place
        self._board.state.agents = _with_leaving(named, old)


def _doubt(settings: AgentSettings) -> str:
    """What is wrong with an agent's capacity; empty if nothing is."""
    if settings.capacity.get(Channel.VOICE, 1) != 1:
        return f"capacity: {settings.name} takes one call at a time, not {settings.capacity[Channel.VOICE]}"
    if settings.capacity.get(Channel.CHAT, 0) < 0:
        return f"capacity: {settings.name} cannot take fewer than no chats"
    return ""


def _standing(queue: Queue, calls: dict[str, QueuedCall]) -> Standing:
    made = Standing(queue.settings.aging)
    for name in queue.visits:
        made.enter(calls[name])
    return made


def _rank(call: QueuedCall) -> int:
    return call.assigned_rank


def _with_leaving(named: dict[str, Member], old: dict[str, Member]) -> dict[str, Member]:
    """Those whom the configuration names, in its order, then those who have to leave."""
    everyone = {**named, **{name: member for name, member in old.items() if name not in named}}
    for name, member in everyone.items():
        member.leaving = name not in named
    return everyone
