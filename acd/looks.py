"""When the steps of a caller's queue (`acd.recipe`) are looked at: as he comes, then whenever one is due."""

from acd.board import Board
from acd.deadlines import Due
from acd.queued_call import QueuedCall
from acd.recipe import first_look_us, next_look_us


def first(board: Board, call: QueuedCall) -> None:
    """The steps of the call's queue count from now on; those that are due are taken in this very step."""
    queue = board.state.queues.get(call.queue)
    call.look_at_us = None
    if queue is not None and queue.settings.steps:
        call.look_at_us = first_look_us(queue.settings.steps, call.steps, call.entered_at_us)
        _await(board, call)


def again(board: Board, call: QueuedCall) -> None:
    """They were looked at now."""
    steps = board.state.queues[call.queue].settings.steps
    call.look_at_us = next_look_us(steps, call.steps, call.entered_at_us, board.now_us)
    _await(board, call)


def _await(board: Board, call: QueuedCall) -> None:
    if call.look_at_us is None:
        return
    if call.look_at_us <= board.now_us:
        board.arrived.append(call)
    board.deadlines.arm(call.look_at_us, Due.STEP, call.id)
