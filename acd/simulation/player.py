"""Plays a drawn day against a router, in virtual time: what the switch, its phones and its callers would do.

Whoever wants the journal of such a day passes `watch`, which sees every step as the shell would journal it.
"""

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from acd import events as e
from acd.agent import AgentState
from acd.commands import (
    AgentChanged,
    CancelOffer,
    Command,
    Connect,
    LeaveQueue,
    Offer,
    OfferEnded,
    VisitEnded,
    VisitResult,
)
from acd.offering import NO_ANSWER
from acd.router import Router
from acd.simulation.day import Does, DrawnDay, microseconds
from acd.simulation.played import Fate, Played, Work
from acd.skills import Requirement, parse

Watch: TypeAlias = Callable[[int, e.Event, Sequence[Command]], None]
"""Called after each step: its time (UTC microseconds), its event, its commands."""

_BUSY = (AgentState.ON_CALL, AgentState.WRAP_UP)
_REJECTED, _CANCELLED = 603, 487


class Player:
    """One day on one router."""

    def __init__(
        self,
        drawn: DrawnDay,
        router: Router | None = None,
        watch: Watch | None = None,
        configured: e.Configured | None = None,
    ) -> None:
        """`configured` replaces what the day says of queues and agents, for a policy that is tried on it."""
        day = drawn.day
        self.router = router or Router()
        self.played = Played()
        self._drawn = drawn
        self._watch = watch
        self._now_us = day.start_us
        self._agenda: list[tuple[int, int, e.Event]] = []  # a heap: when, in which order, what
        self._planned = 0
        self._callers = {caller.name: caller for caller in drawn.callers}
        self._ringing: dict[str, Offer] = {}  # offers whose phones have said nothing final yet
        self._states: dict[str, tuple[AgentState, int]] = {}
        self._requires: dict[str, Requirement] = {queue.name: parse(queue.requires) for queue in day.queues}
        self._shifts = {shift.agent.name: shift for shift in day.shifts}
        agents = [shift.agent for shift in day.shifts]
        self._configured = configured or e.Configured(list(day.queues), agents)

    def play(self) -> Played:
        """From the first login until the last caller is gone and every deadline has passed; then all go
        home."""
        self._step(self._configured)
        self._roster()
        for caller in self._drawn.callers:
            fate = Fate(caller.name, caller.queue, caller.at_us)
            self.played.fates[caller.name] = fate
            self._plan(caller.at_us, e.CallQueued(caller.name, caller.queue, caller.at_us, caller.priority))
        self._run()
        for name in self._shifts:
            self._step(e.AgentStateSet(name, e.WantedState.OFFLINE))
        self.played.state_hash = self.router.state_hash()
        return self.played

    def _roster(self) -> None:
        start_us = self._drawn.day.start_us
        for shift in self._drawn.day.shifts:
            name = shift.agent.name
            self.played.work[name] = Work(name)
            self._plan(start_us + microseconds(shift.from_s), e.PhoneRegistered(name, fresh=True))
            for from_s, until_s in shift.pauses:
                self._plan(
                    start_us + microseconds(from_s), e.AgentStateSet(name, e.WantedState.PAUSED, "pause")
                )
                self._plan(start_us + microseconds(until_s), e.AgentStateSet(name, e.WantedState.READY))
            if shift.until_s < float("inf"):
                self._plan(
                    start_us + microseconds(shift.until_s), e.AgentStateSet(name, e.WantedState.OFFLINE)
                )

    def _plan(self, at_us: int, event: e.Event) -> None:
        self._planned += 1
        heappush(self._agenda, (at_us, self._planned, event))

    def _run(self) -> None:
        agenda, router = self._agenda, self.router
        while True:
            due_us = router.deadline()
            if due_us is not None and (not agenda or due_us <= agenda[0][0]):
                self._now_us = max(self._now_us, due_us)
                self._step(e.DeadlinePassed())
            elif agenda:
                self._now_us, _, event = heappop(agenda)
                if self._happens(event):
                    self._step(event)
            else:
                return

    def _happens(self, event: e.Event) -> bool:
        """Whether what was planned comes true: the phone still rings, the caller still waits, the agent has
        not gone home, and sits in the pause from which he returns."""
        match event:
            case e.AgentStateSet():
                agent = self.router.facts.agents[event.agent]
                still = event.reason != NO_ANSWER or agent.pause_reason == NO_ANSWER
                return agent.logged_in and still
            case e.OfferAnswered() | e.OfferRefused():
                return self._ringing.pop(event.offer, None) is not None
            case e.CallGone():
                fate = self.played.fates[event.call]
                return fate.answered_us is None and fate.left_us is None
            case e.CallQueued():
                caller = self._callers[event.call]
                if caller.patience_us is not None:
                    gone = e.CallGone(caller.name, e.GoneReason.CALLER_HUNG_UP)
                    self._plan(self._now_us + caller.patience_us, gone)
        return True

    def _step(self, event: e.Event) -> None:
        commands = self.router.step(event, self._now_us)
        self.played.steps += 1
        if self._watch is not None:
            self._watch(self._now_us, event, commands)
        for command in commands:
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Offer():
                self._ring(command)
            case CancelOffer():
                if command.offer in self._ringing:
                    self._plan(self._now_us, e.OfferRefused(command.offer, _CANCELLED))
            case OfferEnded():
                self._ringing.pop(command.offer, None)
            case Connect():
                self._connect(command)
            case VisitEnded():
                self._visit_ended(command)
            case LeaveQueue():
                self.played.fates[command.call].left_us = self._now_us
            case AgentChanged():
                self._agent_changed(command)

    def _ring(self, offer: Offer) -> None:
        self.played.offers += 1
        fate = self.played.fates[offer.call]
        fate.offers += 1
        does, after_us = self._drawn.phone(self._callers[offer.call], fate.offers)
        self._ringing[offer.offer] = offer
        if after_us > 0 or does is Does.IGNORE:
            self._plan(self._now_us, e.OfferRinging(offer.offer))
        if does is Does.ANSWER:
            self._plan(self._now_us + after_us, e.OfferAnswered(offer.offer))
        elif does is Does.REJECT:
            self._plan(self._now_us + after_us, e.OfferRefused(offer.offer, _REJECTED))

    def _connect(self, connect: Connect) -> None:
        fate = self.played.fates[connect.call]
        fate.answered_us = self._now_us
        fate.agent = connect.agent
        shift = self._shifts[connect.agent]
        fate.gap = self._requires[connect.queue].gap(shift.agent.skills)
        self.played.work[connect.agent].calls += 1
        talk_us = round(self._callers[connect.call].talk_us * shift.pace)
        ended = e.ConversationEnded(
            connect.call, connect.agent, e.ConversationEnd.CALLER_HUNG_UP, connect.offer
        )
        self._plan(self._now_us + talk_us, ended)

    def _visit_ended(self, ended: VisitEnded) -> None:
        fate = self.played.fates[ended.call]
        if ended.result is VisitResult.ABANDONED:
            fate.abandoned = True
            fate.left_us = self._now_us

    def _agent_changed(self, changed: AgentChanged) -> None:
        work = self.played.work[changed.agent]
        before, since_us = self._states.get(changed.agent, (AgentState.OFFLINE, self._now_us))
        if before is not AgentState.OFFLINE:
            work.staffed_us += self._now_us - since_us
        if before in _BUSY:
            work.busy_us += self._now_us - since_us
        self._states[changed.agent] = (changed.state, self._now_us)
        if changed.state is AgentState.PAUSED and changed.reason == NO_ANSWER:
            returns_us = microseconds(self._drawn.day.phones.returns_s)
            back = e.AgentStateSet(changed.agent, e.WantedState.READY, NO_ANSWER)
            self._plan(self._now_us + returns_us, back)


def play(drawn: DrawnDay, watch: Watch | None = None, configured: e.Configured | None = None) -> Played:
    """Play the day on a fresh router."""
    return Player(drawn, watch=watch, configured=configured).play()
