"""Calling out: the leg and the INVITE towards a phone or a trunk."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from media.aio.plane import NoPorts
from sip.accounts.binding import Binding
from sip.accounts.devices import devices
from sip.events import Outgoing
from sip.flow import Flow
from sip.syntax.headers import quote
from sip.syntax.uri import Uri
from sip.transactions.writing import HeaderLines
from switch.calls.books import LegBook
from switch.calls.legs.leg import Leg
from switch.calls.legs.media import Terms
from switch.calls.legs.outgoing import OutgoingLeg
from switch.calls.legs.owner import LegOwner
from switch.calls.legs.secrecy import secrecy
from switch.calls.offered import codecs_with
from switch.calls.ringing.branches import Branches
from switch.calls.ringing.unreachable import Unreachable
from switch.config.trunk import Prack
from switch.exchange import Exchange
from switch.identities.caller import Caller, clean_display
from switch.identities.numbers import NotANumber
from switch.identities.presenting import Presented
from switch.identities.redirection import Redirections, diversion
from switch.ids import new_id
from switch.peers import PhonePeer, TrunkPeer
from switch.phones.makers import PLAIN, Alerting, alert_headers, maker_of
from switch.records import LegRole
from switch.trunks.next_hop import NextHop

MAX_FORWARDS: Final = 70
"""RFC 3261 section 8.1.1.6."""


class Dialling:
    """One party's wish to reach another: who calls, whom, and with which codecs first."""

    def __init__(self, exchange: Exchange, book: LegBook, caller: Leg | None, max_forwards: int) -> None:
        self._exchange = exchange
        self._book = book
        self.caller = caller
        """None while he himself is called."""
        self._max_forwards = max_forwards

    def phone(
        self,
        name: str,
        role: LegRole,
        display: str,
        number: str,
        owner: LegOwner,
        alerting: Alerting = PLAIN,
        routed: bool = False,
        redirections: Redirections = (),
    ) -> Branches:
        """Ring a phone where it is registered, every device of it; `redirections` are those of a call that
        comes from another. Raises Unreachable.

        `alerting` is ours alone to say: what a caller writes of it is read by nobody and goes nowhere.
        """
        settings = self._exchange.config.phones.get(name)
        if settings is None:
            raise Unreachable(404, "Not Found")
        if settings.max_calls is not None and self._book.calls_of(name) >= settings.max_calls:
            raise Unreachable(486, "Busy Here")
        domain = self._exchange.config.sip.domain
        from_ = f"{quote(clean_display(display))} <{Uri('sip', number or 'anonymous', host=domain)}>"

        def ring(binding: Binding) -> OutgoingLeg:
            leg = self._leg(role, PhonePeer(name), binding.flow, owner, routed)
            maker = settings.maker or maker_of(binding.user_agent)
            headers = (*alert_headers(maker, alerting, domain), *_diverted(redirections, domain))
            self._ring(leg, binding, from_, headers)
            return leg

        groups = devices(self._exchange.registrations.contacts(name))
        dials = [[[partial(ring, flow) for flow in device] for device in group] for group in groups]
        return Branches(self._exchange, self._book, dials)

    def _ring(self, leg: OutgoingLeg, binding: Binding, from_: str, headers: HeaderLines) -> None:
        """Send the INVITE to a contact of a phone."""
        to = Uri("sip", binding.user, host=self._exchange.config.sip.domain)
        with _ended_on_error(leg):
            leg.call(
                Outgoing(
                    uri=binding.target,
                    flow=binding.flow,
                    from_=from_,
                    to=f"<{to}>",
                    sdp=leg.offer(),
                    headers=headers,
                    routes=binding.path,
                    peer=leg.peer,
                    max_forwards=self._max_forwards - 1,
                    natted=binding.natted,
                    call_id=secrets.token_hex(12),
                )
            )

    def trunk(
        self, hop: NextHop, number: str, caller: Caller, redirections: Redirections, owner: LegOwner
    ) -> OutgoingLeg:
        """Call a number by way of `hop`; `redirections` are those of a call that is only passed on.
        Raises Unreachable.
        """
        presented = self._presented(hop.trunk, number, caller, redirections)
        try:
            flow = self._exchange.flow_to(hop.place)
        except (OSError, ValueError):
            raise Unreachable(503, "Service Unavailable") from None
        leg = self._leg(LegRole.CALLEE, TrunkPeer(hop.trunk), flow, owner, False)
        with _ended_on_error(leg):
            leg.call(
                Outgoing(
                    uri=presented.uri(hop.host, hop.port),
                    flow=flow,
                    from_=presented.from_,
                    to=presented.to(hop.host, hop.port),
                    sdp=leg.offer(),
                    headers=presented.headers,
                    supports_reliable=leg.prack is not Prack.OFF,
                    require_reliable=leg.prack is Prack.REQUIRED,
                    credentials=self._exchange.trunks.credentials(hop.trunk),
                    peer=leg.peer,
                    max_forwards=self._max_forwards - 1,
                    wide_flow=self._wide_flow(hop),
                    call_id=secrets.token_hex(12),
                )
            )
        return leg

    def _wide_flow(self, hop: NextHop) -> Flow | None:
        """TCP for an INVITE that is too large for a datagram, where the target's URI leaves us the choice."""
        if hop.place.transport != "udp" or hop.proxy.transport is not None:
            return None
        return self._exchange.shell.wide_flow_to(hop.place.address, hop.place.port)

    def _presented(self, trunk: str, number: str, caller: Caller, redirections: Redirections) -> Presented:
        """Who calls whom, as the trunk is told it."""
        try:
            return self._exchange.identities.present(trunk, caller, number, redirections)
        except NotANumber:
            raise Unreachable(404, "Not Found") from None

    def _leg(
        self, role: LegRole, peer: PhonePeer | TrunkPeer, flow: Flow, owner: LegOwner, routed: bool
    ) -> OutgoingLeg:
        exchange = self._exchange
        terms = Terms(
            codecs_with(exchange, self.caller), secrecy(exchange.config, peer, flow, exchange.fingerprint)
        )
        if not terms.secrecy.possible:
            raise Unreachable(488, "Not Acceptable Here")
        try:
            port = exchange.plane.open(near=None if self.caller is None else self.caller.port)
        except NoPorts:
            raise Unreachable(503, "Service Unavailable") from None
        try:
            return OutgoingLeg(
                exchange,
                self._book,
                id=new_id(exchange.now_us()),
                role=role,
                peer=peer,
                flow=flow,
                port=port,
                terms=terms,
                owner=owner,
                routed=routed,
            )
        except OSError as error:  # the kernel knows no way there, so there is no address for our SDP
            port.close()
            raise Unreachable(503, "Service Unavailable") from error


def _diverted(redirections: Redirections, domain: str) -> tuple[tuple[str, str], ...]:
    """For whom a call was meant that a phone of ours gets in place of another."""
    return (("Diversion", diversion(redirections, domain, str, trusted=True)),) if redirections else ()


@contextmanager
def _ended_on_error(leg: OutgoingLeg) -> Iterator[None]:
    """A leg whose INVITE cannot be written has no owner yet: it gives its port back here."""
    try:
        yield
    except BaseException:
        leg.give_up(500)
        raise
