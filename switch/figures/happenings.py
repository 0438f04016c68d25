"""Rows of the history as what happened: the one place that says which row counts as what.

Times are UTC microseconds. Database and running switch hand in the same values, and so get the same figures.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from switch.calls.ending import Result
from switch.figures.facts import Dimension, Fact, Happened, Stay
from switch.records import CallRecord, LegRole, OfferResult, TransferKind, VisitRecord, to_us

WITHIN_S: Final = 20.0
SHORT_ABANDON_S: Final = 5.0
"""What a visit is measured by whose row is from a version that did not note it."""

_ENDS: Final[Mapping[str, Fact]] = {
    Result.ANSWERED: Fact.ANSWERED,
    Result.ABANDONED: Fact.ABANDONED,
    Result.OVERFLOWED: Fact.FLOWED_OUT,
    Result.VOICEMAIL: Fact.FLOWED_OUT,
    Result.CALLBACK: Fact.FLOWED_OUT,
}
"""How a visit may leave its queue; every other result is ENDED_OTHERWISE."""
_TRANSFERS: Final = {
    TransferKind.BLIND: Fact.TRANSFERRED_BLIND,
    TransferKind.ATTENDED: Fact.TRANSFERRED_ATTENDED,
}
_HANDLING: Final[tuple[Fact, ...]] = (Fact.TALK_US, Fact.HOLD_US, Fact.WRAP_UP_US)
_BUSY: Final = (486, 600)
_NO_ANSWER: Final = (408, 480)


class Visit(NamedTuple):
    """One stay of a call in a queue."""

    call: str
    number: str
    trunk: str | None
    queue: str
    entered_us: int
    left_us: int | None
    result: str | None
    agent: str | None
    skills: tuple[str, ...]
    within_s: float | None
    short_abandon_s: float | None
    talk_us: int
    hold_us: int
    wrap_up_us: int


def visit_entered(visit: Visit) -> Happened:
    """It joined the line."""
    return Happened(visit.entered_us, visit.call, _keys(visit), {Fact.OFFERED: 1})


def visit_left(visit: Visit) -> Happened:
    """It left the line, if it has; how it was handled then counts with its answer."""
    assert visit.left_us is not None
    wait_us = visit.left_us - visit.entered_us
    end = _ENDS.get(visit.result or "", Fact.ENDED_OTHERWISE)
    keys = _keys(visit)
    within = int(wait_us <= us(WITHIN_S if visit.within_s is None else visit.within_s))
    if end is Fact.ANSWERED:
        facts = {
            end: 1,
            Fact.ANSWERED_WITHIN: within,
            Fact.ANSWER_WAIT_US: wait_us,
            Fact.TALK_US: visit.talk_us,
            Fact.HOLD_US: visit.hold_us,
            Fact.WRAP_UP_US: visit.wrap_up_us,
        }
        if visit.agent is not None:
            keys[Dimension.AGENT] = (visit.agent,)
        return Happened(visit.left_us, visit.call, keys, facts, wait_us)
    facts = {end: 1}
    if end is Fact.ABANDONED:
        short_s = SHORT_ABANDON_S if visit.short_abandon_s is None else visit.short_abandon_s
        facts |= {
            Fact.ABANDONED_SHORT: int(wait_us <= us(short_s)),
            Fact.ABANDONED_WITHIN: within,
            Fact.ABANDON_WAIT_US: wait_us,
        }
    return Happened(visit.left_us, visit.call, keys, facts)


def visit_handled(visit: Visit) -> Happened:
    """How long its agent handled it, which counts with the answer; nothing without one."""
    left = visit_left(visit)
    facts: dict[Fact, int] = {fact: count for fact, count in left.facts.items() if fact in _HANDLING}
    return left._replace(facts=facts, answer_wait_us=None)


def visits(call: CallRecord) -> Iterator[Visit]:
    """Of a call that has ended: whoever has not left a line before has left it then."""
    for visit in call.visits:
        found = visit_of(call.id, call.to, call.trunk, visit)
        yield found if found.left_us is not None else found._replace(left_us=_us(call.ended_at))


def visit_of(call: str, number: str, trunk: str | None, visit: VisitRecord) -> Visit:
    """Of its record; the call may still go on."""
    return Visit(
        call=call,
        number=number,
        trunk=trunk,
        queue=visit.queue,
        entered_us=to_us(visit.entered_at),
        left_us=_us(visit.left_at),
        result=visit.result,
        agent=visit.agent,
        skills=visit.skills,
        within_s=visit.within_s,
        short_abandon_s=visit.short_abandon_s,
        talk_us=us(visit.talk_s),
        hold_us=us(visit.hold_s),
        wrap_up_us=us(visit.wrap_up_s),
    )


def offer_ended(call: str, at_us: int, queue: str, agent: str, result: str) -> Happened:
    """An agent's phone rings no longer."""
    facts = {Fact.OFFERS: 1, Fact.OFFERS_UNANSWERED: int(result == OfferResult.NO_ANSWER)}
    return Happened(at_us, call, _work(queue, agent), facts)


def transferred(call: str, at_us: int, queue: str, agent: str, kind: str) -> Happened:
    """An agent sent his caller on."""
    return Happened(at_us, call, _work(queue, agent), {_TRANSFERS[TransferKind(kind)]: 1})


def pause_began(stay: Stay) -> Happened:
    """An agent takes no calls, by his own wish or another's."""
    return Happened(stay.since_us, "", stay.keys, {Fact.PAUSES: 1})


class TrunkLeg(NamedTuple):
    """A leg of a trunk that has ended. `ours` is one that we called."""

    call: str
    trunk: str
    ours: bool
    invited_us: int
    ringing_us: int | None
    answered_us: int | None
    ended_us: int
    status: int | None
    mos: float | None


def trunk_leg_ended(leg: TrunkLeg) -> Happened:
    """A carrier's line is free again."""
    facts = dict(_seizure(leg)) if leg.ours else {}
    if leg.mos is not None:
        facts |= {Fact.MOS_LEGS: 1, Fact.MOS_MILLI: round(leg.mos * 1000)}
    return Happened(leg.ended_us, leg.call, {Dimension.TRUNK: (leg.trunk,)}, facts)


def trunk_legs(call: CallRecord) -> Iterator[TrunkLeg]:
    """Of a call that has ended."""
    for leg in call.legs:
        if leg.of_trunk and leg.ended_at is not None:
            yield TrunkLeg(
                call=call.id,
                trunk=leg.peer,
                ours=leg.role is not LegRole.CALLER,
                invited_us=to_us(leg.invited_at),
                ringing_us=_us(leg.ringing_at),
                answered_us=_us(leg.answered_at),
                ended_us=to_us(leg.ended_at),
                status=leg.sip_status,
                mos=leg.mos,
            )


def us(seconds: float | None) -> int:
    """Whole microseconds of seconds that were some once; 0 of None."""
    return 0 if seconds is None else round(seconds * 1e6)


def _seizure(leg: TrunkLeg) -> Iterator[tuple[Fact, int]]:
    yield Fact.SEIZURES, 1
    if leg.ringing_us is not None:
        yield Fact.SEIZURES_RINGING, 1
        yield Fact.POST_DIAL_US, leg.ringing_us - leg.invited_us
    if leg.answered_us is not None:
        yield Fact.SEIZURES_ANSWERED, 1
        yield Fact.CONVERSATION_US, leg.ended_us - leg.answered_us
    elif leg.status in _BUSY:
        yield Fact.SEIZURES_BUSY, 1
    elif leg.ringing_us is not None or leg.status in _NO_ANSWER:
        yield Fact.SEIZURES_NO_ANSWER, 1


def _keys(visit: Visit) -> dict[Dimension, tuple[str, ...]]:
    keys = {
        Dimension.QUEUE: (visit.queue,),
        Dimension.SKILL: visit.skills or ("",),
        Dimension.NUMBER: (visit.number,),
    }
    if visit.trunk is not None:
        keys[Dimension.TRUNK] = (visit.trunk,)
    return keys


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _work(queue: str, agent: str) -> dict[Dimension, tuple[str, ...]]:
    return {Dimension.QUEUE: (queue,), Dimension.AGENT: (agent,)}
