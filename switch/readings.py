"""What a scrape of the metrics asks: the router, the endpoint, the media plane and what is beside them."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from acd.agent import AgentState as RouterState
from switch.events.listening import Listeners
from switch.exchange import Exchange
from switch.host import look
from switch.metrics.readings import EventsReading, MediaReading, SipReading, Sources, WebhookReading
from switch.records import AgentState
from switch.webhooks.hook import State


def sources(
    exchange: Exchange,
    listeners: Listeners,
    tasks: Callable[[], int],
    is_ready: Callable[[], bool],
    deleted: Callable[[], dict[str, int]],
) -> Sources:
    """Where a scrape asks; `tasks` counts those of the loop, `is_ready` says what `/readyz` does,
    `deleted` what retention did."""
    router = exchange.dispatch.router
    return Sources(
        sip=partial(_sip, exchange),
        media=partial(_media, exchange),
        agents=lambda: {view.name: by_state(view.agents) for view in router.queues()},
        agents_by_state=partial(_agents_by_state, exchange),
        queues_closed=lambda: {name: queue.closed for name, queue in router.facts.queues.items()},
        registrations=exchange.registrations.by_transport,
        trunks_up=lambda: {name: exchange.trunks.is_up(name) for name in exchange.config.trunks},
        trunks_registered=exchange.trunks.registered_now,
        hep=lambda: exchange.tracing.hep,
        provisioning=lambda: exchange.provisioning.counts,
        history=exchange.history.counts,
        report_mails=exchange.reports.mails,
        events=partial(_events, listeners),
        alarms=lambda: Counter(row.alarm for row in exchange.alarms.standing()),
        history_spooled_bytes=exchange.history.spooled_bytes,
        history_deleted=deleted,
        host=lambda: look(exchange.config.server.data_dir),
        is_ready=is_ready,
        webhooks=partial(_webhooks, exchange),
        tasks=tasks,
    )


def by_state(agents: Mapping[RouterState, int]) -> dict[AgentState, int]:
    """The router's count of agents, by the states that are told."""
    return {AgentState(state.value): count for state, count in agents.items()}


def _agents_by_state(exchange: Exchange) -> dict[AgentState, int]:
    counts = dict.fromkeys(AgentState, 0)
    told = Counter(agent.announced for agent in exchange.dispatch.router.facts.agents.values())
    return counts | by_state(told)


def _sip(exchange: Exchange) -> SipReading:
    counters, counts = exchange.endpoint.counters, exchange.endpoint.counts()
    return SipReading(
        messages={
            (direction, method, str(code) if code else "", transport): count
            for (direction, method, code, transport), count in counters.messages.items()
        },
        retransmissions=counters.retransmissions,
        parse_errors=counters.parse_errors,
        strangers=counters.strangers,
        banned=counters.banned,
        unread=counters.unread,
        refused=exchange.gate.refused,
        bans=len(exchange.gate.bans.active(exchange.now())),
        connections=exchange.shell.open_connections.copy(),
        connections_closed=exchange.shell.ended_connections.copy(),
        truncated=exchange.shell.truncated,
        transactions=counts.transactions,
        dialogs=counts.dialogs,
    )


def _events(listeners: Listeners) -> EventsReading:
    return EventsReading(
        told=listeners.stream.counts.copy(),
        listeners=listeners.count,
        snapshots=listeners.snapshots,
        overtaken=listeners.overtaken,
    )


def _webhooks(exchange: Exchange) -> dict[str, WebhookReading]:
    return {
        name: WebhookReading(hook.attempts.copy(), hook.outbox.count, hook.dropped, hook.state is State.DEAD)
        for name, hook in exchange.webhooks.hooks.items()
    }


def _media(exchange: Exchange) -> MediaReading:
    counters = exchange.plane.counters()
    return MediaReading(
        packets_in=counters.packets_received,
        packets_out=counters.packets_sent,
        bytes_in=counters.octets_received,
        bytes_out=counters.octets_sent,
        packets_lost=counters.packets_lost,
        strangers=counters.strangers,
        srtp_failed=counters.srtp_failed,
        srtp_replayed=counters.srtp_replayed,
        datagrams_dropped=counters.datagrams_dropped,
        ports=counters.ports,
        worker_lag_s=counters.worker_lag_s,
        events_merged=counters.events_merged,
        recorder_dropped_frames=counters.recorder_dropped_frames,
    )
