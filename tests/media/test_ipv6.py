"""Ports on IPv6, and on `::`, which takes both families: media/aio/addresses.py and sockets.py, the latch."""

import asyncio
import socket
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from media.aio.addresses import address_of, networks, place, reaches
from media.aio.plane import MediaPlane
from media.events import Locked, Unlocked
from media.port import Echo, PeerMedia, Relay
from tests.media.rtcp import receiver_report
from tests.media.stage import Stage, until
from tests.media.test_engine_stream import in_step
from tests.peers import ports

HERE = "::1"
V4 = "127.0.0.1"


@pytest.fixture(params=["::1", "::"])
async def stage(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """A plane on IPv6; the peers of IPv6 reach it at ::1."""
    plane = MediaPlane(request.param, ports.EVERYWHERE[:100], seed=1)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, HERE)
    yield stage
    await stage.close()


async def test_three_packets_lock_and_the_lock_is_kept(stage: Stage) -> None:
    peer = stage.peer(HERE)
    port = await stage.leg(peer)
    assert (await stage.event(Locked, port)).address == peer.address
    assert port.stats().locked == peer.address
    port.connect(peer.media())
    port.send(Echo())
    await stage.settled()
    peer.send(b"\x11" * 160)
    assert (await peer.receive()).payload == b"\x11" * 160
    assert stage.kinds(port) == ["FirstPacket", "Locked"]


async def test_sdp_with_a_new_address_unlocks_and_the_next_peer_locks(stage: Stage) -> None:
    peer, moved = stage.peer(HERE), stage.peer(HERE, ssrc=5)
    port = await stage.leg(peer)
    port.connect(moved.media())
    await stage.event(Unlocked, port)
    moved.meet(port, HERE)
    for _ in range(3):
        moved.send()
    assert (await stage.event(Locked, port, 2)).address == moved.address
    port.send(Echo())
    await stage.settled()
    moved.send(b"\x22" * 160)
    assert (await moved.receive()).payload == b"\x22" * 160


@pytest.mark.parametrize(
    ("network", "heard"),
    [("::1/128", True), ("::/0", True), ("2001:db8::/32", False), ("127.0.0.0/8", False)],
)
async def test_networks_that_may_speak(stage: Stage, network: str, heard: bool) -> None:
    peer = stage.peer(HERE)
    port = stage.plane.open()
    port.connect(PeerMedia("2001:db8::9", 4000, "2001:db8::9", 4001, (ip_network(network),), "PCMA", 8))
    peer.meet(port, HERE)
    await stage.settled()
    for _ in range(3):
        peer.send()
    await until(lambda: port.stats().packets_received + port.stats().strangers == 3)
    assert (port.stats().locked == peer.address) == heard


async def test_rtcp_goes_both_ways(stage: Stage) -> None:
    peer = stage.peer(HERE)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as control:
        control.setblocking(False)
        control.bind((HERE, 0))
        port = stage.plane.open()
        port.connect(peer.media(rtcp=control.getsockname()[:2]))
        peer.meet(port, HERE)
        await stage.settled()
        for _ in range(3):
            peer.send()
        control.sendto(receiver_report(peer.ssrc), (HERE, port.number + 1))
        await until(lambda: port.stats().rtcp_received == 1)
        port.send(Echo())
        await stage.settled()
        peer.send()
        await peer.receive()
        port.close()
        goodbye = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(control, 2048), 5)
    assert goodbye[1] == 200


async def test_nowhere_is_nowhere(stage: Stage) -> None:
    for address in ("::", "0.0.0.0"):
        port = stage.plane.open()
        port.connect(PeerMedia(address, 4000, address, 4001, (), "PCMA", 8))
        port.send(Echo())
        await stage.settled()
    assert stage.plane.counters().send_errors == 0


@pytest.mark.parametrize("stage", ["::"], indirect=True)
async def test_an_ipv4_peer_and_an_ipv6_peer_talk(stage: Stage) -> None:
    old, new = stage.peer(V4), stage.peer(HERE, ssrc=9, codec="PCMU")
    left = stage.plane.open()
    left.connect(old.media(allowed=("127.0.0.0/8",)))
    old.meet(left, V4)
    await stage.settled()
    for _ in range(3):
        old.send()
    assert (await stage.event(Locked, left)).address == old.address
    right = await stage.leg(new)
    left.send(Relay(right))
    right.send(Relay(left))
    await stage.settled()
    for _ in range(20):
        old.send(b"\xd5" * 160)
        new.send(b"\xff" * 160)
    at_new, at_old = await new.receive_many(20), await old.receive_many(20)
    assert in_step(at_new)
    assert in_step(at_old)
    assert {packet.payload for packet in at_old} == {b"\xd5" * 160}
    assert left.stats().locked == old.address
    left.send_digit("5", 40)
    assert (await old.receive()).payload[0] == 5


@pytest.mark.parametrize("stage", ["::"], indirect=True)
async def test_a_stranger_of_the_other_family_is_not_heard(stage: Stage) -> None:
    port = await stage.leg(stage.peer(HERE))
    stranger = stage.peer(V4)
    stranger.meet(port, V4)
    for _ in range(5):
        stranger.send()
    await until(lambda: port.stats().strangers == 5)
    assert port.stats().packets_received == 3


@pytest.mark.parametrize(
    ("listen", "address", "reached"),
    [
        ("0.0.0.0", "192.0.2.1", True),
        ("192.0.2.9", "2001:db8::1", False),
        ("::1", "2001:db8::1", True),
        ("::1", "192.0.2.1", False),
        ("::", "192.0.2.1", True),
        ("::", "2001:db8::1", True),
    ],
)
def test_which_family_reaches_which(listen: str, address: str, reached: bool) -> None:
    assert reaches(listen, address) is reached


def test_a_port_of_ipv4_has_no_way_to_ipv6() -> None:
    with pytest.raises(ValueError, match="no way to IPv6"):
        place("2001:db8::1", 4000, ipv6=False)
    with pytest.raises(ValueError, match="is no port number"):
        place("192.0.2.1", 65536, ipv6=False)
    assert networks((ip_network("2001:db8::/32"), ip_network("10.0.0.0/8")), ipv6=False) == (
        (bytes([10, 0, 0, 0]), bytes([255, 0, 0, 0])),
    )


@pytest.mark.parametrize(
    ("address", "ipv6"), [("192.0.2.1", False), ("192.0.2.1", True), ("2001:db8::1", True)]
)
def test_addresses_come_back_as_they_were_written(address: str, ipv6: bool) -> None:
    assert address_of(place(address, 4000, ipv6)) == (address, 4000)
