"""Agents: what is learned about them and their phones, their conversations, and what follows."""

from acd import chats
from acd.agent import ABSENT, AWAY, READY, Agent, AgentState
from acd.board import Board
from acd.commands import AgentChanged, HangUpOffer, VisitReason, VisitResult, WatchPhone
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
)
from acd.offer import RINGS, OpenOffer
from acd.offering import Offering
from acd.queued_call import CallInput, CallState, QueuedCall
from acd.settings import OnAgentLost
from acd.visits import Visits
from acd.work import Channel, Work
from acd.wrapping import Wrapping, talking

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

    __slots__ = ("_board", "_offering", "_visits", "_wrapping")

    def __init__(self, board: Board, visits: Visits, offering: Offering, wrapping: Wrapping) -> None:
        self._board = board
        self._visits = visits
        self._offering = offering
        self._wrapping = wrapping

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
            self._wrapping.end_all(agent)
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
        self._wrapping.end(agent)
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
        if agent is None or (work := talking(agent, call)) is None:
            return
        if event.how in _STAYS:
            self._stays(agent, work, call, event.how)
            return
        if event.how in _GOES:
            self._board.state.remember_gone(call.id, self._board.now_us)
        self._visits.apply(call, _LEFT)
        self._wrapping.begin(agent, work)

    def _stays(self, agent: Agent, work: Work, call: QueuedCall, how: ConversationEnd) -> None:
        """The caller has lost his agent."""
        if how is ConversationEnd.AGENT_LOST:
            self._lost(agent, work, call)
            return
        self._wrapping.begin(agent, work)
        call.offer = call.agent = None
        self._visits.apply(call, CallInput.AGENT_LOST)

    def conversation_moved(self, event: ConversationMoved) -> None:
        """The agent talks to another caller, and goes on with his call."""
        calls = self._board.state.calls
        call, agent = calls.get(event.call), self._board.state.agents.get(event.agent)
        if call is None or call.state is not _TALKING or event.to in calls:
            return
        if agent is None or (work := talking(agent, call)) is None:
            return
        del calls[call.id]
        call.id = work.call = event.to
        calls[call.id] = call
        self._board.touch(agent)

    def retry(self, agent: Agent) -> None:
        """The agent refused an offer and may have another one now."""
        agent.retry_at_us = None
        self._board.touch(agent)

    def crash(self, agent: Agent) -> None:
        """The switch died: dialogs with it, whoever watched the phone, and a conversation whose call does not
        return.
        """
        agent.dialogs = 0
        agent.at_code = agent.watched = False
        for work in (agent, *agent.chats):
            if work.conversation is not None and work.call not in self._board.state.calls:
                self._wrapping.skip(agent, work)
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
            chats.settle(board, agent)
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
        self._wrapping.end_all(agent)
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
        self._wrapping.end_all(agent)
        self._offering.agent_gone(agent, *agent.chats)
        self._board.touch(agent)

    def _lost(self, agent: Agent, work: Work, call: QueuedCall) -> None:
        """The agent's phone died in mid-call: nothing to wrap up, and nothing more for that phone."""
        settings = self._board.state.queues[call.queue].settings
        if work is agent:
            agent.reachable = False
        else:
            chats.hold_off(self._board, agent, settings.retry_busy_us)
        self._wrapping.skip(agent, work)
        self._board.touch(agent)
        call.offer = call.agent = None
        if settings.on_agent_lost is OnAgentLost.REQUEUE:
            self._visits.apply(call, CallInput.AGENT_LOST)
        else:
            self._visits.hang_up(call, VisitResult.ANSWERED, VisitReason.AGENT_LOST)

    def _settle_work(self, agent: Agent, at_work: bool) -> None:
        eligibility = self._board.eligibility
        if at_work and not agent.at_work:
            agent.calls, agent.talk_us = eligibility.start(agent)
        agent.at_work = at_work
        eligibility.work(agent)


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
