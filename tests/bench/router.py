"""The router's benchmark: 1,000 agents in 50 queues, 5,000 callers waiting.

A decision is one step that yields an offer, journal encoding included, disk excluded. The load is a
centre under a standing line: a conversation ends, its agent is free and takes the first of the callers
whom his skills fit, the phone rings, he answers, a new caller joins the line.
"""

import gc
import random
import time
from collections.abc import Callable
from typing import Any

from acd import events as e
from acd.commands import Command, Offer
from acd.journal import Record, encode, replay
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from acd.strategies import Strategy

AGENTS = 1_000
QUEUES = 50
WAITING = 5_000
SKILLS_OF_AN_AGENT = 3
DECISIONS = 20_000
RUNS = 3
START_US = 1_795_000_000_000_000


class Load:
    """A router under a standing line, and the time that its decisions took."""

    def __init__(
        self,
        seed: int,
        agents: int = AGENTS,
        waiting: int = WAITING,
        strategy: Strategy = Strategy.LONGEST_IDLE,
    ) -> None:
        self.agents, self.waiting, self.strategy = agents, waiting, strategy
        self.dice = random.Random(seed)
        self.router = Router()
        self.now_us = START_US
        self.records: list[Record] = []
        self.decisions_ns: list[int] = []
        self.talking: list[Offer] = []
        self.calls = 0
        self.bytes = 0

    def open(self) -> None:
        """Configuration, callers in line, then every agent logs in and takes one."""
        queues = [
            QueueSettings(
                f"queue{n}",
                requires=f"skill{n} >= 1",
                wrap_up_us=0,
                max_wait_us=0,
                max_waiting=10**6,
                strategy=self.strategy,
            )
            for n in range(QUEUES)
        ]
        agents = [
            AgentSettings(
                f"agent{n}", {f"skill{(n + k * 17) % QUEUES}": 1 for k in range(SKILLS_OF_AN_AGENT)}
            )
            for n in range(self.agents)
        ]
        self.step(e.Configured(queues, agents))
        for _ in range(self.waiting + (self.agents if self.waiting else 0)):
            self.caller()
        for n in range(self.agents):
            self.offers_in(self.step(e.PhoneRegistered(f"agent{n}", fresh=True)))
        self.decisions_ns.clear()

    def turn(self) -> None:
        """One conversation ends; its agent gets the next call; one more caller comes."""
        self.end_one()
        self.caller()

    def end_one(self) -> None:
        """One of the conversations ends."""
        chosen = self.dice.randrange(len(self.talking))
        self.talking[chosen], self.talking[-1] = self.talking[-1], self.talking[chosen]
        talk = self.talking.pop()
        ended = e.ConversationEnded(talk.call, talk.agent, e.ConversationEnd.CALLER_HUNG_UP, talk.offer)
        self.offers_in(self.step(ended))

    def caller(self) -> None:
        """One more caller comes."""
        self.calls += 1
        queue = f"queue{self.dice.randrange(QUEUES)}"
        come = e.CallQueued(f"call{self.calls}", queue, self.now_us, self.dice.choice((0, 0, 0, 5)))
        self.offers_in(self.step(come))

    def offers_in(self, commands: list[Command]) -> None:
        """The phones of these offers ring and answer at once."""
        for command in commands:
            if isinstance(command, Offer):
                self.step(e.OfferRinging(command.offer))
                self.step(e.OfferAnswered(command.offer))
                self.talking.append(command)

    def step(self, event: e.Event) -> list[Command]:
        self.now_us += 1_000
        router = self.router
        before = time.perf_counter_ns()
        commands = router.step(event, self.now_us)
        written = encode(router.sequence, self.now_us, event, commands)
        took = time.perf_counter_ns() - before
        self.bytes += len(written)
        self.records.append(Record(router.sequence, self.now_us, event, len(commands)))
        if any(type(command) is Offer for command in commands):
            self.decisions_ns.append(took)
        return commands


def run(progress: Callable[[str], None]) -> dict[str, Any]:
    """The rows of `scripts/bench router`: the median of three runs.

    `replay_speedup` is the time that the history spans divided by the time its replay takes, at the pace
    of a centre whose agents talk for three minutes.
    """
    results = []
    for seed in range(RUNS):
        load = Load(seed)
        load.open()
        gc.disable()  # as the switch does at the end of its start (`switch.garbage`)
        gc.collect()
        gc.freeze()
        waiting = sum(queue.waiting for queue in load.router.queues())
        opened = len(load.records)
        while len(load.decisions_ns) < DECISIONS:
            load.turn()
        gc.unfreeze()
        gc.enable()
        results.append((_figures(load, opened), waiting))
        progress(
            f"router: run {seed + 1} of {RUNS}: {results[-1][0]['decisions_per_s']:,.0f} decisions a second"
        )
    figures, waiting = sorted(results, key=lambda result: result[0]["decisions_per_s"])[RUNS // 2]
    return {**figures, "agents": AGENTS, "waiting": waiting}


def _figures(load: Load, opened: int) -> dict[str, Any]:
    taken = sorted(load.decisions_ns)
    fresh = Router()
    replay(fresh, load.records[:opened])
    before = time.perf_counter()
    replay(fresh, load.records[opened:])
    took_s = time.perf_counter() - before
    if fresh.state_hash() != load.router.state_hash():
        raise RuntimeError("the replay ended in another state")
    # 1,000 agents who talk 180 s each end a conversation every 0.18 s.
    spans_s = len(taken) * 180 / AGENTS
    return {
        "decisions_per_s": round(len(taken) * 1e9 / sum(taken)),
        "decision_p99_us": round(taken[int(len(taken) * 0.99)] / 1e3, 1),
        "replay_speedup": round(spans_s / took_s),
    }
