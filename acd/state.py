"""All that the router knows: one value, which is its snapshot and what its hash is taken over."""

import hashlib

import msgspec

from acd.agent import Agent
from acd.offer import OpenOffer
from acd.queue import Queue
from acd.queued_call import QueuedCall
from acd.redial import GaveUp
from acd.routing import RoutingSettings

VERSION = 1
GONE_FOR_US = 32_000_000  # a call's end is remembered at least this long, against late events


class SnapshotError(ValueError):
    """The bytes are no snapshot of this version."""


class State(msgspec.Struct):
    """The facts. Everything else in the router is an index over them, rebuilt by `restore`."""

    queues: dict[str, Queue] = {}
    agents: dict[str, Agent] = {}
    calls: dict[str, QueuedCall] = {}
    offers: dict[str, OpenOffer] = {}
    arrivals: int = 0
    seed: int = 0  # of what is drawn
    routing: RoutingSettings = RoutingSettings()
    gather_until_us: int | None = None  # somebody could be brought together, and waits for more
    # Of `acd.why`: the version of the configuration, the number of the last decision, and its seal.
    policy: str = ""
    decisions: int = 0
    seal: str = ""
    gave_up: dict[str, GaveUp] = {}  # by caller, who gave up first comes first
    # Calls that ended, and when, in two generations: the younger becomes the older after GONE_FOR_US.
    gone: dict[str, int] = {}
    gone_before: dict[str, int] = {}
    gone_since_us: int = 0

    def remember_gone(self, call: str, now_us: int) -> None:
        """The call has ended: for a while it cannot be queued again."""
        if now_us - self.gone_since_us > GONE_FOR_US:
            self.gone_before, self.gone, self.gone_since_us = self.gone, {}, now_us
        self.gone[call] = now_us

    def is_gone(self, call: str) -> bool:
        """Whether the call's end is remembered."""
        return call in self.gone or call in self.gone_before

    def hash(self) -> str:
        """Hex digest of the facts, in the order in which they came."""
        return hashlib.blake2b(_ENCODER.encode(self), digest_size=16).hexdigest()


class Snapshot(msgspec.Struct, frozen=True):
    """A router at rest: which pool, after which step, at what time, knowing what."""

    version: int
    pool: str
    sequence: int
    now_us: int
    state: State


_ENCODER = msgspec.msgpack.Encoder()  # keeps the order of dicts, which rules may go by
_DECODER = msgspec.msgpack.Decoder(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """The snapshot as msgpack."""
    return _ENCODER.encode(snapshot)


def decode(data: bytes) -> Snapshot:
    """Read a snapshot; raise `SnapshotError` if it is none, or of another version."""
    try:
        snapshot = _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise SnapshotError(f"not a snapshot of the router: {error}") from error
    if snapshot.version != VERSION:
        raise SnapshotError(f"snapshot of version {snapshot.version}; this router reads version {VERSION}")
    return snapshot
