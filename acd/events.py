"""What the router is told. Every event names its pool; `Event` is the union, as the journal keeps it.

Events are facts or wishes from outside: what phones and callers did, what operators want, what
the configuration says, and that a deadline has passed. A duplicate or a late event changes nothing.
"""

import enum
from typing import TypeAlias

import msgspec

from acd.queue import ClosedReason
from acd.routing import RoutingSettings
from acd.settings import AgentSettings, QueueSettings
from acd.work import Channel


class WantedState(enum.StrEnum):
    """A state that an agent or a supervisor may ask for."""

    READY = "ready"
    PAUSED = "paused"
    OFFLINE = "offline"


class GoneReason(enum.StrEnum):
    """Why a call is no longer the router's. `CALLER_HUNG_UP` while waiting is an abandoned visit,
    every other reason is a visit that ended otherwise."""

    CALLER_HUNG_UP = "caller_hung_up"
    CALLER_LOST = "caller_lost"
    HUNG_UP_BY_OPERATOR = "hung_up_by_operator"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    TAKEN_BY_FLOW = "taken_by_flow"
    SWITCH_RESTARTED = "switch_restarted"
    SHUTDOWN = "shutdown"
    FAILED = "failed"


class ConversationEnd(enum.StrEnum):
    """How a conversation ended. `AGENT_LOST` (the phone's media or connection died) makes the agent
    unreachable and follows the queue's `on_agent_lost`; the others end in wrap-up. `AGENT_LEFT` (he hung up
    before he was connected) leaves the caller in line, at the old place."""

    CALLER_HUNG_UP = "caller_hung_up"
    AGENT_HUNG_UP = "agent_hung_up"
    AGENT_LOST = "agent_lost"
    AGENT_LEFT = "agent_left"
    TRANSFERRED = "transferred"
    HUNG_UP_BY_OPERATOR = "hung_up_by_operator"
    FAILED = "failed"


class _Event(
    msgspec.Struct, frozen=True, tag=True, tag_field="type", omit_defaults=True, kw_only=True, gc=False
):
    pool: str = "main"


class Configured(_Event, frozen=True, gc=True):
    """The whole configuration, at start and after each reload. What is no longer named is `leaving`
    until its last call ends. With a skill expression that cannot be read nothing is applied at all
    and the answer is `ConfigurationRefused` (the configuration check names it first). The `seed` (below
    2**63) is of what is drawn: another seed, other lots."""

    queues: list[QueueSettings]
    agents: list[AgentSettings]
    seed: int = 0
    routing: RoutingSettings = RoutingSettings()


class IndexesDoubted(_Event, frozen=True):
    """Somebody waits beside a free agent, as the facts have it: make the indexes anew. No fact changes."""


class SwitchRestarted(_Event, frozen=True):
    """First event after recovery from the journal: every offer and dialog of the former run is dead, and so
    is every call but those that `may_return`. Of these, who talked still talks to his agent, until the shell
    says otherwise; who was in line is in doubt, at his place, until `CallsRecovered` or `CallGone`. Logins,
    pauses and registrations stand; `WatchPhone` is ordered again for each phone that was watched; the shell
    reports phones next."""

    may_return: tuple[str, ...] = ()


class CallsRecovered(_Event, frozen=True):
    """Callers who were in line when the switch died are still there: they are back at their places, all at
    once, so that the first of them is served first."""

    calls: tuple[str, ...]


class PhoneRegistered(_Event, frozen=True):
    """The agent's phone has a binding. `fresh`: there was none before (or the agent is new); a
    refresh, and what is reported after a restart, is not fresh and never a login."""

    agent: str
    fresh: bool


class PhoneUnregistered(_Event, frozen=True):
    """The agent's phone has no binding any more. `explicit`: it said so (Expires: 0); else expiry."""

    agent: str
    explicit: bool


class PhoneUnreachable(_Event, frozen=True):
    """The phone does not answer (OPTIONS missed, media lost, connection closed)."""

    agent: str


class PhoneReachable(_Event, frozen=True):
    """The phone answered something or sent an authenticated request."""

    agent: str


class PhoneBusy(_Event, frozen=True):
    """`dialogs` INVITE dialogs and ongoing INVITEs of that phone were made by no running offer and are
    no conversation from a queue (0: none any more). While there are some the agent is on_call."""

    agent: str
    dialogs: int


class PhoneAtCode(_Event, frozen=True):
    """The agent's phone has dialled a feature code, or is done with it. The agent's state is what it was, but
    nothing is offered meanwhile: the phone would not ring."""

    agent: str
    at_code: bool


class AgentMoved(_Event, frozen=True):
    """The agent sits at another phone from now on, or at none. What rings at the former one is withdrawn, and
    its caller looks for an agent again; the facts of the new phone follow."""

    agent: str


class AgentStateSet(_Event, frozen=True):
    """An agent or a supervisor wants a state. `READY` logs in, un-pauses and ends wrap-up; `PAUSED` logs
    in and takes effect after call and wrap-up; `OFFLINE` logs out, after the call if there is one."""

    agent: str
    state: WantedState
    reason: str = ""


class WrapUpDone(_Event, frozen=True):
    """The agent has finished before the time. A pause that was asked for begins; else he is ready. `call`
    says with which chat; empty it is all that he wraps up."""

    agent: str
    call: str = ""


class WrapUpExtended(_Event, frozen=True):
    """The agent needs `by_us` microseconds more, of the wrap-up that runs, or of the one that follows his
    conversation, up to the queue's `wrap_up_max_us` in all. In any other state it changes nothing. `call`
    says of which chat; empty it is the call."""

    agent: str
    by_us: int
    call: str = ""


class QueueClosed(_Event, frozen=True):
    """The queue takes no callers from now on: by its calendar (`HOURS`, `HOLIDAY`), or because `by`
    says so (`EMERGENCY`), whatever the calendar says. A second word of the same kind replaces the first."""

    queue: str
    reason: ClosedReason
    by: str = ""
    why: str = ""


class QueueOpened(_Event, frozen=True):
    """What `QueueClosed` said for that reason holds no more; the calendar takes back both of its reasons."""

    queue: str
    reason: ClosedReason
    by: str = ""
    why: str = ""


class CallQueued(_Event, frozen=True):
    """A call enters a queue. Larger `priority` goes first, then the earlier `queued_at_us` (UTC; the
    time the caller first queued, so that a place can be kept), then the order of arrival. An agent needs
    what the queue requires and what the call `requires`, a skill expression (one that cannot be read counts
    as none). `caller` is his number, or empty: who gave up a moment ago may have his place back. `preferred`
    is an agent who comes first for the caller, if he is there and serves him, for as long as the queue's
    `prefer_us` says. A chat is a call of another `channel`: agents have capacity for it, or not."""

    call: str
    queue: str
    queued_at_us: int
    priority: int = 0
    requires: str = ""
    caller: str = ""
    preferred: str = ""
    channel: Channel = Channel.VOICE


class DecisionAnswered(_Event, frozen=True):
    """What an outside program says of the caller whom `AskDecision` named: another priority, another skill
    expression of his own, the agent who is to get him if he is free, another queue. What it leaves out
    stays."""

    visit: str
    call: str
    priority: int | None = None
    requires: str | None = None
    agent: str = ""
    queue: str = ""


class DecisionLate(_Event, frozen=True):
    """No answer to `AskDecision` came in time, or none that could be used; `why` is for those who read the
    journal."""

    visit: str
    call: str
    why: str = ""


class CallGone(_Event, frozen=True):
    """The call has ended or its flow took it out of the queue. In a conversation it ends that too."""

    call: str
    reason: GoneReason


class _Act(_Event, frozen=True, kw_only=True):
    """What a supervisor wants with a call in a queue; `by` says who, for the log. Answered by `Acted`."""

    by: str = ""


class CallPrioritised(_Act, frozen=True):
    """The call has another priority from now on, in this queue and in those that it goes to."""

    call: str
    priority: int


class CallAssigned(_Act, frozen=True):
    """The call waits for this agent alone: it is offered to him when he is free, whatever his skills, before
    everybody else in line. When he goes, or does not take the offer, it waits for everybody at its old place.
    """

    call: str
    agent: str


class CallPulled(_Act, frozen=True):
    """The agent takes a waiting call out of its turn: it is offered to him at once, in a pause or wrap-up too
    (which that ends). He has to serve the queue."""

    call: str
    agent: str


class CallMoved(_Act, frozen=True):
    """The call goes to the front of its queue, before whoever is there now: its priority says so. Or, where
    `queue` names another, to that one, where it keeps its priority and the time since when it waits."""

    call: str
    queue: str = ""


class CallWithdrawn(_Act, frozen=True):
    """The call leaves the queue for `target`: `hangup` or `phone:NAME`."""

    call: str
    target: str


class OfferTrying(_Event, frozen=True):
    """A 100 to the offer's INVITE."""

    offer: str


class OfferRinging(_Event, frozen=True):
    """The first (or a later) 101 to 199 to the offer's INVITE."""

    offer: str


class OfferAnswered(_Event, frozen=True):
    """A 2xx to the offer's INVITE, before or after our CANCEL. Answered by Connect or HangUpOffer."""

    offer: str


class OfferRefused(_Event, frozen=True):
    """A final 3xx to 6xx that the phone itself sent, a 487 after CANCEL included. Whether it is busy
    or a reject, the router knows. A 408 of our own making is `OfferNoResponse`."""

    offer: str
    status: int


class OfferNoResponse(_Event, frozen=True):
    """No final response came within 64*T1 (or Timer C, or the connection failed): the INVITE is over."""

    offer: str


class OfferNotSent(_Event, frozen=True):
    """No INVITE was written: the call was over by then, or the switch found no way to the phone. The phone
    is not to blame, but is not tried again before `retry_busy`."""

    offer: str


class OfferPickedUp(_Event, frozen=True):
    """`agent` takes the call of a colleague's open offer from a phone that nobody rang, as `pickup`, a
    name that is no offer's. Answered by Connect or HangUpOffer with `pickup` as their offer: he has to be
    logged in, in no other conversation or offer, and to serve the queue."""

    offer: str
    agent: str
    pickup: str


class ConversationEnded(_Event, frozen=True):
    """Caller and agent are no longer connected. `offer`, where given, is the one of the `Connect`: so a
    late report never ends a second conversation of the same two."""

    call: str
    agent: str
    how: ConversationEnd
    offer: str = ""


class ConversationMoved(_Event, frozen=True):
    """The agent's party has handed him over: his conversation goes on with the caller of another call, under
    whose name the router knows it from now on. That call is none of the router's by then."""

    call: str
    agent: str
    to: str


class DeadlinePassed(_Event, frozen=True):
    """`Router.deadline()` is not in the future any more. Early or superfluous, it changes nothing."""


Act: TypeAlias = CallPrioritised | CallAssigned | CallPulled | CallMoved | CallWithdrawn

Event: TypeAlias = (
    Configured
    | IndexesDoubted
    | SwitchRestarted
    | CallsRecovered
    | PhoneRegistered
    | PhoneUnregistered
    | PhoneUnreachable
    | PhoneReachable
    | PhoneBusy
    | PhoneAtCode
    | AgentMoved
    | AgentStateSet
    | WrapUpDone
    | WrapUpExtended
    | QueueClosed
    | QueueOpened
    | CallQueued
    | DecisionAnswered
    | DecisionLate
    | CallGone
    | CallPrioritised
    | CallAssigned
    | CallPulled
    | CallMoved
    | CallWithdrawn
    | OfferTrying
    | OfferRinging
    | OfferAnswered
    | OfferRefused
    | OfferNoResponse
    | OfferNotSent
    | OfferPickedUp
    | ConversationEnded
    | ConversationMoved
    | DeadlinePassed
)
