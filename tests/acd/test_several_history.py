"""The laws of the router under random histories in which phones ring together most of the time."""

from typing import Any, TypeVar

import pytest

from acd import events as e
from acd.commands import Command, HangUpOffer, Offer, OfferEnded, OfferResult
from acd.queued_call import CallState
from acd.settings import AgentSettings, OnNoAnswer, QueueSettings
from acd.strategies import Strategy
from acd.work import Channel
from tests.acd.history import SECOND, History

Told = TypeVar("Told", bound=Command)

AGENTS = [AgentSettings(f"a{number}") for number in range(7)]
HOLDS: dict[str, Any] = {
    "unreachable_after_us": 20 * SECOND,
    "retry_busy_us": SECOND,
    "retry_reject_us": SECOND,
    "on_no_answer": OnNoAnswer.RETRY,
}
QUEUES = [
    QueueSettings("q0", strategy=Strategy.RING_ALL, wrap_up_us=2 * SECOND, **HOLDS),
    QueueSettings("q1", strategy=Strategy.RING_ALL, wrap_up_us=0, **HOLDS),
    QueueSettings("q2", strategy=Strategy.RING_PROGRESSIVELY, ring_next_us=SECOND, wrap_up_us=0, **HOLDS),
    QueueSettings("q3", wrap_up_us=0, max_wait_us=30 * SECOND, overflow="queue:q0", **HOLDS),
]
RARE = (
    e.AgentStateSet,
    e.OfferNoResponse,
    e.OfferNotSent,
    e.PhoneAtCode,
    e.PhoneBusy,
    e.PhoneUnreachable,
    e.PhoneUnregistered,
    e.QueueClosed,
    e.SwitchRestarted,
)


class Together(History):
    """Everybody serves every queue and is seldom away; who missed nothing is not blamed."""

    channels = (Channel.VOICE,)  # for a chat one rings

    def __init__(self, seed: int) -> None:
        super().__init__(seed, reloads=False)
        self.step(e.Configured(QUEUES, AGENTS))
        for agent in AGENTS:
            self.step(e.PhoneRegistered(agent.name, fresh=True))
            self.step(e.AgentStateSet(agent.name, e.WantedState.READY))
        self.steps.clear()  # of which some are repeated

    def next_event(self) -> e.Event:
        """With a line no phone would ring together with another: few come while somebody waits."""
        rare = (*RARE, e.CallQueued) if self.known(CallState.WAITING) else RARE
        event = super().next_event()
        while isinstance(event, rare) and self.dice.random() < 0.95:
            event = super().next_event()
        return event

    def step(self, event: e.Event) -> None:
        agents = self.router.facts.agents
        before = {name: (agent.paused, agent.retry_at_us) for name, agent in agents.items()}
        super().step(event)
        if isinstance(event, e.AgentStateSet | e.SwitchRestarted):
            return
        for command in self.steps[-1][2]:
            if isinstance(command, OfferEnded) and command.result is OfferResult.ANSWERED_ELSEWHERE:
                agent = self.router.facts.agents[command.agent]
                paused, retry_at_us = before[command.agent]
                assert agent.paused == paused
                assert agent.retry_at_us in (None, retry_at_us)

    def told(self, kind: type[Told]) -> list[Told]:
        return [one for _, _, commands in self.steps for one in commands if isinstance(one, kind)]


@pytest.mark.parametrize("seed", range(4))
def test_laws_hold_where_phones_ring_together(seed: int) -> None:
    history = Together(seed)
    history.play(3_000)
    history.end_everything()
    ends = history.told(OfferEnded)
    assert sorted(end.offer for end in ends) == sorted(offer.offer for offer in history.told(Offer))
    missed = {end.offer for end in ends if end.result is OfferResult.ANSWERED_ELSEWHERE}
    too_late = missed.intersection(hung_up.offer for hung_up in history.told(HangUpOffer))
    assert len(missed) > 80
    assert len(too_late) > 10
