"""A caller and whoever he talks to: how two come together, change places, are handed on and part."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import structlog

from acd.events import ConversationEnd
from media.port import Source
from media.sound import Sound
from switch.calls.announcing import Announcing, announcement, greeting
from switch.calls.books import CallBook
from switch.calls.bridge import Bridge
from switch.calls.causes import Farewell
from switch.calls.conversation import DEFAULT_MUSIC, Conversation
from switch.calls.keyed import Keyed
from switch.calls.ledger import Ledger
from switch.calls.legs.events import LegEvent
from switch.calls.legs.incoming import IncomingLeg
from switch.calls.legs.leg import Leg
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.place import Place
from switch.calls.ringing.attempts import Attempts
from switch.calls.ringing.dialling import Dialling
from switch.calls.ringing.hunting import Attempt
from switch.calls.ringing.occupancy import Sides
from switch.calls.ringing.reaching import Reaching
from switch.calls.supervision import Supervision
from switch.calls.taps import Taps
from switch.calls.transfers.brought import Brought, after
from switch.calls.transfers.departing import Departure
from switch.calls.transfers.handing import await_party_of, receive
from switch.calls.verbs import CallerVerbs
from switch.config.queue import Queue
from switch.exchange import Exchange
from switch.identities.caller import Caller
from switch.records import LegRole

if TYPE_CHECKING:
    from switch.calls.flow import Flow
    from switch.calls.transfers.parking import Parked
    from switch.calls.transfers.three_way import Third
    from switch.calls.transfers.transferring import Transfer


class Talking(CallerVerbs, ABC):
    """The two sides of a call."""

    def __init__(
        self,
        exchange: Exchange,
        book: CallBook,
        ledger: Ledger,
        caller: Leg,
        identity: Caller,
        max_forwards: int,
        sides: Sides,
    ) -> None:
        """`identity` is as whom the caller calls."""
        super().__init__(exchange, caller, ledger)
        self.id = ledger.id
        self.identity = identity
        self.party_identity: Caller | None = None
        """As whom the other side calls, since the two have changed places."""
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
        self.brought: Brought | None = None
        """Whom another call has handed over: the router does not know yet."""
        self.book = book
        self.dialling = Dialling(exchange, book, caller, max_forwards)
        self.caller_side = sides.caller
        self.reaching = Reaching(exchange, caller, sides.party, self.called, self.let_hear)
        self.place = Place(exchange, ledger.id)
        self._keyed = Keyed(exchange)
        self._conversation: Conversation | None = None
        self._announcing: Announcing | None = None
        """While the agent who has answered is told of the caller, who still waits."""
        ledger.legs.append(caller)

    # What the whole call does

    @abstractmethod
    def start(self, flow: Flow) -> None:
        """Let `flow` direct the call from now on."""

    @abstractmethod
    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on one of our legs."""

    @abstractmethod
    def spent(self) -> None:
        """Whoever called, or sent the caller on, has used up what he may spend on trunks today."""

    # Together

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

    def called(self, leg: OutgoingLeg, counts: bool) -> None:
        """It is out, and perhaps the leg that counts now."""
        if leg not in self.ledger.legs:
            self.ledger.legs.append(leg)
        if counts:
            self.party = leg

    # After a crash of ours

    def hear_music(self) -> None:
        """The caller is back, and talks to nobody yet."""
        self.let_hear(partial(self._exchange.music, self._music_class))

    def rejoin(self) -> None:
        """Caller and party are back; they have heard all that comes before a talk."""
        self._converse(noticed=True)

    def agent_missing(self) -> None:
        """The caller is back, but nothing is known of his agent's leg."""
        self.hear_music()
        self._agent_left(ConversationEnd.AGENT_LOST)

    # From party to party

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

    def await_party_of(self, other: Talking) -> None:
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

    # Inside, and for those who hand parties over

    def third_came(self) -> None:
        """Whoever is brought to the call hears both, once they hear each other."""
        if self.third is not None and self.bridge is not None and self.party is not None:
            self.third.join(self.bridge, (self.caller, self.party))

    def _joined(self) -> None:
        """The two begin to hear each other."""
        if self.supervision is not None and self.bridge is not None and self.party is not None:
            self.supervision.join(self.bridge, self.party)
        self.third_came()
        if self.queued_as is not None and self.taps.join(self.queued_as):
            self.book.recording_started(self)
        self.book.call_changed(self)

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

    def _party_left(self, leg: Leg, how: ConversationEnd) -> None:
        """The agent is gone, and the caller goes on waiting, or goes where the router sends him."""
        self.party = None
        self.settle()
        self._agent_left(how)
        self.leave_alone(leg)
        if self.queued_as is not None:
            self.hear_music()

    def _agent_left(self, how: ConversationEnd) -> None:
        from switch.flows.queue import queue_again

        agent, self.agent = self.agent, None
        if agent is not None:
            if (word := self.place.word()) is not None:
                self.start(queue_again(word))
            self.place.talk_over(agent, how)

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
