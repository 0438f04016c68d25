"""A call in a queue. The table, and the value that moves through it.

    ENTERING  between queues: it has arrived, or overflowed, and no queue has taken it yet
    ASKING    in the queue, but in no line: an outside program is asked what to do with it
    WAITING   in line
    OFFERED   bound to an offer, or to several where the strategy rings several phones: it keeps its place
    DOUBTED   it was in line when the switch died: it keeps its place, and nobody is offered it until it is
              known whether the caller is still there
    TALKING   connected to an agent; remembered so that it can return to its old place
    LEFT      no longer the router's

A row (state, input) -> (next state, actions); a pair without a row changes nothing.
"""

import enum
from typing import TypeAlias

import msgspec

from acd.work import Channel


class CallState(enum.StrEnum):
    """See the module's docstring."""

    ENTERING = "entering"
    ASKING = "asking"
    WAITING = "waiting"
    OFFERED = "offered"
    DOUBTED = "doubted"
    TALKING = "talking"
    LEFT = "left"


class CallInput(enum.StrEnum):
    """What can happen to a call."""

    ENTERED = enum.auto()  # the queue takes it
    ASKED = enum.auto()  # the queue takes it, and an outside program is asked first
    DECIDED = enum.auto()  # it has answered, or has not in time
    PASSED_ON = enum.auto()  # the queue does not; its overflow names another
    OFFERED = enum.auto()
    RELEASED = enum.auto()  # its last offer failed
    ANSWERED = enum.auto()
    MOVED = enum.auto()  # waited too long, or for nobody, and the overflow names another queue; or by hand
    LEFT = enum.auto()
    AGENT_LOST = enum.auto()  # and the queue says requeue; or he left before he was connected
    DOUBTED = enum.auto()  # the switch died
    RECOVERED = enum.auto()  # and the caller is still there


class CallAction(enum.StrEnum):
    """What the interpreter in `acd.visits` carries out, in order."""

    ASK = enum.auto()
    STOP_ASKING = enum.auto()
    JOIN_LINE = enum.auto()
    LEAVE_LINE = enum.auto()
    SEEK_NO_MORE = enum.auto()  # nobody else is to ring for it
    START_VISIT = enum.auto()
    END_VISIT = enum.auto()
    START_TALK = enum.auto()
    END_TALK = enum.auto()
    FORGET = enum.auto()


S = CallState
On = CallInput
A = CallAction
Row: TypeAlias = tuple[CallState, tuple[CallAction, ...]]

TABLE: dict[tuple[CallState, CallInput], Row] = {
    (S.ENTERING, On.ENTERED): (S.WAITING, (A.START_VISIT, A.JOIN_LINE)),
    (S.ENTERING, On.ASKED): (S.ASKING, (A.START_VISIT, A.ASK)),
    (S.ASKING, On.DECIDED): (S.WAITING, (A.STOP_ASKING, A.JOIN_LINE)),
    (S.ASKING, On.MOVED): (S.ENTERING, (A.STOP_ASKING, A.END_VISIT)),
    (S.ASKING, On.LEFT): (S.LEFT, (A.STOP_ASKING, A.END_VISIT, A.FORGET)),
    (S.ASKING, On.DOUBTED): (S.DOUBTED, (A.STOP_ASKING,)),
    (S.ENTERING, On.PASSED_ON): (S.ENTERING, (A.START_VISIT, A.END_VISIT)),
    (S.ENTERING, On.LEFT): (S.LEFT, (A.START_VISIT, A.END_VISIT, A.FORGET)),
    (S.WAITING, On.OFFERED): (S.OFFERED, (A.LEAVE_LINE,)),
    (S.WAITING, On.ANSWERED): (S.TALKING, (A.LEAVE_LINE, A.END_VISIT, A.START_TALK)),  # by a late 200
    (S.WAITING, On.MOVED): (S.ENTERING, (A.LEAVE_LINE, A.END_VISIT)),
    (S.WAITING, On.LEFT): (S.LEFT, (A.LEAVE_LINE, A.END_VISIT, A.FORGET)),
    (S.WAITING, On.DOUBTED): (S.DOUBTED, (A.LEAVE_LINE,)),
    (S.OFFERED, On.OFFERED): (S.OFFERED, (A.SEEK_NO_MORE,)),  # until the strategy wants another one
    (S.OFFERED, On.RELEASED): (S.WAITING, (A.SEEK_NO_MORE, A.JOIN_LINE)),
    (S.OFFERED, On.ANSWERED): (S.TALKING, (A.SEEK_NO_MORE, A.END_VISIT, A.START_TALK)),
    (S.OFFERED, On.MOVED): (S.ENTERING, (A.SEEK_NO_MORE, A.END_VISIT)),
    (S.OFFERED, On.LEFT): (S.LEFT, (A.SEEK_NO_MORE, A.END_VISIT, A.FORGET)),
    (S.OFFERED, On.DOUBTED): (S.DOUBTED, (A.SEEK_NO_MORE,)),
    (S.DOUBTED, On.RECOVERED): (S.WAITING, (A.JOIN_LINE,)),
    (S.DOUBTED, On.LEFT): (S.LEFT, (A.END_VISIT, A.FORGET)),
    (S.TALKING, On.AGENT_LOST): (S.WAITING, (A.END_TALK, A.START_VISIT, A.JOIN_LINE)),
    (S.TALKING, On.LEFT): (S.LEFT, (A.END_TALK, A.FORGET)),
}


class QueuedCall(msgspec.Struct, gc=False, omit_defaults=True):
    """One call that the router knows. Times are UTC microseconds."""

    id: str
    queue: str
    priority: int
    queued_at_us: int  # what order goes by
    arrival: int  # ties of the above
    state: CallState = CallState.ENTERING
    visit: str = ""
    entered_at_us: int = 0  # the visit's start
    due_us: int | None = None  # max_wait, while the visit lasts
    offers: list[str] = []  # those that it is bound to, in the order in which they were made
    ring_next_us: int | None = None  # when one more phone is to ring for it
    alone: bool = False  # offered to one agent out of turn: nobody else rings for it, whatever the strategy
    offer: str | None = None  # the one that became its conversation
    agent: str | None = None  # of the conversation
    steps: int = 0  # of its queue's recipe, those taken: see `acd.recipe`
    widened: int = 0  # of these, those that let other agents serve
    raised: int = 0  # by how much they have raised the priority, in this queue only
    look_at_us: int | None = None  # when its steps are looked at next, while the visit lasts
    assigned: str | None = None  # the only agent whom it waits for, because a supervisor said so
    assigned_rank: int = 0  # among those who wait for him so: the smaller, the earlier
    preferred: str | None = None  # the agent who comes first for it
    preferred_until_us: int | None = None  # then everybody may have it
    knows: str = ""  # the agent whom the caller knows, whether he comes first or not
    caller: str = ""  # his number; empty where it is not known
    resumed: bool = False  # he has the place of a call that he had given up
    ask_until_us: int | None = None  # while an outside program is asked
    requires: str = ""  # a skill expression of its own, beside the queue's
    channel: Channel = Channel.VOICE

    @property
    def reserved(self) -> str | None:
        """The only agent who may have it now, whoever said so."""
        return self.assigned or self.preferred

    def forget_steps(self) -> None:
        """The call comes to a queue: the steps that it took in another one do not count."""
        self.priority -= self.raised
        self.steps = self.widened = self.raised = 0
