"""Steps of recipes, taken: the interpreter of `acd.recipe`."""

from acd import looks
from acd.board import Board
from acd.commands import OfferResult, Relaxed, VisitReason
from acd.offering import Offering
from acd.queue import Queue
from acd.queued_call import CallState, QueuedCall
from acd.recipe import Step, Steps, carried_over, raised, widening
from acd.visits import Visits


class Relaxing:
    """Looks at callers' steps when it is time, and takes those that are due."""

    __slots__ = ("_board", "_offering", "_visits")

    def __init__(self, board: Board, visits: Visits, offering: Offering) -> None:
        self._board = board
        self._visits = visits
        self._offering = offering

    def look(self, call: QueuedCall) -> None:
        """Take the steps whose conditions hold now, in their order; then wait for the next."""
        if call.look_at_us is None or call.look_at_us > self._board.now_us:
            return
        queue = self._board.state.queues[call.queue]
        waited_us = self._board.now_us - call.entered_at_us
        for number, step in enumerate(queue.settings.steps):
            if call.steps >> number & 1 or step.waited_us > waited_us or not self._holds(step, call, queue):
                continue
            self._take(step, number, call)
            if step.overflow:
                self._send(call, step.overflow)
                return
        looks.again(self._board, call)

    def changed(self, queue: Queue, before: Steps) -> None:
        """The queue has another recipe: who took a step that is still in it has taken it."""
        steps = queue.settings.steps
        for call in self._board.state.calls.values():
            if call.queue != queue.settings.name:
                continue
            was_raised = raised(before, call.steps)
            call.steps = carried_over(before, steps, call.steps)
            call.widened = widening(steps, call.steps)
            if call.raised == was_raised:  # else a supervisor has said since what it is to be
                self._raise(call, raised(steps, call.steps) - was_raised)
            if call.state in (CallState.ASKING, CallState.WAITING, CallState.OFFERED):
                looks.first(self._board, call)

    def _holds(self, step: Step, call: QueuedCall, queue: Queue) -> bool:
        """Whether the conditions hold, the one of time aside."""
        if step.waiting is not None and not step.waiting.holds(len(queue.visits)):
            return False
        if step.agents is not None and not step.agents.holds(
            self._board.lines_of(call).of_call(call).present
        ):
            return False
        if step.service_level is not None:
            level = None if queue.level is None else queue.level.thousandths(self._board.now_us)
            if level is None or not step.service_level.holds(level):
                return False
        bound = step.position
        return bound is None or bound.holds(
            self._board.standings[call.queue].position(call.id, self._board.now_us)
        )

    def _take(self, step: Step, number: int, call: QueuedCall) -> None:
        board = self._board
        call.steps |= 1 << number
        taken = Relaxed(board.next_id(), call.id, call.queue, call.visit, number + 1, step.announce)
        board.commands.append(taken)
        if step.priority:
            self._raise(call, step.priority)
        if step.widens:
            call.widened |= 1 << number
            self._visits.line_up_again(call)

    def _send(self, call: QueuedCall, way: str) -> None:
        """He leaves his queue."""
        self._offering.call_left(call, OfferResult.LEFT_QUEUE)
        self._visits.send_on(call, VisitReason.STEP, way)

    def _raise(self, call: QueuedCall, by: int) -> None:
        if by:
            call.priority += by
            call.raised += by
            self._visits.line_up_again(call)
