"""Our offers and refreshes in a dialog, one at a time: re-INVITE (RFC 3261 section 14.1), UPDATE (RFC 3311).

A row reads (state, input): (next state, actions), as in `session_table`. Whether an offer may be sent now is
for the session to say; until then it waits in line.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from sip.dialogs.dialog_request import DialogRequest
from sip.dialogs.loss import is_lost
from sip.dialogs.machine import Machine
from sip.syntax.message import Response
from sip.transactions.layer import Layer
from sip.transactions.transaction_table import Input as TransactionInput
from sip.transactions.writing import NO_BODY

MAX_TRIES: Final = 6
"""Of one offer: then glare is no accident."""
_MAX_RETRY_AFTER_S: Final = 32.0


class State(StrEnum):
    """Where our offer is."""

    IDLE = "idle"
    REINVITING = "reinviting"
    """Our re-INVITE is under way."""
    UPDATING = "updating"
    """Our UPDATE is under way."""
    RESTING = "resting"
    """Their request crossed ours: it is tried again later."""
    CANCELLING = "cancelling"
    """A re-INVITE that nobody answered for too long is cancelled."""
    CLOSING = "closing"
    """The session is over, but not our re-INVITE, whose 2xx has to be acknowledged."""
    OVER = "over"


class Input(StrEnum):
    """What can happen."""

    REINVITE = "re-INVITE"
    UPDATE = "UPDATE"
    SUCCESS = "2xx"
    GLARE = "glare"
    """491, or 500 with Retry-After."""
    REPAIR = "repair"
    """A refusal that says what to change: 422."""
    UNSERVED = "unserved"
    """UPDATE is none of theirs, whatever they said: 405 or 501."""
    REFUSED = "refused"
    LOST = "lost"
    """They have no such dialog: 408, or what `loss` says."""
    OVERTAKEN = "overtaken"
    """We have accepted an offer of theirs."""
    CLOSE = "close"
    TIMER_AGAIN = "again"
    TIMER_PATIENCE = "patience"
    TIMER_CANCEL = "cancelled"


class Action(StrEnum):
    """What a row does."""

    SEND_REINVITE = "send re-INVITE"
    SEND_UPDATE = "send UPDATE"
    RESEND = "send again"
    SEND_CANCEL = "send CANCEL"
    ACKNOWLEDGE = "acknowledge"
    ABANDON = "abandon"
    REPORT_ANSWER = "report answer"
    REPORT_REFUSAL = "report refusal"
    REPORT_LOSS = "report loss"
    TURN = "turn to re-INVITE"
    DROP_STALE = "drop stale offers"
    FORGET = "forget offers"
    NEXT = "next"
    START_AGAIN = "start again"
    STOP_AGAIN = "stop again"
    START_PATIENCE = "start patience"
    STOP_PATIENCE = "stop patience"
    START_CANCEL = "start cancelled"
    STOP_CANCEL = "stop cancelled"


IDLE, REINVITING, UPDATING, RESTING, CANCELLING, CLOSING, OVER = State
(
    REINVITE, UPDATE, SUCCESS, GLARE, REPAIR, UNSERVED, REFUSED, LOST, OVERTAKEN, CLOSE, TIMER_AGAIN,
    TIMER_PATIENCE, TIMER_CANCEL,
) = Input  # fmt: skip
(
    SEND_REINVITE, SEND_UPDATE, RESEND, SEND_CANCEL, ACKNOWLEDGE, ABANDON, REPORT_ANSWER, REPORT_REFUSAL,
    REPORT_LOSS, TURN, DROP_STALE, FORGET, NEXT, START_AGAIN, STOP_AGAIN, START_PATIENCE, STOP_PATIENCE,
    START_CANCEL, STOP_CANCEL,
) = Action  # fmt: skip

RENEGOTIATION: Final[dict[tuple[State, Input], tuple[State, tuple[Action, ...]]]] = {
    (IDLE,       REINVITE):       (REINVITING, (SEND_REINVITE, START_PATIENCE)),
    (IDLE,       UPDATE):         (UPDATING,   (SEND_UPDATE,)),
    (IDLE,       OVERTAKEN):      (IDLE,       (DROP_STALE,)),
    (IDLE,       CLOSE):          (OVER,       (FORGET,)),
    (REINVITING, SUCCESS):        (IDLE,       (STOP_PATIENCE, ACKNOWLEDGE, REPORT_ANSWER, NEXT)),
    (REINVITING, GLARE):          (RESTING,    (STOP_PATIENCE, START_AGAIN)),
    (REINVITING, REPAIR):         (REINVITING, (RESEND,)),
    (REINVITING, REFUSED):        (IDLE,       (STOP_PATIENCE, REPORT_REFUSAL, NEXT)),
    (REINVITING, LOST):           (OVER,       (STOP_PATIENCE, FORGET, REPORT_LOSS)),
    (REINVITING, TIMER_PATIENCE): (CANCELLING, (SEND_CANCEL, START_CANCEL)),
    (REINVITING, CLOSE):          (CLOSING,    (STOP_PATIENCE, FORGET, START_CANCEL)),
    (CANCELLING, SUCCESS):        (IDLE,       (STOP_CANCEL, ACKNOWLEDGE, REPORT_ANSWER, NEXT)),
    (CANCELLING, GLARE):          (IDLE,       (STOP_CANCEL, REPORT_REFUSAL, NEXT)),
    (CANCELLING, REPAIR):         (IDLE,       (STOP_CANCEL, REPORT_REFUSAL, NEXT)),
    (CANCELLING, REFUSED):        (IDLE,       (STOP_CANCEL, REPORT_REFUSAL, NEXT)),
    (CANCELLING, LOST):           (OVER,       (STOP_CANCEL, FORGET, REPORT_LOSS)),
    (CANCELLING, TIMER_CANCEL):   (OVER,       (ABANDON, FORGET, REPORT_LOSS)),
    (CANCELLING, CLOSE):          (CLOSING,    (FORGET,)),
    (CLOSING,    SUCCESS):        (OVER,       (STOP_CANCEL, ACKNOWLEDGE)),
    (CLOSING,    REFUSED):        (OVER,       (STOP_CANCEL,)),
    (CLOSING,    TIMER_CANCEL):   (OVER,       (ABANDON,)),  # a 1xx has stopped Timer B: nothing else ends it
    (CLOSING,    CLOSE):          (CLOSING,    ()),
    (UPDATING,   SUCCESS):        (IDLE,       (REPORT_ANSWER, NEXT)),
    (UPDATING,   GLARE):          (RESTING,    (START_AGAIN,)),
    (UPDATING,   REPAIR):         (UPDATING,   (RESEND,)),
    (UPDATING,   UNSERVED):       (IDLE,       (TURN, NEXT)),
    (UPDATING,   REFUSED):        (IDLE,       (REPORT_REFUSAL, NEXT)),
    (UPDATING,   LOST):           (OVER,       (FORGET, REPORT_LOSS)),
    (UPDATING,   OVERTAKEN):      (UPDATING,   (DROP_STALE,)),  # ours was no offer: it would be glare
    (UPDATING,   CLOSE):          (OVER,       (FORGET,)),
    (RESTING,    TIMER_AGAIN):    (IDLE,       (NEXT,)),
    (RESTING,    OVERTAKEN):      (IDLE,       (STOP_AGAIN, DROP_STALE, NEXT)),
    (RESTING,    CLOSE):          (OVER,       (STOP_AGAIN, FORGET)),
    (OVER,       SUCCESS):        (OVER,       ()),
    (OVER,       REFUSED):        (OVER,       ()),
    (OVER,       CLOSE):          (OVER,       ()),
}  # fmt: skip


@dataclass(slots=True, eq=False)
class PendingOffer:
    """An offer of the application, or a refresh, of which nobody is told unless it changes something."""

    method: str
    sdp: bytes | None
    refresh: bool = False
    tries: int = 0
    retry_s: float | None = None
    """When to try again, if the peer has said so."""


class OfferingSession(Protocol):
    """The session in whose dialog the offers are made."""

    @property
    def caller(self) -> bool:
        """Whether the Call-ID is ours, who makes the longer pause after glare (section 14.1)."""
        ...

    def turn(self) -> None:
        """The peer refuses UPDATE, whatever its Allow says."""
        ...

    def method_for(self, offer: PendingOffer) -> str | None:
        """The method by which an offer may be sent now; None: not yet."""
        ...

    def offer_request(self, sender: "Renegotiation", offer: PendingOffer, method: str) -> DialogRequest:
        """The request, not yet sent."""
        ...

    def acknowledge_reinvite(self, request: DialogRequest, response: Response) -> None:
        """Send the ACK of a 2xx, as often as that comes."""
        ...

    def renegotiated(
        self, offer: PendingOffer, request: DialogRequest, response: Response, now: float
    ) -> None:
        """The 2xx is here."""
        ...

    def not_renegotiated(self, offer: PendingOffer, status: int, now: float) -> None:
        """It will not be."""
        ...

    def lose_dialog(self, now: float) -> None:
        """The peer does not have this dialog."""
        ...

    def is_early(self) -> bool:
        """Whether the INVITE has no final response yet, so that a lost early dialog is no lost session."""
        ...

    def grow_interval(self, response: Response) -> bool:
        """Take the Min-SE of a 422; whether that makes another try worth while (RFC 4028 section 7.4)."""
        ...


class Renegotiation(Machine[Response]):
    """The offers that we make in one dialog."""

    __slots__ = ("_layer", "_pending", "_request", "_session", "_status")

    name = "renegotiation"
    table = RENEGOTIATION

    def __init__(self, session: OfferingSession, layer: Layer) -> None:
        super().__init__(IDLE, layer.timers, layer.counters)
        self._session = session
        self._layer = layer
        self._pending: deque[PendingOffer] = deque()
        self._request: DialogRequest | None = None
        self._status = 0

    def do(self, action: StrEnum, now: float, matter: Response | None) -> None:
        """Carry out one action of a row."""
        _DO[Action(action)](self, now, matter)

    @property
    def offering(self) -> bool:
        """Whether an offer of ours waits for its answer, so that theirs is glare."""
        return self.state in (REINVITING, CANCELLING) or (
            self.state is UPDATING and self._pending[0].sdp is not None
        )

    @property
    def reinviting(self) -> bool:
        """Whether a re-INVITE of ours is under way."""
        return self.state in (REINVITING, CANCELLING)

    # What happens

    def make(self, offer: PendingOffer, now: float) -> None:
        """Send something as soon as the rules let it."""
        if self.state not in (CLOSING, OVER):
            self._pending.append(offer)
            self.go(now)

    def go(self, now: float) -> None:
        """What stood in the way may be gone."""
        if self.state is IDLE and self._pending:
            method = self._session.method_for(self._pending[0])
            if method is not None:
                self.step(REINVITE if method == "INVITE" else UPDATE, now)

    def overtaken(self, now: float) -> None:
        """We have accepted an offer of theirs: what we wanted to offer is out of date."""
        self.step(OVERTAKEN, now)

    def close(self, now: float) -> None:
        """The session is over."""
        self.step(CLOSE, now)

    def done(self, request: DialogRequest, status: int, response: Response | None, now: float) -> None:
        """The final response to our request, each 2xx of a re-INVITE again."""
        if request.ack is not None:
            self._layer.counters.retransmissions["ACK"] += 1
            self._layer.transmit(*request.ack, "ACK", 0)
            return
        self._status = status
        self._request = request
        self.step(self._meaning(request, status, response), now, response)

    def _meaning(self, request: DialogRequest, status: int, response: Response | None) -> Input:
        if 200 <= status < 300:
            return SUCCESS
        if not self._pending:
            return REFUSED
        offer = self._pending[0]
        if status == 408 or (response is not None and is_lost(response)):
            return REFUSED if self._session.is_early() else LOST
        if status in (405, 501) and request.method == "UPDATE":
            return UNSERVED
        if offer.tries >= MAX_TRIES or response is None:
            return REFUSED
        if status == 422 and self._session.grow_interval(response):
            return REPAIR
        pause_s = response.retry_after_s if status == 500 else None
        offer.retry_s = None if pause_s is None else min(float(pause_s), _MAX_RETRY_AFTER_S)
        return GLARE if status == 491 or pause_s is not None else REFUSED

    # What the rows do

    def _send(self, method: str, now: float) -> None:
        offer = self._pending[0]
        offer.tries += 1
        self._request = self._session.offer_request(self, offer, method)
        self._request.send(now)

    def _send_reinvite(self, now: float, matter: Response | None) -> None:
        self._send("INVITE", now)

    def _send_update(self, now: float, matter: Response | None) -> None:
        self._send("UPDATE", now)

    def _resend(self, now: float, matter: Response | None) -> None:
        assert self._request is not None
        self._send(self._request.method, now)

    def _send_cancel(self, now: float, matter: Response | None) -> None:
        assert self._request is not None
        self._request.drop()
        if self._request.transaction is not None:
            self._layer.cancel(self._request.transaction, NO_BODY, now)

    def _abandon(self, now: float, matter: Response | None) -> None:
        if self._request is not None and self._request.transaction is not None:
            self._request.transaction.step(TransactionInput.ABANDON, now)

    def _acknowledge(self, now: float, matter: Response | None) -> None:
        assert self._request is not None
        if matter is not None and self._request.method == "INVITE":
            self._session.acknowledge_reinvite(self._request, matter)

    def _report_answer(self, now: float, matter: Response | None) -> None:
        assert matter is not None
        assert self._request is not None
        self._session.renegotiated(self._pending.popleft(), self._request, matter, now)

    def _report_refusal(self, now: float, matter: Response | None) -> None:
        self._session.not_renegotiated(self._pending.popleft(), self._status, now)

    def _report_loss(self, now: float, matter: Response | None) -> None:
        self._session.lose_dialog(now)

    def _turn(self, now: float, matter: Response | None) -> None:
        self._session.turn()

    def _drop_stale(self, now: float, matter: Response | None) -> None:
        under_way = [self._pending.popleft()] if self.state is UPDATING else []
        stale, self._pending = self._pending, deque(under_way)
        for offer in stale:
            self._session.not_renegotiated(offer, 491, now)

    def _forget(self, now: float, matter: Response | None) -> None:
        self._pending.clear()
        if self._request is not None:
            self._request.drop()

    def _next(self, now: float, matter: Response | None) -> None:
        self.go(now)

    def _start_again(self, now: float, matter: Response | None) -> None:
        offer = self._pending[0]
        if offer.retry_s is None:  # section 14.1: in units of 10 ms
            low, high = (210, 400) if self._session.caller else (0, 200)
            pause_s = (low + self._layer.below(high - low + 1)) / 100
        else:
            pause_s = offer.retry_s
        self.start(TIMER_AGAIN, pause_s, now)

    def _stop_again(self, now: float, matter: Response | None) -> None:
        self.stop(TIMER_AGAIN)

    def _start_patience(self, now: float, matter: Response | None) -> None:
        self.start(TIMER_PATIENCE, 2 * self._layer.timing.transaction_s, now)

    def _stop_patience(self, now: float, matter: Response | None) -> None:
        self.stop(TIMER_PATIENCE)

    def _start_cancel(self, now: float, matter: Response | None) -> None:
        self.start(TIMER_CANCEL, self._layer.timing.transaction_s, now)

    def _stop_cancel(self, now: float, matter: Response | None) -> None:
        self.stop(TIMER_CANCEL)


_DO: Final[dict[Action, Callable[[Renegotiation, float, Response | None], None]]] = {
    SEND_REINVITE: Renegotiation._send_reinvite,
    SEND_UPDATE: Renegotiation._send_update,
    RESEND: Renegotiation._resend,
    SEND_CANCEL: Renegotiation._send_cancel,
    ACKNOWLEDGE: Renegotiation._acknowledge,
    ABANDON: Renegotiation._abandon,
    REPORT_ANSWER: Renegotiation._report_answer,
    REPORT_REFUSAL: Renegotiation._report_refusal,
    REPORT_LOSS: Renegotiation._report_loss,
    TURN: Renegotiation._turn,
    DROP_STALE: Renegotiation._drop_stale,
    FORGET: Renegotiation._forget,
    NEXT: Renegotiation._next,
    START_AGAIN: Renegotiation._start_again,
    STOP_AGAIN: Renegotiation._stop_again,
    START_PATIENCE: Renegotiation._start_patience,
    STOP_PATIENCE: Renegotiation._stop_patience,
    START_CANCEL: Renegotiation._start_cancel,
    STOP_CANCEL: Renegotiation._stop_cancel,
}
