"""The four transactions of RFC 3261 section 17, corrected by RFC 6026, as tables, and their interpreter.

A row reads (state, input): (next state, actions). A row without actions that stays where it is says that the
input is expected there and means nothing. A pair without a row changes nothing and counts as a fault of ours.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from sip.counters import Counters
from sip.flow import Flow
from sip.syntax.message import Request, Response
from sip.transactions.timers import Timer, Timers
from sip.transactions.writing import NO_BODY, ReplyHead, RequestHead


class State(StrEnum):
    """RFC 3261 figures 5 to 8, RFC 6026 figures 1 and 2. INITIAL is where the first arrow starts."""

    INITIAL = "initial"
    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Input(StrEnum):
    """What can happen. Responses arrive at clients from the wire and at servers from their users."""

    REQUEST = "request"
    ACK = "ack"
    PROVISIONAL = "provisional"
    SUCCESS = "success"
    FAILURE = "failure"
    ABANDON = "abandon"
    """The user gives up an INVITE that nobody ends after its CANCEL (RFC 3261 section 9.1)."""
    BROKEN = "broken"
    """Nothing can be sent (RFC 3261 section 17.1.4)."""
    TIMER_A = "A"
    TIMER_B = "B"
    TIMER_D = "D"
    TIMER_E = "E"
    TIMER_F = "F"
    TIMER_G = "G"
    TIMER_H = "H"
    TIMER_I = "I"
    TIMER_J = "J"
    TIMER_K = "K"
    TIMER_L = "L"
    TIMER_M = "M"
    TIMER_TRYING = "trying"
    """200 ms in which the user may answer before we send 100 (RFC 3261 section 17.2.1)."""


class Action(StrEnum):
    """What a row does. START and STOP name their timer; a retransmission timer starts on UDP only."""

    SEND = "send"
    RESEND = "resend"
    SEND_TRYING = "send 100"
    SEND_ACK = "send ACK"
    PASS_UP = "pass up"
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    SHRINK = "shrink"
    """Keep only key, last message and timer."""
    DROP_INVITE = "drop INVITE"
    """Keep only key, owner and timer: the owner acknowledges each 2xx that comes again (RFC 6026)."""
    DOUBLE_A = "double A"
    DOUBLE_E = "double E up to T2"
    DOUBLE_G = "double G up to T2"
    REPEAT_E = "repeat E at T2"
    START_A = "start A"
    START_B = "start B"
    START_D = "start D"
    START_E = "start E"
    START_F = "start F"
    START_G = "start G"
    START_H = "start H"
    START_I = "start I"
    START_J = "start J"
    START_K = "start K"
    START_L = "start L"
    START_M = "start M"
    START_TRYING = "start trying"
    STOP_A = "stop A"
    STOP_B = "stop B"
    STOP_E = "stop E"
    STOP_F = "stop F"
    STOP_G = "stop G"
    STOP_H = "stop H"
    STOP_TRYING = "stop trying"


Row = tuple[State, tuple[Action, ...]]
Table = dict[tuple[State, Input], Row]

INITIAL, CALLING, TRYING, PROCEEDING, COMPLETED, CONFIRMED, ACCEPTED, TERMINATED = State
(
    REQUEST, ACK, PROVISIONAL, SUCCESS, FAILURE, ABANDON, BROKEN, TIMER_A, TIMER_B, TIMER_D, TIMER_E, TIMER_F,
    TIMER_G, TIMER_H, TIMER_I, TIMER_J, TIMER_K, TIMER_L, TIMER_M, TIMER_TRYING,
) = Input  # fmt: skip
(
    SEND, RESEND, SEND_TRYING, SEND_ACK, PASS_UP, TIMED_OUT, UNREACHABLE, SHRINK, DROP_INVITE,
    DOUBLE_A, DOUBLE_E, DOUBLE_G, REPEAT_E,
    START_A, START_B, START_D, START_E, START_F, START_G, START_H, START_I, START_J, START_K, START_L,
    START_M, START_TRYING, STOP_A, STOP_B, STOP_E, STOP_F, STOP_G, STOP_H, STOP_TRYING,
) = Action  # fmt: skip

INVITE_CLIENT: Final[Table] = {  # RFC 3261 figure 5, amended by RFC 6026 section 7.2
    (INITIAL,    REQUEST):     (CALLING,    (SEND, START_A, START_B)),
    (CALLING,    TIMER_A):     (CALLING,    (RESEND, DOUBLE_A)),
    (CALLING,    TIMER_B):     (TERMINATED, (STOP_A, TIMED_OUT)),
    (CALLING,    BROKEN):      (TERMINATED, (STOP_A, STOP_B, UNREACHABLE)),
    (CALLING,    PROVISIONAL): (PROCEEDING, (STOP_A, STOP_B, PASS_UP)),
    (CALLING,    SUCCESS):     (ACCEPTED,   (STOP_A, STOP_B, START_M, PASS_UP, DROP_INVITE)),
    (CALLING,    FAILURE):     (COMPLETED,  (STOP_A, STOP_B, START_D, SEND_ACK, PASS_UP, SHRINK)),
    (PROCEEDING, PROVISIONAL): (PROCEEDING, (PASS_UP,)),
    (PROCEEDING, SUCCESS):     (ACCEPTED,   (START_M, PASS_UP, DROP_INVITE)),
    (PROCEEDING, FAILURE):     (COMPLETED,  (START_D, SEND_ACK, PASS_UP, SHRINK)),
    (PROCEEDING, ABANDON):     (TERMINATED, ()),
    (PROCEEDING, BROKEN):      (PROCEEDING, ()),  # the other side rings; Timer C ends what it forgets
    (COMPLETED,  FAILURE):     (COMPLETED,  (RESEND,)),
    (COMPLETED,  PROVISIONAL): (COMPLETED,  ()),
    (COMPLETED,  SUCCESS):     (COMPLETED,  ()),
    (COMPLETED,  TIMER_D):     (TERMINATED, ()),
    (ACCEPTED,   SUCCESS):     (ACCEPTED,   (PASS_UP,)),
    (ACCEPTED,   PROVISIONAL): (ACCEPTED,   ()),
    (ACCEPTED,   FAILURE):     (ACCEPTED,   ()),
    (ACCEPTED,   TIMER_M):     (TERMINATED, ()),
}  # fmt: skip

NON_INVITE_CLIENT: Final[Table] = {  # RFC 3261 figure 6
    (INITIAL,    REQUEST):     (TRYING,     (SEND, START_E, START_F)),
    (TRYING,     TIMER_E):     (TRYING,     (RESEND, DOUBLE_E)),
    (TRYING,     TIMER_F):     (TERMINATED, (STOP_E, TIMED_OUT)),
    (TRYING,     BROKEN):      (TERMINATED, (STOP_E, STOP_F, UNREACHABLE)),
    (TRYING,     PROVISIONAL): (PROCEEDING, (PASS_UP,)),
    (TRYING,     SUCCESS):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (TRYING,     FAILURE):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (PROCEEDING, TIMER_E):     (PROCEEDING, (RESEND, REPEAT_E)),
    (PROCEEDING, TIMER_F):     (TERMINATED, (STOP_E, TIMED_OUT)),
    (PROCEEDING, BROKEN):      (TERMINATED, (STOP_E, STOP_F, UNREACHABLE)),
    (PROCEEDING, PROVISIONAL): (PROCEEDING, (PASS_UP,)),
    (PROCEEDING, SUCCESS):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (PROCEEDING, FAILURE):     (COMPLETED,  (STOP_E, STOP_F, START_K, PASS_UP, SHRINK)),
    (COMPLETED,  PROVISIONAL): (COMPLETED,  ()),
    (COMPLETED,  SUCCESS):     (COMPLETED,  ()),
    (COMPLETED,  FAILURE):     (COMPLETED,  ()),
    (COMPLETED,  TIMER_K):     (TERMINATED, ()),
}  # fmt: skip

INVITE_SERVER: Final[Table] = {  # RFC 3261 figure 7, amended by RFC 6026 section 7.1
    (INITIAL,    REQUEST):      (PROCEEDING, (START_TRYING, PASS_UP)),
    (PROCEEDING, TIMER_TRYING): (PROCEEDING, (SEND_TRYING,)),
    (PROCEEDING, REQUEST):      (PROCEEDING, (RESEND,)),
    (PROCEEDING, PROVISIONAL):  (PROCEEDING, (STOP_TRYING, SEND)),
    (PROCEEDING, SUCCESS):      (ACCEPTED,   (STOP_TRYING, SEND, START_L, SHRINK)),
    (PROCEEDING, FAILURE):      (COMPLETED,  (STOP_TRYING, SEND, START_G, START_H, SHRINK)),
    (COMPLETED,  REQUEST):      (COMPLETED,  (RESEND,)),
    (COMPLETED,  TIMER_G):      (COMPLETED,  (RESEND, DOUBLE_G)),
    (COMPLETED,  TIMER_H):      (TERMINATED, (STOP_G,)),
    (COMPLETED,  ACK):          (CONFIRMED,  (STOP_G, STOP_H, START_I)),
    (CONFIRMED,  REQUEST):      (CONFIRMED,  ()),
    (CONFIRMED,  ACK):          (CONFIRMED,  ()),
    (CONFIRMED,  TIMER_I):      (TERMINATED, ()),
    (ACCEPTED,   REQUEST):      (ACCEPTED,   ()),  # its session repeats the 2xx
    (ACCEPTED,   TIMER_L):      (TERMINATED, ()),
}  # fmt: skip

NON_INVITE_SERVER: Final[Table] = {  # RFC 3261 figure 8; Timer F ends what its user never answers (RFC 4320)
    (INITIAL,    REQUEST):     (TRYING,     (START_F, PASS_UP)),
    (TRYING,     REQUEST):     (TRYING,     ()),
    (TRYING,     PROVISIONAL): (PROCEEDING, (SEND,)),
    (TRYING,     SUCCESS):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (TRYING,     FAILURE):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (TRYING,     TIMER_F):     (TERMINATED, (TIMED_OUT,)),
    (PROCEEDING, REQUEST):     (PROCEEDING, (RESEND,)),
    (PROCEEDING, PROVISIONAL): (PROCEEDING, (SEND,)),
    (PROCEEDING, SUCCESS):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (PROCEEDING, FAILURE):     (COMPLETED,  (STOP_F, SEND, START_J, SHRINK)),
    (PROCEEDING, TIMER_F):     (TERMINATED, (TIMED_OUT,)),
    (COMPLETED,  REQUEST):     (COMPLETED,  (RESEND,)),
    (COMPLETED,  TIMER_J):     (TERMINATED, ()),
}  # fmt: skip

TABLES: Final = {
    "INVITE client": INVITE_CLIENT,
    "non-INVITE client": NON_INVITE_CLIENT,
    "INVITE server": INVITE_SERVER,
    "non-INVITE server": NON_INVITE_SERVER,
}
_NAMES: Final = {id(table): name for name, table in TABLES.items()}

RETRANSMIT: Final = frozenset({TIMER_A, TIMER_E, TIMER_G, TIMER_TRYING})
"""Timers that repeat something; the others end a state. No state has two of either kind."""
_LINGER: Final = frozenset({TIMER_D, TIMER_I, TIMER_J, TIMER_K})


class Timing:
    """T1, T2 and T4 of RFC 3261 section 17.1.1.1, in seconds, and the timers made of them (table 4)."""

    __slots__ = ("lengths", "t1", "t2", "transaction_s")

    def __init__(self, t1: float = 0.5, t2: float = 4.0, t4: float = 5.0) -> None:
        self.t1 = t1
        self.t2 = t2
        self.transaction_s = 64 * t1
        lasting = (TIMER_B, TIMER_D, TIMER_F, TIMER_H, TIMER_J, TIMER_L, TIMER_M)
        self.lengths: dict[Input, float] = dict.fromkeys(lasting, self.transaction_s)
        self.lengths |= dict.fromkeys((TIMER_A, TIMER_E, TIMER_G), t1)
        self.lengths |= {TIMER_I: t4, TIMER_K: t4, TIMER_TRYING: min(0.2, t1)}

    def constants(self) -> set[float]:
        """Every length that transactions use: the doubled ones too."""
        doubled = {self.t1 * 2**n for n in range(7)}
        return {*self.lengths.values(), *doubled, *(min(length, self.t2) for length in doubled)}


class Owner(Protocol):
    """The transaction's user: who sent a request, or who is to answer it.

    Subclasses leave out what does not concern them.
    """

    __slots__ = ()

    def arrived(self, transaction: "Transaction", now: float) -> None:
        """A new request is here: `transaction.request`."""
        return

    def responded(self, transaction: "Transaction", response: Response, now: float) -> None:
        """A response arrived that is not a retransmission; 2xx to INVITE come again and again (RFC 6026)."""
        return

    def failed(self, transaction: "Transaction", status: int, now: float) -> None:
        """None will come: 408 nothing came in time, 503 nothing could be sent (RFC 3261 section 8.1.3.1)."""
        return


class TransactionHost(Protocol):
    """Where transactions stand: the endpoint's timers, wire and tables of transactions."""

    timers: Timers
    timing: Timing
    counters: Counters

    def transmit(self, data: bytes, flow: Flow, method: str, status: int) -> None:
        """Put a message on the wire; `status` is 0 for a request."""
        ...

    def settled(self, transaction: "Transaction") -> None:
        """It has its final response."""
        ...

    def terminated(self, transaction: "Transaction") -> None:
        """Forget this transaction."""
        ...


class Transaction:
    """One transaction in one of the four tables.

    `message` is what would be sent again, `tag` the To tag that a server has given. SHRINK drops all else
    that is large, so an ended transaction is its key, last message and expiry.
    """

    __slots__ = (
        "flow", "head", "host", "interval", "key", "lasting", "merge_key", "message", "method", "owner",
        "repeating", "reply", "request", "serves", "state", "status", "table", "tag", "way",
    )  # fmt: skip

    def __init__(self, table: Table, key: str, method: str, flow: Flow, host: TransactionHost) -> None:
        self.table = table
        self.serves = table is INVITE_SERVER or table is NON_INVITE_SERVER
        self.key = key
        self.method = method
        self.flow = flow
        self.way = flow
        """By which its own messages go: the responses of a server may go to another port of the peer."""
        self.host = host
        self.state = INITIAL
        self.message = b""
        self.status = 0
        self.tag = ""
        self.interval = 0.0
        self.lasting: Timer | None = None
        self.repeating: Timer | None = None
        self.owner: Owner | None = None
        self.head: RequestHead | None = None
        self.reply: ReplyHead | None = None
        self.request: Request | None = None
        self.merge_key: tuple[str, str | None, int, str] | None = None

    @property
    def name(self) -> str:
        """Which table it follows, for people."""
        return _NAMES[id(self.table)]

    def step(self, event: Input, now: float, response: Response | None = None) -> None:
        """Apply one input: the whole interpreter."""
        row = self.table.get((self.state, event))
        if row is None:
            self.host.counters.unexpected[self.name, self.state, event] += 1
            return
        self.state, actions = row
        for action in actions:
            _DO[action](self, now, response)
        if self.state is TERMINATED:
            self.host.terminated(self)

    def expired(self, kind: str, now: float) -> None:
        """A timer ran out."""
        self.step(Input(kind), now)

    def send(self, message: bytes, event: Input, now: float, status: int = 0) -> None:
        """Step with a new message to send: a client's request, a server's response."""
        if (self.state, event) in self.table:
            self.message = message
            self.status = status
            self.step(event, now)


Do = Callable[[Transaction, float, Response | None], None]


def _send(transaction: Transaction, now: float, response: Response | None) -> None:
    transaction.host.transmit(transaction.message, transaction.way, transaction.method, transaction.status)


def _resend(transaction: Transaction, now: float, response: Response | None) -> None:
    if transaction.message:
        transaction.host.counters.retransmissions[transaction.method] += 1
        _send(transaction, now, response)


def _send_trying(transaction: Transaction, now: float, response: Response | None) -> None:
    if transaction.reply is not None:
        transaction.message = transaction.reply.write(100, "Trying", "", NO_BODY)
        transaction.status = 100
        _send(transaction, now, response)


def _send_ack(transaction: Transaction, now: float, response: Response | None) -> None:
    """RFC 3261 section 17.1.1.3: the INVITE's branch and routes, the response's To."""
    if transaction.head is not None and response is not None:
        to = response.headers.get("To") or transaction.head.to
        transaction.message = transaction.head.write("ACK", to, NO_BODY)
        transaction.method = "ACK"
        _send(transaction, now, response)


def _pass_up(transaction: Transaction, now: float, response: Response | None) -> None:
    if transaction.owner is None:
        return
    if response is None:
        transaction.owner.arrived(transaction, now)
    else:
        transaction.owner.responded(transaction, response, now)


def _timed_out(transaction: Transaction, now: float, response: Response | None) -> None:
    if transaction.owner is not None:
        transaction.owner.failed(transaction, 408, now)


def _unreachable(transaction: Transaction, now: float, response: Response | None) -> None:
    if transaction.owner is not None:
        transaction.owner.failed(transaction, 503, now)


def _shrink(transaction: Transaction, now: float, response: Response | None) -> None:
    if not transaction.serves:
        transaction.host.settled(transaction)
    transaction.owner = None
    transaction.head = None
    transaction.reply = None
    transaction.request = None


def _drop_invite(transaction: Transaction, now: float, response: Response | None) -> None:
    transaction.host.settled(transaction)
    transaction.head = None
    transaction.message = b""


def _start(timer: Input) -> Do:
    def start(transaction: Transaction, now: float, response: Response | None) -> None:
        host = transaction.host
        length = host.timing.lengths[timer]
        if timer in RETRANSMIT:
            if timer is TIMER_TRYING or not transaction.flow.reliable:
                transaction.interval = length
                transaction.repeating = host.timers.start(length, transaction, timer, now)
            return
        if timer in _LINGER and transaction.flow.reliable:
            length = 0.0  # RFC 3261 table 4
        transaction.lasting = host.timers.start(length, transaction, timer, now)

    return start


def _stop_repeating(transaction: Transaction, now: float, response: Response | None) -> None:
    if transaction.repeating is not None:
        transaction.host.timers.stop(transaction.repeating)
        transaction.repeating = None


def _stop_lasting(transaction: Transaction, now: float, response: Response | None) -> None:
    if transaction.lasting is not None:
        transaction.host.timers.stop(transaction.lasting)
        transaction.lasting = None


def _again(timer: Input, factor: float, capped: bool) -> Do:
    def again(transaction: Transaction, now: float, response: Response | None) -> None:
        host = transaction.host
        interval = transaction.interval * factor if factor else host.timing.t2
        transaction.interval = min(interval, host.timing.t2) if capped else interval
        transaction.repeating = host.timers.start(transaction.interval, transaction, timer, now)

    return again


_DO: Final[dict[Action, Do]] = {
    SEND: _send,
    RESEND: _resend,
    SEND_TRYING: _send_trying,
    SEND_ACK: _send_ack,
    PASS_UP: _pass_up,
    TIMED_OUT: _timed_out,
    UNREACHABLE: _unreachable,
    SHRINK: _shrink,
    DROP_INVITE: _drop_invite,
    DOUBLE_A: _again(TIMER_A, 2.0, capped=False),
    DOUBLE_E: _again(TIMER_E, 2.0, capped=True),
    DOUBLE_G: _again(TIMER_G, 2.0, capped=True),
    REPEAT_E: _again(TIMER_E, 0.0, capped=True),
    **{
        action: _start(Input(action.removeprefix("start ")))
        for action in Action
        if action.startswith("start ")
    },
    **{
        action: _stop_repeating if Input(action.removeprefix("stop ")) in RETRANSMIT else _stop_lasting
        for action in Action
        if action.startswith("stop ")
    },
}
