"""Who may speak on a port, and where its packets go: ext/engine_latch.pxd."""

import asyncio
import time
from dataclasses import replace

import pytest

from media.events import FirstPacket, Locked, Unlocked
from media.port import Echo, Port
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage, until

PHONE = "127.20.0.10"
BEHIND_NAT = "127.20.0.11"
STRANGER = "127.20.0.66"


async def connected(stage: Stage, peer: RtpPeer, *allowed: str) -> Port:
    port = stage.plane.open()
    port.connect(peer.media(allowed=allowed))
    peer.meet(port, stage.host)
    await stage.settled()
    return port


async def test_three_packets_in_step_lock(stage: Stage) -> None:
    peer = stage.peer(PHONE)
    port = await connected(stage, peer)
    peer.send()
    await stage.event(FirstPacket, port)
    peer.send()
    await until(lambda: port.stats().packets_received == 2)
    assert port.stats().locked is None
    peer.send()
    assert (await stage.event(Locked, port)).address == peer.address
    assert port.stats().locked == peer.address
    assert port.stats().strangers == 0


async def test_before_the_lock_we_send_to_the_sdp_address_and_after_it_to_the_peer(stage: Stage) -> None:
    in_sdp, behind_nat = stage.peer(PHONE), stage.peer(BEHIND_NAT)
    port = await connected(stage, in_sdp, f"{BEHIND_NAT}/32")
    port.send(Echo())
    await stage.settled()
    behind_nat.meet(port, stage.host)
    for payload in (b"1" * 160, b"2" * 160):
        behind_nat.send(payload)
    assert [packet.payload[:1] for packet in await in_sdp.receive_many(2)] == [b"1", b"2"]
    behind_nat.send(b"3" * 160)
    await stage.event(Locked, port)
    behind_nat.send(b"4" * 160)
    assert [packet.payload[:1] for packet in await behind_nat.receive_many(2)] == [b"3", b"4"]
    assert in_sdp.waiting() == []


async def test_the_peer_is_heard_by_the_type_that_it_was_told_and_by_its_own(stage: Stage) -> None:
    """An answer may name another type than the offer for what it wants to get (RFC 3264 section 6.1)."""
    peer = stage.peer(PHONE)
    port = stage.plane.open()
    port.connect(replace(peer.media(event_type=97), payload_type=96, receive_payload_type=97))
    port.send(Echo())
    peer.meet(port, stage.host)
    await stage.settled()
    for payload_type in (97, 96, 97, 8):
        peer.send(payload_type=payload_type)
    await stage.event(Locked, port)
    assert [packet.header.payload_type for packet in await peer.receive_many(3)] == [96] * 3
    await until(lambda: port.stats().strangers + port.stats().packets_received == 4)
    assert peer.waiting() == [], "8 was not agreed on"
    assert port.stats().digits == 0, "what it was told to send is what it means"


@pytest.mark.parametrize(
    ("sequences", "ssrcs", "locks"),
    [
        ((1, 2, 3), (7, 7, 7), True),
        ((65534, 65535, 0), (7, 7, 7), True),
        ((1, 2, 4), (7, 7, 7), False),
        ((1, 1, 2), (7, 7, 7), False),
        ((1, 2, 3), (7, 8, 7), False),
        ((1, 9, 2, 10, 3), (7, 8, 7, 8, 7), True),
    ],
    ids=["in step", "wrapping", "gap", "repeated", "another SSRC between", "two streams compete"],
)
async def test_consecutive_means_in_step_within_one_ssrc(
    stage: Stage, sequences: tuple[int, ...], ssrcs: tuple[int, ...], locks: bool
) -> None:
    peer = stage.peer(PHONE)
    port = await connected(stage, peer)
    for sequence, ssrc in zip(sequences, ssrcs, strict=True):
        peer.sequence, peer.ssrc = sequence, ssrc
        peer.send()
    await until(lambda: port.stats().packets_received == len(sequences))
    assert (port.stats().locked is not None) == locks


async def test_other_payload_types_do_not_lock(stage: Stage) -> None:
    peer = stage.peer(PHONE)
    port = await connected(stage, peer)
    for _ in range(3):
        peer.send(b"\x40", payload_type=13)
    await until(lambda: port.stats().packets_received == 3)
    assert port.stats().locked is None
    assert port.stats().strangers == 0


async def test_a_packet_of_nobody_allowed_is_not_heard(stage: Stage) -> None:
    peer, stranger = stage.peer(PHONE), stage.peer(STRANGER)
    port = await connected(stage, peer)
    port.send(Echo())
    stranger.meet(port, stage.host)
    for _ in range(5):
        stranger.send()
    await until(lambda: port.stats().strangers == 5)
    assert port.stats().packets_received == 0
    assert stage.plane.counters().strangers == 5
    assert stage.kinds(port) == []


async def test_after_the_lock_others_of_the_same_host_are_strangers(stage: Stage) -> None:
    peer, other = stage.peer(PHONE), stage.peer(PHONE, ssrc=99)
    port = await stage.leg(peer)
    other.meet(port, stage.host)
    for _ in range(10):
        other.send()
        peer.send()
    await until(lambda: port.stats().strangers == 10 and port.stats().packets_received == 13)
    assert port.stats().locked == peer.address


async def test_strangers_get_no_icmp(stage: Stage) -> None:
    port = await stage.leg(stage.peer(PHONE))
    stranger = stage.peer(STRANGER)
    stranger.socket.connect((stage.host, port.number))
    stranger.socket.send(b"\x80\x08" + bytes(170))
    await until(lambda: port.stats().strangers == 1)
    stranger.socket.send(b"\x80\x08" + bytes(170))
    await until(lambda: port.stats().strangers == 2)
    with pytest.raises(BlockingIOError):
        stranger.socket.recv(100)


async def test_sdp_with_a_new_address_unlocks(stage: Stage) -> None:
    peer, moved = stage.peer(PHONE), stage.peer(BEHIND_NAT, ssrc=5)
    port = await stage.leg(peer)
    port.connect(moved.media())
    await stage.event(Unlocked, port)
    moved.meet(port, stage.host)
    for _ in range(3):
        moved.send()
    assert (await stage.event(Locked, port, 2)).address == moved.address


async def test_sdp_with_the_same_address_keeps_the_lock(stage: Stage) -> None:
    in_sdp, behind_nat = stage.peer(PHONE), stage.peer(BEHIND_NAT)
    port = await connected(stage, in_sdp, "127.20.0.0/24")
    behind_nat.meet(port, stage.host)
    for _ in range(3):
        behind_nat.send()
    await stage.event(Locked, port)
    port.connect(in_sdp.media(allowed=("127.20.0.0/24",)))
    await stage.settled()
    assert port.stats().locked == behind_nat.address
    assert stage.kinds(port) == ["FirstPacket", "Locked"]


async def test_a_peer_that_moved_is_found_after_two_seconds_of_silence(stage: Stage) -> None:
    peer, moved = stage.peer(PHONE, ssrc=5), stage.peer(PHONE, ssrc=5)
    port = await stage.leg(peer)
    silent_since = time.monotonic()
    moved.meet(port, stage.host)
    moved.sequence = peer.sequence
    unlocked = asyncio.create_task(stage.event(Unlocked, port))
    while not unlocked.done():
        moved.send()
        await asyncio.wait([unlocked], timeout=0.02)
    await unlocked
    assert time.monotonic() - silent_since > 1.9
    for _ in range(3):
        moved.send()
    assert (await stage.event(Locked, port, 2)).address == moved.address
    assert port.stats().strangers > 50


async def test_port_zero_is_nowhere(stage: Stage) -> None:
    """A peer that holds with port 0 or 0.0.0.0 gets nothing, and no error is counted."""
    in_sdp = stage.peer(PHONE)
    port = stage.plane.open()
    held = in_sdp.media()
    port.connect(type(held)("0.0.0.0", 0, "0.0.0.0", 0, held.allowed, "PCMA", 8))
    port.send(Echo())
    await stage.settled()
    assert stage.plane.counters().send_errors == 0
    assert port.stats().packets_sent == 0
