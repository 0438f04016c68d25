"""SRTP with keys in SDP (RFC 4568): phones of two makes, each with its tone, and what is on the wire."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, ending
from tests.e2e.test_first_call import channels
from tests.e2e.wiring import Wiring
from tests.peers.audio import decode_alaw, hears, hears_only, level_dbfs
from tests.peers.capture import Capture, Endpoint, Rtp
from tests.peers.phone import Phone, Phones, SrtpUse
from tests.peers.switch import Switch

Make = Literal["baresip", "pjsua2"]
CALLER_HZ, CALLEE_HZ = 440.0, 1000.0


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    return Wiring(tmp_path)


class Desks:
    """Phones on TLS, each on a stack of its own."""

    def __init__(self, stack: AsyncExitStack, tell: Tell, wiring: Wiring) -> None:
        self._stack = stack
        self._tell = tell
        self._wiring = wiring

    async def phone(self, user: str, make: Make, srtp: SrtpUse) -> Phone:
        desk = await self._stack.enter_async_context(Phones.running(make))
        self._tell(f"{make} {user}", desk.story)
        phone = await desk.phone(user, SECRETS[user], self._wiring.target, transport="tls", srtp=srtp)
        await phone.register()
        return phone


def policies(first: str = "offered", second: str = "offered") -> dict[str, Any]:
    """The section `phones`: what is written for 1001 and for 1002."""
    written = {"1001": first, "1002": second}
    return {"phones": {user: {"secret": SECRETS[user], "srtp": srtp} for user, srtp in written.items()}}


async def talk(wiring: Wiring, ana: Phone, luis: Phone, settle_s: float = 0.5) -> None:
    """A call of Ana's to Luis, each with a tone: both hear the other's, and nothing else."""
    call = await ana.dial(f"sip:1002@{wiring.target};transport=tls", tone_hz=CALLER_HZ)
    ringing = await luis.next_call()
    await ringing.answer()
    await call.until("established")
    await ringing.say(CALLEE_HZ)
    await call.listen(settle_s)
    assert hears_only(await call.listen(0.5), CALLEE_HZ, [CALLER_HZ])
    assert hears_only(await ringing.listen(0.5), CALLER_HZ, [CALLEE_HZ])
    await ringing.hang_up()
    await call.until("closed")


def encryption(record: dict[str, Any]) -> list[str | None]:
    """Of each leg."""
    return [leg["encryption"] for leg in record["legs"]]


def overheard(packets: Sequence[Rtp], hz: float) -> list[bool]:
    """Of each stream on the wire, whether whoever reads it hears the tone."""
    streams: dict[tuple[Endpoint, Endpoint, int], bytearray] = defaultdict(bytearray)
    for packet in packets:
        streams[packet.source, packet.destination, packet.ssrc] += packet.payload[:160]
    return [hears(decode_alaw(bytes(sound))[-8000:], hz) for sound in streams.values() if len(sound) > 8000]


@pytest.mark.parametrize(
    ("callers", "callees", "policy", "plain_legs"),
    [
        (("baresip", "optional"), ("pjsua2", "optional"), "offered", 0),
        (("pjsua2", "mandatory"), ("baresip", "mandatory"), "required", 0),
        (("pjsua2", "off"), ("baresip", "mandatory"), "required", 1),
        pytest.param(("baresip", "mandatory"), ("pjsua2", "off"), "offered", 1, marks=pytest.mark.long),
        pytest.param(("baresip", "optional"), ("pjsua2", "optional"), "never", 1, marks=pytest.mark.long),
    ],
    ids=str,
)
async def test_two_phones_hear_each_other_and_nobody_else_does(
    wiring: Wiring,
    tell_on_failure: Tell,
    callers: tuple[Make, SrtpUse],
    callees: tuple[Make, SrtpUse],
    policy: str,
    plain_legs: int,
) -> None:
    sections = wiring.sections(2) | policies(second=policy)
    async with AsyncExitStack() as stack, Switch.running(**sections) as switch:
        tell_on_failure("switch", switch.story)
        desks = Desks(stack, tell_on_failure, wiring)
        ana, luis = await desks.phone("1001", *callers), await desks.phone("1002", *callees)
        capture = await stack.enter_async_context(Capture.running(f"udp and host {wiring.address}"))
        await talk(wiring, ana, luis)
        metrics = await switch.metrics()
        assert metrics.value("centralita_srtp_refused_total", reason="failed") == 0
        (record,) = await switch.ended_calls(1)
        assert "inline:" not in switch.log(), "no key in the log"
    assert encryption(record).count(None) == plain_legs
    for hz in (CALLER_HZ, CALLEE_HZ):
        heard = overheard(capture.rtp(), hz)
        assert (len(heard), sum(heard)) == (4, plain_legs)


async def test_a_queued_call_is_secret_on_both_legs_and_recorded_in_the_clear(
    wiring: Wiring, tell_on_failure: Tell
) -> None:
    """With a hold in between, at which a phone may change its keys."""
    sections = wiring.sections(1) | policies(second="required")
    sections["routes"].insert(0, {"phone": "*", "to": NUMBER, "go": "queue:support"})
    async with AsyncExitStack() as stack, Switch.running(**sections) as switch:
        tell_on_failure("switch", switch.story)
        desks = Desks(stack, tell_on_failure, wiring)
        ana = await desks.phone("1001", "baresip", "optional")
        caller = await desks.phone("1002", "pjsua2", "mandatory")
        await switch.agent_is("ana", "ready")
        capture = await stack.enter_async_context(Capture.running(f"udp and host {wiring.address}"))
        call = await caller.dial(f"sip:{NUMBER}@{wiring.target};transport=tls", tone_hz=CALLER_HZ)
        ringing = await ana.next_call()
        await ringing.answer()
        await ringing.until("established")
        await ringing.say(CALLEE_HZ)
        for _ in ("before", "after"):
            await call.listen(0.5)
            assert hears_only(await call.listen(0.5), CALLEE_HZ, [CALLER_HZ])
            assert hears_only(await ringing.listen(0.5), CALLER_HZ, [CALLEE_HZ])
            await call.hold()
            await ringing.listen(0.3)
            await call.resume()
        await ringing.hang_up()
        await call.until("closed")
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "agent_hung_up", "agent")
        assert encryption(record) == ["sdes", "sdes"]
        left, right = channels(switch.data_dir / record["recording"]["path"])
        assert level_dbfs(left[4000:8000], CALLER_HZ) > -25
        assert level_dbfs(right[4000:8000], CALLEE_HZ) > -25
        trace = await switch.get(f"/api/v1/calls/{record['id']}/trace")
        assert "a=crypto" in str(trace)
        assert "inline:***" in str(trace)
    for hz in (CALLER_HZ, CALLEE_HZ):
        assert not any(overheard(capture.rtp(), hz))


@pytest.mark.parametrize(
    ("callers", "policy"),
    [("off", "required"), ("mandatory", "never")],
)
async def test_who_will_not_do_as_the_policy_says_is_refused(
    wiring: Wiring, tell_on_failure: Tell, callers: SrtpUse, policy: str
) -> None:
    async with (
        AsyncExitStack() as stack,
        Switch.running(**wiring.sections(2) | policies(first=policy)) as switch,
    ):
        tell_on_failure("switch", switch.story)
        ana = await Desks(stack, tell_on_failure, wiring).phone("1001", "baresip", callers)
        call = await ana.dial(f"sip:1002@{wiring.target};transport=tls")
        await call.until("closed")
        assert call.end_reason.startswith("488")


async def test_an_answer_in_the_clear_is_not_taken_where_keys_are_required(
    wiring: Wiring, tell_on_failure: Tell
) -> None:
    async with (
        AsyncExitStack() as stack,
        Switch.running(**wiring.sections(2) | policies(second="required")) as switch,
    ):
        tell_on_failure("switch", switch.story)
        desks = Desks(stack, tell_on_failure, wiring)
        ana, luis = await desks.phone("1001", "baresip", "off"), await desks.phone("1002", "pjsua2", "off")
        call = await ana.dial(f"sip:1002@{wiring.target};transport=tls")
        await call.until("closed")
        assert call.end_reason.startswith("488")
        assert not any(each.reached.get("established") for each in luis.calls)


@pytest.mark.parametrize(
    ("callers", "callees"),
    [
        (("baresip", "dtls"), ("pjsua2", "mandatory")),
        (("pjsua2", "mandatory"), ("baresip", "dtls")),
    ],
    ids=str,
)
async def test_keys_by_a_handshake(
    wiring: Wiring, tell_on_failure: Tell, callers: tuple[Make, SrtpUse], callees: tuple[Make, SrtpUse]
) -> None:
    sections = wiring.sections(2) | policies(second="required")
    if callees[1].startswith("dtls"):
        sections["phones"]["1002"]["srtp_keys"] = "dtls"
    async with AsyncExitStack() as stack, Switch.running(**sections) as switch:
        tell_on_failure("switch", switch.story)
        desks = Desks(stack, tell_on_failure, wiring)
        ana, luis = await desks.phone("1001", *callers), await desks.phone("1002", *callees)
        capture = await stack.enter_async_context(Capture.running(f"udp and host {wiring.address}"))
        await talk(wiring, ana, luis, settle_s=1.5)
        (record,) = await switch.ended_calls(1)
    assert encryption(record) == ["dtls" if srtp == "dtls" else "sdes" for _, srtp in (callers, callees)]
    for hz in (CALLER_HZ, CALLEE_HZ):
        assert not any(overheard(capture.rtp(), hz))
