"""The recording of a call with everything in it: hold as heard, intervals without an agent left out."""

import hashlib
from contextlib import AsyncExitStack
from itertools import groupby

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, ending
from tests.e2e.test_first_call import channels
from tests.media.hearing import listen, story
from tests.peers.audio import Pcm
from tests.peers.phone import PhoneCall, Phones
from tests.peers.switch import Switch

TONES_HZ = (440.0, 1000.0, 1700.0)


async def answered(stack: AsyncExitStack, switch: Switch, user: str, hz: float) -> tuple[Phones, PhoneCall]:
    """The agent at this phone takes the call that waits."""
    desk = await stack.enter_async_context(Phones.running())
    phone = await desk.phone(user, SECRETS[user], switch.sip)
    await phone.behave("answer", tone_hz=hz)
    await phone.register()
    call = await phone.next_call()
    return desk, await call.until("established")


async def test_one_file_through_hold_a_lost_agent_and_the_next(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        sections = centre(2, media={"silence_timeout": "1s"})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(Phones.running())
        caller = await carrier.phone("caller")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        desk, ana = await answered(stack, switch, "1001", 1000.0)
        await call.listen(1.0)
        await ana.hold()
        await call.listen(1.0)
        await ana.resume()
        await call.listen(1.0)
        await desk.kill()
        await switch.agent_is("ana", "unreachable")
        await call.listen(1.0)
        await answered(stack, switch, "1002", 1700.0)
        await call.listen(1.0)
        (now,) = await switch.items("/api/v1/calls?state=active")
        assert now["result"] is None
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        recording = switch.data_dir / record["recording"]["path"]
        assert record["recording"]["sha256"] == hashlib.sha256(recording.read_bytes()).hexdigest()
        assert not list(switch.data_dir.glob("recordings/**/*.part"))
        left, right = channels(recording)
    length_s = len(left) / 8000
    assert ending(record) == ("answered", "caller_hung_up", "caller")
    assert [segment["kind"] for segment in record["segments"]] == ["talk", "hold", "talk", "talk"]
    assert abs(length_s - record["talk_s"] - record["hold_s"]) < 0.04
    assert abs(length_s - record["recording"]["duration_s"]) < 0.001
    assert stretches(left) == ["440 Hz"], story(listen(left, TONES_HZ))
    heard = ["1000 Hz", "something else", "1000 Hz", "silence", "1700 Hz"]
    assert stretches(right) == heard, story(listen(right, TONES_HZ))


async def test_who_hangs_up_during_the_notice_leaves_no_recording(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(
            Switch.running(**centre(1, {"recording_notice": "recording-notice"}))
        )
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(Phones.running())
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}")
        _, ana = await answered(stack, switch, "1001", 1000.0)
        await switch.agent_is("ana", "on_call")
        await call.hang_up()
        await ana.until("closed")
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("answered", "caller_hung_up", "caller")
        assert (record["recording"], record["talk_s"]) == (None, 0.0)
        assert not list(switch.data_dir.glob("recordings/**/*.wav*"))
        await switch.agent_is("ana", "ready")


async def test_what_is_said_while_it_is_paused_is_silence_in_the_file(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        carrier = await stack.enter_async_context(Phones.running())
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        _, ana = await answered(stack, switch, "1001", 1000.0)
        await ana.listen(1.0)
        (now,) = await switch.items("/api/v1/calls?state=active")
        recording = f"/api/v1/calls/{now['id']}/recording"
        paused = await switch.request("POST", recording, json={"state": "paused"})
        assert paused.json() == {"call": now["id"], "state": "paused", "path": now["recording"]["path"]}
        await call.say(1700.0)
        await ana.listen(0.5)
        await ana.hold()
        await call.listen(0.3)
        await ana.resume()
        await ana.listen(0.5)
        await call.say(440.0)
        await ana.listen(0.3)
        assert (await switch.request("POST", recording, json={"state": "recording"})).status_code == 200
        await ana.listen(1.0)
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert (await switch.request("POST", recording, json={"state": "paused"})).status_code == 404
        assert "recording paused" in switch.log()
        left, right = channels(switch.data_dir / record["recording"]["path"])
    assert abs(len(left) / 8000 - record["talk_s"] - record["hold_s"]) < 0.04
    assert stretches(left) == ["440 Hz", "silence", "440 Hz"], story(listen(left, TONES_HZ))
    assert stretches(right) == ["1000 Hz", "silence", "1000 Hz"], story(listen(right, TONES_HZ))


def stretches(sound: Pcm) -> list[str]:
    """What is heard, in order, but for what lasts a single window: the seams."""
    found: list[str] = []
    for words, group in groupby(window.words for window in listen(sound, TONES_HZ)):
        if len(list(group)) > 2 and (not found or found[-1] != words):
            found.append(words)
    return found
