"""The router of one pool: events in, commands out. Pure: no clock, no I/O, no randomness.

The shell's duty for each wake-up: `step` each event, journal what `acd.journal.encode` makes of the
step, one write for all of them, and only then carry the commands out; then look at `deadline()` again.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Self, assert_never

from acd import chats, events, state
from acd.acts import Acts
from acd.asking import Asking
from acd.board import Board
from acd.closing import Closing
from acd.commands import Command, OfferResult, Refusal, VisitReason, VisitResult
from acd.deadlines import Due
from acd.events import CallGone, Event, GoneReason
from acd.matching import Matching
from acd.offering import Offering
from acd.queued_call import CallInput, CallState
from acd.reconfigure import Reconfigure
from acd.redial import remember
from acd.relaxing import Relaxing
from acd.staff import Staff
from acd.state import Snapshot, State
from acd.views import AgentView, CallView, QueueView, agent_views, call_view, queue_views
from acd.visits import Visits
from acd.wrapping import Wrapping


class Router:
    """Decides who gets which call. Everything that it knows, it learned from events.

    `step` is total: an event about something unknown, a duplicate and a late one change nothing.
    The same events at the same times give the same commands and the same `state_hash`.
    """

    offering_kind: ClassVar[type[Offering]] = Offering

    def __init__(self, pool: str = "main") -> None:
        self._wire(Board(pool, 0, 0, State()))

    @property
    def pool(self) -> str:
        """The pool whose queues and agents these are."""
        return self._board.pool

    @property
    def sequence(self) -> int:
        """Number of the last step, and of its record in the journal."""
        return self._board.sequence

    @property
    def now_us(self) -> int:
        """Time of the last step, UTC microseconds."""
        return self._board.now_us

    @property
    def facts(self) -> State:
        """All that it knows, to be looked at: only a step changes it."""
        return self._board.state

    @property
    def decisions(self) -> int:
        """How many offers were decided so far."""
        return self._board.state.decisions

    @property
    def seal(self) -> str:
        """The seal of the last decision (`acd.why`), empty before the first."""
        return self._board.state.seal

    def step(self, event: Event, now_us: int) -> list[Command]:
        """Take one event at UTC microseconds `now_us`; answer what is to be done, in order.

        Time that runs backwards is held at the last step's. An event of another pool changes nothing.
        """
        board = self._board
        board.begin(now_us)
        if event.pool == board.pool:
            self._takes[type(event)](event)
            if self._reconfigure.leaving_agents:
                self._reconfigure.drop_agents()
            self._matching.finish()
            if self._reconfigure.leaving_queues:
                self._reconfigure.drop_queues()
        return board.commands

    def deadline(self) -> int | None:
        """When to step `DeadlinePassed` next (UTC microseconds), None if nothing is timed."""
        first = self._board.deadlines.first()
        return None if first is None else first[0]

    def snapshot(self) -> bytes:
        """The whole state, msgpack. `restore` of it goes on exactly as this router would."""
        board = self._board
        return state.encode(Snapshot(state.VERSION, board.pool, board.sequence, board.now_us, board.state))

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """A router as it was at `snapshot`. Raises `SnapshotError` for what is not one."""
        return cls.resume(state.decode(snapshot))

    @classmethod
    def resume(cls, saved: Snapshot) -> Self:
        """The same from a snapshot that is read already. Its state is the router's from now on."""
        router = cls.__new__(cls)
        board = Board(saved.pool, 0, saved.now_us, saved.state)
        router._wire(board)
        router._rebuild()  # as step 0, whose names no step has: facts that were altered may lead to offers
        board.sequence = saved.sequence
        return router

    def state_hash(self) -> str:
        """Hex digest of all facts (the step's number and time aside): equal states, equal digests."""
        return self._board.state.hash()

    def agents(self) -> list[AgentView]:
        """All agents, in the order of their configuration."""
        return agent_views(self._board, self._board.state.agents.values())

    def agent(self, name: str) -> AgentView | None:
        """One agent."""
        agent = self._board.state.agents.get(name)
        return None if agent is None else agent_views(self._board, [agent])[0]

    def queues(self) -> list[QueueView]:
        """All queues, in the order of their configuration."""
        return queue_views(self._board, self._board.state.queues.values())

    def queue(self, name: str) -> QueueView | None:
        """One queue."""
        queue = self._board.state.queues.get(name)
        return None if queue is None else queue_views(self._board, [queue])[0]

    def calls(self) -> list[CallView]:
        """All calls that wait, are offered or talk to an agent from a queue."""
        return [call_view(self._board, call) for call in self._board.state.calls.values()]

    def call(self, name: str) -> CallView | None:
        """One call."""
        call = self._board.state.calls.get(name)
        return None if call is None else call_view(self._board, call)

    def refusal(self, act: events.Act) -> Refusal:
        """Why a supervisor's act would be refused now; changes nothing."""
        return self._acts.refusal(act)

    def _wire(self, board: Board) -> None:
        self._board = board
        self._visits = Visits(board)
        self._offering = self.offering_kind(board, self._visits)
        self._wrapping = Wrapping(board)
        self._staff = Staff(board, self._visits, self._offering, self._wrapping)
        self._acts = Acts(board, self._visits, self._offering, self._staff, self._wrapping)
        self._relaxing = Relaxing(board, self._visits, self._offering)
        self._matching = Matching(board, self._visits, self._offering, self._staff, self._relaxing)
        self._reconfigure = Reconfigure(board, self._staff, self._relaxing)
        self._closing = Closing(board, self._visits)
        self._asking = Asking(board, self._visits, self._offering, self._staff)
        self._takes = self._by_kind()

    def _by_kind(self) -> dict[type[Event], Callable[[Any], None]]:
        """Who takes an event, by its kind."""
        offering, staff, acts = self._offering, self._staff, self._acts
        return {
            events.Configured: self._reconfigure.apply,
            events.IndexesDoubted: self._doubted,
            events.SwitchRestarted: self._restarted,
            events.CallsRecovered: self._visits.recovered,
            events.PhoneRegistered: staff.registered,
            events.PhoneUnregistered: staff.unregistered,
            events.PhoneUnreachable: staff.unreachable,
            events.PhoneReachable: staff.reachable,
            events.PhoneBusy: staff.busy,
            events.PhoneAtCode: staff.at_code,
            events.AgentMoved: staff.moved,
            events.AgentStateSet: staff.wants,
            events.WrapUpDone: self._wrapping.done,
            events.WrapUpExtended: self._wrapping.extend,
            events.QueueClosed: self._closing.closed,
            events.QueueOpened: self._closing.opened,
            events.CallQueued: self._visits.queued,
            events.DecisionAnswered: self._asking.answered,
            events.DecisionLate: self._asking.late,
            events.CallGone: self._call_gone,
            events.CallPrioritised: acts.take,
            events.CallAssigned: acts.take,
            events.CallPulled: acts.take,
            events.CallMoved: acts.take,
            events.CallWithdrawn: acts.take,
            events.OfferTrying: offering.trying,
            events.OfferRinging: offering.ringing,
            events.OfferAnswered: offering.answered,
            events.OfferRefused: offering.refused,
            events.OfferNoResponse: offering.no_response,
            events.OfferNotSent: offering.not_sent,
            events.OfferPickedUp: staff.picks_up,
            events.ConversationEnded: staff.conversation_ended,
            events.ConversationMoved: staff.conversation_moved,
            events.DeadlinePassed: self._pass_deadlines,
        }

    def _rebuild(self) -> None:
        """Make the indexes anew from facts; they are consistent, so no command comes of it."""
        self._index()
        self._matching.finish()

    def _doubted(self, _: events.IndexesDoubted) -> None:
        self._index()

    def _index(self) -> None:
        board = self._board
        facts = board.state
        queues = [queue.settings for queue in facts.queues.values()]
        board.eligibility.intern(queues)
        board.chats.intern(queues)
        self._reconfigure.reindex()
        works = [work for agent in facts.agents.values() for work in (agent, *agent.chats)]
        talks = (work.conversation for work in works)
        board.conversations = {conversation for conversation in talks if conversation is not None}
        for agent in facts.agents.values():
            board.touch(agent)
            for kind in (Due.WRAP_UP, Due.RETRY, Due.CHATS_WRAP_UP, Due.CHATS_RETRY):
                board.deadlines.rearm(kind, agent.settings.name)
        for name in facts.offers:
            board.deadlines.rearm(Due.OFFER, name)
        for name in facts.calls:
            for kind in (Due.MAX_WAIT, Due.RING_NEXT, Due.STEP, Due.ASK, Due.PREFERRED):
                board.deadlines.rearm(kind, name)
        board.deadlines.rearm(Due.GATHER, "")

    def _pass_deadlines(self, _: events.DeadlinePassed) -> None:
        """Everything due happens in the order in which it was due. What it sets anew may be due already."""
        board = self._board
        while (first := board.deadlines.first()) is not None and first[0] <= board.now_us:
            kind, name = first[1:]
            match kind:
                case Due.OFFER:
                    self._offering.timer(name)
                case Due.MAX_WAIT:
                    self._waited_too_long(name)
                case Due.RING_NEXT:
                    self._offering.ring_next(board.state.calls[name])
                case Due.PREFERRED:
                    self._visits.preferred_long_enough(board.state.calls[name])
                case Due.STEP:
                    self._relaxing.look(board.state.calls[name])
                case Due.ASK:
                    self._asking.timer(name)
                case Due.WRAP_UP:
                    self._wrapping.end(board.state.agents[name])
                case Due.RETRY:
                    self._staff.retry(board.state.agents[name])
                case Due.CHATS_WRAP_UP:
                    self._wrapping.end_due_chats(board.state.agents[name])
                case Due.CHATS_RETRY:
                    chats.retry(board, board.state.agents[name])
                case Due.GATHER:
                    self._matching.gathered()
                case _:
                    assert_never(kind)

    def _waited_too_long(self, name: str) -> None:
        call = self._board.state.calls[name]
        self._offering.call_left(call, OfferResult.LEFT_QUEUE)
        self._visits.overflow(call, VisitReason.MAX_WAIT)

    def _call_gone(self, event: CallGone) -> None:
        facts = self._board.state
        if event.reason is not GoneReason.TAKEN_BY_FLOW:  # a flow may queue the call again
            facts.remember_gone(event.call, self._board.now_us)
        call = facts.calls.get(event.call)
        if call is None:
            return
        if call.state is CallState.TALKING:
            self._visits.apply(call, CallInput.LEFT)
            self._wrapping.after(facts.agents[call.agent or ""], call)
            return
        self._offering.call_left(call, _OFFER_RESULT.get(event.reason, OfferResult.LEFT_QUEUE))
        abandoned = event.reason is GoneReason.CALLER_HUNG_UP
        if abandoned and (queue := facts.queues.get(call.queue)) is not None:
            remember(facts.gave_up, call, queue.settings.redial_within_us, self._board.now_us)
        result = VisitResult.ABANDONED if abandoned else VisitResult.ENDED_OTHERWISE
        self._visits.apply(call, CallInput.LEFT, result, VisitReason(event.reason.value))

    def _restarted(self, event: events.SwitchRestarted) -> None:
        """Nothing of the former run lives but logins, pauses, wrap-ups, registrations and, until the shell
        knows better, the calls that may return.
        """
        facts = self._board.state
        self._offering.end_all(OfferResult.SWITCH_RESTARTED)
        may_return = frozenset(event.may_return)
        for call in list(facts.calls.values()):
            if call.id in may_return:
                self._visits.doubt(call)
            else:
                self._visits.apply(
                    call, CallInput.LEFT, VisitResult.ENDED_OTHERWISE, VisitReason.SWITCH_RESTARTED
                )
        for agent in facts.agents.values():
            self._staff.crash(agent)


# What a ringing offer ends with when its call goes.
_OFFER_RESULT = {
    GoneReason.CALLER_HUNG_UP: OfferResult.CALLER_GONE,
    GoneReason.CALLER_LOST: OfferResult.CALLER_GONE,
    GoneReason.ANSWERED_ELSEWHERE: OfferResult.ANSWERED_ELSEWHERE,
}
