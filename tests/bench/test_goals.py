"""The table that people read, and the keys that programs read."""

from tests.bench.goals import BENCHMARKS, Figure, less, table

# The contract, "Keys of the benchmarks' JSON".
CONTRACT = {
    "signalling": "queued_calls_per_s queued_connect_p95_ms answered_first_calls_per_s two_leg_calls_per_s"
    " registers_per_s register_p99_ms cpu_ms_per_queued_call offer_latency_p99_ms kb_per_call rss_mb",
    "media": "relay_calls relay_p99_ms relay_us_per_packet floor_us_per_packet cpu_pct_per_100_bridged"
    " record_calls conference_legs srtp_calls opus_calls",
    "router": "decisions_per_s decision_p99_us agents waiting replay_speedup",
}


# Ours, behind them.
BEYOND = {
    "signalling": "refresh_p99_ms overload_goodput_ratio overload_refused_p99_ms overload_recovery_s",
    "media": "relay_to_floor_ratio",
}


def test_the_keys_are_those_of_the_contract_in_its_order_and_then_ours() -> None:
    keys = {name: f"{known} {BEYOND.get(name, '')}".strip() for name, known in CONTRACT.items()}
    assert {name: " ".join(figures) for name, figures in BENCHMARKS.items()} == keys


def test_a_goal_is_met_upwards_or_downwards() -> None:
    assert [Figure("", goal=10).met(value) for value in (9, 10, 11)] == [False, True, True]
    assert [less("", "ms", 10).met(value) for value in (9, 10, 11)] == [True, True, False]
    assert Figure("").met(1) is None


def test_the_table_has_the_goal_beside_todays_figure() -> None:
    lines = table(
        "media", {"relay_calls": 1100, "relay_p99_ms": 21.5, "floor_us_per_packet": 3.07}
    ).splitlines()
    words = {line[:52].strip(): line[52:].split() for line in lines}
    assert words["bridged calls, no loss, p99 under 20 ms"] == ["1,000", "1,100", "reached"]
    assert words["their one-way delay, p99"] == ["20", "ms", "21.50", "ms", "below"]
    assert words["the same packets through the barest relay"] == ["3.07", "µs"]
    assert words["recorded calls"] == ["750", "-"]
