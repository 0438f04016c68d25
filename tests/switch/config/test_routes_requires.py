"""What a route may ask of agents beside its queue."""

import pytest

from tests.switch.config.conftest import Mistakes

HEAD = "trunks: {c: {proxy: sip:10.0.0.2}}\nqueues: {a: {}}\n"


@pytest.mark.parametrize(
    ("route", "fault"),
    [
        ("go: queue:a, requires: english >= ", "3:54: routes[0].requires: expected a level"),
        (
            "go: echo, requires: english >= 5",
            "3:31: routes[0].requires: stands beside a go that leads to no queue",
        ),
    ],
)
def test_mistakes(mistakes: Mistakes, route: str, fault: str) -> None:
    (line,) = mistakes(f"{HEAD}routes: [{{trunk: c, {route}}}]")
    assert line.startswith(fault)


def test_a_route_to_a_queue_asks_for_skills(mistakes: Mistakes) -> None:
    requires = "english >= 5 and (support >= 1 or sales >= 3) and not trainee >= 1"
    assert mistakes(f"{HEAD}routes: [{{trunk: c, go: queue:a, requires: {requires}}}]") == []
    assert (
        mistakes(
            f"{HEAD}hours: {{o: {{weekly: Mo 09:00-10:00}}}}\n"
            f"routes: [{{trunk: c, go: echo, hours: o, else: 'queue:a', requires: {requires}}}]"
        )
        == []
    )
