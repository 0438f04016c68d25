"""A phone of ours that is rung to make a call of its own."""

from switch.calls.books import CallBook
from switch.calls.causes import CLEARED, refusal
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.flow import Call, Flow
from switch.calls.ledger import Ledger
from switch.calls.legs.events import Answered, Cut, Ended, LegEvent, Lost, Refused
from switch.calls.legs.leg import Leg
from switch.calls.ringing.branches import Branches
from switch.calls.ringing.dialling import MAX_FORWARDS, Dialling
from switch.exchange import Exchange
from switch.phones.makers import Alerting
from switch.records import LegRole


class Summons:
    """The caller's own phone rings. It owns the legs until one is answered, which is the caller's then."""

    def __init__(self, exchange: Exchange, book: CallBook, ledger: Ledger) -> None:
        self.call = ledger.id
        self.ledger = ledger
        self._exchange = exchange
        self._book = book
        self._branches: Branches
        self._of: Call
        self._flow: Flow

    def ring(self, phone: str, alerting: Alerting) -> Leg:
        """Ring every device of the phone; one of the legs. It shows the number that is to be called. Raises
        Unreachable.
        """
        number = self.ledger.to
        dialling = Dialling(self._exchange, self._book, None, MAX_FORWARDS)
        self._branches = dialling.phone(phone, LegRole.CALLER, number, number, self, alerting)
        return self._branches.leg

    def begin(self, call: Call, flow: Flow, ring_s: float) -> None:
        """Whoever answers begins the call, which `flow` directs."""
        self._of, self._flow = call, flow
        self._branches.tell(self._rings)
        self._exchange.loop.call_later(ring_s, self._unanswered)

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on one of the legs."""
        match self._branches.hear(leg, event):
            case Answered():
                self._answered(self._branches.leg)
            case Refused(status=status, timed_out=timed_out):
                self._in_vain(*refusal(status), EndedBy.SWITCH if timed_out else EndedBy.CALLER)
            case Cut() | Ended() | Lost():
                self._branches.give_up(503)
                self._in_vain(*refusal(503), EndedBy.SWITCH)
            case _:
                pass

    def _rings(self, leg: Leg) -> None:
        if leg is not self._of.caller:
            self.ledger.legs.append(leg)

    def _answered(self, leg: Leg) -> None:
        call = self._of
        call.caller, leg.owner = leg, call
        call.hear_caller()
        call.reaching.ring()  # until the flow lets him hear something else
        self.ledger.connected(self._exchange.now_us())
        self._book.leg_confirmed(leg, call)
        call.start(self._flow)

    def _unanswered(self) -> None:
        if not self._of.over and not self._of.caller.answered:
            self._branches.give_up(408)
            self._in_vain(Result.FAILED, Reason.NO_ANSWER, EndedBy.SWITCH)

    def _in_vain(self, result: Result, reason: Reason, by: EndedBy) -> None:
        self._of.end(result, reason, by, CLEARED)
