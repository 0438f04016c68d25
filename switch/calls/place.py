"""A call's place with the router: its wait in a line, its talk to an agent, and how each ends."""

import asyncio

import msgspec

from acd.commands import LeaveQueue
from acd.events import (
    CallGone,
    CallQueued,
    ConversationEnd,
    ConversationEnded,
    ConversationMoved,
    GoneReason,
)
from acd.queued_call import QueuedCall
from switch.calls.ending import Reason
from switch.calls.visits import CONVERSATION, GONE
from switch.exchange import Exchange


class Place:
    """Of one call. Who has waited before keeps the time and the priority that he had there first."""

    def __init__(self, exchange: Exchange, call: str) -> None:
        self._exchange = exchange
        self._call = call
        self._queued: CallQueued | None = None
        """As the router was told last; time and priority are those of the first time."""
        self._is_known = True
        """To the router, by this call's name, once the caller has waited."""
        self._left: asyncio.Future[LeaveQueue] | None = None

    async def take(
        self, queue: str, priority: int, caller: str = "", preferred: str = "", requires: str = ""
    ) -> LeaveQueue:
        """Wait in that queue, until the router sends the caller, of that number, elsewhere. An agent who is
        `preferred` comes first for him there; agents need what he `requires`, beside what the queue does.
        Before him come those who may return to their line after a crash.
        """
        if self._queued is None:
            now_us = self._exchange.now_us()
            self._queued = CallQueued(
                call=self._call, queue=queue, queued_at_us=now_us, priority=priority, caller=caller
            )
        self._left = self._exchange.loop.create_future()
        self._queued = msgspec.structs.replace(
            self._queued, queue=queue, preferred=preferred, requires=requires
        )
        await self._exchange.in_order.wait()
        self._exchange.dispatch.post(self._queued)
        return await self._left

    def take_again(self, queue: str) -> None:
        """The router has lost the caller's place: he gets it back."""
        if self._queued is not None:
            self._exchange.dispatch.post(msgspec.structs.replace(self._queued, queue=queue))

    def resume(self, known: QueuedCall) -> None:
        """After a crash of ours: the router has kept the place."""
        self._queued = CallQueued(
            call=self._call,
            queue=known.queue,
            queued_at_us=known.queued_at_us,
            priority=known.priority - known.raised,
            requires=known.requires,
            caller=known.caller,
        )

    @property
    def requires(self) -> str:
        """What agents need for the call, beside what its queue asks of them."""
        return "" if self._queued is None else self._queued.requires

    @property
    def priority(self) -> int:
        """Of the caller; 0 where he never waited."""
        return 0 if self._queued is None else self._queued.priority

    @property
    def waited_s(self) -> float:
        """How long ago he came to his first queue."""
        return 0.0 if self._queued is None else (self._exchange.now_us() - self._queued.queued_at_us) / 1e6

    def left(self, command: LeaveQueue) -> None:
        """The router sends the caller elsewhere."""
        if self._left is not None and not self._left.done():
            self._left.set_result(command)

    def talk_over(self, agent: str, how: ConversationEnd) -> None:
        """The caller does not talk to this agent any more."""
        self._exchange.dispatch.post(ConversationEnded(call=self._call, agent=agent, how=how))

    def moved(self, agent: str, to: str) -> None:
        """The agent talks on, in another call."""
        self._exchange.dispatch.post(ConversationMoved(call=self._call, agent=agent, to=to))

    def forget(self) -> None:
        """The call's agent goes on in another one: the router is told nothing more of this one."""
        self._is_known = False

    def succeed(self, other: "Place") -> None:
        """The agent of another call goes on in this one, which the router knows in its place from then on."""
        if self._queued is None and other._queued is not None:
            self._queued = msgspec.structs.replace(other._queued, call=self._call)

    def word(self) -> asyncio.Future[LeaveQueue] | None:
        """Where the router will send the caller, who waits again; None where his flow asks that already."""
        if self._left is not None and not self._left.done():
            return None
        self._left = self._exchange.loop.create_future()
        return self._left

    def awaited(self) -> asyncio.Future[LeaveQueue]:
        """Where the router will send a caller who waits on after a crash of ours."""
        self._left = self._exchange.loop.create_future()
        return self._left

    def over(self, agent: str | None, reason: Reason) -> None:
        """The call has ended; `agent` is whom the caller talked to."""
        if agent is not None:
            self.talk_over(agent, CONVERSATION.get(reason, ConversationEnd.FAILED))
        elif self._queued is not None and self._is_known:
            gone = GONE.get(reason, GoneReason.FAILED)
            self._exchange.dispatch.post(CallGone(call=self._call, reason=gone))
