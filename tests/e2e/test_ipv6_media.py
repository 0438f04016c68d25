"""Media on IPv6: a call of which both sides have it, and one between IPv6 and IPv4, with tones both ways."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.e2e.centre import Tell, centre
from tests.peers import ports
from tests.peers.audio import hears_only
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice

V6 = "::1"


async def test_tones_are_heard_over_ipv6(tell_on_failure: Tell) -> None:
    await heard_both_ways(tell_on_failure, V6, V6)


@pytest.mark.parametrize(("caller", "callee"), [(V6, ports.PHONES), (ports.PHONES, V6)])
async def test_ipv4_and_ipv6_hear_each_other(tell_on_failure: Tell, caller: str, callee: str) -> None:
    await heard_both_ways(tell_on_failure, caller, callee)


async def heard_both_ways(tell_on_failure: Tell, caller: str, callee: str) -> None:
    address = ports.own_address()
    port = ports.free_port(V6)
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(
                RawParty.open(f"[{V6}]:{port}" if host == V6 else f"{address}:5060", host)
            )
            for host in (caller, callee)
        ]
        left = await stack.enter_async_context(Voice.speaking(440.0, caller))
        right = await stack.enter_async_context(Voice.speaking(1000.0, callee))
        switch = await stack.enter_async_context(
            Switch.running(address=address, **sections(address, port, a, b))
        )
        tell_on_failure("switch", switch.story)
        call = await a.dial("9600", left.sdp())
        incoming = await b.invited()
        assert f"c=IN {'IP6' if callee == V6 else 'IP4'} " in incoming.offer
        right.meet(incoming.offer)
        await incoming.answer(right.sdp())
        answer = await call.answered()
        assert f"c=IN {'IP6' if caller == V6 else 'IP4'} " in answer.body.decode()
        left.meet(answer.body.decode())
        assert hears_only(await left.listen(), 1000.0, [440.0])
        assert hears_only(await right.listen(), 440.0, [1000.0])
        await left.press("5")
        assert await right.until_digits(1) == "5"
        await call.ask("BYE")
        await incoming.expect("BYE")
        (record,) = await switch.ended_calls(1)
        assert all(leg["packets_lost"] == 0 and leg["packets_received"] > 20 for leg in record["legs"])


def sections(address: str, port: int, a: RawParty, b: RawParty) -> dict[str, Any]:
    return centre(
        1,
        sip={"listen": [f"udp:{address}:5060", f"tcp:{address}:5060", f"udp:[{V6}]:{port}"]},
        media={"listen": "::", "ports": "10200-10299"},
        trunks={
            "a": {"accept_from": [f"[{a.host}]:{a.port}" if a.host == V6 else f"{a.host}:{a.port}"]},
            "b": {"accept_from": [], "proxy": f"sip:{b.here}"},
        },
        routes=[{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}],
    )
