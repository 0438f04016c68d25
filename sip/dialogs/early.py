"""The early dialogs of an INVITE of ours (RFC 3261 section 12.1), and PRACK for their responses (RFC 3262).

A row reads (state, input): (next state, actions), as in `session_table`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from sip.dialogs.dialog import Dialog
from sip.dialogs.machine import Machine
from sip.dialogs.reliable_provisional import reliable_number
from sip.flow import Flow
from sip.syntax.body import session_description
from sip.syntax.limits import MAX_EARLY_DIALOGS
from sip.syntax.malformed import Fault
from sip.syntax.message import Response
from sip.transactions.layer import Layer


class State(StrEnum):
    """What a peer's reliable responses in one early dialog have come to."""

    PLAIN = "plain"
    """No response was reliable."""
    ORDERED = "ordered"
    """Each is acknowledged; the next one has the next number."""
    OWING = "owing"
    """The application owes the answer to an offer, which goes in the PRACK."""


class Input(StrEnum):
    """What can happen."""

    RELIABLE = "reliable"
    """A reliable response: the first, or the one after the last."""
    OFFER = "reliable offer"
    """Likewise, with the offer that our INVITE did not make."""
    DISORDERED = "disordered"
    """A reliable response that came before, or too early."""
    ANSWER = "answer"
    """The application's."""


class Action(StrEnum):
    """What a row does."""

    NOTE = "note"
    SEND_PRACK = "send PRACK"
    REPORT = "report"


PLAIN, ORDERED, OWING = State
RELIABLE, OFFER, DISORDERED, ANSWER = Input
NOTE, SEND_PRACK, REPORT = Action

EARLY: Final[dict[tuple[State, Input], tuple[State, tuple[Action, ...]]]] = {  # RFC 3262 sections 4 and 5
    (PLAIN,   RELIABLE):   (ORDERED, (NOTE, SEND_PRACK, REPORT)),
    (PLAIN,   OFFER):      (OWING,   (NOTE, REPORT)),
    (ORDERED, RELIABLE):   (ORDERED, (NOTE, SEND_PRACK, REPORT)),
    (ORDERED, OFFER):      (OWING,   (NOTE, REPORT)),
    (ORDERED, DISORDERED): (ORDERED, ()),
    (OWING,   RELIABLE):   (OWING,   ()),  # it comes again, for its turn is not yet
    (OWING,   OFFER):      (OWING,   ()),
    (OWING,   DISORDERED): (OWING,   ()),
    (OWING,   ANSWER):     (ORDERED, (SEND_PRACK,)),
}  # fmt: skip


class Caller(Protocol):
    """The session whose INVITE it is."""

    def send_prack(self, dialog: Dialog, rack: str, sdp: bytes, now: float) -> None:
        """Acknowledge a reliable response in its dialog."""
        ...

    def report_reliable(self, response: Response, now: float) -> None:
        """A reliable response came in its turn."""
        ...


class EarlyDialog(Machine[Response | bytes]):
    """One early dialog; made by the first response with its tag, and cheap until somebody speaks in it."""

    __slots__ = ("_caller", "_cseq", "_dialog", "_natted", "_offered", "_rseq", "_uri", "response", "settled")

    name = "early dialog"
    table = EARLY

    def __init__(
        self, caller: Caller, layer: Layer, response: Response, *, uri: str, natted: bool, offered: bool
    ) -> None:
        """`uri` is the INVITE's, `offered` whether it made an offer."""
        super().__init__(PLAIN, layer.timers, layer.counters)
        self._caller = caller
        self._uri = uri
        self._natted = natted
        self._offered = offered
        self._rseq = 0
        self._cseq = 0
        self._dialog: Dialog | None = None
        self.response = response
        self.settled = False
        """Whether offer and answer were exchanged reliably, so that UPDATE may follow (RFC 3311)."""

    def do(self, action: StrEnum, now: float, matter: Response | bytes | None) -> None:
        """Carry out one action of a row."""
        _DO[Action(action)](self, now, matter)

    @property
    def owes_answer(self) -> bool:
        """Whether the application owes the answer to a reliable offer."""
        return self.state is OWING

    @property
    def updates(self) -> bool:
        """Whether the peer serves UPDATE in this dialog (RFC 3311 section 5.1)."""
        return self.response.allows("UPDATE")

    @property
    def spoken(self) -> Dialog | None:
        """The dialog, if anything was said in it but the responses to the INVITE."""
        return self._dialog

    def dialog(self, flow: Flow) -> Dialog:
        """The dialog, made when it is first needed (section 12.1.2). Raises Malformed."""
        if self._dialog is None:
            self._dialog = Dialog.of_response(self.response, flow, self._uri, self._natted)
        return self._dialog

    def acknowledge(self, response: Response, rseq: int, flow: Flow, now: float) -> None:
        """A reliable response: it is reported in its turn, and forgotten out of it. Raises Malformed."""
        if self.state is PLAIN and "Contact" in response.headers:
            self.response = response  # RFC 3262 makes Contact a must, which it is not in others
        self.dialog(flow)
        if self.state is not PLAIN and rseq != self._rseq + 1:
            self.step(DISORDERED, now, response)
        elif self._offered or self.settled or session_description(response) is None:
            self.step(RELIABLE, now, response)
        else:
            self.step(OFFER, now, response)

    def answer(self, sdp: bytes, now: float) -> None:
        """The application's answer to the offer of a reliable response."""
        self.step(ANSWER, now, sdp)

    def _note(self, now: float, matter: Response | bytes | None) -> None:
        assert isinstance(matter, Response)
        self._rseq = reliable_number(matter) or 0
        self._cseq = matter.cseq.number

    def _send_prack(self, now: float, matter: Response | bytes | None) -> None:
        assert self._dialog is not None
        answer = matter if isinstance(matter, bytes) else b""
        if answer or (
            isinstance(matter, Response) and self._offered and session_description(matter) is not None
        ):
            self.settled = True
        self._caller.send_prack(self._dialog, f"{self._rseq} {self._cseq} INVITE", answer, now)

    def _report(self, now: float, matter: Response | bytes | None) -> None:
        assert isinstance(matter, Response)
        self._caller.report_reliable(matter, now)


class EarlyDialogs:
    """Those of one INVITE, by the peers' tags; at most MAX_EARLY_DIALOGS."""

    __slots__ = ("_by_tag", "_layer", "_natted", "_offered", "_uri")

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._uri = ""
        self._natted = False
        self._offered = False
        self._by_tag: dict[str, EarlyDialog] = {}

    def __len__(self) -> int:
        return len(self._by_tag)

    def invited(self, uri: str, natted: bool, offered: bool) -> None:
        """What is said of each, as for `EarlyDialog`."""
        self._uri, self._natted, self._offered = uri, natted, offered

    def of(self, response: Response, caller: Caller) -> EarlyDialog | None:
        """The early dialog of a response, begun by it if need be; None for one that is too many."""
        tag = response.to_tag or ""
        found = self._by_tag.get(tag)
        if found is not None:
            return found
        if len(self._by_tag) >= MAX_EARLY_DIALOGS:
            transport = response.top_via.transport.lower()
            self._layer.counters.parse_errors[transport, Fault.TOO_MANY_EARLY_DIALOGS] += 1
            return None
        begun = self._by_tag[tag] = EarlyDialog(
            caller, self._layer, response, uri=self._uri, natted=self._natted, offered=self._offered
        )
        return begun

    def get(self, tag: str | None) -> EarlyDialog | None:
        """The one with a peer's tag."""
        return self._by_tag.get(tag or "")

    def knows(self, tag: str) -> bool:
        """Whether there is one with a peer's tag."""
        return tag in self._by_tag

    @property
    def first_tag(self) -> str | None:
        """The peer's tag in the first one that is not over."""
        return next(iter(self._by_tag), None)

    def end(self, tag: str | None) -> None:
        """One is over; the INVITE goes on."""
        self._by_tag.pop(tag or "", None)

    def clear(self) -> None:
        """All are over, or one has become the call."""
        self._by_tag.clear()

    def settled(self) -> EarlyDialog | None:
        """One in which we may UPDATE (RFC 3311 section 5.1)."""
        return next((early for early in self._by_tag.values() if early.settled), None)

    def is_settled_with(self, tag: str | None) -> bool:
        """Whether offer and answer were exchanged reliably with a peer."""
        early = self.get(tag)
        return early is not None and early.settled

    def owing(self) -> EarlyDialog | None:
        """One whose offer the application has to answer."""
        return next((early for early in self._by_tag.values() if early.owes_answer), None)


_DO: Final[dict[Action, Callable[[EarlyDialog, float, Response | bytes | None], None]]] = {
    NOTE: EarlyDialog._note,
    SEND_PRACK: EarlyDialog._send_prack,
    REPORT: EarlyDialog._report,
}
