"""Overload: new calls are refused with Retry-After, calls in progress go on, and it ends by itself."""

import asyncio
from contextlib import AsyncExitStack

from sip.syntax.message import Response, parse
from tests.e2e.centre import Tell, centre
from tests.peers.raw import RawSip
from tests.peers.switch import Switch

BURST = 400


async def final_responses(socket: RawSip, count: int) -> dict[str, Response]:
    """The final response to each of so many requests, by Call-ID."""
    found: dict[str, Response] = {}
    while len(found) < count:
        message = parse(await socket.hear())
        if isinstance(message, Response) and message.status >= 200:
            found[message.call_id] = message
    return found


async def test_a_burst_of_new_calls_is_shed_and_all_else_goes_on(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, sip={"t1": "50ms", "overload": {"loop_lag": "1ms", "retry_after": "7s"}})
        sections["routes"] = [
            {"trunk": "carrier", "to": "112", "go": "tone", "emergency": True},
            {"trunk": "carrier", "to": "600", "go": "echo"},
        ]
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.log)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip))
        caller = await stack.enter_async_context(RawSip.open(switch.sip))
        talk = await caller.dial(
            "112",  # which is taken however late this machine makes the switch
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            "m=audio 9000 RTP/AVP 8\r\n",
        )
        await talk.acknowledge()
        early = await stack.enter_async_context(RawSip.open(switch.sip))
        await switch.until(
            lambda: early.ask(early.invite("999")), lambda answer: answer.status == 404, timeout_s=10.0
        )
        collecting = asyncio.create_task(final_responses(carrier, BURST))
        for _ in range(BURST):
            await carrier.send(carrier.request("INVITE", "999"))
            await asyncio.sleep(0)  # what comes is read meanwhile: a 503 is sent once
        await caller.send(caller.invite("112"))
        ended = await talk.hang_up()
        assert ended.status == 200, "of a call in progress"
        answers = list((await collecting).values())
        shed = [answer for answer in answers if answer.status == 503]
        taken = [answer for answer in answers if answer.status == 404]
        assert len(shed) + len(taken) == BURST
        assert shed
        assert {answer.headers.get("Retry-After") for answer in shed} == {"7"}
        metrics = await switch.metrics()
        assert metrics.value("centralita_overload_refused_total", method="INVITE") >= len(shed)
        assert metrics.value("centralita_event_loop_lag_seconds_count") > 0
        assert metrics.value("centralita_calls_active", direction="inbound") == 1, "the emergency call"
        later = await stack.enter_async_context(RawSip.open(switch.sip))
        await switch.until(
            lambda: later.ask(later.invite("999")), lambda answer: answer.status == 404, timeout_s=5.0
        )
