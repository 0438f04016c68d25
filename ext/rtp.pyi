"""The header of RTP packets, compiled: the twin of media.rtp. Import it through `media.kernels`."""

__pyx_capi__: dict[str, object]
"""What other compiled modules cimport (rtp.pxd)."""

def rtp_parse(packet: bytes) -> tuple[int, bool, int, int, int, int, int] | None:
    """The fields of media.rtp.RtpHeader in its order; None if it is no well-formed RTP version 2."""

def rtp_header(payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int) -> bytes:
    """The 12 octets of a header; every field is reduced to its width."""
