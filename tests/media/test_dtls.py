"""DTLS-SRTP and ICE-lite of a port: media/aio/dtls.py, ice.py, keying.py and ext/engine_passing.pxd."""

import struct
import time
from dataclasses import replace

import pytest
from aioice import stun

from media.aio.dtls import Handshake, Identity
from media.aio.keyring import fresh_credentials
from media.events import Keyless, Locked
from media.keying import Fingerprint, Ice
from media.port import Echo, Port
from tests.media.dtls_peer import DtlsPeer
from tests.media.rtcp import DELAYS, REFERENCE, Report, extended_report, metrics, receiver_report
from tests.media.stage import Stage, until

CALLER = "127.20.0.10"
WORDS = bytes(range(1, 161))


def dtls_peer(stage: Stage, *, active: bool = True) -> DtlsPeer:
    peer = stage.keep(DtlsPeer(CALLER, active=active))
    peer.trust(stage.plane.fingerprint)
    return peer


async def connected(stage: Stage, peer: DtlsPeer) -> Port:
    port = stage.plane.open()
    port.connect(replace(peer.media(), dtls=peer.dtls()))
    port.send(Echo())
    peer.meet(port, stage.host)
    await stage.settled()
    return port


async def talks(stage: Stage, peer: DtlsPeer, port: Port) -> None:
    peer.keyed()
    await until(lambda: port.keyless is None)
    await stage.settled()
    for _ in range(3):
        peer.send(WORDS)
        assert (await peer.receive()).payload == WORDS
    assert (await stage.event(Locked, port)).address == peer.address


@pytest.mark.parametrize("active", [True, False])
async def test_a_handshake_makes_the_keys(stage: Stage, active: bool) -> None:
    peer = dtls_peer(stage, active=active)
    port = await connected(stage, peer)
    await peer.shake_hands()
    await talks(stage, peer, port)
    assert port.stats().srtp_failed == 0


async def test_before_the_keys_nothing_is_heard_and_nothing_said(stage: Stage) -> None:
    peer, plain = dtls_peer(stage), stage.peer(CALLER)
    port = await connected(stage, peer)
    plain.meet(port, stage.host)
    for _ in range(5):
        plain.send(WORDS)
    await until(lambda: port.stats().srtp_failed == 5)
    assert (port.stats().packets_received, port.stats().packets_sent, stage.kinds(port)) == (0, 0, [])
    await peer.shake_hands()
    await talks(stage, peer, port)


async def test_a_certificate_of_another_fingerprint_gets_no_keys(stage: Stage) -> None:
    peer = dtls_peer(stage)
    right = peer.identity.fingerprint
    peer.identity.__dict__["fingerprint"] = Fingerprint("sha-256", "00" + right.digest[2:])
    port = await connected(stage, peer)
    await peer.shake_hands()
    peer.keyed()
    for _ in range(5):
        peer.send(WORDS)
    await until(lambda: port.stats().srtp_failed == 5)
    assert stage.kinds(port) == ["Keyless"]
    assert port.keyless == "the certificate has another fingerprint than the session description"


async def test_an_alert_of_the_peers_is_told(stage: Stage) -> None:
    peer = dtls_peer(stage)
    port = await connected(stage, peer)
    peer.say(peer.handshake.begin())
    await peer.datagram()
    record = [21, 0xFE, 0xFD, *bytes(7), 1, 0, 2]  # RFC 6347 section 4.1
    fatal, certificate_unknown = 2, 46
    peer.say([bytes([*record, fatal, certificate_unknown])])
    assert (await stage.event(Keyless)).port is port
    assert str(port.keyless).endswith("alert certificate unknown")


async def test_a_weak_fingerprint_proves_nothing(stage: Stage) -> None:
    ours, theirs = Identity(), Identity()
    handshake = Handshake(ours, Fingerprint("sha-1", theirs.fingerprint.digest), active=True)
    far = Handshake(theirs, ours.fingerprint, active=False)
    flights = handshake.begin()
    while flights and handshake.failed is None:
        flights = [each for flight in flights for each in far.receive(flight)]
        flights = [each for flight in flights for each in handshake.receive(flight)]
    assert (handshake.keys, handshake.failed is None) == (None, False)


async def test_the_same_description_again_begins_nothing_anew(stage: Stage) -> None:
    peer = dtls_peer(stage)
    port = await connected(stage, peer)
    await peer.shake_hands()
    await talks(stage, peer, port)
    port.connect(replace(peer.media(), dtls=peer.dtls()))
    await stage.settled()
    peer.send(WORDS)
    assert (await peer.receive()).payload == WORDS


async def test_who_wants_no_keys_any_more_is_heard_without_them(stage: Stage) -> None:
    peer, plain = dtls_peer(stage), stage.peer(CALLER)
    port = await connected(stage, peer)
    port.connect(plain.media())
    plain.meet(port, stage.host)
    await stage.settled()
    plain.send(WORDS)
    assert (await plain.receive()).payload == WORDS


async def test_a_port_says_how_far_its_keys_are(stage: Stage) -> None:
    peer = with_ice(stage)
    port = await connected(stage, peer)
    assert port.keyless == "no check of ICE came that knew our password"
    await peer.check()
    assert port.keyless == "no handshake came"
    peer.say(peer.handshake.begin())
    await peer.datagram()
    assert port.keyless == "the handshake was not finished"
    assert stage.kinds(port) == []


async def test_a_lost_flight_is_said_again(stage: Stage) -> None:
    peer = dtls_peer(stage, active=False)
    await connected(stage, peer)
    await peer.datagram()  # our first flight is lost
    await peer.shake_hands()
    peer.keyed()


# --- ICE ---


def with_ice(stage: Stage) -> DtlsPeer:
    """It is not where its description says."""
    peer = dtls_peer(stage)
    peer.ice = Ice(fresh_credentials(), fresh_credentials())
    return peer


async def test_ice_finds_the_peer_and_dtls_follows(stage: Stage) -> None:
    peer = with_ice(stage)
    port = stage.plane.open()
    elsewhere = replace(peer.media(), address="127.20.0.99", port=9, dtls=peer.dtls())
    port.connect(elsewhere)
    port.send(Echo())
    peer.meet(port, stage.host)
    await stage.settled()
    answer = await peer.check()
    assert answer.message_class is stun.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == peer.address
    assert peer.ice is not None
    assert answer.check_message_integrity(peer.ice.ours.password.encode())
    await stage.settled()
    await peer.shake_hands()
    await talks(stage, peer, port)
    report = bytes([0x80, 201, 0, 1]) + peer.ssrc.to_bytes(4, "big")
    peer.say([peer.sending.protect_rtcp(report)])
    await until(lambda: port.stats().rtcp_received == 1)


async def test_extended_reports_come_on_the_rtp_port_too(stage: Stage) -> None:
    """RFC 5761 with RFC 3611."""
    peer = with_ice(stage)
    port = await connected(stage, peer)
    await peer.check()
    await stage.settled()
    await peer.shake_hands()
    await talks(stage, peer, port)
    block = struct.pack("!IIIIII", port.ssrc, 0, 1, 80, 0, 0)
    reference = struct.pack("!BBHII", REFERENCE, 0, 2, 0xAAAA1234, 0x5678BBBB)
    extended = extended_report(peer.ssrc, metrics(port.ssrc, discarded=64, r=71).octets(), reference)
    peer.say([peer.sending.protect_rtcp(receiver_report(peer.ssrc, block) + extended)])
    await until(lambda: port.stats().rtcp_received == 1)
    there = port.stats().sent
    assert there is not None
    assert (there.r, there.discarded) == (71.0, 0.25)
    port.close()
    told = Report.parse(peer.receiving.unprotect_rtcp(await peer.datagram()))
    assert struct.unpack("!II", told.extended[DELAYS][:8]) == (peer.ssrc, 0x12345678)


async def test_dtls_from_where_no_check_came_is_not_answered(stage: Stage) -> None:
    peer = with_ice(stage)
    port = await connected(stage, peer)
    first = peer.handshake.begin()
    peer.say(first)
    await peer.check()
    assert peer.waiting_octets() == []
    await peer.shake_hands(first)
    await talks(stage, peer, port)


async def test_a_check_without_the_password_is_not_answered(stage: Stage) -> None:
    peer = with_ice(stage)
    await connected(stage, peer)
    peer.ask(key=b"another")
    peer.say([b"\0", b"\0\1\0\0", bytes(20), bytes([0, 1, 0, 8]) + b"\x21\x12\xa4\x42" + bytes(20)])
    answer = await peer.check()
    assert answer.message_class is stun.Class.RESPONSE
    assert peer.waiting_octets() == []


async def test_a_flood_at_one_port_costs_another_nothing(stage: Stage) -> None:
    """All of it comes before the loop has its turn again."""
    flooded, peer = with_ice(stage), with_ice(stage)
    await connected(stage, flooded)
    await connected(stage, peer)
    for _ in range(1000):
        flooded.ask(key=b"another")
    await until(lambda: stage.plane.counters().datagrams_dropped > 0)
    before = stage.plane.counters().datagrams_dropped
    for _ in range(1000):
        flooded.ask(key=b"another")
    peer.ask()
    while stage.plane.counters().datagrams_dropped < before + 500:
        time.sleep(0.001)  # noqa: ASYNC251 - the loop is to have no turn
    assert (await peer.datagram())[:1] == b"\1"


async def test_more_than_the_ring_holds_is_dropped_and_counted(stage: Stage) -> None:
    peer = with_ice(stage)
    await connected(stage, peer)
    for _ in range(2000):
        peer.say([b"\0" * 20])
    await until(lambda: stage.plane.counters().datagrams_dropped > 0)

    def answered() -> bool:
        peer.ask()
        return bool(peer.waiting_octets())

    await until(answered)
