"""The health of one target of a trunk, as a table: down after three misses, up after two answers.

A row reads (state, event): next state. A call that found nobody is believed at once; the answer to a question
only when it was repeated, for callers should not be the ones who find out.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Health(StrEnum):
    """What we think of a target. While it is DOWN or RETURNING, calls go to it last."""

    UP = "up"
    DOUBTED = "doubted"
    """One miss."""
    SUSPECT = "suspect"
    """Two misses in a row."""
    DOWN = "down"
    RETURNING = "returning"
    """It was down and has answered once."""

    @property
    def takes_calls(self) -> bool:
        """Whether calls go to it while others could take them."""
        return self not in (Health.DOWN, Health.RETURNING)


class HealthEvent(StrEnum):
    """What we see of it."""

    ANSWER = "answer"
    """Any response but 408 and 503, to a question or to a call."""
    MISS = "miss"
    """A question without an answer, or with 408 or 503."""
    DEAD = "dead"
    """A call found nobody: silence, or a connection that was refused or reset."""
    FORGIVEN = "forgiven"
    """Nobody asks it, and it has been left alone for a while: the next call tries it again."""


UP, DOUBTED, SUSPECT, DOWN, RETURNING = Health
ANSWER, MISS, DEAD, FORGIVEN = HealthEvent

HEALTH: Final[Mapping[tuple[Health, HealthEvent], Health]] = {
    (UP,        ANSWER):   UP,
    (UP,        MISS):     DOUBTED,
    (UP,        DEAD):     DOWN,
    (DOUBTED,   ANSWER):   UP,
    (DOUBTED,   MISS):     SUSPECT,
    (DOUBTED,   DEAD):     DOWN,
    (SUSPECT,   ANSWER):   UP,
    (SUSPECT,   MISS):     DOWN,
    (SUSPECT,   DEAD):     DOWN,
    (DOWN,      ANSWER):   RETURNING,
    (DOWN,      MISS):     DOWN,
    (DOWN,      DEAD):     DOWN,
    (DOWN,      FORGIVEN): UP,
    (RETURNING, ANSWER):   UP,
    (RETURNING, MISS):     DOWN,
    (RETURNING, DEAD):     DOWN,
    (RETURNING, FORGIVEN): UP,
}  # fmt: skip
"""A pair that is not here changes nothing."""


def after(health: Health, event: HealthEvent) -> Health:
    """What we think of it after this event."""
    return HEALTH.get((health, event), health)


def is_alive(status: int | None) -> bool:
    """Whether this answer to a question says that somebody is there who takes calls; None is no answer."""
    return status is not None and status not in (408, 503)
