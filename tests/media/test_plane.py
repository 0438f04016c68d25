"""The media plane from the loop: ports given out and back, limits, sums, its end: media/aio/plane.py."""

import asyncio
import resource
import socket
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import uvloop

from media.aio.plane import MediaPlane, NoPorts
from media.aio.sockets import ROOM_AT_MOST
from media.events import Locked, PortClosed, PortEvent, Unlocked
from media.port import Echo, PeerMedia, Play, PortStats, Relay, Silence
from media.sound import Sound
from tests.media.stage import HOST, Stage, until
from tests.peers import ports

CALLER = "127.20.0.10"


async def started(
    ports: range = range(21400, 21408), workers: int = 1, seed: int | None = None, **given: Any
) -> Stage:
    plane = MediaPlane(HOST, ports, workers, seed, **given)
    plane.start(asyncio.get_running_loop())
    return Stage(plane)


async def test_ports_are_even_and_rtcp_is_the_next() -> None:
    stage = await started(range(21401, 21408))
    assert [stage.plane.open().number for _ in range(3)] == [21402, 21404, 21406]
    with pytest.raises(NoPorts):
        stage.plane.open()
    assert stage.plane.capacity() == 3
    assert stage.plane.counters().refused == 1
    assert stage.plane.counters().ports == {"free": 0, "open": 3, "closing": 0, "resting": 0}
    await stage.close()


async def test_a_closed_port_rests_and_is_given_out_again_oldest_first() -> None:
    now = 1000.0
    plane = MediaPlane(HOST, range(21400, 21406), clock=lambda: now)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane)
    first, second = plane.open(), plane.open()
    second.close()
    await stage.event(PortClosed, second)
    first.close()
    await stage.event(PortClosed, first)
    assert plane.counters().ports == {"free": 1, "open": 0, "closing": 0, "resting": 2}
    now += 5.0
    assert plane.counters().ports == {"free": 3, "open": 0, "closing": 0, "resting": 0}
    assert [plane.open().number for _ in range(3)] == [21404, second.number, first.number]
    await stage.close()


async def test_a_port_that_another_program_has_is_passed_over() -> None:
    stage = await started()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rtp,
    ):
        rtcp.bind((HOST, 21401))
        rtp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        rtp.bind((HOST, 21402))
        assert [stage.plane.open().number for _ in range(2)] == [21404, 21406]
    assert stage.plane.open().number == 21400
    await stage.close()


async def test_descriptors_that_are_gone_refuse_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = await started()
    monkeypatch.setattr("media.aio.plane.bind_port", _no_descriptors)
    with pytest.raises(NoPorts):
        stage.plane.open()
    monkeypatch.undo()
    assert stage.plane.open().number == 21400
    await stage.close()


async def test_no_call_waits_until_the_kernels_table_of_descriptors_has_grown() -> None:
    stage = await started()
    status = Path("/proc/self/status").read_text()
    room = int(status.partition("FDSize:")[2].split()[0])
    assert room >= min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], ROOM_AT_MOST)
    await stage.close()


def _no_descriptors(_listen: str, _number: int) -> None:
    raise OSError(24, "Too many open files")


async def test_a_seed_repeats_ssrcs() -> None:
    ssrcs = []
    for _ in range(2):
        stage = await started(seed=7)
        ssrcs.append([stage.plane.open().ssrc for _ in range(3)])
        await stage.close()
    assert ssrcs[0] == ssrcs[1]
    assert len(set(ssrcs[0])) == 3


@pytest.mark.parametrize(
    "peer",
    [
        PeerMedia("localhost", 4000, "127.0.0.1", 4001, (), "PCMA", 8),
        PeerMedia("::1", 4000, "127.0.0.1", 4001, (), "PCMA", 8),
        PeerMedia("127.0.0.1", 70000, "127.0.0.1", 4001, (), "PCMA", 8),
        PeerMedia("127.0.0.1", 4000, "127.0.0.1", 4001, (), "SPEEX", 97),
    ],
    ids=["name", "IPv6", "port", "codec"],
)
async def test_sdp_that_the_engine_cannot_use(peer: PeerMedia) -> None:
    stage = await started()
    with pytest.raises(ValueError):
        stage.plane.open().connect(peer)
    await stage.close()


async def test_calls_on_a_closed_port_change_nothing() -> None:
    stage = await started()
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.close()
    port.close()
    port.send(Echo())
    port.mute(False)
    port.watch_silence(1)
    port.connect(caller.media())
    await stage.event(PortClosed, port)
    assert port.stats().packets_received == 3
    assert port.stats().locked == caller.address
    assert stage.kinds(port) == ["FirstPacket", "Locked", "PortClosed"]
    await stage.close()


async def test_a_new_port_in_an_old_slot_has_counted_nothing() -> None:
    stage = await started(range(21400, 21402))
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.close()
    await stage.event(PortClosed, port)
    again = stage.plane.open()
    assert again.stats() == PortStats()
    assert again.number == port.number
    again.connect(caller.media(allowed=("10.0.0.0/8",)))
    for _ in range(3):
        caller.send()
    await stage.settled()
    assert port.stats().packets_received == 3
    await stage.close()


async def test_ports_of_different_workers_are_not_bridged() -> None:
    stage = await started(workers=2)
    one, other = stage.plane.open(), stage.plane.open()
    near = stage.plane.open(near=one)
    near.send(Relay(one))
    with pytest.raises(ValueError):
        one.send(Relay(other))
    await stage.close()


async def test_an_error_of_the_applications_costs_no_event() -> None:
    stage = await started()
    errors: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    heard: list[PortEvent] = []

    def on_event(event: PortEvent) -> None:
        heard.append(event)
        raise RuntimeError("the application's")

    stage.plane.on_event = on_event
    for _ in range(3):
        stage.plane.open()
    await stage.close()
    assert [type(event) for event in heard] == [PortClosed] * 3
    assert len(errors) == 3


async def test_close_is_idempotent_and_leaves_nothing() -> None:
    stage = await started()
    before = stage.plane.counters().ports["free"]
    port = await stage.leg(stage.peer(CALLER))
    port.send(Silence())
    await stage.plane.close()
    await stage.plane.close()
    assert stage.plane.counters().ports["open"] == 0
    assert stage.plane.counters().ports["free"] + stage.plane.counters().ports["resting"] == before
    await stage.close()


async def test_a_plane_that_never_started_closes() -> None:
    plane = MediaPlane(HOST, range(21400, 21408))
    plane.open()
    await plane.close()


async def test_sums_over_all_ports() -> None:
    stage = await started()
    caller, agent = stage.peer(CALLER), stage.peer("127.20.0.20")
    left, right = await stage.leg(caller), await stage.leg(agent)
    right.send(Relay(left))
    left.send(Silence())
    await stage.settled()
    for _ in range(5):
        caller.send()
    await agent.receive_many(5)
    left.close()
    await stage.event(PortClosed, left)
    counters = stage.plane.counters()
    assert (counters.packets_received, counters.octets_received) == (11, 11 * 160)
    assert (counters.packets_sent, counters.octets_sent) == (5, 800)
    assert 0 <= counters.worker_lag_s < 1
    await stage.close()


def test_on_uvloop() -> None:
    async def echo() -> None:
        stage = await started()
        caller = stage.peer(CALLER)
        port = await stage.leg(caller)
        port.send(Echo())
        await stage.settled()
        caller.send(b"\x07" * 160)
        assert (await caller.receive()).payload == b"\x07" * 160
        await stage.close()

    uvloop.run(echo())


async def test_networks_may_be_many() -> None:
    stage = await started()
    caller = stage.peer(CALLER)
    port = stage.plane.open()
    networks = tuple(IPv4Network((10 << 24 | i << 8, 24)) for i in range(300))
    sdp = caller.media(allowed=(*map(str, networks), "127.20.0.0/24"))
    port.connect(sdp)
    natted = stage.peer("127.20.0.12")
    natted.meet(port, HOST)
    await stage.settled()
    for _ in range(3):
        natted.send()
    assert (await stage.event(Locked, port)).address == natted.address
    await stage.close()


async def test_listening_on_every_address() -> None:
    """The connected socket then has an address of its own, and loses it again when the peer moves."""
    plane = MediaPlane("0.0.0.0", ports.EVERYWHERE[100:110])
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, host="127.0.0.1")
    peer, moved = stage.peer("127.0.0.1"), stage.peer("127.0.0.1", ssrc=5)
    port = await stage.leg(peer)
    port.send(Echo())
    await stage.settled()
    peer.send(b"1" * 160)
    assert (await peer.receive()).payload == b"1" * 160
    port.connect(moved.media())
    moved.meet(port, "127.0.0.1")
    await stage.event(Unlocked, port)
    for _ in range(4):
        moved.send(b"2" * 160)
    assert (await stage.event(Locked, port, 2)).address == moved.address
    assert [packet.payload[:1] for packet in await moved.receive_many(4)] == [b"2"] * 4
    peer.send()
    await until(lambda: port.stats().strangers == 1)
    await stage.close()


async def test_an_order_that_cannot_be_given_holds_up_no_other() -> None:
    stage = await started()
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    with pytest.raises(OverflowError):
        port.send(Play(Sound.from_pcm("one frame", bytes(320)), token=-1))
    port.send(Echo())
    await stage.settled()
    caller.send(b"\x07" * 160)
    assert (await caller.receive()).payload == b"\x07" * 160
    await stage.close()


async def test_nor_does_one_that_had_to_wait_for_room() -> None:
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault["exception"]))
    stage = await started(order_ring=1)
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    unheard_of = Play(Sound.from_pcm("one frame", bytes(320)), token=-1)
    for _ in range(10):
        port.send(Silence())
    port.send(unheard_of)
    port.send(Echo())
    await stage.settled()
    caller.send(b"\x07" * 160)
    assert (await caller.receive()).payload == b"\x07" * 160
    assert [type(fault) for fault in faults] == [OverflowError]
    await stage.close()


async def test_a_first_sequence_number_is_in_the_lower_half() -> None:
    """Who misses the first packets of SRTP still guesses how often it wrapped (RFC 3711 section 3.3.1)."""
    stage = await started()
    caller = stage.peer(CALLER)
    for _ in range(20):
        port = await stage.leg(caller)
        port.send(Echo())
        await stage.settled()
        caller.send()
        assert (await caller.receive()).header.sequence < 1 << 15
        port.close()
    await stage.close()


async def test_a_closed_plane_opens_nothing() -> None:
    stage = await started()
    await stage.close()
    with pytest.raises(NoPorts):
        stage.plane.open()
