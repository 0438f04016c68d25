"""Calls and their places: entering a queue, waiting, moving on by overflow, leaving."""

from collections.abc import Callable
from itertools import islice

from acd import looks
from acd.board import Board
from acd.commands import AskDecision, LeaveQueue, VisitEnded, VisitReason, VisitResult, VisitStarted
from acd.deadlines import Due
from acd.events import CallQueued, CallsRecovered
from acd.queue import ClosedReason, Queue
from acd.queued_call import TABLE, CallAction, CallInput, CallState, QueuedCall
from acd.redial import kept, resume
from acd.service_level import ServiceLevel
from acd.settings import AtClosing, NoAgents

_END_VISIT = CallAction.END_VISIT  # Python 3.11 calls a function to find a member through its class
_NAMED = 50  # so many free agents are named to an outside program


class Visits:
    """The interpreter of `acd.queued_call`, and the rules of entering and overflow."""

    __slots__ = ("_acts", "_board")

    def __init__(self, board: Board) -> None:
        self._board = board
        self._acts: dict[CallAction, Callable[[QueuedCall], None]] = {
            CallAction.ASK: self._ask,
            CallAction.STOP_ASKING: self._stop_asking,
            CallAction.JOIN_LINE: self._join_line,
            CallAction.LEAVE_LINE: self._leave_line,
            CallAction.SEEK_NO_MORE: self._seek_no_more,
            CallAction.START_VISIT: self._start_visit,
            CallAction.START_TALK: self._start_talk,
            CallAction.END_TALK: self._end_talk,
            CallAction.FORGET: self._forget,
        }

    def queued(self, event: CallQueued) -> None:
        """A call wants into a queue. One that is known, or has just ended, is a duplicate."""
        state = self._board.state
        if event.call in state.calls or state.is_gone(event.call):
            return
        arrival = self.next_arrival()
        call = QueuedCall(event.call, event.queue, event.priority, event.queued_at_us, arrival)
        call.requires, call.caller, call.channel = event.requires, event.caller, event.channel
        has_place = bool(event.caller and state.gave_up) and (
            kept(state.gave_up, call, self._board.now_us) is not None
        )
        state.calls[event.call] = call
        self._enter(call, event.queue, set(), has_place=has_place)
        if event.preferred and call.state in (CallState.WAITING, CallState.ASKING):
            self.prefer(call, event.preferred)

    def prefer(self, call: QueuedCall, name: str) -> None:
        """The caller, who has just come, knows this agent, who comes first for him if he is there and serves
        him."""
        board = self._board
        agent, for_us = board.state.agents.get(name), board.state.queues[call.queue].settings.prefer_us
        if agent is None:
            return
        call.knows = name
        if for_us <= 0 or not agent.expected:
            return
        if board.lines_of(call).serves(agent.settings, call):
            board.prefer(call, name)
            call.preferred_until_us = board.now_us + for_us
            board.deadlines.arm(call.preferred_until_us, Due.PREFERRED, call.id)

    def preferred_long_enough(self, call: QueuedCall) -> None:
        """Whoever came first for the call has had his time: everybody may have it now. If his phone rings it
        rings on."""
        self._board.prefer_nobody(call)
        call.alone = False
        if call.state is CallState.WAITING:
            self.line_up_again(call)
        else:
            self._board.freed_calls.append(call)

    def overflow(self, call: QueuedCall, reason: VisitReason, way: str = "") -> None:
        """The call leaves its queue for `way`, or for what the queue's `overflow` names, or its `closed`."""
        way = way or _way(self._board.state.queues[call.queue], reason)
        onward = self._onward(way, {call.queue})
        if onward is None:
            self._let_go(call, VisitResult.OVERFLOWED, reason, _target(way))
            return
        self.apply(call, CallInput.MOVED, VisitResult.OVERFLOWED, reason)
        # In the next queue the caller is the last to come: waits and order both start there.
        call.queued_at_us = self._board.now_us
        call.arrival = self.next_arrival()
        self._enter(call, onward, {call.queue})

    def send_on(self, call: QueuedCall, reason: VisitReason, way: str = "") -> None:
        """The same of who may have come in this very step. Where he comes to his steps are not taken at once,
        or he might go round for ever."""
        self.overflow(call, reason, way)
        if call.look_at_us is not None and call.look_at_us <= self._board.now_us:
            looks.again(self._board, call)

    def send_away(self, queue: Queue) -> None:
        """Everybody in line leaves a queue that is closed and keeps nobody. A phone that rings for one of
        them may still be answered.
        """
        for name in list(queue.visits) if queue.closed is not None else ():
            self.shows_out(self._board.state.calls[name])

    def shows_out(self, call: QueuedCall) -> bool:
        """Whether a caller in line has to go because his queue is closed; if so, he has gone."""
        queue = self._board.state.queues[call.queue]
        if (
            queue.closed is None
            or queue.settings.at_closing is AtClosing.KEEP
            or call.state is not CallState.WAITING
        ):
            return False
        self.overflow(call, _CLOSED[queue.closed])
        return True

    def move(self, call: QueuedCall, queue: str, reason: VisitReason) -> None:
        """The call goes to another queue, where it keeps its place in time and no program is asked."""
        self.apply(call, CallInput.MOVED, VisitResult.OVERFLOWED, reason)
        self._enter(call, queue, {call.queue}, CallInput.ENTERED)

    def withdraw(self, call: QueuedCall, target: str) -> None:
        """The call leaves its queue for `target`."""
        if target == "hangup":
            self._let_go(call, VisitResult.ENDED_OTHERWISE, VisitReason.HUNG_UP_BY_OPERATOR, target)
        else:
            self._let_go(call, VisitResult.OVERFLOWED, VisitReason.MOVED_BY_OPERATOR, target)

    def next_arrival(self) -> int:
        """A number that was never given out before: who comes later has a larger one."""
        self._board.state.arrivals += 1
        return self._board.state.arrivals

    def refusal(self, call: QueuedCall, queue: Queue, has_place: bool = False) -> VisitReason | None:
        """Why the queue would not take the call now; None if it would. Who has a place that was kept for him
        finds it, however many wait."""
        if (closed := queue.closed) is not None:
            return _CLOSED[closed]
        if len(queue.visits) >= queue.settings.max_waiting and not has_place:
            return VisitReason.MAX_WAITING
        return VisitReason.NO_AGENTS if self.finds_nobody(call, queue) else None

    def line_up_again(self, call: QueuedCall) -> None:
        """What decides the call's place has changed. Who waits for one agent alone is in no other line."""
        eligibility = self._board.lines_of(call)
        if call.queue in self._board.standings:
            self._board.standings[call.queue].change(call)
        if (call.state is CallState.WAITING and call.assigned is None) or call.id in eligibility.seeking:
            eligibility.leave(call.id)
            eligibility.seek_no_more(call.id)
            self._board.freed_calls.append(call)

    def release(self, agent: str) -> None:
        """The agent takes no calls for now: who waits for him alone waits for everybody again."""
        board = self._board
        for name in list(board.preferring.get(agent, ())):
            call = board.state.calls[name]
            board.prefer_nobody(call)
            self.line_up_again(call)
        for name in board.assigned.pop(agent, ()):
            call = board.state.calls[name]
            call.assigned = None
            board.freed_calls.append(call)

    def hang_up(self, call: QueuedCall, result: VisitResult, reason: VisitReason) -> None:
        """The router lets go of the call and asks for its end."""
        self._let_go(call, result, reason, "hangup")

    def apply(
        self,
        call: QueuedCall,
        what: CallInput,
        result: VisitResult = VisitResult.ENDED_OTHERWISE,
        reason: VisitReason = VisitReason.FAILED,
        agent: str | None = None,
    ) -> None:
        """Move the call by its table. `result`, `reason` and `agent` matter where the visit ends."""
        if call.preferred is not None and what in _FORGETS_WHO_IS_PREFERRED:
            self._board.prefer_nobody(call)
        row = TABLE.get((call.state, what))
        if row is None:
            return
        call.state, actions = row
        for action in actions:
            if action is _END_VISIT:
                self._end_visit(call, result, reason, agent)
            else:
                self._acts[action](call)

    def doubt(self, call: QueuedCall) -> None:
        """The switch died: whoever was in line keeps his place, but not the deadline of his wait."""
        if (call.state, CallInput.DOUBTED) in TABLE:
            call.offers.clear()
            call.due_us = call.look_at_us = None
            self.apply(call, CallInput.DOUBTED)

    def recovered(self, event: CallsRecovered) -> None:
        """They are still there, and wait on; they may have waited long enough by now."""
        facts = self._board.state
        for name in event.calls:
            call = facts.calls.get(name)
            if call is not None and call.state is CallState.DOUBTED:
                self.apply(call, CallInput.RECOVERED)
                self._limit_wait(call, facts.queues.get(call.queue))
                looks.first(self._board, call)

    def finds_nobody(self, call: QueuedCall, queue: Queue) -> bool:
        """Whether the queue sends the call on because nobody who may serve it is present."""
        if queue.settings.no_agents is NoAgents.WAIT:
            return False
        widened = call.widened if call.queue == queue.settings.name else 0
        return not self._board.lines_of(call).of(queue.settings.name, call.requires, widened).present

    def _enter(
        self,
        call: QueuedCall,
        name: str,
        seen: set[str],
        asked: CallInput = CallInput.ASKED,
        *,
        has_place: bool = False,
    ) -> None:
        """Walk along the overflows, and past closed queues, until one takes the call; none twice: it ends.
        `has_place`: one is kept for the caller in the first, and still is if that does not take him."""
        queues = self._board.state.queues
        while True:
            seen.add(name)
            if call.steps:
                call.forget_steps()
            call.queue = name
            queue = queues.get(name)
            if queue is None:
                self._let_go(call, VisitResult.ENDED_OTHERWISE, VisitReason.UNKNOWN_QUEUE, "hangup")
                return
            if queue.leaving:
                self._let_go(call, VisitResult.ENDED_OTHERWISE, VisitReason.QUEUE_CLOSED, "hangup")
                return
            refusal = self.refusal(call, queue, has_place)
            if refusal is None:
                if has_place:
                    resume(self._board.state.gave_up, call)
                self.apply(call, asked if queue.settings.ask_us > 0 else CallInput.ENTERED)
                return
            way = _way(queue, refusal)
            onward = self._onward(way, seen)
            if onward is None:
                self._let_go(call, VisitResult.OVERFLOWED, refusal, _target(way))
                return
            self.apply(call, CallInput.PASSED_ON, VisitResult.OVERFLOWED, refusal)
            call.queued_at_us = self._board.now_us
            name, has_place = onward, False

    def _onward(self, way: str, seen: set[str]) -> str | None:
        """The queue that `way` names, if it is not leaving and not one that has just been tried."""
        kind, _, name = way.partition(":")
        if kind != "queue" or name in seen:
            return None
        target = self._board.state.queues.get(name)
        return None if target is None or target.leaving else name

    def _let_go(self, call: QueuedCall, result: VisitResult, reason: VisitReason, target: str) -> None:
        self.apply(call, CallInput.LEFT, result, reason)
        board = self._board
        board.commands.append(LeaveQueue(board.next_id(), call.id, call.queue, result, reason, target))

    def _stop_asking(self, call: QueuedCall) -> None:
        call.ask_until_us = None

    def _join_line(self, call: QueuedCall) -> None:
        self._board.freed_calls.append(call)

    def _leave_line(self, call: QueuedCall) -> None:
        self._board.lines_of(call).leave(call.id)
        if call.assigned is not None:
            self._board.unassign(call)

    def _seek_no_more(self, call: QueuedCall) -> None:
        call.alone = False
        call.ring_next_us = None
        self._board.lines_of(call).seek_no_more(call.id)

    def _start_talk(self, call: QueuedCall) -> None:
        self._board.state.queues[call.queue].engaged += 1

    def _end_talk(self, call: QueuedCall) -> None:
        self._board.state.queues[call.queue].engaged -= 1

    def _forget(self, call: QueuedCall) -> None:
        del self._board.state.calls[call.id]

    def _start_visit(self, call: QueuedCall) -> None:
        board = self._board
        call.visit = board.next_name()
        call.entered_at_us = board.now_us
        queue = board.state.queues.get(call.queue)
        if queue is not None:
            queue.visits[call.id] = board.now_us
            if call.queue in board.standings:
                board.standings[call.queue].enter(call)
            self._limit_wait(call, queue)
            if queue.settings.steps:
                looks.first(board, call)
        board.commands.append(
            VisitStarted(
                board.next_id(),
                call.visit,
                call.id,
                call.queue,
                call.queued_at_us,
                call.entered_at_us,
                call.priority,
            )
        )

    def _ask(self, call: QueuedCall) -> None:
        board = self._board
        queue = board.state.queues[call.queue]
        until_us = call.ask_until_us = board.now_us + queue.settings.ask_us
        board.deadlines.arm(until_us, Due.ASK, call.id)
        free = tuple(islice(board.lines_of(call).some_free(call), _NAMED))
        command = AskDecision(
            board.next_id(),
            call.visit,
            call.id,
            call.queue,
            until_us,
            call.priority,
            len(queue.visits),
            free,
        )
        board.commands.append(command)

    def _limit_wait(self, call: QueuedCall, queue: Queue | None) -> None:
        """From the visit's start."""
        if queue is not None and queue.settings.max_wait_us > 0:
            call.due_us = call.entered_at_us + queue.settings.max_wait_us
            self._board.deadlines.arm(call.due_us, Due.MAX_WAIT, call.id)

    def _end_visit(
        self, call: QueuedCall, result: VisitResult, reason: VisitReason, agent: str | None
    ) -> None:
        board = self._board
        call.due_us = call.look_at_us = None
        queue = board.state.queues.get(call.queue)
        if queue is not None:
            del queue.visits[call.id]
            if call.queue in board.standings:
                board.standings[call.queue].leave(call.id)
            if queue.level is not None:
                self._count(call, queue, queue.level, result)
        board.commands.append(
            VisitEnded(
                board.next_id(),
                call.visit,
                call.id,
                call.queue,
                result,
                reason,
                call.entered_at_us,
                board.now_us,
                agent,
            )
        )

    def _count(self, call: QueuedCall, queue: Queue, level: ServiceLevel, result: VisitResult) -> None:
        """A visit ends: those that were answered count, and those abandoned, unless at once."""
        waited_us = self._board.now_us - call.entered_at_us
        if result is VisitResult.ANSWERED:
            level.count(self._board.now_us, waited_us <= queue.settings.answer_within_us)
        elif result is VisitResult.ABANDONED and waited_us > queue.settings.short_abandon_us:
            level.count(self._board.now_us, False)


_FORGETS_WHO_IS_PREFERRED = frozenset(
    {CallInput.RELEASED, CallInput.ANSWERED, CallInput.MOVED, CallInput.LEFT, CallInput.DOUBTED}
)

# Why a visit ends, or does not begin, because the queue is closed.
_CLOSED = {
    ClosedReason.HOURS: VisitReason.CLOSED_HOURS,
    ClosedReason.HOLIDAY: VisitReason.CLOSED_HOLIDAY,
    ClosedReason.EMERGENCY: VisitReason.CLOSED_EMERGENCY,
}
_CLOSES = frozenset(_CLOSED.values())


def _way(queue: Queue, reason: VisitReason) -> str:
    """Where callers of the queue go for this reason."""
    return queue.settings.closed if reason in _CLOSES else queue.settings.overflow


def _target(way: str) -> str:
    """Where a call is sent that no queue takes."""
    return way if way.startswith("phone:") else "hangup"
