"""How a queued call is answered, where it goes when the queue cannot keep it, who is told of recording."""

import wave
from contextlib import AsyncExitStack
from itertools import groupby
from pathlib import Path
from statistics import median

import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, desks, ending
from tests.e2e.test_first_call import channels
from tests.media.hearing import heard_anywhere, listen, story
from tests.peers.audio import hears, hears_only, is_silent, level_dbfs, tone
from tests.peers.phone import PhoneCall, Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

NOTICE_HZ = 1700.0


async def dial(stack: AsyncExitStack, switch: Switch, number: str = NUMBER) -> PhoneCall:
    """A caller who says 440 Hz."""
    carrier = await stack.enter_async_context(Phones.running())
    caller = await carrier.phone("caller")
    return await caller.dial(f"sip:{number}@{switch.sip}", tone_hz=440.0)


async def test_at_once(tell_on_failure: Tell) -> None:
    """200 and music, whoever is there."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1, {"answer": "at-once"})))
        tell_on_failure("switch", switch.story)
        call = await dial(stack, switch)
        await call.until("established")
        assert "ringing" not in call.reached
        await call.listen(0.3)
        assert not is_silent(await call.listen(0.5))
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("abandoned", "caller_hung_up", "caller")
        assert record["connected_at"] is not None
        assert record["answered_at"] is None


@pytest.mark.parametrize("answer", ["early", "on-agent"])
async def test_not_before_the_agent(tell_on_failure: Tell, answer: str) -> None:
    """early: 183 and our music; on-agent: 180, and not a packet from us: the carrier's ringback."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1, {"answer": answer})))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        call = await dial(stack, switch)
        await call.until("ringing")
        ringing = await ana.next_call()
        await call.listen(0.3)
        waiting = await call.listen(0.7)
        assert is_silent(waiting) == (answer == "on-agent")
        assert "established" not in call.reached
        provisional = {"early": b"SIP/2.0 183 ", "on-agent": b"SIP/2.0 180 "}[answer]
        told = [it.payload for it in switch.wire() if f"To: <sip:{NUMBER}@".encode() in it.payload]
        assert [it for it in told if it.startswith(provisional)]
        assert not [it for it in told if it.startswith(b"SIP/2.0 200 ")]

        await ringing.answer()
        await call.until("established")
        await ringing.say(1000.0)
        await call.listen(0.5)
        assert hears_only(await call.listen(0.5), 1000.0, [440.0])
        assert hears_only(await ringing.listen(0.5), 440.0, [1000.0])
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "caller_hung_up", "caller")
        assert record["connected_at"] >= record["answered_at"]


async def test_a_caller_whom_nobody_answered_is_refused(tell_on_failure: Tell) -> None:
    """on-agent and max_wait: no 200, so no bill; 480."""
    async with AsyncExitStack() as stack:
        sections = centre(1, {"answer": "on-agent", "max_wait": "1s"})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        async with Sipp.running("refused", target=switch.sip, number=NUMBER, status=480) as caller:
            assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("overflowed", "max_wait", "switch")
        assert record["connected_at"] is None
        assert 1.0 <= record["wait_s"] < 1.5


async def test_a_full_queue_takes_no_more(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {"answer": "on-agent", "max_waiting": 1})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        first = await stack.enter_async_context(
            Sipp.running("caller_gives_up", target=switch.sip, number=NUMBER, talk_ms=3000)
        )
        await switch.until(lambda: switch.get("/api/v1/queues/support"), lambda queue: queue["waiting"] == 1)
        async with Sipp.running("refused", target=switch.sip, number=NUMBER, status=486) as second:
            assert (await second.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("overflowed", "max_waiting", "switch")
        assert (await first.finished()).failed == 0
        metrics = await switch.metrics()
        for counted, value in (("offered", 2), ("overflowed", 1), ("abandoned", 1), ("answered", 0)):
            assert metrics.value(f"centralita_queue_{counted}_total", queue="support") == value, counted


async def test_overflow_to_another_queue(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {"requires": "support >= 9", "max_wait": "1s", "overflow": "queue:sales"})
        sections["queues"]["sales"] = {"wrap_up": "0s"}
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        call = await dial(stack, switch)
        answered = await ana.next_call()
        shown = [it.payload for it in switch.wire() if it.payload.startswith(b"INVITE sip:1001@")]
        assert b'From: "sales caller" <sip:caller@' in shown[0]
        await answered.answer()
        await answered.until("established")
        await call.listen(0.5)
        assert is_silent(await call.listen(0.5)), "the music has ended"
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "caller_hung_up", "caller")
        assert (record["queue"], record["agent"]) == ("sales", "ana")
        visits = [(visit["queue"], visit["result"], visit["reason"]) for visit in record["visits"]]
        assert visits == [("support", "overflowed", "max_wait"), ("sales", "answered", "agent_answered")]
        metrics = await switch.metrics()
        assert metrics.value("centralita_queue_overflowed_total", queue="support") == 1
        assert metrics.value("centralita_queue_offered_total", queue="sales") == 1


@pytest.mark.parametrize(
    ("setting", "value"), [("no_agents", "overflow"), ("max_waiting", 0), ("max_wait", "1s")]
)
async def test_overflow_to_a_phone(tell_on_failure: Tell, setting: str, value: str | int) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {setting: value, "overflow": "phone:1002"})
        sections["phones"]["1002"] = {"secret": SECRETS["1002"]}
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(Phones.running())
        phone = await desk.phone("1002", SECRETS["1002"], switch.sip)
        await phone.behave("answer", tone_hz=1000.0)
        await phone.register()
        call = await dial(stack, switch)
        answered = await phone.next_call()
        await answered.until("established")
        assert "+34911" not in answered.peer, "the caller's number is shown, not ours"
        await call.listen(0.5)
        assert hears_only(await call.listen(0.5), 1000.0, [440.0])
        await answered.hang_up()
        await call.until("closed")
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("overflowed", "callee_hung_up", "callee")
        (visit,) = record["visits"]
        assert (visit["result"], visit["reason"]) == ("overflowed", setting)
        assert record["recording"] is None


async def test_who_overflows_to_a_busy_phone_hears_that_it_is_busy(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {"max_waiting": 0, "overflow": "phone:1002"})
        sections["phones"]["1002"] = {"secret": SECRETS["1002"]}
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(Phones.running())
        phone = await desk.phone("1002", SECRETS["1002"], switch.sip)
        await phone.behave("reject")
        await phone.register()
        call = await dial(stack, switch)
        await call.until("closed")
        bursts = [
            len(list(group))
            for burst, group in groupby(
                listen(await call.heard(), (425.0,)), lambda window: 425.0 in window.heard
            )
            if burst
        ]
        assert len(bursts) >= 8, "0.2 s on, 0.2 s off, for four seconds"
        assert median(bursts) in {1, 2, 3}
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("overflowed", "busy", "callee")


async def test_both_hear_the_notice_before_they_are_recorded(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(1, {"recording_notice": "notice"})
        switch = await stack.enter_async_context(Switch.running(serving=False, **sections))
        tell_on_failure("switch", switch.story)
        write_prompt(switch.data_dir / "prompts" / "en" / "notice.wav")
        await switch.start()
        (ana,) = await desks(stack, switch, 1)
        await ana.behave("answer", tone_hz=1000.0)
        call = await dial(stack, switch)
        answered = await ana.next_call()
        await answered.until("established")
        await call.listen(3.0)
        for listener, other in ((call, 1000.0), (answered, 440.0)):
            heard = listen(await listener.heard(), (440.0, 1000.0, NOTICE_HZ))
            notice = [window for window in heard if NOTICE_HZ in window.heard]
            assert 9 <= len(notice) <= 11, story(heard)
            talk = [window for window in heard if window.heard == {other}]
            assert len(talk) >= 10, story(heard)
            assert min(window.start_s for window in talk) > max(window.start_s for window in notice)
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        left, right = channels(switch.data_dir / record["recording"]["path"])
        assert abs(len(left) / 8000 - record["talk_s"]) < 0.1
        for channel in (left, right):
            assert NOTICE_HZ not in heard_anywhere(listen(channel, (NOTICE_HZ,)))
        assert level_dbfs(right[4000:], 1000.0) > -25


async def test_what_is_not_to_be_recorded_is_not(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(
            Switch.running(**centre(1, {"record": False, "recording_notice": "recording-notice"}))
        )
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        await ana.behave("answer", tone_hz=1000.0)
        call = await dial(stack, switch)
        await (await ana.next_call()).until("established")
        await call.listen(0.5)
        assert hears(await call.listen(0.5), 1000.0), "nobody is told of what does not happen"
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert record["recording"] is None
        assert not list(switch.data_dir.glob("recordings/**/*.wav*"))


def write_prompt(path: Path) -> None:
    """A second of the notice's tone."""
    path.parent.mkdir(parents=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(tone(NOTICE_HZ).tobytes())
