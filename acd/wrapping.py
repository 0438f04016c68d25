"""Wrap-ups: what follows a conversation, of a call or of each chat by itself."""

from acd import chats
from acd.agent import Agent
from acd.board import Board
from acd.commands import WrapUpEnded
from acd.deadlines import Due
from acd.events import WrapUpDone, WrapUpExtended
from acd.queued_call import QueuedCall
from acd.settings import QueueSettings
from acd.work import Work

_FOR_EVER_US = 2**62


class Wrapping:
    """The rules about wrap-ups."""

    __slots__ = ("_board",)

    def __init__(self, board: Board) -> None:
        self._board = board

    def after(self, agent: Agent, call: QueuedCall) -> None:
        """The agent's conversation with this caller is over."""
        if (work := talking(agent, call)) is not None:
            self.begin(agent, work)

    def begin(self, agent: Agent, work: Work) -> None:
        """What follows a conversation is the queue's wrap-up, if anything."""
        board = self._board
        self._hang_up(agent, work)
        settings = board.state.queues[work.queue or ""].settings
        wrap_up_us = settings.wrap_up_us
        if work.wrap_up_extra_us:
            wrap_up_us = min(wrap_up_us + work.wrap_up_extra_us, _longest(settings))
            work.wrap_up_extra_us = 0
        if wrap_up_us > 0 and agent.logged_in and not agent.leaving:
            work.wrap_up_since_us = board.now_us
            work.wrap_up_until_us = board.now_us + wrap_up_us
            self._arm(agent, work)
        else:
            self._wrapped_up(agent, work, 0)
        board.touch(agent)

    def skip(self, agent: Agent, work: Work) -> None:
        """Nothing follows the conversation: its end came by itself."""
        self._hang_up(agent, work)
        self._wrapped_up(agent, work, 0)

    def _arm(self, agent: Agent, work: Work) -> None:
        """Its end is due then; of several chats that of the first."""
        due_us = work.wrap_up_until_us if work is agent else agent.chats_due_us
        if due_us is not None:
            due = Due.WRAP_UP if work is agent else Due.CHATS_WRAP_UP
            self._board.deadlines.arm(due_us, due, agent.settings.name)

    def end(self, agent: Agent, work: Work | None = None) -> None:
        """The wrap-up after a call, or this chat, is over, by its deadline, by the agent or by logout."""
        work = work or agent
        if work.wrap_up_until_us is None or work.wrap_up_since_us is None:
            return
        wrap_up_us = self._board.now_us - work.wrap_up_since_us
        work.wrap_up_until_us = work.wrap_up_since_us = None
        self._wrapped_up(agent, work, wrap_up_us)
        self._board.touch(agent)

    def end_all(self, agent: Agent) -> None:
        """All of them are over."""
        self.end(agent)
        for chat in agent.chats.copy():
            self.end(agent, chat)

    def end_due_chats(self, agent: Agent) -> None:
        """Those of chats that are due are over."""
        for chat in agent.chats.copy():
            if chat.wrap_up_until_us is not None and chat.wrap_up_until_us <= self._board.now_us:
                self.end(agent, chat)

    def done(self, event: WrapUpDone) -> None:
        """The agent says that his wrap-up is over."""
        agent = self._board.state.agents.get(event.agent)
        if agent is None:
            return
        if not event.call:
            self.end_all(agent)
        elif (work := _work_for(agent, event.call)) is not None:
            self.end(agent, work)

    def extend(self, event: WrapUpExtended) -> None:
        """The agent needs longer: now, or after the conversation that he is in."""
        agent = self._board.state.agents.get(event.agent)
        if agent is None or event.by_us <= 0:
            return
        work = _work_for(agent, event.call) if event.call else agent
        if work is None:
            return
        if work.wrap_up_until_us is not None and work.wrap_up_since_us is not None:
            until_us = work.wrap_up_until_us + event.by_us
            queue = self._board.state.queues.get(work.queue or "")
            if queue is not None:  # it may have gone
                last_us = work.wrap_up_since_us + _longest(queue.settings)
                until_us = min(until_us, max(work.wrap_up_until_us, last_us))
            work.wrap_up_until_us = until_us
            self._arm(agent, work)
        elif work.conversation is not None:
            work.wrap_up_extra_us += event.by_us

    def _hang_up(self, agent: Agent, work: Work) -> None:
        self._board.conversations.discard(work.conversation or "")
        work.conversation = None
        agent.talk_us += self._board.now_us - work.talking_since_us
        if work is not agent:
            chats.talked(self._board, agent)

    def _wrapped_up(self, agent: Agent, work: Work, wrap_up_us: int) -> None:
        board = self._board
        call, queue = work.call or "", work.queue or ""
        work.call = work.queue = None
        work.wrap_up_extra_us = 0
        if work is not agent:
            agent.chats.remove(work)
            self._arm(agent, work)
        board.commands.append(WrapUpEnded(board.next_id(), agent.settings.name, call, queue, wrap_up_us))


def talking(agent: Agent, call: QueuedCall) -> Work | None:
    """The agent's conversation with this caller, if they talk."""
    if agent.conversation == call.offer:
        return agent
    return next((chat for chat in agent.chats if chat.conversation == call.offer), None)


def _work_for(agent: Agent, call: str) -> Work | None:
    return next((work for work in (agent, *agent.chats) if work.call == call), None)


def _longest(settings: QueueSettings) -> int:
    """How long a wrap-up may last, extensions included, microseconds."""
    return max(settings.wrap_up_us, settings.wrap_up_max_us or _FOR_EVER_US)
