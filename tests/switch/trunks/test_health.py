"""Down after three misses, up after two answers."""

from itertools import product

import pytest

from switch.trunks.health import HEALTH, Health, HealthEvent, after, is_alive

A, M, D, F = HealthEvent.ANSWER, HealthEvent.MISS, HealthEvent.DEAD, HealthEvent.FORGIVEN


@pytest.mark.parametrize(
    ("events", "health"),
    [
        ([], Health.UP),
        ([M], Health.DOUBTED),
        ([M, M], Health.SUSPECT),
        ([M, M, M], Health.DOWN),
        ([M, M, A, M, M], Health.SUSPECT),
        ([M, M, M, A], Health.RETURNING),
        ([M, M, M, A, A], Health.UP),
        ([M, M, M, A, M, A], Health.RETURNING),
        ([D], Health.DOWN),
        ([M, D], Health.DOWN),
        ([D, A, A], Health.UP),
        ([D, M, M, M, M], Health.DOWN),
        ([D, F], Health.UP),
        ([D, A, F], Health.UP),
        ([F], Health.UP),
    ],
)
def test_the_health_that_events_lead_to(events: list[HealthEvent], health: Health) -> None:
    seen = Health.UP
    for event in events:
        seen = after(seen, event)
    assert seen is health


def test_every_state_is_reached_and_leads_up_again() -> None:
    reached, todo = {Health.UP}, [Health.UP]
    while todo:
        health = todo.pop()
        following = {after(health, event) for event in HealthEvent} - reached
        reached |= following
        todo += following
    assert reached == set(Health)
    for health in Health:
        assert after(after(health, A), A) is Health.UP


def test_every_sign_of_the_wire_has_a_row_in_every_state() -> None:
    assert set(HEALTH) >= set(product(Health, (A, M, D)))


def test_calls_go_to_what_was_not_given_up() -> None:
    assert {health for health in Health if health.takes_calls} == {Health.UP, Health.DOUBTED, Health.SUSPECT}


@pytest.mark.parametrize(
    ("status", "alive"),
    [
        (200, True),
        (401, True),
        (404, True),
        (405, True),
        (500, True),
        (408, False),
        (503, False),
        (None, False),
    ],
)
def test_any_answer_but_408_and_503_is_one(status: int | None, alive: bool) -> None:
    assert is_alive(status) is alive
