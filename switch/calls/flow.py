"""A call and its verbs: what a flow, an ordinary async function, can do with a caller.

    async def support(call: Call) -> None:
        await call.answer()
        await call.play("welcome")
        await call.queue("support", requires="english >= 5")

The flow is the call's only task. What ends the call ends the task; nothing awaits in order to clean up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from acd.commands import LeaveQueue
from acd.events import ConversationEnd
from acd.skills import parse
from media.port import Silence
from switch.calls.causes import Farewell, farewell
from switch.calls.digits import Pressed
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.legs.events import (
    Answered,
    Connected,
    Ended,
    Held,
    LegEvent,
    Lost,
    Played,
    Refused,
    Ringing,
)
from switch.calls.legs.leg import Leg
from switch.calls.legs.owner import NOBODY, LegOwner
from switch.calls.parting import (
    Parting,
    agent_gone,
    agent_hung_up,
    caller_gone,
    cut_off,
    hung_up,
    party_gone,
    refused,
    unreachable,
)
from switch.calls.preferring import preferred_agent
from switch.calls.ringing.attempts import Attempts
from switch.calls.ringing.branches import Branches
from switch.calls.ringing.hunting import Attempt
from switch.calls.ringing.unreachable import Unreachable
from switch.calls.talking import Talking
from switch.config import values
from switch.config.queue import Queue
from switch.identities.caller import Caller
from switch.identities.redirection import Redirections
from switch.phones.makers import Alerting
from switch.records import LegRole

Flow = Callable[["Call"], Awaitable[None]]


class Call(Talking):
    """One caller's call, from his INVITE to the end."""

    told = Farewell()
    """What everybody is told at the end."""
    left_queue: Queue | None = None
    """The one that has let go of the caller."""
    _in_vain: Parting | None = None
    """How the call ends, when its caller has heard it."""
    _task: asyncio.Task[None] | None = None

    def start(self, flow: Flow) -> None:
        """Let `flow` direct the call from now on."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._exchange.loop.create_task(self._run(flow), name=f"call {self.id}")

    # Verbs

    async def queue(self, name: str, priority: int = 0, prefer: str = "", requires: str = "") -> LeaveQueue:
        """Wait in a queue and talk to an agent. Returns only when the router sends the caller elsewhere.

        Who has waited in a queue before keeps the time and the priority that he had there. The agent `prefer`
        comes first for him, where the queue allows that. Agents need what he `requires` beside what the queue
        does, such as `english >= 5 and not trainee >= 1`. Raises SkillError for what is no such expression,
        ValueError for a priority beyond what a configuration may say.
        """
        parse(requires)
        values.whole(priority)
        number = "" if self.identity.withheld else self.ledger.from_
        settings = self._exchange.config.queues.get(name)
        wished = None if settings is None else settings.prefer_agent
        preferred = await preferred_agent(self._exchange, wished, prefer, number)
        return await self.place.take(name, priority, number, preferred, requires)

    async def dial_phone(self, name: str, caller: Caller, display: str | None = None) -> None:
        """Ring a phone; its answer is the caller's answer, its refusal the call's end. It shows `display`, or
        who calls.
        """
        origin, occupied = self.caller.peer, self.reaching.occupied
        attempts = Attempts(self._exchange, self, origin, occupied, caller, display=display)
        await self._dial(attempts, attempts.phone(name))

    async def dial_trunk(
        self, name: str, number: str, caller: Caller, redirections: Redirections = ()
    ) -> None:
        """Call out over a trunk, likewise; `redirections` are those of a call that is only passed on."""
        origin, occupied = self.caller.peer, self.reaching.occupied
        attempts = Attempts(self._exchange, self, origin, occupied, caller, redirections)
        await self._dial(attempts, attempts.trunk(name, number))

    async def hangup(self, result: Result, reason: Reason) -> None:
        """End the call."""
        self.end(result, reason, EndedBy.SWITCH)

    def fork(self, url: str, rate_hz: int = 8000) -> str:
        """Let a speech service hear the call until its end; the fork's id. Raises ForkRefused."""
        return self.taps.fork(url, rate_hz, self.queued_as)

    def keep(self, kept: bool, by: EndedBy) -> bool:
        """Record what is said from now on, or silence in its place; False where nothing is recorded."""
        recording = self.taps.recording
        if recording is None or not recording.running:
            return False
        recording.pause(not kept, by)
        self.book.call_changed(self)
        if self.taps.forks is not None:
            self.taps.forks.pause(not kept)
        return True

    def spent(self) -> None:
        """Whoever called, or sent the caller on, has used up what he may spend on trunks today."""
        ledger = self.ledger
        result = Result.REJECTED if ledger.answered_us is None else cut_off(ledger, self.agent)
        self.end(result, Reason.TOLL_LIMIT, EndedBy.SWITCH)

    # What the router says

    def entered(self, queue: Queue | None) -> None:
        """The caller stands in the line of this queue, from now on or again."""
        self.queued_as = queue

    def left(self, command: LeaveQueue) -> None:
        """The router lets go of the call."""
        self.left_queue, self.queued_as = self.queued_as, None
        self.place.left(command)

    def wait_again(self) -> None:
        """The router does not know the caller, who waits: he gets his place back, or the call is over."""
        if self._exchange.dispatch.router.facts.is_gone(self.id):
            self.end(Result.FAILED, Reason.ERROR, EndedBy.SWITCH)
        else:
            self.place.take_again(self.ledger.visits[-1].queue)

    def ring_agent(
        self, phone: str, display: str, number: str, owner: LegOwner, alerting: Alerting
    ) -> Branches:
        """The legs of an offer; the offer owns them. Raises Unreachable."""
        if self._exchange.preferences.of(phone).do_not_disturb:
            raise Unreachable(486, "Busy Here")
        return self.dialling.phone(phone, LegRole.AGENT, display, number, owner, alerting, routed=True)

    def agent_vanished(self) -> None:
        """The agent answered and hung up before the two could be connected."""
        self.end(*agent_hung_up(self.ledger))

    # What the legs say

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on one of our legs."""
        if self.transfer is not None and isinstance(event, Ringing):
            self.transfer.rings()
        heard = self.reaching.hear(leg, event)
        if heard is not None:
            self._leg_event(leg, heard)

    def _leg_event(self, leg: Leg, event: LegEvent) -> None:
        match event:
            case Ended() | Lost():
                self._gone(leg, event)
            case Connected() if leg is self.caller:
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
                self._nobody_there(refused(event))
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
        self.settle()
        if self._conversation is not None:
            self._conversation.end()
        if self.supervision is not None:
            self.supervision.over()
        if self.third is not None:
            self.third.over()
        if self.transfer is not None:
            self.transfer.over()
        if self.parked is not None:
            self.parked.over()
        ledger.parted(now_us)
        if ledger.overflowed and result is not Result.FAILED:
            result = Result.OVERFLOWED  # whatever became of it at the phone where the queue sent it
        ledger.ended_us, ledger.result, ledger.reason, ledger.ended_by = now_us, result, reason, ended_by
        self.place.over(self.agent, reason)
        self.taps.end()
        for leg in ledger.legs:
            leg.end(self.told)
        self.reaching.over()
        self.caller_side.release(now_us)
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        self._let_go()
        self.book.call_over(self)

    def end_in_vain(self, parting: Parting) -> None:
        """End the call so, for nobody was there; a caller who has our 200 hears it first."""
        self.party, self._in_vain = None, parting
        self.reaching.in_vain(parting.reason, partial(self.end, *parting))

    def _let_go(self) -> None:
        """Break the circles of references. Otherwise the collector has to find every ended call, and at a
        hundred calls a second it stops the loop for a tenth of a second to do so.
        """
        for leg in self.ledger.legs:
            leg.owner = NOBODY
        self._playing.stop()
        self.reaching.forget()
        self._task = self._conversation = self._conference = self._gathering = self._announcing = None
        self.hears = Silence

    # Inside

    async def _run(self, flow: Flow) -> None:
        try:
            await flow(self)
            served = Result.ANSWERED if self.ledger.was_served else Result.COMPLETED
            self.end(served, Reason.FLOW_ENDED, EndedBy.SWITCH)
        except Exception:  # noqa: BLE001 - a task's edge: a broken flow ends its own call only
            structlog.get_logger("call").exception("flow failed", call=self.id)
            self.end(Result.FAILED, Reason.ERROR, EndedBy.SWITCH)

    def _connected(self) -> None:
        self.ledger.connected(self._exchange.now_us())
        self.book.leg_confirmed(self.caller, self)
        if self._conversation is not None:
            self._conversation.begin(self._playing.next_token())

    async def _dial(self, attempts: Attempts, first: Sequence[Attempt]) -> None:
        try:
            self.reaching.begin(attempts, first)
        except Unreachable as error:
            self.end_in_vain(unreachable(error))
        await self.until_over()

    def _nobody_there(self, parting: Parting) -> None:
        """Of those who were called."""
        if self.transfer is not None:
            self.transfer.in_vain(parting)
        elif self.parked is not None:
            self.parked.in_vain()
        else:
            self.end_in_vain(parting)

    def _caller_gone(self, event: Ended | Lost) -> Parting:
        """The caller's end; an agent may have his place, whose caller has sent him on."""
        gone = caller_gone(event, self.ledger, self.agent)
        if self.caller.role is not LegRole.AGENT:
            return gone
        return agent_gone(event, self.ledger) or gone._replace(reason=Reason.AGENT_LOST)

    def _pressed(self, leg: Leg, pressed: Pressed) -> None:
        if self._conversation is not None:
            self._conversation.pressed(leg, pressed)
            self._keyed.pressed(self, leg, pressed.digit)
        elif self._gathering is not None and leg is self.caller:
            self._gathering.pressed(pressed.digit)
        else:
            self.reaching.pressed(leg, pressed)

    def _heard(self, leg: Leg, token: int) -> None:
        if self._conversation is not None:
            self._conversation.played(leg, token)
        if self._announcing is not None:
            self._announcing.played(leg, token)
        if self._conversation is None and leg is self.caller:
            self.announced(token)
        self._playing.heard(token)

    def _gone(self, leg: Leg, event: Ended | Lost) -> None:
        if leg is self.caller:
            self.end(*(self._in_vain or self._caller_gone(event)))
        elif leg is not self.party:
            pass  # he had left before
        elif self.third is not None:
            self.third.take_place()
        elif self._announcing is not None and hung_up(event):
            self._party_left(leg, ConversationEnd.AGENT_LEFT)
        elif (parting := party_gone(leg.role, event, self.ledger)) is not None:
            self.end(*parting)
        else:
            self._party_left(leg, ConversationEnd.AGENT_LOST)
