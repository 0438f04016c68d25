"""An outside program is asked about callers as they come; with its answer, or without, they join the line."""

from acd.board import Board
from acd.commands import VisitReason
from acd.events import DecisionAnswered, DecisionLate
from acd.offering import Offering
from acd.queued_call import CallInput, CallState, QueuedCall
from acd.staff import Staff
from acd.visits import Visits
from acd.why import Rule


class Asking:
    """What answers change. Without one a caller fares as if nobody had been asked."""

    __slots__ = ("_board", "_offering", "_staff", "_visits")

    def __init__(self, board: Board, visits: Visits, offering: Offering, staff: Staff) -> None:
        self._board = board
        self._visits = visits
        self._offering = offering
        self._staff = staff

    def answered(self, event: DecisionAnswered) -> None:
        """Do what it says, as far as that can be done; an answer that comes too late changes nothing."""
        call = self._asked(event)
        if call is None:
            return
        if event.priority is not None:
            call.priority = event.priority + call.raised
            self._visits.line_up_again(call)
        if event.requires is not None:
            call.requires = event.requires
        if not self._redirected(call, event.queue):
            self._visits.apply(call, CallInput.DECIDED)
        self._prefer(call, event.agent)

    def late(self, event: DecisionLate) -> None:
        """No answer is to be had."""
        call = self._asked(event)
        if call is not None:
            self._visits.apply(call, CallInput.DECIDED)

    def timer(self, name: str) -> None:
        """Not even that was told in time."""
        self._visits.apply(self._board.state.calls[name], CallInput.DECIDED)

    def _asked(self, event: DecisionAnswered | DecisionLate) -> QueuedCall | None:
        call = self._board.state.calls.get(event.call)
        asking = call is not None and call.state is CallState.ASKING and call.visit == event.visit
        return call if asking else None

    def _redirected(self, call: QueuedCall, name: str) -> bool:
        """Whether the call has gone to another queue, where nobody is asked again."""
        queue = self._board.state.queues.get(name)
        if queue is None or queue.leaving or name == call.queue or self._visits.refusal(call, queue):
            return False
        self._visits.move(call, name, VisitReason.DECIDED)
        return True

    def _prefer(self, call: QueuedCall, name: str) -> None:
        """The agent gets the call if he is free for it now; else he comes first for it, as long as the queue
        lets anybody come first.
        """
        agent = self._board.state.agents.get(name)
        if agent is None or self._visits.shows_out(call):
            return
        self._board.prefer_nobody(call)
        if agent.may_take(call.channel) and self._staff.serves(agent, call):
            self._offering.make(call, agent, Rule.HOOK)
        else:
            self._visits.prefer(call, name)
