"""The signalling benchmark: the whole switch on core 0, SIPp callers and registered SIPp agents on core 1.

Workload Q: three agents for each call a second; a caller's INVITE is answered when his agent answers, which
is at once; talk 1.5 s, no wrap-up; connect is the caller's INVITE to his 200. Workload A: the caller is
answered first; 200 agents, or two for each call a second where those would not suffice; talk 1.0 s; connect
is the caller's INVITE to the agent's 200. In both, and in the plain two-leg call from trunk to trunk, the far
ends' calls are counted and must equal the callers'. No RTP, no recording; journal and history on.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Self

from tests.bench import cores
from tests.bench.centre import (
    AGENTS,
    ANSWERED_FIRST,
    CALLERS,
    CROWDED,
    FAR_END,
    MOST_AGENTS,
    PORT,
    QUEUED,
    SWITCH,
    TWO_LEG,
    Workload,
    crowd,
    phone,
    secret,
    sections,
)
from tests.bench.goals import Progress, Rows
from tests.bench.overload import Answers, Storm
from tests.bench.runs import Meter, Run, late_p99_ms, percentile
from tests.bench.searching import RUN_S, Limit, NoLimit, find_limit
from tests.bench.sipp_load import SippLoad
from tests.bench.standing import Line, stand
from tests.bench.switch_process import SwitchFailed, SwitchProcess

COARSE: Final = 0.3
ATTEMPTS: Final = (0.7, 0.5)
"""The parts of what probes carried that long runs are tried at."""
LEAST_CALLS_PER_S: Final = 200
MOST_CALLS_PER_S: Final = 800
LEAST_REGISTERS_PER_S: Final = 700
MOST_REGISTERS_PER_S: Final = 1500

REGISTERED_S: Final = "3600"
REGISTERS_PER_S: Final = 400.0
"""How fast agents come to work between runs."""
SETTLED_S: Final = 20.0
IDLE_S: Final = 3.0
"""How long the calls of one load may go on before the next; after an overload some never end."""
OVERTIME_S: Final = 6.0
"""How long calls may go on after the time at which the last should have ended."""

HELD_CALLS: Final = 1000
HELD_CALLS_PER_S: Final = 80
HELD_TALK_S: Final = 15.0
WARM_UP_S: Final = 2.0
WARM_UP_CALLS_PER_S: Final = 100

OVERLOAD: Final = 3.0
OVERLOAD_S: Final = 10.0
RECOVERY_S: Final = 10.0
CROWD: Final = 10_000
CROWD_REGISTERS_PER_S: Final = 800.0
REFRESHES_PER_S: Final = 200


def run(progress: Progress) -> Rows:
    """The signalling rows; those without a sound run are left out."""
    cores.stay(cores.LOAD)
    rows: Rows = {}
    with Bench.running(progress) as bench:
        bench.deadline = time.monotonic()
        for rows_of, budget_s in ROWS:
            bench.deadline += budget_s
            try:
                rows |= rows_of(bench, rows)
            except (NoLimit, SwitchFailed) as error:
                progress(f"signalling: no figure: {error}")
    return rows


def _queued_rows(bench: "Bench", _: Rows) -> Rows:
    limit = _limit(bench.queued, LEAST_CALLS_PER_S)
    rss_mb = cores.resident_kb(bench.switch.pid) / 1024
    return {
        "queued_calls_per_s": limit.load,
        "queued_connect_p95_ms": _median_ms(limit, 0.95),
        "cpu_ms_per_queued_call": round(limit.median(lambda run: run.cpu_ms_per_call), 2),
        "rss_mb": round(rss_mb, 1),
    }


def _line_rows(bench: "Bench", _: Rows) -> Rows:
    return bench.standing(Line())


def _answered_first_rows(bench: "Bench", rows: Rows) -> Rows:
    return {"answered_first_calls_per_s": _limit(bench.answered_first, _from(rows)).load}


def _two_leg_rows(bench: "Bench", rows: Rows) -> Rows:
    return {"two_leg_calls_per_s": _limit(bench.two_leg, _from(rows)).load}


def _register_rows(bench: "Bench", _: Rows) -> Rows:
    limit = _limit(bench.register, LEAST_REGISTERS_PER_S, MOST_REGISTERS_PER_S)
    return {"registers_per_s": limit.load, "register_p99_ms": _median_ms(limit, 0.99)}


def _overload_rows(bench: "Bench", rows: Rows) -> Rows:
    limit = rows.get("queued_calls_per_s")
    if not limit:
        raise NoLimit("three times the limit of workload Q, which was not found")
    return bench.overload(int(limit)).rows()


def _refresh_rows(bench: "Bench", _: Rows) -> Rows:
    return {"refresh_p99_ms": bench.refresh_p99_ms()}


def _memory_rows(bench: "Bench", _: Rows) -> Rows:
    return {"kb_per_call": bench.kb_per_call()}


ROWS: Final[Sequence[tuple[Callable[["Bench", Rows], Rows], float]]] = (
    (_queued_rows, 130.0),
    (_line_rows, 45.0),
    (_memory_rows, 35.0),
    (_answered_first_rows, 115.0),
    (_two_leg_rows, 100.0),
    (_register_rows, 75.0),
    (_overload_rows, 40.0),
    (_refresh_rows, 50.0),
)
"""Each row with the seconds that it adds to what the rows before left: all are done within ten minutes."""


def _limit(measure: Callable[[int, float], Run], least: int, most: int = MOST_CALLS_PER_S) -> Limit[Run]:
    """A limit found with few probes: five seconds flatter a switch whose queues have yet to fill."""
    return find_limit(measure, least, most, resolution=COARSE, attempts=ATTEMPTS)


def _from(rows: Rows) -> int:
    """Where to begin to search: what costs no more than a queued call will carry three quarters as many."""
    return int((rows.get("queued_calls_per_s") or 0) * 0.75) or LEAST_CALLS_PER_S


def _median_ms(limit: Limit[Run], part: float) -> float:
    return round(limit.median(lambda run: run.connect_ms(part)), 2)


class Bench:
    """A switch, its agents, and the loads that it is given."""

    def __init__(self, switch: SwitchProcess, progress: Progress) -> None:
        self.switch = switch
        self._progress = progress
        self.deadline = math.inf
        """The moment (monotonic) after which no more load is tried."""
        self._at_work = 0

    @classmethod
    @contextlib.contextmanager
    def running(cls, progress: Progress, agents: int = MOST_AGENTS) -> Iterator[Self]:
        """A bench with a switch of its own, for so many agents."""
        with SwitchProcess(SWITCH, sections(agents)) as switch:
            yield cls(switch, progress)

    def queued(self, rate: int, seconds: float) -> Run:
        """Workload Q."""
        return self._told(self._calls(QUEUED, rate, seconds))

    def answered_first(self, rate: int, seconds: float) -> Run:
        """Workload A."""
        return self._told(self._calls(ANSWERED_FIRST, rate, seconds))

    def two_leg(self, rate: int, seconds: float) -> Run:
        """Calls from trunk to trunk."""
        return self._told(self._calls(TWO_LEG, rate, seconds))

    def register(self, rate: int, seconds: float) -> Run:
        """Phones that register again, each time with a challenge."""
        self._in_time(seconds)
        meter = Meter(self.switch.pid)
        with self._registering(0, MOST_AGENTS, rate, int(rate * seconds), REGISTERED_S) as phones:
            counts = phones.finish(seconds + OVERTIME_S)
            usage = meter.read()
            asked, done = phones.moments("dialled").at_s, phones.moments("answered").at_s
        self._at_work = -1
        return self._told(
            Run(
                name="registrations",
                rate=rate,
                seconds=seconds,
                counts=counts,
                taken=counts.successful,
                connects_s=sorted(done[number] - asked[number] for number in done),
                late_p99_ms=late_p99_ms(sorted(asked.values()), rate),
                usage=usage,
            )
        )

    def standing(self, line: Line) -> Rows:
        """How soon an agent who becomes free is rung while callers stand in line."""
        self.bring_to_work(line.agents)
        stood = stand(self.switch, line)
        self._progress(f"signalling: {stood}")
        return stood.rows()

    def kb_per_call(self) -> float:
        """What the memory of a fresh switch, warm but never loaded, grows by while calls are up, for each."""
        self._restart()
        self._calls(QUEUED, WARM_UP_CALLS_PER_S, WARM_UP_S)
        self.bring_to_work(HELD_CALLS)
        held = Workload("held", QUEUED.number, HELD_TALK_S, lambda _: HELD_CALLS)
        before_kb = cores.resident_kb(self.switch.pid)
        with self._far_end(AGENTS), self._callers(held, HELD_CALLS_PER_S, HELD_CALLS) as callers:
            self.switch.until(lambda: self._active() >= HELD_CALLS, "with all calls up", HELD_TALK_S)
            grown_kb = cores.resident_kb(self.switch.pid) - before_kb
            callers.finish(HELD_TALK_S + OVERTIME_S)
        self._progress(f"signalling: {HELD_CALLS} calls in progress: {grown_kb} kB more")
        return round(grown_kb / HELD_CALLS, 1)

    def overload(self, limit: int) -> Storm:
        """Three times as many queued calls as the switch carries, and a quarter as many right after."""
        self.bring_to_work(min(QUEUED.agents(limit), MOST_AGENTS))
        rates = (int(OVERLOAD * limit), limit // 4)
        calls = [int(rates[0] * OVERLOAD_S), int(rates[1] * RECOVERY_S)]
        with self._far_end(AGENTS), self._callers(QUEUED, rates[0], calls[0]) as callers:
            callers.wait(OVERLOAD_S)
            with self._callers(QUEUED, rates[1], calls[1], PORT + 1) as others:
                others.finish(RECOVERY_S + QUEUED.talk_s + OVERTIME_S)
                after = Answers.of(others)
            callers.finish(OVERTIME_S)
            during = Answers.of(callers)
        storm = Storm(limit, rates[0], during, after)
        self._progress(f"signalling: {storm}")
        return storm

    def refresh_p99_ms(self) -> float:
        """How long phones wait for their 200 while ten thousand of them are registered."""
        with SwitchProcess(CROWDED, crowd(CROWD)) as switch:
            with self._registering(
                0, CROWD, CROWD_REGISTERS_PER_S, CROWD, REGISTERED_S, switch.sip
            ) as phones:
                phones.finish(CROWD / CROWD_REGISTERS_PER_S + SETTLED_S)
            refreshes = int(REFRESHES_PER_S * RUN_S)
            with self._registering(0, CROWD, REFRESHES_PER_S, refreshes, REGISTERED_S, switch.sip) as phones:
                counts = phones.finish(RUN_S + OVERTIME_S)
                asked, done = phones.moments("dialled").at_s, phones.moments("answered").at_s
            bindings = switch.metric("centralita_registrations")
        p99_ms = 1000 * percentile(sorted(done[number] - asked[number] for number in done), 0.99)
        self._progress(
            f"signalling: {bindings:g} phones registered, {counts.successful} of {refreshes} refreshed at"
            f" {REFRESHES_PER_S}/s, p99 {p99_ms:.1f} ms"
        )
        if bindings != CROWD or counts.successful != refreshes:
            raise NoLimit("not every phone was registered, or not every one refreshed")
        return round(p99_ms, 2)

    def _calls(self, workload: Workload, rate: int, seconds: float) -> Run:
        self._in_time(seconds)
        agents = min(workload.agents(rate), MOST_AGENTS)
        self.bring_to_work(agents)
        meter = Meter(self.switch.pid)
        with self._far_end(AGENTS if agents else FAR_END) as far_end:
            with self._callers(workload, rate, int(rate * seconds)) as callers:
                counts = callers.finish(seconds + workload.talk_s + OVERTIME_S)
                usage = meter.read()
                dialled, answered = callers.moments("dialled").at_s, callers.moments("answered").at_s
            taken = far_end.stop().successful
            if not workload.caller_waits:
                answered = far_end.moments("took").at_s
        return Run(
            name=workload.name,
            rate=rate,
            seconds=seconds,
            counts=counts,
            taken=taken,
            connects_s=sorted(answered[number] - dialled[number] for number in answered if number in dialled),
            late_p99_ms=late_p99_ms(sorted(dialled.values()), rate),
            usage=usage,
        )

    def _in_time(self, seconds: float) -> None:
        if time.monotonic() + seconds > self.deadline:
            raise NoLimit("no load held in the time that there is: this machine is too busy")

    def _callers(self, workload: Workload, rate: int, calls: int, port: int = PORT) -> SippLoad:
        return SippLoad(
            "caller",
            CALLERS,
            port,
            target=self.switch.sip,
            rate=rate,
            calls=calls,
            talk_s=workload.talk_s,
            keys={"number": workload.number},
        )

    def _far_end(self, address: str) -> SippLoad:
        return SippLoad("agent", address, PORT)

    def bring_to_work(self, agents: int) -> None:
        """So many agents ready, no call in progress. Those who are not wanted unregister."""
        try:
            self.switch.until(lambda: self._active() == 0, "without calls", IDLE_S)
        except SwitchFailed:
            self._restart()
        if self._at_work != agents or self._ready() != agents:
            self._register_all(0, agents, REGISTERED_S)
            self._register_all(agents, MOST_AGENTS if self._at_work < 0 else self._at_work, "0")
            self._at_work = agents
        self.switch.until(lambda: self._ready() == agents, f"with {agents} agents ready", SETTLED_S)

    def _restart(self) -> None:
        self.switch.restart()
        self._at_work = 0

    def _register_all(self, first: int, last: int, expires: str) -> None:
        if first < last:
            with self._registering(first, last, REGISTERS_PER_S, last - first, expires) as phones:
                phones.finish((last - first) / REGISTERS_PER_S + SETTLED_S)

    def _registering(
        self, first: int, last: int, rate: float, calls: int, expires: str, target: str = ""
    ) -> SippLoad:
        users = [(phone(n), secret(n)) for n in range(first, last)]
        keys = {"expires": expires}
        return SippLoad(
            "register",
            AGENTS,
            PORT,
            target=target or self.switch.sip,
            rate=rate,
            calls=calls,
            keys=keys,
            users=users,
        )

    def _active(self) -> float:
        return self.switch.metric("centralita_calls_active")

    def _ready(self) -> float:
        return self.switch.metric("centralita_agents_by_state", state="ready")

    def _told(self, run: Run) -> Run:
        self._progress(f"signalling: {run}")
        return run
