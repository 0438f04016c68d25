"""What a trunk and the media ports allow, exactly; what is refused says when to come again."""

from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

from sip.syntax.message import Response, parse
from tests.e2e.centre import SECRETS, Tell, centre
from tests.peers.phone import Phones
from tests.peers.raw import RawSip, acknowledgement
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

ECHO = "600"


def limited(**limits: int) -> dict[str, Any]:
    """A centre whose one trunk has these limits."""
    trunk = {"accept_from": ["127.0.0.0/8"], "proxy": "sip:127.0.0.1:5080", **limits}
    return centre(1, trunks={"carrier": trunk})


async def talking(stack: AsyncExitStack, switch: Switch, calls: int, number: str = ECHO) -> Sipp:
    """So many callers at once, who talk until they are hung up on."""
    sipp = await stack.enter_async_context(
        Sipp.running("callee_hangs_up", target=switch.sip, calls=calls, rate=50, number=number)
    )
    await switch.until(lambda: switch.items("/api/v1/calls?state=active"), lambda now: len(now) == calls)
    return sipp


async def test_max_calls_is_exact(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**limited(max_calls=3)))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip))
        sipp = await talking(stack, switch, 3)
        assert (await switch.metrics()).value("centralita_trunk_calls_active", trunk="carrier") == 3
        for _ in range(2):
            refused = await carrier.ask(carrier.invite(ECHO))
            assert refused.status == 503
            assert int(refused.headers.get("Retry-After") or 0) > 0

        active = await switch.items("/api/v1/calls?state=active")
        await switch.request("DELETE", f"/api/v1/calls/{active[0]['id']}")
        await switch.until(lambda: switch.items("/api/v1/calls?state=active"), lambda now: len(now) == 2)
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=ECHO, talk_ms=100) as one_more:
            assert (await one_more.finished()).failed == 0
        for call in await switch.items("/api/v1/calls?state=active"):
            await switch.request("DELETE", f"/api/v1/calls/{call['id']}")
        assert (await sipp.finished()).failed == 0
        records = await switch.ended_calls(6)
        assert sorted(record["result"] for record in records) == ["completed"] * 4 + ["rejected"] * 2
        assert {record["reason"] for record in records if record["result"] == "rejected"} == {"limit"}


async def test_max_calls_is_exact_under_200_invites_at_once(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = {**limited(max_calls=70, max_cps=1000), "sip": {"overload": {"loop_lag": "0"}}}
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip))
        invites = {call_id(invite): invite for invite in (carrier.invite(ECHO) for _ in range(200))}
        for invite in invites.values():
            await carrier.send(invite)
        answers: dict[str, Response] = {}
        while len(answers) < 200:
            response = parse(await carrier.hear())
            if isinstance(response, Response) and response.status >= 200:
                answers[response.call_id] = response
                if response.status > 200:
                    await carrier.send(acknowledgement(invites[response.call_id], response))
        refused = [response for response in answers.values() if response.status != 200]
        assert len(refused) == 130
        assert {response.status for response in refused} == {503}
        assert all(int(response.headers.get("Retry-After") or 0) > 0 for response in refused)
        assert (await switch.metrics()).value("centralita_trunk_calls_active", trunk="carrier") == 70


def call_id(message: str) -> str:
    """The Call-ID of a message that we wrote."""
    return next(line for line in message.split("\r\n") if line.startswith("Call-ID:")).split(" ")[1]


async def test_max_cps_is_exact(tell_on_failure: Tell) -> None:
    """40 calls in 2 s where 5 a second may begin: no second holds six, none with four refuses one."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**limited(max_cps=5)))
        tell_on_failure("switch", switch.story)
        async with Sipp.running(
            "caller_hangs_up", target=switch.sip, number=ECHO, calls=40, rate=20, talk_ms=100
        ) as carrier:
            outcome = await carrier.finished()
        records = sorted(await switch.ended_calls(40), key=lambda record: record["started_at"])
        taken = [began(record) for record in records if record["result"] == "completed"]
        refused = [began(record) for record in records if record["reason"] == "limit"]
        assert (len(taken), len(refused)) == (outcome.successful, outcome.failed)
        assert len(taken) + len(refused) == 40
        slack = timedelta(milliseconds=5)  # the record's clock is slewed, the limit's is not
        for at in taken:
            assert within(taken, at, timedelta(seconds=1) - slack) <= 5
        for at in refused:
            assert within(taken, at, timedelta(seconds=1) + slack) >= 5


def began(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["started_at"])


def within(moments: list[datetime], until: datetime, span: timedelta) -> int:
    """How many lie in the interval of that length that ends with `until`."""
    return sum(until - span < moment <= until for moment in moments)


async def test_an_emergency_call_knows_no_limit(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        carrier = await stack.enter_async_context(Phones.running())
        for service in ("112", "600111222"):
            await (await carrier.phone(service)).behave("answer")
        sections = limited(max_calls=0, max_cps=0)
        sections["trunks"]["carrier"] |= {
            "accept_from": ["127.0.0.9/32"],
            "proxy": f"sip:{carrier.address}:{carrier.sip_port}",
        }
        sections["routes"].insert(0, {"phone": "*", "to": "112", "go": "trunk:carrier", "emergency": True})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(Phones.running())
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.register()
        refused = await ana.dial(f"sip:0600111222@{switch.sip}")
        await refused.until("closed")
        assert "503" in refused.end_reason
        emergency = await ana.dial(f"sip:112@{switch.sip}")
        await emergency.until("established")

        switch.drain()
        await switch.until(lambda: switch.request("GET", "/readyz"), lambda it: it.status_code == 503)
        again = await ana.dial(f"sip:112@{switch.sip}")
        await again.until("established")
        for call in (emergency, again):
            await call.hang_up()
        assert await switch.exited() == 0


async def test_without_a_free_port_a_call_is_refused(tell_on_failure: Tell) -> None:
    """Two ports, two callers: the third is refused and counted, and nobody who talks notices."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1, media={"ports": "20000-20003"})))
        tell_on_failure("switch", switch.story)
        sipp = await talking(stack, switch, 2)
        carrier = await stack.enter_async_context(RawSip.open(switch.sip))
        refused = await carrier.ask(carrier.invite(ECHO))
        assert refused.status == 503
        assert int(refused.headers.get("Retry-After") or 0) > 0
        metrics = await switch.metrics()
        assert metrics.value("centralita_calls_total", result="rejected", reason="no_ports") == 1
        assert metrics.value("centralita_rtp_ports", state="free") == 0
        for call in await switch.items("/api/v1/calls?state=active"):
            await switch.request("DELETE", f"/api/v1/calls/{call['id']}")
        assert (await sipp.finished()).failed == 0
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=ECHO, talk_ms=100) as one_more:
            assert (await one_more.finished()).failed == 0
