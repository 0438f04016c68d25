"""Alarms: at once, and not once for each call."""

from collections import Counter

from structlog.testing import capture_logs

from switch.peers import PhonePeer, TrunkPeer
from switch.toll.alarms import REPEAT_US, TollAlarms
from switch.toll.guard import TollLimit


def test_one_line_for_a_phone_and_limit_until_it_is_time_to_repeat_it() -> None:
    refused: Counter[TollLimit] = Counter()
    alarmed: Counter[TollLimit] = Counter()
    alarms = TollAlarms(lambda limit: refused.update([limit]), lambda limit: alarmed.update([limit]))
    with capture_logs() as lines:
        for now_us in (1, 2, REPEAT_US):
            alarms(PhonePeer("1001"), TollLimit.MINUTES_A_DAY, now_us)
        alarms(PhonePeer("1001"), TollLimit.DESTINATION, 3)
        alarms(TrunkPeer("carrier"), TollLimit.MINUTES_A_DAY, 4)
        alarms(PhonePeer("1001"), TollLimit.MINUTES_A_DAY, REPEAT_US + 1)
    assert [(line["log_level"], line["event"], line["limit"]) for line in lines] == [
        ("error", "toll limit reached", "minutes_a_day"),
        ("error", "toll limit reached", "destination"),
        ("error", "toll limit reached", "minutes_a_day"),
        ("error", "toll limit reached", "minutes_a_day"),
    ]
    assert [line.get("phone") or line.get("trunk") for line in lines] == ["1001", "1001", "carrier", "1001"]
    assert refused == {TollLimit.MINUTES_A_DAY: 5, TollLimit.DESTINATION: 1}
    assert alarmed == {TollLimit.MINUTES_A_DAY: 3, TollLimit.DESTINATION: 1}
