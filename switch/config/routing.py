"""`routing`: how callers and agents are brought together, in all queues."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from switch.config.section import Count, Duration, Section

LONGEST_GATHER_S: Final = 0.5
"""The watchdog takes a caller who waits beside a free agent for a second for a fault."""
LARGEST_WEIGHT: Final = 100_000


class Matching(StrEnum):
    """Who decides who gets whom: the order of the lines and each queue's strategy, or the least cost."""

    GREEDY = "greedy"
    OPTIMAL = "optimal"


Weight = Annotated[Count, Field(le=LARGEST_WEIGHT)]


class Weights(Section):
    """`routing.weights`: points, which mean something only beside each other"""

    age: Weight = 10
    priority: Weight = 600
    gap: Weight = 100
    idle: Weight = 1
    rare: Weight = 600
    sticky: Weight = 200


class Routing(Section):
    """`routing`"""

    matching: Matching = Matching.GREEDY
    gather: Annotated[Duration, Field(le=LONGEST_GATHER_S)] = 0.0
    """Who could be brought together waits up to that long, so that several are looked at together."""
    weights: Weights = Weights()
    seed: Count = 0
    """Of the lots of `strategy: random`: another seed, other lots."""
