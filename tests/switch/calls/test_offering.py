"""The offer's table: no dead row, every path ends, late inputs change nothing, each event is told right."""

from collections.abc import Sequence
from typing import cast

import pytest

from acd.events import Event, OfferAnswered, OfferNoResponse, OfferRefused, OfferRinging, OfferTrying
from sip.events import EndCause
from switch.calls.books import LegBook
from switch.calls.causes import Farewell
from switch.calls.legs.events import Answered, Cut, Ended, LegEvent, Refused, Ringing, Trying
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.offering import OFFERING, Action, Input, Offering, State
from switch.calls.ringing.branches import Branches
from switch.exchange import Exchange


class FakeLeg:
    """Notes what the offer asks of its leg."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.over = False

    def cancel(self, farewell: Farewell) -> None:
        self.asked.append("elsewhere" if farewell.elsewhere else "cancel")

    def end(self, farewell: Farewell) -> None:
        self.asked.append("end")
        self.over = True

    def give_up(self, status: int) -> None:
        self.asked.append(f"give up {status}")
        self.over = True


class Stage:
    """An offering with a leg that notes and a router that listens."""

    def __init__(self) -> None:
        self.told: list[Event] = []
        self.forgotten: list[str] = []
        self.leg = FakeLeg()
        self.offering = Offering("o1", "c1", "ana", self.told.append, self.forgotten.append)
        self.outgoing = cast(OutgoingLeg, self.leg)  # as far as an offering knows
        exchange, book = cast(Exchange, None), cast(LegBook, None)  # which only several devices need
        self.offering.branches = Branches(exchange, book, [[[lambda: self.outgoing]]])

    def happen(self, *events: LegEvent) -> None:
        for event in events:
            self.offering.leg_event(self.outgoing, event)


REFUSED = Refused(486, "Busy Here", 17, timed_out=False)
TIMED_OUT = Refused(408, "Request Timeout", None, timed_out=True)
TERMINATED = Refused(487, "Request Terminated", None, timed_out=False)
RINGS = Ringing(180, early=False)


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ((Trying(), RINGS, Answered(False)), (OfferTrying, OfferRinging, OfferAnswered)),
        ((RINGS, RINGS, Answered(False)), (OfferRinging, OfferAnswered)),
        ((Answered(False),), (OfferAnswered,)),
        ((Trying(), REFUSED), (OfferTrying, OfferRefused)),
        ((RINGS, REFUSED), (OfferRinging, OfferRefused)),
        ((TIMED_OUT,), (OfferNoResponse,)),
        ((Cut(),), (OfferNoResponse,)),
        ((RINGS, Cut(), TIMED_OUT), (OfferRinging, OfferNoResponse)),
    ],
)
def test_what_the_phone_does_is_told_once(events: Sequence[LegEvent], told: Sequence[type[Event]]) -> None:
    stage = Stage()
    stage.happen(*events)
    assert [type(event) for event in stage.told] == list(told)


def test_a_cancelled_offer_is_told_of_until_its_final_response() -> None:
    stage = Stage()
    stage.happen(RINGS)
    stage.offering.cancel(Farewell(elsewhere=True))
    assert stage.leg.asked == ["elsewhere"]
    assert not stage.forgotten
    stage.happen(TERMINATED)
    assert stage.told[-1] == OfferRefused(offer="o1", status=487)
    assert stage.forgotten == ["o1"]


def test_a_200_that_crosses_our_cancel_is_the_routers_to_take_or_leave() -> None:
    stage = Stage()
    stage.happen(RINGS)
    stage.offering.cancel(Farewell())
    stage.happen(Answered(True))
    assert isinstance(stage.told[-1], OfferAnswered)
    stage.offering.hang_up()
    assert stage.leg.asked == ["cancel", "end"]
    assert stage.forgotten == ["o1"]


def test_a_connection_that_breaks_ends_the_offer_even_a_cancelled_one() -> None:
    stage = Stage()
    stage.happen(RINGS)
    stage.offering.cancel(Farewell())
    stage.happen(Cut())
    assert stage.leg.asked == ["cancel", "give up 503"]
    assert stage.forgotten == ["o1"]


def test_the_leg_is_handed_over_once() -> None:
    stage = Stage()
    stage.happen(Answered(False))
    assert stage.offering.connect() is stage.outgoing
    assert stage.forgotten == ["o1"]


def test_a_phone_that_answers_and_hangs_up_before_the_routers_word_has_no_leg_to_give() -> None:
    stage = Stage()
    stage.happen(Answered(False), Ended(EndCause.REMOTE_BYE, 16))
    assert stage.offering.connect() is None


def test_every_state_is_reached_and_every_state_reaches_the_end() -> None:
    reached, frontier = {State.INVITED}, [State.INVITED]
    while frontier:
        state = frontier.pop()
        for (source, _), (target, _actions) in OFFERING.items():
            if source is state and target not in reached:
                reached.add(target)
                frontier.append(target)
    assert reached == set(State)
    for state in set(State) - {State.OVER}:
        seen, frontier = {state}, [state]
        while frontier:
            here = frontier.pop()
            nexts = {target for (source, _), (target, _a) in OFFERING.items() if source is here} - seen
            seen |= nexts
            frontier += nexts
        assert State.OVER in seen, state


def test_whoever_is_over_is_forgotten_in_the_same_step() -> None:
    for (state, _), (target, actions) in OFFERING.items():
        if target is State.OVER and state is not State.OVER:
            assert actions[-1] is Action.FORGET


def test_what_comes_after_the_end_changes_nothing() -> None:
    stage = Stage()
    stage.happen(REFUSED)
    told = list(stage.told)
    for late in Input:
        stage.offering.step(late)
    assert stage.told == told
    assert stage.offering.state is State.OVER
