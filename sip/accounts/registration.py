"""Our own registration with a carrier (RFC 3261 section 10.2) as a table, and its interpreter.

A row reads (state, input): (next state, actions), as in `sip.transactions.transaction`. What is to be sent is
taken with `asks`, its answer given back with `answered`. A binding is renewed well before it ends; failures
are repeated after a pause that grows and differs from switch to switch (RFC 5626 section 4.5), and without
one while another server of the registrar has not been asked (RFC 3263 section 4.3). One REGISTER at a time is
under way (section 10.2): what is wanted meanwhile follows its answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sip.accounts.authentication import HEADERS, Authorizer
from sip.accounts.authorization import Authorization
from sip.syntax.headers import STAR, parse_seconds
from sip.syntax.malformed import Malformed
from sip.syntax.message import Response
from sip.syntax.uri import Uri

_EARLY_S: Final = 600.0
"""A long binding is renewed this long before its end, one under twice that at half (TS 24.229 5.1.1.4.1)."""
_BASE_T1: Final = 60
"""RFC 5626 section 4.5: base-time is 30 s where nothing else is registered: 60 times T1 as it usually is."""
_MAX_PAUSE_S: Final = 1800.0
_LONGEST_ASKED_S: Final = 86400
"""More than a day is not asked for, whatever a 423 names."""
_MAX_TOO_BRIEF: Final = 2
"""Who wants more after he has named his least interval twice does not mean it; the next try waits."""


class State(StrEnum):
    """Where a registration is."""

    NEW = "new"
    REGISTERING = "registering"
    WAITING = "waiting"
    """Not registered; the next try comes after a pause."""
    REGISTERED = "registered"
    REFRESHING = "refreshing"
    LAPSING = "lapsing"
    """Registered as yet, but the last try to renew it failed."""
    LEAVING = "leaving"
    """Given up while a REGISTER is under way: the removal follows its answer."""
    REMOVING = "removing"
    ENDED = "ended"


class Input(StrEnum):
    """What can happen to it."""

    START = "start"
    STOP = "stop"
    RENEW = "renew"
    """Something in the configuration has changed: say it at once."""
    GRANTED = "2xx"
    CHALLENGED = "challenge"
    """A 401 or 407 that we can answer."""
    TOO_BRIEF = "423"
    SERVER_DOWN = "server down"
    """No answer, or a 503, and the registrar has servers that have not failed."""
    FAILURE = "failure"
    """Any other final response; none in time, or nothing could be sent, and there is nobody else to ask."""
    TIMER_REFRESH = "refresh"
    TIMER_RETRY = "retry"
    TIMER_EXPIRY = "expiry"


class Action(StrEnum):
    """What a row does."""

    SEND = "send REGISTER"
    SEND_REMOVAL = "send removal"
    RENEW_LATER = "renew after the answer"
    START_REFRESH = "start refresh"
    STOP_REFRESH = "stop refresh"
    START_RETRY = "start retry"
    STOP_RETRY = "stop retry"
    START_EXPIRY = "start expiry"
    STOP_EXPIRY = "stop expiry"
    REPORT_REGISTERED = "report registered"
    REPORT_FAILED = "report failed"
    REPORT_LAPSED = "report lapsed"
    REPORT_REMOVED = "report removed"


Row = tuple[State, tuple[Action, ...]]
Table = dict[tuple[State, Input], Row]

NEW, REGISTERING, WAITING, REGISTERED, REFRESHING, LAPSING, LEAVING, REMOVING, ENDED = State
(
    START, STOP, RENEW, GRANTED, CHALLENGED, TOO_BRIEF, SERVER_DOWN, FAILURE, TIMER_REFRESH, TIMER_RETRY,
    TIMER_EXPIRY,
) = Input  # fmt: skip
(
    SEND, SEND_REMOVAL, RENEW_LATER, START_REFRESH, STOP_REFRESH, START_RETRY, STOP_RETRY, START_EXPIRY,
    STOP_EXPIRY, REPORT_REGISTERED, REPORT_FAILED, REPORT_LAPSED, REPORT_REMOVED,
) = Action  # fmt: skip

REGISTRATION: Final[Table] = {  # nothing expires while REGISTERED: the refresh comes first
    (NEW,         START):         (REGISTERING, (SEND,)),
    (NEW,         STOP):          (ENDED,       ()),
    (REGISTERING, GRANTED):       (REGISTERED,  (START_REFRESH, START_EXPIRY, REPORT_REGISTERED)),
    (REGISTERING, CHALLENGED):    (REGISTERING, (SEND,)),
    (REGISTERING, TOO_BRIEF):     (REGISTERING, (SEND,)),
    (REGISTERING, SERVER_DOWN):   (REGISTERING, (SEND,)),
    (REGISTERING, FAILURE):       (WAITING,     (START_RETRY, REPORT_FAILED)),
    (REGISTERING, RENEW):         (REGISTERING, (RENEW_LATER,)),
    (REGISTERING, STOP):          (LEAVING,     ()),
    (WAITING,     TIMER_RETRY):   (REGISTERING, (SEND,)),
    (WAITING,     RENEW):         (REGISTERING, (STOP_RETRY, SEND)),
    (WAITING,     STOP):          (ENDED,       (STOP_RETRY,)),
    (REGISTERED,  TIMER_REFRESH): (REFRESHING,  (SEND,)),
    (REGISTERED,  RENEW):         (REFRESHING,  (STOP_REFRESH, SEND)),
    (REGISTERED,  STOP):          (REMOVING,    (STOP_REFRESH, STOP_EXPIRY, SEND_REMOVAL)),
    (REFRESHING,  GRANTED):       (REGISTERED,  (STOP_EXPIRY, START_REFRESH, START_EXPIRY)),
    (REFRESHING,  CHALLENGED):    (REFRESHING,  (SEND,)),
    (REFRESHING,  TOO_BRIEF):     (REFRESHING,  (SEND,)),
    (REFRESHING,  SERVER_DOWN):   (REFRESHING,  (SEND,)),
    (REFRESHING,  FAILURE):       (LAPSING,     (START_RETRY, REPORT_FAILED)),
    (REFRESHING,  RENEW):         (REFRESHING,  (RENEW_LATER,)),
    (REFRESHING,  TIMER_EXPIRY):  (REGISTERING, (REPORT_LAPSED,)),
    (REFRESHING,  STOP):          (LEAVING,     (STOP_EXPIRY,)),
    (LAPSING,     TIMER_RETRY):   (REFRESHING,  (SEND,)),
    (LAPSING,     TIMER_EXPIRY):  (WAITING,     (REPORT_LAPSED,)),
    (LAPSING,     RENEW):         (REFRESHING,  (STOP_RETRY, SEND)),
    (LAPSING,     STOP):          (REMOVING,    (STOP_RETRY, STOP_EXPIRY, SEND_REMOVAL)),
    (LEAVING,     GRANTED):       (REMOVING,    (SEND_REMOVAL,)),
    (LEAVING,     CHALLENGED):    (REMOVING,    (SEND_REMOVAL,)),
    (LEAVING,     TOO_BRIEF):     (REMOVING,    (SEND_REMOVAL,)),
    (LEAVING,     SERVER_DOWN):   (REMOVING,    (SEND_REMOVAL,)),
    (LEAVING,     FAILURE):       (REMOVING,    (SEND_REMOVAL,)),
    (LEAVING,     RENEW):         (LEAVING,     ()),
    (LEAVING,     STOP):          (LEAVING,     ()),
    (REMOVING,    GRANTED):       (ENDED,       (REPORT_REMOVED,)),
    (REMOVING,    CHALLENGED):    (REMOVING,    (SEND_REMOVAL,)),
    (REMOVING,    TOO_BRIEF):     (ENDED,       ()),
    (REMOVING,    SERVER_DOWN):   (REMOVING,    (SEND_REMOVAL,)),
    (REMOVING,    FAILURE):       (ENDED,       ()),
    (REMOVING,    RENEW):         (REMOVING,    ()),
    (REMOVING,    STOP):          (REMOVING,    ()),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """A REGISTER to send: its CSeq, the interval that it asks for (0 removes), its credentials."""

    cseq: int
    expires_s: int
    headers: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of it: one of the REPORT actions, and the status of the last answer, if there was one."""

    what: Action
    status: int | None


class Registering:
    """One registration. Times are those of `now`; `random` returns numbers from 0 to 1."""

    __slots__ = (
        "_asked_s", "_asks", "_authorization", "_authorizer", "_cseq", "_failures", "_granted_s", "_notices",
        "_random", "_renew_later", "_retry_after_s", "_status", "_t1", "_timers", "_too_brief", "_uri",
        "state",
    )  # fmt: skip

    def __init__(
        self,
        uri: str,
        expires_s: int,
        authorizer: Authorizer | None,
        random: Callable[[], float],
        t1: float = 0.5,
    ) -> None:
        """`uri` is the registrar's, the Request-URI of every REGISTER."""
        self.state = State.NEW
        self._uri = uri
        self._asked_s = expires_s
        self._authorizer = authorizer
        self._random = random
        self._t1 = t1
        self._cseq = 0
        self._failures = 0
        self._granted_s = 0
        self._retry_after_s = 0
        self._too_brief = 0
        """How often this try was told 423."""
        self._renew_later = False
        self._status: int | None = None
        self._authorization: Authorization | None = None
        """What answers the challenges of the try under way."""
        self._asks: list[Ask] = []
        self._notices: list[Notice] = []
        self._timers: dict[Input, float] = {}

    # Facts

    @property
    def registered(self) -> bool:
        """Whether the carrier reaches us by it now."""
        return self.state in (State.REGISTERED, State.REFRESHING, State.LAPSING)

    @property
    def status(self) -> int | None:
        """The status of the last answer; None where the last try had none."""
        return self._status

    def expires_at(self) -> float | None:
        """When the binding ends unless it is renewed; None while there is none."""
        return self._timers.get(Input.TIMER_EXPIRY)

    def asks(self) -> list[Ask]:
        """Take what is to be sent: one at most, and none before the last one is answered."""
        asks, self._asks = self._asks, []
        return asks

    def notices(self) -> list[Notice]:
        """Take what happened."""
        notices, self._notices = self._notices, []
        return notices

    def deadline(self) -> float | None:
        """When to call `on_deadline`."""
        return min(self._timers.values(), default=None)

    # What happens

    def start(self, now: float) -> None:
        """Register, and stay registered."""
        self._step(Input.START, now)

    def stop(self, now: float) -> None:
        """Remove the binding."""
        self._step(Input.STOP, now)

    def renew(self, expires_s: int, authorizer: Authorizer | None, now: float) -> None:
        """Go on with other credentials or another interval: they are tried at once, or where a REGISTER is
        under way, after its answer.
        """
        self._asked_s = expires_s
        self._authorizer = authorizer
        self._failures = 0
        self._step(Input.RENEW, now)

    def answered(
        self, cseq: int, response: Response | None, contact: str, now: float, others_left: bool = False
    ) -> None:
        """The final response to the Ask of that CSeq, None where there was none. `contact` is the URI that
        was registered; `others_left` says that this server is down and that the registrar has others. The
        answer to any but the last one comes too late to count.
        """
        if cseq != self._cseq:
            return
        self._status = None if response is None else response.status
        self._step(Input.SERVER_DOWN if others_left else self._meaning(response, contact, now), now)
        if self._renew_later:
            self._renew_later = False
            self._step(Input.RENEW, now)

    def on_deadline(self, now: float) -> None:
        """Run the timers that are due."""
        for timer, when in sorted(self._timers.items(), key=lambda pair: pair[1]):
            if when <= now and self._timers.pop(timer, None) is not None:
                self._step(timer, now)

    # Inside

    def _step(self, event: Input, now: float) -> None:
        row = REGISTRATION.get((self.state, event))
        if row is None:
            return  # too late to matter
        self.state, actions = row
        if event is not Input.CHALLENGED:
            self._authorization = None
            self._too_brief = self._too_brief + 1 if event is Input.TOO_BRIEF else 0
        for action in actions:
            self._act(action, now)

    def _act(self, action: Action, now: float) -> None:
        match action:
            case Action.SEND:
                self._send(self._asked_s, now)
            case Action.SEND_REMOVAL:
                self._send(0, now)
            case Action.RENEW_LATER:
                self._renew_later = True
            case Action.START_REFRESH:
                self._failures = 0
                self._timers[Input.TIMER_REFRESH] = now + refresh_after(self._granted_s)
            case Action.START_EXPIRY:
                self._timers[Input.TIMER_EXPIRY] = now + self._granted_s
            case Action.START_RETRY:
                self._timers[Input.TIMER_RETRY] = now + self._pause_s()
            case Action.STOP_REFRESH | Action.STOP_RETRY | Action.STOP_EXPIRY:
                self._timers.pop(Input(action.removeprefix("stop ")), None)
            case _:
                self._notices.append(Notice(action, self._status))

    def _send(self, expires_s: int, now: float) -> None:
        self._cseq += 1
        self._renew_later = False  # what is sent now asks for what is wanted now
        authorization = self._authorization
        if authorization is None and self._authorizer is not None:
            authorization = self._authorization = Authorization(self._authorizer)
            authorization.ahead("REGISTER", self._uri, b"", now)
        headers = () if authorization is None else authorization.headers
        self._asks.append(Ask(self._cseq, expires_s, headers))

    def _pause_s(self) -> float:
        """RFC 5626 section 4.5, and what a Retry-After asks for on top of it."""
        self._failures += 1
        base_s = _BASE_T1 * self._t1
        longest_s = min(_MAX_PAUSE_S, base_s * 2.0 ** min(self._failures, 10))
        return max(longest_s * (0.5 + 0.5 * self._random()), float(self._retry_after_s))

    def _meaning(self, response: Response | None, contact: str, now: float) -> Input:
        self._retry_after_s = 0
        if response is None:
            return Input.FAILURE
        if 200 <= response.status < 300:
            self._granted_s = granted(response, contact, self._asked_s)
            return Input.GRANTED if self._granted_s > 0 or self.state is State.REMOVING else Input.FAILURE
        if response.status in HEADERS and self._authorizer is not None:
            if self._authorization is None:  # there are other credentials since we asked
                self._authorization = Authorization(self._authorizer)
            taken = self._authorization.take(response, "REGISTER", self._uri, b"", now)
            return Input.CHALLENGED if taken else Input.FAILURE
        if response.status == 423:
            least_s = _seconds(response, "Min-Expires")
            if self._asked_s < least_s <= _LONGEST_ASKED_S and self._too_brief < _MAX_TOO_BRIEF:
                self._asked_s = least_s
                return Input.TOO_BRIEF
        self._retry_after_s = min(response.retry_after_s or 0, int(_MAX_PAUSE_S))
        return Input.FAILURE


def refresh_after(granted_s: float) -> float:
    """How long after its grant a binding is renewed."""
    return max(granted_s / 2, granted_s - _EARLY_S)


def granted(response: Response, contact: str, asked_s: int) -> int:
    """How long the binding of a 200 lasts: as our contact says, else Expires, else as we asked.

    A registrar lists all bindings of the user (section 10.3 step 8), those of a former address of ours among
    them; one that rewrites contacts leaves us the only one there is.
    """
    try:
        contacts = response.contacts
        if contacts is not STAR:
            ours = [each for each in contacts if each.uri.matches(Uri.parse(contact))] or contacts
            if len(ours) == 1 and ours[0].expires is not None:
                return ours[0].expires
        expires = response.expires
    except Malformed:
        return asked_s
    return asked_s if expires is None else expires


def _seconds(response: Response, name: str) -> int:
    """The number of a header; 0 where there is none."""
    text = (response.headers.get(name) or "").partition(";")[0].partition("(")[0].strip()
    try:
        return parse_seconds(text)
    except Malformed:
        return 0
