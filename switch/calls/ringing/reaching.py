"""Somebody is called, until he answers or the last one refuses: what his caller hears of it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from media.codecs import CODECS
from media.port import Play, Relay, Source
from media.progress import Signal, progress_tone
from switch.calls.bridge import pass_on
from switch.calls.causes import CLEARED, Farewell
from switch.calls.digits import Pressed
from switch.calls.ending import Reason
from switch.calls.legs.events import LegEvent, Ringing
from switch.calls.legs.leg import Leg
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.ringing.attempts import Attempts
from switch.calls.ringing.branches import Branches
from switch.calls.ringing.hunting import Attempt, Hunt
from switch.calls.ringing.occupancy import Occupancy
from switch.calls.ringing.redirecting import Redirecting
from switch.calls.ringing.ringback import Do, action
from switch.exchange import Exchange

if TYPE_CHECKING:
    from switch.calls.talking import Talking

TONE_S: Final = 4.0
"""So long a caller hears that he was called for in vain."""

_SIGNALS: Final[Mapping[Reason, Signal]] = {
    Reason.BUSY: Signal.BUSY,
    Reason.DECLINED: Signal.BUSY,
    Reason.NOT_FOUND: Signal.INFORMATION,
}
"""How a network says it (ITU-T E.180); any other reason is congestion."""


class Reaching:
    """The caller, and the leg that is out for him."""

    def __init__(
        self,
        exchange: Exchange,
        caller: Leg,
        occupied: Occupancy,
        called: Callable[[OutgoingLeg, bool], None],
        let_hear: Callable[[Callable[[], Source]], None],
    ) -> None:
        """`called` is told each leg that is out from now on, and whether it is the one that counts, in the
        place of the one before; `let_hear` what the caller hears.
        """
        self.occupied = occupied
        """By whoever was called last, on trunks."""
        self._exchange = exchange
        self.caller = caller
        self._called = called
        self._let_hear = let_hear
        self._hunt: Hunt | None = None
        self._attempts: Attempts | None = None
        self._branches: Branches | None = None
        self._callee: OutgoingLeg | None = None
        """Of those who are called the one that counts."""
        self._relaying = False
        """The two hear each other before the answer."""
        self._deserted = False
        """The caller heard somebody who is gone, and nothing since."""

    def begin(self, attempts: Attempts, first: Sequence[Attempt]) -> None:
        """Call these, one after another, in the place of who was called before. Raises Unreachable, and
        nothing has changed.
        """
        hunt, before = Hunt(self._exchange, first, Redirecting(self._exchange, attempts).follow), self._hunt
        hunt.begin(self._next)
        if before is not None:
            before.stop(CLEARED)
        self._hunt, self._attempts = hunt, attempts
        if attempts.occupied is not self.occupied:
            self.occupied.release(self._exchange.now_us())
            self.occupied = attempts.occupied

    @property
    def ringing(self) -> Sequence[OutgoingLeg]:
        """Who may answer."""
        return () if self._branches is None else self._branches.ringing

    def ring(self) -> None:
        """The caller, who is answered, hears ringing, whether the other side says that it rings or not."""
        self._deserted = False
        country = self._exchange.config.media.tones
        self._let_hear(lambda: Play(progress_tone(country, Signal.RINGBACK), loop=True))

    def move(
        self,
        call: Talking,
        called: Callable[[OutgoingLeg, bool], None],
        let_hear: Callable[[Callable[[], Source]], None],
    ) -> None:
        """Whoever rings, or is tried after him, is called for the caller of another call from now on, who
        hears it ring.
        """
        self.caller, self._called, self._let_hear = call.caller, called, let_hear
        if self._attempts is not None:
            self._attempts.move(call)
        if self._relaying and self._callee is not None:
            self._relaying = False
            self._relay(self._callee)
        else:
            self.ring()

    def in_vain(self, reason: Reason, end: Callable[[], None]) -> None:
        """Nobody is there: `end` the call. A caller who has our 200, so that no status can tell him, hears it
        before; not where the side that was called could tell him in its own words.
        """
        spoke = self._relaying or self._deserted
        agreed = self.caller.agreed
        self.over()
        if spoke or not self.caller.answered or agreed is None or not CODECS[agreed.codec].is_heard:
            end()
            return
        tone = progress_tone(self._exchange.config.media.tones, _SIGNALS.get(reason, Signal.CONGESTION))
        self._let_hear(lambda: Play(tone, loop=True))
        self._exchange.loop.call_later(TONE_S, end)

    def hear(self, leg: Leg, event: LegEvent) -> LegEvent | None:
        """What is left for the call to do about an event of one of its legs; None where nothing is."""
        if self._hunt is None or self._branches is None or leg not in self._branches.legs:
            return event
        heard = self._hunt.hear(leg, event)
        if self._branches is not None and self._branches.leg is not self._callee:
            self._follow(self._branches.leg)
        if isinstance(heard, Ringing) and self._callee is not None:
            self._rings(self._callee, heard)
            return None
        return heard

    def pressed(self, leg: Leg, pressed: Pressed) -> None:
        """One of them pressed a digit. It is for whom he hears; while he hears nobody, for nobody: kept for
        later it would answer a question that nobody had asked when it was pressed.
        """
        if self._relaying and self._callee is not None:
            pass_on(pressed, self._callee if leg is self.caller else self.caller)

    def over(self, farewell: Farewell = CLEARED) -> None:
        """Whoever was called has left, or nobody waits for him any more: what still rings is told so."""
        if self._hunt is not None:
            self._hunt.stop(farewell)
        self._hunt = self._branches = self._callee = self._attempts = None
        self._relaying = self._deserted = False
        self.occupied.release(self._exchange.now_us())

    def forget(self) -> None:
        """So is the call: hold nothing of it."""
        self._called = self._let_hear = _nobody

    def _next(self, branches: Branches) -> None:
        self._branches = branches
        branches.tell(lambda leg: self._called(leg, False))
        self._follow(branches.leg)

    def _follow(self, leg: OutgoingLeg) -> None:
        """This leg counts from now on."""
        self._deserted = self._deserted or self._relaying
        self._callee, self._relaying = leg, False
        self._called(leg, True)

    def _rings(self, callee: OutgoingLeg, event: Ringing) -> None:
        match action(self.caller, event, self._deserted):
            case Do.RING:
                self.caller.ring()
            case Do.PASS_ON:
                self.caller.ring(event.status)
            case Do.OPEN:
                self.caller.open_early(event.status)
                self._relay(callee)
            case Do.RELAY:
                self._relay(callee)
            case Do.PLAY:
                self.caller.ring(event.status)
                self.ring()

    def _relay(self, callee: OutgoingLeg) -> None:
        if not self._relaying:
            self._relaying, self._deserted = True, False
            self._let_hear(lambda: Relay(callee.port))
            callee.send(Relay(self.caller.port))


def _nobody(*_: object) -> None:
    """Nobody is to be told."""
