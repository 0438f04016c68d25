"""What the router tells the switch to do, and what it announces.

Each command has an id `(pool, sequence, n)`: the pool, the number of the step (which is the journal's)
and its place in that step's list. Ids never repeat; a shell ignores an id that it has seen.
`Offer`, `CancelOffer`, `Connect`, `HangUpOffer`, `LeaveQueue`, `AskDecision` and `WatchPhone` are orders, the
rest are announcements for history, metrics and logs. Times are UTC microseconds.
"""

import enum
from typing import TypeAlias

import msgspec

from acd.agent import AgentState
from acd.queue import ClosedReason
from acd.why import Decision
from acd.work import Channel

CommandId: TypeAlias = tuple[str, int, int]


class CancelReason(enum.StrEnum):
    """Why an offer is cancelled. `CALLER_GONE` and `ANSWERED_ELSEWHERE`: nobody is missed."""

    RING_TIMEOUT = "ring_timeout"
    UNREACHABLE = "unreachable"
    CALLER_GONE = "caller_gone"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    LEFT_QUEUE = "left_queue"
    AGENT_GONE = "agent_gone"


class OfferResult(enum.StrEnum):
    """How an offer ended, one for each `Offer`."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CALLER_GONE = "caller_gone"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    LEFT_QUEUE = "left_queue"
    AGENT_GONE = "agent_gone"
    SWITCH_RESTARTED = "switch_restarted"


class VisitResult(enum.StrEnum):
    """How a visit to a queue ended: the four right-hand terms of the conservation law."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    OVERFLOWED = "overflowed"
    ENDED_OTHERWISE = "ended_otherwise"


class VisitReason(enum.StrEnum):
    """Why a visit to a queue ended."""

    AGENT_ANSWERED = "agent_answered"
    CALLER_HUNG_UP = "caller_hung_up"
    MAX_WAIT = "max_wait"
    MAX_WAITING = "max_waiting"
    NO_AGENTS = "no_agents"
    AGENT_LOST = "agent_lost"
    UNKNOWN_QUEUE = "unknown_queue"
    QUEUE_CLOSED = "queue_closed"
    CLOSED_HOURS = "closed_hours"
    CLOSED_HOLIDAY = "closed_holiday"
    CLOSED_EMERGENCY = "closed_emergency"
    CALLER_LOST = "caller_lost"
    HUNG_UP_BY_OPERATOR = "hung_up_by_operator"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    TAKEN_BY_FLOW = "taken_by_flow"
    SHUTDOWN = "shutdown"
    FAILED = "failed"
    SWITCH_RESTARTED = "switch_restarted"
    MOVED_BY_OPERATOR = "moved_by_operator"
    STEP = "step"
    DECIDED = "decided"


class Refusal(enum.StrEnum):
    """Why a supervisor's act was not done; `DONE` where it was."""

    DONE = ""
    NO_SUCH_CALL = "no_such_call"
    TALKING = "talking"
    IN_DOUBT = "in_doubt"
    BEING_DECIDED = "being_decided"
    RINGING = "ringing"
    NO_SUCH_AGENT = "no_such_agent"
    AGENT_OFFLINE = "agent_offline"
    AGENT_PAUSED = "agent_paused"
    AGENT_UNREACHABLE = "agent_unreachable"
    AGENT_ENGAGED = "agent_engaged"
    AGENT_WITHOUT_SKILL = "agent_without_skill"
    NO_SUCH_QUEUE = "no_such_queue"
    SAME_QUEUE = "same_queue"
    QUEUE_FULL = "queue_full"
    QUEUE_CLOSED = "queue_closed"
    QUEUE_WITHOUT_AGENTS = "queue_without_agents"
    NO_SUCH_TARGET = "no_such_target"


class _Command(msgspec.Struct, frozen=True, tag=True, tag_field="type", omit_defaults=True, gc=False):
    id: CommandId


class Offer(_Command, frozen=True, gc=False):
    """Ring the agent's phone for this call. `offer` is an id never used before; every event about the
    INVITE carries it. The pair became possible in this very step, so the step's time is where
    offer latency starts. `decision` and its `seal` are for the ledger; the router never leaves them out."""

    offer: str
    call: str
    queue: str
    agent: str
    decision: Decision | None = None
    seal: str = ""
    channel: Channel = Channel.VOICE


class CancelOffer(_Command, frozen=True, gc=False):
    """Stop the ringing (CANCEL, once a provisional response allows it). The offer goes on until its final
    response: report it still."""

    offer: str
    why: CancelReason


class Connect(_Command, frozen=True, gc=False):
    """The offer was answered: connect its phone and the call. Reported over by `ConversationEnded`."""

    offer: str
    call: str
    queue: str
    agent: str


class HangUpOffer(_Command, frozen=True, gc=False):
    """The offer was answered too late: ACK and BYE."""

    offer: str


class LeaveQueue(_Command, frozen=True, gc=False):
    """The router lets go of the call: send it to `target`, `hangup` or `phone:NAME`. (Overflow into another
    queue stays inside the router: `VisitEnded` here, `VisitStarted` there.)"""

    call: str
    queue: str
    result: VisitResult
    reason: VisitReason
    target: str


class AskDecision(_Command, frozen=True, gc=False):
    """Ask the queue's outside program about a caller who has just come; he is in no line until it answers,
    or `until_us` has come. `free`: some agents who could take him now. Answered by `DecisionAnswered` or
    `DecisionLate`, with this `visit`."""

    visit: str
    call: str
    queue: str
    until_us: int
    priority: int
    waiting: int
    free: tuple[str, ...]


class WatchPhone(_Command, frozen=True, gc=False):
    """Probe the agent's phone until told otherwise (`on`); report `PhoneReachable` at the first answer."""

    agent: str
    on: bool


class AgentChanged(_Command, frozen=True, gc=False):
    """The agent's state is new since `since_us`; `call` is the one that rings, talks or is wrapped up."""

    agent: str
    state: AgentState
    since_us: int
    reason: str = ""
    call: str | None = None


class QueueChanged(_Command, frozen=True, gc=False):
    """The queue is closed for another reason than before, or open (None). `by`, `why`: whose word it was."""

    queue: str
    closed: ClosedReason | None
    by: str = ""
    why: str = ""


class VisitStarted(_Command, frozen=True, gc=False):
    """A call entered a queue: one for each accepted `CallQueued`, each overflow into a queue and each return
    after a lost agent. Counts as offered. Order goes by `queued_at_us`, waits by `entered_at_us`."""

    visit: str
    call: str
    queue: str
    queued_at_us: int
    entered_at_us: int
    priority: int = 0


class VisitEnded(_Command, frozen=True, gc=False):
    """The visit is over, exactly once for each `VisitStarted`; answered visits end at the answer."""

    visit: str
    call: str
    queue: str
    result: VisitResult
    reason: VisitReason
    entered_at_us: int
    left_at_us: int
    agent: str | None = None

    @property
    def wait_us(self) -> int:
        """How long the caller waited in this queue, microseconds."""
        return self.left_at_us - self.entered_at_us


class OfferEnded(_Command, frozen=True, gc=False):
    """The offer's INVITE is over, exactly once for each `Offer`. `status`: the final SIP status, or 0."""

    offer: str
    call: str
    queue: str
    agent: str
    result: OfferResult
    made_at_us: int
    ended_at_us: int
    status: int = 0


class WrapUpEnded(_Command, frozen=True, gc=False):
    """Exactly once for each conversation: the wrap-up after it is over (0 where there was none)."""

    agent: str
    call: str
    queue: str
    wrap_up_us: int


class Relaxed(_Command, frozen=True, gc=False):
    """The call has taken a step of its queue's recipe, the `step`th (1 is the first). The caller is to hear
    the prompt `announce`, if it is not empty, without being kept from an agent."""

    call: str
    queue: str
    visit: str
    step: int
    announce: str = ""


class Acted(_Command, frozen=True, gc=False):
    """What became of a supervisor's act, one for each: `what` he wanted with which call, to or for whom (an
    agent, a queue, a target, a priority), and who he is."""

    what: str
    call: str
    to: str
    by: str
    refusal: Refusal = Refusal.DONE


class ConfigurationRefused(_Command, frozen=True, gc=False):
    """The `Configured` event could not be applied and changed nothing."""

    problem: str


Command: TypeAlias = (
    Offer
    | CancelOffer
    | Connect
    | HangUpOffer
    | LeaveQueue
    | AskDecision
    | WatchPhone
    | AgentChanged
    | QueueChanged
    | VisitStarted
    | VisitEnded
    | OfferEnded
    | WrapUpEnded
    | Relaxed
    | Acted
    | ConfigurationRefused
)
