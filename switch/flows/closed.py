"""Where nobody is to be reached at this hour: the caller is told so."""

import structlog

from acd.queue import ClosedReason
from media.aio.sounds import SoundError
from media.prompts import CLOSED
from switch.calls.ending import Reason, Result
from switch.calls.flow import Call, Flow

REASON = {
    ClosedReason.HOURS: Reason.CLOSED_HOURS,
    ClosedReason.HOLIDAY: Reason.CLOSED_HOLIDAY,
    ClosedReason.EMERGENCY: Reason.CLOSED_EMERGENCY,
}


def closed(why: ClosedReason) -> Flow:
    """The flow of a call whose route is closed and leads nowhere else."""

    async def tell_and_hang_up(call: Call) -> None:
        await tell(call, CLOSED)
        await call.hangup(Result.REJECTED, REASON[why])

    return tell_and_hang_up


async def tell(call: Call, prompt: str) -> None:
    """Let the caller hear it; who has not been answered yet is not, and hears it before he is charged."""
    if not call.caller.answered:
        await call.early()
        if not call.caller.early:
            return
    try:
        await call.play(prompt)
    except SoundError as error:
        structlog.get_logger("call").warning("nothing said", call=call.id, fault=str(error))
