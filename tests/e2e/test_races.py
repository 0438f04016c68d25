"""Messages lost and crossing on a real wire: once here, twenty times in the long run; nothing is left."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, left_over
from tests.peers import ports
from tests.peers.sipp import Outcome, Sipp, register
from tests.peers.switch import Switch

ONCE_AND_TWENTY = pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.long)])
OUT_S = 15.0
"""The longest timer, 64 * T1, is 6.4 s here."""


@asynccontextmanager
async def quick(tell_on_failure: Tell, **queue: Any) -> AsyncIterator[tuple[Switch, AsyncExitStack]]:
    """A switch with T1 of 100 ms and one agent; at the end nothing may be left of any call."""
    sections = centre(1, {"wrap_up": "0s", "answer": "on-agent", "on_no_answer": "retry", **queue})
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**sections, sip={"t1": "100ms"}))
        tell_on_failure("switch", switch.story)
        yield switch, stack
        await switch.until(lambda: left_over(switch), lambda left: not any(left.values()), OUT_S)


async def agent(stack: AsyncExitStack, switch: Switch, scenario: str, times: int) -> Sipp:
    """A phone that takes so many calls by a scenario; its agent is ready."""
    address = ports.own_address()
    assert (await register(switch.sip, {"1001": SECRETS["1001"]}, address)).failed == 0
    running = Sipp.running(scenario, calls=times, address=address, number="1001")
    phone = await stack.enter_async_context(running)
    await switch.agent_is("ana", "ready")
    return phone


async def callers(switch: Switch, scenario: str, number: str, times: int, **values: Any) -> Outcome:
    """So many callers by a scenario, until all have ended."""
    async with Sipp.running(scenario, target=switch.sip, number=number, calls=times, **values) as caller:
        outcome = await caller.finished()
        assert outcome.failed == 0, caller.story()
        assert outcome.successful == times
        return outcome


async def endings(switch: Switch, times: int) -> set[tuple[str, str, str]]:
    """How the calls ended; each has exactly one record."""
    records = await switch.ended_calls(times)
    assert len(records) == times
    return {(record["result"], record["reason"], record["ended_by"]) for record in records}


@ONCE_AND_TWENTY
async def test_ack_lost(tell_on_failure: Tell, times: int) -> None:
    async with quick(tell_on_failure) as (switch, _):
        await callers(switch, "caller_ack_lost", "600", times)
        assert await endings(switch, times) == {("completed", "ack_timeout", "switch")}
        metrics = await switch.metrics()
        assert metrics.value("centralita_sip_retransmissions_total", method="INVITE") >= 5 * times


@ONCE_AND_TWENTY
async def test_ack_late(tell_on_failure: Tell, times: int) -> None:
    async with quick(tell_on_failure) as (switch, _):
        await callers(switch, "caller_ack_late", "600", times, late_ms=1000, talk_ms=300)
        assert await endings(switch, times) == {("completed", "caller_hung_up", "caller")}


@ONCE_AND_TWENTY
async def test_200_lost_on_its_way_to_the_caller(tell_on_failure: Tell, times: int) -> None:
    async with quick(tell_on_failure) as (switch, _):
        await callers(switch, "caller_answer_lost", "600", times, talk_ms=300)
        assert await endings(switch, times) == {("completed", "caller_hung_up", "caller")}


@ONCE_AND_TWENTY
async def test_200_lost_on_its_way_from_the_agent(tell_on_failure: Tell, times: int) -> None:
    async with quick(tell_on_failure) as (switch, stack):
        phone = await agent(stack, switch, "agent_loses_answer", times)
        await callers(switch, "caller_hangs_up", NUMBER, times, talk_ms=300)
        assert (await phone.finished()).failed == 0
        assert await endings(switch, times) == {("answered", "caller_hung_up", "caller")}


@ONCE_AND_TWENTY
async def test_the_callers_cancel_crosses_our_200(tell_on_failure: Tell, times: int) -> None:
    async with quick(tell_on_failure) as (switch, _):
        await callers(switch, "caller_cancel_crosses_answer", "600", times)
        assert await endings(switch, times) == {("completed", "caller_hung_up", "caller")}


@ONCE_AND_TWENTY
async def test_our_cancel_crosses_the_agents_200(tell_on_failure: Tell, times: int) -> None:
    """The caller gives up; the phone's 200 is acknowledged and ended, and its agent is free again."""
    async with quick(tell_on_failure) as (switch, stack):
        phone = await agent(stack, switch, "agent_answers_cancel", times)
        for _ in range(times):
            await callers(switch, "caller_gives_up", NUMBER, 1, talk_ms=300)
            await switch.agent_is("ana", "ready")
        assert (await phone.finished()).failed == 0
        assert await endings(switch, times) == {("abandoned", "caller_hung_up", "caller")}


@ONCE_AND_TWENTY
async def test_bye_crosses_bye_on_both_sides(tell_on_failure: Tell, times: int) -> None:
    async with quick(tell_on_failure) as (switch, stack):
        phone = await agent(stack, switch, "agent_bye_crosses_bye", times)
        for _ in range(times):
            async with Sipp.running("caller_bye_crosses_bye", target=switch.sip, number=NUMBER) as caller:
                await switch.agent_is("ana", "on_call")
                (call,) = await switch.items("/api/v1/calls?state=active")
                await switch.request("DELETE", f"/api/v1/calls/{call['id']}")
                assert (await caller.finished()).failed == 0, caller.story()
        assert (await phone.finished()).failed == 0, phone.story()
        assert await endings(switch, times) == {("answered", "administrator", "administrator")}


@ONCE_AND_TWENTY
async def test_200_after_the_ring_timeout_takes_the_call_that_still_waits(
    tell_on_failure: Tell, times: int
) -> None:
    async with quick(tell_on_failure, ring_timeout="500ms") as (switch, stack):
        phone = await agent(stack, switch, "agent_answers_cancel", times)
        for _ in range(times):
            await callers(switch, "caller_hangs_up", NUMBER, 1, talk_ms=300)
            await switch.agent_is("ana", "ready")
        assert (await phone.finished()).failed == 0, phone.story()
        assert await endings(switch, times) == {("answered", "caller_hung_up", "caller")}
