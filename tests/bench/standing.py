"""How soon a free agent is rung while callers wait in line, at a hundred calls a second.

The whole switch on core 0, with journal, history and log; callers and agents are SIPp on core 1. Callers are
answered at once and hear music; 500 stand in line, and 100 more come each second. For each call a second
there are two and a half agents, who answer at once, talk for 2 to 3 s, hang up and have no wrap-up: so each
second 100 of them become free and are rung again. Latency is from an agent's BYE to his next INVITE, both at
his phone. No call may fail, and every caller must get his agent.
"""

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.bench.centre import AGENTS, ANSWERED_FIRST, CALLERS, PORT
from tests.bench.goals import Rows
from tests.bench.runs import GENERATOR_LATE_MS, Meter, Usage, late_p99_ms, offer_latencies_s, percentile
from tests.bench.searching import NoLimit
from tests.bench.sipp_load import Counts, Moments, SippLoad
from tests.bench.switch_process import SwitchProcess

TALK_S: Final = 2.5
"""The mean of the agents' talks (`scenarios/leaving_agent.xml`)."""
SETTLE_S: Final = 1.0
OVERTIME_S: Final = 15.0
MEDIA_PORT: Final = 6000
"""SIPp's, where all audio is sent."""


@dataclass(frozen=True, slots=True)
class Line:
    """So many calls a second, so many callers in line before them, measured for so long."""

    rate: int = 100
    waiting: int = 500
    seconds: float = 20.0

    @property
    def agents(self) -> int:
        """As many as take that many calls a second."""
        return round(self.rate * TALK_S)

    @property
    def fill_s(self) -> float:
        """How long the line takes to fill, twice as many calls coming as are taken."""
        return self.waiting / self.rate

    @property
    def arrivals(self) -> int:
        """Calls that come besides those that fill the line: until a moment after the measured time."""
        return round(self.rate * (TALK_S + self.fill_s + 2 * SETTLE_S + self.seconds))


@dataclass(frozen=True, slots=True)
class Stood:
    """What became of a line."""

    line: Line
    counts: tuple[Counts, Counts]
    """Of those who came, and of those who filled the line."""
    taken: int
    """Calls that the agents have had from the INVITE to the end."""
    freed: int
    """How often an agent hung up in the time measured."""
    latencies_s: list[float]
    """Until he was rung, in order."""
    waiting: tuple[int, int]
    """In line at the begin and at the end of that time."""
    decisions: int
    """Steps of the router in that time."""
    late_p99_ms: float
    usage: Usage
    """In that time."""

    @property
    def calls(self) -> int:
        """As many as there should be."""
        return self.line.arrivals + self.line.waiting

    @property
    def clean(self) -> bool:
        """Nobody was lost, and the line stood."""
        done = sum(each.successful for each in self.counts)
        failed = sum(each.failed for each in self.counts)
        return (
            done == self.taken == self.calls
            and failed == 0
            and len(self.latencies_s) == self.freed > 0
            and min(self.waiting) > 0
        )

    @property
    def void(self) -> bool:
        """The load came too late."""
        return self.late_p99_ms > GENERATOR_LATE_MS

    def ms(self, part: float) -> float:
        """A percentile of the latencies."""
        return 1000 * percentile(self.latencies_s, part)

    @property
    def cpu_ms_per_call(self) -> float:
        """CPU of the switch's whole process for each call taken; the music of all who wait is in it."""
        return 1000 * self.usage.cpu_s / max(self.freed, 1)

    def rows(self) -> Rows:
        """Raises NoLimit where calls were lost or the load was late."""
        if self.void or not self.clean:
            raise NoLimit(str(self))
        return {"offer_latency_p99_ms": round(self.ms(0.99), 2)}

    def __str__(self) -> str:
        words = "void" if self.void else ("clean" if self.clean else "fails")
        done, failed, again = (
            sum(getattr(each, name) for each in self.counts)
            for name in ("successful", "failed", "retransmissions")
        )
        error = next((each.error for each in self.counts if each.error), "")
        line, (before, after) = self.line, self.waiting
        quantiles = " ".join(f"p{part} {self.ms(part / 100):.2f}" for part in (50, 95, 99))
        return (
            f"standing line, {line.rate} calls/s, {line.agents} agents, {line.seconds:g} s: {words};"
            f" in line {before} to {after}, calls {done} of {self.calls}, taken {self.taken},"
            f" failed {failed}, retransmitted {again}; {len(self.latencies_s)} offers after"
            f" {self.freed} BYEs, {quantiles} max {self.ms(1):.2f} ms; {self.cpu_ms_per_call:.2f} ms CPU and"
            f" {self.decisions / max(self.freed, 1):.1f} steps each, generator p99 {self.late_p99_ms:.1f} ms"
            f" late, others had {self.usage.others_pct:.0f} % of the core" + (f"; {error}" if error else "")
        )


def stand(switch: SwitchProcess, line: Line) -> Stood:
    """Let the line stand, where the agents are at work and nobody calls yet."""
    with _silent_ears(), SippLoad("leaving_agent", AGENTS, PORT) as phones:
        with _callers(switch, line, PORT, line.arrivals) as callers:
            callers.wait(TALK_S)  # until every agent talks: they began one after another, and go on so
            with _callers(switch, line, PORT + 1, line.waiting) as ahead:
                callers.wait(line.fill_s + SETTLE_S)
                before, steps, meter, began_s = (
                    _waiting(switch),
                    _steps(switch),
                    Meter(switch.pid),
                    time.time(),
                )
                callers.wait(line.seconds)
                ended_s, usage = time.time(), meter.read()
                steps, after = _steps(switch) - steps, _waiting(switch)
                counts = callers.finish(line.fill_s + TALK_S + OVERTIME_S), ahead.finish(OVERTIME_S)
            dialled_s = sorted(callers.moments("dialled").at_s.values())
        taken = phones.stop().successful
        asked, freed = phones.moments("asked"), _between(phones.moments("freed"), began_s, ended_s)
    return Stood(
        line=line,
        counts=counts,
        taken=taken,
        freed=len(freed.at_s),
        latencies_s=sorted(offer_latencies_s(asked.at_s, asked.called, freed.at_s, freed.called)),
        waiting=(before, after),
        decisions=steps,
        late_p99_ms=late_p99_ms(dialled_s, line.rate),
        usage=usage,
    )


def _callers(switch: SwitchProcess, line: Line, port: int, calls: int) -> SippLoad:
    """Those of each port have numbers of their own: they begin with another digit."""
    return SippLoad(
        "waiting_caller",
        CALLERS,
        port,
        target=switch.sip,
        rate=line.rate,
        calls=calls,
        keys={"number": ANSWERED_FIRST.number, "first": str(1 + port - PORT)},
    )


def _between(moments: Moments, began_s: float, ended_s: float) -> Moments:
    at_s = {call: at_s for call, at_s in moments.at_s.items() if began_s <= at_s < ended_s}
    return Moments(at_s, moments.called)


def _waiting(switch: SwitchProcess) -> int:
    return int(switch.metric("centralita_queue_waiting"))


def _steps(switch: SwitchProcess) -> int:
    return int(switch.metric("centralita_decision_seconds_count"))


@contextlib.contextmanager
def _silent_ears() -> Iterator[None]:
    """Somebody has the ports to which audio is sent: the kernel need not say that nobody does."""
    with contextlib.ExitStack() as stack:
        for address in (CALLERS, AGENTS):
            ear = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
            ear.bind((address, MEDIA_PORT))
        yield
