"""A call of ours that its carrier sends back for another number (RFC 3261 section 16.3)."""

from typing import Any

import pytest

from sip.events import IncomingInvite
from switch.peers import TrunkPeer
from tests.switch.far_end import FarEnd
from tests.switch.stage import CARRIER, Stage

SECTIONS: dict[str, Any] = {
    "routes": [
        {"phone": "*", "to": "0*", "strip": "1", "go": "trunk:carrier"},
        {"trunk": "carrier", "to": "+34911*", "go": "echo"},
    ],
}


def returning(end: FarEnd, invite: IncomingInvite) -> None:
    """What a proxy does: another Request-URI, a Via on top, all else as it came."""
    head, _, body = end.received[-1].partition(b"\r\n\r\n")
    _, *lines = head.decode().split("\r\n")
    via = f"Via: SIP/2.0/UDP {CARRIER[0]}:{CARRIER[1]};branch=z9hG4bKproxy"
    start = "INVITE sip:+34911000000@192.0.2.1:5060 SIP/2.0"
    end.wire.by_hand(end, "\r\n".join([start, via, *lines]).encode() + b"\r\n\r\n" + body)


@pytest.mark.parametrize("sections", [SECTIONS])
async def test_a_phone_that_dials_our_own_number_by_the_carrier_reaches_it(stage: Stage) -> None:
    phone = await stage.phone()
    stage.carrier.behave = returning
    await phone.dial("0911000000")
    ours, back = stage.registry.calls.values()
    assert back.caller.peer == TrunkPeer("carrier")
    assert stage.heard(back.caller) == "echo"
    assert ours.caller.sip_call_id != back.caller.sip_call_id
