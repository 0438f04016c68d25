"""What an agent can ask for, and what he is answered in each of his states.

One table for every door: feature codes, keys of phones, the API. A door translates into wishes, and answers
into words, digits or XML; it decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from acd.agent import AgentState

S = AgentState


@dataclass(frozen=True, slots=True)
class LogIn:
    """The agent comes to a phone. At his own its registration proves him; elsewhere his PIN does, or who
    vouches for him: an administrator.
    """

    agent: str
    phone: str
    pin: str = field(default="", repr=False)
    vouched: bool = False
    nonce: str = ""
    """Where it is not empty, `pin` is the MD5 of `nonce:PIN` in hexadecimal digits, as hoteling has it."""


@dataclass(frozen=True, slots=True)
class LogOut:
    """He goes; the phone of somebody else is free again."""

    agent: str


@dataclass(frozen=True, slots=True)
class Ready:
    """He takes calls: logged in, without pause or wrap-up."""

    agent: str


@dataclass(frozen=True, slots=True)
class Pause:
    """He takes none for a while."""

    agent: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EndWrapUp:
    """He has finished before the time. A pause that he asked for begins."""

    agent: str


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    """He needs longer than his wrap-up lasts: `desk.wrap_up_extension`, as often as he asks, up to
    the queue's `wrap_up_max` in all.
    """

    agent: str


Wish: TypeAlias = LogIn | LogOut | Ready | Pause | EndWrapUp | ExtendWrapUp


class Answer(StrEnum):
    """What becomes of a wish."""

    DONE = "done"
    LATER = "later"
    """It is done when the call, or what follows it, is over."""
    AS_BEFORE = "as_before"
    """So it was already."""
    NOT_NOW = "not_now"
    """His state does not allow it."""
    WRONG_PIN = "wrong_pin"
    """Or there is no such agent: who guesses learns nothing."""
    LOCKED = "locked"
    """Too many wrong PINs, of that agent or from that phone."""
    TALKING = "talking"
    """He is in a call at the phone that he would leave."""
    TAKEN = "taken"
    """Who sits at the phone that he would come to is in a call there."""
    NOBODY = "nobody"
    """There is no such agent, or no such phone."""


DOES: Final = frozenset({Answer.DONE, Answer.LATER, Answer.AS_BEFORE})
"""The wish is granted."""

_HERE: Final = (S.PAUSED, S.READY, S.RINGING, S.ON_CALL, S.WRAP_UP, S.UNREACHABLE)


def _row(default: Answer, **others: Answer) -> dict[AgentState, Answer]:
    return {state: others.get(state.value, default) for state in S}


ANSWERS: Final[Mapping[type[Wish], Mapping[AgentState, Answer]]] = {
    LogIn: {S.OFFLINE: Answer.DONE, **dict.fromkeys(_HERE, Answer.AS_BEFORE)},
    LogOut: _row(Answer.DONE, offline=Answer.AS_BEFORE, on_call=Answer.LATER),
    Ready: _row(Answer.DONE, ready=Answer.AS_BEFORE, ringing=Answer.AS_BEFORE, on_call=Answer.LATER),
    Pause: _row(Answer.DONE, ringing=Answer.LATER, on_call=Answer.LATER, wrap_up=Answer.LATER),
    EndWrapUp: _row(Answer.NOT_NOW, wrap_up=Answer.DONE),
    ExtendWrapUp: _row(Answer.NOT_NOW, wrap_up=Answer.DONE, on_call=Answer.LATER),
}
"""Of an agent who stays where he is."""

MOVES: Final[Mapping[AgentState, Answer]] = _row(Answer.DONE, on_call=Answer.TALKING)
"""Of one who logs in at another phone than the one at which he sits. What rings there is offered anew."""

MAKES_ROOM: Final[Mapping[AgentState, Answer]] = _row(Answer.DONE, on_call=Answer.TAKEN)
"""Of the one who sits where another logs in: he is logged out."""
