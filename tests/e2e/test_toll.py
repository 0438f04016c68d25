"""Toll fraud: a leaked secret is worth as much as its limits, whoever uses it, and however it is tried."""

import json
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.e2e.centre import SECRETS, Tell, centre, ending
from tests.peers.phone import Phone, Phones
from tests.peers.switch import Switch

MADRID = ZoneInfo("Europe/Madrid")


def spent(seconds: float) -> str:
    """The book of a switch whose phone 1001 has talked so long today."""
    midnight = datetime.now(MADRID).replace(hour=0, minute=0, second=0, microsecond=0)
    day_us = round(midnight.timestamp() * 1e6)
    account = {"kind": "phone", "name": "1001", "day_us": day_us, "seconds": seconds, "begun": []}
    return json.dumps([account])


async def with_limits(stack: AsyncExitStack, **toll: Any) -> tuple[Switch, Phone, Phone]:
    """A switch that does not run yet, a phone of it, and the carrier that answers what the phone calls."""
    carriers = await stack.enter_async_context(Phones.running())
    carrier = await carriers.phone("600111222")
    await carrier.behave("answer")
    proxy = f"sip:{carriers.address}:{carriers.sip_port}"
    sections = centre(1, trunks={"carrier": {"proxy": proxy, "options": "0"}})
    sections["routes"] = [{"phone": "*", "to": "0*", "strip": 1, "go": "trunk:carrier"}]
    sections["phones"]["1001"]["toll"] = toll
    switch = await stack.enter_async_context(Switch.running(serving=False, **sections))
    desks = await stack.enter_async_context(Phones.running())
    return switch, await desks.phone("1001", SECRETS["1001"], switch.sip), carrier


async def test_a_leaked_secret_is_stopped_while_it_talks_and_after_a_crash(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, thief, _ = await with_limits(stack, minutes_a_day=1)
        tell_on_failure("switch", switch.story)
        (switch.data_dir / "toll.json").write_text(spent(58.5))
        await switch.start()
        await thief.register()
        call = await thief.dial(f"sip:0600111222@{switch.sip}")
        await call.until("established")
        await call.until("closed")
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "toll_limit", "switch")
        assert record["talk_s"] < 5
        alarms = [line for line in switch.log().splitlines() if "toll limit reached" in line]
        assert len(alarms) == 1
        assert "1001" in alarms[0]
        assert "minutes_a_day" in alarms[0]
        metrics = await switch.metrics()
        assert metrics.value("centralita_toll_alarms_total", limit="minutes_a_day") == 1
        assert metrics.value("centralita_toll_refusals_total", limit="minutes_a_day") == 1

        await switch.kill()
        await switch.start()
        refused = await thief.dial(f"sip:0600111222@{switch.sip}")
        await refused.until("closed")
        assert "403" in refused.end_reason
        after = await switch.ended_calls(2)
        assert ending(after[0]) == ("rejected", "toll_limit", "switch")


async def test_destinations_and_calls_at_once(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch, phone, carrier = await with_limits(stack, calls_at_once=1, destinations=["[6-9]????????"])
        tell_on_failure("switch", switch.story)
        await switch.start()
        await phone.register()
        abroad = await phone.dial(f"sip:00053123456@{switch.sip}")
        await abroad.until("closed")
        assert "403" in abroad.end_reason
        first = await phone.dial(f"sip:0600111222@{switch.sip}")
        await first.until("established")
        second = await phone.dial(f"sip:0600111222@{switch.sip}")
        await second.until("closed")
        assert "403" in second.end_reason
        await first.hang_up()
        third = await phone.dial(f"sip:0600111222@{switch.sip}")
        await third.until("established")
        await third.hang_up()
        metrics = await switch.metrics()
        refused = metrics.by("centralita_toll_refusals_total", "limit")
        assert refused == {"destination": 1, "calls_at_once": 1, "calls_an_hour": 0, "minutes_a_day": 0}
        assert len(carrier.calls) == 2
