"""SRTP (RFC 3711, RFC 7714) for the RTP engine, on libsrtp. Importing it fails where pylibsrtp is missing.

A key is one master key of one direction; the engine takes its `capsule`, after which only the worker that has
it may use it. `material` is the master key followed by the master salt, as in SDP (RFC 4568 section 6.1).
"""

from typing import Final

from typing_extensions import disjoint_base

SUITES: Final[dict[str, tuple[int, int]]]
"""By the name in SDP (RFC 4568, RFC 7714): octets of master key and master salt."""
PROFILES: Final[dict[str, int]]
"""By the same name: libsrtp's number of it."""
REPLAY_WINDOW: Final[int]

class Failed(Exception):
    """The packet is not what somebody with the key has sent, or not RTP at all."""

class Replayed(Exception):
    """The packet was there before, or is too old to tell."""

@disjoint_base
class _Key:
    @property
    def capsule(self) -> object:
        """What Worker.secure takes; the key lives as long as any of them."""

class SendingKey(_Key):
    """For one stream, whose SSRC is known. ValueError: not as many octets as the suite wants."""

    def __new__(cls, suite: str, material: bytes, ssrc: int) -> SendingKey: ...
    def protect(self, packet: bytes) -> bytes:
        """An RTP packet as SRTP. Replayed: this sequence number was protected before."""
    def protect_rtcp(self, packet: bytes) -> bytes:
        """An RTCP packet as SRTCP."""

class ReceivingKey(_Key):
    """For up to 128 streams, one after another or at once. ValueError as above."""

    def __new__(cls, suite: str, material: bytes) -> ReceivingKey: ...
    def unprotect(self, packet: bytes) -> bytes:
        """An SRTP packet as RTP. Raises Failed or Replayed."""
    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """An SRTCP packet as RTCP. Raises Failed or Replayed."""
