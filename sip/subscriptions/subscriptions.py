"""Every subscription of an endpoint, and what an application does with them."""

from collections.abc import Callable, Hashable
from typing import Any, Final

from sip.dialogs.dialog import Dialog, remote_target
from sip.dialogs.session import Session
from sip.flow import Flow
from sip.ids import SubscriptionId
from sip.refusal import refusal
from sip.subscriptions.events import (
    Referred,
    Subscribing,
    SubscriptionEvent,
)
from sip.subscriptions.subscription import News, Subscription, Terms
from sip.subscriptions.subscription_table import Input, State
from sip.syntax.message import Malformed, Request
from sip.transactions.layer import Layer
from sip.transactions.transaction import Owner, Transaction
from sip.transactions.writing import NO_BODY, HeaderLines, Statement, header_lines, one_line

METHODS: Final = ("SUBSCRIBE", "REFER")
"""Requests that begin a subscription, in a dialog of their own or in a session's."""
REFER_TERMS: Final = Terms(default_s=300)
"""For how long the sender of a REFER is told; every call that it makes rings for less."""


class Subscriptions:
    """Our tags are unguessable and unique: each names its subscription. What is over changes nothing."""

    def __init__(
        self,
        layer: Layer,
        allow: tuple[str, ...],
        uas_lines: str,
        uac_lines: str,
        report: Callable[[SubscriptionEvent], None],
    ) -> None:
        self.layer = layer
        self.allow = allow
        self.uas_lines = uas_lines
        self.uac_lines = uac_lines
        self.report = report
        self.by_id: dict[SubscriptionId, Subscription] = {}
        self._by_tag: dict[str, Subscription] = {}
        self._last_id = 0

    # From the application

    def accept(
        self, subscription: SubscriptionId, terms: Terms, now: float, requires: str = ""
    ) -> int | None:
        """Take a Subscribing with 200, at once followed by `notify` (RFC 6665 section 4.2.1.2); `requires` is
        an extension by which alone that can be read.

        For how many seconds it is granted; 0 where one NOTIFY is wanted and no more; None where it is over,
        or was too brief, which 423 says.
        """
        if (found := self.by_id.get(subscription)) is None:
            return None
        found.requires = requires
        return found.accept(terms, Statement(200, None, "", b""), now)

    def accept_referral(self, subscription: SubscriptionId, now: float) -> None:
        """Take a Referred with 202 (RFC 3515 section 2.4.2), at once followed by `notify`, if he wants it."""
        if (found := self.by_id.get(subscription)) is not None:
            lines = "Refer-Sub: false\r\n" if found.mute else ""
            found.accept(REFER_TERMS, Statement(202, None, lines, b""), now)

    def refuse(
        self,
        subscription: SubscriptionId,
        status: int,
        now: float,
        reason: str | None = None,
        headers: HeaderLines = (),
    ) -> None:
        """Refuse a Subscribing or Referred, with a status from 300 to 699."""
        said = Statement(status, one_line(reason) if reason else None, header_lines(headers), b"")
        if (found := self.by_id.get(subscription)) is not None and found.state is State.ASKED:
            found.step(Input.REFUSE, now, said)

    def notify(self, subscription: SubscriptionId, content_type: str, body: bytes, now: float) -> bool:
        """Tell what there is to tell: Told follows. False where one is under way, or nobody listens."""
        found = self.by_id.get(subscription)
        return found is not None and found.tell(News(one_line(content_type), body), now)

    def end(self, subscription: SubscriptionId, news: News, now: float) -> None:
        """Say so in a last NOTIFY. No more events of this subscription."""
        if (found := self.by_id.get(subscription)) is not None:
            found.end(news, now)

    def saved(self, subscription: SubscriptionId, now: float) -> dict[str, Any] | None:
        """One that stands, in plain JSON types, for `restore`; None where there is none."""
        found = self.by_id.get(subscription)
        return None if found is None else found.saved(now)

    def restore(
        self, saved: dict[str, Any], now: float, elapsed_s: float, peer: Hashable
    ) -> SubscriptionId | None:
        """Take up what an earlier process left so `elapsed_s` ago; None where its time is over.

        Raises KeyError, TypeError or ValueError for what is no subscription. Our NOTIFYs go on well above
        those that the other process may still have sent.
        """
        left_s = float(saved["expires_in_s"]) - elapsed_s
        if left_s <= 0:
            return None
        dialog, terms = Dialog.from_dict(saved["dialog"]), Terms(*saved["terms"])
        dialog.skip_unsaved()
        subscription = self._add(dialog.flow, peer, str(saved["event"]), dialog)
        subscription.requires = str(saved.get("requires", ""))
        self._by_tag[subscription.local_tag] = subscription
        subscription.resume(terms, left_s, now)
        return subscription.id

    # From the peers

    def open(self, flow: Flow, peer: Hashable) -> Owner:
        """Who takes a SUBSCRIBE or REFER that is outside of every dialog."""
        return _Newcomer(self, flow, peer)

    def within(self, session: Session) -> Owner:
        """Who takes one in the dialog of a session."""
        return _Within(self, session)

    def of(self, request: Request) -> Subscription | None:
        """The subscription in whose own dialog a request says to be (RFC 3261 section 12.2.2)."""
        found = self._by_tag.get(request.to_tag or "")
        return found if found is not None and found.knows(request) else None

    def ended(self, subscription: Subscription) -> None:
        """Forget it."""
        self.by_id.pop(subscription.id, None)
        self._by_tag.pop(subscription.local_tag, None)

    # Inside

    def begin(
        self, transaction: Transaction, request: Request, peer: Hashable, session: Session | None
    ) -> None:
        """A SUBSCRIBE or REFER waits for the application. Raises Malformed."""
        refers = request.method == "REFER"
        event = _event(request)
        if refers:
            event = "refer" if session is None else f"refer;id={request.cseq.number}"
        dialog = None if session is None else session.dialog
        subscription = self._add(transaction.flow, peer, event, dialog)
        subscription.server = transaction
        subscription.mute = refers and (request.headers.get("Refer-Sub") or "").strip().lower() == "false"
        transaction.owner = subscription
        if session is None:
            self._by_tag[subscription.local_tag] = subscription
        if refers:
            inside = None if session is None else session.id
            self.report(Referred(subscription.id, request, peer, transaction.flow, inside))
        else:
            package = event.partition(";")[0].strip().lower()
            self.report(Subscribing(subscription.id, request, peer, transaction.flow, package))

    def referral(self, session: Session, request: Request) -> Subscription | None:
        """The one that a SUBSCRIBE in the dialog of a session is about (RFC 3515 section 2.4.4): no REFER
        that has no answer yet.
        """
        event, dialog = _event(request).replace(" ", "").lower(), session.dialog
        own = [
            each
            for each in self.by_id.values()
            if dialog is not None and each.dialog is dialog and each.state is not State.ASKED
        ]
        return next((each for each in own if event in (each.event, "refer")), None)

    def _add(self, flow: Flow, peer: Hashable, event: str, dialog: Dialog | None) -> Subscription:
        self._last_id += 1
        subscription = Subscription(SubscriptionId(self._last_id), self, flow, peer, event, dialog)
        self.by_id[subscription.id] = subscription
        return subscription


class _Newcomer(Owner):
    """Takes the first request of a dialog."""

    __slots__ = ("_flow", "_peer", "_subscriptions")

    def __init__(self, subscriptions: Subscriptions, flow: Flow, peer: Hashable) -> None:
        self._subscriptions = subscriptions
        self._flow = flow
        self._peer = peer

    def arrived(self, transaction: Transaction, now: float) -> None:
        """Make a subscription of it."""
        request = transaction.request
        assert request is not None
        try:
            remote_target(request)
            self._subscriptions.begin(transaction, request, self._peer, None)
        except Malformed as error:
            _reply(self._subscriptions.layer, transaction, error.status, now)


class _Within(Owner):
    """Takes a REFER in the dialog of a session, and the SUBSCRIBE that renews what it began."""

    __slots__ = ("_session", "_subscriptions")

    def __init__(self, subscriptions: Subscriptions, session: Session) -> None:
        self._subscriptions = subscriptions
        self._session = session

    def arrived(self, transaction: Transaction, now: float) -> None:
        """In its order (RFC 3261 section 12.2.2)."""
        request, layer = transaction.request, self._subscriptions.layer
        assert request is not None
        try:
            dialog = self._session.dialog
            if dialog is None:  # nothing has been agreed yet that could be handed on
                _reply(layer, transaction, 481, now)
            elif not dialog.takes(request.cseq.number):
                _reply(layer, transaction, 500, now)
            elif (refused := refusal(request, self._subscriptions.allow)) is not None:
                lines = f"{header_lines(refused.headers)}{NO_BODY}"
                _reply(layer, transaction, refused.status, now, lines)
            elif request.method == "REFER":
                self._subscriptions.begin(transaction, request, self._session.peer, self._session)
            elif (found := self._subscriptions.referral(self._session, request)) is not None:
                found.renewed(transaction, request, now)
            else:  # a dialog of its own is the place for others (RFC 6665 section 4.5.2)
                _reply(layer, transaction, 403, now)
        except Malformed as error:
            _reply(layer, transaction, error.status, now)


def _reply(layer: Layer, transaction: Transaction, status: int, now: float, lines: str = NO_BODY) -> None:
    request = transaction.request
    tag = "" if request is None or request.to_tag is not None else layer.token()
    layer.answer(transaction, status, now, tag=tag, lines=lines)


def _event(request: Request) -> str:
    """The Event header with its `id`, which our NOTIFYs repeat (RFC 6665 section 8.2.1)."""
    package, _, params = (request.headers.get("Event") or "").partition(";")
    ids = [each.strip() for each in params.split(";") if each.strip().lower().startswith("id=")]
    return ";".join([package.strip(), *ids[:1]])
