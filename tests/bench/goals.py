"""What the benchmarks measure, in the order of their JSON, and where we want to be on one core."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Row: TypeAlias = float | None
Rows: TypeAlias = dict[str, Row]
Progress: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figure:
    """One key: what it means, its unit, and the goal (None: none is set)."""

    words: str
    unit: str = ""
    goal: float | None = None
    more_is_better: bool = True

    def met(self, value: float) -> bool | None:
        """Whether the goal is reached; None without one."""
        if self.goal is None:
            return None
        return value >= self.goal if self.more_is_better else value <= self.goal


def less(words: str, unit: str, goal: float | None = None) -> Figure:
    """A figure of which less is better."""
    return Figure(words, unit, goal, more_is_better=False)


BENCHMARKS: Final[Mapping[str, Mapping[str, Figure]]] = {
    "signalling": {
        "queued_calls_per_s": Figure("queued calls, workload Q", "/s", 400),
        "queued_connect_p95_ms": less("their time to connect, p95", "ms", 100),
        "answered_first_calls_per_s": Figure("queued calls, workload A", "/s", 300),
        "two_leg_calls_per_s": Figure("plain two-leg calls", "/s", 600),
        "registers_per_s": Figure("registrations", "/s"),
        "register_p99_ms": less("their time, p99", "ms"),
        "cpu_ms_per_queued_call": less("CPU for a queued call", "ms"),
        "offer_latency_p99_ms": less("agent free to INVITE on the wire, p99", "ms", 10),
        "kb_per_call": less("memory for each call in progress", "kB", 60),
        "rss_mb": less("memory of the process", "MB"),
        "refresh_p99_ms": less("10,000 phones refreshing, 200/s, p99", "ms", 50),
        "overload_goodput_ratio": Figure("three times the limit of Q: part still carried", "", 0.8),
        "overload_refused_p99_ms": less("the rest gets 503 in, p99", "ms", 100),
        "overload_recovery_s": less("quick again after", "s", 5),
    },
    "media": {
        "relay_calls": Figure("bridged calls, no loss, p99 under 20 ms", "", 1000),
        "relay_p99_ms": less("their one-way delay, p99", "ms", 20),
        "relay_us_per_packet": less("CPU to relay a packet", "µs"),
        "floor_us_per_packet": less("the same packets through the barest relay", "µs"),
        "cpu_pct_per_100_bridged": less("CPU for each 100 bridged calls", "%", 9),
        "record_calls": Figure("recorded calls", "", 750),
        "conference_legs": Figure("conference legs, rooms of 10", "", 1800),
        "srtp_calls": Figure("bridged calls, SRTP on one side", "", 400),
        "opus_calls": Figure("bridged calls, Opus on one side"),
        "relay_to_floor_ratio": less("relayed packet, times the barest relay's", "×", 1.5),
    },
    "router": {
        "decisions_per_s": Figure("decisions, 1,000 agents, 50 queues, 5,000 waiting", "/s", 50_000),
        "decision_p99_us": less("a decision, p99", "µs"),
        "agents": Figure("agents"),
        "waiting": Figure("callers waiting"),
        "replay_speedup": Figure("replay, times faster than it happened", "×"),
    },
}


def table(name: str, rows: Mapping[str, Row]) -> str:
    """Goal beside today's figure, a line for each key."""
    lines = [f"{name:<52}{'goal':>12}{'today':>12}"]
    for key, figure in BENCHMARKS[name].items():
        goal = "" if figure.goal is None else f"{_number(figure.goal)} {figure.unit}".rstrip()
        value = rows.get(key)
        lines.append(f"{figure.words:<52}{goal:>12}{_today(figure, value):>12}{_verdict(figure, value)}")
    return "\n".join(lines)


def _today(figure: Figure, value: Row) -> str:
    return "-" if value is None else f"{_number(value)} {figure.unit}".rstrip()


def _verdict(figure: Figure, value: Row) -> str:
    met = None if value is None else figure.met(value)
    return {None: "", True: "  reached", False: "  below"}[met]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"
