"""What the caller's telephone receives, from a capture: one stream from the first music to the last word."""

import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.media.hearing import Window, listen, story
from tests.peers.capture import Capture, Rtp, breaks, sound
from tests.peers.phone import Phone, PhoneCall, Phones
from tests.peers.switch import Switch

CLOCK_HZ = 8000


@dataclass(frozen=True, slots=True)
class Stretch:
    """An interval of the capture in which the caller was to hear one thing."""

    start: float
    end: float
    is_right: Callable[[Window], bool]


def is_music(window: Window) -> bool:
    return not window.tones and not window.is_silent


def is_agent(window: Window) -> bool:
    return window.heard == {1000.0}


async def test_one_stream_through_music_bridge_hold_and_requeue(tell_on_failure: Tell) -> None:
    """Ana answers, holds, resumes and vanishes; the caller waits again, talks to Luis, who hangs up."""
    stretches = []
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(2, media={"silence_timeout": "1s"})))
        tell_on_failure("switch", switch.story)
        wire = await stack.enter_async_context(Capture.running(f"udp and src host {switch.address}"))
        carrier = await stack.enter_async_context(Phones.running())
        caller = await carrier.phone("caller")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        await call.until("established")
        stretches.append(await hear(call, is_music))

        desk, phone = await registered(stack, switch, "1001")
        leg = await answered(phone)
        stretches.append(await hear(call, is_agent))
        await leg.hold()
        stretches.append(await hear(call, is_music))
        await leg.resume()
        stretches.append(await hear(call, is_agent))
        await desk.kill()
        await switch.agent_is("ana", "unreachable")
        stretches.append(await hear(call, is_music))

        _, phone = await registered(stack, switch, "1002")
        leg = await answered(phone)
        stretches.append(await hear(call, is_agent))
        await leg.hang_up()
        await call.until("closed")
        await switch.ended_calls(1)
    packets = wire.rtp()
    packets = [packet for packet in packets if packet.destination == packets[0].destination]
    assert breaks(packets) == []
    assert out_of_step(packets) == []
    for stretch in stretches:
        windows = listen(sound([p for p in packets if stretch.start < p.time < stretch.end]))
        assert len(windows) >= 7, "packets all the time"
        assert all(map(stretch.is_right, windows)), story(windows)
    marked = [packet.time for packet in packets if packet.marker]
    assert marked[0] == packets[0].time
    assert len(marked) == len(stretches), "one marker at each switch, and no other"
    assert all(a < stretch.start for a, stretch in zip(marked, stretches, strict=True))
    assert all(a > stretch.end for a, stretch in zip(marked[1:], stretches, strict=False))


async def registered(stack: AsyncExitStack, switch: Switch, user: str) -> tuple[Phones, Phone]:
    """A phone alone in its process, so that it can be killed."""
    desk = await stack.enter_async_context(Phones.running())
    phone = await desk.phone(user, SECRETS[user], switch.sip)
    await phone.register()
    return desk, phone


async def answered(phone: Phone) -> PhoneCall:
    call = await phone.next_call()
    await call.answer()
    await call.until("established")
    await call.say(1000.0)
    return call


async def hear(call: PhoneCall, is_right: Callable[[Window], bool]) -> Stretch:
    """The second that begins when half of one has gone by: phones change what they say a little late."""
    await call.listen(0.5)
    start = time.time()
    await call.listen(1.0)
    return Stretch(start, time.time(), is_right)


def out_of_step(packets: Sequence[Rtp], tolerance_s: float = 0.15) -> list[str]:
    """Where the timestamps have left the clock on the wall, in words."""
    first, found = packets[0], []
    for packet in packets:
        by_timestamp_s = ((packet.timestamp - first.timestamp) % 2**32) / CLOCK_HZ
        by_clock_s = packet.time - first.time
        if abs(by_timestamp_s - by_clock_s) > tolerance_s:
            found.append(f"{by_clock_s:.3f} s: {by_timestamp_s:.3f} s by the timestamp {packet.timestamp}")
    return found
