"""What a leg's part of the record says."""

from datetime import UTC, datetime

from media.port import PortStats
from switch.calls.leg_history import LegHistory
from switch.records import LegRole

INVITED_US = 1_700_000_000_000_000


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(INVITED_US // 1_000_000 + seconds, UTC)


def test_each_moment_is_told_once_and_the_first_ringing_counts() -> None:
    history = LegHistory("leg", LegRole.CALLEE, "carrier", INVITED_US)
    assert history.ringing_at is None
    history.rings(INVITED_US + 1_000_000)
    history.rings(INVITED_US + 2_000_000)
    history.answered(INVITED_US + 3_000_000, 202)
    history.ended(INVITED_US + 9_000_000)
    history.sip_call_id, history.q850 = "call-id", 16
    counted = PortStats(packets_received=100, packets_sent=90, packets_lost=1, jitter_s=0.002)
    record = history.record("PCMA", counted)
    moments = (record.invited_at, record.ringing_at, record.answered_at, record.ended_at)
    assert moments == (at(0), at(1), at(3), at(9))
    assert (record.sip_call_id, record.sip_status, record.q850, record.codec) == ("call-id", 202, 16, "PCMA")
    assert (record.packets_received, record.packets_sent, record.packets_lost) == (100, 90, 1)
    assert record.jitter_s == 0.002
    assert record.mos is not None


def test_who_was_never_heard_has_no_jitter() -> None:
    record = LegHistory("leg", LegRole.CALLER, "1001", INVITED_US).record(None, PortStats())
    assert (record.jitter_s, record.mos) == (None, None)
    assert (record.packets_received, record.packets_sent, record.packets_lost) == (0, 0, 0)
    assert (record.ringing_at, record.answered_at, record.ended_at, record.sip_status) == (None,) * 4


def test_what_nobody_can_tell_any_more_is_unknown() -> None:
    record = LegHistory("leg", LegRole.CALLER, "1001", INVITED_US).record("PCMA", None)
    assert (record.packets_received, record.packets_sent, record.packets_lost) == (None,) * 3
    assert (record.jitter_s, record.mos) == (None, None)
