"""What happened in a day that was played, and the figures made of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from acd.settings import SECOND_US


@dataclass(slots=True)
class Fate:
    """What became of one caller. Times are UTC microseconds; `gap` is how many levels more than the queue
    asks the agent had (see `acd.skills.Requirement.gap`)."""

    call: str
    queue: str
    came_us: int
    answered_us: int | None = None
    left_us: int | None = None
    agent: str | None = None
    gap: int = 0
    offers: int = 0
    abandoned: bool = False

    @property
    def waited_us(self) -> int:
        """From the call to the agent's answer, or to the end without one."""
        end_us = self.answered_us if self.answered_us is not None else self.left_us
        return 0 if end_us is None else end_us - self.came_us


@dataclass(slots=True)
class Work:
    """How long an agent was logged in, and of that on calls (rings aside) and in wrap-up, microseconds."""

    agent: str
    staffed_us: int = 0
    busy_us: int = 0
    calls: int = 0

    @property
    def occupancy(self) -> float:
        """Share of the time at work that was calls and wrap-up."""
        return self.busy_us / self.staffed_us if self.staffed_us else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What a supervisor would read of some callers. Shares are between 0 and 1, times in seconds."""

    offered: int
    answered: int
    abandoned: int
    delayed: float
    """Share of all who were not answered in the very moment in which they came."""
    mean_wait_s: float
    """Of all, whatever became of them."""
    speed_of_answer_s: float
    """Mean wait of those who were answered."""
    service_level: float
    """Answered within the threshold, of all."""
    level_gap: float
    """Mean over the answered."""


@dataclass(slots=True)
class Played:
    """One day as it was played: every caller in the order of coming, every agent, and the router's steps."""

    fates: dict[str, Fate] = field(default_factory=dict)
    work: dict[str, Work] = field(default_factory=dict)
    steps: int = 0
    offers: int = 0
    state_hash: str = ""

    def figures(self, within_s: float = 20.0, queues: Sequence[str] = (), since_us: int = 0) -> Figures:
        """Of these queues' callers (all, if none is named) who came at `since_us` or later."""
        return figures(
            (
                fate
                for fate in self.fates.values()
                if fate.came_us >= since_us and (not queues or fate.queue in queues)
            ),
            within_s,
        )

    @property
    def occupancy(self) -> float:
        """Of all agents together."""
        staffed_us = sum(work.staffed_us for work in self.work.values())
        return sum(work.busy_us for work in self.work.values()) / staffed_us if staffed_us else 0.0

    @property
    def evenness(self) -> float:
        """Jain's index over the agents' occupancies: 1 where all have the same share of work."""
        shares = [work.occupancy for work in self.work.values()]
        squares = sum(share * share for share in shares)
        return sum(shares) ** 2 / (len(shares) * squares) if squares else 1.0


def figures(fates: Iterable[Fate], within_s: float) -> Figures:
    """The figures of these callers; `within_s` is the service level's threshold, seconds."""
    everyone = list(fates)
    answered = [fate for fate in everyone if fate.answered_us is not None]
    waits_us = [fate.waited_us for fate in answered]
    return Figures(
        offered=len(everyone),
        answered=len(answered),
        abandoned=sum(fate.abandoned for fate in everyone),
        delayed=_mean([fate.answered_us != fate.came_us for fate in everyone]),
        mean_wait_s=_mean([fate.waited_us for fate in everyone]) / SECOND_US,
        speed_of_answer_s=_mean(waits_us) / SECOND_US,
        service_level=sum(wait <= within_s * SECOND_US for wait in waits_us) / max(1, len(everyone)),
        level_gap=_mean([fate.gap for fate in answered]),
    )


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0
