"""Every reachable state of two callers and two agents, by breadth-first search.

From each state every event that phones, callers and time can bring is tried; the laws of the history test
hold in all of them, and from all of them the world comes to rest.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from acd import events as e
from acd.commands import Command, Connect, HangUpOffer
from acd.offer import RINGS, OfferState
from acd.queued_call import CallState
from acd.router import Router
from acd.settings import AgentSettings, OnNoAnswer, QueueSettings
from acd.strategies import SEVERAL, Strategy
from tests.acd.history import SECOND, START_US

CALLS = ("c1", "c2")
AGENTS = ("ana", "luis")
WRAP_UP_US = 5 * SECOND


def opening(
    on_no_answer: OnNoAnswer, calls: Sequence[str] = CALLS, strategy: Strategy = Strategy.LONGEST_IDLE
) -> Router:
    """Both agents are free, the callers wait: an offer of each is out, or two of the first."""
    queue = QueueSettings(
        "support",
        ring_timeout_us=15 * SECOND,
        retry_busy_us=5 * SECOND,
        retry_reject_us=5 * SECOND,
        on_no_answer=on_no_answer,
        wrap_up_us=WRAP_UP_US,
        max_wait_us=0,
        strategy=strategy,
    )
    router = Router()
    router.step(e.Configured([queue], [AgentSettings(name) for name in AGENTS]), START_US)
    for name in AGENTS:
        router.step(e.PhoneRegistered(name, fresh=True), START_US)
    for name in calls:
        router.step(e.CallQueued(name, "support", START_US), START_US)
    return router


def possible(router: Router) -> list[e.Event]:
    """What may happen next."""
    facts = router._board.state
    happenings: list[e.Event] = [e.CallGone(call, e.GoneReason.CALLER_HUNG_UP) for call in facts.calls]
    if router.deadline() is not None:
        happenings.append(e.DeadlinePassed())
    for offer in facts.offers.values():
        happenings += [
            e.OfferTrying(offer.id),
            e.OfferRinging(offer.id),
            e.OfferAnswered(offer.id),
            e.OfferRefused(offer.id, 486),
            e.OfferNoResponse(offer.id),
            e.OfferNotSent(offer.id),
        ]
        happenings += [
            e.OfferPickedUp(offer.id, agent, pickup)
            for agent in AGENTS
            if facts.agents[agent].conversation != (pickup := f"{offer.id} by {agent}")
        ]
    for call in facts.calls.values():
        if call.state is CallState.TALKING:
            happenings += [
                e.ConversationEnded(call.id, call.agent or "", how)
                for how in (e.ConversationEnd.CALLER_HUNG_UP, e.ConversationEnd.AGENT_LOST)
            ]
    happenings += [e.PhoneReachable(agent) for agent in AGENTS if not facts.agents[agent].reachable]
    return happenings


def wished(router: Router) -> list[e.Event]:
    """What agents may ask for besides, at phones that come and go: Ana dials codes, both move and wrap up."""
    facts = router._board.state
    ana = facts.agents["ana"]
    happenings: list[e.Event] = [e.PhoneAtCode("ana", at_code=not ana.at_code)]
    for agent in facts.agents.values():
        happenings += [e.AgentMoved(agent.name), e.WrapUpDone(agent.name)]
        since_us, until_us = agent.wrap_up_since_us or 0, agent.wrap_up_until_us or 0
        if agent.wrap_up_extra_us == 0 and until_us - since_us <= WRAP_UP_US:
            happenings.append(e.WrapUpExtended(agent.name, SECOND))
    return happenings


def restarted(router: Router) -> list[e.Event]:
    """The switch dies, and all of its calls may return, or one, or none; who does has to be told."""
    calls = router._board.state.calls
    happenings: list[e.Event] = [e.SwitchRestarted(some) for some in ((), (CALLS[0],), tuple(calls))]
    doubted = [name for name, call in calls.items() if call.state is CallState.DOUBTED]
    happenings += [e.CallsRecovered((name,)) for name in doubted]
    return happenings + [e.CallGone(name, e.GoneReason.SWITCH_RESTARTED) for name in doubted]


def shape(router: Router) -> tuple[Any, ...]:
    """The state without its absolute times, names of offers and books: what decides what can happen."""
    facts = router._board.state
    order = sorted(facts.offers, key=lambda name: (facts.offers[name].agent, facts.offers[name].made_at_us))
    due = sorted(
        {offer.due_us for offer in facts.offers.values()}
        | {agent.wrap_up_until_us for agent in facts.agents.values()}
        | {agent.retry_at_us for agent in facts.agents.values()}
        | {call.ring_next_us for call in facts.calls.values()},
        key=lambda one: (one is None, one or 0),
    )
    idle = sorted(agent.idle_since_us or 0 for agent in facts.agents.values())
    return (
        tuple(
            (
                facts.offers[name].agent,
                facts.offers[name].call,
                facts.offers[name].state,
                facts.offers[name].result,
                due.index(facts.offers[name].due_us),
            )
            for name in order
        ),
        tuple(
            (
                name,
                agent.state,
                agent.paused,
                agent.reachable,
                agent.call,
                idle.index(agent.idle_since_us or 0),
                due.index(agent.wrap_up_until_us),
                due.index(agent.retry_at_us),
                agent.offer in facts.offers,
                agent.at_code,
                agent.wrap_up_extra_us,
                (agent.wrap_up_until_us or 0) - (agent.wrap_up_since_us or 0),
            )
            for name, agent in facts.agents.items()
        ),
        tuple(
            (
                name,
                call.state,
                call.agent,
                tuple(order.index(offer) for offer in call.offers),
                due.index(call.ring_next_us),
            )
            for name, call in facts.calls.items()
        ),
    )


def check(router: Router) -> None:
    """The laws of one state."""
    facts = router._board.state
    strategy = facts.queues["support"].settings.strategy
    several = strategy in SEVERAL
    rings = [offer.call for offer in facts.offers.values() if offer.state in RINGS]
    assert several or len(rings) == len(set(rings))
    agents = [offer.agent for offer in facts.offers.values()]
    assert len(agents) == len(set(agents))
    for call in facts.calls.values():
        if call.state is CallState.OFFERED:
            assert all(facts.offers[name].call == call.id for name in call.offers)
            one_more = strategy is Strategy.RING_ALL or (several and call.ring_next_us is None)
            assert not one_more or not any(agent.free for agent in facts.agents.values())
        if call.state is CallState.TALKING:
            assert facts.agents[call.agent or ""].conversation == call.offer
        if call.state is CallState.DOUBTED:
            assert (call.offer, call.due_us) == (None, None)
        if call.state is CallState.WAITING:
            assert not any(agent.free for agent in facts.agents.values())


def answers(event: e.Event, commands: list[Command]) -> bool:
    """A 200 is always answered, by one of two; so is who picks up."""
    return not isinstance(event, e.OfferAnswered | e.OfferPickedUp) or (
        sum(isinstance(command, Connect | HangUpOffer) for command in commands) == 1
    )


@pytest.mark.parametrize("on_no_answer", sorted(OnNoAnswer))
def test_every_reachable_state_obeys_the_laws(on_no_answer: OnNoAnswer) -> None:
    seen, rows = explored(opening(on_no_answer), possible)
    assert rows == set(OfferState) - {OfferState.ENDED}
    assert len(seen) > 1_000


def test_likewise_where_both_phones_ring_for_one_call() -> None:
    seen, rows = explored(opening(OnNoAnswer.PAUSE, strategy=Strategy.RING_ALL), possible)
    assert rows == set(OfferState) - {OfferState.ENDED}
    assert len(seen) > 1_000


@pytest.mark.parametrize(
    "calls", [CALLS[:1], pytest.param(CALLS, marks=pytest.mark.long)], ids=lambda calls: len(calls)
)
def test_likewise_where_they_ring_one_after_the_other(calls: Sequence[str]) -> None:
    seen, rows = explored(opening(OnNoAnswer.PAUSE, calls, Strategy.RING_PROGRESSIVELY), possible)
    assert rows == set(OfferState) - {OfferState.ENDED}
    assert len(seen) > 300


def test_whatever_agents_ask_for_every_reachable_state_obeys_them() -> None:
    start = opening(OnNoAnswer.PAUSE, CALLS[:1])
    seen, rows = explored(start, lambda router: possible(router) + wished(router))
    assert rows == set(OfferState) - {OfferState.ENDED}
    assert len(seen) > 300


@pytest.mark.parametrize("callers", [1, pytest.param(2, marks=pytest.mark.long)])
def test_whenever_the_switch_dies_every_reachable_state_obeys_them(callers: int) -> None:
    start = opening(OnNoAnswer.RETRY, CALLS[:callers])
    seen, _ = explored(start, lambda router: possible(router) + restarted(router))
    calls = {call[1] for state in seen for call in state[2]}
    assert calls == {CallState.WAITING, CallState.OFFERED, CallState.TALKING, CallState.DOUBTED}


def explored(
    start: Router, happenings: Callable[[Router], list[e.Event]]
) -> tuple[set[tuple[Any, ...]], set[OfferState]]:
    """Every state that can be reached, and every state of an offer."""
    seen = {shape(start)}
    rows: set[OfferState] = set()
    ahead = deque([start.snapshot()])
    while ahead:
        snapshot = ahead.popleft()
        for event in happenings(Router.restore(snapshot)):
            router = Router.restore(snapshot)
            timed = isinstance(event, e.DeadlinePassed)
            commands = router.step(event, router.deadline() or 0 if timed else router.now_us)
            check(router)
            assert answers(event, commands)
            rows |= {offer.state for offer in router._board.state.offers.values()}
            if (found := shape(router)) not in seen:
                seen.add(found)
                ahead.append(router.snapshot())
    return seen, rows
