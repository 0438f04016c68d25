"""Who is asking: the holder of a token."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from switch.access.rights import RIGHTS, Right, Role
from switch.events.subject import Subject
from switch.events.subject import agent as of_agent
from switch.events.subject import queue as of_queue
from switch.records import CallRecord


@dataclass(frozen=True, slots=True)
class Holder:
    """A token's name, what it is for, and whom it may see and act on: `scope` None is everybody."""

    name: str
    role: Role
    scope: frozenset[Subject] | None = None
    token: str = ""
    """Its id; empty for `admin.token`."""

    def may(self, right: Right) -> bool:
        """Whether its role has that right."""
        return right in RIGHTS[self.role]

    def sees(self, about: Iterable[Subject]) -> bool:
        """Whether one of these is in its scope. What is about nobody is seen without a scope only."""
        return self.scope is None or not self.scope.isdisjoint(about)

    def sees_queue(self, name: str) -> bool:
        """Whether that queue is."""
        return self.sees([of_queue(name)])

    def sees_agent(self, name: str, queues: Iterable[str]) -> bool:
        """Whether that agent is, or a queue that he may serve."""
        return self.sees([of_agent(name), *map(of_queue, queues)])


ADMINISTRATOR: Final = Holder("administrator", Role.ADMIN)
"""Whoever has `admin.token`."""


def of_call(call: CallRecord) -> frozenset[Subject]:
    """Whom a call is about: its queue and agent, those of all its visits, and the agent who placed it."""
    queues = {call.queue, *(visit.queue for visit in call.visits)} - {None}
    agents = {call.agent, call.placed_by, *(visit.agent for visit in call.visits)} - {None}
    return frozenset([*(of_queue(name or "") for name in queues), *(of_agent(name or "") for name in agents)])
