"""A call and its verbs: what a flow, an ordinary async function, can do with a caller.

    async def support(call: Call) -> None:
        await call.answer()
        await call.play("welcome")
        await call.queue("support")

The flow is the call's only task. What ends the call ends the task; nothing awaits in order to clean up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog

from acd.commands import LeaveQueue
from acd.events import ConversationEnd
from media.port import Silence, Source
from media.sound import Sound
from switch.calls.announcing import Announcing, announcement, greeting
from switch.calls.attempts import Attempts
from switch.calls.books import CallBook
from switch.calls.branches import Branches
from switch.calls.bridge import Bridge
from switch.calls.brought import Brought, after
from switch.calls.causes import Farewell, farewell
from switch.calls.conversation import DEFAULT_MUSIC, Conversation
from switch.calls.departing import Departure
from switch.calls.dialling import Dialling
from switch.calls.digits import Pressed
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.handing import await_party_of, receive
from switch.calls.hunting import Attempt
from switch.calls.keyed import Keyed
from switch.calls.ledger import Ledger
from switch.calls.leg import Leg
from switch.calls.leg_events import Answered, Connected, Ended, Held, LegEvent, Lost, Played, Refused, Ringing
from switch.calls.leg_incoming import IncomingLeg
from switch.calls.leg_outgoing import OutgoingLeg
from switch.calls.leg_owner import NOBODY, LegOwner
from switch.calls.occupancy import Sides
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
from switch.calls.place import Place
from switch.calls.reaching import Reaching
from switch.calls.supervision import Supervision
from switch.calls.taps import Taps
from switch.calls.unreachable import Unreachable
from switch.calls.verbs import CallerVerbs
from switch.config.schema import Queue
from switch.exchange import Exchange
from switch.identities.caller import Caller
from switch.identities.redirection import Redirections
from switch.phones.makers import Alerting
from switch.records import LegRole

if TYPE_CHECKING:
    from switch.calls.parking import Parked
    from switch.calls.three_way import Third
    from switch.calls.transferring import Transfer

Flow = Callable[["Call"], Awaitable[None]]


class Call(CallerVerbs):
    """One caller's call, from his INVITE to the end."""

    def __init__(
        self,
        exchange: Exchange,
        book: CallBook,
        ledger: Ledger,
        caller: IncomingLeg,
        identity: Caller,
        max_forwards: int,
        sides: Sides,
    ) -> None:
        """`identity` is as whom the caller calls."""
        super().__init__(exchange, caller, ledger)
        self.id = ledger.id
        self.identity = identity
        self.told = Farewell()
        """What everybody is told at the end."""
        self.agent: str | None = None
        """The agent that the caller talks to."""
        self.party: Leg | None = None
        """The other side: agent or callee, ringing or talking."""
        self.queued_as: Queue | None = None
        self.taps = Taps(exchange, ledger, caller.port)
        self.supervision: Supervision | None = None
        """Who listens in, while somebody does or his phone rings."""
        self.transfer: Transfer | None = None
        """While the caller is sent on and nobody has him yet."""
        self.leaving: Departure | None = None
        """Who sent the caller on, until his leg ends."""
        self.third: Third | None = None
        """Who has been brought to caller and party."""
        self.parked: Parked | None = None
        """While he is parked."""
        self.book = book
        self.dialling = Dialling(exchange, book, caller, max_forwards)
        self.party_identity: Caller | None = None
        self._conversation: Conversation | None = None
        self._announcing: Announcing | None = None
        """While the agent who has answered is told of the caller, who still waits."""
        self.brought: Brought | None = None
        """Whom another call has handed over: the router does not know yet."""
        self._in_vain: Parting | None = None
        """How the call ends, when its caller has heard it."""
        self._keyed = Keyed(exchange)
        self.caller_side = sides.caller
        self.reaching = Reaching(exchange, caller, sides.party, self.called, self.let_hear)
        self.place = Place(exchange, ledger.id)
        self._task: asyncio.Task[None] | None = None
        ledger.legs.append(caller)

    def start(self, flow: Flow) -> None:
        """Let `flow` direct the call from now on."""
        if self._task is not None:
            self._task.cancel()
        self._task = self._exchange.loop.create_task(self._run(flow), name=f"call {self.id}")

    # Verbs

    async def queue(self, name: str, priority: int = 0) -> LeaveQueue:
        """Wait in a queue and talk to an agent. Returns only when the router sends the caller elsewhere.

        Who has waited in a queue before keeps the time and the priority that he had there.
        """
        return await self.place.take(name, priority)

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
        self.queued_as = None
        self.place.left(command)

    def ring_agent(
        self, phone: str, display: str, number: str, owner: LegOwner, alerting: Alerting
    ) -> Branches:
        """The legs of an offer; the offer owns them. Raises Unreachable."""
        if self._exchange.preferences.of(phone).do_not_disturb:
            raise Unreachable(486, "Busy Here")
        return self.dialling.phone(phone, LegRole.AGENT, display, number, owner, alerting, routed=True)

    def connect(self, agent: str, leg: Leg, rang: Sequence[Leg] = ()) -> None:
        """An agent has answered: the leg is ours now, and the two are connected. `rang` are all legs of the
        offer.
        """
        self.agent, self.party, leg.owner = agent, leg, self
        self.ledger.legs += rang or (leg,)
        self.converse()

    def converse(self) -> None:
        """The other side is up: tell an agent of the caller, answer the caller too, and connect the two."""
        if self.party is None:
            return
        now_us = self._exchange.now_us()
        self.ledger.answered(now_us)
        self.reaching.occupied.answered(now_us)
        if self.transfer is not None:
            self.transfer.answered()
        if self.parked is not None:
            self.parked.over()
            self.start(CallerVerbs.until_over)  # no music for him when who parked him has left at last
        self.book.leg_confirmed(self.party, self)
        told = self._announcement()
        if told:
            token = self._playing.next_token()
            self._announcing = Announcing(self.party, told, token, self._put_through)
        else:
            self._put_through()

    def _announcement(self) -> tuple[Sound, ...]:
        """What the agent who has answered hears before he is connected."""
        if self.agent is None or not self._is_agents:
            return ()
        return announcement(self._exchange, self.queued_as, self.agent, self.place)

    def _greeting(self, *, noticed: bool) -> tuple[Sound, ...]:
        """What the agent has recorded for who is put through to him."""
        if noticed or self.agent is None or not self._is_agents:
            return ()
        return greeting(self._exchange, self.agent)

    @property
    def _is_agents(self) -> bool:
        """Whether the other side is the agent: he may be the caller, where his caller has sent him on."""
        return self.party is not None and self.party.role is LegRole.AGENT

    def _put_through(self) -> None:
        """Nothing more is to be told to the other side: caller and party are connected."""
        self._announcing = None
        self._converse()

    def agent_vanished(self) -> None:
        """The agent answered and hung up before the two could be connected."""
        self.end(*agent_hung_up(self.ledger))

    # From party to party

    @property
    def bridge(self) -> Bridge | None:
        """By which the caller hears who he talks to."""
        return None if self._conversation is None else self._conversation.bridge

    def let_hear(self, source: Callable[[], Source]) -> None:
        """Let the caller hear this until something else is sent, and a supervisor with him."""
        super().let_hear(source)
        if self.supervision is not None:
            self.supervision.let_hear(source)
        if self.third is not None:
            self.third.let_hear(source)

    def pick_up(self, leg: IncomingLeg) -> None:
        """Somebody takes the call whom nobody has called for it; whoever rings is told so."""
        self.party, leg.owner = leg, self
        self.reaching.over(Farewell(elsewhere=True))
        self.ledger.legs.append(leg)
        leg.answer()
        self.converse()

    def replace(self, leg: IncomingLeg) -> None:
        """The leg, which nobody called, has the place of whoever the caller talks to. An agent's is another
        leg of the same agent, whose talk goes on.
        """
        self.ledger.legs.append(leg)
        leg.owner = self
        leg.answer()
        self.take_over(leg, same_agent=leg.role is LegRole.AGENT)
        self.book.leg_confirmed(leg, self)

    def take_over(
        self, leg: Leg, brought: Brought | None = None, *, same_agent: bool = False, stays: bool = False
    ) -> None:
        """The leg has the place of whoever the caller talks to, who leaves, at once unless he `stays` until
        his own BYE; the call goes on. `brought` is what comes with a leg of another call.
        """
        log = structlog.get_logger("call")
        log.info("call taken over", call=self.id, agent=self.agent, leg=leg.id, phone=leg.peer.name)
        before, self.party, leg.owner = self.party, leg, self
        self.part()
        self.depart(before, stays=True, same_agent=same_agent)
        self.reaching.over()
        if brought is not None:
            receive(self, brought)
        self._converse(noticed=same_agent or self._noticed)
        if not stays:
            self.settle()

    def take_back(self) -> None:
        """Whoever sent the caller on has not left, and nobody else has him: the two talk again."""
        leaving, self.leaving = self.leaving, None
        if leaving is not None:
            leaving.call_off()
            self.party, self.agent, leaving.leg.owner = leaving.leg, leaving.agent, self
            self.reaching.over()
            self._converse(noticed=True)

    def call_next(self, attempts: Attempts, first: Sequence[Attempt], *, stays: bool = False) -> None:
        """Call others in the place of whoever the caller talks to, who leaves, at once unless he `stays`, or
        of whom he waits for. Raises Unreachable, and nothing has changed.
        """
        before = self.party
        self.reaching.begin(attempts, first)
        self.leave_alone(before, stays=stays)
        self.reaching.ring()
        self.start(CallerVerbs.until_over)

    def await_party_of(self, other: Call) -> None:
        """Whoever rings for the caller of another call rings for ours, in the place of whom he talks to, who
        stays until his own BYE.
        """
        await_party_of(other, self)
        self.start(CallerVerbs.until_over)

    def hear_caller(self) -> None:
        """Somebody else has the caller's place."""
        self.reaching.caller = self._playing.listener = self.dialling.caller = self.caller
        self.taps.port = self.caller.port

    def go_on(self, flow: Flow, *, stays: bool = False) -> None:
        """Let the caller go on by this flow, once whoever he talks to has left: at once unless he `stays`."""
        before, self.party = self.party, None
        self.reaching.over()
        self.leave_alone(before, stays=stays)
        if self.leaving is None:
            self.start(flow)
        else:
            self.let_hear(partial(self._exchange.music, self._music_class))
            self.start(after(self.leaving.over, flow))

    def desk_changed(self) -> None:
        """Whoever holds has called somebody else, or does not call him any more."""
        if self._conversation is not None:
            self._conversation.held()

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

    def called(self, leg: OutgoingLeg, counts: bool) -> None:
        """It is out, and perhaps the leg that counts now."""
        if leg not in self.ledger.legs:
            self.ledger.legs.append(leg)
        if counts:
            self.party = leg

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

    def _converse(self, *, noticed: bool = False) -> None:
        """`noticed`: both have heard that they are recorded."""
        if self.party is None:
            return
        self.caller.answer()
        self._conversation = Conversation(
            self._exchange,
            self.ledger,
            self.caller,
            self.party,
            self.queued_as,
            self._joined,
            self.book.consults,
            by_agent=self.agent is not None,
            noticed=noticed,
            greeting=self._greeting(noticed=noticed),
        )
        if self.caller.answered:
            self._conversation.begin(self._playing.next_token())

    def part(self) -> None:
        """The caller is not connected any more to whom he talked to."""
        self._announcing = None
        if self._conversation is not None:
            self._conversation.end()
            self._conversation = None
        if self.supervision is not None:
            self.supervision.part()
        if self.third is not None:
            self.third.part()

    def leave_alone(self, before: Leg | None, *, stays: bool = False) -> None:
        """The caller waits for somebody else than he talked to."""
        self.part()
        self.taps.leave_out()
        self.depart(before, stays=stays)
        self.book.call_changed(self)

    def depart(self, before: Leg | None, *, stays: bool, same_agent: bool = False) -> None:
        """Whoever the caller talked to leaves, unless he talks on by another leg, the `same_agent`."""
        self.settle()
        agent = None
        if before is not None and before.role is LegRole.AGENT and not same_agent:
            agent, self.agent = self.agent, None
        if before is not None and not before.over:
            self.leaving = Departure(self._exchange, before, agent, self.departed)
            if not stays:
                self.leaving.end()
        else:
            self.departed(agent)

    def departed(self, agent: str | None) -> None:
        """The leg of whoever sent the caller on has ended."""
        self.leaving = None
        if agent is not None:
            self.place.talk_over(agent, ConversationEnd.TRANSFERRED)
        brought, self.brought = self.brought, None
        if brought is not None and brought.place is not None and brought.agent is not None:
            brought.place.moved(brought.agent, self.id)

    def settle(self) -> None:
        """Nobody is on his way out any more."""
        if self.leaving is not None:
            self.leaving.end()

    @property
    def _noticed(self) -> bool:
        """Whether the caller knows that he is recorded, or is not."""
        queue = self.queued_as
        if queue is None or queue.recording_notice is None or not queue.record:
            return True
        return self.taps.recording is not None

    @property
    def _music_class(self) -> str:
        return DEFAULT_MUSIC if self.queued_as is None else self.queued_as.music

    def _pressed(self, leg: Leg, pressed: Pressed) -> None:
        if self._conversation is not None:
            self._conversation.pressed(leg, pressed)
            self._keyed.pressed(self, leg, pressed.digit)
        elif self._gathering is not None and leg is self.caller:
            self._gathering.pressed(pressed.digit)
        else:
            self.reaching.pressed(leg, pressed)

    def _joined(self) -> None:
        """The two begin to hear each other."""
        if self.supervision is not None and self.bridge is not None and self.party is not None:
            self.supervision.join(self.bridge, self.party)
        self.third_came()
        if self.queued_as is not None and self.taps.join(self.queued_as):
            self.book.recording_started(self)
        self.book.call_changed(self)

    def third_came(self) -> None:
        """Whoever is brought to the call hears both, once they hear each other."""
        if self.third is not None and self.bridge is not None and self.party is not None:
            self.third.join(self.bridge, (self.caller, self.party))

    def _heard(self, leg: Leg, token: int) -> None:
        if self._conversation is not None:
            self._conversation.played(leg, token)
        if self._announcing is not None:
            self._announcing.played(leg, token)
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

    def _party_left(self, leg: Leg, how: ConversationEnd) -> None:
        """The agent is gone, and the caller goes on waiting, or goes where the router sends him."""
        from switch.flows.queue import queue_again

        self.party = None
        self.settle()
        agent, self.agent = self.agent, None
        if agent is not None:
            if (word := self.place.word()) is not None:
                self.start(queue_again(word))
            self.place.talk_over(agent, how)
        self.leave_alone(leg)
        if self.queued_as is not None:
            self.let_hear(partial(self._exchange.music, self.queued_as.music))
