"""Every metric of the switch, under the contract's names: a method for each event, one collector.

The methods are called in the loop's thread; all that one event moves moves in that call. A scrape copies the
figures in one turn of the loop and renders them later, so that the sums of one scrape agree with each other.
What others hold (the SIP endpoint, the media plane, the router) is asked for in that same turn, by `Sources`.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, product
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from acd.queue import ClosedReason
from sip.aio.closing import Closed
from sip.flow import TRANSPORTS, Transport
from switch.calls.ending import Reason, Result
from switch.decisions.decisions import Asked
from switch.events.types import EventType
from switch.history.entries import OUTCOMES
from switch.identities.stir import Outcome
from switch.metrics import families
from switch.metrics.histogram import Histogram
from switch.metrics.queue_counts import WAIT_BOUNDS_S, QueueCounts, QueueReading, QueueTarget
from switch.metrics.readings import EventsReading, MediaReading, SipReading, Sources
from switch.provisioning.door import Answer
from switch.records import AgentState, Direction, LegRecord, OfferResult
from switch.toll.guard import TollLimit
from switch.trace.exporter import HepResult

STREAMS: Final[tuple[Transport, ...]] = ("tcp", "tls")
SIP_DIRECTIONS = ("in", "out")
SIP_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER")
NEW_METHODS = ("INVITE", "REGISTER")
"""What an overload refuses."""
PORT_STATES = ("free", "open", "closing", "resting")


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
        self.registry = CollectorRegistry()
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
        self.registry.register(self)

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

    def describe(self) -> Iterable[Metric]:
        """Nothing: what is collected is known to clash with no other collector."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Every family. All figures are those of the turn in which the first family is asked for."""
        readings = {name: counts.reading(self._now_us()) for name, counts in self._queues.items()}
        sources = self._sources
        return chain(
            _queues(readings, self._offers.copy(), {key: held.copy() for key, held in self._handle.items()}),
            _calls(self._calls_active.copy(), self._calls.copy(), self._trunk_calls.copy()),
            *self._own(),
            families.DECISIONS.numbers(self._decisions.copy()),
            families.QUEUE_CLOSED.numbers(
                {
                    (queue, reason): reason is closed
                    for queue, closed in sources.queues_closed().items()
                    for reason in ClosedReason
                }
            ),
            _agents(sources.agents(), sources.agents_by_state()),
            _peers(sources.registrations(), sources.trunks_up(), sources.trunks_registered()),
            _sip(sources.sip()),
            _media(sources.media()),
            families.HEP_PACKETS.numbers({(result,): sources.hep().get(result, 0) for result in HepResult}),
            _history(sources.history()),
            _provisioning(sources.provisioning()),
            _events(sources.events()),
            families.TASKS.number(sources.tasks()),
        )

    def _own(self) -> Iterator[Iterator[Metric]]:
        yield families.BUILD_INFO.numbers({self._build: 1})
        yield families.CONFIG_OK.number(self._config_ok)
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


def _queues(
    readings: Mapping[str, QueueReading],
    offers: Mapping[tuple[str, OfferResult], int],
    handle: Mapping[tuple[str, HandlePhase], Histogram],
) -> Iterator[Metric]:
    def each(value: Callable[[QueueReading], float]) -> dict[tuple[str, ...], float]:
        return {(name,): value(reading) for name, reading in readings.items()}

    yield from families.QUEUE_OFFERED.numbers(each(lambda reading: reading.offered))
    yield from families.QUEUE_ANSWERED.numbers(each(lambda reading: reading.answered))
    yield from families.QUEUE_WITHIN.numbers(each(lambda reading: reading.answered_within))
    yield from families.QUEUE_ABANDONED.numbers(each(lambda reading: reading.abandoned))
    yield from families.QUEUE_SHORT.numbers(each(lambda reading: reading.abandoned_short))
    yield from families.QUEUE_OVERFLOWED.numbers(each(lambda reading: reading.overflowed))
    yield from families.QUEUE_WAITING.numbers(each(lambda reading: reading.waiting))
    yield from families.QUEUE_LONGEST.numbers(each(lambda reading: reading.longest_wait_s))
    yield from families.QUEUE_LEVEL.numbers(each(lambda reading: reading.service_level))
    yield from families.QUEUE_OTHERWISE.numbers(
        {(name, why): reading.otherwise[why] for name, reading in readings.items() for why in Reason}
    )
    yield from families.QUEUE_WAIT.histograms(
        {(name, how): held for name, reading in readings.items() for how, held in reading.waits.items()}
    )
    yield from families.OFFERS.numbers(offers)
    yield from families.HANDLE.histograms(handle)


def _calls(
    active: Mapping[Direction, int],
    ended: Mapping[tuple[Direction, Result, Reason], int],
    trunks: Mapping[str, int],
) -> Iterator[Metric]:
    yield from families.CALLS_ACTIVE.numbers({(direction,): count for direction, count in active.items()})
    yield from families.CALLS.numbers(ended)
    yield from families.TRUNK_CALLS.numbers({(trunk,): count for trunk, count in trunks.items()})


def _agents(
    by_queue: Mapping[str, Mapping[AgentState, int]], by_state: Mapping[AgentState, int]
) -> Iterator[Metric]:
    yield from families.AGENTS.numbers(
        {(queue, state): states.get(state, 0) for queue, states in by_queue.items() for state in AgentState}
    )
    yield from families.AGENTS_BY_STATE.numbers({(state,): by_state.get(state, 0) for state in AgentState})


def _peers(
    registrations: Mapping[str, int], trunks_up: Mapping[str, bool], trunks_registered: Mapping[str, bool]
) -> Iterator[Metric]:
    yield from families.REGISTRATIONS.numbers({(via,): registrations.get(via, 0) for via in TRANSPORTS})
    yield from families.TRUNK_UP.numbers({(trunk,): up for trunk, up in trunks_up.items()})
    yield from families.TRUNK_REGISTERED.numbers(
        {(trunk,): there for trunk, there in trunks_registered.items()}
    )


def _provisioning(counts: Mapping[Answer, int]) -> Iterator[Metric]:
    yield from families.PROVISIONING.numbers({(answer,): counts.get(answer, 0) for answer in Answer})


def _history(counts: Mapping[str, int]) -> Iterator[Metric]:
    yield from families.HISTORY.numbers({(outcome,): counts.get(outcome, 0) for outcome in OUTCOMES})


def _sip(sip: SipReading) -> Iterator[Metric]:
    requests = product(SIP_DIRECTIONS, SIP_METHODS, ("",), TRANSPORTS)
    yield from families.SIP_MESSAGES.numbers(dict.fromkeys(requests, 0) | dict(sip.messages))
    resent = dict.fromkeys(SIP_METHODS, 0) | dict(sip.retransmissions)
    yield from families.SIP_RETRANSMISSIONS.numbers({(method,): count for method, count in resent.items()})
    yield from families.SIP_PARSE_ERRORS.numbers(dict(sip.parse_errors))
    yield from families.SIP_STRANGERS.numbers({(via,): sip.strangers.get(via, 0) for via in TRANSPORTS})
    yield from families.SIP_CONNECTIONS.numbers({(via,): sip.connections.get(via, 0) for via in STREAMS})
    yield from families.SIP_CONNECTIONS_CLOSED.numbers(
        dict.fromkeys(product(STREAMS, Closed), 0) | dict(sip.connections_closed)
    )
    yield from families.SIP_TRUNCATED.number(sip.truncated)
    yield from families.SIP_BANNED.numbers({(via,): sip.banned.get(via, 0) for via in TRANSPORTS})
    yield from families.SIP_UNREAD.numbers({(via,): sip.unread.get(via, 0) for via in TRANSPORTS})
    yield from families.OVERLOAD_REFUSED.numbers({(how,): sip.refused.get(how, 0) for how in NEW_METHODS})
    yield from families.BANS_ACTIVE.number(sip.bans)
    yield from families.SIP_TRANSACTIONS.number(sip.transactions)
    yield from families.SIP_DIALOGS.number(sip.dialogs)


def _events(events: EventsReading) -> Iterator[Metric]:
    yield from families.EVENTS.numbers({(type,): events.told.get(type, 0) for type in EventType})
    yield from families.EVENT_LISTENERS.number(events.listeners)
    came = events.snapshots - events.overtaken
    yield from families.EVENT_SNAPSHOTS.numbers({("came",): came, ("overtaken",): events.overtaken})


def _media(media: MediaReading) -> Iterator[Metric]:
    yield from families.RTP_PACKETS.numbers({("in",): media.packets_in, ("out",): media.packets_out})
    yield from families.RTP_BYTES.numbers({("in",): media.bytes_in, ("out",): media.bytes_out})
    yield from families.RTP_LOST.number(media.packets_lost)
    yield from families.RTP_STRANGERS.number(media.strangers)
    refused = {("failed",): media.srtp_failed, ("replayed",): media.srtp_replayed}
    yield from families.SRTP_REFUSED.numbers(refused)
    yield from families.DATAGRAMS_DROPPED.number(media.datagrams_dropped)
    yield from families.RTP_PORTS.numbers({(state,): media.ports.get(state, 0) for state in PORT_STATES})
    yield from families.WORKER_LAG.number(media.worker_lag_s)
    yield from families.EVENTS_MERGED.number(media.events_merged)
    yield from families.RECORDER_DROPPED.number(media.recorder_dropped_frames)
