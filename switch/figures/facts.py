"""What is counted: facts about calls and agents, each of one moment, and their sums.

An event counts in the interval in which it happens. A visit is offered when it enters a queue and answered,
abandoned or sent on when it leaves; how long its agent talked, held and wrapped up belongs to the answer, so
that handle times have the calls of their own denominator. Offers count when they end, transfers when they are
asked for, attempts at trunks when their leg ends, and seconds of an agent where they pass.

All sums are integers (microseconds for durations): the order in which they are added up changes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from switch.records import AgentState


class Dimension(StrEnum):
    """What figures may be told by. A fact without a dimension is not in tables by it."""

    QUEUE = "queue"
    AGENT = "agent"
    SKILL = "skill"
    """One that queue or call asked for; a visit that asked for two counts for each, "" is one for none."""
    NUMBER = "number"
    """The number that was called."""
    TRUNK = "trunk"
    REASON = "reason"
    """Of a pause; "" is one without."""


class Fact(StrEnum):
    """What is counted. Names that end in `_us` are sums of microseconds, `_milli` of thousandths."""

    OFFERED = "offered"
    """O: visits that entered the queue."""
    ANSWERED = "answered"
    """A: visits that an agent answered."""
    ANSWERED_WITHIN = "answered_within"
    """A_T: of these, those who waited no longer than the target."""
    ABANDONED = "abandoned"
    """Ab: callers who hung up while they waited."""
    ABANDONED_SHORT = "abandoned_short"
    """Ab_s: of these, those who waited no longer than `short_abandon`."""
    ABANDONED_WITHIN = "abandoned_within"
    """Ab_T: of these, those who waited no longer than the target."""
    FLOWED_OUT = "flowed_out"
    """F: sent elsewhere before an answer: overflow, voicemail, callback."""
    ENDED_OTHERWISE = "ended_otherwise"
    """X: what ended in any other way."""
    WAITING_AT_START = "waiting_at_start"
    WAITING_AT_END = "waiting_at_end"
    WAITING_LATE = "waiting_late"
    """Who waits now for longer than the target: of live figures only."""
    ANSWER_WAIT_US = "answer_wait_us"
    ABANDON_WAIT_US = "abandon_wait_us"
    TALK_US = "talk_us"
    HOLD_US = "hold_us"
    """Consultations included."""
    WRAP_UP_US = "wrap_up_us"
    OFFERS = "offers"
    """To agents, by how many may be made for one call."""
    OFFERS_UNANSWERED = "offers_unanswered"
    """The phone rang out (RONA)."""
    TRANSFERRED_BLIND = "transferred_blind"
    TRANSFERRED_ATTENDED = "transferred_attended"
    OFFLINE_US = "offline_us"
    PAUSED_US = "paused_us"
    READY_US = "ready_us"
    RINGING_US = "ringing_us"
    ON_CALL_US = "on_call_us"
    WRAPPING_US = "wrapping_us"
    """In the state `wrap_up`."""
    UNREACHABLE_US = "unreachable_us"
    PAUSES = "pauses"
    """That began: a change of the reason begins another."""
    SEIZURES = "seizures"
    """Calls that we sent to a trunk, each attempt for itself."""
    SEIZURES_ANSWERED = "seizures_answered"
    SEIZURES_BUSY = "seizures_busy"
    """486 or 600."""
    SEIZURES_NO_ANSWER = "seizures_no_answer"
    """It rang, or the status was 408 or 480, and nobody answered."""
    SEIZURES_RINGING = "seizures_ringing"
    """Answered or not, we heard a first ringing..."""
    POST_DIAL_US = "post_dial_us"
    """...so long after the INVITE."""
    CONVERSATION_US = "conversation_us"
    """From answer to end."""
    MOS_LEGS = "mos_legs"
    """Legs of a trunk whose sound was measured..."""
    MOS_MILLI = "mos_milli"
    """...and the sum of it."""


STATE_FACTS: Final[Mapping[AgentState, Fact]] = {
    AgentState.OFFLINE: Fact.OFFLINE_US,
    AgentState.PAUSED: Fact.PAUSED_US,
    AgentState.READY: Fact.READY_US,
    AgentState.RINGING: Fact.RINGING_US,
    AgentState.ON_CALL: Fact.ON_CALL_US,
    AgentState.WRAP_UP: Fact.WRAPPING_US,
    AgentState.UNREACHABLE: Fact.UNREACHABLE_US,
}
"""Every second of an agent is in exactly one."""


class Stay(NamedTuple):
    """An agent in a state, since that moment in UTC microseconds."""

    agent: str
    state: AgentState
    reason: str | None
    since_us: int

    @property
    def keys(self) -> Mapping[Dimension, tuple[str, ...]]:
        """What its seconds are told by."""
        keys = {Dimension.AGENT: (self.agent,)}
        return keys | {Dimension.REASON: (self.reason or "",)} if self.state is AgentState.PAUSED else keys


DECIS_US: Final = 100_000
"""Waits are kept for percentiles in tenths of a second, rounded up."""


class Happened(NamedTuple):
    """Something that counts, at one moment in UTC microseconds. A key with several values counts for each."""

    at_us: int
    call: str
    keys: Mapping[Dimension, tuple[str, ...]]
    facts: Mapping[Fact, int]
    answer_wait_us: int | None = None
    """Of an answered visit."""


@dataclass(slots=True)
class Counts:
    """Sums of facts. Two of them add up by `+=`, of neighbouring intervals, too."""

    facts: Counter[Fact] = field(default_factory=Counter)
    waits: Counter[int] = field(default_factory=Counter)
    """How many answered visits waited so many tenths of a second, rounded up."""

    def __getitem__(self, fact: Fact) -> int:
        return self.facts[fact]

    def add(self, happened: Happened) -> None:
        """One more."""
        for fact, count in happened.facts.items():
            self.facts[fact] += count
        if happened.answer_wait_us is not None:
            self.waits[-(-happened.answer_wait_us // DECIS_US)] += 1

    def join(self, other: "Counts") -> None:
        """Those of other keys in the same interval."""
        self.facts.update(other.facts)
        self.waits.update(other.waits)

    def __iadd__(self, other: "Counts") -> "Counts":
        """As if one interval: it began with who waited at the start of the first."""
        waiting = self.facts[Fact.WAITING_AT_START], other.facts[Fact.WAITING_AT_END]
        empty = not self.facts
        self.join(other)
        if not empty:
            self.facts[Fact.WAITING_AT_START], self.facts[Fact.WAITING_AT_END] = waiting
        return self

    def wait_s(self, share: float) -> float | None:
        """The wait that this share of the answered visits did not exceed: nearest rank, to a tenth of a
        second; None if nobody was answered.
        """
        rank = max(1, -(-sum(self.waits.values()) * round(share * 1000) // 1000))
        for wait in sorted(self.waits):
            rank -= self.waits[wait]
            if rank <= 0:
                return wait / 10
        return None


def total(parts: Iterable[Counts]) -> Counts:
    """The sum of neighbouring intervals, in their order."""
    whole = Counts()
    for part in parts:
        whole += part
    return whole
