"""What a pair costs."""

from acd import cost
from acd.agent import Agent
from acd.assignment import HIGHEST
from acd.queued_call import QueuedCall
from acd.routing import Weights
from acd.settings import AgentSettings

NOW_US = 1_795_000_000_000_000
SECOND = 1_000_000
WEIGHTS = Weights()


def waits(for_s: int, priority: int = 0) -> int:
    call = QueuedCall("c1", "support", priority, NOW_US - for_s * SECOND, 1)
    return cost.caller(call, NOW_US, WEIGHTS)


def free(for_s: int) -> int:
    return cost.agent(Agent(AgentSettings("ana"), idle_since_us=NOW_US - for_s * SECOND), NOW_US, WEIGHTS)


def test_a_unit_of_priority_is_a_minute_as_in_the_order_of_a_line() -> None:
    assert waits(60) == waits(0, priority=1) == -600_000
    assert waits(61) < waits(0, priority=1) < waits(59)


def test_who_is_free_longer_costs_less() -> None:
    assert free(100) == -100_000 < free(99)
    assert cost.agent(Agent(AgentSettings("ana")), NOW_US, WEIGHTS) == 0


def test_levels_beyond_need_and_rare_skills_cost() -> None:
    assert cost.price([1], WEIGHTS) == cost.price([0], WEIGHTS) == 600_000
    assert cost.price([20, 1], WEIGHTS) == 630_000
    assert cost.together(3, 30_000, WEIGHTS) == 330_000


def test_who_is_known_costs_less() -> None:
    call = QueuedCall("c1", "support", 0, NOW_US, 1, knows="ana")
    assert cost.acquaintance(call, Agent(AgentSettings("ana")), WEIGHTS) == -200_000
    assert cost.acquaintance(call, Agent(AgentSettings("luis")), WEIGHTS) == 0


def test_no_part_leaves_its_bounds() -> None:
    """However long somebody waits and whatever the weights: the sum of all is a cost of the assignment."""
    heaviest = Weights(*[100_000] * 6)
    call = QueuedCall("c1", "support", 10**9, 0, 1, knows="ana")
    idle = Agent(AgentSettings("ana"), idle_since_us=1)
    parts = [
        cost.caller(call, NOW_US, heaviest),
        cost.agent(idle, NOW_US, heaviest),
        cost.together(10**6, 10**12, heaviest),
        cost.acquaintance(call, idle, heaviest),
    ]
    assert sum(abs(part) for part in parts) < HIGHEST
    assert cost.caller(QueuedCall("c1", "support", -(10**9), 0, 1), NOW_US, heaviest) < HIGHEST
    assert waits(-5) == 0
