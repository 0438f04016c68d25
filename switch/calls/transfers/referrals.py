"""REFERs of our phones (RFC 3515): each is one transfer, and its phone is told what becomes of it.

Without Replaces in Refer-To it is blind: to where the phone could dial. With Replaces (RFC 3891), which
names another call of the same phone, it is attended. Trunks may not refer: we would pay for what they want.
"""

from typing import Final

import structlog

from sip.ids import SubscriptionId
from sip.subscriptions.events import Referred, Renewed, SubscriptionEnded, Told
from sip.subscriptions.subscription import News
from sip.syntax.headers import NameAddr
from sip.syntax.malformed import Fault, Malformed
from sip.syntax.message import Request
from sip.syntax.replaces import DialogName
from sip.syntax.status import phrase
from sip.syntax.uri import Uri
from switch.calls.legs.leg import Leg
from switch.calls.registry import Registry
from switch.calls.supervision import NotNow
from switch.calls.transfers.departing import Departure
from switch.calls.transfers.joining import End, end_of, join
from switch.calls.transfers.transferring import transfer
from switch.exchange import Exchange
from switch.identities.numbers import number_of
from switch.peers import PhonePeer

_FRAGMENT: Final = "message/sipfrag;version=2.0"


class Referral:
    """One REFER that we took, from its 202 to its last NOTIFY."""

    def __init__(self, exchange: Exchange, id: SubscriptionId, leg: Leg) -> None:
        """`leg` is the one of whoever refers, by whose end we show that it worked."""
        self.leg = leg
        self._exchange = exchange
        self.id = id
        self._status = 100
        self._said = 0
        self._under_way = False

    @property
    def over(self) -> bool:
        """Whether nothing is left to be said."""
        return self._said >= 200

    def tell(self, status: int) -> None:
        """It has come so far; 200 and more is the end."""
        self._status = status
        if status == 200 and isinstance(self.leg.owner, Departure):
            self.leg.owner.settle()

    def go_on(self) -> None:
        """Say how far it has come, if that is new and what was said before has been heard."""
        if self._under_way or self._said == self._status:
            return
        subscriptions, now = self._exchange.sip().subscriptions, self._exchange.now()
        self._said, fragment = self._status, _fragment(self._status)
        if self.over:
            subscriptions.end(self.id, News(_FRAGMENT, fragment, reason="noresource"), now)
        else:
            self._under_way = subscriptions.notify(self.id, _FRAGMENT, fragment, now)

    def told(self) -> None:
        """What was said has been heard."""
        self._under_way = False
        self.go_on()

    def again(self) -> None:
        """He wants to be told once more."""
        self._said = 0
        self.go_on()


class Referrals:
    """Every REFER in progress."""

    def __init__(self, exchange: Exchange, registry: Registry) -> None:
        self._exchange = exchange
        self._registry = registry
        self._referrals: dict[SubscriptionId, Referral] = {}

    def __len__(self) -> int:
        return len(self._referrals)

    def referred(self, event: Referred) -> None:
        """Take the REFER, or refuse it."""
        endpoint, now = self._exchange.sip(), self._exchange.now()
        try:
            end = self._end(event)
            target = _target(event.request)
            name = _replaced(target)
        except Malformed as error:
            endpoint.subscriptions.refuse(event.subscription, error.status, now, error.reason)
            return
        except NotNow as error:
            endpoint.subscriptions.refuse(event.subscription, error.status, now)
            self._log(event, error)
            return
        endpoint.subscriptions.accept_referral(event.subscription, now)
        referral = self._referrals[event.subscription] = Referral(self._exchange, event.subscription, end.own)
        try:
            self._transfer(end, number_of(target), name, referral)
        except NotNow as error:
            referral.tell(error.status)
            self._log(event, error)
        self._go_on(referral)

    def heard(self, event: Renewed | Told | SubscriptionEnded) -> bool:
        """Something happened to a subscription; whether it is a REFER's."""
        referral = self._referrals.get(event.subscription)
        match event:
            case _ if referral is None:
                return False
            case Renewed():
                referral.again()
            case Told():
                referral.told()
                self._go_on(referral)
            case SubscriptionEnded():
                del self._referrals[event.subscription]
        return True

    # Inside

    def _transfer(self, end: End, number: str, name: DialogName | None, referral: Referral) -> None:
        """Raises NotNow."""
        conferences = self._registry.conferences

        def tell(status: int) -> None:
            referral.tell(status)  # who cannot be told any more is to leave all the same
            if referral.id in self._referrals:
                self._exchange.loop.call_soon(self._go_on, referral)

        if name is None:
            transfer(self._exchange, conferences, end.call, number, end.ended_by, end.own, tell)
            return
        leg = self._named(name)
        other = None if leg is None else end_of(leg)
        if other is None or (name.early_only and other.own.answered):
            raise NotNow("there is no such call to be transferred to", 481)
        join(self._exchange, conferences, end, other, tell)

    def _go_on(self, referral: Referral) -> None:
        referral.go_on()
        if referral.over:
            self._referrals.pop(referral.id, None)

    def _end(self, event: Referred) -> End:
        """Where in which call whoever refers is. Raises NotNow or Malformed."""
        if not isinstance(event.peer, PhonePeer):
            raise NotNow("trunks may not transfer")
        if event.session is not None:
            leg = self._registry.leg_of(event.session)
        else:
            written = event.request.headers.get("Target-Dialog")
            if written is None:
                raise NotNow("a REFER outside of a call names none")
            leg = self._named(DialogName.of_target_dialog(written))
        if leg is None:
            raise NotNow("there is no such call", 481)
        if leg.peer != event.peer:
            raise NotNow("this is the call of somebody else")
        if isinstance(leg.owner, Departure):
            raise NotNow("the call is being transferred", 491)
        end = end_of(leg)
        if end is None:
            raise NotNow("there is nobody to be transferred", 481)
        return end

    def _named(self, name: DialogName) -> Leg | None:
        session = self._exchange.endpoint.named(name)
        return None if session is None else self._registry.leg_of(session)

    def _log(self, event: Referred, error: NotNow) -> None:
        log = structlog.get_logger("call")
        log.info("not transferred", phone=str(event.peer), reason=str(error), status=error.status)


def _target(request: Request) -> Uri:
    """Whom it is to be called (RFC 3515 section 2.1): one URI, for a call. Raises Malformed or NotNow."""
    written = request.headers.lines("Refer-To")
    if len(written) != 1:
        raise Malformed(400, Fault.REPEATED_HEADER if written else Fault.HEADER_MISSING)
    uri = NameAddr.parse(written[0]).uri
    if uri.scheme not in ("sip", "sips", "tel"):
        raise NotNow(f"no call leads to a {uri.scheme} URI", 416)
    if (uri.params.get("method") or "INVITE").upper() != "INVITE":
        raise NotNow("nothing but a call can be asked for", 501)
    return uri


def _replaced(target: Uri) -> DialogName | None:
    """The call that is to be taken over, where it names one. Raises Malformed."""
    written = next((value for name, value in target.headers.items() if name.lower() == "replaces"), None)
    return None if written is None else DialogName.of_replaces(written)


def _fragment(status: int) -> bytes:
    return f"SIP/2.0 {status} {phrase(status)}\r\n".encode()
