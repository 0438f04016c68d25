"""What queueing theory says of a queue with equal agents: the formulas of Erlang (C) and Palm (A).

Load is in erlangs: arrivals a second times mean talk in seconds. The sources: A. K. Erlang, Solution of some
problems in the theory of probabilities of significance in automatic telephone exchanges (1917); C. Palm,
Research on telephone traffic carried by full availability groups (1957); A. Mandelbaum and S. Zeltyn, Service
engineering in action: the Palm/Erlang-A queue (2007).
"""

import math
from dataclasses import dataclass

_NEGLIGIBLE = 1e-16


@dataclass(frozen=True, slots=True)
class Expected:
    """Of all callers: the share that waits at all, the mean wait in seconds (of those who give up, until
    then), and the share that gives up."""

    delayed: float
    mean_wait_s: float
    abandoned: float


def erlang_b(agents: int, load: float) -> float:
    """Share of calls that find all agents busy where nobody can wait, by the stable recursion."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(agents: int, calls_per_s: float, talk_s: float) -> Expected:
    """M/M/n: nobody gives up. Raises `ValueError` where the load is not below the number of agents."""
    load = calls_per_s * talk_s
    if load >= agents:
        raise ValueError(f"{load:g} erlangs are too many for {agents} agents: the line has no end")
    blocked = erlang_b(agents, load)
    delayed = agents * blocked / (agents - load * (1 - blocked))
    return Expected(delayed, delayed * talk_s / (agents - load), 0.0)


def service_level(agents: int, calls_per_s: float, talk_s: float, within_s: float) -> float:
    """M/M/n: the share of callers who are answered within so many seconds."""
    expected = erlang_c(agents, calls_per_s, talk_s)
    return 1 - expected.delayed * math.exp(-(agents - calls_per_s * talk_s) * within_s / talk_s)


def erlang_a(agents: int, calls_per_s: float, talk_s: float, patience_s: float) -> Expected:
    """M/M/n+M: patience is exponential. From the steady state of the birth-death process of calls present,
    which dies at `min(k, n) / talk + max(0, k - n) / patience`; what arrives sees it as it is (Wolff,
    1982)."""
    weight, whole, delayed, queued, present = 1.0, 0.0, 0.0, 0.0, 0
    while weight > _NEGLIGIBLE * whole or present <= agents:
        whole += weight
        if present >= agents:
            delayed += weight
            queued += weight * (present - agents)
        present += 1
        leaving = min(present, agents) / talk_s + max(0, present - agents) / patience_s
        weight *= calls_per_s / leaving
        if whole > 1e200:
            weight, whole, delayed, queued = (x / 1e200 for x in (weight, whole, delayed, queued))
    wait_s = queued / whole / calls_per_s  # Little
    return Expected(delayed / whole, wait_s, wait_s / patience_s)
