"""Who keeps account of calls and legs: what the registry is to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from switch.peers import Peer

if TYPE_CHECKING:
    from switch.calls.flow import Call
    from switch.calls.legs.leg import Leg
    from switch.calls.talking import Talking


class LegBook(Protocol):
    """Who must know which legs there are."""

    def leg_opened(self, leg: Leg) -> None:
        """It has a session and a port."""
        ...

    def leg_refreshed(self, leg: Leg) -> None:
        """Its peer may be elsewhere from now on."""
        ...

    def leg_changed(self, leg: Leg) -> None:
        """It rings, is answered, or is held: who watches it wants to know."""
        ...

    def leg_rings(self, leg: Leg) -> None:
        """A provisional response has gone or come: after a crash of ours it would have to be stopped."""
        ...

    def leg_closed(self, leg: Leg) -> None:
        """It has given both back."""
        ...

    def calls_of(self, phone: str) -> int:
        """In how many calls a phone is, or rings for."""
        ...

    def leg_lost(self, leg: Leg, *, is_there: bool = False) -> None:
        """Its peer sends nothing, and answers nothing, or (`is_there`) that it knows no such dialog."""
        ...


class CallBook(LegBook, Protocol):
    """Who must know which calls there are."""

    def call_changed(self, call: Talking) -> None:
        """The call has come further: note it, should the switch crash."""
        ...

    def call_over(self, call: Call) -> None:
        """The call has ended; what is left is to book it."""
        ...

    def leg_confirmed(self, leg: Leg, call: Talking) -> None:
        """A leg of the call is up: after a crash of ours it would have to be ended."""
        ...

    def leg_moved(self, leg: Leg, call: Call) -> None:
        """A leg by which a code was dialled is that call's, and like any other."""
        ...

    def talk_at(self, phone: str) -> Call | None:
        """The call in which the phone talks to somebody, or has him on hold."""
        ...

    def consults(self, leg: Leg) -> bool:
        """Whether its phone has called somebody since."""
        ...

    def held_at(self, phone: Peer) -> Leg | None:
        """The leg by which a phone holds somebody; of several the one that was made last."""
        ...

    def recording_started(self, call: Talking) -> None:
        """The caller's port is tapped."""
        ...
