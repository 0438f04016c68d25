"""What two ends tell each other, in their descriptions, of keys that they agree on over the media path."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Of a certificate, as in `a=fingerprint` (RFC 8122): `digest` is hexadecimal with colons."""

    algorithm: str
    digest: str


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """User name fragment and password of one end (RFC 8839 section 5.4)."""

    ufrag: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ice:
    """ICE-lite (RFC 8445 section 2.5) with a peer that is in control."""

    ours: IceCredentials
    theirs: IceCredentials


@dataclass(frozen=True, slots=True)
class Dtls:
    """DTLS-SRTP (RFC 5763): whose certificate the peer must show, and whether we begin (`a=setup:active`).

    Without `ice` the peer is where its description says. `muxed`: RTCP on the RTP port (RFC 5761).
    """

    theirs: Fingerprint
    active: bool
    ice: Ice | None = None
    muxed: bool = False
