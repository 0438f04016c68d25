"""Days for the tests."""

from acd.settings import AgentSettings, QueueSettings
from acd.simulation.chance import NEVER, Exponential, Lognormal, Weibull
from acd.simulation.day import Day, Phones, Shift, Traffic

TALK_S = 180.0


def unlimited(name: str, requires: str = "") -> QueueSettings:
    """A queue in which nobody waits too long, and without wrap-up."""
    return QueueSettings(name, requires, max_wait_us=0, max_waiting=10**9, wrap_up_us=0)


def markov(agents: int, load: float, calls: int, patience_s: float | None = None) -> Day:
    """One queue of equal agents as theory has it, for so many calls: load in erlangs."""
    patience = NEVER if patience_s is None else Exponential(patience_s)
    traffic = Traffic("support", [float(calls)], Exponential(TALK_S), patience)
    shifts = [Shift(AgentSettings(f"agent{n}")) for n in range(agents)]
    return Day([unlimited("support")], [traffic], shifts, interval_s=calls * TALK_S / load)


def ten_hours(calls: int = 20_000) -> Day:
    """A day from eight to six: three queues, two peaks, phones that ring, are busy, or are not answered."""
    shape = [2, 4, 6, 8, 9, 10, 9, 8, 6, 5, 5, 6, 8, 9, 9, 8, 6, 4, 3, 2]
    kinds = (("support", 0.55, 240.0), ("sales", 0.3, 300.0), ("english", 0.15, 200.0))
    traffic = [
        Traffic(
            queue,
            [calls * share * weight / sum(shape) for weight in shape],
            Lognormal(talk_s, 0.9),
            Weibull(150.0, 0.8),
            priority=2 * (queue == "sales"),
        )
        for queue, share, talk_s in kinds
    ]
    queues = [
        QueueSettings("support", requires="support >= 1"),
        QueueSettings("sales", requires="sales >= 3"),
        QueueSettings("english", requires="english >= 5 and support >= 1"),
    ]
    needed = round(calls * 252 / 36_000 * 1.45)  # the mean load, and what shifts, pauses and wrap-up take
    shifts = [Shift(_agent(n), *_hours(n)) for n in range(needed)]
    return Day(queues, traffic, shifts, Phones(Exponential(4.0), rejected=0.01, ignored=0.01))


def _agent(n: int) -> AgentSettings:
    skills = {"support": 1 + n % 7}
    if n % 2:
        skills["sales"] = 3 + n % 5
    if n % 4 == 0:
        skills["english"] = 5 + n % 3
    return AgentSettings(f"agent{n:03}", skills)


def _hours(n: int) -> tuple[float, float, list[tuple[float, float]]]:
    """Early, late or all day, with half an hour at noon, by turns."""
    from_s, until_s = ((0.0, 28_800.0), (7_200.0, 36_000.0), (0.0, 36_000.0))[n % 3]
    pause_s = 14_400.0 + 1_800.0 * (n % 4)
    return from_s, until_s, [(pause_s, pause_s + 1_800.0)]
