"""The sweeper: what the router believes of phones, offers and calls, compared with what they are.

Once a turn of the loop is over the two never differ. What does differ, at two looks in succession, is put
right by the event that must have been lost, counted, and logged with its cause: no agent stays "in a call"
that nobody is in, and nobody waits in a line that nobody keeps.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final

import structlog

from acd.agent import Agent
from acd.events import (
    CallGone,
    ConversationEnd,
    ConversationEnded,
    Event,
    GoneReason,
    OfferNoResponse,
    PhoneAtCode,
    PhoneBusy,
    PhoneRegistered,
    PhoneUnregistered,
)
from acd.queued_call import CallState
from switch.calls.flow import Call
from switch.calls.orders import Orders
from switch.calls.registry import Registry
from switch.exchange import Exchange
from switch.metrics.metrics import RepairKind

EVERY_S: Final = 5.0
"""From look to look. A state that is wrong is right again after two."""
_AT_ONCE: Final = 100
"""Agents, offers or calls that are looked at in one turn of the loop: well under a millisecond."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """The router believes something that is not so."""

    kind: RepairKind
    name: str
    """Whom or what it is about."""
    believed: str
    """What the router believes, and what is."""
    remedy: Callable[[], None] = field(compare=False)


class Sweeper:
    """Looks at everything that the router believes, a part in each turn of the loop."""

    def __init__(self, exchange: Exchange, registry: Registry, orders: Orders) -> None:
        self._exchange = exchange
        self._registry = registry
        self._orders = orders
        self._doubts: set[Doubt] = set()
        """Those of the last look."""
        self._log = structlog.get_logger("sweeper")

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.sweep()
            except Exception:  # noqa: BLE001 - a task's edge: one look that failed must not be the last
                self._log.exception("cannot look")

    async def sweep(self) -> None:
        """One look at everything: what was doubted at the last one too is put right."""
        looks, doubts = self._looks(), set[Doubt]()
        while part := self._next(looks):
            found = {doubt for doubt in part if doubt is not None}
            for doubt in sorted(found & self._doubts, key=lambda each: (each.kind, each.name)):
                self._put_right(doubt)
            doubts |= found - self._doubts
            await asyncio.sleep(0)
        self._doubts = doubts

    def _next(self, looks: Iterator[Doubt | None]) -> list[Doubt | None]:
        self._exchange.dispatch.flush()  # what is on its way to the router comes first
        return list(islice(looks, _AT_ONCE))

    def _put_right(self, doubt: Doubt) -> None:
        self._log.error("state repaired", kind=doubt.kind.value, name=doubt.name, believed=doubt.believed)
        self._exchange.metrics.repaired(doubt.kind)
        try:
            doubt.remedy()
        except Exception:  # noqa: BLE001 - one remedy's edge: it must not keep the others from theirs
            self._log.exception("cannot repair", kind=doubt.kind.value, name=doubt.name)

    def _looks(self) -> Iterator[Doubt | None]:
        """One for each fact that the router holds of something outside. Who comes meanwhile is seen next."""
        facts = self._exchange.dispatch.router.facts
        for agent in list(facts.agents.values()):
            if not agent.leaving:  # else he sits nowhere any more, and talks on
                yield from self._at_phone(agent)
            yield self._in_talk(agent)
        for offer in list(facts.offers):
            yield self._ringing(offer)
        for call in list(facts.calls):
            yield self._in_line(call)
        for served in list(self._registry.calls.values()):
            yield self._forgotten(served)

    def _at_phone(self, agent: Agent) -> Iterator[Doubt | None]:
        name = agent.name
        actual = self._exchange.staffing.phone_facts(name)
        if agent.registered != actual.registered:
            heard: Event = PhoneUnregistered(agent=name, explicit=False)
            if actual.registered:
                heard = PhoneRegistered(agent=name, fresh=False)
            yield self._of_phone(name, "registered", agent.registered, actual.registered, heard)
        if agent.dialogs != actual.dialogs:
            calls = PhoneBusy(agent=name, dialogs=actual.dialogs)
            yield self._of_phone(name, "dialogs", agent.dialogs, actual.dialogs, calls)
        if agent.at_code != actual.at_code:
            code = PhoneAtCode(agent=name, at_code=actual.at_code)
            yield self._of_phone(name, "at a code", agent.at_code, actual.at_code, code)

    def _of_phone(self, agent: str, fact: str, believed: int, actual: int, heard: Event) -> Doubt:
        return Doubt(RepairKind.PHONE, agent, f"{fact}: {believed:d}, but {actual:d}", self._telling(heard))

    def _telling(self, event: Event) -> Callable[[], None]:
        return partial(self._exchange.dispatch.post, event)

    def _in_talk(self, agent: Agent) -> Doubt | None:
        """An agent talks as long as his phone is in a call of ours, or a call of ours names him."""
        if agent.conversation is None or agent.call is None:
            return None
        phone = self._exchange.staffing.phone_of(agent.name)
        if phone is not None and self._registry.legs_of(phone):
            return None
        if any(call.agent == agent.name for call in self._registry.calls.values()):
            return None
        believed = f"talks in call {agent.call}, but no phone of his is in a call"
        over = ConversationEnded(call=agent.call, agent=agent.name, how=ConversationEnd.FAILED)
        return Doubt(RepairKind.AGENT, agent.name, believed, self._telling(over))

    def _ringing(self, offer: str) -> Doubt | None:
        """An offer is open as long as its INVITE is not over."""
        if offer in self._orders.offerings or offer not in self._exchange.dispatch.router.facts.offers:
            return None
        lost = OfferNoResponse(offer=offer)
        return Doubt(RepairKind.OFFER, offer, "rings, but no INVITE is open", self._telling(lost))

    def _in_line(self, name: str) -> Doubt | None:
        """Who waits is in a call that is not over."""
        known = self._exchange.dispatch.router.facts.calls.get(name)
        if known is None or known.state is CallState.TALKING:
            return None
        call = self._registry.calls.get(name)
        if call is not None and not call.over:
            return None
        gone = CallGone(call=name, reason=GoneReason.FAILED)
        believed = f"{known.state} in {known.queue}, but the call is over"
        return Doubt(RepairKind.CALL, name, believed, self._telling(gone))

    def _forgotten(self, call: Call) -> Doubt | None:
        """Who hears the music of a queue has a place in its line, or is given it back."""
        if call.over or not call.ledger.waiting or call.id in self._exchange.dispatch.router.facts.calls:
            return None
        return Doubt(RepairKind.CALL, call.id, "is not known, but waits in a queue", call.wait_again)
