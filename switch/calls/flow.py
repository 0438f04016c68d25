"""A call and its verbs: what a flow, an ordinary async function, can do with a caller.

    async def support(call: Call) -> None:
        await call.answer()
        await call.play("welcome")
        await call.queue("support")

The flow is the call's only task. What ends the call ends the task; nothing awaits in order to clean up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from acd.commands import LeaveQueue
from acd.events import CallGone, CallQueued, ConversationEnd, ConversationEnded, GoneReason
from switch.calls.attempts import Attempts
from switch.calls.books import CallBook
from switch.calls.bridge import Bridge
from switch.calls.causes import NORMAL_CLEARING, Farewell, farewell
from switch.calls.conferences import Conferences
from switch.calls.conversation import Conversation
from switch.calls.dialling import Dialling, Unreachable
from switch.calls.digits import Pressed
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.forks import CallForks, ForkRefused
from switch.calls.hunting import Attempt, Hunt
from switch.calls.ledger import Ledger
from switch.calls.leg import Leg
from switch.calls.leg_events import Answered, Connected, Ended, Held, LegEvent, Lost, Played, Refused
from switch.calls.leg_incoming import IncomingLeg
from switch.calls.leg_outgoing import OutgoingLeg
from switch.calls.leg_owner import NOBODY, LegOwner
from switch.calls.parting import (
    agent_gone,
    agent_hung_up,
    callee_gone,
    caller_gone,
    refused,
    supervisor_gone,
    unreachable,
)
from switch.calls.reaching import Reaching
from switch.calls.recording import CallRecording
from switch.calls.redirecting import Redirecting
from switch.calls.supervision import Supervision
from switch.calls.verbs import CallerVerbs
from switch.calls.visits import CONVERSATION, GONE
from switch.config.schema import Queue, RecordDigits
from switch.exchange import Exchange
from switch.identities.caller import Caller
from switch.identities.redirection import Redirections
from switch.limits import Room
from switch.records import LegRole, SegmentKind
from switch.toll.call_toll import CallToll

Flow = Callable[["Call"], Awaitable[None]]


class Call(CallerVerbs):
    """One caller's call, from his INVITE to the end."""

    def __init__(
        self,
        exchange: Exchange,
        book: CallBook,
        ledger: Ledger,
        caller: IncomingLeg,
        max_forwards: int,
        slots: Sequence[Room] = (),
    ) -> None:
        super().__init__(exchange, caller)
        self.id = ledger.id
        self.ledger = ledger
        self.told = Farewell()
        """What everybody is told at the end."""
        self.agent: str | None = None
        """The agent that the caller talks to."""
        self.party: Leg | None = None
        """The other side: agent or callee, ringing or talking."""
        self.queued_as: Queue | None = None
        self.recording: CallRecording | None = None
        self.forks: CallForks | None = None
        self.supervision: Supervision | None = None
        """Who listens in, while somebody does or his phone rings."""
        self.book = book
        self._slots = list(slots)
        self.dialling = Dialling(exchange, book, caller, max_forwards)
        self._conversation: Conversation | None = None
        self._conference: Bridge | None = None
        self._reaching: Reaching | None = None
        self._task: asyncio.Task[None] | None = None
        self._left: asyncio.Future[LeaveQueue] | None = None
        ledger.legs.append(caller)

    def start(self, flow: Flow) -> None:
        """Let `flow` direct the call."""
        self._task = self._exchange.loop.create_task(self._run(flow), name=f"call {self.id}")

    # Verbs

    async def confer(self, conferences: Conferences, name: str) -> None:
        """Talk to all who are in the conference of that name."""
        self.ledger.joined(SegmentKind.CONFERENCE, (self.caller,), self._exchange.now_us())
        try:
            self._conference = conferences.join(name, self.caller)
            await self.until_over()
        finally:
            conferences.leave(name, self.caller)

    async def queue(self, name: str, priority: int = 0) -> LeaveQueue:
        """Wait in a queue and talk to an agent. Returns only when the router sends the caller elsewhere."""
        now_us = self._exchange.now_us()
        self._left = self._exchange.loop.create_future()
        self._exchange.dispatch.post(
            CallQueued(call=self.id, queue=name, queued_at_us=now_us, priority=priority)
        )
        return await self._left

    async def dial_phone(self, name: str, caller: Caller, display: str | None = None) -> None:
        """Ring a phone; its answer is the caller's answer, its refusal the call's end. It shows `display`, or
        who calls.
        """
        attempts = self._attempts(caller, display=display)
        self._reach(attempts, attempts.phone(name))
        await self.until_over()

    async def dial_trunk(
        self, name: str, number: str, caller: Caller, redirections: Redirections = ()
    ) -> None:
        """Call out over a trunk, likewise; `redirections` are those of a call that is only passed on."""
        attempts = self._attempts(caller, redirections)
        self._reach(attempts, attempts.trunk(name, number))
        await self.until_over()

    async def hangup(self, result: Result, reason: Reason) -> None:
        """End the call."""
        self.end(result, reason, EndedBy.SWITCH)

    def fork(self, url: str, rate_hz: int = 8000) -> str:
        """Let a speech service hear the call until its end; the fork's id. Raises ForkRefused."""
        digits = RecordDigits.MASKED if self.queued_as is None else self.queued_as.record_digits
        if self.forks is None:
            self.forks = CallForks(self.id, self.recording is not None and self.recording.paused)
        return self.forks.begin(self.caller.port, url, rate_hz, self._exchange.config.media.fork_to, digits)

    def spent(self) -> None:
        """Whoever called has used up what he may spend on trunks today."""
        result = Result.COMPLETED if self.ledger.answered_us is not None else Result.REJECTED
        self.end(result, Reason.TOLL_LIMIT, EndedBy.SWITCH)

    # What the router says

    def entered(self, queue: Queue | None) -> None:
        """The caller stands in the line of this queue, from now on or again."""
        self.queued_as = queue

    def left(self, command: LeaveQueue) -> None:
        """The router lets go of the call."""
        self.queued_as = None
        if self._left is not None and not self._left.done():
            self._left.set_result(command)

    def ring_agent(self, phone: str, display: str, number: str, owner: LegOwner) -> OutgoingLeg:
        """The leg of an offer; the offer owns it. Raises Unreachable."""
        return self.dialling.phone(phone, LegRole.AGENT, display, number, owner, routed=True)

    def connect(self, agent: str, leg: Leg) -> None:
        """An agent has answered: the leg is ours now, and the two are connected."""
        self.agent, self.party, leg.owner = agent, leg, self
        self.ledger.legs.append(leg)
        self.converse()

    def converse(self) -> None:
        """The other side is up: answer the caller too, and connect the two as soon as he is."""
        if self.party is None:
            return
        self.ledger.answered(self._exchange.now_us())
        self.caller.answer()
        self.book.leg_confirmed(self.party, self)
        self._converse(by_agent=True)

    def agent_vanished(self) -> None:
        """The agent answered and hung up before the two could be connected."""
        self.end(*agent_hung_up(self.ledger))

    # A supervisor

    @property
    def bridge(self) -> Bridge | None:
        """By which the caller hears who he talks to."""
        return None if self._conversation is None else self._conversation.bridge

    def let_wait(self, leg: Leg) -> None:
        """Let a leg hear what a caller hears who waits for an agent."""
        if self.queued_as is not None:
            leg.send(self._exchange.music(self.queued_as.music))

    def take_over(self, leg: Leg) -> None:
        """The supervisor has the place of whoever the caller talks to, who leaves; the call goes on."""
        before, leg.owner = self.party, self
        self._part()
        self._log.info("call taken over", agent=self.agent, leg=leg.id, phone=leg.peer.name)
        if self.agent is not None:
            how = ConversationEnd.TRANSFERRED
            self._exchange.dispatch.post(ConversationEnded(call=self.id, agent=self.agent, how=how))
        self.agent, self.party = None, leg
        self._converse(by_agent=False)
        if before is not None:
            before.end(Farewell(q850=NORMAL_CLEARING))

    # What the legs say

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on one of our legs."""
        heard = event if self._reaching is None else self._reaching.hear(leg, event)
        if heard is not None:
            self._leg_event(leg, heard)

    def _leg_event(self, leg: Leg, event: LegEvent) -> None:
        match event:
            case Ended() | Lost():
                self._gone(leg, event)
            case Connected():
                self._connected()
            case Held():
                if self._conversation is not None:
                    self._conversation.held()
                elif self._conference is not None:
                    self._conference.update()
            case Played(token=token):
                self._heard(leg, token)
            case Pressed():
                self._pressed(leg, event)
            case Answered() if leg is self.party:
                self.converse()
            case Refused() if leg is self.party:
                self.end(*refused(event))
            case _:
                pass

    # The end

    def end(self, result: Result, reason: Reason, ended_by: EndedBy, told: Farewell | None = None) -> None:
        """End the call, once: every leg, the router's part, the flow. Synchronous and idempotent."""
        if self.over:
            return
        self.over = True
        self.told = told or farewell(reason)
        now_us = self._exchange.now_us()
        ledger = self.ledger
        if self._conversation is not None:
            self._conversation.end()
        if self.supervision is not None:
            self.supervision.over()
        ledger.parted(now_us)
        if ledger.overflowed and result is not Result.FAILED:
            result = Result.OVERFLOWED  # whatever became of it at the phone where the queue sent it
        ledger.ended_us, ledger.result, ledger.reason, ledger.ended_by = now_us, result, reason, ended_by
        self._leave_router(reason)
        if self.recording is not None:
            self.recording.stop()
        if self.forks is not None:
            self.forks.end()
        if self._reaching is not None:
            self._reaching.stop()
        for leg in ledger.legs:
            leg.end(self.told)
        for slot in self._slots:
            slot.release()
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._let_go()
        self.book.call_over(self)

    def _let_go(self) -> None:
        """Break the circles of references. Otherwise the collector has to find every ended call, and at a
        hundred calls a second it stops the loop for a tenth of a second to do so.
        """
        for leg in self.ledger.legs:
            leg.owner = NOBODY
        self._playing.stop()
        self._task = self._left = self._conversation = self._reaching = None
        self._conference = None

    # Inside

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        log: structlog.stdlib.BoundLogger = structlog.get_logger("call")
        return log.bind(call=self.id)

    async def _run(self, flow: Flow) -> None:
        try:
            await flow(self)
            self.end(Result.COMPLETED, Reason.FLOW_ENDED, EndedBy.SWITCH)
        except Exception:  # noqa: BLE001 - a task's edge: a broken flow ends its own call only
            self._log.exception("flow failed")
            self.end(Result.FAILED, Reason.ERROR, EndedBy.SWITCH)

    def _connected(self) -> None:
        self.ledger.connected(self._exchange.now_us())
        self.book.leg_confirmed(self.caller, self)
        if self._conversation is not None:
            self._conversation.begin(self._playing.next_token())

    def _attempts(
        self, caller: Caller, redirections: Redirections = (), display: str | None = None
    ) -> Attempts:
        peer, hold = self.caller.peer, self._slots.append
        guard, now_us = self._exchange.toll, self._exchange.now_us
        toll = CallToll(guard, peer, self.ledger, self._slots, self.spent, now_us)
        return Attempts(self._exchange, self.dialling, self, caller, hold, toll, redirections, display)

    def _reach(self, attempts: Attempts, first: Sequence[Attempt]) -> None:
        """Call the other side, until somebody is there."""
        hunt = Hunt(self._exchange, first, Redirecting(self._exchange, self.caller.peer, attempts).follow)
        self._reaching = Reaching(self.caller, hunt, self._exchange.config.media.tones)
        try:
            hunt.begin(self._called)
        except Unreachable as error:
            self.end(*unreachable(error))

    def _converse(self, by_agent: bool) -> None:
        if self.party is None:
            return
        self._conversation = Conversation(
            self._exchange,
            self.ledger,
            self.caller,
            self.party,
            self.queued_as,
            self._joined,
            by_agent=by_agent,
        )
        if self.caller.answered:
            self._conversation.begin(self._playing.next_token())

    def _part(self) -> None:
        """Caller and party are not connected any more."""
        if self._conversation is not None:
            self._conversation.end()
            self._conversation = None
        if self.supervision is not None:
            self.supervision.part()

    def _called(self, leg: OutgoingLeg) -> None:
        """This is the leg that counts now."""
        self.party = leg
        self.ledger.legs.append(leg)
        if self._reaching is not None:
            self._reaching.called(leg)

    def _pressed(self, leg: Leg, pressed: Pressed) -> None:
        if self._conversation is not None:
            self._conversation.pressed(leg, pressed)
        elif self._reaching is not None:
            self._reaching.pressed(leg, pressed)

    def _joined(self) -> None:
        """The two begin to hear each other."""
        if self.supervision is not None and self.bridge is not None and self.party is not None:
            self.supervision.join(self.bridge, self.party)
        if self.queued_as is not None and self.queued_as.record:
            if self.recording is None:
                digits = self.queued_as.record_digits
                self.recording = CallRecording(self._exchange.config.server, self.ledger, digits)
            if self.recording.go_on(self.caller.port):
                self.book.recording_started(self)
        if self.queued_as is not None and self.queued_as.fork is not None and self.forks is None:
            try:
                self.fork(self.queued_as.fork)
            except ForkRefused as error:
                self._log.error("cannot fork", error=str(error))
        self.book.call_changed(self)

    def _heard(self, leg: Leg, token: int) -> None:
        if self._conversation is not None:
            self._conversation.played(leg, token)
        self._playing.heard(token)

    def _gone(self, leg: Leg, event: Ended | Lost) -> None:
        if leg is self.caller:
            self.end(*caller_gone(event, self.ledger, self.agent))
        elif leg is self.party and self.agent is not None:
            self._agent_gone(leg, event)
        elif leg is self.party and leg.role is LegRole.SUPERVISOR:
            self.end(*supervisor_gone(event, self.ledger))
        elif leg is self.party:
            self.end(*callee_gone(event, self.ledger))

    def _agent_gone(self, leg: Leg, event: Ended | Lost) -> None:
        if (parting := agent_gone(event, self.ledger)) is not None:
            self.end(*parting)
            return
        leg.end(Farewell(q850=NORMAL_CLEARING))
        self._part()
        agent, self.agent, self.party = self.agent, None, None
        if self.recording is not None:
            self.recording.leave_out()
        self.let_wait(self.caller)
        self._exchange.dispatch.post(
            ConversationEnded(call=self.id, agent=agent or "", how=ConversationEnd.AGENT_LOST)
        )
        self.book.call_changed(self)

    def _leave_router(self, reason: Reason) -> None:
        if self.agent is not None:
            how = CONVERSATION.get(reason, ConversationEnd.FAILED)
            self._exchange.dispatch.post(ConversationEnded(call=self.id, agent=self.agent, how=how))
        elif self._left is not None:
            self._exchange.dispatch.post(CallGone(call=self.id, reason=GONE.get(reason, GoneReason.FAILED)))
