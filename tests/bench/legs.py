"""What the media benchmark loads the plane with: which legs, how they are joined, what they say."""

import importlib.util
import math
import random
import secrets
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from socket import socket
from typing import Final

from ext.codecs import Coder
from media.codecs import CODECS
from media.port import MasterKey, PeerMedia, SrtpKeys
from media.tuning import Tuning
from tests.bench.plane_process import Endpoint, PlaneProcess
from tests.bench.rtp_load import Load

ROOM: Final = 10
SUITE: Final = "AES_CM_128_HMAC_SHA1_80"
KEY_OCTETS: Final = 30
FIRST_SSRC: Final = 0x10000000
OPUS_TYPE: Final = 111
SPEECH_FRAMES: Final = 150

Connect = Callable[[PlaneProcess, Sequence[PeerMedia], Path], list[int]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: how many legs one of the load has, where the search begins and ends, how they are joined.

    `codecs` are those of a call's legs in turn; `missing` is what this machine has not.
    """

    key: str
    legs: int
    least: int
    first: int
    most: int
    connect: Connect
    codecs: tuple[str, ...] = ("PCMA", "PCMA")
    made_anew: bool = False
    secure: bool = False
    missing: str | None = None


def bridged(plane: PlaneProcess, peers: Sequence[PeerMedia], _: Path) -> list[int]:
    """Each two neighbours."""
    return plane.bridge(list(zip(peers[::2], peers[1::2], strict=True)), None)


def recorded(plane: PlaneProcess, peers: Sequence[PeerMedia], directory: Path) -> list[int]:
    """Each two neighbours, in stereo."""
    return plane.bridge(list(zip(peers[::2], peers[1::2], strict=True)), directory)


def gathered(plane: PlaneProcess, peers: Sequence[PeerMedia], _: Path) -> list[int]:
    """Each ten neighbours in a room."""
    return plane.gather(peers, ROOM)


KINDS: Final = (
    Kind("relay_calls", 2, 100, 1000, 2000, bridged),
    Kind("record_calls", 2, 100, 750, 2000, recorded),
    Kind("conference_legs", 1, ROOM, 1800, 4000, gathered, ("PCMA",), made_anew=True),
    Kind(
        "srtp_calls",
        2,
        50,
        800,
        2000,
        bridged,
        secure=True,
        missing=None if importlib.util.find_spec("pylibsrtp") else "pylibsrtp",
    ),
    Kind(
        "opus_calls",
        2,
        4,
        60,
        1000,
        bridged,
        ("OPUS", "PCMA"),
        made_anew=True,
        missing=CODECS["OPUS"].package,
    ),
)


def prepare(kind: Kind, legs: Sequence[socket], rtcp: Endpoint) -> tuple[list[PeerMedia], Load]:
    """These sockets as peers, and the load that they send."""
    load = Load([leg.fileno() for leg in legs], made_anew=kind.made_anew)
    codecs = [kind.codecs[leg % len(kind.codecs)] for leg in range(len(legs))]
    peers = [_peer(leg.getsockname(), rtcp, codec) for leg, codec in zip(legs, codecs, strict=True)]
    if kind.made_anew:
        for codec in set(codecs):
            mine = [leg for leg, other in enumerate(codecs) if other == codec]
            load.talk(mine, _speech(codec), _payload_type(codec), CODECS[codec].clock_rate_hz)
    if kind.secure:
        for leg in range(0, len(legs), 2):
            peers[leg] = _secured(load, leg, peers[leg])
    return peers, load


def _peer(media: Endpoint, rtcp: Endpoint, codec: str) -> PeerMedia:
    """As most phones with Opus, it wants FEC."""
    number, wanted = _payload_type(codec), Tuning(fec=codec == "OPUS")
    return PeerMedia(*media, *rtcp, allowed=(), codec=codec, payload_type=number, tuning=wanted)


def _payload_type(codec: str) -> int:
    static = CODECS[codec].payload_type
    return OPUS_TYPE if static is None else static


def _secured(load: Load, leg: int, peer: PeerMedia) -> PeerMedia:
    """What the plane sends with is what the leg receives with."""
    from ext.srtp import ReceivingKey, SendingKey  # it needs pylibsrtp

    theirs, ours = (MasterKey(SUITE, secrets.token_bytes(KEY_OCTETS)) for _ in range(2))
    load.secure(leg, SendingKey(SUITE, ours.material, FIRST_SSRC + leg), ReceivingKey(SUITE, theirs.material))
    return replace(peer, srtp=SrtpKeys(sending=theirs, receiving=ours))


def _speech(codec: str) -> list[bytes]:
    """A voice of 120 Hz in syllables, with breath, 3 s: 20 ms payloads."""
    rate_hz = CODECS[codec].pcm_rate_hz
    size = rate_hz // 50
    chance = random.Random(1)
    sound = array("h", (round(_voice(n / rate_hz, chance)) for n in range(size * SPEECH_FRAMES))).tobytes()
    coder = Coder(CODECS[codec].capsule)
    payloads = [coder.encode(sound[at : at + 2 * size]) for at in range(0, len(sound), 2 * size)]
    return [payload for payload in payloads if payload]


def _voice(t: float, chance: random.Random) -> float:
    loudness = 800 * math.sqrt(max(0.05, math.sin(2 * math.pi * t / 0.3)))
    harmonics = sum(math.sin(2 * math.pi * 120 * k * t) / k for k in range(1, 12))
    return loudness * (harmonics + chance.gauss(0, 0.2))
