"""`routing`: what it may say, and what the router is told of it."""

import pytest

from acd.routing import Method, RoutingSettings, Weights
from switch.config.changes import compare
from switch.config.schema import Config
from switch.staffing import configured
from tests.switch.config.conftest import Mistakes


def test_the_router_is_told() -> None:
    assert configured(Config.model_validate({})).routing == RoutingSettings()
    assert configured(Config.model_validate({"routing": {"seed": "42"}})).seed == 42
    routing = {"matching": "optimal", "gather": "250ms", "weights": {"rare": "0", "age": "20"}}
    config = Config.model_validate({"routing": routing})
    told = RoutingSettings(Method.OPTIMAL, 250_000, Weights(age=20, rare=0))
    assert configured(config).routing == told
    assert compare(Config.model_validate({}), config).settings == (
        "routing.matching",
        "routing.gather",
        "routing.weights",
    )


@pytest.mark.parametrize(
    ("routing", "fault"),
    [
        (
            "{matching: best}",
            "1:21: routing.matching: 'best' is not one of greedy, optimal",
        ),
        ("{gather: 2s}", "1:19: routing.gather: Input should be less than or equal to 0.5"),
        ("{gather: -1s}", "1:19: routing.gather: '-1s' is not a duration; write it as 500ms, 20s, 5m or 1h"),
        ("{weights: {age: 1.5}}", "1:26: routing.weights.age: '1.5' is not a whole number; write it as 20"),
        (
            "{weights: {gap: 100001}}",
            "1:26: routing.weights.gap: Input should be less than or equal to 100000",
        ),
        ("{seed: -1}", "1:17: routing.seed: must not be less than 0"),
        ("{weights: {rares: 1}}", "1:21: routing.weights.rares: unknown key; did you mean 'rare'?"),
    ],
)
def test_mistakes(mistakes: Mistakes, routing: str, fault: str) -> None:
    assert mistakes(f"routing: {routing}\n") == [fault]
