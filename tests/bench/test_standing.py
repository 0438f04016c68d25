"""The standing line: what makes it clean, and a small one in front of a real switch."""

from dataclasses import replace

import pytest

from tests.bench.runs import Usage
from tests.bench.searching import NoLimit
from tests.bench.signalling import Bench
from tests.bench.sipp_load import Counts
from tests.bench.standing import Line, Stood, stand

LINE = Line(rate=10, waiting=20, seconds=4.0)
SMALL = Line(rate=10, waiting=10, seconds=0.5)
CAME = Counts(created=105, successful=105, failed=0, retransmissions=0, error="")
STOOD = Stood(
    line=LINE,
    counts=(CAME, Counts(created=20, successful=20, failed=0, retransmissions=0, error="")),
    taken=125,
    freed=40,
    latencies_s=[0.001] * 39 + [0.004],
    waiting=(20, 19),
    decisions=400,
    late_p99_ms=1.0,
    usage=Usage(cpu_s=0.2, others_pct=3.0),
)


def test_there_are_as_many_agents_as_take_the_calls() -> None:
    assert Line().agents == 250
    assert (LINE.agents, LINE.arrivals) == (25, 105)


def test_a_line_that_stood() -> None:
    assert STOOD.clean
    assert STOOD.rows() == {"offer_latency_p99_ms": 4.0}
    assert STOOD.cpu_ms_per_call == pytest.approx(5.0)
    assert "p99 4.00" in str(STOOD)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(STOOD, taken=124),
        replace(STOOD, counts=(replace(CAME, successful=104, failed=1), STOOD.counts[1])),
        replace(STOOD, freed=41),
        replace(STOOD, freed=0, latencies_s=[]),
        replace(STOOD, waiting=(20, 0)),
        replace(STOOD, late_p99_ms=21.0),
    ],
)
def test_a_line_without_a_figure(wrong: Stood) -> None:
    with pytest.raises(NoLimit):
        wrong.rows()


@pytest.mark.timeout(120)
def test_a_small_line_before_the_switch() -> None:
    told: list[str] = []
    with Bench.running(told.append, SMALL.agents) as bench:
        bench.bring_to_work(SMALL.agents)
        stood = stand(bench.switch, SMALL)
    assert stood.clean, stood
    assert stood.decisions > stood.freed
