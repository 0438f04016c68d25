"""What a pair of a caller and an agent costs: whole numbers, thousandths of the points of
`acd.routing.Weights`.

A cost has four parts that are added: the caller's (age and priority), the agent's (how long he is free),
what only the two kinds together tell, which is what the caller asks for and what the agent can (the levels
that are spent without need, and the price of an agent whom other callers may need more), and whether the two
know each other.
"""

from collections.abc import Iterable

from acd.agent import Agent
from acd.assignment import HIGHEST
from acd.queued_call import QueuedCall
from acd.routing import Weights

_MOST = HIGHEST // 4
"""Of each part, so that their sum is in bounds: seven hours of waiting at the weights' defaults count in
full."""


def caller(call: QueuedCall, now_us: int, weights: Weights) -> int:
    """The caller's part: the less, the longer he waits and the larger his priority."""
    waited_ms = max(0, now_us - call.queued_at_us) // 1000
    return _bounded(-weights.age * waited_ms - 1000 * weights.priority * call.priority)


def agent(free: Agent, now_us: int, weights: Weights) -> int:
    """The agent's part: the less, the longer he is free."""
    idle_ms = max(0, now_us - (free.idle_since_us or now_us)) // 1000
    return _bounded(-weights.idle * idle_ms)


def price(present: Iterable[int], weights: Weights) -> int:
    """What an agent is worth to all whom he serves: to each his share in the agents who are present."""
    whole = 1000 * weights.rare
    return sum([whole // (agents or 1) for agents in present])


def together(gap: int, price: int, weights: Weights) -> int:
    """The part of what is asked and what the agent can: `gap` in levels, `price` of the other callers whom he
    serves."""
    return _bounded(1000 * weights.gap * gap + price)


def acquaintance(call: QueuedCall, free: Agent, weights: Weights) -> int:
    """The part of the two themselves: less, where the caller knows the agent."""
    return -1000 * weights.sticky if call.knows == free.settings.name else 0


def _bounded(part: int) -> int:
    return part if -_MOST < part < _MOST else _MOST if part > 0 else -_MOST
