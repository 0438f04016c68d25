"""Loss and jitter as RFC 3550 appendix A counts them, the silence watch, malformed packets."""

import time
from itertools import pairwise

import pytest

from media.events import Silent
from media.port import Echo, Port
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage, until

CALLER = "127.20.0.10"


@pytest.mark.parametrize(
    ("steps", "lost"),
    [
        ([1] * 10, 0),
        ([1, 2, 1, 4], 4),
        ([1, 3, -1, 2], 0 + 1),
        ([1, 1, 0, 0], 0),
        ([1, 2, 5000, 1, 2], 2),
        ([1, 2, -500, 1, 1], 1),
    ],
    ids=["none", "gaps", "late one came", "duplicates", "jump is a new start", "restart is a new start"],
)
async def test_loss(stage: Stage, steps: list[int], lost: int) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    caller.sequence = (caller.sequence - 1) & 0xFFFF
    for step in steps:
        caller.sequence = (caller.sequence + step) & 0xFFFF
        caller.send()
        caller.sequence = (caller.sequence - 1) & 0xFFFF
    await until(lambda: port.stats().packets_received == 3 + len(steps))
    assert port.stats().packets_lost == lost
    assert stage.plane.counters().packets_lost == lost


async def test_one_that_comes_seconds_late_is_no_new_start(stage: Stage) -> None:
    """It stays lost, for nobody hears it; what comes after it goes on as if it had never come."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.send(Echo())
    await stage.settled()
    late = (caller.sequence, caller.timestamp)
    caller.sequence, caller.timestamp = caller.sequence + 1, caller.timestamp + 160
    for _ in range(120):
        caller.send()
    now = (caller.sequence, caller.timestamp)
    caller.sequence, caller.timestamp = late
    caller.send()
    caller.sequence, caller.timestamp = now
    for _ in range(5):
        caller.send()
    await until(lambda: port.stats().packets_received == 3 + 120 + 1 + 5)
    assert port.stats().packets_lost == 1
    echoed = [packet.header for packet in await caller.receive_many(125)]
    assert {(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(echoed)} == {1}
    assert {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(echoed)} == {160}
    assert [header.marker for header in echoed] == [True] + [False] * 124


async def test_loss_of_an_old_ssrc_stays_counted(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    caller.sequence = (caller.sequence + 4) & 0xFFFF
    caller.send()
    caller.ssrc, caller.sequence = 55, 100
    caller.send()
    caller.sequence = 103
    caller.send()
    await until(lambda: port.stats().packets_received == 6)
    assert port.stats().packets_lost == 4 + 2
    port.close()
    assert port.stats().packets_lost == 6


async def test_jitter_moves_by_a_sixteenth(stage: Stage) -> None:
    """One packet whose timestamp is 100 ms off, the others sent at once: 800 / 16 units and decay."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    caller.timestamp = (caller.timestamp + 800) & 0xFFFFFFFF
    caller.send()
    await until(lambda: port.stats().packets_received == 4)
    assert port.stats().jitter_s == pytest.approx((160 + 3 * 160 + 800) / 16 / 8000, rel=0.5)


async def test_octets_are_of_payload(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    caller.send(b"1234")
    await until(lambda: port.stats().packets_received == 4)
    assert port.stats().octets_received == 3 * 160 + 4


@pytest.mark.parametrize(
    "junk", [b"", b"\x80", b"\x00" * 20, b"\xbf\x08" + bytes(20), b"GET / HTTP/1.0\r\n\r\n"]
)
async def test_malformed_packets_are_counted_and_cost_nothing_else(stage: Stage, junk: bytes) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    caller.socket.sendto(junk, caller.target)
    caller.send()
    await until(lambda: port.stats().packets_received == 4)
    assert stage.plane.counters().malformed == 1
    assert port.stats().strangers == 0


async def test_silence_is_told_once_until_life_returns(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    begun = time.monotonic()
    port.watch_silence(0.3)
    silent = await stage.event(Silent, port)
    assert silent.seconds == pytest.approx(0.3)
    assert time.monotonic() - begun >= 0.3
    caller.send()
    await stage.event(Silent, port, 2)
    assert stage.kinds(port).count("Silent") == 2


async def heard_since(port: Port, received: float | None) -> None:
    await until(lambda: port.stats().last_received != received)


async def test_comfort_noise_and_rtcp_are_life(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    port.watch_silence(0.6)
    with RtpPeer(CALLER) as rtcp:
        for _ in range(4):
            received = port.stats().last_received
            caller.send(b"\x40", payload_type=13)
            await heard_since(port, received)
            received = port.stats().last_received
            rtcp.socket.sendto(b"\x80\xc9\0\1" + caller.ssrc.to_bytes(4), (stage.host, port.number + 1))
            await heard_since(port, received)
    assert "Silent" not in stage.kinds(port)
    assert port.stats().rtcp_received == 4
    port.watch_silence(None)
