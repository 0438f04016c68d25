"""Who keeps a session alive (RFC 4028 section 10): we refresh it at half its interval, or see that they do.

A row reads (state, input): (next state, actions), as in `session_table`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from sip.dialogs.machine import Machine
from sip.dialogs.session_interval import SessionInterval, watch_s
from sip.transactions.layer import Layer

_RETRIES_IN_AN_INTERVAL: Final = 8


class State(StrEnum):
    """Whose turn it is."""

    OFF = "off"
    """No interval is agreed on."""
    WATCHING = "watching"
    """They refresh."""
    RESTING = "resting"
    """We refresh, at half the interval."""
    REFRESHING = "refreshing"
    """Our refresh is under way."""
    OVER = "over"


class Input(StrEnum):
    """What can happen. Each 2xx to INVITE or UPDATE, theirs or ours, settles anew who refreshes."""

    OURS = "ours"
    THEIRS = "theirs"
    NOBODY = "nobody"
    FAILED = "failed"
    """Our refresh was refused."""
    CLOSE = "close"
    TIMER_REFRESH = "refresh"
    TIMER_EXPIRY = "expiry"


class Action(StrEnum):
    """What a row does."""

    ASK = "ask"
    GIVE_UP = "give up"
    START_REFRESH = "start refresh"
    RETRY_REFRESH = "retry refresh"
    """The same timer, for an eighth of the interval."""
    STOP_REFRESH = "stop refresh"
    START_EXPIRY = "start expiry"
    STOP_EXPIRY = "stop expiry"


OFF, WATCHING, RESTING, REFRESHING, OVER = State
OURS, THEIRS, NOBODY, FAILED, CLOSE, TIMER_REFRESH, TIMER_EXPIRY = Input
(
    ASK, GIVE_UP, START_REFRESH, RETRY_REFRESH, STOP_REFRESH, START_EXPIRY, STOP_EXPIRY,
) = Action  # fmt: skip

REFRESH: Final[dict[tuple[State, Input], tuple[State, tuple[Action, ...]]]] = {
    (OFF,        OURS):          (RESTING,    (START_REFRESH, START_EXPIRY)),
    (OFF,        THEIRS):        (WATCHING,   (START_EXPIRY,)),
    (OFF,        NOBODY):        (OFF,        ()),
    (OFF,        CLOSE):         (OVER,       ()),
    (WATCHING,   OURS):          (RESTING,    (STOP_EXPIRY, START_REFRESH, START_EXPIRY)),
    (WATCHING,   THEIRS):        (WATCHING,   (STOP_EXPIRY, START_EXPIRY)),
    (WATCHING,   NOBODY):        (OFF,        (STOP_EXPIRY,)),
    (WATCHING,   TIMER_EXPIRY):  (OVER,       (GIVE_UP,)),
    (WATCHING,   CLOSE):         (OVER,       (STOP_EXPIRY,)),
    (RESTING,    OURS):          (RESTING,    (STOP_REFRESH, STOP_EXPIRY, START_REFRESH, START_EXPIRY)),
    (RESTING,    THEIRS):        (WATCHING,   (STOP_REFRESH, STOP_EXPIRY, START_EXPIRY)),
    (RESTING,    NOBODY):        (OFF,        (STOP_REFRESH, STOP_EXPIRY)),
    (RESTING,    TIMER_REFRESH): (REFRESHING, (ASK,)),
    (RESTING,    TIMER_EXPIRY):  (OVER,       (STOP_REFRESH, GIVE_UP)),
    (RESTING,    FAILED):        (RESTING,    ()),  # what refused was overtaken by what they asked
    (RESTING,    CLOSE):         (OVER,       (STOP_REFRESH, STOP_EXPIRY)),
    (REFRESHING, OURS):          (RESTING,    (STOP_EXPIRY, START_REFRESH, START_EXPIRY)),
    (REFRESHING, THEIRS):        (WATCHING,   (STOP_EXPIRY, START_EXPIRY)),
    (REFRESHING, NOBODY):        (OFF,        (STOP_EXPIRY,)),
    (REFRESHING, FAILED):        (RESTING,    (RETRY_REFRESH,)),
    (REFRESHING, TIMER_EXPIRY):  (OVER,       (GIVE_UP,)),
    (REFRESHING, CLOSE):         (OVER,       (STOP_EXPIRY,)),
    (OFF,        FAILED):        (OFF,        ()),
    (WATCHING,   FAILED):        (WATCHING,   ()),
    (OVER,       CLOSE):         (OVER,       ()),
}  # fmt: skip


class RefreshedSession(Protocol):
    """The session that is kept alive."""

    def refresh(self, now: float) -> None:
        """Send UPDATE or a re-INVITE."""
        ...

    def expire(self, now: float) -> None:
        """Nobody has refreshed it in time."""
        ...


class SessionTimer(Machine[None]):
    """The session timer of one session; made when an interval is agreed on."""

    __slots__ = ("_session", "interval")

    name = "session timer"
    table = REFRESH

    def __init__(self, session: RefreshedSession, layer: Layer) -> None:
        super().__init__(OFF, layer.timers, layer.counters)
        self._session = session
        self.interval: SessionInterval | None = None
        """What holds; None while the session has no end of its own."""

    def do(self, action: StrEnum, now: float, matter: None) -> None:
        """Carry out one action of a row."""
        _DO[Action(action)](self, now)

    def agree(self, interval: SessionInterval | None, now: float) -> None:
        """A 2xx has settled who refreshes from now on."""
        self.interval = interval
        self.step(NOBODY if interval is None else OURS if interval.ours else THEIRS, now)

    def failed(self, now: float) -> None:
        """Our refresh was refused; the session still lives."""
        self.step(FAILED, now)

    def close(self, now: float) -> None:
        """The session is over."""
        self.step(CLOSE, now)

    def _ask(self, now: float) -> None:
        self._session.refresh(now)

    def _give_up(self, now: float) -> None:
        self._session.expire(now)

    def _start_refresh(self, now: float) -> None:
        assert self.interval is not None
        self.start(TIMER_REFRESH, self.interval.length_s / 2, now)

    def _retry_refresh(self, now: float) -> None:
        assert self.interval is not None
        self.start(TIMER_REFRESH, self.interval.length_s / _RETRIES_IN_AN_INTERVAL, now)

    def _start_expiry(self, now: float) -> None:
        assert self.interval is not None
        self.start(TIMER_EXPIRY, watch_s(self.interval.length_s), now)

    def _stop_refresh(self, now: float) -> None:
        self.stop(TIMER_REFRESH)

    def _stop_expiry(self, now: float) -> None:
        self.stop(TIMER_EXPIRY)


_DO: Final[dict[Action, Callable[[SessionTimer, float], None]]] = {
    ASK: SessionTimer._ask,
    GIVE_UP: SessionTimer._give_up,
    START_REFRESH: SessionTimer._start_refresh,
    RETRY_REFRESH: SessionTimer._retry_refresh,
    STOP_REFRESH: SessionTimer._stop_refresh,
    START_EXPIRY: SessionTimer._start_expiry,
    STOP_EXPIRY: SessionTimer._stop_expiry,
}
