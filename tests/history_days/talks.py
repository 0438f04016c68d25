"""Offers and conversations: how an agent is rung, what he and the caller do, and what comes after."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from switch.calls.ending import EndedBy, Reason, Result
from switch.history.entries import OfferEnded, WrapUpEnded
from switch.records import AgentState, LegRole, OfferRecord, OfferResult, SegmentKind, TransferKind, utc
from tests.history_days.call import CallNotes, LegNotes, new_id
from tests.history_days.centre import QUEUES
from tests.history_days.staff import Agent

if TYPE_CHECKING:
    from tests.history_days.day import Centre

_RING_TIMEOUT_S = 15.0
_RETRY_REJECT_S = 10.0
_STATUS = {
    OfferResult.ANSWERED: 200,
    OfferResult.NO_ANSWER: 487,
    OfferResult.REJECTED: 486,
    OfferResult.UNREACHABLE: 408,
    OfferResult.CANCELLED: 487,
}


@dataclass
class _Ringing:
    """An offer that has not ended."""

    id: str
    agent: Agent
    queue: str
    leg: LegNotes
    made_us: int


class Talks:
    """What goes on between callers and agents."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._random = centre.random
        self._ringing: dict[str, _Ringing] = {}

    def offer(self, now_us: int, agent: Agent, call: CallNotes) -> None:
        """His phone rings; what comes of it is decided now, unless the caller goes."""
        random, id = self._random, new_id(self._random, now_us)
        leg = LegNotes(f"{call.id}-{len(call.legs)}", LegRole.AGENT, agent.person.phone, now_us)
        call.legs.append(leg)
        call.offer = id
        self._ringing[call.id] = _Ringing(id, agent, call.queue or "", leg, now_us)
        agent.enter(now_us, AgentState.RINGING, call=call.id)
        result, after_s = random.choices(
            (
                (OfferResult.ANSWERED, random.uniform(1.0, 8.0)),
                (OfferResult.NO_ANSWER, _RING_TIMEOUT_S),
                (OfferResult.REJECTED, random.uniform(0.5, 4.0)),
                (OfferResult.UNREACHABLE, 4.0),
            ),
            (93, 4, 2, 1),
        )[0]
        if result is not OfferResult.UNREACHABLE:
            leg.ringing_us = now_us + 80_000

        def happen(at_us: int) -> None:
            if call.offer == id:
                self._end_offer(call, at_us, result)

        self._centre.after(now_us, after_s, happen)

    def withdraw(self, call: CallNotes, now_us: int, *, by_end: bool) -> None:
        """The caller went while a phone rang. Of a call that has ended the history hears of it later."""
        if call.offer is not None:
            self._end_offer(call, now_us, OfferResult.CANCELLED, apart=by_end)

    def _end_offer(self, call: CallNotes, now_us: int, result: OfferResult, *, apart: bool = False) -> None:
        rang = self._ringing.pop(call.id)
        call.offer = None
        rang.leg.status = _STATUS[result]
        record = OfferRecord(
            id=rang.id,
            queue=rang.queue,
            agent=rang.agent.person.name,
            leg=rang.leg.id,
            offered_at=utc(rang.made_us),
            ringing_at=None if rang.leg.ringing_us is None else utc(rang.leg.ringing_us),
            ended_at=utc(now_us),
            result=result,
            sip_status=rang.leg.status,
        )
        if apart:
            late = OfferEnded(call=call.id, offer=record)
            self._centre.after(now_us, 0.03, lambda at_us: self._centre.tell(late))
        else:
            call.offers.append(record)
        if result is OfferResult.ANSWERED:
            self._talk(call, rang, now_us)
            return
        rang.leg.ended_us = now_us
        self._turned_down(rang.agent, now_us, result)

    def _turned_down(self, agent: Agent, now_us: int, result: OfferResult) -> None:
        """Nobody picked up: he is paused, asked again later, or his phone is away for a while."""
        centre = self._centre
        if result is OfferResult.NO_ANSWER and agent.wants[0] is AgentState.READY:
            agent.wants = (AgentState.PAUSED, "no_answer")
            agent.free(now_us)
            centre.after(now_us, self._random.uniform(30, 300), partial(self._back, agent, agent.turns))
        elif result is OfferResult.UNREACHABLE:
            agent.enter(now_us, AgentState.UNREACHABLE)
            centre.after(now_us, self._random.uniform(20, 120), partial(self._back, agent, agent.turns))
        else:
            agent.retry_us = now_us + round(_RETRY_REJECT_S * 1e6)
            self._free(agent, now_us)
            centre.at(agent.retry_us + 1, centre.look)
        centre.look(now_us)

    def _back(self, agent: Agent, turns: int, now_us: int) -> None:
        """He has seen that he is paused, or his phone is back, unless he did something else meanwhile."""
        if agent.turns == turns:
            if agent.wants == (AgentState.PAUSED, "no_answer"):
                agent.wants = (AgentState.READY, None)
            self._free(agent, now_us)

    def _free(self, agent: Agent, now_us: int) -> None:
        agent.free(now_us)
        self._centre.look(now_us)

    def segment(self, call: CallNotes, leg: LegNotes, from_us: int, to_us: int) -> None:
        """They talk from here to there; now and then one holds the other, or asks somebody."""
        random, length = self._random, to_us - from_us
        if length < 20_000_000 or random.random() > 0.2:
            call.connect(SegmentKind.TALK, from_us, to_us, leg)
            return
        first = from_us + round(length * random.uniform(0.2, 0.5))
        second = first + round(length * random.uniform(0.05, 0.3))
        kind = random.choice((SegmentKind.HOLD, SegmentKind.HOLD, SegmentKind.CONSULTATION))
        call.connect(SegmentKind.TALK, from_us, first, leg)
        call.connect(kind, first, second, leg)
        call.connect(SegmentKind.TALK, second, to_us, leg)

    def _talk(self, call: CallNotes, rang: _Ringing, now_us: int) -> None:
        centre, agent, leg, queue = self._centre, rang.agent, rang.leg, rang.queue
        centre.leave(call, now_us, Result.ANSWERED, Reason.AGENT_ANSWERED, agent.person.name)
        leg.answered_us = now_us
        call.answered_us = call.answered_us or now_us
        agent.enter(now_us, AgentState.ON_CALL, call=call.id)
        length_s = min(3600.0, 4.0 + self._random.gammavariate(2.0, QUEUES[queue].talk_s / 2))
        end_us = now_us + round(length_s * 1e6)
        self.segment(call, leg, now_us, end_us)
        go_on = self._random.choices((self._hang_up, self._pass_on, self._hand_over), (91, 6, 3))[0]
        if len(call.visits) > 3:
            go_on = self._hang_up

        def over(at_us: int) -> None:
            leg.ended_us = at_us
            self._wrap_up(call, agent, queue, at_us)
            go_on(call, queue, at_us)

        centre.at(end_us, over)

    def _wrap_up(self, call: CallNotes, agent: Agent, queue: str, now_us: int) -> None:
        agent.enter(now_us, AgentState.WRAP_UP, call=call.id)
        most_s = QUEUES[queue].wrap_up_s
        length_s = most_s if self._random.random() < 0.6 else self._random.uniform(1.0, most_s)

        def over(at_us: int) -> None:
            wrap_up_s, name = (at_us - now_us) / 1e6, agent.person.name
            if call.ended:
                self._centre.tell(WrapUpEnded(call=call.id, wrap_up_s=wrap_up_s, agent=name))
            else:
                call.wrapped_up(name, wrap_up_s)
            self._free(agent, at_us)

        self._centre.after(now_us, length_s, over)

    def _hang_up(self, call: CallNotes, queue: str, now_us: int) -> None:
        reason, by = self._random.choices(
            (
                (Reason.CALLER_HUNG_UP, EndedBy.CALLER),
                (Reason.AGENT_HUNG_UP, EndedBy.AGENT),
                (Reason.MEDIA_LOST, EndedBy.SWITCH),
            ),
            (70, 29, 1),
        )[0]
        self._centre.end(call, Result.ANSWERED, reason, by, now_us)

    def _pass_on(self, call: CallNotes, queue: str, now_us: int) -> None:
        """The agent transfers the caller to another queue, unseen."""
        others = [name for name in QUEUES if name not in (queue, "backup")]
        to = self._random.choice(others)
        call.transfer(TransferKind.BLIND, QUEUES[to].number, now_us)
        self._centre.enter(call, now_us + 1, to)

    def _hand_over(self, call: CallNotes, queue: str, now_us: int) -> None:
        """The agent has asked the back office, and hands the caller over to it: its call goes on in ours."""
        centre, random = self._centre, self._random
        began_us = now_us - round(random.uniform(2, 4) * 1e6)
        agent_phone, office = call.legs[-1].peer, str(1900 + random.randrange(50))
        asked = centre.call(began_us, office, agent_phone)
        other = LegNotes(
            f"{asked.id}-1", LegRole.CALLEE, office, began_us + 1, began_us + 2, began_us + 900_000
        )
        asked.legs.append(other)
        asked.connected_us = asked.answered_us = asked.legs[0].answered_us = began_us + 900_000
        asked.connect(SegmentKind.TALK, began_us + 900_000, now_us, other)
        asked.continued_in = call.id
        call.transfer(TransferKind.ATTENDED, office, now_us)
        centre.end(asked, Result.COMPLETED, Reason.TRANSFERRED, EndedBy.CALLER, now_us)
        kept = LegNotes(f"{call.id}-{len(call.legs)}", LegRole.CALLEE, office, now_us, None, now_us)
        call.legs.append(kept)
        end_us = now_us + round(random.expovariate(1 / 60) * 1e6) + 1_000_000
        self.segment(call, kept, now_us, end_us)
        centre.at(end_us, partial(centre.end, call, Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER))
