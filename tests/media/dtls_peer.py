"""The other end of a media port whose keys come by a handshake, with ICE or without."""

import asyncio
from typing import Any

from aioice import stun

from ext.srtp import ReceivingKey, SendingKey
from media.aio.dtls import Handshake, Identity
from media.keying import Dtls, Fingerprint, Ice
from media.port import SrtpKeys
from tests.media.rtp_peer import RtpPeer


class DtlsPeer(RtpPeer):
    """A phone with a certificate of its own; what comes is STUN, DTLS or SRTP."""

    handshake: Handshake

    def __init__(self, host: str, *, active: bool = True) -> None:
        super().__init__(host)
        self.identity = Identity()
        self.active = active
        self.ice: Ice | None = None
        self.sending: SendingKey
        self.receiving: ReceivingKey

    def trust(self, switch: Fingerprint) -> None:
        """The handshake to come is with whoever has that certificate."""
        self.handshake = Handshake(self.identity, switch, active=self.active)

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
