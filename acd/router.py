"""The router of one pool: events in, commands out. Pure: no clock, no I/O, no randomness.

The shell's duty for each wake-up: for each event take `record = Record(router.sequence + 1, now_us,
event)`, `commands = router.step(event, now_us)`, journal the record with the commands' count, one
write for all, and only then carry the commands out; then look at `deadline()` again.
"""

from acd.commands import Command
from acd.events import Event
from acd.views import AgentView, CallView, QueueView


class Router:
    """Decides who gets which call. Everything that it knows, it learned from events.

    `step` is total: an event about something unknown, a duplicate and a late one change nothing.
    The same events at the same times give the same commands and the same `state_hash`.
    """

    def __init__(self, pool: str = "main") -> None:
        self.pool = pool
        self.sequence = 0  # number of the last step, and of its record in the journal
        self.now_us = 0  # time of the last step

    def step(self, event: Event, now_us: int) -> list[Command]:
        """Take one event at UTC microseconds `now_us`; answer what is to be done, in order.

        Time that runs backwards is held at the last step's. An event of another pool changes nothing.
        """
        raise NotImplementedError

    def deadline(self) -> int | None:
        """When to step `DeadlinePassed` next (UTC microseconds), None if nothing is timed."""
        raise NotImplementedError

    def snapshot(self) -> bytes:
        """The whole state, msgpack. `restore` of it goes on exactly as this router would."""
        raise NotImplementedError

    @classmethod
    def restore(cls, snapshot: bytes) -> "Router":
        """A router as it was at `snapshot`. Raises `SnapshotError` for what is not one."""
        raise NotImplementedError

    def state_hash(self) -> str:
        """Hex digest of all facts (the step's number and time aside): equal states, equal digests."""
        raise NotImplementedError

    def agents(self) -> list[AgentView]:
        """All agents, in the order of their configuration."""
        raise NotImplementedError

    def agent(self, name: str) -> AgentView | None:
        """One agent."""
        raise NotImplementedError

    def queues(self) -> list[QueueView]:
        """All queues, in the order of their configuration."""
        raise NotImplementedError

    def queue(self, name: str) -> QueueView | None:
        """One queue."""
        raise NotImplementedError

    def calls(self) -> list[CallView]:
        """All calls that wait, are offered or talk to an agent from a queue."""
        raise NotImplementedError

    def call(self, name: str) -> CallView | None:
        """One call."""
        raise NotImplementedError
