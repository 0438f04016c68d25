"""What the engine reports of a bad network, against what the network did: in our record, in our RTCP to the
peer, and in what the peer makes of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

import pytest

from media.aio.plane import MediaPlane
from media.port import Mix, PeerMedia, Port, Relay, Silence, Tone
from tests.media.losses import pattern
from tests.media.rtcp import GOODBYE, Report
from tests.media.stage import Stage, until
from tests.peers.impair import Direction, Gilbert, Impairment, Wire
from tests.peers.probe import Ear, Through, play_through

THERE, BETWEEN = "127.20.0.2", "127.20.0.3"
WITHIN = 0.1
LONGEST_S = 0.2
MOST_DISCARDED = 2
"""Of 250, where a busy machine makes the wire itself late."""
CLOCK_S = 0.0005
"""What waking up adds to the time of a packet, here and in the wire, whatever the network does."""


@dataclass
class Leg:
    """A port of the plane under test, the wire, and the port at its other end."""

    here: Port
    wire: Wire
    there: Port


@pytest.fixture
async def far() -> AsyncIterator[Stage]:
    """A second media plane: the phones."""
    plane = MediaPlane(THERE, range(21000, 21100), seed=2)
    plane.start(asyncio.get_running_loop())
    stage = Stage(plane, THERE)
    yield stage
    await stage.close()


def media(place: tuple[str, int]) -> PeerMedia:
    host, port = place
    return PeerMedia(host, port, host, port + 1, allowed=(), codec="PCMA", payload_type=8)


async def legs(
    stack: AsyncExitStack, stage: Stage, far: Stage, ways: Sequence[tuple[Impairment, Impairment]]
) -> list[Leg]:
    """Both ends of each speak from now on; what they send crosses a wire of its own."""
    found = []
    for seed, (up, down) in enumerate(ways):
        here, there = stage.plane.open(), far.plane.open()
        wire = await stack.enter_async_context(Wire.open(up=up, down=down, seed=seed, host=BETWEEN))
        wire.target = (stage.host, here.number)
        wire.phone, wire.phone_rtcp = (THERE, there.number), (THERE, there.number + 1)
        here.connect(media(wire.outside))
        there.connect(media(wire.inside))
        found.append(Leg(here, wire, there))
    await stage.settled()
    await far.settled()
    for leg in found:
        leg.here.send(Tone(440.0, -10.0))
        leg.there.send(Tone(1000.0, -10.0))
    return found


def arrived(leg: Leg) -> bool:
    return leg.wire.up.empty and leg.here.stats().packets_received == leg.wire.up.passed


async def hang_up(leg: Leg) -> Report:
    """Our last report of that leg."""
    leg.here.close()
    await until(lambda: any(GOODBYE in Report.parse(each).kinds for each in leg.wire.reports))
    return Report.parse(leg.wire.reports[-1])


def our_record_is_true(port: Port, way: Direction) -> None:
    stats, true = port.stats(), pattern(way.known)
    assert stats.packets_lost == way.lost, way
    assert stats.packets_duplicated == way.duplicated, way
    heard = stats.received
    assert heard is not None
    assert heard.jitter_s == pytest.approx(way.jitter.mean, rel=WITHIN, abs=CLOCK_S), way
    assert heard.loss == pytest.approx(true.loss, rel=0.01), way
    assert heard.bursts == true.bursts, way
    assert heard.burst_loss == pytest.approx(true.burst_loss), way
    assert heard.gap_loss == pytest.approx(true.gap_loss, rel=0.01), way
    assert heard.burst_s == pytest.approx(0.02 * true.burst_packets), way


def our_report_is_true(report: Report, way: Direction) -> None:
    """A report block counts what came twice as received (RFC 3550 section 6.4.1)."""
    block, metrics, true = report.blocks[0], report.metrics, pattern(way.known)
    assert block.lost == way.lost - way.duplicated, way
    assert metrics.loss / 256 == pytest.approx(true.loss, rel=0.01, abs=1 / 256), way
    assert metrics.burst_loss / 256 == pytest.approx(true.burst_loss, abs=1 / 256), way
    assert metrics.gap_loss / 256 == pytest.approx(true.gap_loss, abs=1 / 256), way
    assert metrics.burst_ms == pytest.approx(20 * true.burst_packets, abs=1), way


async def the_peer_believes_it(leg: Leg) -> None:
    await until(lambda: leg.there.stats().rtcp_received == len(leg.wire.reports))
    sent, heard = leg.there.stats().sent, leg.here.stats().received
    assert sent is not None
    assert heard is not None
    assert sent.loss == pytest.approx(
        max(heard.loss - leg.wire.up.duplicated / leg.wire.up.came, 0), abs=0.01
    )
    assert sent.r == pytest.approx(heard.r, abs=1.0)
    assert sent.mos == pytest.approx(heard.mos, abs=0.06)


LIGHT = Impairment(loss=0.01, jitter_s=0.01)
WAYS = [
    Impairment(),
    Impairment(loss=0.02),
    Impairment(loss=0.1),
    Impairment(bursts=Gilbert(begins=0.02, ends=0.3)),
    Impairment(loss=0.01, bursts=Gilbert(begins=0.01, ends=0.1)),
    Impairment(jitter_s=0.005),
    Impairment(jitter_s=0.03),
    Impairment(delay_s=0.05, jitter_s=0.06, loss=0.05),
    Impairment(reordered=0.1),
    Impairment(reordered=0.05, behind=5, loss=0.03),
    Impairment(duplicated=0.1),
    Impairment(0.05, Gilbert(0.01, 0.25), 0.02, 0.02, reordered=0.03, duplicated=0.02),
]


def enough(wire: Wire, packets: int) -> bool:
    return len(wire.up.fates) >= packets


async def bad_network(stage: Stage, far: Stage, seconds: float, of_each: int) -> None:
    async with AsyncExitStack() as stack:
        ways = [(way, LIGHT) for way in WAYS for _ in range(of_each)]
        calls = await legs(stack, stage, far, ways)
        begun = time.monotonic()
        packets = round(50 * seconds)
        for leg in calls:
            await leg.wire.until(partial(enough, leg.wire, packets), seconds + 15)
        assert time.monotonic() - begun >= seconds - 1
        for leg in calls:
            leg.there.send(Tone(1000.0, -10.0))
        for leg in calls:
            leg.there.send(Silence())
        await far.settled()
        await until(lambda: all(arrived(leg) for leg in calls))
        reports = [await hang_up(leg) for leg in calls]
        for leg, report in zip(calls, reports, strict=True):
            our_record_is_true(leg.here, leg.wire.up)
            our_report_is_true(report, leg.wire.up)
            await the_peer_believes_it(leg)
        newest = sum(leg.wire.up.jitter.newest for leg in calls)
        assert sum(report.blocks[0].jitter / 8000 for report in reports) == pytest.approx(newest, rel=WITHIN)
        for way in WAYS:
            as_asked([leg.wire.up for leg in calls if leg.wire.up.impairment is way])


def as_asked(ways: list[Direction]) -> None:
    """The wire itself does what it was asked for, within what chance allows (four sigmas)."""
    asked = ways[0].impairment
    fates = [fate for way in ways for fate in way.fates[5:]]
    loss = asked.loss
    if asked.bursts is not None:
        loss = 1 - (1 - asked.loss) * (1 - asked.bursts.loss)
    run = 1 / asked.bursts.ends if asked.bursts else 1.0
    sigma = (loss * (1 - loss) * 2 * run / len(fates)) ** 0.5
    assert fates.count(False) / len(fates) == pytest.approx(loss, abs=4 * sigma + 1e-9)
    doubled = sum(way.duplicated for way in ways) / fates.count(True)
    assert doubled == pytest.approx(asked.duplicated, abs=4 * (asked.duplicated / len(fates)) ** 0.5)


async def test_what_we_report_is_what_the_network_did(stage: Stage, far: Stage) -> None:
    """Two dozen legs for six seconds: 7,000 packets, several hundred lost."""
    await bad_network(stage, far, 6.0, 2)


async def probed(
    stage: Stage, way: Impairment, seconds: float, mixed: bool
) -> tuple[Through, Direction, Report]:
    """A probe through the bad network to one port, from there to another and straight to its peer; what the
    network did, and what we reported of it.
    """
    caller, agent = stage.peer("127.20.0.10"), stage.peer("127.20.0.20")
    here = stage.plane.open()
    next_door = stage.plane.open(near=here)
    async with Wire.open(up=way, seed=9, host=BETWEEN) as wire:
        here.connect(media(wire.outside))
        next_door.connect(agent.media())
        wire.target, caller.target = (stage.host, here.number), wire.inside
        if mixed:
            room = stage.plane.room(near=here)
            here.send(Mix(room))
            next_door.send(Mix(room))
        else:
            next_door.send(Relay(here))
            here.send(Tone(440.0, -10.0))
        await stage.settled()
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        loop.add_reader(agent.socket, lambda: heard.put_nowait(agent.socket.recv(2048)))
        through = await play_through(caller.send, Ear(), heard, seconds)
        loop.remove_reader(agent.socket)
        return through, wire.up, await hang_up(Leg(here, wire, next_door))


async def test_a_relay_adds_no_gap_and_no_buffer(stage: Stage) -> None:
    """What is heard at the far side lacks the frames that the network lost and no other."""
    bad = Impairment(loss=0.05, jitter_s=0.03, reordered=0.05, duplicated=0.05)
    through, way, _ = await probed(stage, bad, 4.0, mixed=False)
    assert through.gaps == through.missing == way.lost > 0
    assert through.jumps == []
    assert median(through.delays_s) < LONGEST_S


async def test_a_room_hears_what_came_and_keeps_nobody_waiting(stage: Stage) -> None:
    """Mixed, and so buffered: no more is missing than was lost or came too late, and the buffer never holds
    anything for 200 ms.
    """
    ways = (
        Impairment(loss=0.05),
        Impairment(jitter_s=0.03),
        Impairment(jitter_s=0.06),
        Impairment(bursts=Gilbert(0.02, 0.3), jitter_s=0.02),
        Impairment(loss=0.05, jitter_s=0.03, reordered=0.05, duplicated=0.05),
    )
    for through, way, report in await asyncio.gather(*(probed(stage, way, 5.0, mixed=True) for way in ways)):
        discarded = round(report.metrics.discarded * way.came / 256)
        assert through.gaps <= through.missing <= way.lost + discarded, way
        assert discarded <= MOST_DISCARDED, way
        assert median(through.delays_s) < LONGEST_S, way
        assert report.metrics.most_ms < 1000 * LONGEST_S, way


async def test_what_comes_too_late_to_be_played_is_discarded(stage: Stage) -> None:
    """Its own count in our record and our metrics, and as bad as lost for the score (RFC 3611 4.7.1); a copy
    of it is a copy.
    """
    caller, other = stage.peer("127.20.0.10"), stage.peer("127.20.0.20")
    here, there = await stage.leg(caller), await stage.leg(other)
    room = stage.plane.room(near=here)
    here.send(Mix(room))
    there.send(Mix(room))
    await stage.settled()
    for _ in range(6):
        late = (caller.sequence, caller.timestamp)
        caller.sequence = (caller.sequence + 1) & 0xFFFF
        caller.timestamp = (caller.timestamp + 160) & 0xFFFFFFFF
        for _ in range(12):
            caller.send()
            await other.receive()
        now = (caller.sequence, caller.timestamp)
        for _ in range(2):
            caller.sequence, caller.timestamp = late
            caller.send()
        caller.sequence, caller.timestamp = now
    await until(lambda: here.stats().packets_received == 3 + 6 * 14)
    stats = here.stats()
    assert stats.received is not None
    assert (stats.packets_lost, stats.packets_discarded, stats.packets_duplicated) == (0, 6, 6)
    assert stats.received.discarded == pytest.approx(6 / 81)
    assert stats.received.loss == 0
    assert stats.received.r < 80


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_what_we_report_of_two_minutes(stage: Stage, far: Stage) -> None:
    """70,000 packets each way."""
    await bad_network(stage, far, 120.0, 1)
