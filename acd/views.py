"""What the router shows of itself: one row for each queue, agent and call, for API, metrics and commands."""

from dataclasses import dataclass

from acd.agent import AgentState


@dataclass(frozen=True, slots=True)
class AgentView:
    """One agent. `call` rings, talks or is being wrapped up; `queues` are those the skills open."""

    name: str
    state: AgentState
    reason: str
    since_us: int
    call: str | None
    skills: dict[str, int]
    queues: tuple[str, ...]
    leaving: bool


@dataclass(frozen=True, slots=True)
class QueueView:
    """One queue. `waiting` counts callers who wait or are being offered; `longest_since_us` is when the one who
    waits longest entered (None: nobody); `agents` counts those whose skills fit, by state."""

    name: str
    waiting: int
    longest_since_us: int | None
    agents: dict[AgentState, int]
    leaving: bool


@dataclass(frozen=True, slots=True)
class CallView:
    """One call that waits, is offered or talks. `state` is waiting, offered or talking."""

    call: str
    queue: str
    state: str
    priority: int
    queued_at_us: int
    entered_at_us: int
    agent: str | None
