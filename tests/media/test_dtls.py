"""DTLS-SRTP and ICE-lite of a port: media/aio/dtls.py, ice.py, keying.py and ext/engine_passing.pxd."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aioice import stun

from ext.srtp import ReceivingKey, SendingKey
from media.aio.dtls import Handshake, Identity
from media.aio.keyring import fresh_credentials
from media.aio.port import EnginePort
from media.events import Locked
from media.keying import Dtls, Fingerprint, Ice
from media.port import Echo, Port, SrtpKeys
from tests.media.rtp_peer import RtpPeer
from tests.media.stage import Stage, until

CALLER = "127.20.0.10"
WORDS = bytes(range(1, 161))


class DtlsPeer(RtpPeer):
    """A phone with a certificate of its own; what comes is STUN, DTLS or SRTP."""

    def __init__(self, host: str, stage: Stage, *, active: bool = True) -> None:
        super().__init__(host)
        self.identity = Identity()
        self.handshake = Handshake(self.identity, stage.plane.fingerprint, active=active)
        self.active = active
        self.ice: Ice | None = None
        self.sending: SendingKey
        self.receiving: ReceivingKey

    def dtls(self) -> Dtls:
        return Dtls(self.identity.fingerprint, not self.active, self.ice, muxed=self.ice is not None)

    def keyed(self) -> SrtpKeys:
        assert self.handshake.keys is not None, self.handshake.failed
        keys = self.handshake.keys
        self.sending = SendingKey(keys.sending.suite, keys.sending.material, self.ssrc)
        self.receiving = ReceivingKey(keys.receiving.suite, keys.receiving.material)
        return keys

    def sealed(self, packet: bytes) -> bytes:
        return self.sending.protect(packet)

    def opened(self, datagram: bytes) -> bytes:
        return self.receiving.unprotect(datagram)

    def say(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self.socket.sendto(datagram, self.target)

    def waiting_octets(self) -> list[bytes]:
        """What came and was not asked for."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(2048))
            except BlockingIOError:
                return found

    async def datagram(self) -> bytes:
        async with asyncio.timeout(5):
            return await asyncio.get_running_loop().sock_recv(self.socket, 2048)

    async def shake_hands(self, first: list[bytes] | None = None) -> None:
        """Until this end has its keys, or knows that there will be none."""
        self.say(self.handshake.begin() if first is None else first)
        while self.handshake.keys is None and self.handshake.failed is None:
            self.say(self.handshake.receive(await self.datagram()))

    async def check(self, *, nominate: bool = True, key: bytes | None = None) -> stun.Message:
        """An ICE check, and its answer."""
        self.ask(nominate=nominate, key=key)
        return stun.parse_message(await self.datagram())

    def ask(self, *, nominate: bool = True, key: bytes | None = None) -> None:
        assert self.ice is not None
        attributes: dict[str, Any] = {
            "USERNAME": f"{self.ice.ours.ufrag}:{self.ice.theirs.ufrag}",
            "PRIORITY": 1,
        }
        attributes["ICE-CONTROLLING"] = 7
        if nominate:
            attributes["USE-CANDIDATE"] = None
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        request.add_message_integrity(key or self.ice.ours.password.encode())
        self.say([bytes(request)])


async def connected(stage: Stage, peer: DtlsPeer) -> Port:
    port = stage.plane.open()
    port.connect(replace(peer.media(), dtls=peer.dtls()))
    port.send(Echo())
    peer.meet(port, stage.host)
    await stage.settled()
    return port


async def talks(stage: Stage, peer: DtlsPeer, port: Port) -> None:
    peer.keyed()
    assert isinstance(port, EnginePort)
    await until(lambda: port.secret)
    await stage.settled()
    for _ in range(3):
        peer.send(WORDS)
        assert (await peer.receive()).payload == WORDS
    assert (await stage.event(Locked, port)).address == peer.address


@pytest.mark.parametrize("active", [True, False])
async def test_a_handshake_makes_the_keys(stage: Stage, active: bool) -> None:
    peer = stage.keep(DtlsPeer(CALLER, stage, active=active))
    port = await connected(stage, peer)
    await peer.shake_hands()
    await talks(stage, peer, port)
    assert port.stats().srtp_failed == 0


async def test_before_the_keys_nothing_is_heard_and_nothing_said(stage: Stage) -> None:
    peer, plain = stage.keep(DtlsPeer(CALLER, stage)), stage.peer(CALLER)
    port = await connected(stage, peer)
    plain.meet(port, stage.host)
    for _ in range(5):
        plain.send(WORDS)
    await until(lambda: port.stats().srtp_failed == 5)
    assert (port.stats().packets_received, port.stats().packets_sent, stage.kinds(port)) == (0, 0, [])
    await peer.shake_hands()
    await talks(stage, peer, port)


async def test_a_certificate_of_another_fingerprint_gets_no_keys(stage: Stage) -> None:
    peer = stage.keep(DtlsPeer(CALLER, stage))
    right = peer.identity.fingerprint
    peer.identity.__dict__["fingerprint"] = Fingerprint("sha-256", "00" + right.digest[2:])
    port = await connected(stage, peer)
    await peer.shake_hands()
    peer.keyed()
    for _ in range(5):
        peer.send(WORDS)
    await until(lambda: port.stats().srtp_failed == 5)
    assert stage.kinds(port) == []


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
    peer = stage.keep(DtlsPeer(CALLER, stage))
    port = await connected(stage, peer)
    await peer.shake_hands()
    await talks(stage, peer, port)
    port.connect(replace(peer.media(), dtls=peer.dtls()))
    await stage.settled()
    peer.send(WORDS)
    assert (await peer.receive()).payload == WORDS


async def test_a_lost_flight_is_said_again(stage: Stage) -> None:
    peer = stage.keep(DtlsPeer(CALLER, stage, active=False))
    await connected(stage, peer)
    await peer.datagram()  # our first flight is lost
    await peer.shake_hands()
    peer.keyed()


# --- ICE ---


def with_ice(stage: Stage) -> DtlsPeer:
    """It is not where its description says."""
    peer = stage.keep(DtlsPeer(CALLER, stage))
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
