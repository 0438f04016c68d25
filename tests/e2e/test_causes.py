"""Why a call ended crosses the switch: Q.850 causes in Reason (RFC 3326), statuses, who took it elsewhere."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from tests.e2e.centre import Tell, centre
from tests.peers import ports
from tests.peers.raw_party import RawIncoming, RawOutgoing, RawParty
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 41000 RTP/AVP 8 101\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)
ROUTES = [{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}]


@asynccontextmanager
async def carriers(tell_on_failure: Tell) -> AsyncIterator[tuple[RawParty, RawParty, Switch]]:
    """One that calls, and one that is called."""
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        trunks: dict[str, Any] = {"a": {"accept_from": [f"{a.host}/32"]}, "b": {"proxy": f"sip:{b.here}"}}
        switch = await stack.enter_async_context(
            Switch.running(address=address, **centre(1, trunks=trunks, routes=ROUTES))
        )
        tell_on_failure("switch", switch.story)
        yield a, b, switch


async def ringing(a: RawParty, b: RawParty) -> tuple[RawOutgoing, RawIncoming]:
    call = await a.dial("9600", SDP)
    incoming = await b.invited()
    await incoming.progress(180)
    await call.hears(180)
    return call, incoming


async def test_the_cause_of_a_bye_reaches_the_other_side(tell_on_failure: Tell) -> None:
    async with carriers(tell_on_failure) as (a, b, switch):
        for ended, (said, cause) in enumerate((("Q.850;cause=31", 31), ("", 16)), start=1):
            call, incoming = await ringing(a, b)
            await incoming.answer(SDP)
            await call.answered()
            await incoming.ask("BYE", headers=[f"Reason: {said}"] if said else [])
            assert (await call.expect("BYE")).headers.get("Reason") == f"Q.850;cause={cause}"
            record = (await switch.ended_calls(ended))[0]
            assert [leg["q850"] for leg in record["legs"]] == [cause, cause]


async def test_a_call_that_somebody_took_elsewhere_is_no_missed_one(tell_on_failure: Tell) -> None:
    """The caller's proxy forks, and another phone answers: our phone is told so too."""
    async with carriers(tell_on_failure) as (a, b, _):
        call, incoming = await ringing(a, b)
        await call.cancel(headers=['Reason: SIP;cause=200;text="Call completed elsewhere"'])
        cancel = await incoming.cancelled()
        assert cancel.headers.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'


async def test_a_refusal_tells_the_caller_of_the_callee_and_not_of_us(tell_on_failure: Tell) -> None:
    async with carriers(tell_on_failure) as (a, b, _):
        for status, crossed, cause in (
            (486, 486, 17),
            (404, 404, 1),
            (603, 603, 21),
            (407, 403, 21),
            (513, 500, 127),
        ):
            call, incoming = await ringing(a, b)
            await incoming.refuse(status)
            refused = await call.refused()
            assert (refused.status, refused.headers.get("Reason")) == (crossed, f"Q.850;cause={cause}"), (
                status
            )


@pytest.mark.parametrize(
    ("caller", "callee"),
    [
        ("caller_hangs_up_with_a_cause", "callee_is_told_the_cause"),
        ("caller_is_told_the_cause", "callee_refuses_with_a_cause"),
    ],
)
async def test_causes_between_sipps(tell_on_failure: Tell, caller: str, callee: str) -> None:
    async with Sipp.running(callee, ring_ms=50, number="9600", status=480) as far:
        trunks: dict[str, Any] = {
            "a": {"accept_from": ["127.0.0.0/8"]},
            "b": {"proxy": f"sip:{far.address}:{far.port}", "options": 0},
        }
        async with Switch.running(**centre(1, trunks=trunks, routes=ROUTES)) as switch:
            tell_on_failure("switch", switch.story)
            tell_on_failure("callee", far.story)
            async with Sipp.running(
                caller, target=switch.sip, number="9600", talk_ms=100, status=480
            ) as near:
                tell_on_failure("caller", near.story)
                assert (await near.finished()).failed == 0
            assert (await far.finished()).failed == 0
