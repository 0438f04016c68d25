"""The targets of routes and of overflowing queues."""

import pytest

from switch.config import targets
from switch.config.targets import (
    ClockTarget,
    ConferenceTarget,
    DialledPhone,
    EchoTarget,
    HangupTarget,
    ParkTarget,
    PhoneTarget,
    PickupTarget,
    QueueTarget,
    ToneTarget,
    TrunkTarget,
)
from switch.config.values import Text

GO = (
    "a target; write it as queue:NAME, trunk:NAME, phone:NAME, conference:NAME, "
    "phone, pickup, park, echo, tone or clock"
)
OVERFLOW = "a target; write it as hangup, queue:NAME or phone:NAME"


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("queue:support", QueueTarget("support")),
        ("queue:a:b", QueueTarget("a:b")),
        ("trunk:carrier", TrunkTarget("carrier")),
        ("phone:1001", PhoneTarget("1001")),
        ("phone", DialledPhone()),
        ("echo", EchoTarget()),
        ("clock", ClockTarget()),
        ("conference:daily", ConferenceTarget("daily")),
        ("tone", ToneTarget()),
        ("pickup", PickupTarget()),
        ("park", ParkTarget()),
    ],
)
def test_a_route_leads_there(written: str, target: targets.Go) -> None:
    assert targets.go(Text(written)) == target
    assert targets.go(target) == target
    assert str(target) == written


@pytest.mark.parametrize(
    "written", ["hangup", "queue", "queue:", "trunk", "phone:", "echo:1", "echo:", "Queue:a"]
)
def test_a_route_does_not_lead_there(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        targets.go(Text(written))
    assert str(caught.value) == f"'{written}' is not {GO}"


@pytest.mark.parametrize(
    ("written", "target"),
    [("hangup", HangupTarget()), ("queue:sales", QueueTarget("sales")), ("phone:1001", PhoneTarget("1001"))],
)
def test_a_queue_overflows_there(written: str, target: targets.Overflow) -> None:
    assert targets.overflow(Text(written)) == target
    assert str(target) == written


@pytest.mark.parametrize("written", ["trunk:carrier", "phone", "echo", "hang-up"])
def test_a_queue_does_not_overflow_there(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        targets.overflow(Text(written))
    assert str(caught.value) == f"'{written}' is not {OVERFLOW}"
