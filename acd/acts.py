"""What supervisors do with calls in queues: each act is done whole, or refused with the reason."""

from typing import assert_never

from acd.agent import Agent, AgentState
from acd.board import Board
from acd.commands import Acted, OfferResult, Refusal, VisitReason
from acd.events import Act, CallAssigned, CallMoved, CallPrioritised, CallPulled, CallWithdrawn
from acd.offering import Offering
from acd.queued_call import CallState, QueuedCall
from acd.staff import Staff
from acd.visits import Visits
from acd.why import Rule
from acd.work import Channel
from acd.wrapping import Wrapping

WHAT: dict[type[Act], str] = {
    CallPrioritised: "prioritise",
    CallAssigned: "assign",
    CallPulled: "pull",
    CallMoved: "move",
    CallWithdrawn: "withdraw",
}
_IN_QUEUE = (CallState.WAITING, CallState.OFFERED)
_NOT_NOW = {CallState.DOUBTED: Refusal.IN_DOUBT, CallState.ASKING: Refusal.BEING_DECIDED}

# Which agents may be promised a call, and which may take one out of its turn; what is told of the others.
_ASSIGNABLE: dict[AgentState, Refusal] = {
    AgentState.READY: Refusal.DONE,
    AgentState.RINGING: Refusal.DONE,
    AgentState.ON_CALL: Refusal.DONE,
    AgentState.WRAP_UP: Refusal.DONE,
    AgentState.PAUSED: Refusal.AGENT_PAUSED,
    AgentState.UNREACHABLE: Refusal.AGENT_UNREACHABLE,
    AgentState.OFFLINE: Refusal.AGENT_OFFLINE,
}
_MAY_PULL: dict[AgentState, Refusal] = {
    **_ASSIGNABLE,
    AgentState.RINGING: Refusal.AGENT_ENGAGED,
    AgentState.ON_CALL: Refusal.AGENT_ENGAGED,
    AgentState.PAUSED: Refusal.DONE,
}
_FULL: dict[VisitReason | None, Refusal] = {
    None: Refusal.DONE,
    VisitReason.MAX_WAITING: Refusal.QUEUE_FULL,
    VisitReason.CLOSED_HOURS: Refusal.QUEUE_CLOSED,
    VisitReason.CLOSED_HOLIDAY: Refusal.QUEUE_CLOSED,
    VisitReason.CLOSED_EMERGENCY: Refusal.QUEUE_CLOSED,
    VisitReason.NO_AGENTS: Refusal.QUEUE_WITHOUT_AGENTS,
}


class Acts:
    """The rules of supervisors' acts."""

    __slots__ = ("_board", "_offering", "_staff", "_visits", "_wrapping")

    def __init__(
        self, board: Board, visits: Visits, offering: Offering, staff: Staff, wrapping: Wrapping
    ) -> None:
        self._board = board
        self._visits = visits
        self._offering = offering
        self._staff = staff
        self._wrapping = wrapping

    def take(self, act: Act) -> None:
        """Do it, if it can be done, and say what became of it."""
        refusal = self.refusal(act)
        if refusal is Refusal.DONE:
            self._do(act, self._board.state.calls[act.call])
        board = self._board
        board.commands.append(
            Acted(board.next_id(), WHAT[type(act)], act.call, target_of(act), act.by, refusal)
        )

    def refusal(self, act: Act) -> Refusal:
        """Why it cannot be done now. Changes nothing."""
        call = self._board.state.calls.get(act.call)
        if call is None:
            return Refusal.NO_SUCH_CALL
        if call.state not in _IN_QUEUE:
            return _NOT_NOW.get(call.state, Refusal.TALKING)
        match act:
            case CallPrioritised():
                return Refusal.DONE
            case CallAssigned() | CallPulled():
                return self._refusal_of_agent(act, call)
            case CallMoved():
                return self._refusal_of_queue(act.queue, call) if act.queue else Refusal.DONE
            case CallWithdrawn(target=target):
                known = target == "hangup" or (target.startswith("phone:") and target != "phone:")
                return Refusal.DONE if known else Refusal.NO_SUCH_TARGET
            case _:
                assert_never(act)

    def _refusal_of_agent(self, act: CallAssigned | CallPulled, call: QueuedCall) -> Refusal:
        agent = self._board.state.agents.get(act.agent)
        if agent is None or agent.leaving:
            return Refusal.NO_SUCH_AGENT
        if call.state is CallState.OFFERED:
            return Refusal.RINGING
        if isinstance(act, CallAssigned):
            return _ASSIGNABLE[agent.state]
        if not self._staff.serves(agent, call):
            return Refusal.AGENT_WITHOUT_SKILL
        no_room = call.channel is not Channel.VOICE and not agent.room_beside(0)
        engaged = agent.offer is not None or agent.at_code or no_room
        return Refusal.AGENT_ENGAGED if engaged else _MAY_PULL[agent.state]

    def _refusal_of_queue(self, name: str, call: QueuedCall) -> Refusal:
        queue = self._board.state.queues.get(name)
        if queue is None or queue.leaving:
            return Refusal.NO_SUCH_QUEUE
        if name == call.queue:
            return Refusal.SAME_QUEUE
        return _FULL[self._visits.refusal(call, queue)]

    def _do(self, act: Act, call: QueuedCall) -> None:
        match act:
            case CallPrioritised(priority=priority):
                self._prioritise(call, priority)
            case CallAssigned(agent=agent):
                self._assign(call, self._board.state.agents[agent])
            case CallPulled(agent=agent):
                self._pull(call, self._board.state.agents[agent])
            case CallMoved(queue=""):
                self._prioritise(call, self._foremost(call))
            case CallMoved(queue=queue):
                self._offering.call_left(call, OfferResult.LEFT_QUEUE)
                self._visits.move(call, queue, VisitReason.MOVED_BY_OPERATOR)
            case CallWithdrawn(target=target):
                self._offering.call_left(call, OfferResult.LEFT_QUEUE)
                self._visits.withdraw(call, target)
            case _:
                assert_never(act)

    def _prioritise(self, call: QueuedCall, priority: int) -> None:
        call.raised = 0  # it is his word now, whatever steps have added
        if priority != call.priority:
            call.priority = priority
            self._visits.line_up_again(call)

    def _foremost(self, call: QueuedCall) -> int:
        """A priority above everybody else's in the queue, however long they wait."""
        facts = self._board.state
        queue = facts.queues[call.queue]
        others = [facts.calls[name].priority for name in queue.visits if name != call.id]
        if others and queue.settings.aging.per_minute:
            others.append(queue.settings.aging.cap)
        return max([call.priority, *(other + 1 for other in others)])

    def _assign(self, call: QueuedCall, agent: Agent) -> None:
        board = self._board
        if call.assigned == agent.name:
            return
        board.unassign(call)
        board.prefer_nobody(call)
        board.lines_of(call).leave(call.id)
        call.assigned_rank = self._visits.next_arrival()
        board.assign(call, agent.name)
        if agent.may_take(call.channel):
            self._offering.make(call, agent, Rule.ASSIGNED)

    def _pull(self, call: QueuedCall, agent: Agent) -> None:
        self._wrapping.end(agent)
        agent.retry_at_us = agent.chats_retry_at_us = None
        self._board.prefer_nobody(call)
        self._offering.make(call, agent, Rule.PULLED)
        self._board.touch(agent)  # he need not have been free


def target_of(act: Act) -> str:
    """For whom, where to, or which priority: in words."""
    match act:
        case CallPrioritised(priority=priority):
            return str(priority)
        case CallAssigned(agent=agent) | CallPulled(agent=agent):
            return agent
        case CallMoved(queue=queue):
            return queue or "front"
        case CallWithdrawn(target=target):
            return target
        case _:
            assert_never(act)
