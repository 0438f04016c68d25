"""SRTP in the worker (ext/engine_secrecy.pxd): nothing unproved is heard, nothing leaves in the clear."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ext.srtp import SUITES
from media.events import Digit, Locked, RecordingStopped
from media.port import Echo, MasterKey, Port, PortStats, Relay, SrtpKeys
from media.rtp import rtp_header
from tests.media.rtcp import receiver_report
from tests.media.rtp_peer import RtpPeer
from tests.media.srtp_peer import SrtpPeer
from tests.media.stage import Stage, until
from tests.media.test_engine_recorder import channels, talk
from tests.peers.audio import level_dbfs

CALLER = "127.20.0.10"
AGENT = "127.20.0.20"
WORDS = bytes(range(1, 161))


def counted(stats: PortStats) -> tuple[int, int, int]:
    return stats.packets_received, stats.srtp_failed, stats.srtp_replayed


def srtp(stage: Stage, host: str = CALLER, suite: str = "AES_CM_128_HMAC_SHA1_80") -> SrtpPeer:
    return stage.keep(SrtpPeer(host, suite))


# --- both ways, every mix ---


@pytest.mark.parametrize("callers", [None, *SUITES])
@pytest.mark.parametrize("agents", [None, "AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_32"])
async def test_a_relay_between_any_two_is_bit_identical(
    stage: Stage, callers: str | None, agents: str | None
) -> None:
    caller = stage.peer(CALLER) if callers is None else srtp(stage, CALLER, callers)
    agent = stage.peer(AGENT) if agents is None else srtp(stage, AGENT, agents)
    near, far = await stage.leg(caller), await stage.leg(agent)
    near.send(Relay(far))
    far.send(Relay(near))
    await stage.settled()
    for one, other in ((caller, agent), (agent, caller)):
        one.send(WORDS)
        assert (await other.receive()).payload == WORDS
        if isinstance(other, SrtpPeer):
            assert WORDS[:8] not in other.datagrams[-1]
            assert len(other.datagrams[-1]) > 12 + 160
    assert [counted(port.stats()) for port in (near, far)] == [(4, 0, 0), (4, 0, 0)]


async def test_one_packet_goes_to_listeners_of_either_kind(stage: Stage) -> None:
    caller, agent, listener = srtp(stage), srtp(stage, AGENT), stage.peer("127.20.0.30")
    near, far, third = [await stage.leg(peer) for peer in (caller, agent, listener)]
    near.send(Echo())
    far.send(Relay(near))
    third.send(Relay(near))
    await stage.settled()
    for _ in range(20):
        caller.send(WORDS)
    for peer in (caller, agent, listener):
        assert [packet.payload for packet in await peer.receive_many(20)] == [WORDS] * 20


async def test_the_longest_packet_has_room_for_its_tag(stage: Stage) -> None:
    caller, agent = stage.peer(CALLER), srtp(stage, AGENT, "AEAD_AES_256_GCM")
    near, far = await stage.leg(caller), await stage.leg(agent)
    far.send(Relay(near))
    await stage.settled()
    caller.send(bytes(2048 - 12))
    assert (await agent.receive()).payload == bytes(2048 - 12)
    assert len(agent.datagrams[-1]) == 2048 + 16
    assert near.stats().packets_received == 4


async def test_the_count_goes_on_through_a_rollover_and_the_same_description_again(stage: Stage) -> None:
    caller = srtp(stage)
    port = await stage.leg(caller)
    port.send(Echo())
    await stage.settled()
    for _ in range(20):
        caller.send(WORDS)
    assert caller.sequence < 1000, "it began at 65530"
    await caller.receive_many(20)
    port.connect(caller.media())
    await stage.settled()
    caller.send(WORDS)
    assert (await caller.receive()).payload == WORDS
    assert counted(port.stats()) == (24, 0, 0)


async def test_digits_come_and_go(stage: Stage) -> None:
    caller = srtp(stage)
    port = await stage.leg(caller)
    for _ in range(3):
        caller.send_event(5, duration=800, end=True)
    assert (await stage.event(Digit, port)).digit == "5"
    port.send_digit("7", 40)
    assert (await caller.receive()).payload[0] == 7


async def test_the_recorder_hears_it_in_the_clear(stage: Stage, tmp_path: Path) -> None:
    caller = srtp(stage)
    port = await stage.leg(caller)
    port.send(Echo())
    recording = port.record(tmp_path / "call.wav")
    await talk(caller, 440.0, 0.8)
    recording.stop()
    await stage.event(RecordingStopped, port)
    left, right = channels(tmp_path / "call.wav")
    for channel in (left, right):
        assert level_dbfs(channel[1600:4800], 440.0) > -14
        assert np.abs(np.diff(channel[1600:4800].astype(int))).max() < 4000, "no noise in it"


# --- whoever has no key ---


async def test_a_forger_neither_locks_nor_is_heard_nor_counted(stage: Stage) -> None:
    """From the peer's own host, before its first packet and after."""
    caller, forger = srtp(stage), srtp(stage)
    port = stage.plane.open()
    port.send(Echo())
    port.connect(caller.media())
    for peer in (caller, forger):
        peer.meet(port, stage.host)
    await stage.settled()
    for _ in range(100):
        forger.send()
    await until(lambda: port.stats().srtp_failed == 100)
    assert stage.kinds(port) == []
    assert counted(port.stats()) == (0, 100, 0)
    assert port.stats().last_received is None
    for _ in range(3):
        caller.send(WORDS)
    assert (await stage.event(Locked, port)).address == caller.address
    await caller.receive_many(3)
    for _ in range(100):
        forger.send()
    await until(lambda: port.stats().srtp_failed == 200)
    assert counted(port.stats()) == (3, 200, 0)
    assert (forger.waiting(), caller.waiting()) == ([], [])
    counters = stage.plane.counters()
    assert (counters.srtp_failed, counters.srtp_replayed, counters.packets_received) == (200, 0, 3)


async def test_another_host_costs_no_cryptography(stage: Stage) -> None:
    caller, stranger = srtp(stage), stage.peer("127.20.0.99")
    port = await stage.leg(caller)
    stranger.meet(port, stage.host)
    for _ in range(10):
        stranger.send()
    await until(lambda: port.stats().strangers == 10)
    assert counted(port.stats()) == (3, 0, 0)


async def test_plain_rtp_on_a_secured_port_fails(stage: Stage) -> None:
    caller = srtp(stage)
    port = await stage.leg(caller)
    for sequence in range(5):
        caller.socket.sendto(rtp_header(8, False, sequence, 0, 7) + WORDS, caller.target)
    caller.socket.sendto(b"", caller.target)
    await until(lambda: port.stats().srtp_failed == 6)
    assert counted(port.stats()) == (3, 6, 0)
    assert stage.plane.counters().malformed == 0


async def test_a_replay_is_not_heard_twice(stage: Stage) -> None:
    caller = srtp(stage)
    port = await stage.leg(caller)
    port.send(Echo())
    await stage.settled()
    header = rtp_header(8, False, caller.sequence, caller.timestamp, caller.ssrc)
    datagram = caller.sealed(header + WORDS)
    for _ in range(50):
        caller.socket.sendto(datagram, caller.target)
    assert (await caller.receive()).payload == WORDS
    await until(lambda: port.stats().srtp_replayed == 49)
    assert caller.waiting() == []
    assert counted(port.stats()) == (4, 0, 49)


# --- keys that change ---


async def test_what_is_under_way_at_a_new_key_is_not_lost(stage: Stage) -> None:
    """The old key holds until the first packet under the new one, and not a packet longer."""
    caller = srtp(stage, suite="AEAD_AES_128_GCM")
    port = await stage.leg(caller)
    old = caller.sending
    caller.renew()
    port.connect(caller.media())
    port.send(Echo())
    await stage.settled()
    new, caller.sending = caller.sending, old
    caller.send(WORDS)
    assert (await caller.receive()).payload == WORDS
    caller.sending = new
    caller.send(WORDS)
    assert (await caller.receive()).payload == WORDS
    caller.sending = old
    caller.send(WORDS)
    await until(lambda: port.stats().srtp_failed == 1)
    assert counted(port.stats()) == (5, 1, 0)


async def test_a_call_may_become_secret_and_plain_again(stage: Stage) -> None:
    plain, secret = stage.peer(CALLER), srtp(stage)
    port = await stage.leg(plain)
    port.send(Echo())
    port.connect(replace(plain.media(), srtp=secret.keys))
    await stage.settled()
    secret.socket, plain.socket = plain.socket, secret.socket
    secret.meet(port, stage.host)
    secret.send(WORDS)
    assert (await secret.receive()).payload == WORDS
    secret.socket, plain.socket = plain.socket, secret.socket
    port.connect(plain.media())
    await stage.settled()
    plain.send(WORDS)
    assert (await plain.receive()).payload == WORDS
    assert counted(port.stats()) == (5, 0, 0)


async def test_a_suite_that_nobody_has_is_refused_and_changes_nothing(stage: Stage) -> None:
    caller = stage.peer(CALLER)
    port = await stage.leg(caller)
    unknown = MasterKey("F8_128_HMAC_SHA1_80", bytes(30))
    with pytest.raises(ValueError, match="F8_128_HMAC_SHA1_80"):
        port.connect(replace(caller.media(), srtp=SrtpKeys(unknown, unknown)))
    short = MasterKey("AEAD_AES_128_GCM", bytes(5))
    with pytest.raises(ValueError, match="octets of key and salt"):
        port.connect(replace(caller.media(), srtp=SrtpKeys(short, short)))
    caller.send()
    await until(lambda: port.stats().packets_received == 4)
    assert "000000" not in repr(SrtpKeys(unknown, unknown))


# --- RTCP ---


async def with_rtcp(stage: Stage, caller: SrtpPeer) -> tuple[Port, RtpPeer]:
    rtcp = stage.peer(CALLER)
    port = await stage.leg(caller, rtcp=rtcp.address)
    rtcp.target = (stage.host, port.number + 1)
    return port, rtcp


@pytest.mark.parametrize("suite", list(SUITES))
async def test_rtcp_is_protected_both_ways(stage: Stage, suite: str) -> None:
    caller = srtp(stage, suite=suite)
    port, rtcp = await with_rtcp(stage, caller)
    report = caller.sending.protect_rtcp(receiver_report(caller.ssrc))
    for datagram in (receiver_report(caller.ssrc), report, report):
        rtcp.socket.sendto(datagram, rtcp.target)
    await until(lambda: counted(port.stats()) == (3, 1, 1))
    assert port.stats().rtcp_received == 1
    port.send(Echo())
    await stage.settled()
    caller.send(WORDS)
    await caller.receive()
    port.close()
    async with asyncio.timeout(5):
        goodbye = await asyncio.get_running_loop().sock_recv(rtcp.socket, 2048)
    opened = caller.receiving.unprotect_rtcp(goodbye)
    assert opened[1] == 200
    assert opened[-8:-4] == bytes([0x81, 203, 0, 1])
    assert opened[8:] not in goodbye


async def test_rtcp_on_the_rtp_port_must_prove_itself(stage: Stage) -> None:
    caller = srtp(stage)
    port = await stage.leg(caller)
    caller.socket.sendto(receiver_report(caller.ssrc), caller.target)
    await until(lambda: port.stats().srtp_failed == 1)
    caller.socket.sendto(caller.sending.protect_rtcp(receiver_report(caller.ssrc)), caller.target)
    await until(lambda: port.stats().rtcp_received == 1)
