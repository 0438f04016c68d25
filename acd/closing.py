"""Queues close and open: by their calendars, which the shell watches, and by somebody's word."""

from acd.board import Board
from acd.commands import QueueChanged
from acd.events import QueueClosed, QueueOpened
from acd.queue import ClosedReason, EmergencyClose, Queue
from acd.visits import Visits


class Closing:
    """The rules of closing. Who calls meanwhile is refused by `Visits`."""

    __slots__ = ("_board", "_visits")

    def __init__(self, board: Board, visits: Visits) -> None:
        self._board = board
        self._visits = visits

    def closed(self, event: QueueClosed) -> None:
        """The queue takes no callers; those in line go too where its `at_closing` says so."""
        queue = self._board.state.queues.get(event.queue)
        if queue is None:
            return
        before = queue.closed
        if event.reason is ClosedReason.EMERGENCY:
            queue.emergency = EmergencyClose(event.by, event.why, self._board.now_us)
        else:
            queue.shut = event.reason
        self._changed(queue, before, event)
        self._visits.send_away(queue)

    def opened(self, event: QueueOpened) -> None:
        """One of the two facts that may close the queue is gone."""
        queue = self._board.state.queues.get(event.queue)
        if queue is None:
            return
        before = queue.closed
        if event.reason is ClosedReason.EMERGENCY:
            queue.emergency = None
        else:
            queue.shut = None
        self._changed(queue, before, event)

    def _changed(self, queue: Queue, before: ClosedReason | None, event: QueueClosed | QueueOpened) -> None:
        if queue.closed is not before:
            board = self._board
            command = QueueChanged(board.next_id(), queue.settings.name, queue.closed, event.by, event.why)
            board.commands.append(command)
