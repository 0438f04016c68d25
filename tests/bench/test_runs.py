"""What makes a run of the signalling benchmark clean, void or neither."""

from typing import Any

import pytest

from tests.bench.runs import Run, Usage, late_p99_ms, offer_latencies_s, percentile
from tests.bench.sipp_load import Counts


def run(**changed: Any) -> Run:
    facts: dict[str, Any] = {
        "name": "queued",
        "rate": 10,
        "seconds": 1.0,
        "counts": Counts(created=10, successful=10, failed=0, retransmissions=0, error=""),
        "taken": 10,
        "connects_s": [0.002] * 10,
        "late_p99_ms": 1.0,
        "usage": Usage(cpu_s=0.05, others_pct=3.0),
    }
    return Run(**{**facts, **changed})


def test_a_run_that_carried_its_load() -> None:
    assert run().clean
    assert not run().void
    assert run().cpu_ms_per_call == pytest.approx(5.0)


@pytest.mark.parametrize(
    "changed",
    [
        {"taken": 9},
        {"connects_s": [0.002] * 9},
        {"connects_s": [0.002] * 9 + [0.2]},
        {"counts": Counts(created=10, successful=9, failed=1, retransmissions=0, error="")},
        {"rate": 11},
    ],
)
def test_a_run_that_did_not(changed: dict[str, object]) -> None:
    assert not run(**changed).clean


def test_a_late_generator_makes_a_run_void() -> None:
    assert run(late_p99_ms=21.0).void


def test_lateness_is_measured_from_the_steady_beat() -> None:
    steady = [100.0 + n / 10 for n in range(100)]
    assert late_p99_ms(steady, 10) == pytest.approx(0.0, abs=1e-6)
    assert late_p99_ms([*steady[:50], *(at_s + 0.03 for at_s in steady[50:])], 10) == pytest.approx(30.0)
    assert late_p99_ms([], 10) == 0.0


def test_percentile() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert percentile([1.0], 0.99) == 1.0
    assert percentile([], 0.99) == 0.0


def test_offer_latency_is_from_one_call_of_an_agent_to_his_next() -> None:
    asked_s, freed_s = {1: 10.0, 2: 10.1, 3: 11.004}, {1: 11.0, 2: 11.2}
    agents = {1: "ana", 2: "luis", 3: "ana"}
    assert offer_latencies_s(asked_s, agents, freed_s, agents) == [pytest.approx(0.004)]
