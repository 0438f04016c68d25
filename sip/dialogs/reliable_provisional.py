"""Our reliable provisional responses (RFC 3262 section 3): each is repeated until its PRACK, one at a time.

A row reads (state, input): (next state, actions), as in `session_table`. A 2xx waits while an offer or answer
of ours is not acknowledged (section 5); what the application says meanwhile waits in line.
"""

import re
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from sip.dialogs.machine import Machine
from sip.syntax.grammar import TOKEN
from sip.syntax.malformed import Fault
from sip.syntax.message import Request, Response
from sip.transactions.layer import Layer
from sip.transactions.transaction import Transaction
from sip.transactions.writing import Statement

_RACK = re.compile(rf"([0-9]{{1,10}})[ \t]++([0-9]{{1,10}})[ \t]++({TOKEN})\Z")


class State(StrEnum):
    """Where the reliable responses to one INVITE are."""

    SETTLED = "settled"
    """What was sent is acknowledged."""
    WAITING = "waiting"
    """A response without SDP waits for its PRACK."""
    DESCRIBED = "described"
    """A response with SDP waits for its PRACK."""
    HOLDING = "holding"
    """As DESCRIBED, and our 2xx waits with it."""
    ASKED = "asked"
    """The application owes the answer to the offer of a PRACK."""
    OWING = "owing"
    """As ASKED, and our 2xx waits for it."""
    OVER = "over"
    """The INVITE has its final response."""


class Input(StrEnum):
    """What can happen: the application's calls, PRACK, timers."""

    SAY = "1xx"
    DESCRIBE = "1xx with SDP"
    ACCEPT = "accept"
    PRACK = "PRACK"
    PRACK_OFFER = "PRACK with offer"
    ANSWERED = "offer answered"
    FINAL = "final"
    """A final response other than our 2xx was sent."""
    TIMER_REPEAT = "repeat"
    TIMER_PRACK = "no PRACK"


class Action(StrEnum):
    """What a row does."""

    SEND = "send 1xx"
    RESEND = "resend 1xx"
    QUEUE = "queue"
    NEXT = "next"
    HOLD = "hold 2xx"
    ACCEPT = "send 2xx"
    REPORT_ACCEPTED = "report 2xx"
    """The application was told that it waits."""
    ANSWER_PRACK = "answer PRACK"
    REPORT_OFFER = "report offer"
    FAIL = "fail"
    START_REPEAT = "start repeat"
    DOUBLE_REPEAT = "double repeat"
    STOP_REPEAT = "stop repeat"
    START_PRACK = "start no PRACK"
    STOP_PRACK = "stop no PRACK"


SETTLED, WAITING, DESCRIBED, HOLDING, ASKED, OWING, OVER = State
SAY, DESCRIBE, ACCEPT, PRACK, PRACK_OFFER, ANSWERED, FINAL, TIMER_REPEAT, TIMER_PRACK = Input
(
    SEND, RESEND, QUEUE, NEXT, HOLD, SEND_2XX, REPORT_2XX, ANSWER_PRACK, REPORT_OFFER, FAIL, START_REPEAT,
    DOUBLE_REPEAT, STOP_REPEAT, START_PRACK, STOP_PRACK,
) = Action  # fmt: skip

RELIABLE: Final[dict[tuple[State, Input], tuple[State, tuple[Action, ...]]]] = {
    (SETTLED,   SAY):          (WAITING,   (SEND, START_REPEAT, START_PRACK)),
    (SETTLED,   DESCRIBE):     (DESCRIBED, (SEND, START_REPEAT, START_PRACK)),
    (SETTLED,   ACCEPT):       (OVER,      (SEND_2XX,)),
    (SETTLED,   FINAL):        (OVER,      ()),
    (WAITING,   SAY):          (WAITING,   (QUEUE,)),
    (WAITING,   DESCRIBE):     (WAITING,   (QUEUE,)),
    (WAITING,   PRACK):        (SETTLED,   (STOP_REPEAT, STOP_PRACK, ANSWER_PRACK, NEXT)),
    (WAITING,   PRACK_OFFER):  (ASKED,     (STOP_REPEAT, STOP_PRACK, REPORT_OFFER)),
    (WAITING,   TIMER_REPEAT): (WAITING,   (RESEND, DOUBLE_REPEAT)),
    (WAITING,   TIMER_PRACK):  (OVER,      (STOP_REPEAT, FAIL)),
    (WAITING,   ACCEPT):       (OVER,      (STOP_REPEAT, STOP_PRACK, SEND_2XX)),
    (WAITING,   FINAL):        (OVER,      (STOP_REPEAT, STOP_PRACK)),
    (DESCRIBED, SAY):          (DESCRIBED, (QUEUE,)),
    (DESCRIBED, DESCRIBE):     (DESCRIBED, (QUEUE,)),
    (DESCRIBED, PRACK):        (SETTLED,   (STOP_REPEAT, STOP_PRACK, ANSWER_PRACK, NEXT)),
    (DESCRIBED, PRACK_OFFER):  (ASKED,     (STOP_REPEAT, STOP_PRACK, REPORT_OFFER)),
    (DESCRIBED, TIMER_REPEAT): (DESCRIBED, (RESEND, DOUBLE_REPEAT)),
    (DESCRIBED, TIMER_PRACK):  (OVER,      (STOP_REPEAT, FAIL)),
    (DESCRIBED, ACCEPT):       (HOLDING,   (HOLD,)),
    (DESCRIBED, FINAL):        (OVER,      (STOP_REPEAT, STOP_PRACK)),
    (HOLDING,   SAY):          (HOLDING,   ()),
    (HOLDING,   DESCRIBE):     (HOLDING,   ()),
    (HOLDING,   PRACK):        (OVER,      (STOP_REPEAT, STOP_PRACK, ANSWER_PRACK, SEND_2XX, REPORT_2XX)),
    (HOLDING,   PRACK_OFFER):  (OWING,     (STOP_REPEAT, STOP_PRACK, REPORT_OFFER)),
    (HOLDING,   TIMER_REPEAT): (HOLDING,   (RESEND, DOUBLE_REPEAT)),
    (HOLDING,   TIMER_PRACK):  (OVER,      (STOP_REPEAT, FAIL)),
    (HOLDING,   ACCEPT):       (HOLDING,   ()),
    (HOLDING,   FINAL):        (OVER,      (STOP_REPEAT, STOP_PRACK)),
    (ASKED,     SAY):          (ASKED,     (QUEUE,)),
    (ASKED,     DESCRIBE):     (ASKED,     (QUEUE,)),
    (ASKED,     ANSWERED):     (SETTLED,   (NEXT,)),
    (ASKED,     ACCEPT):       (OWING,     (HOLD,)),
    (ASKED,     FINAL):        (OVER,      ()),
    (OWING,     SAY):          (OWING,     ()),
    (OWING,     DESCRIBE):     (OWING,     ()),
    (OWING,     ANSWERED):     (OVER,      (SEND_2XX, REPORT_2XX)),
    (OWING,     ACCEPT):       (OWING,     ()),
    (OWING,     FINAL):        (OVER,      ()),
    (OVER,      SAY):          (OVER,      ()),
    (OVER,      DESCRIBE):     (OVER,      ()),
    (OVER,      PRACK):        (OVER,      (ANSWER_PRACK,)),
    (OVER,      PRACK_OFFER):  (OVER,      (REPORT_OFFER,)),
    (OVER,      ANSWERED):     (OVER,      ()),
    (OVER,      FINAL):        (OVER,      ()),
}  # fmt: skip


class Callee(Protocol):
    """The session whose INVITE is answered."""

    def send_reliably(self, said: Statement, now: float) -> bytes:
        """Put a provisional response on the wire; returns it, to be repeated."""
        ...

    def repeat_reliably(self, message: bytes) -> None:
        """Put it there once more."""
        ...

    def accept_now(self, said: Statement, now: float) -> None:
        """Send the 2xx."""
        ...

    def report_accepted(self) -> None:
        """The 2xx that waited is on its way."""
        ...

    def answer_prack(self, prack: Transaction, now: float) -> None:
        """The PRACK is good, and no offer."""
        ...

    def take_offer(self, request: Transaction, now: float) -> None:
        """The PRACK brought an offer."""
        ...

    def prack_missing(self, now: float) -> None:
        """None came in 64*T1."""
        ...


class ReliableProvisional(Machine[Statement | Transaction]):
    """The reliable responses to one INVITE. `late`: it made no offer, so our first description is one."""

    __slots__ = (
        "_callee", "_cseq", "_due", "_held", "_interval_s", "_late", "_layer", "_line", "_message", "_rseq",
        "answered_by_prack", "described",
    )  # fmt: skip

    name = "reliable responses"
    table = RELIABLE

    def __init__(self, callee: Callee, layer: Layer, invite_cseq: int, late: bool) -> None:
        super().__init__(SETTLED, layer.timers, layer.counters)
        self._callee = callee
        self._layer = layer
        self._late = late
        self._cseq = invite_cseq
        self._rseq = layer.below(2**31 - 1)  # section 3: the first is 1 to 2**31 - 1
        self._due: tuple[int, int] | None = None
        self._message = b""
        self._interval_s = 0.0
        self._line: deque[Statement] = deque()
        self._held: Statement | None = None
        self.described = False
        """Whether an offer or answer of ours has been sent reliably."""
        self.answered_by_prack = False
        """Whether it was an offer, and the PRACK has come."""

    def do(self, action: StrEnum, now: float, matter: Statement | Transaction | None) -> None:
        """Carry out one action of a row."""
        _DO[Action(action)](self, now, matter)

    # What happens

    def say(self, said: Statement, now: float) -> None:
        """The application has a provisional response."""
        self.step(DESCRIBE if said.body else SAY, now, said)

    def accept(self, said: Statement, now: float) -> None:
        """The application has a 2xx."""
        self.step(ACCEPT, now, said)

    def answered(self, now: float) -> None:
        """The offer of a PRACK has its answer, or was refused."""
        self.step(ANSWERED, now)

    def close(self, now: float) -> None:
        """The INVITE has another final response, or needs none."""
        self.step(FINAL, now)

    def acknowledges(self, request: Request) -> bool:
        """Whether a PRACK names the response that waits, or one that a final response has overtaken."""
        return self._due is not None and read_rack(request) == self._due

    def acknowledged(self, prack: Transaction, sdp: bytes | None, now: float) -> None:
        """The PRACK for the response that waits."""
        self._due = None
        offers = sdp is not None and not (self._late and self.described)
        if self._late and self.described:  # what follows our offer and its answer is an offer again
            self._late, self.answered_by_prack = False, True
        self.step(PRACK_OFFER if offers else PRACK, now, prack)

    @property
    def settled(self) -> bool:
        """Whether offer and answer are both known to have arrived, so that UPDATE may follow (RFC 3311)."""
        return self.described and self.state is SETTLED and not self._late

    # What the rows do

    def _send(self, now: float, matter: Statement | Transaction | None) -> None:
        assert isinstance(matter, Statement)
        self._rseq += 1
        self._due = self._rseq, self._cseq
        self.described = self.described or bool(matter.body)
        lines = f"Require: 100rel\r\nRSeq: {self._rseq}\r\n{matter.lines}"
        self._message = self._callee.send_reliably(matter._replace(lines=lines), now)

    def _resend(self, now: float, matter: Statement | Transaction | None) -> None:
        self._callee.repeat_reliably(self._message)

    def _queue(self, now: float, matter: Statement | Transaction | None) -> None:
        assert isinstance(matter, Statement)
        if not self._line or self._line[-1] != matter:
            self._line.append(matter)

    def _next(self, now: float, matter: Statement | Transaction | None) -> None:
        self._message = b""
        if self._line:
            self.say(self._line.popleft(), now)

    def _hold(self, now: float, matter: Statement | Transaction | None) -> None:
        assert isinstance(matter, Statement)
        self._held = matter

    def _accept(self, now: float, matter: Statement | Transaction | None) -> None:
        said = matter if isinstance(matter, Statement) else self._held
        assert said is not None
        self._held, self._message = None, b""
        self._line.clear()
        self._callee.accept_now(said, now)

    def _report_accepted(self, now: float, matter: Statement | Transaction | None) -> None:
        self._callee.report_accepted()

    def _answer_prack(self, now: float, matter: Statement | Transaction | None) -> None:
        assert isinstance(matter, Transaction)
        self._callee.answer_prack(matter, now)

    def _report_offer(self, now: float, matter: Statement | Transaction | None) -> None:
        assert isinstance(matter, Transaction)
        self._callee.take_offer(matter, now)

    def _fail(self, now: float, matter: Statement | Transaction | None) -> None:
        self._callee.prack_missing(now)

    def _start_repeat(self, now: float, matter: Statement | Transaction | None) -> None:
        self._interval_s = self._layer.timing.t1
        self.start(TIMER_REPEAT, self._interval_s, now)

    def _double_repeat(self, now: float, matter: Statement | Transaction | None) -> None:
        self._interval_s *= 2  # section 3: without a limit, unlike that of a 2xx
        self.start(TIMER_REPEAT, self._interval_s, now)

    def _stop_repeat(self, now: float, matter: Statement | Transaction | None) -> None:
        self.stop(TIMER_REPEAT)

    def _start_prack(self, now: float, matter: Statement | Transaction | None) -> None:
        self.start(TIMER_PRACK, self._layer.timing.transaction_s, now)

    def _stop_prack(self, now: float, matter: Statement | Transaction | None) -> None:
        self.stop(TIMER_PRACK)


def read_rack(request: Request) -> tuple[int, int] | None:
    """RSeq and CSeq number that a PRACK names (section 7.2); None if it names no INVITE. Malformed(400)."""
    value = request.headers.get("RAck")
    if value is None:
        raise request.malformed(Fault.RACK_MISSING)
    match = _RACK.match(value)
    if match is None:
        raise request.malformed(Fault.MALFORMED_RACK)
    return (int(match[1]), int(match[2])) if match[3] == "INVITE" else None


def reliable_number(response: Response) -> int | None:
    """The RSeq of a provisional response that is to be acknowledged, None for others (section 7.1)."""
    value = response.headers.get("RSeq")
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 10:
        return None
    return int(value) if response.has_option("100rel", "Require") else None


_DO: Final[dict[Action, Callable[[ReliableProvisional, float, Statement | Transaction | None], None]]] = {
    SEND: ReliableProvisional._send,
    RESEND: ReliableProvisional._resend,
    QUEUE: ReliableProvisional._queue,
    NEXT: ReliableProvisional._next,
    HOLD: ReliableProvisional._hold,
    SEND_2XX: ReliableProvisional._accept,
    REPORT_2XX: ReliableProvisional._report_accepted,
    ANSWER_PRACK: ReliableProvisional._answer_prack,
    REPORT_OFFER: ReliableProvisional._report_offer,
    FAIL: ReliableProvisional._fail,
    START_REPEAT: ReliableProvisional._start_repeat,
    DOUBLE_REPEAT: ReliableProvisional._double_repeat,
    STOP_REPEAT: ReliableProvisional._stop_repeat,
    START_PRACK: ReliableProvisional._start_prack,
    STOP_PRACK: ReliableProvisional._stop_prack,
}
