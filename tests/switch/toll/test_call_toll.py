"""The call_toll: what a call may spend when it is led elsewhere."""

from switch.limits import Room
from switch.toll.account import Spending
from switch.toll.call_toll import CallToll
from switch.toll.guard import TollLimit
from tests.switch.toll.test_guard import NOON, PHONE, Desk, Talk


def call_toll(desk: Desk, rooms: list[Room], ended: list[bool]) -> CallToll:
    return CallToll(desk.toll, PHONE, Talk(NOON), rooms, lambda: ended.append(True), lambda: NOON)


def test_a_call_between_phones_pays_once_it_is_led_to_a_trunk() -> None:
    desk, rooms, ended = Desk(calls_at_once=1), list[Room](), list[bool]()
    led = call_toll(desk, rooms, ended)
    assert led.pay("600111222")
    (spending,) = rooms
    assert isinstance(spending, Spending)
    spending.on_limit()
    assert ended == [True]
    assert led.pay("600111333"), "it has paid"
    assert len(rooms) == 1
    assert desk.refused(NOON) is TollLimit.CALLS_AT_ONCE
    assert not call_toll(desk, [], ended).pay("600111222"), "another call"


def test_a_call_that_has_paid_may_still_not_go_everywhere() -> None:
    desk, rooms = Desk(destinations=["6*"]), list[Room]()
    led = call_toll(desk, rooms, [])
    assert not led.pay("0053123456")
    assert rooms == []
    assert led.pay("600111222")
    assert not led.pay("0053123456")
    assert led.permits("600111333")
    assert not led.permits("0053123456")
