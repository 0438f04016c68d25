"""What a caller gets while the other side rings: ringing that his own side makes audible, or early media.

Never both: where media has begun, a later 180 brings our description again, so that nobody covers what comes
with a tone of his own (RFC 3960 section 3). That tone does not come back when whoever spoke is gone and the
next callee rings, so then it is ours. A row reads (what the caller has, what the callee says): action.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from switch.calls.legs.events import RINGS, Ringing
from switch.calls.legs.leg import Leg


class Has(Enum):
    """What the caller has been told so far, from the facts of his leg."""

    NOTHING = auto()
    RINGING = auto()
    MEDIA = auto()
    """He is answered, or his 183 has our description."""
    SILENCE = auto()
    """The same, and whom he heard by it was called in vain."""


class Says(Enum):
    """What the callee's provisional response means."""

    PROGRESS = auto()
    """183, 181 and the like, without media"""
    RINGS = auto()
    """180 or 182, without media"""
    SPEAKS = auto()
    """Any of them, with media to be heard"""


class Do(Enum):
    """What is done about it."""

    PASS_ON = auto()
    """The status as it came"""
    RING = auto()
    """180"""
    OPEN = auto()
    """The status with our description; what the callee says is heard."""
    RELAY = auto()
    """What the callee says is heard; the caller has our description already."""
    PLAY = auto()
    """The status as it came, and a ringing tone of ours"""


RINGBACK: Final[Mapping[tuple[Has, Says], Do]] = {
    (Has.NOTHING, Says.PROGRESS): Do.PASS_ON,
    (Has.NOTHING, Says.RINGS): Do.PASS_ON,
    (Has.NOTHING, Says.SPEAKS): Do.OPEN,
    (Has.RINGING, Says.PROGRESS): Do.RING,
    (Has.RINGING, Says.RINGS): Do.PASS_ON,
    (Has.RINGING, Says.SPEAKS): Do.OPEN,
    (Has.MEDIA, Says.PROGRESS): Do.PASS_ON,
    (Has.MEDIA, Says.RINGS): Do.PASS_ON,
    (Has.MEDIA, Says.SPEAKS): Do.RELAY,
    (Has.SILENCE, Says.PROGRESS): Do.PASS_ON,
    (Has.SILENCE, Says.RINGS): Do.PLAY,
    (Has.SILENCE, Says.SPEAKS): Do.RELAY,
}
"""Of a caller whom we can send a description before the answer."""

WITHOUT_MEDIA: Final[Mapping[tuple[Has, Says], Do]] = {
    **RINGBACK,
    (Has.NOTHING, Says.SPEAKS): Do.RING,
    (Has.RINGING, Says.SPEAKS): Do.RING,
}
"""Of one who made no offer and takes no reliable responses: his own side rings until the answer."""


def has(caller: Leg, deserted: bool) -> Has:
    """What this caller has; `deserted` says that whom he heard before the answer is gone."""
    if caller.answered or caller.early:
        return Has.SILENCE if deserted else Has.MEDIA
    return Has.RINGING if caller.rang else Has.NOTHING


def says(event: Ringing) -> Says:
    """What the callee means."""
    if event.early:
        return Says.SPEAKS
    return Says.RINGS if event.status in RINGS else Says.PROGRESS


def action(caller: Leg, event: Ringing, deserted: bool = False) -> Do:
    """What this caller gets now; `deserted` as for `has`."""
    table = RINGBACK if caller.may_hear_early else WITHOUT_MEDIA
    return table[has(caller, deserted), says(event)]
