"""The agents of the days: each in one state at a time, which is told whenever it changes."""

from collections.abc import Callable
from dataclasses import dataclass

from switch.history.entries import AgentChanged, Entry
from switch.records import AgentState, AgentStateRecord, utc
from tests.history_days.centre import Person

_IDLE = frozenset({AgentState.READY, AgentState.PAUSED, AgentState.OFFLINE, AgentState.UNREACHABLE})
_HERE = frozenset({AgentState.READY, AgentState.PAUSED, AgentState.UNREACHABLE})


@dataclass
class Agent:
    """A person at work. What he asks for while a call has him comes after it."""

    person: Person
    tell: Callable[[Entry], None]
    state: AgentState = AgentState.OFFLINE
    since_us: int = 0
    wants: tuple[AgentState, str | None] = (AgentState.OFFLINE, None)
    retry_us: int = 0
    """He has turned a call down: no other before that."""
    turns: int = 0
    """Counts his states: who finds another number comes too late."""

    def enter(
        self, now_us: int, state: AgentState, reason: str | None = None, call: str | None = None
    ) -> None:
        """From now on he is in this state."""
        assert now_us > self.since_us, "one state at a time"
        self.state, self.since_us = state, now_us
        self.turns += 1
        change = AgentStateRecord(
            agent=self.person.name, state=state, reason=reason, since=utc(now_us), call=call
        )
        self.tell(AgentChanged(change=change))

    def ask(self, now_us: int, state: AgentState, reason: str | None = None) -> None:
        """He wants to be in this state: at once, or after the call that has him."""
        if self.wants == (state, reason):
            return
        self.wants = (state, reason)
        if self.state in _IDLE:
            self.enter(now_us, state, reason)

    def free(self, now_us: int) -> None:
        """No call has him any more: he is in the state that he wanted."""
        self.enter(now_us, *self.wants)

    @property
    def works(self) -> bool:
        """Whether he is in his shift."""
        return self.wants[0] in _HERE

    def can_take(self, now_us: int, queue: str) -> bool:
        """Whether he may be offered a call of this queue."""
        return (
            self.state is AgentState.READY
            and queue in self.person.queues
            and now_us > max(self.retry_us, self.since_us)
        )
