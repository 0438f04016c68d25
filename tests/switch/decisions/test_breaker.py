"""The circuit breaker: how often a dead program is asked."""

from itertools import product

from switch.decisions.breaker import BREAKER, Breaker, Input, State


def test_the_table_has_a_row_for_everything() -> None:
    assert BREAKER.keys() == set(product(State, Input))


def test_after_too_many_failures_in_a_row_it_rests() -> None:
    breaker = Breaker(failures=3, rest_s=10.0)
    for good in (False, False, True, False, False):
        assert breaker.may_ask(0.0)
        breaker.tell(good, 0.0)
    assert breaker.may_ask(0.0)
    breaker.tell(False, 1.0)
    assert [breaker.may_ask(at) for at in (1.0, 10.9)] == [False, False]


def test_then_one_tries_it() -> None:
    breaker = Breaker(failures=1, rest_s=10.0)
    breaker.tell(False, 0.0)
    assert [breaker.may_ask(10.0), breaker.may_ask(10.0)] == [True, False]
    breaker.tell(False, 10.2)
    assert [breaker.may_ask(20.1), breaker.may_ask(20.2)] == [False, True]
    breaker.tell(True, 20.3)
    assert breaker.state is State.ASKED
    assert breaker.may_ask(20.3)


def test_those_who_had_asked_before_do_not_let_it_rest_longer() -> None:
    breaker = Breaker(failures=1, rest_s=10.0)
    breaker.tell(False, 0.0)
    breaker.tell(False, 5.0)
    assert breaker.may_ask(10.0)
