"""The families of a scrape, part by part, from the figures of its moment."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Final

from sip.aio.closing import Closed
from sip.flow import TRANSPORTS, Transport
from switch.calls.ending import Reason, Result
from switch.events.types import LASTING, Alarm, EventType
from switch.history.entries import OUTCOMES
from switch.history.retention import Kind
from switch.host import Host
from switch.metrics import families
from switch.metrics.exposition import Labels, Part
from switch.metrics.histogram import Histogram
from switch.metrics.queue_counts import QueueReading
from switch.metrics.readings import EventsReading, MediaReading, SipReading, WebhookReading
from switch.provisioning.door import Answer
from switch.records import AgentState, Direction, OfferResult
from switch.webhooks.post import Attempt

STREAMS: Final[tuple[Transport, ...]] = ("tcp", "tls")
SIP_DIRECTIONS = ("in", "out")
SIP_METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER")
NEW_METHODS = ("INVITE", "REGISTER")
"""What an overload refuses."""
PORT_STATES = ("free", "open", "closing", "resting")


def queues(
    readings: Mapping[str, QueueReading],
    offers: Mapping[tuple[str, OfferResult], int],
    handle: Mapping[Labels, Histogram],
) -> Iterator[Part]:
    """Everything that is told by queue."""

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
    yield from families.QUEUE_TARGET.numbers(each(lambda reading: reading.target))
    yield from families.QUEUE_OTHERWISE.numbers(
        {(name, why): reading.otherwise[why] for name, reading in readings.items() for why in Reason}
    )
    yield from families.QUEUE_WAIT.histograms(
        {(name, how): held for name, reading in readings.items() for how, held in reading.waits.items()}
    )
    yield from families.OFFERS.numbers(offers)
    yield from families.HANDLE.histograms(handle)


def calls(
    active: Mapping[Direction, int],
    ended: Mapping[tuple[Direction, Result, Reason], int],
    trunks: Mapping[str, int],
) -> Iterator[Part]:
    """Calls in progress and ended, and where they go."""
    yield from families.CALLS_ACTIVE.numbers({(direction,): count for direction, count in active.items()})
    yield from families.CALLS.numbers(ended)
    yield from families.TRUNK_CALLS.numbers({(trunk,): count for trunk, count in trunks.items()})


def agents(
    by_queue: Mapping[str, Mapping[AgentState, int]], by_state: Mapping[AgentState, int]
) -> Iterator[Part]:
    """Agents, by queue and all together."""
    yield from families.AGENTS.numbers(
        {(queue, state): states.get(state, 0) for queue, states in by_queue.items() for state in AgentState}
    )
    yield from families.AGENTS_BY_STATE.numbers({(state,): by_state.get(state, 0) for state in AgentState})


def peers(
    registrations: Mapping[str, int], trunks_up: Mapping[str, bool], trunks_registered: Mapping[str, bool]
) -> Iterator[Part]:
    """Phones that are registered, and trunks."""
    yield from families.REGISTRATIONS.numbers({(via,): registrations.get(via, 0) for via in TRANSPORTS})
    yield from families.TRUNK_UP.numbers({(trunk,): up for trunk, up in trunks_up.items()})
    yield from families.TRUNK_REGISTERED.numbers(
        {(trunk,): there for trunk, there in trunks_registered.items()}
    )


def provisioning(counts: Mapping[Answer, int]) -> Iterator[Part]:
    """What became of requests for phones' files."""
    yield from families.PROVISIONING.numbers({(answer,): counts.get(answer, 0) for answer in Answer})


def history(counts: Mapping[str, int], spooled_bytes: int, deleted: Mapping[str, int]) -> Iterator[Part]:
    """What became of what was to be booked."""
    yield from families.HISTORY.numbers({(outcome,): counts.get(outcome, 0) for outcome in OUTCOMES})
    yield from families.HISTORY_SPOOLED.number(spooled_bytes)
    yield from families.HISTORY_DELETED.numbers({(kind,): deleted.get(kind, 0) for kind in Kind})


def sip(sip: SipReading) -> Iterator[Part]:
    """The endpoint, its sockets and its wall."""
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


def events(events: EventsReading) -> Iterator[Part]:
    """What was told to those who listen."""
    yield from families.EVENTS.numbers({(type,): events.told.get(type, 0) for type in EventType})
    yield from families.EVENT_LISTENERS.number(events.listeners)
    came = events.snapshots - events.overtaken
    yield from families.EVENT_SNAPSHOTS.numbers({("came",): came, ("overtaken",): events.overtaken})


def alarms(standing: Mapping[Alarm, int]) -> Iterator[Part]:
    """What is wrong now."""
    yield from families.ALARMS.numbers({(alarm,): standing.get(alarm, 0) for alarm in LASTING})


def webhooks(hooks: Mapping[str, WebhookReading]) -> Iterator[Part]:
    """How each webhook fares."""
    yield from families.WEBHOOK_ATTEMPTS.numbers(
        {(name, outcome): hook.attempts[outcome] for name, hook in hooks.items() for outcome in Attempt}
    )
    yield from families.WEBHOOK_WAITING.numbers({(name,): hook.waiting for name, hook in hooks.items()})
    yield from families.WEBHOOK_DROPPED.numbers({(name,): hook.dropped for name, hook in hooks.items()})
    yield from families.WEBHOOK_DEAD.numbers({(name,): hook.dead for name, hook in hooks.items()})


def media(media: MediaReading) -> Iterator[Part]:
    """The media plane."""
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


def host(seen: Host) -> Iterator[Part]:
    """The machine, and what the switch takes of it."""
    yield from families.DISK_FREE.number(seen.disk.free)
    yield from families.DISK_SIZE.number(seen.disk.size)
    yield from families.CPU.number(seen.cpu_s)
    yield from families.MEMORY.number(seen.resident_bytes)
    yield from families.STARTED.number(seen.started_at)
