"""The switch put together: each part made from what it needs, in the order of their dependence."""

import asyncio
import os
import random
import secrets
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import astuple, dataclass
from ipaddress import ip_address
from typing import Final

import structlog

from acd.router import Router
from media.aio.plane import MediaPlane
from media.aio.sounds import SoundLibrary
from media.events import PortEvent
from media.kernels import KERNELS
from sip import events as sip
from sip.accounts.registrar import Registrar
from sip.aio.resolver import Resolver
from sip.aio.shell import SipShell
from sip.endpoint import Endpoint
from sip.flow import TRANSPORTS
from sip.location import Kind
from switch.booking import Booking
from switch.calls.arrival import Arrival
from switch.calls.orders import Orders
from switch.calls.registry import Registry
from switch.clock import Clock
from switch.config.addresses import host_port
from switch.config.schema import Config
from switch.dispatch import Dispatch
from switch.exchange import Exchange
from switch.history.database import connect, migrate
from switch.history.reader import Reader
from switch.history.writer import Writer
from switch.identities.identities import read_keys
from switch.identities.numbers import load_metadata
from switch.interfaces import Interfaces
from switch.journal import Journal, JournalProblem
from switch.limits import Limits
from switch.logbook import Logbook
from switch.metrics import Metrics
from switch.peers import Identification, PhonePeer
from switch.recovery import recover
from switch.registrations import Registrations
from switch.routes import Routes
from switch.sounds import read_sounds
from switch.staffing import Staffing
from switch.trace.tracing import Tracing
from switch.transports import bounds, tls_files
from switch.trunks.trunks import Trunks
from switch.trunks.wire import Wire
from switch.version import VERSION
from switch.wall.alarms import Alarms
from switch.wall.gate import Gate
from switch.wall.lag import Lag
from switch.wall.meter import Meter
from switch.wall.toll import Toll

_FAMILIES: Final = ((4, Kind.A), (6, Kind.AAAA))


@dataclass(slots=True)
class Switch:
    """The parts that the server starts, feeds and ends."""

    exchange: Exchange
    registry: Registry
    orders: Orders
    arrival: Arrival
    staffing: Staffing
    identification: Identification
    reader: Reader

    def sip_event(self, event: sip.Event) -> None:
        """What the endpoint tells: a new call, a request outside of dialogs, or something about a leg."""
        match event:
            case sip.IncomingInvite(peer=peer, flow=flow):
                if isinstance(peer, PhonePeer):
                    self.exchange.registrations.heard(peer.name, flow)
                self.arrival.invited(event)
            case sip.IncomingRequest():
                self._request(event)
            case sip.ResponseReceived():
                if not self.exchange.trunks.answered(event):
                    self.exchange.registrations.answered(event)
            case _:
                self.registry.sip_event(event)

    def port_event(self, event: PortEvent) -> None:
        """What the media plane tells."""
        self.registry.port_event(event)

    def _request(self, event: sip.IncomingRequest) -> None:
        exchange = self.exchange
        if event.request.method == "REGISTER" and isinstance(event.peer, PhonePeer):
            exchange.registrations.registered(event, event.peer.name)
            return
        if isinstance(event.peer, PhonePeer):
            exchange.registrations.heard(event.peer.name, event.flow)
        status = 200 if event.request.method == "OPTIONS" else 405
        exchange.endpoint.respond(event.transaction, status, exchange.now())


@dataclass(slots=True)
class _Books:
    """What is kept on disk, and the clock that goes on from it."""

    router: Router
    journal: Journal
    clock: Clock
    history: Writer
    reader: Reader
    logbook: Logbook
    booking: Booking


async def assemble(config: Config, stack: AsyncExitStack) -> Switch:
    """Make every part and open what must be open before the first packet; `stack` closes it, last first.

    No SIP socket is bound: first the router has to know where it stands. Raises OSError for what cannot be
    opened, SQLAlchemyError for a database that cannot be used.
    """
    books = await _open_books(config, stack)
    load_metadata()
    switch = _wire(config, books, await asyncio.to_thread(read_sounds, config))
    exchange = switch.exchange
    exchange.identities.keys = await asyncio.to_thread(read_keys, config)
    exchange.plane.start(exchange.loop)
    stack.push_async_callback(exchange.plane.close)
    stack.push_async_callback(exchange.shell.close)
    stack.callback(exchange.registrations.stop)
    stack.callback(exchange.trunks.close)
    _start_wall(exchange, stack)
    exchange.dispatch.start(switch.orders.carry_out)
    stack.callback(exchange.dispatch.stop)
    return switch


def _start_wall(exchange: Exchange, stack: AsyncExitStack) -> None:
    exchange.toll.configure(exchange.config)
    path = exchange.config.server.data_dir / "toll.json"
    meter = Meter(exchange.toll, path, exchange.loop, exchange.now_us)
    meter.start()
    stack.push_async_callback(meter.stop)
    lag = Lag(exchange.loop, exchange.gate.overload.lagged)
    lag.start()
    stack.callback(lag.stop)


async def _open_books(config: Config, stack: AsyncExitStack) -> _Books:
    data_dir = config.server.data_dir
    recovery = await asyncio.to_thread(recover, data_dir / "journal")
    for problem in recovery.problems:
        structlog.get_logger("journal").warning(problem)
    clock = Clock(lambda: time.time_ns() // 1000, time.monotonic, floor_us=recovery.router.now_us)
    journal = Journal(data_dir / "journal", recovery.router, _journal_problem)
    stack.callback(journal.close)
    engine = connect(config.database.url, data_dir)
    stack.push_async_callback(engine.dispose)
    await migrate(engine)
    history = Writer(engine, data_dir, node=socket.gethostname())
    history.start()
    stack.push_async_callback(history.close)
    logbook = Logbook(data_dir / "journal" / "logbook.jsonl", asyncio.get_running_loop())
    stack.callback(logbook.close)
    booking = Booking(history, logbook)
    stack.push_async_callback(booking.close)
    return _Books(recovery.router, journal, clock, history, Reader(engine), logbook, booking)


def _wire(config: Config, books: _Books, sounds: SoundLibrary) -> Switch:
    """Every part that lives in memory, and who tells whom."""
    loop = asyncio.get_running_loop()
    metrics = Metrics(version=VERSION, kernels=KERNELS, now_us=books.clock.now_us)
    dispatch = Dispatch(books.router, books.journal, books.clock, loop, metrics.decision)
    staffing = Staffing(dispatch.post)
    registrations = Registrations(
        Registrar(),
        lambda: exchange.sip(),
        books.history.put,
        time.monotonic,
        loop,
        lambda: exchange.config.sip.domain,
    )
    wire = Wire(
        sip=lambda: exchange.sip(),
        flow_to=lambda place: exchange.flow_to(place),
        advertise=lambda flow: exchange.advertised(flow),
        domain=lambda: exchange.config.sip.domain,
        now=time.monotonic,
        loop=loop,
        random=random.SystemRandom().random,
        token=lambda: secrets.token_hex(12),
    )
    trunks = Trunks(_resolver(config), wire, config.sip.t1)
    identification = Identification(
        config,
        secrets.token_bytes(32),
        registrations,
        Interfaces(),
        metrics.auth_failed,
        trunks,
        lambda flow: exchange.shell.peer_names(flow),
    )
    gate = Gate(
        config.sip,
        identification.bans,
        identification.knows,
        lambda request, peer: arrival.is_emergency(request, peer),
    )
    endpoint = Endpoint(
        identification,
        token=lambda: secrets.token_hex(12),
        advertise=lambda flow: exchange.advertised(flow),
        t1=config.sip.t1,
        session_expires_s=int(config.sip.session_expires),
        gate=gate,
    )
    shell = SipShell(
        endpoint,
        [astuple(it) for it in config.sip.listen],
        lambda event: switch.sip_event(event),
        bounds=bounds(config),
        tls=tls_files(config),
        on_closed=registrations.connection_closed,
    )
    shell.on_drained = gate.overload.drained
    plane = MediaPlane(config.media.listen, config.media.ports)
    plane.on_event = lambda event: switch.port_event(event)
    exchange = Exchange(
        loop=loop,
        config=config,
        routes=Routes(config.routes),
        endpoint=endpoint,
        shell=shell,
        plane=plane,
        sounds=sounds,
        dispatch=dispatch,
        registrations=registrations,
        limits=Limits(config.trunks),
        history=books.history,
        logbook=books.logbook,
        booking=books.booking,
        metrics=metrics,
        clock=books.clock,
        tracing=Tracing(shell, books.clock.now_us, time.monotonic),
        trunks=trunks,
        gate=gate,
        toll=Toll(Alarms(metrics.toll_refused, metrics.toll_alarmed)),
    )
    registry = Registry(exchange, staffing.phone_busy)
    orders, arrival = Orders(exchange, registry), Arrival(exchange, registry)
    switch = Switch(exchange, registry, orders, arrival, staffing, identification, books.reader)
    return switch


def _journal_problem(problem: JournalProblem) -> None:
    structlog.get_logger("journal").error(problem.message, kind=problem.kind.value)


def _resolver(config: Config) -> Resolver:
    """Asks the name servers of this machine, or the one that CENTRALITA_NAMESERVER names (ADDRESS:PORT)."""
    given = os.environ.get("CENTRALITA_NAMESERVER")
    server = host_port(given) if given else None
    hosts = [ip_address(socket.host) for socket in config.sip.listen]
    spoken = [socket.transport for socket in config.sip.listen]
    return Resolver(
        [(server.host, server.port)] if server else [],
        supported=[transport for transport in TRANSPORTS if transport in spoken],
        families=[family for version, family in _FAMILIES if any(host.version == version for host in hosts)],
    )
