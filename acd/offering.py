"""Offers carried out: the interpreter of `acd.offer`, and what an ended offer means for its agent."""

from collections.abc import Callable

from acd import chats
from acd.agent import Agent
from acd.aging import place
from acd.board import Board
from acd.commands import (
    CancelOffer,
    CancelReason,
    Connect,
    HangUpOffer,
    Offer,
    OfferEnded,
    OfferResult,
    VisitReason,
    VisitResult,
)
from acd.deadlines import Due
from acd.events import (
    OfferAnswered,
    OfferNoResponse,
    OfferNotSent,
    OfferRefused,
    OfferRinging,
    OfferTrying,
)
from acd.offer import RELEASE_AFTER_US, RINGS, TABLE, OfferAction, OfferInput, OfferState, OpenOffer
from acd.queued_call import CallInput, CallState, QueuedCall
from acd.settings import OnNoAnswer, QueueSettings
from acd.strategies import SEVERAL, Strategy
from acd.visits import Visits
from acd.why import Decision, Rule, encode, seal
from acd.work import Channel, Work

NO_ANSWER = "no-answer"  # the pause reason

# Why the INVITE is cancelled, by the result that the offer will end with.
_WHY = {
    OfferResult.NO_ANSWER: CancelReason.RING_TIMEOUT,
    OfferResult.UNREACHABLE: CancelReason.UNREACHABLE,
    OfferResult.AGENT_GONE: CancelReason.AGENT_GONE,
    OfferResult.CALLER_GONE: CancelReason.CALLER_GONE,
    OfferResult.ANSWERED_ELSEWHERE: CancelReason.ANSWERED_ELSEWHERE,
    OfferResult.LEFT_QUEUE: CancelReason.LEFT_QUEUE,
}

_ALONE = frozenset({Rule.ASSIGNED, Rule.PULLED, Rule.PREFERRED, Rule.HOOK})  # nobody rings beside this agent

# Members that most steps name: Python 3.11 calls a function to find one through its class.
_DUE = Due.OFFER
_OFFERED = CallInput.OFFERED
_CALLER_CHOSE = Rule.CALLER_CHOSE
_VOICE = Channel.VOICE
_RING_ALL, _RING_PROGRESSIVELY = Strategy.RING_ALL, Strategy.RING_PROGRESSIVELY


class Offering:
    """Makes offers and moves them by their table."""

    __slots__ = ("_acts", "_board", "_visits")

    def __init__(self, board: Board, visits: Visits) -> None:
        self._board = board
        self._visits = visits
        self._acts: dict[OfferAction, Callable[[OpenOffer], None]] = {
            OfferAction.START_SILENCE: self._start_silence,
            OfferAction.RING_FROM_HERE: self._ring_from_here,
            OfferAction.RING_FROM_TRYING: self._ring_from_trying,
            OfferAction.START_RELEASE: self._start_release,
            OfferAction.STOP_TIMER: self._stop_timer,
            OfferAction.CANCEL: self._cancel,
            OfferAction.LOSE_PHONE: self._lose_phone,
            OfferAction.HOLD_OFF: self._hold_off,
            OfferAction.RELEASE_CALL: self._release_call,
            OfferAction.CONNECT: self._connect,
            OfferAction.HANG_UP: self._hang_up,
            OfferAction.END: self._end,
        }

    def make(
        self, call: QueuedCall, agent: Agent, rule: Rule = Rule.MATCHED, costs: tuple[int, ...] = ()
    ) -> None:
        """Offer the call, which waits or wants one more, to the free agent; `rule` is what decided, by
        `costs` where these did."""
        board = self._board
        queue = board.state.queues[call.queue]
        settings, now_us = queue.settings, board.now_us
        offer = OpenOffer(board.next_name(), call.id, call.queue, agent.settings.name, now_us)
        board.state.offers[offer.id] = offer
        self._set_timer(offer, now_us + settings.unreachable_after_us)
        queue.engaged += 1
        self._visits.apply(call, _OFFERED)
        call.offers.append(offer.id)
        by_voice = call.channel is _VOICE
        if by_voice:
            agent.offer = offer.id
            board.eligibility.engage(agent)
            if agent.settings.capacity:
                board.chats.engage(agent)
        else:
            offer.channel = call.channel
            agent.chats.append(Work(offer=offer.id))
        if rule is _CALLER_CHOSE and settings.strategy is _RING_ALL and by_voice:
            rule = Rule.EVERYBODY
        elif len(call.offers) > 1:
            rule, costs = Rule.ONE_MORE, ()
        decision = self._decided(offer, call, agent, rule, settings, costs)
        seal = board.state.seal
        agent.last_offer_us = now_us
        if not by_voice:
            chats.offered(board, agent)
        command = Offer(
            board.next_id(), offer.id, offer.call, offer.queue, offer.agent, decision, seal, call.channel
        )
        board.commands.append(command)
        board.settled[offer.agent] = agent.state  # he rings now; he was free, so nothing else of him is new
        call.alone = rule in _ALONE
        if settings.strategy is _RING_PROGRESSIVELY and by_voice:
            call.ring_next_us = now_us + settings.ring_next_us
            board.deadlines.arm(call.ring_next_us, Due.RING_NEXT, call.id)

    def seeks(self, call: QueuedCall) -> bool:
        """Whether the call rings for somebody and one more is to be offered it, as soon as he is free."""
        strategy = self._board.state.queues[call.queue].settings.strategy
        if strategy not in SEVERAL or call.alone or call.state is not CallState.OFFERED:
            return False
        return call.channel is _VOICE and (strategy is _RING_ALL or call.ring_next_us is None)

    def ring_next(self, call: QueuedCall) -> None:
        """Whoever rings has rung alone long enough."""
        call.ring_next_us = None
        self._board.freed_calls.append(call)

    def _decided(
        self,
        offer: OpenOffer,
        call: QueuedCall,
        agent: Agent,
        rule: Rule,
        settings: QueueSettings,
        costs: tuple[int, ...],
    ) -> Decision:
        """What the ledger keeps of it; its seal is the chain's new end."""
        board = self._board
        state = board.state
        state.decisions += 1
        decision = Decision(
            state.decisions,
            board.sequence,
            board.now_us,
            offer.id,
            offer.call,
            offer.queue,
            offer.agent,
            rule,
            settings.strategy,
            place(call, settings.aging, board.now_us),
            board.lines_of(call).of_call(call).key(agent),
            call.steps.bit_count(),
            state.policy,
            state.seal,
            costs,
        )
        state.seal = seal(encode(decision))
        return decision

    def trying(self, event: OfferTrying) -> None:
        """A 100."""
        offer = self._board.state.offers.get(event.offer)
        if offer is not None:
            self._heard(offer, OfferInput.TRYING)

    def ringing(self, event: OfferRinging) -> None:
        """A 101 to 199."""
        offer = self._board.state.offers.get(event.offer)
        if offer is not None:
            self._heard(offer, OfferInput.RINGING)

    def refused(self, event: OfferRefused) -> None:
        """A final 3xx to 6xx from the phone."""
        offer = self._board.state.offers.get(event.offer)
        if offer is not None:
            offer.status = event.status
            self._heard(offer, OfferInput.REFUSED)

    def no_response(self, event: OfferNoResponse) -> None:
        """The INVITE is over and nobody said how."""
        offer = self._board.state.offers.get(event.offer)
        if offer is not None:
            self._apply(offer, OfferInput.NO_RESPONSE)

    def not_sent(self, event: OfferNotSent) -> None:
        """There is no INVITE."""
        offer = self._board.state.offers.get(event.offer)
        if offer is not None:
            self._apply(offer, OfferInput.NOT_SENT)

    def answered(self, event: OfferAnswered) -> None:
        """A 2xx: the call if it is still to be had, else BYE. A phone that answered is never left hanging."""
        board = self._board
        offer = board.state.offers.get(event.offer)
        if offer is None:
            if event.offer not in board.conversations:
                board.commands.append(HangUpOffer(board.next_id(), event.offer))
            return
        offer.status = 200
        call = board.state.calls.get(offer.call)
        if call is not None and self._may_take(offer, call):
            self._heard(offer, OfferInput.ANSWERED)
        else:
            self._heard(offer, OfferInput.ANSWERED_TOO_LATE)

    def pick_up(self, offer: OpenOffer, agent: Agent, pickup: str) -> None:
        """The agent takes the call of the offer, which is open, as the conversation `pickup`."""
        call = self._board.state.calls[offer.call]
        self.call_left(call, OfferResult.ANSWERED_ELSEWHERE)
        self._converse(call, agent, agent, pickup)
        self._board.touch(agent)

    def timer(self, offer_id: str) -> None:
        """The offer's deadline has passed."""
        self._apply(self._board.state.offers[offer_id], OfferInput.TIMER)

    def agent_gone(self, *works: Work) -> None:
        """The agent logged out, or left the phone that rings: who is offered is to look for another one."""
        for offer in [work.offer for work in works if work.offer is not None]:
            self._apply(self._board.state.offers[offer], OfferInput.WITHDRAWN)

    def call_left(self, call: QueuedCall, result: OfferResult) -> None:
        """The call is about to leave the queue; `result` is what its running offers end with."""
        offers, call.offers = call.offers, []
        for name in offers:
            offer = self._board.state.offers[name]
            if offer.state in RINGS:
                offer.result = result
            self._apply(offer, OfferInput.CALL_LEFT)

    def end_all(self, result: OfferResult) -> None:
        """The switch that made them is dead, and so are the INVITEs."""
        for offer in list(self._board.state.offers.values()):
            offer.result = result
            self._stop_timer(offer)
            self._end(offer)

    def _heard(self, offer: OpenOffer, what: OfferInput) -> None:
        """The phone said something, so it can be reached."""
        agent = self._board.state.agents[offer.agent]
        if not agent.reachable and offer.channel is _VOICE:
            agent.reachable = True
            self._board.touch(agent)
        self._apply(offer, what)

    def _apply(self, offer: OpenOffer, what: OfferInput) -> None:
        row = TABLE.get((offer.state, what))
        if row is None:
            return
        offer.state, result, actions = row
        if result is not None:
            offer.result = result
        for action in actions:
            self._acts[action](offer)

    def _start_silence(self, offer: OpenOffer) -> None:
        offer.trying_at_us = self._board.now_us
        self._set_timer(offer, offer.trying_at_us + self._settings(offer).unreachable_after_us)

    def _ring_from_here(self, offer: OpenOffer) -> None:
        self._set_timer(offer, self._board.now_us + self._settings(offer).ring_timeout_us)

    def _ring_from_trying(self, offer: OpenOffer) -> None:
        self._set_timer(offer, offer.trying_at_us + self._settings(offer).ring_timeout_us)

    def _start_release(self, offer: OpenOffer) -> None:
        self._set_timer(offer, self._board.now_us + RELEASE_AFTER_US)

    def _stop_timer(self, offer: OpenOffer) -> None:
        offer.due_us = None

    def _cancel(self, offer: OpenOffer) -> None:
        board = self._board
        why = _WHY[offer.result or OfferResult.LEFT_QUEUE]
        board.commands.append(CancelOffer(board.next_id(), offer.id, why))

    def _lose_phone(self, offer: OpenOffer) -> None:
        agent = self._board.state.agents[offer.agent]
        if offer.channel is not _VOICE:  # which says nothing of a phone
            self._hold_off(offer)
            return
        agent.reachable = False
        self._board.touch(agent)

    def _hold_off(self, offer: OpenOffer) -> None:
        self._no_offers(offer, self._settings(offer).retry_busy_us)

    def _hang_up(self, offer: OpenOffer) -> None:
        board = self._board
        board.commands.append(HangUpOffer(board.next_id(), offer.id))

    def _set_timer(self, offer: OpenOffer, due_us: int) -> None:
        offer.due_us = due_us
        self._board.deadlines.arm(due_us, _DUE, offer.id)

    def _release_call(self, offer: OpenOffer) -> None:
        call = self._board.state.calls.get(offer.call)
        if call is not None and offer.id in call.offers:
            call.offers.remove(offer.id)
            if not call.offers:
                self._visits.apply(call, CallInput.RELEASED)

    def _may_take(self, offer: OpenOffer, call: QueuedCall) -> bool:
        """The call is bound to the offer or to nobody; or to others, and the first answer is to win, or none
        of them rings any more."""
        if call.state is CallState.WAITING or offer.id in call.offers:
            return True
        board = self._board
        several = call.channel is _VOICE and board.state.queues[call.queue].settings.strategy in SEVERAL
        rings = any(board.state.offers[name].state in RINGS for name in call.offers)
        return call.state is CallState.OFFERED and (several or not rings)

    def _connect(self, offer: OpenOffer) -> None:
        """The first answer wins: whoever else rings for the call missed nothing."""
        board = self._board
        call = board.state.calls[offer.call]
        if offer.id in call.offers:
            call.offers.remove(offer.id)
        self.call_left(call, OfferResult.ANSWERED_ELSEWHERE)
        agent = board.state.agents[offer.agent]
        work = agent if offer.channel is _VOICE else chats.of(offer, agent)
        self._converse(call, agent, work, offer.id)

    def _converse(self, call: QueuedCall, agent: Agent, work: Work, conversation: str) -> None:
        board = self._board
        name = agent.settings.name
        call.offer = work.conversation = conversation
        board.conversations.add(conversation)
        call.agent = name
        agent.calls += 1
        work.talking_since_us = board.now_us
        self._visits.apply(call, CallInput.ANSWERED, VisitResult.ANSWERED, VisitReason.AGENT_ANSWERED, name)
        work.call = call.id
        work.queue = call.queue
        if work is not agent:
            chats.talked(board, agent)
        board.commands.append(Connect(board.next_id(), conversation, call.id, call.queue, name))

    def _end(self, offer: OpenOffer) -> None:
        board = self._board
        result = offer.result or OfferResult.LEFT_QUEUE
        offer.state = OfferState.ENDED
        agent = board.state.agents[offer.agent]
        if offer.channel is _VOICE:
            agent.offer = None
        else:
            chats.end_offer(offer, agent)
        if offer.status != 200:  # who answered, though too late, missed nothing
            self._consequence(offer, agent, result, self._settings(offer))
        del board.state.offers[offer.id]
        board.state.queues[offer.queue].engaged -= 1
        board.commands.append(
            OfferEnded(
                board.next_id(),
                offer.id,
                offer.call,
                offer.queue,
                offer.agent,
                result,
                offer.made_at_us,
                board.now_us,
                offer.status,
            )
        )
        board.touch(agent)

    def _consequence(
        self, offer: OpenOffer, agent: Agent, result: OfferResult, settings: QueueSettings
    ) -> None:
        if result is OfferResult.BUSY:
            self._no_offers(offer, settings.retry_busy_us)
        elif result is OfferResult.REJECTED:
            self._no_offers(offer, settings.retry_reject_us)
        elif result is OfferResult.NO_ANSWER and settings.on_no_answer is OnNoAnswer.RETRY:
            # Without a hold the longest idle agent, who is not there, would get every call again.
            self._no_offers(offer, settings.retry_reject_us)
        elif result is OfferResult.NO_ANSWER and agent.logged_in and not agent.paused:
            agent.paused = True
            agent.pause_reason = NO_ANSWER

    def _no_offers(self, offer: OpenOffer, for_us: int) -> None:
        """The agent gets none for a while, on the channel of the one that failed. He is touched later."""
        agent = self._board.state.agents[offer.agent]
        if offer.channel is not _VOICE:
            chats.hold_off(self._board, agent, for_us)
        elif for_us > 0:
            agent.retry_at_us = self._board.now_us + for_us
            self._board.deadlines.arm(agent.retry_at_us, Due.RETRY, agent.settings.name)

    def _settings(self, offer: OpenOffer) -> QueueSettings:
        return self._board.state.queues[offer.queue].settings
