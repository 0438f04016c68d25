"""An offer that rings: the router's orders and the phone's answers, as a table.

The router decides everything that takes time (`acd.offer`); this machine carries its orders to the agent's
leg and the leg's events back. It is the leg's owner until the call takes the leg over.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from acd.events import Event as RouterEvent
from acd.events import OfferAnswered, OfferNoResponse, OfferRefused, OfferRinging, OfferTrying
from switch.calls.causes import NORMAL_CLEARING, Farewell
from switch.calls.legs.events import Answered, Cut, Ended, LegEvent, Lost, Refused, Ringing, Trying
from switch.calls.legs.leg import Leg
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.ringing.branches import Branches


class State(Enum):
    """Where an offer's INVITE is."""

    INVITED = auto()
    RINGING = auto()
    CANCELLED = auto()
    """CANCEL is asked for; a final response or a crossing 200 will come."""
    ANSWERED = auto()
    """Up, and waiting for the router's word."""
    OVER = auto()


class Input(Enum):
    """What happens to it: the first six are the phone's, the last three the router's."""

    TRYING = auto()
    PROGRESS = auto()
    ANSWERED = auto()
    REFUSED = auto()
    NO_RESPONSE = auto()
    GONE = auto()
    """The phone hung up before the router's word."""
    CANCEL = auto()
    CONNECT = auto()
    HANG_UP = auto()


class Action(Enum):
    """What is done about it, in order."""

    TELL_TRYING = auto()
    TELL_RINGING = auto()
    TELL_ANSWERED = auto()
    TELL_REFUSED = auto()
    TELL_NO_RESPONSE = auto()
    SEND_CANCEL = auto()
    END_LEG = auto()
    FORGET = auto()


OFFERING: Final[Mapping[tuple[State, Input], tuple[State, tuple[Action, ...]]]] = {
    (State.INVITED, Input.TRYING): (State.INVITED, (Action.TELL_TRYING,)),
    (State.INVITED, Input.PROGRESS): (State.RINGING, (Action.TELL_RINGING,)),
    (State.INVITED, Input.ANSWERED): (State.ANSWERED, (Action.TELL_ANSWERED,)),
    (State.INVITED, Input.REFUSED): (State.OVER, (Action.TELL_REFUSED, Action.FORGET)),
    (State.INVITED, Input.NO_RESPONSE): (State.OVER, (Action.TELL_NO_RESPONSE, Action.FORGET)),
    (State.INVITED, Input.CANCEL): (State.CANCELLED, (Action.SEND_CANCEL,)),
    (State.RINGING, Input.TRYING): (State.RINGING, ()),
    (State.RINGING, Input.PROGRESS): (State.RINGING, ()),
    (State.RINGING, Input.ANSWERED): (State.ANSWERED, (Action.TELL_ANSWERED,)),
    (State.RINGING, Input.REFUSED): (State.OVER, (Action.TELL_REFUSED, Action.FORGET)),
    (State.RINGING, Input.NO_RESPONSE): (State.OVER, (Action.TELL_NO_RESPONSE, Action.FORGET)),
    (State.RINGING, Input.CANCEL): (State.CANCELLED, (Action.SEND_CANCEL,)),
    (State.CANCELLED, Input.TRYING): (State.CANCELLED, ()),
    (State.CANCELLED, Input.PROGRESS): (State.CANCELLED, ()),
    (State.CANCELLED, Input.CANCEL): (State.CANCELLED, ()),
    (State.CANCELLED, Input.ANSWERED): (State.ANSWERED, (Action.TELL_ANSWERED,)),
    (State.CANCELLED, Input.REFUSED): (State.OVER, (Action.TELL_REFUSED, Action.FORGET)),
    (State.CANCELLED, Input.NO_RESPONSE): (State.OVER, (Action.TELL_NO_RESPONSE, Action.FORGET)),
    (State.ANSWERED, Input.CONNECT): (State.OVER, (Action.FORGET,)),
    (State.ANSWERED, Input.HANG_UP): (State.OVER, (Action.END_LEG, Action.FORGET)),
    (State.ANSWERED, Input.GONE): (State.OVER, (Action.FORGET,)),
    (State.ANSWERED, Input.CANCEL): (State.ANSWERED, ()),
}
"""A pair that is not here changes nothing: it is late."""


class Offering:
    """One offer to one agent's phone."""

    def __init__(
        self,
        offer: str,
        call: str,
        agent: str,
        post: Callable[[RouterEvent], None],
        forget: Callable[[str], None],
    ) -> None:
        self.offer = offer
        self.call = call
        self.agent = agent
        self.branches: Branches | None = None
        """The legs towards the agent's phone, from their INVITEs on."""
        self.state = State.INVITED
        self._post = post
        self._forget = forget
        self._status = 0
        self._farewell = Farewell()

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on a leg of the agent's."""
        said = event if self.branches is None else self.branches.hear(leg, event)
        match said:
            case Trying():
                self.step(Input.TRYING)
            case Ringing():
                self.step(Input.PROGRESS)
            case Answered():
                self.step(Input.ANSWERED)
            case Refused(status=status, timed_out=timed_out):
                self._status = status
                self.step(Input.NO_RESPONSE if timed_out else Input.REFUSED)
            case Cut() if self.branches is not None:
                self.branches.leg.give_up(503)
                self.step(Input.NO_RESPONSE)
            case Ended() | Lost():
                leg.end(Farewell(q850=NORMAL_CLEARING))
                self.step(Input.GONE)
            case _:
                pass

    @property
    def rings(self) -> bool:
        """Whether the call is still this agent's to answer."""
        return self.state in (State.INVITED, State.RINGING)

    def cancel(self, farewell: Farewell) -> None:
        """The router gave the offer up; it goes on until its final response."""
        self._farewell = farewell
        self.step(Input.CANCEL)

    def hang_up(self) -> None:
        """The router does not take the late answer."""
        self._farewell = Farewell(q850=NORMAL_CLEARING)
        self.step(Input.HANG_UP)

    def connect(self) -> OutgoingLeg | None:
        """The router takes the answer: the leg is the caller's. None if the phone has hung up meanwhile."""
        self.step(Input.CONNECT)
        return None if self.branches is None or self.branches.leg.over else self.branches.leg

    def step(self, input: Input) -> None:
        """Take one row of the table."""
        row = OFFERING.get((self.state, input))
        if row is None:
            return
        self.state, actions = row
        for action in actions:
            self._act(action)

    def _act(self, action: Action) -> None:
        match action:
            case Action.TELL_TRYING:
                self._post(OfferTrying(offer=self.offer))
            case Action.TELL_RINGING:
                self._post(OfferRinging(offer=self.offer))
            case Action.TELL_ANSWERED:
                self._post(OfferAnswered(offer=self.offer))
            case Action.TELL_REFUSED:
                self._post(OfferRefused(offer=self.offer, status=self._status))
            case Action.TELL_NO_RESPONSE:
                self._post(OfferNoResponse(offer=self.offer))
            case Action.SEND_CANCEL if self.branches is not None:
                self.branches.cancel(self._farewell)
            case Action.END_LEG if self.branches is not None:
                self.branches.end(self._farewell)
            case Action.FORGET:
                self._forget(self.offer)
