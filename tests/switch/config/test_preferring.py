"""Which agent comes first: what the configuration may say of it."""

import pytest

from switch.config.doubts import doubts
from switch.config.schema import Config
from tests.switch.config.conftest import Mistakes

HEAD = (
    "agents: {ana: {}}\ntrunks: {c: {proxy: sip:10.0.0.2}}\nqueues: {a: {prefer_agent: {for: 20s}}, b: {}}\n"
)


def test_for_and_last_within() -> None:
    queue = {"prefer_agent": {"for": "30s", "last_within": "168h"}}
    prefer = Config.model_validate({"queues": {"a": queue}}).queues["a"].prefer_agent
    assert prefer is not None
    assert (prefer.first_for, prefer.last_within) == (30.0, 7 * 86400.0)


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ("go: queue:a, prefer_agent: bob", "no agent is called 'bob'"),
        ("go: echo, prefer_agent: ana", "stands beside a go that leads to no queue; leave it out"),
        (
            "go: queue:b, prefer_agent: ana",
            "queue 'b' prefers nobody; give it prefer_agent, such as {for: 20s}",
        ),
    ],
)
def test_routes(mistakes: Mistakes, route: str, fault: str) -> None:
    (line,) = mistakes(f"{HEAD}routes: [{{trunk: c, {route}}}]")
    assert line.startswith("4:")
    assert line.endswith(f"routes[0].prefer_agent: {fault}")


def test_a_route_to_a_queue_that_prefers(mistakes: Mistakes) -> None:
    assert mistakes(f"{HEAD}routes: [{{trunk: c, go: queue:a, prefer_agent: ana}}]") == []


@pytest.mark.parametrize(
    ("routing", "doubted"),
    [
        ({}, True),
        ({"matching": "optimal", "weights": {"sticky": "0"}}, True),
        ({"matching": "optimal"}, False),
    ],
)
def test_to_know_somebody_and_make_nothing_of_it_is_doubted(
    routing: dict[str, object], doubted: bool
) -> None:
    queues = {"a": {"prefer_agent": {"for": "0s", "last_within": "168h"}}}
    found = list(doubts(Config.model_validate({"queues": queues, "routing": routing})))
    assert ["nobody comes first for 0s" in finding.message for finding in found] == [True] * doubted
    assert [finding.path for finding in found] == [("queues", "a", "prefer_agent", "for")] * doubted
