"""Three-way calls: a phone that is in two calls brings all three together in one of them.

That call goes on, chosen as for an attended transfer; the other one is over. When the phone leaves, the other
two talk on, as after a transfer; when the third leaves, the two who are left; when the caller leaves, it is
over for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from acd.events import ConversationEnd
from media.codecs import CODECS
from media.port import Source
from switch.calls.bridge import Bridge
from switch.calls.causes import NORMAL_CLEARING, Farewell
from switch.calls.legs.events import Ended, Held, LegEvent, Lost
from switch.calls.legs.incoming import IncomingLeg
from switch.calls.legs.leg import Leg
from switch.calls.supervision import NotNow
from switch.calls.transfers.brought import Brought
from switch.calls.transfers.handing import give_away, pay_for, swap
from switch.calls.transfers.joining import End, end_joined, end_of, judge_agents, rank
from switch.exchange import Exchange
from switch.records import LegRole

if TYPE_CHECKING:
    from switch.calls.flow import Call


class Third:
    """Who has come to a call as the third, until he leaves or has the place of who brought him."""

    def __init__(self, exchange: Exchange, call: Call, brought: Brought) -> None:
        self.leg = brought.leg
        self._exchange = exchange
        self._of = call
        self._brought = brought
        self._bridge: Bridge | None = None
        self.leg.owner = self
        pay_for(call, brought.occupied)
        if self.leg.role is LegRole.CALLER:
            self.leg.take_role(LegRole.CALLEE)
        call.ledger.legs.append(self.leg)
        call.book.leg_confirmed(self.leg, call)

    # What the call says

    def join(self, bridge: Bridge, others: Sequence[Leg]) -> None:
        """The others hear each other by way of `bridge`, and so does he."""
        self._bridge = bridge
        bridge.add(self.leg)
        bridge.update()
        self._of.ledger.conferring((*others, self.leg), self._exchange.now_us())

    def part(self) -> None:
        """They do not any more: their bridge is closed."""
        self._bridge = None
        self._of.ledger.alone(self._exchange.now_us())

    def let_hear(self, source: Callable[[], Source]) -> None:
        """This is what the caller hears; so does he, unless they are connected."""
        if self._bridge is None:
            self.leg.send(source())

    def take_place(self) -> None:
        """Who brought him has left: he talks to the caller."""
        call = self._of
        call.third = None
        call.ledger.alone(self._exchange.now_us())
        call.ledger.legs.remove(self.leg)
        call.take_over(self.leg, self._brought)

    def over(self, how: ConversationEnd = ConversationEnd.CALLER_HUNG_UP) -> None:
        """He has left, or the call has ended."""
        call, brought = self._of, self._brought
        call.third = None
        call.ledger.alone(self._exchange.now_us())
        if self._bridge is not None:
            self._bridge.remove(self.leg)
            self._bridge.update()
        self.leg.end(Farewell(q850=NORMAL_CLEARING))
        brought.occupied.release(self._exchange.now_us())
        call.ledger.visits[:0] = brought.visits
        call.ledger.offers += brought.offers
        if brought.place is not None and brought.agent is not None:
            brought.place.talk_over(brought.agent, how)

    # What his leg says

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        """Something happened on his leg."""
        match event:
            case Ended():
                self.over(ConversationEnd.AGENT_HUNG_UP)
            case Lost():
                self.over(ConversationEnd.AGENT_LOST)
            case Held() if self._bridge is not None:
                self._bridge.update()
            case _:
                pass  # his digits are for nobody


def confer(exchange: Exchange, ends: tuple[End, End], live: Leg) -> Call:
    """Bring the other sides of a phone's two calls together with it, which goes on by the leg `live`: one of
    the two, or one that has come for that. The call that goes on. Raises NotNow, and nothing has changed.
    """
    kept, left = sorted(ends, key=rank)
    if kept.call is left.call or not (kept.is_up and left.is_up):
        raise NotNow("the phone is not in two calls that are connected", 404)
    if any(end.call.third or end.call.supervision or end.call.bridge is None for end in ends):
        raise NotNow("one of the calls is no talk of two", 403)
    judge_agents(kept, left)
    _judge(exchange, kept.other, left.other, live)
    if kept.own is kept.call.caller:
        swap(exchange, kept.call)
    brought = give_away(left.call, left.own)
    if live is not kept.own:
        _go_on_by(kept.call, left.call, live)
    kept.call.third = Third(exchange, kept.call, brought)
    end_joined(left, kept.call)
    kept.call.third_came()
    log = structlog.get_logger("call")
    log.info("three in a call", call=kept.call.id, phone=live.peer.name, third=brought.leg.peer.name)
    return kept.call


def confer_held(exchange: Exchange, call: Call, live: Leg) -> None:
    """Bring whom a phone holds into its other call, in which it talks by `live`. Raises NotNow, and nothing
    has changed.
    """
    held = call.book.held_at(live.peer)
    ends = [end for leg in (held, live) if leg is not None and (end := end_of(leg)) is not None]
    if len(ends) != 2:
        raise NotNow("the phone holds nobody", 404)
    confer(exchange, (ends[0], ends[1]), live)


def _go_on_by(call: Call, other: Call, live: Leg) -> None:
    """The phone's own leg is this one from now on."""
    if live in other.ledger.legs:
        other.ledger.legs.remove(live)
    before = call.party
    if before is not None:
        live.take_role(before.role)
    live.owner = call
    call.ledger.legs.append(live)
    if isinstance(live, IncomingLeg):
        live.answer()
    call.take_over(live, same_agent=True)
    call.book.leg_confirmed(live, call)


def _judge(exchange: Exchange, *legs: Leg | None) -> None:
    """Whether they can be mixed. Raises NotNow."""
    present = [leg for leg in legs if leg is not None]
    codecs = {leg.agreed.codec for leg in present if leg.agreed is not None}
    if not all(CODECS[codec].is_heard for codec in codecs):
        raise NotNow(f"a codec cannot be mixed: {', '.join(sorted(codecs))}", 488)
    if not all(exchange.plane.mixes(present[0].port, leg.port) for leg in present):
        raise NotNow("their media are at different workers", 503)
