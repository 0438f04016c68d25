"""`go: park`: what the caller's phone holds is parked, and he hears in which slot, in his language."""

from contextlib import suppress

from media.aio.sounds import SoundError
from media.spoken.sayings import Number
from switch.calls.ending import Reason, Result
from switch.calls.flow import Call, Flow
from switch.calls.supervision import NotNow
from switch.calls.transfers.parking import park_held
from switch.exchange import Exchange


def park(exchange: Exchange, slot: str) -> Flow:
    """Park it in the slot, the first free one where none is named; say twice which one that was."""

    async def park_what_is_held(call: Call) -> None:
        holder = call.book.held_at(call.caller.peer)
        if holder is None or not isinstance(holder.owner, Call):
            await call.hangup(Result.REJECTED, Reason.NOT_FOUND)
            return
        try:
            parked = park_held(exchange, holder.owner, holder, slot)
        except NotNow as refusal:
            reason = Reason.NOT_FOUND if refusal.status == 404 else Reason.BUSY
            await call.hangup(Result.REJECTED, reason)
            return
        agent = exchange.staffing.agent_at(call.caller.peer.name)
        call.language = exchange.config.language_of(agent or "")
        digits = [Number(int(digit)) for digit in parked.slot if digit.isdigit()]
        await call.answer()
        with suppress(SoundError):  # without prompts he is told by his lamps
            await call.say(*digits, *digits)

    return park_what_is_held
