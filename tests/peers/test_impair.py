"""The bad network itself: what it does is seeded, and what it says it did is so."""

import asyncio
import socket
from functools import partial

import pytest

from media.rtp import rtp_header, rtp_parse
from tests.peers import ports
from tests.peers.impair import SPARED, Direction, Gilbert, Impairment, Wire

WORST = Impairment(0.1, Gilbert(0.02, 0.3), reordered=0.1, duplicated=0.1)

SENT = 150
"""Packets that a socket's buffer holds, with those that come twice."""


def packet(sequence: int) -> bytes:
    return rtp_header(8, False, sequence, 160 * sequence, 7) + bytes(160)


def fates(impairment: Impairment, seed: int, count: int = 2000) -> Direction:
    way = Direction(impairment, seed)
    for sequence in range(count):
        came = rtp_parse(packet(sequence))
        assert came is not None
        for _, data in way.take(packet(sequence), came, 0.02 * sequence):
            header = rtp_parse(data)
            assert header is not None
            way.gone(header, 0.02 * sequence)
    return way


def test_the_same_seed_does_the_same() -> None:
    assert fates(WORST, 1).fates == fates(WORST, 1).fates != fates(WORST, 2).fates


def test_bursts_are_as_long_and_as_frequent_as_asked() -> None:
    asked = Gilbert(begins=0.02, ends=0.25)
    way = fates(Impairment(bursts=asked), 1, 40_000)
    runs = sum(1 for one, next_one in zip(way.fates, way.fates[1:], strict=False) if one and not next_one)
    lost = way.fates.count(False)
    assert lost / len(way.fates) == pytest.approx(asked.loss, rel=0.15)  # three sigmas
    assert lost / runs == pytest.approx(1 / asked.ends, rel=0.12)


def test_the_first_packets_are_spared_and_the_last_losses_unknown() -> None:
    way = fates(Impairment(loss=1.0), 1, 20)
    assert way.fates == [True] * SPARED + [False] * (20 - SPARED)
    assert (way.lost, way.known, way.passed) == (0, [True] * SPARED, SPARED)


def test_what_the_machine_loses_on_the_way_here_is_lost_too() -> None:
    way = Direction(Impairment(), 1)
    for sequence in (65534, 65535, 2, 3):
        header = rtp_parse(packet(sequence))
        assert header is not None
        way.take(packet(sequence), header, 0.0)
    assert way.fates == [True, True, False, False, True, True]


def came(wire: Wire, packets: int) -> bool:
    return wire.up.came >= packets


async def test_what_comes_out_is_what_it_says() -> None:
    """Every packet that goes in is counted, and so is every packet that comes out; RTCP passes untouched."""
    loop = asyncio.get_running_loop()
    udp = (socket.AF_INET, socket.SOCK_DGRAM)
    async with Wire.open(up=WORST, seed=5) as wire:
        with socket.socket(*udp) as switch, socket.socket(*udp) as phone:
            for each in (switch, phone):
                each.bind((ports.PHONES, 0))
                each.setblocking(False)
            wire.target = switch.getsockname()
            heard: list[bytes] = []
            for sequence in range(SENT):
                phone.sendto(packet(sequence), wire.inside)
                await wire.until(partial(came, wire, sequence + 1))
            phone.sendto(b"no RTP", wire.inside)
            async with asyncio.timeout(5):
                while len(heard) < wire.up.passed + 1 or not wire.up.empty:
                    heard.append(await loop.sock_recv(switch, 2048))
    assert heard.count(b"no RTP") == 1
    sequences = [header.sequence for data in heard if (header := rtp_parse(data))]
    assert len(sequences) == SENT - wire.up.fates.count(False) + wire.up.duplicated
    assert sorted(set(sequences)) == [n for n, goes in enumerate(wire.up.fates) if goes]
    newest, late = -1, 0
    for sequence in sequences:
        late += sequence < newest
        newest = max(newest, sequence)
    assert late == wire.up.reordered > 0
    assert str(wire.up).startswith(f"{SENT} came, ")
