"""Agents: what is learned about them and their phones, their conversations, and what follows."""

from acd.agent import ABSENT, AWAY, READY, Agent, AgentState
from acd.board import Board
from acd.commands import AgentChanged, HangUpOffer, VisitReason, VisitResult, WatchPhone, WrapUpEnded
from acd.deadlines import Due
from acd.eligibility import Eligibility
from acd.events import (
    AgentMoved,
    AgentStateSet,
    ConversationEnd,
    ConversationEnded,
    ConversationMoved,
    OfferPickedUp,
    PhoneAtCode,
    PhoneBusy,
    PhoneReachable,
    PhoneRegistered,
    PhoneUnreachable,
    PhoneUnregistered,
    WantedState,
    WrapUpDone,
    WrapUpExtended,
)
from acd.offer import RINGS, OpenOffer
from acd.offering import Offering
from acd.queued_call import CallInput, CallState, QueuedCall
from acd.settings import OnAgentLost, QueueSettings
from acd.visits import Visits
from acd.work import Channel, Work

_FOR_EVER_US = 2**62
REMOVED = "removed"  # reason of the last AgentChanged of an agent whom the configuration dropped

# Members that most steps name: Python 3.11 calls a function to find one through its class.
_VOICE = Channel.VOICE
_PAUSED, _RINGING = AgentState.PAUSED, AgentState.RINGING
_TALKING, _LEFT = CallState.TALKING, CallInput.LEFT
_WITH_CALL = frozenset({AgentState.ON_CALL, AgentState.WRAP_UP})

# After which conversations the caller is still there, and after which he is gone for good.
_STAYS = frozenset({ConversationEnd.AGENT_LOST, ConversationEnd.AGENT_LEFT})
_GOES = frozenset({ConversationEnd.CALLER_HUNG_UP, ConversationEnd.HUNG_UP_BY_OPERATOR})


class Staff:
    """The rules about agents."""

    __slots__ = ("_board", "_offering", "_visits")

    def __init__(self, board: Board, visits: Visits, offering: Offering) -> None:
        self._board = board
        self._visits = visits
        self._offering = offering

    def registered(self, event: PhoneRegistered) -> None:
        """A phone has a binding. A fresh one may be a login; any REGISTER shows that the phone is there."""
        agent = self._board.state.agents.get(event.agent)
        if agent is None:
            return
        agent.registered = agent.reachable = True
        if event.fresh and agent.login_due and agent.settings.login_on_register:
            _log_in(agent)
        self._board.touch(agent)

    def unregistered(self, event: PhoneUnregistered) -> None:
        """A phone lost its binding: said so (a logout for who logs in by registering), or vanished."""
        agent = self._board.state.agents.get(event.agent)
        if agent is None:
            return
        agent.registered = False
        if event.explicit and agent.settings.login_on_register:
            self._log_out(agent)
            agent.login_due = True
        self._board.touch(agent)

    def reachable(self, event: PhoneReachable) -> None:
        """The phone answers."""
        self._reach(event.agent, True)

    def unreachable(self, event: PhoneUnreachable) -> None:
        """It does not any more."""
        self._reach(event.agent, False)

    def busy(self, event: PhoneBusy) -> None:
        """The phone is in calls of its own, or in none any more."""
        agent = self._board.state.agents.get(event.agent)
        if agent is not None and agent.dialogs != event.dialogs:
            agent.dialogs = max(0, event.dialogs)
            self._board.touch(agent)

    def at_code(self, event: PhoneAtCode) -> None:
        """The phone has dialled a feature code, or is done with it."""
        agent = self._board.state.agents.get(event.agent)
        if agent is not None and agent.at_code != event.at_code:
            agent.at_code = event.at_code
            self._board.touch(agent)

    def moved(self, event: AgentMoved) -> None:
        """The agent sits at another phone: what rings at the former one is not for him any more."""
        agent = self._board.state.agents.get(event.agent)
        if agent is not None:
            self._offering.agent_gone(agent)
            self._board.touch(agent)

    def wants(self, event: AgentStateSet) -> None:
        """An agent or a supervisor asks for a state."""
        agent = self._board.state.agents.get(event.agent)
        if agent is None or agent.leaving:
            return
        if event.state is WantedState.OFFLINE:
            self._log_out(agent)
            return
        ready = event.state is WantedState.READY
        _log_in(agent)
        agent.paused = not ready
        agent.pause_reason = "" if ready else event.reason
        if ready:
            self.end_wrap_ups(agent)
        self._board.touch(agent)

    def picks_up(self, event: OfferPickedUp) -> None:
        """An agent wants the call that a colleague is offered; his wrap-up ends with that."""
        board = self._board
        offer = board.state.offers.get(event.offer)
        agent = board.state.agents.get(event.agent)
        if agent is not None and agent.conversation == event.pickup:
            return
        if offer is None or agent is None or not self._may_pick_up(agent, offer):
            board.commands.append(HangUpOffer(board.next_id(), event.pickup))
            return
        self.end_wrap_up(agent)
        self._offering.pick_up(offer, agent, event.pickup)

    def _may_pick_up(self, agent: Agent, offer: OpenOffer) -> bool:
        if offer.state not in RINGS or agent.leaving or not agent.logged_in:
            return False
        if offer.channel is not _VOICE:
            return False
        if agent.conversation is not None or agent.offer is not None:
            return False
        return self.serves(agent, self._board.state.calls[offer.call])

    def serves(self, agent: Agent, call: QueuedCall) -> bool:
        """Whether the agent has what the call and its queue ask for."""
        return self._board.lines_of(call).serves(agent.settings, call)

    def conversation_ended(self, event: ConversationEnded) -> None:
        """Caller and agent are apart. Only the conversation that is going on can end."""
        call = self._board.state.calls.get(event.call)
        if call is None or call.state is not _TALKING or (event.offer and event.offer != call.offer):
            return
        agent = self._board.state.agents.get(event.agent)
        if agent is None or (work := _talking(agent, call)) is None:
            return
        if event.how in _STAYS:
            self._stays(agent, work, call, event.how)
            return
        if event.how in _GOES:
            self._board.state.remember_gone(call.id, self._board.now_us)
        self._visits.apply(call, _LEFT)
        self._wrap_up(agent, work)

    def _stays(self, agent: Agent, work: Work, call: QueuedCall, how: ConversationEnd) -> None:
        """The caller has lost his agent."""
        if how is ConversationEnd.AGENT_LOST:
            self._lost(agent, work, call)
            return
        self._wrap_up(agent, work)
        call.offer = call.agent = None
        self._visits.apply(call, CallInput.AGENT_LOST)

    def conversation_moved(self, event: ConversationMoved) -> None:
        """The agent talks to another caller, and goes on with his call."""
        calls = self._board.state.calls
        call, agent = calls.get(event.call), self._board.state.agents.get(event.agent)
        if call is None or call.state is not _TALKING or event.to in calls:
            return
        if agent is None or (work := _talking(agent, call)) is None:
            return
        del calls[call.id]
        call.id = work.call = event.to
        calls[call.id] = call
        self._board.touch(agent)

    def wrap_up(self, agent: Agent, call: QueuedCall) -> None:
        """The agent's conversation with this caller is over."""
        if (work := _talking(agent, call)) is not None:
            self._wrap_up(agent, work)

    def _wrap_up(self, agent: Agent, work: Work) -> None:
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

    def _arm(self, agent: Agent, work: Work) -> None:
        """Its end is due then; of several chats that of the first."""
        due_us = work.wrap_up_until_us if work is agent else agent.chats_due_us
        if due_us is not None:
            due = Due.WRAP_UP if work is agent else Due.CHATS_WRAP_UP
            self._board.deadlines.arm(due_us, due, agent.settings.name)

    def end_wrap_up(self, agent: Agent, work: Work | None = None) -> None:
        """The wrap-up after a call, or this chat, is over, by its deadline, by the agent or by logout."""
        work = work or agent
        if work.wrap_up_until_us is None or work.wrap_up_since_us is None:
            return
        wrap_up_us = self._board.now_us - work.wrap_up_since_us
        work.wrap_up_until_us = work.wrap_up_since_us = None
        self._wrapped_up(agent, work, wrap_up_us)
        self._board.touch(agent)

    def end_wrap_ups(self, agent: Agent) -> None:
        """All of them are over."""
        self.end_wrap_up(agent)
        for chat in agent.chats.copy():
            self.end_wrap_up(agent, chat)

    def chats_wrapped_up(self, agent: Agent) -> None:
        """Those of chats that are due are over."""
        for chat in agent.chats.copy():
            if chat.wrap_up_until_us is not None and chat.wrap_up_until_us <= self._board.now_us:
                self.end_wrap_up(agent, chat)

    def wrap_up_done(self, event: WrapUpDone) -> None:
        """The agent says that his wrap-up is over."""
        agent = self._board.state.agents.get(event.agent)
        if agent is None:
            return
        if not event.call:
            self.end_wrap_ups(agent)
        elif (work := _work_for(agent, event.call)) is not None:
            self.end_wrap_up(agent, work)

    def extend_wrap_up(self, event: WrapUpExtended) -> None:
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

    def retry(self, agent: Agent) -> None:
        """The agent refused an offer and may have another one now."""
        agent.retry_at_us = None
        self._board.touch(agent)

    def retry_chats(self, agent: Agent) -> None:
        """The same of chats."""
        agent.chats_retry_at_us = None
        self._board.touch(agent)

    def crash(self, agent: Agent) -> None:
        """The switch died: dialogs with it, whoever watched the phone, and a conversation whose call does not
        return.
        """
        agent.dialogs = 0
        agent.at_code = agent.watched = False
        for work in (agent, *agent.chats):
            if work.conversation is not None and work.call not in self._board.state.calls:
                self._hang_up(agent, work)
                self._wrapped_up(agent, work, 0)
        self._board.touch(agent)

    def settle(self, agent: Agent) -> bool:
        """Read the agent's state again and bring the indexes up to date; True if the agent was the last
        one present for some class of callers and is no more."""
        board = self._board
        name = agent.settings.name
        state = board.settled[name] = agent.state
        if state is READY:
            if agent.idle_since_us is None:
                agent.idle_since_us = board.now_us
        elif state is not _RINGING:
            agent.idle_since_us = None
        if state is READY and agent.open:
            if name not in board.eligibility.agents:
                board.freed_agents[name] = agent
        else:
            if name in board.eligibility.agents:
                board.eligibility.engage(agent)
            if (name in board.assigned or name in board.preferring) and not agent.expected:
                self._visits.release(name)
        if agent.settings.capacity:
            self._settle_chats(agent)
        at_work = state not in AWAY
        if at_work is not agent.at_work or board.eligibility.goes_by_loads:
            self._settle_work(agent, at_work)
        watch = agent.registered and not agent.reachable
        if watch != agent.watched:
            agent.watched = watch
            board.commands.append(WatchPhone(board.next_id(), name, watch))
        present = state not in ABSENT and not agent.leaving
        emptied = (name in board.present) is not present and _count(agent, board.present, board.eligibility)
        if agent.settings.capacity:
            present = present and agent.settings.capacity.get(Channel.CHAT, 0) > 0
            if (name in board.present_for_chats) is not present:
                emptied = _count(agent, board.present_for_chats, board.chats) or emptied
        return emptied

    def _settle_chats(self, agent: Agent) -> None:
        """The same for the lines of chats."""
        board, name = self._board, agent.settings.name
        if not agent.may_take(Channel.CHAT):
            board.chats.engage(agent)
        elif name not in board.chats.agents:
            board.freed_for_chats[name] = agent

    def announce(self, agent: Agent, state: AgentState) -> None:
        """Tell the world if the agent's state, its reason or its call is new."""
        board = self._board
        work: Work = agent
        if agent.chats:
            work, state = agent.busiest, agent.shown
        reason = agent.pause_reason if state is _PAUSED else ""
        call = work.call if state in _WITH_CALL else None
        if state is _RINGING and work.offer is not None:
            call = board.state.offers[work.offer].call
        if state is agent.announced and call == agent.announced_call and reason == agent.announced_reason:
            return
        agent.announced, agent.announced_reason, agent.announced_call = state, reason, call
        agent.since_us = board.now_us
        board.commands.append(
            AgentChanged(board.next_id(), agent.settings.name, state, board.now_us, reason, call)
        )

    def remove(self, agent: Agent) -> None:
        """The configuration dropped the agent, and nothing holds on to him any more."""
        board = self._board
        self.end_wrap_ups(agent)
        name = agent.settings.name
        self._visits.release(name)
        del board.state.agents[name]
        board.unsettled = [other for other in board.unsettled if other is not agent]
        board.eligibility.dismiss(agent)
        board.chats.dismiss(agent)
        if agent.watched:
            board.commands.append(WatchPhone(board.next_id(), name, False))
        if agent.announced is not AgentState.OFFLINE:
            board.commands.append(
                AgentChanged(board.next_id(), name, AgentState.OFFLINE, board.now_us, REMOVED)
            )

    def _reach(self, name: str, reachable: bool) -> None:
        agent = self._board.state.agents.get(name)
        if agent is not None and agent.reachable != reachable:
            agent.reachable = reachable
            self._board.touch(agent)

    def _log_out(self, agent: Agent) -> None:
        if not agent.logged_in:
            return
        agent.logged_in = agent.paused = agent.login_due = False
        agent.pause_reason = ""
        self.end_wrap_ups(agent)
        self._offering.agent_gone(agent)
        self._offering.chats_withdrawn(agent)
        self._board.touch(agent)

    def _lost(self, agent: Agent, work: Work, call: QueuedCall) -> None:
        """The agent's phone died in mid-call: nothing to wrap up, and nothing more for that phone."""
        settings = self._board.state.queues[call.queue].settings
        if work is agent:
            agent.reachable = False
        else:
            self._offering.hold_off_chats(agent, settings.retry_busy_us)
        self._hang_up(agent, work)
        self._wrapped_up(agent, work, 0)
        self._board.touch(agent)
        call.offer = call.agent = None
        if settings.on_agent_lost is OnAgentLost.REQUEUE:
            self._visits.apply(call, CallInput.AGENT_LOST)
        else:
            self._visits.hang_up(call, VisitResult.ANSWERED, VisitReason.AGENT_LOST)

    def _hang_up(self, agent: Agent, work: Work) -> None:
        self._board.conversations.discard(work.conversation or "")
        work.conversation = None
        agent.talk_us += self._board.now_us - work.talking_since_us
        if work is not agent:
            self._offering.chat_counts(agent)

    def _settle_work(self, agent: Agent, at_work: bool) -> None:
        eligibility = self._board.eligibility
        if at_work and not agent.at_work:
            agent.calls, agent.talk_us = eligibility.start(agent)
        agent.at_work = at_work
        eligibility.work(agent)

    def _wrapped_up(self, agent: Agent, work: Work, wrap_up_us: int) -> None:
        board = self._board
        call, queue = work.call or "", work.queue or ""
        work.call = work.queue = None
        work.wrap_up_extra_us = 0
        if work is not agent:
            agent.chats.remove(work)
            self._arm(agent, work)
        board.commands.append(WrapUpEnded(board.next_id(), agent.settings.name, call, queue, wrap_up_us))


def _talking(agent: Agent, call: QueuedCall) -> Work | None:
    """The agent's conversation with this caller, if they talk."""
    if agent.conversation == call.offer:
        return agent
    return next((chat for chat in agent.chats if chat.conversation == call.offer), None)


def _work_for(agent: Agent, call: str) -> Work | None:
    return next((work for work in (agent, *agent.chats) if work.call == call), None)


def _count(agent: Agent, present: set[str], eligibility: Eligibility) -> bool:
    """The agent came or went: count it for each class; True if some class has nobody left."""
    name = agent.settings.name
    change = -1 if name in present else 1
    present ^= {name}
    emptied = False
    signature = eligibility.of_agent(agent.settings)
    signature.present += change
    for skill_class in signature.classes:
        skill_class.present += change
        emptied = emptied or not skill_class.present
    return emptied


def _log_in(agent: Agent) -> None:
    if not agent.logged_in:
        agent.logged_in = True
        agent.calls = agent.talk_us = 0
        agent.at_work = False  # though he may talk: he starts as whoever comes to work
    agent.login_due = False


def _longest(settings: QueueSettings) -> int:
    """How long a wrap-up may last, extensions included, microseconds."""
    return max(settings.wrap_up_us, settings.wrap_up_max_us or _FOR_EVER_US)
