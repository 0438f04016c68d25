"""Wrong PINs are counted, and too many are answered no more for a while."""

from switch.config.desk import PinGuarding
from switch.desk.pins import PinGuard, Who

ANA: Who = ("agent", "ana")
DESK: Who = ("phone", "1003")
OTHER: Who = ("phone", "1004")


def guard() -> PinGuard:
    return PinGuard(PinGuarding(failures=3, within=60.0, locked_for=300.0))


def test_too_many_lock_agent_and_phone_for_a_time() -> None:
    pins = guard()
    for now in (0, 1, 2):
        assert not pins.is_locked(now, ANA, DESK)
        pins.failed(now, ANA, DESK)
    assert pins.is_locked(3, ANA, OTHER)
    assert pins.is_locked(3, DESK)
    assert not pins.is_locked(3, OTHER)
    assert pins.is_locked(301.9, ANA)
    assert not pins.is_locked(302, ANA)


def test_a_few_now_and_then_lock_nobody() -> None:
    pins = guard()
    for now in (0, 1, 61.5, 62, 122.5):
        pins.failed(now, ANA)
        assert not pins.is_locked(now, ANA)


def test_the_right_one_makes_good() -> None:
    pins = guard()
    for now in (0, 1):
        pins.failed(now, ANA)
    pins.proved(ANA)
    pins.failed(2, ANA)
    assert not pins.is_locked(2, ANA)


def test_an_agent_is_no_phone_of_that_name() -> None:
    pins = guard()
    for _ in range(3):
        pins.failed(0, ("agent", "1003"))
    assert not pins.is_locked(0, DESK)
