"""What became of calls that were more than the switch can carry, and of those right after."""

from dataclasses import dataclass
from typing import Self

from tests.bench.goals import Rows
from tests.bench.runs import LATEST_P95_MS, percentile
from tests.bench.sipp_load import SippLoad


@dataclass(frozen=True, slots=True)
class Answers:
    """When each call was dialled, answered and refused, in seconds, by its number."""

    dialled_s: dict[int, float]
    answered_s: dict[int, float]
    refused_s: dict[int, float]

    @classmethod
    def of(cls, load: SippLoad) -> Self:
        """What a load of callers logged."""
        return cls(load.moments("dialled").at_s, load.moments("answered").at_s, load.moments("refused").at_s)

    def waits_ms(self, ended_s: dict[int, float]) -> list[float]:
        """How long those calls waited for their answer or refusal, in order."""
        return sorted(1000 * (at_s - self.dialled_s[call]) for call, at_s in ended_s.items())

    def recovered_after_s(self) -> float:
        """From the first call to the last that was not answered quickly; 0 where all were."""
        first_s = min(self.dialled_s.values())
        slow_s = [
            dialled_s
            for call, dialled_s in self.dialled_s.items()
            if 1000 * (self.answered_s.get(call, float("inf")) - dialled_s) > LATEST_P95_MS
        ]
        return max(slow_s) - first_s if slow_s else 0.0


@dataclass(frozen=True, slots=True)
class Storm:
    """More calls a second than the switch carries (`limit`), and a light load right after."""

    limit: int
    rate: int
    during: Answers
    after: Answers

    @property
    def goodput(self) -> float:
        """Answered calls as a part of those that the switch carries at its limit in the same time."""
        span_s = max(self.during.dialled_s.values()) - min(self.during.dialled_s.values())
        return len(self.during.answered_s) / (self.limit * span_s)

    @property
    def refused_p99_ms(self) -> float:
        """How long those who were refused waited for it."""
        return percentile(self.during.waits_ms(self.during.refused_s), 0.99)

    def rows(self) -> Rows:
        """The figures."""
        return {
            "overload_goodput_ratio": round(self.goodput, 2),
            "overload_refused_p99_ms": round(self.refused_p99_ms, 1),
            "overload_recovery_s": round(self.after.recovered_after_s(), 1),
        }

    def __str__(self) -> str:
        calls, answered = len(self.during.dialled_s), len(self.during.answered_s)
        refused = len(self.during.refused_s)
        waits_ms = self.during.waits_ms(self.during.answered_s)
        return (
            f"overload {self.rate}/s where {self.limit}/s is the limit: {calls} dialled, {answered} answered"
            f" (p95 {percentile(waits_ms, 0.95):.0f} ms), {refused} refused"
            f" (p99 {self.refused_p99_ms:.0f} ms), {calls - answered - refused} neither;"
            f" quick again after {self.after.recovered_after_s():.1f} s"
        )
