"""The whole switch: the parts that the server starts and ends, and who hears what SIP and media tell."""

from dataclasses import dataclass

from media.events import PortEvent
from sip import events as sip
from sip.subscriptions.events import Referred, Renewed, Subscribing, SubscriptionEnded, Told
from switch.access.audit_reader import AuditReader
from switch.access.store import TokenStore
from switch.calls.arrival import Arrival
from switch.calls.orders import Orders
from switch.calls.registry import Registry
from switch.calls.transfers.referrals import Referrals
from switch.exchange import Exchange
from switch.history.holds import Holds
from switch.history.reader import Reader
from switch.peers import Identification, PhonePeer
from switch.staffing import Staffing


@dataclass(slots=True)
class Switch:
    """The parts that the server starts, feeds and ends."""

    exchange: Exchange
    registry: Registry
    orders: Orders
    arrival: Arrival
    referrals: Referrals
    staffing: Staffing
    identification: Identification
    reader: Reader
    tokens: TokenStore
    audit: AuditReader
    holds: Holds

    def sip_event(self, event: sip.Event) -> None:
        """What the endpoint tells: a new call, a request outside of dialogs, or something about a leg."""
        match event:
            case sip.IncomingInvite(peer=peer, flow=flow):
                if isinstance(peer, PhonePeer):
                    self.exchange.registrations.heard(peer.name, flow)
                self.arrival.invited(event)
            case sip.IncomingRequest():
                self._request(event)
            case Subscribing() | Renewed() | Told() | SubscriptionEnded():
                self._subscription(event)
            case Referred():
                self.referrals.referred(event)
            case sip.ResponseReceived():
                if not self.exchange.trunks.answered(event):
                    self.exchange.registrations.answered(event)
            case _:
                self.registry.sip_event(event)

    def _subscription(self, event: Subscribing | Renewed | Told | SubscriptionEnded) -> None:
        lamps = self.exchange.lamps
        match event:
            case Subscribing(peer=peer, flow=flow):
                if isinstance(peer, PhonePeer):
                    self.exchange.registrations.heard(peer.name, flow)
                lamps.subscribing(event)
            case Renewed() | Told() | SubscriptionEnded() if self.referrals.heard(event):
                pass
            case Renewed():
                lamps.renewed(event)
            case Told():
                lamps.told(event)
            case SubscriptionEnded():
                lamps.ended(event)

    def port_event(self, event: PortEvent) -> None:
        """What the media plane tells."""
        self.registry.port_event(event)

    def _request(self, event: sip.IncomingRequest) -> None:
        exchange = self.exchange
        if event.request.method == "REGISTER" and isinstance(event.peer, PhonePeer):
            exchange.registrations.registered(event, event.peer.name)
            return
        if isinstance(event.peer, PhonePeer):
            exchange.registrations.heard(event.peer.name, event.flow)
        status = 200 if event.request.method == "OPTIONS" else 405
        exchange.endpoint.respond(event.transaction, status, exchange.now())
