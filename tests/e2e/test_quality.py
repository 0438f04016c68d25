"""What a call's record, the history and the metrics say of a bad network, against what the network did."""

import socket
import struct
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.e2e.centre import Tell, centre
from tests.media.losses import pattern
from tests.media.rtcp import extended_report, metrics, receiver_report
from tests.peers import ports
from tests.peers.impair import Direction, Gilbert, Impairment, Wire
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice

TALK_S = 5.0
VOICE_SSRC = 0x5EED
CLOCK_S = 0.0015
"""How much a packet's way through a busy machine may differ from the next one's."""
BAD = Impairment(loss=0.05, bursts=Gilbert(0.01, 0.3), jitter_s=0.03, duplicated=0.02)
GOOD = Impairment()


async def test_each_legs_record_is_what_its_network_did(tell_on_failure: Tell) -> None:
    """The caller's packets come through a bad network, the callee's through a good one."""
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        a, b = [
            await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address()))
            for _ in range(2)
        ]
        left, right = [await stack.enter_async_context(Voice.speaking(hz)) for hz in (440.0, 1000.0)]
        bad = await stack.enter_async_context(Wire.open(up=BAD, seed=3))
        good = await stack.enter_async_context(Wire.open(up=GOOD, seed=4))
        switch = await stack.enter_async_context(Switch.running(address=address, **between(a, b)))
        tell_on_failure("switch", switch.story)
        call = await a.dial("9600", bad.sdp(left.sdp()))
        incoming = await b.invited()
        right.meet(good.meet(incoming.offer))
        await incoming.answer(good.sdp(right.sdp()))
        left.meet(bad.meet((await call.answered()).body.decode()))
        await bad.until(lambda: bad.up.came >= 50 * TALK_S, TALK_S + 10)
        for voice in (left, right):
            voice.hush()
        await bad.until(lambda: bad.up.empty)
        await good.until(lambda: good.up.empty)
        await report(bad, lost=20)
        await call.ask("BYE")
        await incoming.expect("BYE")
        (record,) = await switch.ended_calls(1)
        caller, callee = record["legs"]
        true_of(caller, bad.up)
        true_of(callee, good.up)
        assert 1.0 <= caller["mos"] < callee["mos"] <= 4.41
        assert (caller["sent_packets_lost"], caller["sent_jitter_s"]) == (20, 0.01)
        assert (caller["sent_r"], caller["sent_mos"], caller["round_trip_s"]) == (55.0, 2.8, None)
        assert (callee["sent_packets_lost"], callee["sent_mos"]) == (None, None)
        counted = await switch.metrics()
        assert counted.value("centralita_rtp_packets_lost_total") == bad.up.lost
        assert counted.value("centralita_rtp_mos_sum") == pytest.approx(caller["mos"] + callee["mos"])
        jitters = caller["jitter_s"] + callee["jitter_s"]
        assert counted.value("centralita_rtp_jitter_seconds_sum") == pytest.approx(jitters)
        assert counted.value("centralita_rtp_sent_mos_sum") == 2.8


def true_of(leg: dict[str, Any], way: Direction) -> None:
    true = pattern(way.known)
    assert leg["packets_lost"] == way.lost, way
    assert leg["packets_duplicated"] == way.duplicated, way
    assert leg["packets_discarded"] == 0
    assert leg["jitter_s"] == pytest.approx(way.jitter.mean, rel=0.1, abs=CLOCK_S), way
    assert leg["bursts"] == true.bursts, way
    assert leg["burst_loss"] == pytest.approx(true.burst_loss), way
    assert leg["gap_loss"] == pytest.approx(true.gap_loss), way


async def report(wire: Wire, lost: int) -> None:
    """What the phone heard of the switch, and how it sounds there: R 55, a score of 2.8."""
    assert wire.down.ssrc is not None
    block = struct.pack("!IIIIII", wire.down.ssrc, lost, 70000, 80, 0, 0)
    said = metrics(wire.down.ssrc, loss=20, r=55, conversation=28).octets()
    compound = receiver_report(VOICE_SSRC, block) + extended_report(VOICE_SSRC, said)
    host, port = wire.inside
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.sendto(compound, (host, port + 1))
        await wire.until(lambda: wire.phone_rtcp is not None)


def between(a: RawParty, b: RawParty) -> dict[str, Any]:
    network = {"media_from": [f"{ports.PHONES}/32"]}
    return centre(
        1,
        trunks={
            "a": {"accept_from": [f"{a.host}:{a.port}"], **network},
            "b": {"accept_from": [], "proxy": f"sip:{b.here}", **network},
        },
        routes=[{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}],
    )
