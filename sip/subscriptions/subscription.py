"""One subscription: the dialog in which it lives, its time, and the NOTIFY that is under way."""

from collections.abc import Callable, Hashable
from typing import Any, Final, NamedTuple, Protocol

from sip.dialogs.dialog import Dialog, remote_target
from sip.dialogs.dialog_request import DialogRequest
from sip.dialogs.machine import Machine
from sip.flow import Flow
from sip.ids import SubscriptionId
from sip.subscriptions.events import (
    Renewed,
    SubscriptionEnd,
    SubscriptionEnded,
    SubscriptionEvent,
    Told,
)
from sip.subscriptions.subscription_table import SUBSCRIPTION, Action, Input, State
from sip.syntax.message import Malformed, Request, Response
from sip.transactions.layer import Layer
from sip.transactions.transaction import Transaction
from sip.transactions.writing import NO_BODY, Statement, contact_value

BRIEF_S: Final = 3600
"""No interval of an hour or more is too brief (RFC 6665 section 4.2.1.1)."""


class Terms(NamedTuple):
    """For how long a subscription may be had, in seconds."""

    least_s: int = 30
    default_s: int = 3600
    most_s: int = 3600

    def granted(self, asked_s: int | None) -> int | None:
        """What is given of what is asked for; None where that is too brief."""
        wanted_s = min(self.default_s if asked_s is None else asked_s, self.most_s)
        return None if 0 < wanted_s < min(self.least_s, BRIEF_S) else wanted_s


class News(NamedTuple):
    """What a NOTIFY says. `reason` is why it is the last one (RFC 6665 section 4.1.3)."""

    content_type: str = ""
    body: bytes = b""
    reason: str = "timeout"
    retry_after_s: int = 0


Matter = Transaction | Statement | News | SubscriptionEnd
"""What an input brings along."""


class Host(Protocol):
    """Where subscriptions live."""

    layer: Layer
    uac_lines: str
    uas_lines: str
    report: Callable[[SubscriptionEvent], None]

    def ended(self, subscription: "Subscription") -> None:
        """Forget it."""
        ...


class Subscription(Machine[Matter]):
    """`dialog` is its own, or the session's in which a REFER came; None before it is accepted."""

    __slots__ = (
        "_body", "_cause", "_expires_at", "_granted_s", "_host", "_under_way", "dialog", "event", "flow",
        "id", "local_tag", "mute", "peer", "requires", "server", "terms",
    )  # fmt: skip

    name = "subscription"
    table = SUBSCRIPTION

    def __init__(
        self,
        identity: SubscriptionId,
        host: Host,
        flow: Flow,
        peer: Hashable,
        event: str,
        dialog: Dialog | None = None,
    ) -> None:
        """`event` is what our NOTIFYs have as Event; with a `dialog` the subscription shares it."""
        super().__init__(State.ASKED, host.layer.timers, host.layer.counters)
        self.id = identity
        self.flow = flow
        self.peer = peer
        self.event = event
        self.dialog = dialog
        self.local_tag = dialog.local_tag if dialog is not None else host.layer.token()
        self.server: Transaction | None = None
        """The SUBSCRIBE or REFER that has no answer yet."""
        self.terms = Terms()
        self.mute = False
        """Whether the sender of a REFER does not want to be told (RFC 4488)."""
        self.requires = ""
        """The extension by which alone our NOTIFYs can be read."""
        self._host = host
        self._body = b""
        """Of the SUBSCRIBE that renews it."""
        self._granted_s = 0
        self._expires_at = 0.0
        self._cause = SubscriptionEnd.EXPIRED
        self._under_way: DialogRequest | None = None

    @property
    def may_tell(self) -> bool:
        """Whether a NOTIFY may go now."""
        return self.state in (State.QUIET, State.OWING)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be said."""
        return self.state in (State.ENDING, State.ENDED)

    def step(self, event: str, now: float, matter: Matter | None = None) -> None:
        """Apply one input to the table; the last one takes us away."""
        super().step(event, now, matter)
        if self.state is State.ENDED:
            self._host.ended(self)

    def knows(self, request: Request) -> bool:
        """Whether a request says to be in this dialog."""
        dialog = self.dialog
        return dialog is not None and (dialog.call_id, dialog.remote_tag) == (
            request.call_id,
            request.from_tag or "",
        )

    # What arrives

    def renewed(self, transaction: Transaction, request: Request, now: float) -> None:
        """A SUBSCRIBE in the dialog."""
        granted_s = self.terms.granted(request.expires)
        if granted_s is None:
            self.reply(transaction, 423, now, f"Min-Expires: {self.terms.least_s}\r\n{NO_BODY}")
            return
        if self.dialog is not None and not self.is_over:
            self.dialog.refresh(request, transaction.flow)
            self.flow = self.dialog.flow
        self.server, self._granted_s, self._body = transaction, granted_s, request.body
        self.step(Input.RENEW if granted_s else Input.UNSUBSCRIBE, now, Statement(200, None, "", b""))

    def done(self, request: DialogRequest, status: int, response: Response | None, now: float) -> None:
        """The NOTIFY under way has its answer, or will have none."""
        if request is not self._under_way:
            return
        self._under_way = None
        if status < 300:
            self.step(Input.DONE, now)
            return
        self._cause = SubscriptionEnd.UNREACHABLE if response is None else SubscriptionEnd.REFUSED
        self.step(Input.FAILED, now)

    def arrived(self, transaction: Transaction, now: float) -> None:
        """A request in a dialog of our own."""
        request = transaction.request
        assert request is not None
        try:
            remote_target(request)
            if self.dialog is None or not self.dialog.takes(request.cseq.number):
                self.reply(transaction, 500, now)
            elif request.method == "SUBSCRIBE":
                self.renewed(transaction, request, now)
            else:
                self.reply(transaction, 405, now, f"Allow: SUBSCRIBE\r\n{NO_BODY}")
        except Malformed as error:
            self.reply(transaction, error.status, now)

    def responded(self, transaction: Transaction, response: Response, now: float) -> None:
        """Ours are requests with owners of their own."""

    def failed(self, transaction: Transaction, status: int, now: float) -> None:
        """The application never answered the SUBSCRIBE."""
        self._cause = SubscriptionEnd.UNANSWERED
        self.step(Input.UNANSWERED, now)

    # What the application says

    def accept(self, terms: Terms, said: Statement, now: float) -> int | None:
        """Take it; the seconds that are granted, 0 for one NOTIFY only, None where 423 was sent."""
        if self.state is not State.ASKED or self.server is None or self.server.request is None:
            return None
        self.terms = terms
        request = self.server.request
        granted_s = terms.granted(request.expires if request.method == "SUBSCRIBE" else None)
        if granted_s is None:
            lines = f"Min-Expires: {terms.least_s}\r\n"
            self.step(Input.REFUSE, now, Statement(423, None, lines, b""))
            return None
        if self.dialog is None:
            self.dialog = Dialog.of_request(request, self.flow, self.local_tag)
        self._granted_s = granted_s
        wanted = Input.ACCEPT if granted_s else Input.FETCH
        self.step(Input.MUTE if self.mute else wanted, now, said)
        return granted_s

    def tell(self, news: News, now: float) -> bool:
        """Send a NOTIFY; False while another is under way (Told follows), and where nobody listens."""
        if not self.may_tell:
            return False
        self.step(Input.NOTIFY, now, news)
        return True

    def end(self, news: News, now: float) -> None:
        """Send the last NOTIFY."""
        if self.state is State.ASKED:
            self.step(Input.REFUSE, now, Statement(480, None, "", b""))
        elif not self.is_over:
            self.step(Input.END, now, news)

    # What outlives a process

    def saved(self, now: float) -> dict[str, Any] | None:
        """Plain JSON types; None where there is nothing to go on with."""
        if self.dialog is None or self.state not in (State.QUIET, State.TELLING):
            return None
        return {
            "dialog": self.dialog.to_dict(),
            "event": self.event,
            "expires_in_s": self._expires_at - now,
            "terms": list(self.terms),
            "requires": self.requires,
        }

    def resume(self, terms: Terms, left_s: float, now: float) -> None:
        """Go on with what was saved."""
        self.terms, self._granted_s, self._expires_at = terms, round(left_s), now + left_s
        self.state = State.QUIET
        self.start(Input.EXPIRED, left_s, now)

    # What the rows do

    def do(self, action: Action, now: float, matter: Matter | None) -> None:  # type: ignore[override]
        """Carry out one action."""
        match action:
            case Action.SEND_ANSWER:
                self._answer(now, matter)
            case Action.SEND_REFUSAL:
                self._refuse(now, matter)
            case Action.GONE:
                if self.server is not None:
                    self.reply(self.server, 481, now)
                    self.server = None
            case Action.START_EXPIRY:
                self._expires_at = now + self._granted_s
                self.start(Input.EXPIRED, self._granted_s, now)
            case Action.STOP_EXPIRY:
                self.stop(Input.EXPIRED)
            case Action.SEND_NOTIFY:
                left_s = max(round(self._expires_at - now), 0)
                self._notify(f"active;expires={left_s}", matter, now)
            case Action.SEND_LAST:
                news = matter if isinstance(matter, News) else News()
                again = f";retry-after={news.retry_after_s}" if news.retry_after_s else ""
                self._notify(f"terminated;reason={news.reason}{again}", news, now)
            case Action.REPORT_RENEWAL:
                body, self._body = self._body, b""
                self._host.report(Renewed(self.id, self._granted_s, body))
            case Action.REPORT_TOLD:
                self._host.report(Told(self.id))
            case Action.REPORT_END:
                self._host.report(SubscriptionEnded(self.id, self._cause))

    def reply(self, transaction: Transaction, status: int, now: float, lines: str = NO_BODY) -> None:
        """Answer a request in the dialog."""
        self._host.layer.answer(transaction, status, now, tag="", lines=lines)

    @property
    def _contact(self) -> str:
        return contact_value(self.flow, self._host.layer.advertise(self.flow))

    @property
    def _required(self) -> str:
        return f"Require: {self.requires}\r\n" if self.requires else ""

    def _answer(self, now: float, matter: Matter | None) -> None:
        """2xx, with what makes the dialog (RFC 3261 section 12.1.1) and how long it lasts."""
        server, self.server = self.server, None
        if server is None or server.request is None or not isinstance(matter, Statement):
            return
        request = server.request
        routes = "".join([f"Record-Route: {route}\r\n" for route in request.headers.lines("Record-Route")])
        expires = f"Expires: {self._granted_s}\r\n" if request.method == "SUBSCRIBE" else ""
        said = f"{expires}{self._required}{self._host.uas_lines}{matter.lines}"
        lines = f"{routes}Contact: {self._contact}\r\n{said}{NO_BODY}"
        tag = "" if request.to_tag else self.local_tag
        self._host.layer.answer(server, matter.status, now, tag=tag, lines=lines)

    def _refuse(self, now: float, matter: Matter | None) -> None:
        server, self.server = self.server, None
        if server is None or server.request is None or not isinstance(matter, Statement):
            return
        tag = "" if server.request.to_tag else self.local_tag
        lines = f"{matter.lines}{NO_BODY}"
        self._host.layer.answer(server, matter.status, now, tag=tag, lines=lines, reason=matter.reason)

    def _notify(self, state: str, matter: Matter | None, now: float) -> None:
        assert self.dialog is not None
        news = matter if isinstance(matter, News) else News()
        lines = (
            f"Contact: {self._contact}\r\nEvent: {self.event}\r\nSubscription-State: {state}\r\n"
            f"{self._required}{self._host.uac_lines}"
        )
        request = DialogRequest(
            self, self._host.layer, None, self.dialog, "NOTIFY", lines, news.body, news.content_type
        )
        self._under_way = request
        request.send(now)
