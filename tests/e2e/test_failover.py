"""Two carriers behind one trunk, and one of them is killed."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Literal

import pytest

from tests.e2e.centre import Tell
from tests.peers.carrier import Carrier
from tests.peers.raw import SDP, RawSip
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


def transit(carriers: Sequence[Carrier], **settings: Any) -> dict[str, Any]:
    """Calls of everybody else go out over trunk `out`, whose first target is the first carrier."""
    targets = [{"uri": carrier.uri, "priority": i} for i, carrier in enumerate(carriers)]
    return {
        "sip": {"t1": "50ms", "overload": {"loop_lag": "0"}},
        "trunks": {
            "origin": {"accept_from": ["127.0.0.0/8"], "options": 0, "max_cps": 1000},
            "out": {"targets": targets, "options": "500ms", "max_cps": 1000, **settings},
        },
        "routes": [{"trunk": "origin", "to": "*", "go": "trunk:out", "transit": True}],
    }


async def call(switch: Switch) -> float:
    """Call a number of the carriers', who answer; how long that took."""
    async with RawSip.open(switch.sip) as caller:
        began = time.monotonic()
        answered = await caller.dial("600111222", SDP.format(caller.host, 9000))
        await answered.acknowledge()
        return time.monotonic() - began


async def up(switch: Switch, count: int) -> None:
    """Waits until so many targets take calls."""

    async def targets() -> list[bool]:
        (row,) = [row for row in await switch.items("/api/v1/trunks") if row["name"] == "out"]
        return [target["up"] for target in row["targets"]]

    await switch.until(targets, lambda ups: sum(ups) == count)


@pytest.mark.parametrize(("transport", "within_s"), [("udp", 4.0), ("tcp", 1.0)])
async def test_a_carrier_that_dies_is_replaced_and_comes_back(
    tell_on_failure: Tell, transport: Literal["udp", "tcp"], within_s: float
) -> None:
    """Within 4 s where it is silent (UDP), at once where the connection is reset (TCP)."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running(transport))
        second = await stack.enter_async_context(Carrier.running(transport))
        switch = await stack.enter_async_context(Switch.running(**transit([first, second])))
        tell_on_failure("switch", switch.story)
        await call(switch)
        assert (len(first.heard.calls), len(second.heard.calls)) == (1, 0)

        first.kill()
        assert await call(switch) < within_s
        assert len(second.heard.calls) == 1
        assert await call(switch) < 1.0, "the next ones do not wait"
        await up(switch, 1)
        assert (await switch.metrics()).value("centralita_trunk_up", trunk="out") == 1

        await first.revive()
        await up(switch, 2)
        await call(switch)
        assert len(second.heard.calls) == 2, "the first one takes calls again"


async def test_a_carrier_that_is_killed_under_traffic_loses_no_call_that_follows(
    tell_on_failure: Tell,
) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running())
        second = await stack.enter_async_context(Carrier.running())
        sections = transit([first, second], unreachable_after="500ms")
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        sipp = await stack.enter_async_context(
            Sipp.running(
                "caller_hangs_up", target=switch.sip, number="600111222", calls=40, rate=20, talk_ms=50
            )
        )
        await first.until(lambda: len(first.heard.calls) >= 10)
        first.kill()
        outcome = await sipp.finished()
        assert len(second.heard.calls) >= 20
        assert len(first.heard.calls) + len(second.heard.calls) >= 40
        lost = [record for record in await switch.ended_calls(40) if record["result"] == "failed"]
        assert not [record for record in lost if len(record["legs"]) < 3], (
            "whatever was dialled found somebody"
        )
        assert outcome.successful >= 38, "but for those that were talking to it"


@pytest.mark.parametrize("rings", [False, True])
async def test_a_connection_that_is_reset_before_the_answer_leads_to_the_next(
    tell_on_failure: Tell, rings: bool
) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running("tcp"))
        second = await stack.enter_async_context(Carrier.running("tcp"))
        switch = await stack.enter_async_context(Switch.running(**transit([first, second], options=0)))
        tell_on_failure("switch", switch.story)
        first.mute, first.status = not rings, 0
        waiting = asyncio.create_task(call(switch))
        await first.until(lambda: first.heard.calls)
        first.kill()
        assert await waiting < 1.0
        assert len(second.heard.calls) == 1


async def test_rfc3263_4_3_a_503_leads_to_the_next_carrier(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running())
        second = await stack.enter_async_context(Carrier.running())
        switch = await stack.enter_async_context(Switch.running(**transit([first, second])))
        tell_on_failure("switch", switch.story)
        first.status = 503
        assert await call(switch) < 1.0
        assert (len(first.heard.calls), len(second.heard.calls)) == (1, 1)
        active = await switch.items("/api/v1/calls?state=active")
        assert [leg["sip_status"] for leg in active[0]["legs"]] == [200, 503, 200]


async def test_a_reload_changes_targets_under_calls(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Carrier.running())
        second = await stack.enter_async_context(Carrier.running())
        switch = await stack.enter_async_context(Switch.running(**transit([first])))
        tell_on_failure("switch", switch.story)
        await call(switch)
        config = {**switch.config, "trunks": transit([second])["trunks"]}
        switch.write_config(config)
        response = await switch.request("POST", "/api/v1/reload")
        assert response.status_code == 200, response.text
        await call(switch)
        assert (len(first.heard.calls), len(second.heard.calls)) == (1, 1)
        assert len(await switch.items("/api/v1/calls?state=active")) == 2
