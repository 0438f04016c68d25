"""The other end of a media port, played by a test: a real UDP socket, packet by packet."""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Self

from media.port import PeerMedia, Port
from media.rtp import RtpHeader, rtp_header, rtp_parse

WITHIN_S = 5.0
PAYLOAD_TYPES = {"PCMA": 8, "PCMU": 0, "G722": 9, "OPUS": 111, "G729": 18}
EVENT_TYPE = 101


class Packet:
    """One RTP packet as it was on the wire."""

    def __init__(self, octets: bytes) -> None:
        parsed = rtp_parse(octets)
        assert parsed is not None, octets.hex()
        self.octets = octets
        self.header: RtpHeader = parsed
        self.payload = octets[parsed.payload_offset : parsed.payload_offset + parsed.payload_length]

    def __repr__(self) -> str:
        return f"<{self.header} {len(self.payload)} octets>"


def bound(host: str, port: int) -> socket.socket:
    """To that port, or to any even one: to odd ones come reports of peers that have no socket for them."""
    while True:
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((host, port))
        if port or made.getsockname()[1] % 2 == 0:
            return made
        made.close()


class RtpPeer:
    """A phone or trunk: where it is, what it sends next, what came to it."""

    def __init__(self, host: str, port: int = 0, *, ssrc: int = 0x1234, codec: str = "PCMA") -> None:
        self.socket = bound(host, port)
        self.socket.setblocking(False)
        self.address: tuple[str, int] = self.socket.getsockname()[:2]
        self.codec = codec
        self.payload_type = PAYLOAD_TYPES[codec]
        self.ssrc = ssrc
        self.sequence = 65530
        self.timestamp = 0xFFFFFF00
        self.target = ("", 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def media(
        self,
        *,
        allowed: Iterable[str] = (),
        event_type: int | None = EVENT_TYPE,
        hears_tones: bool = True,
        rtcp: tuple[str, int] | None = None,
        ptime_ms: int = 20,
    ) -> PeerMedia:
        """Its SDP."""
        host, port = self.address
        return PeerMedia(
            host,
            port,
            *(rtcp or (host, port + 1)),
            allowed=tuple(ip_network(network) for network in allowed),
            codec=self.codec,
            payload_type=self.payload_type,
            send_event_type=event_type,
            receive_event_type=event_type,
            hears_tones=hears_tones,
            ptime_ms=ptime_ms,
        )

    def sealed(self, packet: bytes) -> bytes:
        """As it goes on the wire."""
        return packet

    def opened(self, datagram: bytes) -> bytes:
        """The reverse."""
        return datagram

    def meet(self, port: Port, host: str) -> None:
        """Send to this port from now on."""
        self.target = (host, port.number)

    def send(
        self,
        payload: bytes = b"\xd5" * 160,
        *,
        payload_type: int | None = None,
        marker: bool = False,
        step: int = 160,
    ) -> None:
        """The next packet of its stream; `step` is how far the timestamp then goes on."""
        chosen = self.payload_type if payload_type is None else payload_type
        header = rtp_header(chosen, marker, self.sequence, self.timestamp, self.ssrc)
        self.socket.sendto(self.sealed(header + payload), self.target)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + step) & 0xFFFFFFFF

    def send_event(
        self, event: int, *, duration: int, end: bool = False, event_type: int = EVENT_TYPE
    ) -> None:
        """One RFC 4733 packet; the timestamp stays, for all packets of an event share it."""
        payload = bytes([event, 0x80 | 10 if end else 10]) + duration.to_bytes(2, "big")
        self.send(payload, payload_type=event_type, step=0)

    async def receive(self) -> Packet:
        """The next packet; TimeoutError when none comes."""
        async with asyncio.timeout(WITHIN_S):
            return Packet(self.opened(await asyncio.get_running_loop().sock_recv(self.socket, 4096)))

    async def receive_many(self, count: int) -> list[Packet]:
        return [await self.receive() for _ in range(count)]

    def waiting(self) -> list[Packet]:
        """What came so far, without waiting."""
        packets = []
        while True:
            try:
                packets.append(Packet(self.opened(self.socket.recv(4096))))
            except BlockingIOError:
                return packets
