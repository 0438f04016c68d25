"""What the router orders and announces, carried out on calls, legs, metrics and history."""

from typing import assert_never

import structlog

from acd import commands as acd
from acd.events import ConversationEnd, ConversationEnded, OfferNotSent
from switch.calls.causes import Farewell
from switch.calls.dialling import Unreachable
from switch.calls.ledger import Visit
from switch.calls.offering import Offering
from switch.calls.registry import Registry
from switch.calls.visits import OFFERS, REASONS, RESULTS
from switch.exchange import Exchange
from switch.history import entries
from switch.metrics import HandlePhase
from switch.records import AgentState, AgentStateRecord, OfferRecord, utc


class Orders:
    """The router's hands. Replayed commands never come here: they were carried out in their time."""

    def __init__(self, exchange: Exchange, registry: Registry) -> None:
        self.offerings: dict[str, Offering] = {}
        self._exchange = exchange
        self._registry = registry
        self._invited_us: list[int] = []
        self._log = structlog.get_logger("router")

    def carry_out(self, command: acd.Command, now_us: int) -> None:
        """One command of a step at `now_us`."""
        match command:
            case acd.Offer():
                self._offer(command, now_us)
            case acd.CancelOffer(offer=offer, why=why):
                if (offering := self.offerings.get(offer)) is not None:
                    offering.cancel(Farewell(elsewhere=why is acd.CancelReason.ANSWERED_ELSEWHERE))
            case acd.Connect():
                self._connect(command)
            case acd.HangUpOffer(offer=offer):
                if (offering := self.offerings.get(offer)) is not None:
                    offering.hang_up()
            case acd.LeaveQueue(call=call):
                if (found := self._registry.calls.get(call)) is not None:
                    found.left(command)
            case acd.WatchPhone(agent=agent, on=on):
                self._watch_phone(agent, on)
            case acd.AgentChanged():
                self._agent_changed(command)
            case acd.VisitStarted():
                self._visit_started(command)
            case acd.VisitEnded():
                self._visit_ended(command)
            case acd.OfferEnded():
                self._offer_ended(command)
            case acd.WrapUpEnded():
                self._wrap_up_ended(command)
            case acd.ConfigurationRefused(problem=problem):
                self._log.error("router refused the configuration", problem=problem)
            case _:
                assert_never(command)

    # Orders

    def _offer(self, command: acd.Offer, now_us: int) -> None:
        dispatch = self._exchange.dispatch
        call = self._registry.calls.get(command.call)
        phone = (
            self._exchange.config.agents[command.agent].phone
            if command.agent in self._exchange.config.agents
            else None
        )
        if call is None or call.over or phone is None:
            dispatch.post(OfferNotSent(offer=command.offer))
            return
        number = call.ledger.from_
        pattern = self._exchange.config.queues[command.queue].caller_display
        display = pattern.format(queue=command.queue, number=number)
        offering = Offering(command.offer, command.call, command.agent, dispatch.post, self._forget)
        try:
            offering.leg = call.ring_agent(phone, display, number, offering)
        except Unreachable as error:
            self._log.warning("cannot offer", agent=command.agent, call=command.call, reason=error.phrase)
            dispatch.post(OfferNotSent(offer=command.offer))
            return
        self.offerings[command.offer] = offering
        if not self._invited_us:
            dispatch.when_settled(self._invites_written)
        self._invited_us.append(now_us)

    def _invites_written(self) -> None:
        self._exchange.shell.flush()
        written_us = self._exchange.now_us()
        invited, self._invited_us = self._invited_us, []
        for step_us in invited:
            self._exchange.metrics.offer_sent((written_us - step_us) / 1e6)

    def _connect(self, command: acd.Connect) -> None:
        offering = self.offerings.get(command.offer)
        leg = offering.connect() if offering is not None else None
        call = self._registry.calls.get(command.call)
        if leg is not None and call is not None and not call.over:
            call.connect(command.agent, leg)
            return
        if leg is not None:
            leg.end(Farewell())
        how = ConversationEnd.AGENT_HUNG_UP if leg is None else ConversationEnd.CALLER_HUNG_UP
        self._exchange.dispatch.post(ConversationEnded(call=command.call, agent=command.agent, how=how))
        if call is not None and leg is None:
            call.agent_vanished()

    def _watch_phone(self, agent: str, on: bool) -> None:
        settings = self._exchange.config.agents.get(agent)
        if settings is not None and settings.phone is not None:
            self._exchange.registrations.watch(settings.phone, on)

    def _forget(self, offer: str) -> None:
        self.offerings.pop(offer, None)

    # Announcements

    def _agent_changed(self, command: acd.AgentChanged) -> None:
        change = AgentStateRecord(
            agent=command.agent,
            state=AgentState(command.state.value),
            reason=command.reason or None,
            since=utc(command.since_us),
            call=command.call,
        )
        self._exchange.history.put(entries.AgentChanged(change=change))

    def _visit_started(self, command: acd.VisitStarted) -> None:
        self._exchange.metrics.visit_started(command.queue, command.visit, command.entered_at_us)
        call = self._registry.calls.get(command.call)
        if call is not None:
            call.ledger.visits.append(Visit(command.visit, command.queue, command.entered_at_us))
            call.entered(self._exchange.config.queues.get(command.queue))

    def _visit_ended(self, command: acd.VisitEnded) -> None:
        result, reason = RESULTS[command.result], REASONS[command.reason]
        self._exchange.metrics.visit_ended(
            command.queue, command.visit, result, reason, command.wait_us / 1e6
        )
        call = self._registry.calls.get(command.call)
        visit = call.ledger.visit(command.visit) if call is not None else None
        if visit is not None:
            visit.left_us, visit.result, visit.reason = command.left_at_us, result, reason
            visit.agent = command.agent

    def _offer_ended(self, command: acd.OfferEnded) -> None:
        result = OFFERS[command.result]
        self._exchange.metrics.offer_ended(command.queue, result)
        record = OfferRecord(
            id=command.offer,
            queue=command.queue,
            agent=command.agent,
            offered_at=utc(command.made_at_us),
            ended_at=utc(command.ended_at_us),
            result=result,
            sip_status=command.status or None,
        )
        call = self._registry.calls.get(command.call)
        if call is not None:
            call.ledger.offers.append(record)
        else:
            self._exchange.history.put(entries.OfferEnded(call=command.call, offer=record))

    def _wrap_up_ended(self, command: acd.WrapUpEnded) -> None:
        wrap_up_s = command.wrap_up_us / 1e6
        call = self._registry.calls.get(command.call) or self._registry.closing.get(command.call)
        if call is not None:
            call.ledger.wrap_up_s = wrap_up_s
            queue = call.ledger.served.queue if call.ledger.served is not None else None
            if queue is not None:
                self._exchange.metrics.handled(queue, HandlePhase.WRAP_UP, wrap_up_s)
        else:
            self._exchange.history.put(entries.WrapUpEnded(call=command.call, wrap_up_s=wrap_up_s))
