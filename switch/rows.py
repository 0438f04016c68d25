"""Rows of the API, made of what the switch knows at this moment."""

from math import isnan

from acd.views import AgentView, CallView, QueueView
from switch.api.rows import (
    AgentRow,
    BanRow,
    ContactRow,
    PhoneRow,
    PlaceRow,
    QueueRow,
    RecordingRow,
    RecordingState,
    SupervisionRow,
    SupervisionState,
)
from switch.calls.recording import CallRecording
from switch.calls.supervision import Supervision
from switch.config.addresses import HostPort
from switch.exchange import Exchange
from switch.readings import by_state
from switch.records import AgentState, utc
from switch.staffing import Staffing
from switch.wall.bans import Ban


def queue_row(exchange: Exchange, view: QueueView) -> QueueRow:
    """What the router sees of a queue, with its counts."""
    figures = exchange.metrics.queue(view.name)
    word, changes_us = view.emergency, exchange.hours.changes_at_us(view.name)
    since_us, now_us = view.longest_since_us, exchange.now_us()
    return QueueRow(
        name=view.name,
        waiting=view.waiting,
        longest_wait_s=0.0 if since_us is None else round(max(0, now_us - since_us) / 1e6, 3),
        agents=by_state(view.agents),
        offered=figures.offered,
        answered=figures.answered,
        abandoned=figures.abandoned,
        service_level=None if isnan(figures.service_level) else figures.service_level,
        closed=view.closed,
        closed_by=None if word is None else word.by,
        closed_why=None if word is None else word.why,
        closed_since=None if word is None else utc(word.since_us),
        changes_at=None if changes_us is None else utc(changes_us),
    )


def agent_row(staffing: Staffing, view: AgentView) -> AgentRow:
    """What the router sees of an agent, with the phone at which he sits."""
    return AgentRow(
        name=view.name,
        phone=staffing.phone_of(view.name),
        state=AgentState(view.state.value),
        reason=view.reason or None,
        since=utc(view.since_us),
        skills=view.skills,
        call=view.call,
    )


def phone_row(exchange: Exchange, staffing: Staffing, name: str) -> PhoneRow:
    """A phone with its registrations."""
    registrations = exchange.registrations
    contacts = tuple(
        ContactRow(
            uri=binding.uri,
            transport=binding.flow.transport,
            source=str(HostPort(*binding.flow.remote)),
            expires_at=registrations.expires_at(binding),
            reachable=binding.reachable,
            user_agent=binding.user_agent or None,
        )
        for binding in registrations.bindings(name)
    )
    return PhoneRow(
        name=name,
        agent=staffing.agent_at(name),
        registered=bool(contacts),
        contacts=contacts,
        do_not_disturb=exchange.preferences.of(name).do_not_disturb,
    )


def supervision_row(supervision: Supervision) -> SupervisionRow:
    """Who supervises a call, and whether he hears it yet."""
    state = SupervisionState.CONNECTED if supervision.connected else SupervisionState.RINGING
    return SupervisionRow(call=supervision.call, phone=supervision.phone, mode=supervision.mode, state=state)


def recording_row(call: str, recording: CallRecording) -> RecordingRow:
    """The recording of a call in progress."""
    state = RecordingState.PAUSED if recording.paused else RecordingState.RECORDING
    return RecordingRow(call=call, state=state, path=recording.path)


def place_row(view: CallView) -> PlaceRow:
    """What the router sees of a call."""
    return PlaceRow(
        call=view.call,
        queue=view.queue,
        state=view.state.value,
        priority=view.priority,
        queued_at=utc(view.queued_at_us),
        entered_at=utc(view.entered_at_us),
        agent=view.agent,
        ringing=view.ringing,
        assigned=view.assigned,
        steps=view.steps,
    )


def ban_row(ban: Ban, now: float, now_us: int) -> BanRow:
    """A ban, whose times are monotonic, on the clock on the wall: `now` is `now_us` there."""
    return BanRow(
        address=ban.address,
        user=ban.user,
        failures=ban.failures,
        since=utc(now_us - round((now - ban.since) * 1e6)),
        until=utc(now_us + round((ban.until - now) * 1e6)),
    )
