"""What the router shows of itself: one row for each queue, agent and call, for API, metrics and commands."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from acd.agent import Agent, AgentState
from acd.board import Board
from acd.eligibility import Signature
from acd.offer import RINGS
from acd.queue import ClosedReason, EmergencyClose, Queue
from acd.queued_call import CallState, QueuedCall


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
    """One queue. `waiting` counts callers who wait or are being offered; `longest_since_us` is when the one
    who waits longest entered (None: nobody); `agents` counts those whose skills fit, by state."""

    name: str
    waiting: int
    longest_since_us: int | None
    agents: dict[AgentState, int]
    leaving: bool
    closed: ClosedReason | None
    emergency: EmergencyClose | None


@dataclass(frozen=True, slots=True)
class CallView:
    """One call. `agent` is the one who talks, or the first whose phone rings for it; `ringing` are all whose
    phones ring for it, `assigned` the only one whom it waits for; `steps` are those of its queue's recipe
    that it has taken, 1 is the first."""

    call: str
    queue: str
    state: CallState
    priority: int
    queued_at_us: int
    entered_at_us: int
    agent: str | None
    ringing: tuple[str, ...]
    assigned: str | None
    steps: tuple[int, ...]


def agent_views(board: Board, agents: Iterable[Agent]) -> list[AgentView]:
    """The rows of these agents; which queues a set of skills opens is found out once."""
    opened: dict[Signature, tuple[str, ...]] = {}
    rows = []
    for agent in agents:
        signature = board.eligibility.of_agent(agent.settings)
        if signature not in opened:
            opened[signature] = tuple(_opened(board, signature))
        rows.append(
            AgentView(
                name=agent.name,
                state=agent.announced,
                reason=agent.announced_reason,
                since_us=agent.since_us,
                call=agent.announced_call,
                skills=dict(agent.settings.skills),
                queues=opened[signature],
                leaving=agent.leaving,
            )
        )
    return rows


def _opened(board: Board, signature: Signature) -> Iterator[str]:
    for name in board.state.queues:
        if board.eligibility.of_queue(name) in signature.classes:
            yield name


def queue_views(board: Board, queues: Iterable[Queue]) -> list[QueueView]:
    """The rows of these queues; the agents are gone through once."""
    staff = Counter(
        (board.eligibility.of_agent(agent.settings), agent.announced) for agent in board.state.agents.values()
    )
    rows = []
    for queue in queues:
        skill_class = board.eligibility.of_queue(queue.settings.name)
        by_state = dict.fromkeys(AgentState, 0)
        for (signature, state), count in staff.items():
            if skill_class in signature.classes:
                by_state[state] += count
        rows.append(
            QueueView(
                name=queue.settings.name,
                waiting=len(queue.visits),
                longest_since_us=next(iter(queue.visits.values()), None),
                agents=by_state,
                leaving=queue.leaving,
                closed=queue.closed,
                emergency=queue.emergency,
            )
        )
    return rows


def call_view(board: Board, call: QueuedCall) -> CallView:
    """The row of one call."""
    offers = (board.state.offers[name] for name in call.offers)
    ringing = tuple(offer.agent for offer in offers if offer.state in RINGS)
    return CallView(
        call=call.id,
        queue=call.queue,
        state=call.state,
        priority=call.priority,
        queued_at_us=call.queued_at_us,
        entered_at_us=call.entered_at_us,
        agent=ringing[0] if ringing else call.agent,
        ringing=ringing,
        assigned=call.assigned,
        steps=tuple(number + 1 for number in range(call.steps.bit_length()) if call.steps >> number & 1),
    )
