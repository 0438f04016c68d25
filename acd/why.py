"""What each offer keeps of its decision, and the chain of seals that shows whether any of it was altered.

A decision's seal is the BLAKE2b (RFC 7693) digest of its canonical encoding. The encoding holds the seal of
the decision before, so a changed byte breaks its own seal, and a decision that was changed and sealed anew
breaks the next one's link. Who else could have been chosen is not kept: `acd.explaining` finds it out again.
"""

import enum
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

SEAL_BYTES = 16


class Rule(enum.StrEnum):
    """Who chose whom."""

    CALLER_CHOSE = "caller_chose"
    """The caller alone came to wait: the first of the free agents."""
    AGENT_CHOSE = "agent_chose"
    """The agent alone became free: the first of the callers."""
    MATCHED = "matched"
    """Several came at once: callers chose in the order of all lines."""
    CHEAPEST = "cheapest"
    """It cost least (`acd.cost`): of the pairs that there were, or together with the others of the step."""
    ASSIGNED = "assigned"
    """A supervisor kept the call for this agent."""
    PREFERRED = "preferred"
    """This agent came first for the call, for a time."""
    PULLED = "pulled"
    """The agent took the call out of its turn."""
    EVERYBODY = "everybody"
    """The caller alone came to wait, or back, where everybody who is free is rung."""
    ONE_MORE = "one_more"
    """The call rings for others already, and one more was to ring: the first who was free, or became so while
    nobody whom he could take was in line."""
    HOOK = "hook"
    """An outside program named the agent."""


class Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One offer and what decided it. `number` counts the pool's decisions from 1; `position` is the number of
    the step, which is its record's in the journal; `at_us` is that step's time, UTC microseconds.

    `caller` is the caller's place in line (`acd.aging.Place`: minus the priority that he has by now, queued
    at, arrival): smaller goes first, its last number breaks ties. `chosen` is the agent's under `strategy`,
    likewise; the agent's name breaks ties. `relaxed` counts the relaxation steps that the call had taken.
    `policy` is the version of the configuration (`policy_version`), `previous` the seal of the decision
    before, empty for the first. `costs` are the terms of what the pair cost, in thousandths of a point
    (`acd.optimal.Optimal.terms`); empty where the rule is not `CHEAPEST`.
    """

    number: int
    position: int
    at_us: int
    offer: str
    call: str
    queue: str
    agent: str
    rule: Rule
    strategy: str
    caller: tuple[int, ...]
    chosen: tuple[int, ...]
    relaxed: int
    policy: str
    previous: str
    costs: tuple[int, ...] = ()


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Decision)


def encode(decision: Decision) -> bytes:
    """The canonical encoding: a JSON array, its elements in the order of the fields."""
    return _ENCODER.encode(decision)


def decode(text: bytes) -> Decision:
    """Read an encoding. Raises `ValueError` for what is none."""
    return _DECODER.decode(text)


def seal(text: bytes) -> str:
    """The seal of a decision's encoding, hex."""
    return hashlib.blake2b(text, digest_size=SEAL_BYTES).hexdigest()


def policy_version(configuration: msgspec.Struct) -> str:
    """A name for what the router was configured with: equal configurations, equal names; hex."""
    return hashlib.blake2b(_ENCODER.encode(configuration), digest_size=8).hexdigest()


class Fault(enum.StrEnum):
    """What can be wrong with a kept decision."""

    ALTERED = "altered"
    """The text does not have its seal, or names another call than that by which it is found: one of them was
    changed."""
    UNREADABLE = "unreadable"
    """The seal is the text's, but the text is no decision."""
    UNLINKED = "unlinked"
    """It does not follow the decision that was made before it: that one was changed and sealed anew."""
    GAP = "gap"
    """Decisions before it are missing."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A decision as it was kept: its encoding and its seal; and, where that is asked for, by which number,
    offer and call it is found."""

    text: bytes
    seal: str
    found_by: tuple[int, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong; `number` is the decision's, or 0 where that cannot be read."""

    fault: Fault
    number: int
    offer: str
    seal: str


class Verifier:
    """Follows a chain, oldest first, in as many pieces as it comes; `findings` grows, `count` counts."""

    def __init__(self) -> None:
        self.count = 0
        self.findings: list[Finding] = []
        self._last: tuple[int, str] | None = None

    def begin(self) -> None:
        """Another chain follows: it is not to be linked to this one."""
        self._last = None

    def follow(self, kept: Iterable[Kept]) -> None:
        """The next ones. A chain may begin anywhere, and a new one begins at number 1."""
        for each in kept:
            self.count += 1
            self._check(each)

    def _check(self, kept: Kept) -> None:
        intact = seal(kept.text) == kept.seal
        try:
            decision = decode(kept.text)
        except ValueError:
            self.findings.append(Finding(Fault.UNREADABLE if intact else Fault.ALTERED, 0, "", kept.seal))
            self._last = None
            return
        named = (decision.number, decision.offer, decision.call)
        intact = intact and kept.found_by in (None, named)
        fault = self._link(decision) if intact else Fault.ALTERED
        if fault is not None:
            self.findings.append(Finding(fault, decision.number, decision.offer, kept.seal))
        self._last = (decision.number, kept.seal)

    def _link(self, decision: Decision) -> Fault | None:
        if not decision.previous:
            return None if decision.number == 1 else Fault.UNLINKED
        if self._last is None:
            return None
        number, previous = self._last
        if decision.number != number + 1:
            return Fault.GAP
        return None if decision.previous == previous else Fault.UNLINKED
