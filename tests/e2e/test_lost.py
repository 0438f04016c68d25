"""Phones and callers that vanish in the middle of a word: who is freed, when, and what the caller keeps."""

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from typing import Any, Literal

import pytest

from sip.syntax.message import Request, parse
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, ending
from tests.peers import ports
from tests.peers.audio import hears
from tests.peers.phone import Phone, Phones
from tests.peers.raw import SDP, RawSip
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

SILENCE_TIMEOUT_S = 2.0
FREED_WITHIN_S = SILENCE_TIMEOUT_S + 5.0
FIRST, SECOND = "+34600000001", "+34600000002"


def quick(phones: int = 1, queue: dict[str, Any] | None = None) -> dict[str, Any]:
    """A centre that notices silence soon."""
    return centre(phones, queue, media={"silence_timeout": f"{SILENCE_TIMEOUT_S:g}s"})


async def answering(
    stack: AsyncExitStack, switch: Switch, user: str, transport: Literal["udp", "tcp"] = "udp"
) -> tuple[Phones, Phone]:
    """A phone that answers by itself, in a process of its own that a test may stop or kill."""
    process = await stack.enter_async_context(Phones.running())
    phone = await process.phone(user, SECRETS[user], switch.sip, transport=transport)
    await phone.behave("answer", tone_hz=1000.0)
    await phone.register()
    return process, phone


async def calling(stack: AsyncExitStack, switch: Switch, caller: str) -> Sipp:
    """A caller who talks until the other side hangs up."""
    return await stack.enter_async_context(
        Sipp.running("callee_hangs_up", target=switch.sip, number=NUMBER, caller=caller)
    )


async def waiting(switch: Switch, count: int, timeout_s: float = 10.0) -> None:
    await switch.until(
        lambda: switch.get("/api/v1/queues/support"), lambda queue: queue["waiting"] == count, timeout_s
    )


async def test_a_killed_phone_frees_its_agent_and_the_caller_keeps_his_place(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**quick(2)))
        tell_on_failure("switch", switch.story)
        process, ana = await answering(stack, switch, "1001")
        first = await calling(stack, switch, FIRST)
        await (await ana.next_call()).until("established")
        second = await calling(stack, switch, SECOND)
        await waiting(switch, 1)

        await process.kill()
        await switch.agent_is("ana", "unreachable", FREED_WITHIN_S)
        await waiting(switch, 2)

        _, luis = await answering(stack, switch, "1002")
        for number, caller in ((FIRST, first), (SECOND, second)):
            call = await luis.next_call()
            assert number in call.peer, "he who was talking comes before him who had only waited"
            await call.until("established")
            await call.hang_up()
            assert (await caller.finished()).failed == 0
        _, record = await switch.ended_calls(2)
        assert record["from"] == FIRST
        assert [visit["agent"] for visit in record["visits"]] == ["ana", "luis"]
        assert (record["agent"], record["result"], record["reason"]) == ("luis", "answered", "agent_hung_up")
        assert [leg["role"] for leg in record["legs"]] == ["caller", "agent", "agent"]

        await answering(stack, switch, "1001")
        await switch.agent_is("ana", "ready")


async def test_a_closed_connection_is_asked_at_once(tell_on_failure: Tell) -> None:
    """The phone's TCP connection goes with its process, long before the silence would tell; here its queue
    does not take callers back.
    """
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1, {"on_agent_lost": "hangup"})))
        tell_on_failure("switch", switch.story)
        process, ana = await answering(stack, switch, "1001", "tcp")
        caller = await calling(stack, switch, FIRST)
        await (await ana.next_call()).until("established")
        await process.kill()
        await switch.agent_is("ana", "unreachable", 5.0)
        assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "agent_lost", "switch")
        await answering(stack, switch, "1001", "tcp")
        await switch.agent_is("ana", "ready")


async def test_a_carrier_that_closes_its_connection_is_asked_on_another(tell_on_failure: Tell) -> None:
    """Carriers close idle connections: its Contact is where it is asked, and where the BYE goes."""
    asked: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            request = parse(head)
            assert isinstance(request, Request)
            writer.write(request.answer(200).encode())
            asked.put_nowait(request.method)
            if request.method == "BYE":
                writer.close()
                return

    async with Switch.running(**centre()) as switch, RawSip.open(switch.sip, "tcp") as carrier:
        tell_on_failure("switch", switch.story)
        async with await asyncio.start_server(answer, ports.PHONES) as server:
            carrier.contact_port = server.sockets[0].getsockname()[1]
            call = await carrier.dial("602", SDP.format(ports.PHONES, 9000))
            await call.acknowledge()
            carrier.close()
            assert await asyncio.wait_for(asked.get(), 5.0) == "OPTIONS"
            (now,) = await switch.items("/api/v1/calls?state=active")
            assert (await switch.request("DELETE", f"/api/v1/calls/{now['id']}")).is_success
            assert await asyncio.wait_for(asked.get(), 5.0) == "BYE"
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "administrator", "administrator")


async def test_a_caller_who_vanishes_is_booked_and_his_agent_freed(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**quick()))
        tell_on_failure("switch", switch.story)
        _, ana = await answering(stack, switch, "1001")
        carrier = await stack.enter_async_context(Phones.running())
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        answered = await ana.next_call()
        await answered.until("established")
        await call.until("established")
        await answered.listen(0.5)
        assert hears(await answered.listen(0.5), 440.0)
        await carrier.kill()
        await answered.until("closed", FREED_WITHIN_S)
        (record,) = await switch.ended_calls(1)
        assert ending(record) == (
            "answered",
            "media_lost",
            "switch",
        )
        await switch.agent_is("ana", "ready")


async def test_a_caller_who_vanishes_while_he_waits_is_not_offered(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**quick()))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(Phones.running())
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        await call.until("established")
        await carrier.kill()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("failed", "media_lost", "switch")
        metrics = await switch.metrics()
        assert metrics.value("centralita_queue_ended_otherwise_total", queue="support") == 1
        assert metrics.value("centralita_queue_waiting", queue="support") == 0


async def test_a_phone_that_says_nothing_is_passed_over_until_it_speaks(tell_on_failure: Tell) -> None:
    """Not even a 100 within `unreachable_after`; when it wakes up, its late 200 gets ACK and BYE."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**quick(2, {"unreachable_after": "1s"})))
        tell_on_failure("switch", switch.story)
        process, ana = await answering(stack, switch, "1001")
        await switch.agent_is("ana", "ready")
        _, luis = await answering(stack, switch, "1002")
        os.kill(process.child.pid, signal.SIGSTOP)
        caller = await calling(stack, switch, FIRST)
        call = await luis.next_call()
        await call.until("established")
        await switch.agent_is("ana", "unreachable")
        os.kill(process.child.pid, signal.SIGCONT)
        late = await ana.next_call()
        await late.until("closed")
        await switch.agent_is("ana", "ready")
        await call.hang_up()
        assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert (record["agent"], record["result"]) == ("luis", "answered")


@pytest.mark.timeout(90)  # of which the probe takes 25 s
async def test_a_phone_that_wakes_up_answers_the_probe_and_is_ready(tell_on_failure: Tell) -> None:
    """It slept through the end of its call; an unreachable agent's phone is probed each 25 s."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**quick()))
        tell_on_failure("switch", switch.story)
        process, ana = await answering(stack, switch, "1001")
        caller = await calling(stack, switch, FIRST)
        await (await ana.next_call()).until("established")
        os.kill(process.child.pid, signal.SIGSTOP)
        await switch.agent_is("ana", "unreachable", FREED_WITHIN_S)
        await waiting(switch, 1)
        os.kill(process.child.pid, signal.SIGCONT)
        again = await ana.next_call(timeout_s=30.0)
        await again.until("established")
        assert [call.state for call in ana.calls] == ["closed", "established"]
        await again.hang_up()
        assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert [visit["agent"] for visit in record["visits"]] == ["ana", "ana"]
