"""How callers and agents are brought together, whatever the queue: at once or gathered, in order or at least
cost."""

import enum

import msgspec


class Method(enum.StrEnum):
    """What decides who gets whom."""

    GREEDY = "greedy"
    """Callers in the order of their lines, each the first agent of his queue's strategy."""
    OPTIMAL = "optimal"
    """The pairs that cost least together; see `acd.cost`."""


class Weights(msgspec.Struct, frozen=True, omit_defaults=True):
    """What counts how much, in points: whole numbers that mean something only beside each other.

    With these a second of waiting is worth 10, and so a unit of priority a minute, as it is by default in the
    order of a line; a level more than is asked for is 10 seconds, the only agent of some class a minute, an
    agent whom the caller knows 20 seconds."""

    age: int = 10  # for each second that the caller waits
    priority: int = 600  # for each unit of his priority
    gap: int = 100  # against each level that the agent has beyond what is asked
    idle: int = 1  # for each second that the agent is free
    rare: int = 600  # against an agent, for each other class that he serves, divided by how many agents do
    sticky: int = 200  # where the caller knows the agent


class RoutingSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole pool's. With `gather_us` above 0, whoever could be brought together waits up to that long, so
    that several callers and several agents are looked at together."""

    matching: Method = Method.GREEDY
    gather_us: int = 0
    weights: Weights = Weights()

    @property
    def sticks(self) -> bool:
        """Whether it counts whom a caller knows."""
        return self.matching is Method.OPTIMAL and self.weights.sticky > 0
