"""Recipes: what a queue asks of agents less and less while a caller waits. Data, and what follows from it.

A step is taken once for each visit: when its `waited` has passed and its other conditions hold. Steps do not
wait for each other. The steps taken are a set of bits, 1 << (place in the list).
"""

import operator
from collections.abc import Callable, Sequence

import msgspec

LOOK_AGAIN_US = 1_000_000
MOST_STEPS = 32

COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


class Bound(msgspec.Struct, frozen=True, array_like=True):
    """A comparison with a number; `sign` is one of `COMPARE`."""

    sign: str
    number: int

    def holds(self, value: int) -> bool:
        """Whether the value compares so."""
        return COMPARE[self.sign](value, self.number)


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step.

    Conditions: `waited_us` since the caller came to the queue; `position`, his place in it (1 is next);
    `agents`, how many who may serve him are present; `waiting`, how many callers there are in the queue;
    `service_level` in thousandths. Actions: `requires` in place of the queue's expression; `priority` is
    added to the caller's; `add` names agents who may serve him besides; `announce` is a prompt for him;
    `overflow` is where he goes, as `acd.settings.QueueSettings.overflow`.
    """

    waited_us: int = 0
    position: Bound | None = None
    agents: Bound | None = None
    waiting: Bound | None = None
    service_level: Bound | None = None
    requires: str | None = None
    priority: int = 0
    add: tuple[str, ...] = ()
    announce: str = ""
    overflow: str = ""

    @property
    def widens(self) -> bool:
        """Whether other agents may serve who takes it."""
        return self.requires is not None or bool(self.add)


Steps = Sequence[Step]


def next_look_us(steps: Steps, taken: int, since_us: int, now_us: int) -> int | None:
    """When steps are to be looked at next, for a caller who came at `since_us`; None if none is left.

    Times are UTC microseconds. A step whose time has passed is looked at again a second later.
    """
    ahead = (since_us + step.waited_us for number, step in enumerate(steps) if not taken >> number & 1)
    return min((due if due > now_us else now_us + LOOK_AGAIN_US for due in ahead), default=None)


def first_look_us(steps: Steps, taken: int, since_us: int) -> int | None:
    """Likewise, where none of them was looked at yet: a time that has passed is now."""
    ahead = (since_us + step.waited_us for number, step in enumerate(steps) if not taken >> number & 1)
    return min(ahead, default=None)


def widening(steps: Steps, taken: int) -> int:
    """Those of the steps taken that let other agents serve."""
    return sum(1 << number for number, step in enumerate(steps) if taken >> number & 1 and step.widens)


def demand(steps: Steps, taken: int, requires: str) -> tuple[str, tuple[str, ...]]:
    """What is required after these steps, where the queue requires `requires`: the last expression counts;
    and who may serve besides, each once."""
    names: dict[str, None] = {}
    for number, step in enumerate(steps):
        if taken >> number & 1:
            requires = requires if step.requires is None else step.requires
            names.update(dict.fromkeys(step.add))
    return requires, tuple(names)


def raised(steps: Steps, taken: int) -> int:
    """By how much these steps raise the priority."""
    return sum(step.priority for number, step in enumerate(steps) if taken >> number & 1)


def carried_over(before: Steps, after: Steps, taken: int) -> int:
    """The steps taken of one recipe, as steps of the recipe that follows it: equal ones, in their order."""
    kept = 0
    left = list(enumerate(after))
    for number, step in enumerate(before):
        same = next((place for place in left if place[1] == step), None)
        if same is not None:
            left.remove(same)
            kept |= (taken >> number & 1) << same[0]
    return kept
