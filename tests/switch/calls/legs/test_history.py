"""What a leg's part of the record says."""

from datetime import UTC, datetime

from media.port import PortStats
from media.quality import Quality
from switch.calls.legs.history import LegHistory
from switch.records import Encryption, LegRole

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
    counted = PortStats(
        packets_received=100,
        packets_sent=90,
        packets_lost=1,
        jitter_s=0.002,
        peer_packets_lost=4,
        round_trip_s=0.03,
        packets_duplicated=5,
        packets_discarded=6,
        received=Quality(0.01, 0.06, 2, 0.5, 0.005, 0.1, 3.0, 0.003, 88.88, 4.321),
        sent=Quality(0.04, None, None, None, None, None, None, 0.004, 77.77, 3.456),
    )
    record = history.record("PCMA", Encryption.SDES, counted)
    moments = (record.invited_at, record.ringing_at, record.answered_at, record.ended_at)
    assert moments == (at(0), at(1), at(3), at(9))
    assert (record.sip_call_id, record.sip_status, record.q850) == ("call-id", 202, 16)
    assert (record.codec, record.encryption) == ("PCMA", "sdes")
    assert (record.packets_received, record.packets_sent, record.packets_lost) == (100, 90, 1)
    assert (record.packets_duplicated, record.packets_discarded) == (5, 6)
    assert (record.jitter_s, record.mos, record.r) == (0.003, 4.32, 88.9)
    assert (record.bursts, record.burst_loss, record.gap_loss) == (2, 0.5, 0.005)
    assert (record.burst_s, record.gap_s, record.round_trip_s) == (0.1, 3.0, 0.03)
    assert (record.sent_packets_lost, record.sent_jitter_s) == (4, 0.004)
    assert (record.sent_mos, record.sent_r) == (3.46, 77.8)


def test_who_was_never_heard_has_no_jitter() -> None:
    record = LegHistory("leg", LegRole.CALLER, "1001", INVITED_US).record(None, None, PortStats())
    assert (record.jitter_s, record.mos, record.r, record.bursts) == (None,) * 4
    assert (record.sent_packets_lost, record.sent_jitter_s, record.sent_mos, record.sent_r) == (None,) * 4
    assert (record.packets_received, record.packets_sent, record.packets_lost) == (0, 0, 0)
    assert (record.ringing_at, record.answered_at, record.ended_at, record.sip_status) == (None,) * 4


def test_what_nobody_can_tell_any_more_is_unknown() -> None:
    record = LegHistory("leg", LegRole.CALLER, "1001", INVITED_US).record("PCMA", None, None)
    assert (record.packets_received, record.packets_sent, record.packets_lost) == (None,) * 3
    assert (record.packets_duplicated, record.packets_discarded) == (None,) * 2
    assert (record.jitter_s, record.mos) == (None, None)
