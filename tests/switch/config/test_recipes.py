"""`queues.NAME.steps`: read, and checked."""

import pytest

from acd.recipe import Bound
from acd.recipe import Step as Taken
from switch.config import recipes
from switch.config.doubts import doubts
from switch.config.schema import Config
from tests.switch.config.conftest import Mistakes

HEAD = "agents: {ana: {}}\nqueues: {a: {steps: ["


def read(*steps: object) -> tuple[Taken, ...]:
    config = Config.model_validate({"queues": {"a": {"steps": list(steps)}}})
    return recipes.settings(config.queues["a"].steps)


def test_a_whole_step() -> None:
    when = {
        "waited": "30s",
        "position": "> 3",
        "agents": "<1",
        "waiting": ">= 10",
        "service_level": "< 82.5%",
    }
    do = {
        "requires": "support >= 1",
        "priority": "+10",
        "agents": ["ana"],
        "announce": "sorry",
        "overflow": "phone:1",
    }
    assert read({"when": when, "do": do}) == (
        Taken(
            waited_us=30_000_000,
            position=Bound(">", 3),
            agents=Bound("<", 1),
            waiting=Bound(">=", 10),
            service_level=Bound("<", 825),
            requires="support >= 1",
            priority=10,
            add=("ana",),
            announce="sorry",
            overflow="phone:1",
        ),
    )


def test_a_step_without_when_is_taken_at_once() -> None:
    assert read({"do": {"priority": "-1"}}) == (Taken(priority=-1),)


@pytest.mark.parametrize(
    ("step", "found"),
    [
        ("{do: {}}", ["do: does nothing; give it one of requires, priority, agents, announce, overflow"]),
        ("{do: {agents: bob}}", ["do.agents: no agent is called 'bob'"]),
        ("{do: {agents: ana, overflow: queue:b}}", ["do.overflow: no queue is called 'b'"]),
        ("{do: {overflow: phone:9}}", ["do.overflow: no phone is called '9'"]),
        (
            "{when: {waiting: '3'}, do: {priority: 1}}",
            ["when.waiting: '3' is not a comparison; write it as '> 3'"],
        ),
        (
            "{when: {service_level: '< 80'}, do: {priority: 1}}",
            ["when.service_level: '< 80' is not a comparison with a share; write it as '< 80%'"],
        ),
    ],
)
def test_mistakes(mistakes: Mistakes, step: str, found: list[str]) -> None:
    lines = mistakes(f"{HEAD}{step}]}}}}")
    assert [line.split(": ", 1)[1].removeprefix("queues.a.steps[0].") for line in lines] == found
    assert all(line.startswith("2:") for line in lines)


def test_a_skill_expression_is_wrong_at_its_column(mistakes: Mistakes) -> None:
    (line,) = mistakes(f"{HEAD}{{do: {{requires: 'a = 1'}}}}]}}}}")
    assert line.startswith("2:41: queues.a.steps[0].do.requires: '=' is no comparison")


def test_too_many(mistakes: Mistakes) -> None:
    (line,) = mistakes(f"{HEAD}{','.join(['{do: {priority: 1}}'] * 33)}]}}}}")
    assert "has more than 32 steps; join some of them" in line


def test_a_step_that_nobody_takes_is_doubted() -> None:
    steps = [{"when": {"waited": "10m"}, "do": {"priority": "1"}}]
    config = Config.model_validate({"queues": {"a": {"max_wait": "5m", "steps": steps}}})
    assert "nobody waits so long" in str([finding.message for finding in doubts(config)])


def to(queue: str, **when: str) -> dict[str, object]:
    return {"when": when, "do": {"overflow": f"queue:{queue}"}}


@pytest.mark.parametrize(
    ("queues", "circles"),
    [
        ({"a": {"steps": [to("a")]}}, [("a", 0, "a -> a")]),
        ({"a": {"steps": [to("b")]}, "b": {"steps": [to("a")]}}, [("a", 0, "a -> b -> a")]),
        ({"a": {"steps": [to("b")]}, "b": {"overflow": "queue:a"}}, [("a", 0, "a -> b -> a")]),
        (
            {
                "a": {"steps": [to("d", agents="< 1"), to("b", waited="9s")]},
                "b": {"overflow": "queue:c"},
                "c": {"overflow": "queue:d", "steps": [to("a")]},
                "d": {},
            },
            [("a", 1, "a -> b -> c -> a")],
        ),
        ({"a": {"steps": [to("b")]}, "b": {"overflow": "queue:c"}, "c": {}}, []),
    ],
)
def test_callers_who_may_go_round_are_doubted(
    queues: dict[str, object], circles: list[tuple[str, int, str]]
) -> None:
    found = list(doubts(Config.model_validate({"queues": queues})))
    assert [(*finding.path[1:4:2], way) for finding, (*_, way) in zip(found, circles, strict=True)] == [
        tuple(circle) for circle in circles
    ]
    for finding, (*_, way) in zip(found, circles, strict=True):
        assert f"go round for ever, last in line each time: {way}; let one" in finding.message
        assert finding.path[-2:] == ("do", "overflow")
