"""Digits that a port sends: RFC 4733 events in the stream of everything else, ext/engine_keypad.pxd."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from media.codecs import CODECS
from media.events import Digit
from media.port import Play, Port, Relay
from media.sound import Sound
from tests.media.rtp_peer import EVENT_TYPE, Packet
from tests.media.stage import HOST, Stage, until
from tests.media.waves import sine

CALLER = "127.20.0.10"
AGENT = "127.20.0.20"
EVERY = "0123456789*#ABCD"


def durations(packets: list[Packet]) -> list[int]:
    return [int.from_bytes(packet.payload[2:4]) for packet in packets]


def ends(packets: list[Packet]) -> list[bool]:
    return [bool(packet.payload[1] & 0x80) for packet in packets]


def are_in_step(packets: list[Packet]) -> bool:
    """One SSRC, sequence numbers one by one."""
    return all(
        after.header.sequence == (before.header.sequence + 1) & 0xFFFF
        and after.header.ssrc == before.header.ssrc
        for before, after in pairwise(packets)
    )


@pytest.mark.parametrize("event_type", [EVENT_TYPE, 96, 127])
async def test_an_event_by_the_book(stage: Stage, event_type: int) -> None:
    """RFC 4733 section 2.5.1: marker first, one timestamp, growing duration, the end three times."""
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.connect(peer.media(event_type=event_type))
    port.send_digit("5", 100)
    packets = await peer.receive_many(7)
    assert are_in_step(packets)
    assert {packet.header.payload_type for packet in packets} == {event_type}
    assert len({packet.header.timestamp for packet in packets}) == 1
    assert [packet.header.marker for packet in packets] == [True] + 6 * [False]
    assert {(packet.payload[0], packet.payload[1] & 0x7F) for packet in packets} == {(5, 10)}
    assert durations(packets) == [160, 320, 480, 640, 800, 800, 800]
    assert ends(packets) == 4 * [False] + 3 * [True]
    assert packets[0].header.ssrc == port.ssrc


@pytest.mark.parametrize(("asked_ms", "sent_ms"), [(1, 40), (65, 65), (250, 250), (99_999, 8000)])
async def test_how_long_a_digit_may_be(stage: Stage, asked_ms: int, sent_ms: int) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.send_digit("#", asked_ms)
    if sent_ms == 8000:
        assert durations(await peer.receive_many(10))[-1] == 1600
        return
    whole = -(-sent_ms // 20)
    packets = await peer.receive_many(whole + 2)
    assert durations(packets)[-3:] == 3 * [8 * sent_ms]
    assert ends(packets) == (whole - 1) * [False] + 3 * [True]


@pytest.mark.skipif(CODECS["OPUS"].capsule is None, reason="needs libopus-dev")
async def test_what_a_duration_cannot_tell_is_another_segment(stage: Stage) -> None:
    """RFC 4733 section 2.5.1.3: after 1.4 s at 48 kHz. Heard again, it is one digit."""
    peer = stage.peer(CALLER, codec="OPUS")
    port = await stage.leg(peer)
    port.connect(replace(peer.media(), event_rate_hz=48000))
    port.send_digit("7", 1500)
    packets = await peer.receive_many(68 + 1 + 7 + 2)
    assert are_in_step(packets)
    assert [packet.header.marker for packet in packets] == [True] + 77 * [False]
    assert ends(packets) == 75 * [False] + 3 * [True]
    assert durations(packets)[67:71] == [68 * 960, 0xFFFF, 69 * 960 - 0xFFFF, 70 * 960 - 0xFFFF]
    assert durations(packets)[-3:] == 3 * [75 * 960 - 0xFFFF]
    stamps = [packet.header.timestamp for packet in packets]
    assert [stamp - stamps[0] & 0xFFFFFFFF for stamp in stamps] == 69 * [0] + 9 * [0xFFFF]
    for packet in packets:
        peer.send(packet.payload, payload_type=EVENT_TYPE, step=0xFFFF if packet is packets[68] else 0)
    assert (await stage.event(Digit, port)).duration_ms == 1500
    assert stage.kinds(port).count("Digit") == 1


async def test_digits_follow_each_other_with_a_rest_between(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    for digit in "119":
        port.send_digit(digit, 60)
    packets = await peer.receive_many(3 * 5)
    assert are_in_step(packets)
    assert [packet.payload[0] for packet in packets] == 5 * [1] + 5 * [1] + 5 * [9]
    assert [packet.header.marker for packet in packets] == 3 * ([True] + 4 * [False])
    stamps = [packet.header.timestamp for packet in packets[::5]]
    assert all((after - before) & 0xFFFFFFFF >= 480 + 640 for before, after in pairwise(stamps))


async def test_audio_keeps_quiet_meanwhile_and_goes_on_after_it(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    port.send(Play(Sound.from_pcm("music", sine(440, -10)), loop=True))
    before = await peer.receive_many(3)
    port.send_digit("7", 100)
    packets = before + await peer.receive_many(20)
    assert are_in_step(packets)
    types = [packet.header.payload_type for packet in packets]
    first, last = types.index(EVENT_TYPE), len(types) - 1 - types[::-1].index(EVENT_TYPE)
    assert types[first : last + 1] == 7 * [EVENT_TYPE], "nothing between the packets of an event"
    assert packets[last + 1].header.marker, "a talkspurt begins"
    over = (packets[first].header.timestamp + 800) & 0xFFFFFFFF
    assert 0 <= (packets[last + 1].header.timestamp - over) & 0xFFFFFFFF < 8000


async def test_a_relayed_talk_keeps_quiet_too(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), stage.peer(AGENT)
    left, right = await stage.leg(caller), await stage.leg(agent)
    left.send(Relay(right))
    await stage.settled()
    agent.send(b"\x11" * 160)
    packets = [await caller.receive()]
    left.send_digit("1", 60)
    packets += [await caller.receive()]
    for _ in range(5):
        agent.send(b"\x22" * 160)
    packets += await caller.receive_many(4)
    await until(lambda: right.stats().packets_received == 3 + 6)
    assert {packet.header.payload_type for packet in packets[1:]} == {EVENT_TYPE}
    while packets[-1].payload != b"\x33" * 160:
        agent.send(b"\x33" * 160)
        await stage.settled()
        packets += caller.waiting()
    assert are_in_step(packets)


@pytest.mark.parametrize("why", ["no telephone-event", "muted"])
async def test_who_gets_no_events_gets_none(stage: Stage, why: str) -> None:
    peer = stage.peer(CALLER)
    port = await stage.leg(peer)
    if why == "muted":
        port.mute(True)
    else:
        port.connect(peer.media(event_type=None))
    port.send_digit("1")
    await played_out(stage)
    assert port.stats().packets_sent == 0
    port.mute(False)
    port.connect(peer.media())
    port.send_digit("2", 60)
    assert [packet.payload[0] for packet in await peer.receive_many(5)] == 5 * [2]


async def played_out(stage: Stage) -> None:
    """Until a fifth of a second has been sent elsewhere: a digit and its rest are over."""
    peer = stage.peer("127.20.0.31")
    port = stage.plane.open()
    port.connect(peer.media())
    port.send(Play(Sound.from_pcm("a fifth", bytes(3200))))
    await peer.receive_many(10)


async def test_no_digit_is_lost_or_doubled_where_one_packet_in_twenty_is(stage: Stage) -> None:
    sender, hearer = stage.plane.open(), stage.plane.open()
    between, behind = stage.peer(CALLER), stage.peer(AGENT)
    sender.connect(between.media())
    hearer.connect(behind.media())
    behind.meet(hearer, HOST)
    pressed = "".join(random.Random(3).choices(EVERY, k=20))
    for digit in pressed:
        sender.send_digit(digit, 60)
    chance = random.Random(5)
    for _ in range(20 * 5):
        packet = await between.receive()
        if chance.random() >= 0.05:
            behind.sequence, behind.timestamp = packet.header.sequence, packet.header.timestamp
            behind.send(packet.payload, payload_type=EVENT_TYPE, marker=packet.header.marker, step=0)
    await stage.event(Digit, hearer, 20)
    assert "".join(event.digit for event in stage.told if isinstance(event, Digit)) == pressed


async def test_more_than_wait_are_dropped_and_a_port_that_closes_forgets_the_rest(stage: Stage) -> None:
    peer = stage.peer(CALLER)
    ports: list[Port] = [await stage.leg(peer)]
    for number in range(3):
        port = stage.plane.open()
        port.connect(stage.peer(f"127.20.0.{40 + number}").media())
        ports.append(port)
    for port in ports:
        for _ in range(100):
            port.send_digit("3", 40)
    await peer.receive()
    for port in (ports[1], ports[3], ports[0], ports[2]):
        port.close()
        await stage.settled()
    again = stage.plane.open()
    again.connect(peer.media())
    again.send_digit("4", 40)
    while (packet := await peer.receive()).payload[0] == 3:
        pass
    assert packet.payload[0] == 4


@pytest.mark.parametrize("digit", ["", "E", "12", "a", "\N{FULLWIDTH DIGIT ONE}"])
async def test_what_is_no_digit(stage: Stage, digit: str) -> None:
    with pytest.raises(ValueError, match="is no digit"):
        stage.plane.open().send_digit(digit)
