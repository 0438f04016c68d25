"""Every part of the switch that lives in memory, made in the order of dependence, and who tells whom."""

import random
import secrets
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import httpx

from acd.router import Router
from media.aio.plane import MediaPlane
from media.aio.sounds import SoundLibrary
from media.kernels import KERNELS
from sip import events as sip
from sip.accounts.registrar import Registrar
from sip.aio.shell import SipShell
from sip.endpoint import Endpoint
from sip.flow import Flow
from switch.access.audit_reader import AuditReader
from switch.access.store import TokenStore
from switch.calls.arrival import Arrival
from switch.calls.orders import Orders
from switch.calls.registry import Registry
from switch.calls.transfers.referrals import Referrals
from switch.clock import Clock
from switch.config.schema import Config
from switch.debugging import Debugging
from switch.decisions.decisions import Decisions
from switch.desk.codes import FeatureCodes
from switch.desk.desk import Desk
from switch.dispatch import Dispatch
from switch.events.alarms import Alarms
from switch.events.news import News
from switch.events.stream import Stream
from switch.events.types import Alarm
from switch.exchange import Exchange
from switch.feature_keys.keys import FeatureKeys
from switch.figures.live import Live
from switch.history.holds import Holds
from switch.history.reader import Reader
from switch.history.writer import Writer
from switch.hours.hours import Hours
from switch.interfaces import Interfaces
from switch.lamps.facts import SwitchFacts
from switch.lamps.lamps import Lamps
from switch.lamps.shown import Kind, Subject
from switch.limits import Limits
from switch.log_levels import Levels
from switch.metrics.metrics import Metrics
from switch.peers import Identification
from switch.persistence.booking import Booking
from switch.persistence.journal import Journal
from switch.persistence.logbook import Logbook
from switch.persistence.survivors import tell_now
from switch.preferences import PhonePreferences, Preferences
from switch.quiet import Quiet
from switch.registrations import Registrations
from switch.reports.reports import Reports
from switch.routes import Routes
from switch.staffing import Staffing
from switch.switch import Switch
from switch.toll.alarms import TollAlarms
from switch.toll.guard import TollGuard
from switch.trace.tracing import Tracing
from switch.trunks.directory import Locator
from switch.trunks.sip_client import SipClient
from switch.trunks.trunks import Trunks
from switch.version import VERSION
from switch.wall.gate import Gate
from switch.webhooks.hook import Around
from switch.webhooks.webhooks import Webhooks

_KEY_BYTES: Final = 32

MakeShell = Callable[[Endpoint, Callable[[sip.Event], None], Callable[[Flow], None]], SipShell]
"""Makes the shell of an endpoint: told are its events, and the flows whose connection has closed."""


@dataclass(frozen=True, slots=True)
class Books:
    """What is kept on disk, and the clock that goes on from it."""

    router: Router
    journal: Journal
    clock: Clock
    history: Writer
    alarms: Alarms
    reader: Reader
    tokens: TokenStore
    audit: AuditReader
    holds: Holds
    logbook: Logbook
    booking: Booking


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the switch has of its machine: loop, sockets, names, sounds, time and chance."""

    loop: AbstractEventLoop
    shell: MakeShell
    plane: MediaPlane
    sounds: SoundLibrary
    locator: Locator
    interfaces: Interfaces
    now: Callable[[], float] = time.monotonic
    wall_us: Callable[[], int] = lambda: time.time_ns() // 1000
    http: httpx.AsyncBaseTransport | None = None
    """Another way to outside programs than the network."""
    random: Callable[[], float] = random.SystemRandom().random
    token: Callable[[], str] = lambda: secrets.token_hex(12)
    levels: Levels = field(default_factory=Levels)
    """Of the log of this process."""


def wire(config: Config, books: Books, surroundings: Surroundings) -> Switch:
    """The whole switch, at rest."""
    return _Wiring(config, books, surroundings).switch


class _Wiring:
    """Each part gets those made before it; those made later it asks for when it runs."""

    exchange: Exchange
    switch: Switch

    def __init__(self, config: Config, books: Books, surroundings: Surroundings) -> None:
        self._config = config
        self._around = surroundings
        self._metrics = Metrics(version=VERSION, kernels=KERNELS, now_us=books.clock.now_us)
        dispatch = Dispatch(
            books.router, books.journal, books.clock, surroundings.loop, self._metrics.decision
        )
        logbook = books.logbook
        self._staffing = Staffing(dispatch.post, logbook.seat_noted, logbook.seats())
        self._desk = Desk(dispatch, self._staffing, lambda: self.exchange.config, self._around.now)
        self._news = News(lambda: self.exchange, Stream(books.clock.now_us, surroundings.loop))
        self._staffing.on_moved = self._agent_moved
        books.booking.on_ended = self._news.call_ended
        self._alarms = books.alarms
        # An alarm is an event like others: it comes after the one whose telling raised it.
        self._alarms.tell = lambda data: surroundings.loop.call_soon(self._news.alarm, data)
        self._figures = Live(ZoneInfo(config.server.timezone), books.clock.now_us)
        books.history.on_put = self._figures.hear
        self._preferences = PhonePreferences(
            lambda: self.exchange.routes, logbook.preferences_noted, logbook.preferences()
        )
        self._preferences.listen(self._preferences_changed)
        self._quiet = Quiet(self._preferences, self._desk, books.router)
        self._registrations = self._make_registrations(books)
        self._trunks = Trunks(surroundings.locator, self._make_sip_client(), config.sip.t1)
        self._identification = self._make_identification()
        self._gate = self._make_gate()
        self.exchange = self._make_exchange(books, dispatch)
        registry = Registry(self.exchange, self._staffing.phone_busy)
        self.switch = Switch(
            self.exchange,
            registry,
            Orders(self.exchange, registry),
            Arrival(self.exchange, registry),
            Referrals(self.exchange, registry),
            self._staffing,
            self._identification,
            books.reader,
            books.tokens,
            books.audit,
            books.holds,
        )

    def _make_registrations(self, books: Books) -> Registrations:
        return Registrations(
            Registrar(self._max_contacts),
            lambda: self.exchange.sip(),
            books.history.put,
            self._around.now,
            self._around.loop,
            lambda: self.exchange.config.sip.domain,
            self._phone_changed,
            self._phone_moved,
        )

    def _agent_moved(self, agent: str) -> None:
        self._desk.changed(agent)
        self._news.agent_changed(agent)

    def _phone_changed(self, phone: str) -> None:
        self._news.phone_changed(phone)
        self.exchange.lamps.phone_changed(phone)
        self.switch.registry.phone_changed(phone)
        tell_now(self.exchange, phone)

    def _phone_moved(self, phone: str, before: Flow, flow: Flow) -> None:
        self.switch.registry.phone_moved(phone, before, flow)
        tell_now(self.exchange, phone)

    def _max_contacts(self, user: str) -> int:
        phone = self.exchange.config.phones.get(user)
        return 1 if phone is None else phone.max_contacts

    def _make_lamps(self, books: Books, endpoint: Endpoint) -> Lamps:
        facts = SwitchFacts(
            lambda: self.exchange.config,
            books.router,
            endpoint,
            legs=lambda phone: self.switch.registry.legs_of(phone),
            ledger=lambda leg: self.switch.registry.ledger_of(leg),
            is_registered=lambda phone: bool(self._registrations.bindings(phone)),
            keys=FeatureKeys(
                self._preferences,
                self._desk,
                lambda: self.exchange.config.desk.pauses,
                lambda phone: self.exchange.lamps.keys_changed(phone),
                self._around.now,
                self._around.token,
            ),
            parked=lambda slot: self.exchange.parked.get(slot),
        )
        return Lamps(
            lambda: self.exchange.sip().subscriptions,
            facts,
            books.logbook,
            self._around.now,
            books.clock.now_us,
            lambda: self.exchange.config.sip.domain,
            self._around.loop,
        )

    def _preferences_changed(self, phone: str, before: Preferences, now: Preferences) -> None:
        lamps = self.exchange.lamps
        lamps.keys_changed(phone)
        if before.do_not_disturb != now.do_not_disturb:
            lamps.changed(Subject(Kind.PHONE, phone))

    def _make_webhooks(self) -> Webhooks:
        around = self._around
        return Webhooks(
            self._news.stream, Around(around.now, around.wall_us, around.random, self._alarms), around.http
        )

    def _make_sip_client(self) -> SipClient:
        return SipClient(
            sip=lambda: self.exchange.sip(),
            flow_to=lambda place: self.exchange.flow_to(place),
            advertise=lambda flow: self.exchange.advertised(flow),
            domain=lambda: self.exchange.config.sip.domain,
            now=self._around.now,
            loop=self._around.loop,
            random=self._around.random,
            token=self._around.token,
        )

    def _make_identification(self) -> Identification:
        return Identification(
            self._config,
            secrets.token_bytes(_KEY_BYTES),
            self._registrations,
            self._around.interfaces,
            self._metrics.auth_failed,
            self._trunks,
            lambda flow: self.exchange.shell.peer_names(flow),
        )

    def _make_gate(self) -> Gate:
        return Gate(
            self._config.sip,
            self._identification.bans,
            self._identification.knows,
            lambda request, peer: self.switch.arrival.is_emergency(request, peer),
        )

    def _make_endpoint(self) -> Endpoint:
        return Endpoint(
            self._identification,
            token=self._around.token,
            advertise=lambda flow: self.exchange.advertised(flow),
            t1=self._config.sip.t1,
            session_expires_s=int(self._config.sip.session_expires),
            gate=self._gate,
        )

    def _make_exchange(self, books: Books, dispatch: Dispatch) -> Exchange:
        around, config, metrics = self._around, self._config, self._metrics
        endpoint = self._make_endpoint()
        shell = around.shell(
            endpoint, lambda event: self.switch.sip_event(event), self._registrations.connection_closed
        )
        shell.on_backlog = self._gate.overload.waited
        shell.on_delivered = dispatch.flush
        tracing = Tracing(shell, books.clock.now_us, around.now)
        around.plane.on_event = lambda event: self.switch.port_event(event)
        return Exchange(
            loop=around.loop,
            config=config,
            reader=books.reader,
            routes=Routes(()),  # those of the configuration come with its hours, before the first call
            hours=Hours(dispatch.post, around.wall_us, around.loop),
            decisions=Decisions(
                lambda: self.exchange.config,
                dispatch.post,
                metrics.decision_asked,
                around.now,
                around.wall_us,
                around.loop,
                around.http,
            ),
            endpoint=endpoint,
            shell=shell,
            plane=around.plane,
            sounds=around.sounds,
            dispatch=dispatch,
            registrations=self._registrations,
            limits=Limits(config.trunks),
            history=books.history,
            logbook=books.logbook,
            booking=books.booking,
            metrics=metrics,
            clock=books.clock,
            tracing=tracing,
            debugging=Debugging(around.levels, tracing),
            trunks=self._trunks,
            gate=self._gate,
            lamps=self._make_lamps(books, endpoint),
            staffing=self._staffing,
            desk=self._desk,
            preferences=self._preferences,
            reports=Reports(config, books.clock.now_us, books.history.flush),
            codes=FeatureCodes(config.codes),
            news=self._news,
            alarms=self._alarms,
            figures=self._figures,
            webhooks=self._make_webhooks(),
            toll=TollGuard(
                TollAlarms(
                    metrics.toll_refused, metrics.toll_alarmed, partial(self._alarms.once, Alarm.TOLL_LIMIT)
                )
            ),
            now=around.now,
        )
