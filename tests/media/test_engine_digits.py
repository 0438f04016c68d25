"""RFC 4733 digits are told once and passed on: ext/engine_digits.pxd."""

import asyncio
import time
from dataclasses import replace

import pytest

from media.events import Digit
from media.port import Relay
from tests.media.rtp_peer import EVENT_TYPE, RtpPeer
from tests.media.stage import Stage, until

CALLER = "127.20.0.10"
AGENT = "127.20.0.20"


def press(peer: RtpPeer, event: int, *, ends: int = 3, hold: int = 160) -> None:
    """As a phone does: an update each 20 ms, then the end three times, then the clock goes on."""
    for duration in range(160, 800, 160):
        peer.send_event(event, duration=duration)
    for _ in range(ends):
        peer.send_event(event, duration=800, end=True)
    peer.timestamp = (peer.timestamp + 800 + hold) & 0xFFFFFFFF


def digits(stage: Stage) -> list[str]:
    return [event.digit for event in stage.told if isinstance(event, Digit)]


async def test_every_digit_once_with_its_duration(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    for event in range(16):
        press(caller, event)
    last = await stage.event(Digit, port, 16)
    assert "".join(digits(stage)) == "0123456789*#ABCD"
    assert last.duration_ms == 100
    assert port.stats().digits == 16


async def test_the_same_digit_twice_is_two(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    await stage.leg(caller)
    press(caller, 7)
    press(caller, 7)
    await stage.event(Digit, nth=2)
    assert digits(stage) == ["7", "7"]


@pytest.mark.parametrize("then", ["another digit", "nothing"])
async def test_a_digit_whose_end_packets_are_lost_is_told(stage: Stage, then: str) -> None:
    caller = stage.peer(CALLER)
    await stage.leg(caller)
    press(caller, 1, ends=0)
    if then == "another digit":
        press(caller, 2)
        await stage.event(Digit, nth=2)
        assert digits(stage) == ["1", "2"]
    assert (await stage.event(Digit)).duration_ms == 80


async def test_a_late_update_after_the_end_is_no_new_digit(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    first = caller.timestamp
    press(caller, 4)
    press(caller, 5)
    caller.timestamp = first
    caller.send_event(4, duration=320)
    caller.send_event(4, duration=800, end=True)
    await stage.event(Digit, port, 2)
    await until(lambda: port.stats().packets_received == 3 + 7 + 7 + 2)
    assert digits(stage) == ["4", "5"]


async def test_a_long_press_in_two_segments_is_one_digit(stage: Stage) -> None:
    """RFC 4733 section 2.5.1.3."""
    caller = stage.peer(CALLER)
    await stage.leg(caller)
    caller.send_event(9, duration=0xFFFF)
    caller.timestamp = (caller.timestamp + 0xFFFF) & 0xFFFFFFFF
    caller.send_event(9, duration=465)
    caller.send_event(9, duration=465, end=True)
    assert (await stage.event(Digit)).duration_ms == (65535 + 465) // 8
    assert digits(stage) == ["9"]


async def test_a_peer_that_starts_its_clock_again_is_heard_at_once(stage: Stage) -> None:
    """Under the same SSRC, with lower numbers and timestamps."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    caller.sequence, caller.timestamp = 20000, 8_000_000
    caller.send()
    press(caller, 1)
    caller.sequence, caller.timestamp = 1000, 160
    caller.send()
    press(caller, 2)
    press(caller, 3)
    await stage.event(Digit, port, 3)
    assert digits(stage) == ["1", "2", "3"]


async def test_a_digit_hours_after_the_last_is_one(stage: Stage) -> None:
    """2**31 units on, a timestamp looks like one of the past: 12 hours of Opus, 75 of G.711."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    press(caller, 1)
    await stage.event(Digit, port)
    caller.timestamp = (caller.timestamp + (1 << 31)) & 0xFFFFFFFF
    last, told = time.monotonic(), asyncio.create_task(stage.event(Digit, port, 2))
    while not told.done():
        caller.send()
        await asyncio.wait([told], timeout=0.1)
        if time.monotonic() - last > 2.1:
            press(caller, 2)
            last = time.monotonic()
    assert digits(stage) == ["1", "2"]


@pytest.mark.parametrize("payload", [b"", b"\x01\x8a\x03", b"\x10\x8a\x03\x20", b"\xff" * 4])
async def test_what_is_no_digit_is_ignored(stage: Stage, payload: bytes) -> None:
    """Too short, flash (16), out of the table."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    caller.send(payload, payload_type=EVENT_TYPE)
    press(caller, 3)
    await stage.event(Digit, port)
    assert digits(stage) == ["3"]


async def test_the_length_of_a_key_that_is_held_for_long(stage: Stage) -> None:
    """At 48 kHz a minute and a half is more milliunits than 32 bits hold."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.connect(replace(caller.media(), event_rate_hz=48000))
    await stage.settled()
    for _ in range(70):
        caller.send_event(9, duration=0xFFFF)
        caller.timestamp = (caller.timestamp + 0xFFFF) & 0xFFFFFFFF
    caller.send_event(9, duration=480, end=True)
    assert (await stage.event(Digit)).duration_ms == (70 * 0xFFFF + 480) // 48


async def test_a_digit_is_passed_on_in_the_listeners_payload_type(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT, codec="PCMU")
    left, right = await stage.leg(caller), await stage.leg(agent)
    right.connect(agent.media(event_type=96))
    right.send(Relay(left))
    await stage.settled()
    caller.send()
    press(caller, 8)
    caller.send()
    first, *events, last = await agent.receive_many(9)
    assert {packet.header.payload_type for packet in events} == {96}
    assert {packet.header.timestamp for packet in events} == {(first.header.timestamp + 160) & 0xFFFFFFFF}
    assert events[-1].payload == bytes([8, 0x8A, 0x03, 0x20])
    assert last.header.sequence == (first.header.sequence + 8) & 0xFFFF
    assert last.header.timestamp == (first.header.timestamp + 160 + 800 + 160) & 0xFFFFFFFF
    assert (await stage.event(Digit)).digit == "8"
