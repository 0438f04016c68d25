"""Bursts, gaps, duplicates, spacing: ext/engine_losses.pxd, RFC 3611 section 4.7.2."""

import random

import pytest

from media.emodel import emodel_mos, emodel_rating, impairment
from media.port import Port
from tests.media.losses import Pattern, pattern
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage, until

CALLER = "127.20.0.10"
AT_ONCE = 100  # packets that a socket's buffer surely holds


async def play(port: Port, caller: RtpPeer, came: str) -> Pattern:
    """One packet for each character: 1 comes, 0 does not, 2 comes twice, L comes three packets late.

    Answers what the stream, with the three packets that locked the port, then is.
    """
    due = port.stats().packets_received
    late: list[tuple[int, int, int]] = []
    for number, how in enumerate(came):
        sequence, timestamp = caller.sequence, caller.timestamp
        if how in "12":
            caller.send()
        if how == "2":
            caller.sequence, caller.timestamp = sequence, timestamp
            caller.send()
        if how == "L":
            late.append((number + 3, sequence, timestamp))
        caller.sequence, caller.timestamp = (sequence + 1) & 0xFFFF, (timestamp + 160) & 0xFFFFFFFF
        if late and late[0][0] == number:
            _, caller.sequence, caller.timestamp = late.pop(0)
            caller.send()
            caller.sequence, caller.timestamp = (sequence + 1) & 0xFFFF, (timestamp + 160) & 0xFFFFFFFF
        due += {"0": 0, "2": 2}.get(how, 1)
        if number % AT_ONCE == AT_ONCE - 1:
            waiting = due - len(late)
            await until(lambda due=waiting: port.stats().packets_received == due)  # type: ignore[misc]
    await until(lambda: port.stats().packets_received == due)
    return pattern([True] * 3 + [how != "0" for how in came])


def holds(port: Port, expected: Pattern) -> None:
    heard = port.stats().received
    assert heard is not None
    assert heard.loss == pytest.approx(expected.loss)
    assert heard.bursts == expected.bursts
    assert heard.burst_loss == pytest.approx(expected.burst_loss)
    assert heard.gap_loss == pytest.approx(expected.gap_loss)
    assert heard.burst_s == pytest.approx(0.02 * expected.burst_packets)
    assert heard.gap_s == pytest.approx(0.02 * expected.gap_packets)


@pytest.mark.parametrize(
    ("came", "bursts", "lost"),
    [
        ("1" * 40, 0, 0),
        ("1" * 20 + "0" + "1" * 20, 0, 1),
        ("1" * 20 + "00" + "1" * 20, 1, 2),
        ("1" * 20 + "0" + "1" * 15 + "0" + "1" * 20, 1, 2),
        ("1" * 20 + "0" + "1" * 16 + "0" + "1" * 20, 0, 2),
        ("1" * 20 + "0" + "1" * 15 + "0" + "1" * 16 + "0" + "1" * 15 + "00" + "1" * 20, 2, 5),
        ("00" + "1" * 20, 1, 2),
        ("1" * 20 + "0001", 1, 3),
        ("1" * 20 + "L" + "1" * 20, 0, 0),
        ("1" * 20 + "2" + "1" * 20, 0, 0),
        ("1" * 20 + "L0L2" + "1" * 200, 0, 1),
        ("1" * 20 + "0" * 80 + "1" * 20, 1, 80),
    ],
    ids=[
        "all came",
        "one loss is no burst",
        "two are",
        "15 heard between are not enough",
        "16 are",
        "two bursts",
        "at the start",
        "at the end",
        "late is not lost",
        "doubled is not lost",
        "all at once",
        "longer than the window",
    ],
)
async def test_bursts(stage: Stage, came: str, bursts: int, lost: int) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    expected = await play(port, caller, came)
    assert (expected.bursts, port.stats().packets_lost) == (bursts, lost)
    assert port.stats().packets_duplicated == came.count("2")
    holds(port, expected)


async def test_the_example_of_the_rfc(stage: Stage) -> None:
    """Section 4.7.2: one burst of 12 packets, four of them lost or discarded; two of 52 in the gaps."""
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    holds(port, await play(port, caller, "1111011111111111111111101110101111011111111111111111101111111111"))
    heard = port.stats().received
    assert heard is not None
    assert heard.bursts == 1
    assert heard.burst_s == pytest.approx(12 * 0.02)
    assert heard.burst_loss == pytest.approx(4 / 12)
    assert heard.gap_loss == pytest.approx(2 / (3 + 52))


@pytest.mark.parametrize("seed", range(6))
async def test_any_pattern(stage: Stage, seed: int) -> None:
    """Random losses and bursts, late and doubled packets, over 3,000 packets each and the wrap at 65536."""
    rng = random.Random(seed)
    bad, came = False, []
    for _ in range(3000):
        bad = rng.random() < (0.7 if bad else 0.02 * (seed % 3))
        lost = rng.random() < (0.5 if bad else 0.01 * seed)
        came.append("0" if lost else rng.choices("12L", (0.9, 0.05, 0.05))[0])
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    expected = await play(port, caller, "".join(came) + "1" * 4)
    holds(port, expected)
    assert port.stats().packets_lost == came.count("0") == stage.plane.counters().packets_lost
    assert port.stats().packets_duplicated == came.count("2")


async def test_how_it_sounds_follows_from_what_was_counted(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    expected = await play(port, caller, ("1" * 30 + "000") * 10 + "1" * 20)
    heard = port.stats().received
    assert heard is not None
    assert heard.jitter_s is not None
    of = impairment("PCMA")
    delay_ms = 20.0 + 2000.0 * heard.jitter_s
    assert expected.ratio == pytest.approx(3 * (1 - expected.loss))
    assert heard.r == pytest.approx(
        emodel_rating(of.best, of.ie, of.bpl, delay_ms, expected.loss, expected.ratio)
    )
    assert heard.mos == emodel_mos(heard.r)


async def test_the_length_of_a_packet_is_measured(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    for _ in range(4):
        caller.send(bytes(240), step=240)
    caller.sequence += 2
    caller.timestamp = (caller.timestamp + 480) & 0xFFFFFFFF
    for _ in range(4):
        caller.send(bytes(240), step=240)
    await until(lambda: port.stats().packets_received == 11)
    heard = port.stats().received
    assert heard is not None
    assert heard.burst_s == pytest.approx(2 * 0.03)


async def test_a_new_stream_keeps_what_was_counted(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    first = await play(port, caller, "1" * 20 + "000" + "1" * 20)
    caller.ssrc, caller.sequence = 99, 5
    await play(port, caller, "1" * 20 + "00" + "1" * 20)
    heard = port.stats().received
    assert heard is not None
    assert (heard.bursts, port.stats().packets_lost) == (first.bursts + 1, 5)
