"""max_calls and max_cps of a trunk, exact to the call."""

import random
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.config.trunk import Trunk
from switch.limits import Limit, Limits, Refusal, Slot


def limits(max_calls: int = 1000, max_cps: int = 1000) -> Limits:
    return Limits({"carrier": Trunk(max_calls=max_calls, max_cps=max_cps)})


def admitted(of: Limits, now: float, emergency: bool = False) -> Slot:
    slot = of.admit("carrier", now, emergency)
    assert isinstance(slot, Slot)
    return slot


def test_exactly_max_calls_of_200_at_once() -> None:
    of = limits(max_calls=50)
    outcomes = [of.admit("carrier", 0.0) for _ in range(200)]
    assert sum(isinstance(outcome, Slot) for outcome in outcomes) == 50
    assert outcomes[50] == Refusal(Limit.MAX_CALLS, 5)
    assert of.active("carrier") == 50


def test_exactly_max_cps_of_200_at_once() -> None:
    of = limits(max_cps=50)
    outcomes = [of.admit("carrier", 10.0) for _ in range(200)]
    assert sum(isinstance(outcome, Slot) for outcome in outcomes) == 50
    assert outcomes[50] == Refusal(Limit.MAX_CPS, 1)


def test_room_is_back_when_a_call_ends() -> None:
    of = limits(max_calls=1)
    slot = admitted(of, 0.0)
    assert isinstance(of.admit("carrier", 0.1), Refusal)
    slot.release()
    slot.release()
    assert of.active("carrier") == 0
    admitted(of, 0.2)
    assert isinstance(of.admit("carrier", 0.3), Refusal)


def test_a_beginning_counts_for_one_second() -> None:
    of = limits(max_cps=2)
    admitted(of, 0.0).release()
    admitted(of, 0.5).release()
    assert isinstance(of.admit("carrier", 0.999), Refusal)
    admitted(of, 1.0)
    assert isinstance(of.admit("carrier", 1.499), Refusal)
    admitted(of, 1.5)


def test_a_refused_call_does_not_count() -> None:
    of = limits(max_cps=1)
    admitted(of, 0.0)
    assert isinstance(of.admit("carrier", 0.9), Refusal)
    admitted(of, 1.0)


def test_a_call_that_is_turned_away_has_not_begun() -> None:
    of = limits(max_calls=1, max_cps=1)
    for _ in range(100):
        admitted(of, 0.0).turn_away()
    slot = admitted(of, 0.0)
    assert of.admit("carrier", 0.0) == Refusal(Limit.MAX_CALLS, 5)
    slot.release()
    slot.turn_away()
    assert of.active("carrier") == 0
    assert of.admit("carrier", 0.0) == Refusal(Limit.MAX_CPS, 1), "the one that ended had begun"


def arrived(of: Limits, now: float) -> Slot:
    slot = of.admit("carrier", now, arriving=True)
    assert isinstance(slot, Slot)
    return slot


def test_as_many_as_max_cps_may_be_turned_away_for_nothing() -> None:
    of = limits(max_cps=3)
    for _ in range(3):
        arrived(of, 0.0).turn_away()
    kept = [arrived(of, 0.5) for _ in range(3)]
    assert of.admit("carrier", 0.5, arriving=True) == Refusal(Limit.MAX_CPS, 1)
    assert of.active("carrier") == len(kept)


def test_a_flood_of_what_is_refused_meets_the_limit_of_its_own_trunk_and_of_no_other() -> None:
    of = Limits({"carrier": Trunk(max_cps=3), "out": Trunk(max_cps=3)})
    looked_at = 0
    for _ in range(1000):
        slot = of.admit("carrier", 0.0, arriving=True)
        if isinstance(slot, Slot):
            out = of.admit("out", 0.0)
            assert isinstance(out, Slot)
            out.turn_away()
            slot.turn_away()
            looked_at += 1
    assert looked_at == 6
    assert [isinstance(of.admit("out", 0.0), Slot) for _ in range(4)] == [True, True, True, False]
    assert isinstance(of.admit("carrier", 0.999, arriving=True), Refusal)
    assert isinstance(of.admit("carrier", 1.0, arriving=True), Slot)


def test_emergency_calls_are_never_refused_and_count() -> None:
    of = limits(max_calls=1, max_cps=1)
    slots = [admitted(of, 0.0, emergency=True) for _ in range(10)]
    assert of.active("carrier") == 10
    assert isinstance(of.admit("carrier", 0.5), Refusal)
    for slot in slots:
        slot.release()
    assert of.admit("carrier", 0.5) == Refusal(Limit.MAX_CPS, 1)
    admitted(of, 1.0)


@pytest.mark.parametrize(("max_calls", "max_cps", "limit"), [(0, 5, Limit.MAX_CALLS), (5, 0, Limit.MAX_CPS)])
def test_zero_closes_a_trunk(max_calls: int, max_cps: int, limit: Limit) -> None:
    of = limits(max_calls, max_cps)
    assert of.admit("carrier", 0.0) == Refusal(limit, 5)
    admitted(of, 0.0, emergency=True)


def test_a_reload_keeps_what_runs() -> None:
    of = limits(max_calls=3)
    slots = [admitted(of, 0.0) for _ in range(3)]
    of.configure({"carrier": Trunk(max_calls=2)})
    slots[0].release()
    assert isinstance(of.admit("carrier", 1.0), Refusal)
    slots[1].release()
    admitted(of, 1.0)


def test_a_removed_trunk_takes_no_calls_and_forgets_none() -> None:
    of = limits()
    slot = admitted(of, 0.0)
    of.configure({})
    assert of.admit("carrier", 0.0) == Refusal(Limit.MAX_CALLS, 5)
    assert of.active("carrier") == 1
    slot.release()
    of.configure({})
    assert of.active("carrier") == 0


def test_trunks_do_not_share() -> None:
    of = Limits({"a": Trunk(max_calls=1), "b": Trunk(max_calls=1)})
    assert isinstance(of.admit("a", 0.0), Slot)
    assert isinstance(of.admit("b", 0.0), Slot)


@given(
    max_cps=st.integers(1, 5),
    steps=st.lists(st.tuples(st.floats(0, 0.6), st.booleans()), max_size=60),
)
def test_no_second_holds_more_than_max_cps(max_cps: int, steps: list[tuple[float, bool]]) -> None:
    of = limits(max_cps=max_cps)
    begun: deque[float] = deque()
    now = 0.0
    for step, emergency in steps:
        now += step
        recent = sum(1 for at in begun if now - 1 < at)
        outcome = of.admit("carrier", now, emergency)
        assert isinstance(outcome, Slot) == (emergency or recent < max_cps)
        if isinstance(outcome, Slot):
            begun.append(now)


def test_active_is_the_number_of_slots_held() -> None:
    of = limits(max_calls=20, max_cps=10**6)
    chance = random.Random(7)
    held: list[Slot] = []
    for _ in range(2000):
        if held and chance.random() < 0.5:
            held.pop(chance.randrange(len(held))).release()
        elif isinstance(slot := of.admit("carrier", 0.0), Slot):
            held.append(slot)
        assert of.active("carrier") == len(held) <= 20
