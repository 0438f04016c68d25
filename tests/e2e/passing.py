"""Two carriers: one calls through the switch, the other is called, and says what it was told."""

from typing import Any, NamedTuple

from sip.syntax.message import Request
from tests.e2e.centre import Tell, centre
from tests.peers import ports
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


class Passed(NamedTuple):
    """A call that was passed on: the INVITE that came out, and the record."""

    invite: Request
    record: dict[str, Any]


async def passed_on(
    tell_on_failure: Tell,
    near: dict[str, Any],
    far: dict[str, Any],
    *headers: str,
    number: str = "+34922000000",
    caller: str = "+34600111222",
    to: str = "+34922*",
    **sections: Any,
) -> Passed:
    """A call from the trunk `near` to the trunk `far`, each with these settings; `to` is what the route
    takes.
    """
    async with Sipp.running("agent_answers", talk_ms=300, ring_ms=50) as callee:
        address = ports.own_address()
        trunks = {
            "near": {"accept_from": [f"{address}/32"], **near},
            "far": {"proxy": f"sip:{callee.address}:{callee.port}", "options": 0, **far},
        }
        routes = [{"trunk": "near", "to": to, "go": "trunk:far", "transit": "yes"}]
        async with Switch.running(**centre(1, trunks=trunks, routes=routes, **sections)) as switch:
            tell_on_failure("switch", switch.story)
            tell_on_failure("called", callee.story)
            async with Sipp.running(
                "caller_hangs_up",
                target=switch.sip,
                address=address,
                number=number,
                caller=caller,
                talk_ms=200,
                headers="".join(f"\n{header}" for header in headers),
            ) as calling:
                tell_on_failure("calling", calling.story)
                assert (await calling.finished()).failed == 0
            (record,) = await switch.ended_calls(1)
            assert (await callee.finished()).failed == 0
            (invite,) = callee.heard("INVITE")
            return Passed(invite, record)
