"""Somebody is called, until he answers or the last one refuses: what his caller hears of it meanwhile."""

from media.port import Play, Relay
from media.progress import Country, Signal, progress_tone
from switch.calls.bridge import pass_on
from switch.calls.digits import Pressed
from switch.calls.hunting import Hunt
from switch.calls.leg import Leg
from switch.calls.leg_events import LegEvent, Ringing
from switch.calls.leg_incoming import IncomingLeg
from switch.calls.leg_outgoing import OutgoingLeg
from switch.calls.ringback import Do, action


class Reaching:
    """The caller, and the leg of the hunt that is out."""

    def __init__(self, caller: IncomingLeg, hunt: Hunt, country: Country) -> None:
        """Where we make the ringing tone, it is that of `country`."""
        self._caller = caller
        self._hunt = hunt
        self._country = country
        self._callee: OutgoingLeg | None = None
        self._relaying = False
        """The two hear each other before the answer."""
        self._deserted = False
        """The caller heard somebody who is gone, and nothing since."""

    def called(self, leg: OutgoingLeg) -> None:
        """This is the leg that is out from now on."""
        self._deserted = self._deserted or self._relaying
        self._callee, self._relaying = leg, False

    def hear(self, leg: Leg, event: LegEvent) -> LegEvent | None:
        """What is left for the call to do about an event of one of its legs; None where nothing is."""
        if leg is not self._callee:
            return event
        heard = self._hunt.hear(event)
        if isinstance(heard, Ringing):
            self._rings(self._callee, heard)
            return None
        return heard

    def pressed(self, leg: Leg, pressed: Pressed) -> None:
        """One of them pressed a digit. It is for whom he hears; while he hears nobody, for nobody: kept for
        later it would answer a question that nobody had asked when it was pressed.
        """
        if self._relaying and self._callee is not None:
            pass_on(pressed, self._callee if leg is self._caller else self._caller)

    def stop(self) -> None:
        """The call is over."""
        self._hunt.stop()

    def _rings(self, callee: OutgoingLeg, event: Ringing) -> None:
        match action(self._caller, event, self._deserted):
            case Do.RING:
                self._caller.ring()
            case Do.PASS_ON:
                self._caller.ring(event.status)
            case Do.OPEN:
                self._caller.open_early(event.status)
                self._relay(callee)
            case Do.RELAY:
                self._relay(callee)
            case Do.PLAY:
                self._deserted = False
                self._caller.ring(event.status)
                self._caller.send(Play(progress_tone(self._country, Signal.RINGBACK), loop=True))

    def _relay(self, callee: OutgoingLeg) -> None:
        if not self._relaying:
            self._relaying, self._deserted = True, False
            self._caller.send(Relay(callee.port))
            callee.send(Relay(self._caller.port))
