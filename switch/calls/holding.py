"""Hold without the phone: a program parts whoever sits there from the other side, who hears music."""

import structlog

from switch.calls.flow import Call
from switch.calls.legs.leg import Leg
from switch.calls.supervision import NotNow
from switch.peers import PhonePeer


def hold(call: Call, on: bool, by: str) -> Leg:
    """Part the phone of ours that talks in the call from the other side, or join them again; of two phones
    the one that was called. It is told nothing: it hears silence, and the books have a hold as if it had held
    by itself. Its leg. Raises NotNow, and nothing has changed.
    """
    if call.bridge is None or call.party is None:
        raise NotNow(f"call {call.id!r} is not connected")
    ours = [leg for leg in (call.party, call.caller) if isinstance(leg.peer, PhonePeer)]
    if not ours:
        raise NotNow(f"no phone of ours talks in call {call.id!r}")
    leg = next((leg for leg in ours if leg.parted), ours[0])
    if not on and not leg.parted:
        how = f"phone {leg.peer.name!r} holds by itself" if leg.held else "nobody is on hold"
        raise NotNow(f"call {call.id!r}: {how}")
    if leg.parted is not on:
        leg.part(on)
        log = structlog.get_logger("call")
        log.info("put on hold" if on else "taken from hold", call=call.id, phone=leg.peer.name, by=by)
    return leg
