"""Plots are well-formed, and what is in them lies where it should."""

from xml.etree import ElementTree

import pytest

from tests.plots import Interval, intervals, lines, ticks

SVG = "{http://www.w3.org/2000/svg}"


def test_lines_run_over_decades_and_from_nought() -> None:
    drawn = ElementTree.fromstring(
        lines("what it costs", "so many", "µs", {"a & b": [(10, 0), (1000, 30)], "other": [(10, 10)]})
    )
    said = [one.text for one in drawn.iter(f"{SVG}text")]
    assert {"a & b", "other", "10", "100", "1,000", "30", "µs"} <= set(said)
    first, _ = (one.attrib["points"].split() for one in drawn.iter(f"{SVG}polyline"))
    assert first == ["60.0,352.0", "720.0,64.0"]


def test_intervals_lie_around_nought() -> None:
    rows = {"one": [[Interval(1, 0.5)], [Interval(0, 0)]], "two": [[Interval(-1.5, 0.5)], [Interval(2, 1)]]}
    drawn = ElementTree.fromstring(intervals("differences", ["%", "s"], rows, ["kind"]))
    _, *marks = (one.attrib["cx"] for one in drawn.iter(f"{SVG}circle"))
    assert marks == [
        "402.5",
        "308.8",
        "555.0",
        "592.5",
    ]


@pytest.mark.parametrize(
    ("reach", "expected"), [(30, (10, 30)), (31, (10, 40)), (4, (1, 4)), (0.9, (0.2, 1.0)), (0, (1, 1))]
)
def test_ticks_are_round(reach: float, expected: tuple[float, float]) -> None:
    assert ticks(reach) == pytest.approx(expected)
