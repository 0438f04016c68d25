"""The running switch as far as one holder may see it: the rest is not there, and 404 for him."""

from collections.abc import Sequence
from dataclasses import dataclass

from switch.access.holder import Holder, of_call
from switch.api.backend import Backend, Unknown
from switch.api.rows import AgentRow, PhoneRow, QueueRow, TrunkRow
from switch.events.board import Board
from switch.events.rows import Kind
from switch.events.subject import agent as of_agent
from switch.events.subject import queue as of_queue
from switch.records import CallRecord


@dataclass(frozen=True, slots=True)
class Sight:
    """What `holder` sees. Whatever he acts on is looked at first."""

    backend: Backend
    board: Board
    holder: Holder

    def queues(self) -> Sequence[QueueRow]:
        """Those in his scope."""
        return [row for row in self.backend.queues() if self.holder.sees_queue(row.name)]

    def queue(self, name: str) -> QueueRow:
        """Raises Unknown."""
        self.check_queue(name)
        return self.backend.queue(name)

    def agents(self) -> Sequence[AgentRow]:
        """Those in his scope, or who may serve a queue in it."""
        return [row for row in self.backend.agents() if self._sees_agent(row.name)]

    def agent(self, name: str) -> AgentRow:
        """Raises Unknown."""
        self.check_agent(name)
        return self.backend.agent(name)

    def phones(self) -> Sequence[PhoneRow]:
        """Those at which these agents sit."""
        return [row for row in self.backend.phones() if self._sees_phone(row)]

    def phone(self, name: str) -> PhoneRow:
        """Raises Unknown."""
        row = next((row for row in self.phones() if row.name == name), None)
        if row is None:
            raise Unknown(f"no phone {name!r}")
        return row

    def trunks(self) -> Sequence[TrunkRow]:
        """All of them, or none where he has a scope: they are everybody's."""
        return self.backend.trunks() if self.holder.scope is None else ()

    def sees_call(self, call: CallRecord) -> bool:
        """Whether it was in a queue or with an agent in his scope; one in progress, or rings for such."""
        return self.holder.sees(of_call(call)) or self.holder.sees(self.board.about(Kind.CALL, call.id))

    def check_queue(self, name: str) -> None:
        """Raises Unknown where it is out of his scope."""
        if not self.holder.sees_queue(name):
            raise Unknown(f"no queue {name!r}")

    def check_agent(self, name: str) -> None:
        """Raises Unknown where he is out of his scope."""
        if not self._sees_agent(name):
            raise Unknown(f"no agent {name!r}")

    def check_call(self, call: str) -> None:
        """Whether he may act on a call in progress: it is in a queue of his scope now, with an agent of it,
        rings for one, or was placed by one. Raises Unknown.
        """
        if self.holder.scope is None:
            return
        found, row = self.backend.active_call(call), self.board.call(call)
        queues = [each.queue for each in (found, row) if each is not None and each.queue is not None]
        agents = [each.agent for each in (found, row) if each is not None and each.agent is not None]
        agents += () if found is None or found.placed_by is None else (found.placed_by,)
        agents += () if row is None else row.ringing
        if not self.holder.sees([*map(of_queue, queues), *map(of_agent, agents)]):
            raise Unknown(f"no call {call!r} in progress")

    def _sees_agent(self, name: str) -> bool:
        return self.holder.scope is None or self.holder.sees_agent(name, self.backend.queues_of(name))

    def _sees_phone(self, row: PhoneRow) -> bool:
        return self.holder.scope is None or (row.agent is not None and self._sees_agent(row.agent))
