"""What the router orders and announces, carried out on calls, legs, metrics and history."""

from typing import assert_never

import structlog

from acd import commands as acd
from acd.events import ConversationEnd, ConversationEnded, OfferNotSent
from switch.calls.causes import Farewell
from switch.calls.flow import Call
from switch.calls.handling import skills_asked
from switch.calls.ledger import Visit
from switch.calls.offering import Offering
from switch.calls.registry import Registry, Taking
from switch.calls.ringing.branches import Branches
from switch.calls.ringing.unreachable import Unreachable
from switch.calls.visits import OFFERS, REASONS, RESULTS
from switch.config.targets import HangupTarget
from switch.events.rows import OfferNow
from switch.exchange import Exchange
from switch.figures.happenings import Visit as InFigures
from switch.figures.happenings import visit_of
from switch.history import entries
from switch.lamps.shown import Kind, Subject
from switch.metrics.metrics import HandlePhase, RepairKind
from switch.phones.display import clock, fill
from switch.phones.makers import PLAIN, Alerting
from switch.records import AgentState, AgentStateRecord, OfferRecord, utc


class Orders:
    """The router's hands. Replayed commands never come here: they were carried out in their time."""

    def __init__(self, exchange: Exchange, registry: Registry) -> None:
        self.offerings: dict[str, Offering] = {}
        self._exchange = exchange
        self._registry = registry
        self._invited_us: list[int] = []
        self._rang: dict[str, Branches] = {}
        """Who rings, or rang, for which offer, until the router is done with the offer."""
        self._watched: dict[str, str] = {}
        """Which phone is probed because of which agent: he may sit elsewhere when that is to end."""
        self._log = structlog.get_logger("router")

    def carry_out(self, command: acd.Command, now_us: int) -> None:
        """One command of a step at `now_us`."""
        self._exchange.debugging.command(command)
        match command:
            case acd.Offer():
                self._offer(command, now_us)
            case acd.CancelOffer(offer=offer, why=why):
                if (offering := self.offerings.get(offer)) is not None:
                    offering.cancel(self._farewell(offering.call, why))
            case acd.Connect():
                self._connect(command)
            case acd.HangUpOffer(offer=offer):
                if (taking := self._taking(offer)) is not None:
                    taking.hang_up()
            case acd.LeaveQueue(call=call):
                if (found := self._registry.calls.get(call)) is not None:
                    found.left(command)
            case acd.AskDecision(call=call):
                found = self._registry.calls.get(call)
                from_, to = ("", "") if found is None else (found.ledger.from_, found.ledger.to)
                self._exchange.decisions.ask(command, from_, to)
            case acd.WatchPhone(agent=agent, on=on):
                self._watch_phone(agent, on)
            case acd.AgentChanged():
                self._agent_changed(command)
            case acd.QueueChanged():
                self._queue_changed(command)
            case acd.VisitStarted():
                self._visit_started(command)
            case acd.VisitEnded():
                self._visit_ended(command)
            case acd.OfferEnded():
                self._offer_ended(command)
            case acd.WrapUpEnded():
                self._wrap_up_ended(command)
            case acd.Relaxed():
                self._relaxed(command)
            case acd.Acted():
                self._log.info(
                    "supervisor acted",
                    what=command.what,
                    call=command.call,
                    to=command.to,
                    by=command.by,
                    refused=command.refusal.value or None,
                )
            case acd.ConfigurationRefused(problem=problem):
                self._log.error("router refused the configuration", problem=problem)
            case _:
                assert_never(command)

    # Orders

    def _offer(self, command: acd.Offer, now_us: int) -> None:
        dispatch = self._exchange.dispatch
        if (decided := entries.Decided.of(command)) is not None:
            self._exchange.history.put(decided)
        offering = Offering(command.offer, command.call, command.agent, dispatch.post, self._forget)
        try:
            offering.branches = self._ring(command, offering)
        except Unreachable as error:
            self._log.warning("cannot offer", agent=command.agent, call=command.call, reason=error.phrase)
        except Exception:  # noqa: BLE001 - without an end of this offer its agent would ring for good
            self._log.exception("cannot offer", agent=command.agent, call=command.call)
        if offering.branches is None:
            dispatch.post(OfferNotSent(offer=command.offer))
            return
        self.offerings[command.offer] = offering
        self._rang[command.offer] = offering.branches
        if not self._invited_us:
            dispatch.when_settled(self._invites_written, first=True)
        self._invited_us.append(now_us)
        self._exchange.news.offer_made(self._registry.calls[command.call], self._offer_now(command))

    def _ring(self, command: acd.Offer, offering: Offering) -> Branches | None:
        """Ring the agent's phone; None where call or phone are gone. Raises Unreachable."""
        config = self._exchange.config
        call = self._registry.calls.get(command.call)
        agent = config.agents.get(command.agent)
        phone = self._exchange.staffing.phone_of(command.agent)
        if call is None or call.over or agent is None or phone is None:
            return None
        queue = config.queues.get(command.queue, call.queued_as)  # which may be leaving
        number = call.ledger.from_
        display = self._display(call, command.queue)
        if queue is None:
            return call.ring_agent(phone, display, number, offering, PLAIN)
        of_phone = config.phones[phone].auto_answer if phone in config.phones else None
        answers = queue.auto_answer if of_phone is None else of_phone
        return call.ring_agent(phone, display, number, offering, Alerting(queue.ring, answers))

    def _display(self, call: Call, queue: str) -> str:
        """What the agent's phone shows of the caller."""
        settings = self._exchange.config.queues.get(queue, call.queued_as)  # which may be leaving
        return call.ledger.from_ if settings is None else fill(settings.caller_display, _facts(call, queue))

    def _offer_now(self, command: acd.Offer) -> OfferNow:
        call = self._registry.calls[command.call]
        return OfferNow(
            id=command.offer,
            queue=command.queue,
            agent=command.agent,
            phone=self._exchange.staffing.phone_of(command.agent) or "",
            display=self._display(call, command.queue),
            waited_s=round(call.place.waited_s, 3),
            priority=call.place.priority,
        )

    def _farewell(self, call: str, why: acd.CancelReason) -> Farewell:
        """What the phone is told that rings in vain: the caller's own reason where he is gone."""
        found = self._registry.calls.get(call)
        if found is not None and found.over:
            return found.told
        return Farewell(elsewhere=self._went_elsewhere(call, why))

    def _went_elsewhere(self, call: str, why: acd.CancelReason) -> bool:
        """Whether somebody or something else has the caller now: who was ringing for him missed nothing."""
        if why is not acd.CancelReason.LEFT_QUEUE:
            return why is acd.CancelReason.ANSWERED_ELSEWHERE
        found = self._registry.calls.get(call)
        if found is None or found.queued_as is None:
            return False
        return not isinstance(found.queued_as.overflow, HangupTarget)

    def _invites_written(self) -> None:
        self._exchange.shell.flush()
        written_us = self._exchange.now_us()
        invited, self._invited_us = self._invited_us, []
        for step_us in invited:
            self._exchange.metrics.offer_sent((written_us - step_us) / 1e6)

    def _connect(self, command: acd.Connect) -> None:
        taking = self._taking(command.offer)
        leg = taking.connect() if taking is not None else None
        call = self._registry.calls.get(command.call)
        if leg is not None and call is not None and not call.over:
            rang = self._rang.get(command.offer)  # none where he took it from another phone
            call.connect(command.agent, leg, () if rang is None else rang.legs)
            return
        if leg is not None:
            leg.end(Farewell())
        how = ConversationEnd.AGENT_HUNG_UP if leg is None else ConversationEnd.CALLER_HUNG_UP
        self._exchange.dispatch.post(ConversationEnded(call=command.call, agent=command.agent, how=how))
        if call is not None and leg is None:
            call.agent_vanished()

    def _watch_phone(self, agent: str, on: bool) -> None:
        registrations = self._exchange.registrations
        if (before := self._watched.pop(agent, None)) is not None:
            registrations.watch(before, on=False)
        phone = self._exchange.staffing.phone_of(agent)
        if on and phone is not None:
            self._watched[agent] = phone
            registrations.watch(phone, on=True)

    def _taking(self, offer: str) -> Taking | None:
        """An offer, or whoever takes the call of one."""
        return self._registry.pickups.pop(offer, None) or self.offerings.get(offer)

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
        self._exchange.lamps.agent_changed(command.agent)
        self._exchange.news.agent_changed(command.agent)
        self._exchange.desk.changed(command.agent)

    def _queue_changed(self, command: acd.QueueChanged) -> None:
        self._exchange.news.queue_said(command)
        self._exchange.lamps.changed(Subject(Kind.QUEUE, command.queue))
        if command.closed is None:
            self._log.info("queue opened", queue=command.queue, by=command.by, why=command.why)
        else:
            reason = command.closed.value
            self._log.info("queue closed", queue=command.queue, reason=reason, by=command.by, why=command.why)

    def _visit_started(self, command: acd.VisitStarted) -> None:
        self._exchange.news.queue_changed(command.queue)
        self._exchange.metrics.visit_started(command.queue, command.visit, command.entered_at_us)
        self._exchange.lamps.changed(Subject(Kind.QUEUE, command.queue))
        call = self._registry.calls.get(command.call)
        if call is not None:
            queue = self._exchange.config.queues.get(command.queue, call.queued_as)
            skills = skills_asked(None if queue is None else queue.requires, call.place.requires)
            visit = Visit(command.visit, command.queue, command.entered_at_us, skills=skills)
            call.ledger.visits.append(visit)
            self._exchange.figures.visit_entered(_in_figures(call, visit))
            self._exchange.news.call_changed(call)
            call.entered(queue)
            self._note(call)

    def _visit_ended(self, command: acd.VisitEnded) -> None:
        if command.reason is acd.VisitReason.SWITCH_RESTARTED and command.call not in self._registry.calls:
            self._exchange.metrics.repaired(RepairKind.CALL)
            return  # of the former run, as its record will say
        self._exchange.lamps.changed(Subject(Kind.QUEUE, command.queue))
        self._exchange.news.queue_changed(command.queue)
        result, reason = RESULTS[command.result], REASONS[command.reason]
        self._exchange.metrics.visit_ended(
            command.queue, command.visit, result, reason, command.wait_us / 1e6
        )
        call = self._registry.calls.get(command.call)
        visit = call.ledger.visit(command.visit) if call is not None else None
        if call is not None and visit is not None:
            visit.left_us, visit.result, visit.reason = command.left_at_us, result, reason
            visit.agent = command.agent
            self._exchange.news.call_changed(call)
            if (queue := self._exchange.config.queues.get(command.queue, call.queued_as)) is not None:
                level = queue.service_level
                visit.within_s, visit.short_abandon_s = level.within, level.short_abandon
            self._exchange.figures.visit_left(_in_figures(call, visit))
            self._note(call)

    def _note(self, call: Call) -> None:
        """Where a caller who has our 200 stands: he may come back after a crash."""
        if call.caller.answered:
            self._registry.call_changed(call)

    def _relaxed(self, command: acd.Relaxed) -> None:
        self._log.info("step taken", call=command.call, queue=command.queue, step=command.step)
        call = self._registry.calls.get(command.call)
        if call is not None and command.announce:
            call.announce(command.announce)

    def _offer_ended(self, command: acd.OfferEnded) -> None:
        rang = self._rang.pop(command.offer, None)
        leg = None if rang is None else rang.leg
        if command.result is acd.OfferResult.SWITCH_RESTARTED:
            self._exchange.metrics.repaired(RepairKind.OFFER)
            return  # of the former run, whose record of the call knows nothing of it
        result = OFFERS[command.result]
        self._exchange.metrics.offer_ended(command.queue, result)
        self._exchange.news.offer_ended(command, result)
        record = OfferRecord(
            id=command.offer,
            queue=command.queue,
            agent=command.agent,
            leg=leg.id if leg is not None else None,
            offered_at=utc(command.made_at_us),
            ringing_at=leg.ringing_at if leg is not None else None,
            ended_at=utc(command.ended_at_us),
            result=result,
            sip_status=command.status or None,
        )
        call = self._registry.unbooked(command.call)
        if call is not None:
            call.ledger.offers.append(record)
        else:
            self._exchange.history.put(entries.OfferEnded(call=command.call, offer=record))

    def _wrap_up_ended(self, command: acd.WrapUpEnded) -> None:
        wrap_up_s = command.wrap_up_us / 1e6
        self._exchange.metrics.handled(command.queue, HandlePhase.WRAP_UP, wrap_up_s)
        call = self._registry.unbooked(command.call)
        if call is not None:
            call.ledger.wrapped_up(command.agent, wrap_up_s)
        else:
            entry = entries.WrapUpEnded(call=command.call, wrap_up_s=wrap_up_s, agent=command.agent)
            self._exchange.history.put(entry)


def _in_figures(call: Call, visit: Visit) -> InFigures:
    return visit_of(call.id, call.ledger.to, call.ledger.trunk, visit.record())


def _facts(call: Call, queue: str) -> dict[str, str]:
    """What an agent's phone can show of the caller."""
    identity = call.identity
    return {
        "queue": queue,
        "number": call.ledger.from_,
        "name": "" if identity.withheld else identity.display,
        "priority": str(call.place.priority),
        "wait": clock(call.place.waited_s),
        "dialled": call.ledger.to,
    }
