"""The other end of a media port that is spoken to in SRTP: keys of its own, and every octet that came."""

import secrets
from dataclasses import replace
from typing import Any

from ext.srtp import SUITES, ReceivingKey, SendingKey
from media.port import MasterKey, PeerMedia, SrtpKeys
from tests.media.rtp_peer import RtpPeer


def fresh_key(suite: str) -> MasterKey:
    return MasterKey(suite, secrets.token_bytes(sum(SUITES[suite])))


class SrtpPeer(RtpPeer):
    """Its own key is `keys.receiving`, since the engine receives by it. `datagrams` is all that came."""

    def __init__(self, host: str, suite: str = "AES_CM_128_HMAC_SHA1_80", *, ssrc: int = 0x1234) -> None:
        super().__init__(host, ssrc=ssrc)
        self.datagrams: list[bytes] = []
        self.suite = suite
        self.renew()

    def renew(self) -> None:
        """New keys both ways, as of now."""
        self.keys = SrtpKeys(fresh_key(self.suite), fresh_key(self.suite))
        self.sending = SendingKey(self.suite, self.keys.receiving.material, self.ssrc)
        self.receiving = ReceivingKey(self.suite, self.keys.sending.material)

    def media(self, **sdp: Any) -> PeerMedia:
        return replace(super().media(**sdp), srtp=self.keys)

    def sealed(self, packet: bytes) -> bytes:
        return self.sending.protect(packet)

    def opened(self, datagram: bytes) -> bytes:
        self.datagrams.append(datagram)
        return self.receiving.unprotect(datagram)
