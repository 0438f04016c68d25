"""One request and its responses (RFC 3261 section 17): what the rows of `transaction_table` do."""

from collections.abc import Callable
from typing import Final, Protocol

from sip.counters import Counters
from sip.flow import Flow
from sip.syntax.message import Request, Response
from sip.transactions.timers import Timer, Timers
from sip.transactions.transaction_table import (
    INVITE_SERVER,
    NON_INVITE_SERVER,
    TABLES,
    Action,
    Input,
    State,
    Table,
)
from sip.transactions.writing import NO_BODY, ReplyHead, RequestHead

_NAMES: Final = {id(table): name for name, table in TABLES.items()}

RETRANSMIT: Final = frozenset({Input.TIMER_A, Input.TIMER_E, Input.TIMER_G, Input.TIMER_TRYING})
"""Timers that repeat something; the others end a state. No state has two of either kind."""
_LINGER: Final = frozenset({Input.TIMER_D, Input.TIMER_I, Input.TIMER_J, Input.TIMER_K})


class Timing:
    """T1, T2 and T4 of RFC 3261 section 17.1.1.1, in seconds, and the timers made of them (table 4)."""

    __slots__ = ("lengths", "t1", "t2", "transaction_s")

    def __init__(self, t1: float = 0.5, t2: float = 4.0, t4: float = 5.0) -> None:
        self.t1 = t1
        self.t2 = t2
        self.transaction_s = 64 * t1
        lasting = (
            Input.TIMER_B, Input.TIMER_D, Input.TIMER_F, Input.TIMER_H, Input.TIMER_J, Input.TIMER_L,
            Input.TIMER_M,
        )  # fmt: skip
        self.lengths: dict[Input, float] = dict.fromkeys(lasting, self.transaction_s)
        self.lengths |= dict.fromkeys((Input.TIMER_A, Input.TIMER_E, Input.TIMER_G), t1)
        self.lengths |= {Input.TIMER_I: t4, Input.TIMER_K: t4, Input.TIMER_TRYING: min(0.2, t1)}

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
        self.state = State.INITIAL
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
        if self.state is State.TERMINATED:
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
            if timer is Input.TIMER_TRYING or not transaction.flow.reliable:
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
    Action.SEND: _send,
    Action.RESEND: _resend,
    Action.SEND_TRYING: _send_trying,
    Action.SEND_ACK: _send_ack,
    Action.PASS_UP: _pass_up,
    Action.TIMED_OUT: _timed_out,
    Action.UNREACHABLE: _unreachable,
    Action.SHRINK: _shrink,
    Action.DROP_INVITE: _drop_invite,
    Action.DOUBLE_A: _again(Input.TIMER_A, 2.0, capped=False),
    Action.DOUBLE_E: _again(Input.TIMER_E, 2.0, capped=True),
    Action.DOUBLE_G: _again(Input.TIMER_G, 2.0, capped=True),
    Action.REPEAT_E: _again(Input.TIMER_E, 0.0, capped=True),
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
