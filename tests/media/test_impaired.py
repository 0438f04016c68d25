"""What the engine reports of a bad network, against what the network did: in our record, in our RTCP to the
peer, and in what the peer makes of it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from media.aio.plane import MediaPlane
from media.port import PeerMedia, Port, Silence, Tone
from tests.media.losses import pattern
from tests.media.rtcp import GOODBYE, Report
from tests.media.stage import Stage, until
from tests.peers.impair import Direction, Gilbert, Impairment, Wire

THERE, BETWEEN = "127.20.0.2", "127.20.0.3"
WITHIN = 0.1
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
    """Our last report of that leg, as its other end took it."""
    before = leg.there.stats().rtcp_received
    leg.here.close()
    await until(lambda: leg.there.stats().rtcp_received > before)
    last = Report.parse(leg.wire.reports[-1])
    assert last.kinds[-1] == GOODBYE
    return last


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
    assert block.jitter / 8000 == pytest.approx(way.jitter.newest, rel=WITHIN, abs=CLOCK_S), way
    assert metrics.loss / 256 == pytest.approx(true.loss, rel=0.01, abs=1 / 256), way
    assert metrics.burst_loss / 256 == pytest.approx(true.burst_loss, abs=1 / 256), way
    assert metrics.gap_loss / 256 == pytest.approx(true.gap_loss, abs=1 / 256), way
    assert metrics.burst_ms == pytest.approx(20 * true.burst_packets, abs=1), way


def the_peer_believes_it(leg: Leg) -> None:
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


async def bad_network(stage: Stage, far: Stage, seconds: float, of_each: int) -> None:
    async with AsyncExitStack() as stack:
        ways = [(way, LIGHT) for way in WAYS for _ in range(of_each)]
        calls = await legs(stack, stage, far, ways)
        begun = time.monotonic()
        packets = round(50 * seconds)
        async with asyncio.timeout(seconds + 15):
            while min(leg.wire.up.came for leg in calls) < packets:  # noqa: ASYNC110 - a counter wakes nobody
                await asyncio.sleep(0.05)
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
            the_peer_believes_it(leg)
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


@pytest.mark.long
async def test_what_we_report_of_two_minutes(stage: Stage, far: Stage) -> None:
    await bad_network(stage, far, 120.0, 3)
