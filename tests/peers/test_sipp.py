"""SIPp proves itself on SIPp: a caller, an agent who answers, and a capture between them."""

from pathlib import Path

import pytest

from tests.e2e.centre import Tell
from tests.peers import audio, capture, ports
from tests.peers.capture import Capture
from tests.peers.phone import Phones
from tests.peers.raw_party import RawParty
from tests.peers.sipp import Sipp


async def test_a_caller_and_an_agent_talk_in_tones(tell_on_failure: Tell) -> None:
    address = ports.own_address()
    async with (
        Capture.running(f"udp and host {address}") as wire,
        Sipp.running("agent_answers", address=address, tone_hz=1000, number="1001") as agent,
        Sipp.running(
            "caller_hangs_up", target=f"{address}:5060", number="1001", tone_hz=440, talk_ms=1500
        ) as caller,
    ):
        tell_on_failure("caller", caller.story)
        tell_on_failure("agent", agent.story)
        outcome = await caller.finished()
        assert (outcome.successful, outcome.failed, outcome.errors) == (1, 0, "")
        assert (await agent.finished()).successful == 1
    to_agent = [packet for packet in wire.rtp() if packet.destination[0] == address]
    to_caller = [packet for packet in wire.rtp() if packet.source[0] == address]
    assert audio.hears_only(capture.sound(to_agent), 440, [1000])
    assert audio.hears_only(capture.sound(to_caller), 1000, [440])
    assert capture.breaks(to_agent) == capture.breaks(to_caller) == []


async def test_a_refusal_is_what_the_scenario_waits_for(tell_on_failure: Tell) -> None:
    async with Phones.running() as phones:
        phone = await phones.phone("1001")
        await phone.behave("reject")
        target = f"{phones.address}:{phones.sip_port}"
        async with Sipp.running("refused", target=target, number="1001", status=486, calls=3) as caller:
            tell_on_failure("caller", caller.story)
            assert (await caller.finished()).successful == 3


async def test_a_caller_who_gives_up_stops_the_ringing(tell_on_failure: Tell) -> None:
    async with Phones.running() as phones:
        phone = await phones.phone("1001")
        target = f"{phones.address}:{phones.sip_port}"
        async with Sipp.running("caller_gives_up", target=target, number="1001", talk_ms=300) as caller:
            tell_on_failure("caller", caller.story)
            assert (await caller.finished()).successful == 1
        await (await phone.next_call()).until("closed")


@pytest.mark.parametrize("first", ["INVITE", "CANCEL"])
async def test_an_answer_that_crosses_the_cancel_of_a_caller_of_a_day(
    tell_on_failure: Tell, tmp_path: Path, first: str
) -> None:
    """Whichever of the two is answered first."""
    address = ports.own_address()
    (tmp_path / "callers.csv").write_text("SEQUENTIAL\n1;0;5000\n")
    async with (
        RawParty.open(f"{address}:5060") as party,
        Sipp.running(
            "caller_of_a_day",
            target=party.here,
            address=address,
            patience_ms=200,
            options=["-inf", str(tmp_path / "callers.csv")],
        ) as caller,
    ):
        tell_on_failure("caller", caller.story)
        call = await party.invited()
        await call.progress(180)
        cancel = await party.request("CANCEL")
        if first == "CANCEL":
            await call.respond(cancel, 200)
        await call.answer(call.offer)
        if first == "INVITE":
            await call.respond(cancel, 200)
        await call.expect("BYE")
        assert (await caller.finished()).successful == 1
