"""The hunt: one call's way from target to target, until somebody is there (RFC 3263 section 4.3).

The next target is tried where one says nothing at all for `patience_s`, refuses or breaks its connection, or
answers 503, or 408 without having rung: RFC 3263 names these and no others, since any other answer is one
that the next target would give as well. After a ringing response only a connection that breaks leads to
another target: no answer could come by it. A 3xx, which may come after minutes of ringing, replaces what is
left by where it points, as far as our routes lead there. So does, for a phone of ours, the forwarding that it
has set for when it is busy, or does not answer in time.
"""

from asyncio import TimerHandle
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from switch.calls.causes import Farewell
from switch.calls.legs.events import Answered, Cut, LegEvent, Refused, Ringing, Trying
from switch.calls.legs.leg import Leg
from switch.calls.ringing.branches import Branches
from switch.calls.ringing.unreachable import Unreachable
from switch.exchange import Exchange
from switch.identities.redirection import Cause
from switch.trunks.health import HealthEvent
from switch.trunks.next_hop import NextHop

_NOBODY_THERE: Final = (408, 503)
_FORWARDED: Final[Mapping[int, Cause]] = {
    408: Cause.NO_ANSWER,
    480: Cause.NO_ANSWER,
    486: Cause.USER_BUSY,
    503: Cause.NO_ANSWER,
    600: Cause.USER_BUSY,
    603: Cause.USER_BUSY,
}
"""What a phone's refusal is to its forwarding: who declines is as good as busy."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """INVITEs to `number` that may be sent; `dial` raises Unreachable. `hop` is None where they go to a phone
    of ours, which is waited for as long as it takes, or `ring_s` where that is not 0. `instead` says who is
    called in its place where it is busy or does not answer.
    """

    dial: Callable[[], Branches]
    number: str
    hop: NextHop | None = None
    patience_s: float = 0.0
    ring_s: float = 0.0
    instead: Callable[[Cause], Sequence["Attempt"]] = lambda cause: ()


Redirect = Callable[[Attempt, Refused], Sequence[Attempt]]
"""Where a 3xx leads that answered this one."""


class Hunt:
    """Tries one after the other."""

    def __init__(self, exchange: Exchange, attempts: Iterable[Attempt], redirect: Redirect) -> None:
        self._exchange = exchange
        self._left = list(attempts)
        self._redirect = redirect
        self._on_next: Callable[[Branches], None] = lambda branches: None
        self._branches: Branches | None = None
        self._attempt: Attempt | None = None
        self._settled = False
        """Somebody rings, or has answered: no refusal but a 3xx leads on."""
        self._was_down = False
        """The target was thought dead when it was called."""
        self._timer: TimerHandle | None = None
        self._ringing: TimerHandle | None = None
        """Until whoever rings has not answered in time."""

    def begin(self, on_next: Callable[[Branches], None]) -> None:
        """Call the first; `on_next` is told his legs, and those that take the place of the ones before.
        Raises Unreachable where none can be sent.
        """
        self._on_next = on_next
        last = self._next()
        if last is not None:
            raise last

    def hear(self, leg: Leg, event: LegEvent) -> LegEvent | None:
        """What the call is to make of an event of a leg that is out; None where the hunt goes on."""
        said = event if self._branches is None else self._branches.hear(leg, event)
        match said:
            case Trying():
                self._answered()
            case Ringing() | Answered():
                self._settled = True
                self._answered()
                if isinstance(said, Answered):
                    self._ringing_over()
            case Refused():
                return self._refused(said)
            case Cut():
                return self._cut()
            case _:
                pass
        return said

    def stop(self, farewell: Farewell) -> None:
        """Nobody waits for who is called any more."""
        if self._branches is not None:
            self._branches.silence(farewell)
        self._left.clear()
        self._patience_over()
        self._ringing_over()

    # Inside

    @property
    def _hop(self) -> NextHop | None:
        return None if self._attempt is None else self._attempt.hop

    @property
    def _log(self) -> structlog.stdlib.BoundLogger:
        log: structlog.stdlib.BoundLogger = structlog.get_logger("call")
        return log if self._hop is None else log.bind(trunk=self._hop.trunk)

    def _next(self) -> Unreachable | None:
        """Send the next INVITE that can be sent; the last reason why none could be."""
        failure: Unreachable | None = None
        while self._left:
            attempt = self._left.pop(0)
            try:
                branches = attempt.dial()
            except Unreachable as error:
                failure = error
                self._left[:0] = _instead(attempt, error.status)
                continue
            except Exception:  # noqa: BLE001 - without an end of this hunt its caller would ring for good
                self._log.exception("cannot call")
                failure = Unreachable(500, "Server Internal Error")
                continue
            self._patience_over()
            self._ringing_over()
            self._branches, self._attempt, self._settled = branches, attempt, False
            self._was_down = attempt.hop is not None and self._exchange.trunks.is_down(attempt.hop)
            if attempt.patience_s > 0:
                self._timer = self._exchange.loop.call_later(attempt.patience_s, self._silent)
            if attempt.ring_s > 0:
                self._ringing = self._exchange.loop.call_later(attempt.ring_s, self._unanswered)
            self._on_next(branches)
            return None
        return failure or Unreachable(503, "Service Unavailable")

    def _refused(self, event: Refused) -> LegEvent | None:
        self._patience_over()
        if event.timed_out:
            self._see(HealthEvent.DEAD)
        elif event.status not in _NOBODY_THERE:
            self._see(HealthEvent.ANSWER)
        elif event.retry_after_s and self._hop is not None:
            self._exchange.trunks.rest(self._hop, event.retry_after_s)
        if 300 <= event.status < 400 and self._attempt is not None:
            self._left = list(self._redirect(self._attempt, event))
        elif self._attempt is not None and (instead := _instead(self._attempt, event.status)):
            self._left = list(instead)
        elif self._settled or event.status not in _NOBODY_THERE:
            return event
        return None if self._next() is None else event

    def _cut(self) -> LegEvent | None:
        """The connection broke before anybody answered."""
        self._see(HealthEvent.DEAD)
        if self._branches is not None:
            self._branches.give_up(503)
        return None if self._next() is None else Refused(503, "Service Unavailable", None, timed_out=True)

    def _silent(self) -> None:
        """Nothing came, not even a 100. Where nobody else is left to be tried, the wait goes on, but not for
        one who was known to be dead.
        """
        self._timer = None
        before = self._branches
        if before is None:
            return
        if self._was_down and not self._left:
            before.give_up(408)
            before.leg.owner.leg_event(before.leg, Refused(408, "Request Timeout", None, timed_out=True))
            return
        self._see(HealthEvent.DEAD)
        if self._next() is None:
            before.give_up(408)

    def _unanswered(self) -> None:
        """It rang as long as it was to. Where nobody can be called in its place it rings on."""
        self._ringing = None
        before, attempt = self._branches, self._attempt
        if before is None or attempt is None:
            return
        self._left = list(attempt.instead(Cause.NO_ANSWER))
        if self._left and self._next() is None:
            before.give_up(480)

    def _answered(self) -> None:
        self._patience_over()
        self._see(HealthEvent.ANSWER)

    def _see(self, event: HealthEvent) -> None:
        if self._hop is not None:
            self._exchange.trunks.see(self._hop, event)
            if event is HealthEvent.DEAD:
                self._log.info("nobody there", target=self._hop.proxy.uri, left=len(self._left))

    def _patience_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ringing_over(self) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
            self._ringing = None


def _instead(attempt: Attempt, status: int) -> Sequence[Attempt]:
    """Who is called in the place of one who refuses, or cannot be called."""
    cause = _FORWARDED.get(status)
    return () if cause is None else attempt.instead(cause)
