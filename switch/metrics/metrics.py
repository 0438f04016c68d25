"""Every metric of the switch, under the contract's names: a method for each event, one collector.

The methods are called in the loop's thread; all that one event moves moves in that call. A scrape copies the
figures in one turn of the loop and renders them later, so that the sums of one scrape agree with each other.
What others hold (the SIP endpoint, the media plane, the router) is asked for in that same turn, by `Sources`.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, product

from acd.queue import ClosedReason
from switch.calls.ending import Reason, Result
from switch.decisions.decisions import Asked
from switch.identities.stir import Outcome
from switch.metrics import families, parts
from switch.metrics.exposition import Part
from switch.metrics.histogram import Histogram
from switch.metrics.queue_counts import WAIT_BOUNDS_S, QueueCounts, QueueReading, QueueTarget
from switch.metrics.readings import Sources
from switch.records import Direction, LegRecord, OfferResult
from switch.reports.outcomes import MailOutcome
from switch.toll.guard import TollLimit
from switch.trace.exporter import HepResult


class HandlePhase(StrEnum):
    """The parts of an agent's work on one call."""

    TALK = "talk"
    HOLD = "hold"
    WRAP_UP = "wrap_up"


class RepairKind(StrEnum):
    """What had to be corrected because it disagreed with the facts."""

    AGENT = "agent"
    """The router held that an agent talked whose phone was in no call."""
    CALL = "call"
    """The router kept a place for a call that was over, or none for one that waited."""
    INDEX = "index"
    """Somebody waited beside a free agent: the router looks at everybody anew."""
    LEG = "leg"
    """A dialog that the former run left up was ended."""
    OFFER = "offer"
    """The router held an agent for an offer whose INVITE was over."""
    PHONE = "phone"
    """The router believed something else of an agent's phone than what it is."""


_SHORT_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_DECISION_S = (0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01)
_SETUP_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0)
_HANDLE_S = (5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
_JITTER_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
_ROUND_TRIP_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0)
_MOS = (1.0, 2.0, 2.5, 3.0, 3.1, 3.6, 4.0, 4.3, 4.5)


class Metrics:
    """The counters of one switch. `now_us` gives UTC microseconds, as the router's clock does."""

    def __init__(self, *, version: str, kernels: str, now_us: Callable[[], int]) -> None:
        self._build = (version, kernels)
        self._now_us = now_us
        self._sources = Sources()
        self._queues: dict[str, QueueCounts] = {}
        self._wait_bounds = set(WAIT_BOUNDS_S)
        self._config_ok = True
        self._calls_active = Counter(dict.fromkeys(Direction, 0))
        self._calls = Counter(dict.fromkeys(product(Direction, Result, Reason), 0))
        self._trunk_calls: Counter[str] = Counter()
        self._decisions: Counter[tuple[str, Asked]] = Counter()
        self._offers: Counter[tuple[str, OfferResult]] = Counter()
        self._handle: dict[tuple[str, HandlePhase], Histogram] = {}
        self._repairs = Counter(dict.fromkeys(RepairKind, 0))
        self._auth_failures = 0
        self._sign_in_failures = 0
        self._toll_refusals = Counter(dict.fromkeys(TollLimit, 0))
        self._toll_alarms = Counter(dict.fromkeys(TollLimit, 0))
        self._stir = Counter(dict.fromkeys(Outcome, 0))
        self._recordings = 0
        self._setup = Histogram(_SETUP_S)
        self._offer_latency = Histogram(_SHORT_S)
        self._decision = Histogram(_DECISION_S)
        self._jitter = Histogram(_JITTER_S)
        self._mos = Histogram(_MOS)
        self._sent_jitter = Histogram(_JITTER_S)
        self._sent_mos = Histogram(_MOS)
        self._round_trip = Histogram(_ROUND_TRIP_S)
        self._loop_lag = Histogram(_SHORT_S)
        self._gc_pause = Histogram(_SHORT_S)

    def configure(self, queues: Mapping[str, QueueTarget], trunks: Iterable[str]) -> None:
        """Start what is new at 0, at the start and at each reload. What was removed keeps its figures."""
        self._wait_bounds |= {
            bound for target in queues.values() for bound in (target.within_s, target.short_abandon_s)
        }
        for counts in self._queues.values():
            counts.widen(self._wait_bounds)
        for name, target in queues.items():
            self._queue(name).target = target
        for trunk in trunks:
            self._trunk_calls[trunk] += 0

    def sign_in_failed(self) -> None:
        """Somebody asked the API without a token in force."""
        self._sign_in_failures += 1

    def watch(self, sources: Sources) -> None:
        """Where scrapes ask from now on."""
        self._sources = sources

    def config_reloaded(self, applied: bool) -> None:
        """A reload was applied, or refused."""
        self._config_ok = applied

    def call_started(self, direction: Direction) -> None:
        """A call is in progress."""
        self._calls_active[direction] += 1

    def call_setup(self, seconds: float) -> None:
        """The final response to a call's INVITE was sent, this long after the INVITE came."""
        self._setup.observe(seconds)

    def call_ended(self, direction: Direction, result: Result, reason: Reason) -> None:
        """It is no longer."""
        self._calls_active[direction] -= 1
        self._calls[direction, result, reason] += 1

    def trunk_call_started(self, trunk: str) -> None:
        """A leg of the trunk began, inbound or outbound."""
        self._trunk_calls[trunk] += 1

    def trunk_call_ended(self, trunk: str) -> None:
        """It ended."""
        self._trunk_calls[trunk] -= 1

    def auth_failed(self) -> None:
        """A request came with wrong credentials; a missing or stale answer to a challenge is no failure."""
        self._auth_failures += 1

    def stir_verified(self, outcome: Outcome) -> None:
        """The signed identity of a carrier's call was checked."""
        self._stir[outcome] += 1

    def toll_refused(self, limit: TollLimit) -> None:
        """A call to a trunk met a limit: it was refused, or ended."""
        self._toll_refusals[limit] += 1

    def toll_alarmed(self, limit: TollLimit) -> None:
        """The operator was told."""
        self._toll_alarms[limit] += 1

    def visit_started(self, queue: str, visit: Hashable, since_us: int) -> bool:
        """A call joined the queue's line, waiting since `since_us`. False: this visit is there already."""
        return self._queue(queue).visit_started(visit, since_us)

    def visit_ended(self, queue: str, visit: Hashable, result: Result, reason: Reason, wait_s: float) -> bool:
        """It left the line. False: it was not in it, and nothing is counted."""
        return self._queue(queue).visit_ended(visit, result, reason, wait_s, self._now_us())

    def queue(self, name: str) -> QueueReading:
        """The queue's figures now, as `/metrics` would show them. Raises KeyError."""
        return self._queues[name].reading(self._now_us())

    def waiting_late(self, queue: str) -> int:
        """How many wait there for longer than its target now; nobody where it is unknown."""
        counts = self._queues.get(queue)
        return 0 if counts is None else counts.waiting_late(self._now_us())

    def counts(self, queue: str) -> QueueCounts | None:
        """What the queue's figures are made of; None where nothing was ever counted of it."""
        return self._queues.get(queue)

    def offer_sent(self, latency_s: float) -> None:
        """An agent's INVITE was written, this long after agent and caller were both there for it."""
        self._offer_latency.observe(latency_s)

    def offer_ended(self, queue: str, result: OfferResult) -> None:
        """An offer came to its end."""
        self._queue(queue)
        self._offers[queue, result] += 1

    def decision(self, seconds: float) -> None:
        """The router made a step that took this long."""
        self._decision.observe(seconds)

    def handled(self, queue: str, phase: HandlePhase, seconds: float) -> None:
        """An agent spent this long on a call of the queue."""
        self._queue(queue)
        self._handle[queue, phase].observe(seconds)

    def repaired(self, kind: RepairKind) -> None:
        """A state disagreed with the facts and was corrected."""
        self._repairs[kind] += 1

    def leg_ended(self, leg: LegRecord) -> None:
        """A leg ended; what it had no media, or no report, to measure is None and not counted."""
        for histogram, measured in (
            (self._jitter, leg.jitter_s),
            (self._mos, leg.mos),
            (self._sent_jitter, leg.sent_jitter_s),
            (self._sent_mos, leg.sent_mos),
            (self._round_trip, leg.round_trip_s),
        ):
            if measured is not None:
                histogram.observe(measured)

    def recording_started(self) -> None:
        """A recording runs."""
        self._recordings += 1

    def recording_ended(self) -> None:
        """It does no longer."""
        self._recordings -= 1

    def loop_lag(self, seconds: float) -> None:
        """The event loop ran a timer this late."""
        self._loop_lag.observe(seconds)

    def gc_pause(self, seconds: float) -> None:
        """A garbage collection took this long."""
        self._gc_pause.observe(seconds)

    def decision_asked(self, queue: str, outcome: Asked) -> None:
        """An outside program was asked about a caller of the queue, or should have been."""
        self._decisions[queue, outcome] += 1

    def collect(self) -> Iterator[Part]:
        """Every family. All figures are those of the turn in which the first family is asked for."""
        readings = {name: counts.reading(self._now_us()) for name, counts in self._queues.items()}
        sources = self._sources
        return chain(
            parts.queues(
                readings, self._offers.copy(), {key: held.copy() for key, held in self._handle.items()}
            ),
            parts.calls(self._calls_active.copy(), self._calls.copy(), self._trunk_calls.copy()),
            *self._own(),
            families.DECISIONS.numbers(self._decisions.copy()),
            families.QUEUE_CLOSED.numbers(
                {
                    (queue, reason): reason is closed
                    for queue, closed in sources.queues_closed().items()
                    for reason in ClosedReason
                }
            ),
            parts.agents(sources.agents(), sources.agents_by_state()),
            parts.peers(sources.registrations(), sources.trunks_up(), sources.trunks_registered()),
            parts.sip(sources.sip()),
            parts.media(sources.media()),
            families.HEP_PACKETS.numbers({(result,): sources.hep().get(result, 0) for result in HepResult}),
            parts.history(sources.history(), sources.history_spooled_bytes(), sources.history_deleted()),
            parts.provisioning(sources.provisioning()),
            parts.events(sources.events()),
            parts.alarms(sources.alarms()),
            parts.webhooks(sources.webhooks()),
            parts.host(sources.host()),
            families.READY.number(sources.is_ready()),
            families.REPORT_MAILS.numbers(
                {(outcome,): sources.report_mails().get(outcome, 0) for outcome in MailOutcome}
            ),
            families.TASKS.number(sources.tasks()),
        )

    def _own(self) -> Iterator[Iterator[Part]]:
        yield families.BUILD_INFO.numbers({self._build: 1})
        yield families.CONFIG_OK.number(self._config_ok)
        yield families.API_SIGN_IN_FAILURES.number(self._sign_in_failures)
        yield families.SIP_AUTH_FAILURES.number(self._auth_failures)
        yield families.TOLL_REFUSALS.numbers(
            {(limit,): count for limit, count in self._toll_refusals.items()}
        )
        yield families.TOLL_ALARMS.numbers({(limit,): count for limit, count in self._toll_alarms.items()})
        yield families.STIR.numbers({(outcome,): count for outcome, count in self._stir.items()})
        yield families.REPAIRS.numbers({(kind,): count for kind, count in self._repairs.items()})
        yield families.RECORDINGS.number(self._recordings)
        yield families.CALL_SETUP.histograms({(): self._setup.copy()})
        yield families.OFFER_LATENCY.histograms({(): self._offer_latency.copy()})
        yield families.DECISION.histograms({(): self._decision.copy()})
        yield families.RTP_JITTER.histograms({(): self._jitter.copy()})
        yield families.RTP_MOS.histograms({(): self._mos.copy()})
        yield families.RTP_SENT_JITTER.histograms({(): self._sent_jitter.copy()})
        yield families.RTP_SENT_MOS.histograms({(): self._sent_mos.copy()})
        yield families.RTP_ROUND_TRIP.histograms({(): self._round_trip.copy()})
        yield families.LOOP_LAG.histograms({(): self._loop_lag.copy()})
        yield families.GC_PAUSE.histograms({(): self._gc_pause.copy()})

    def _queue(self, name: str) -> QueueCounts:
        if (counts := self._queues.get(name)) is None:
            counts = self._queues[name] = QueueCounts(QueueTarget(), self._wait_bounds)
            self._decisions.update(dict.fromkeys(product((name,), Asked), 0))
            self._offers.update(dict.fromkeys(product((name,), OfferResult), 0))
            self._handle.update({(name, phase): Histogram(_HANDLE_S) for phase in HandlePhase})
        return counts
