"""The switch put together on its machine: what lies on disk is opened, what runs started, and all closed."""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import astuple
from functools import partial
from ipaddress import ip_address
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from media.aio.keyring import DTLS_LACKS
from media.aio.plane import MediaPlane
from media.aio.sounds import SoundLibrary
from sip.aio.resolver import Resolver
from sip.aio.shell import SipShell
from sip.endpoint import Endpoint
from sip.events import Event
from sip.flow import TRANSPORTS, Flow
from sip.location import Kind
from switch.access.audit_reader import AuditReader
from switch.access.store import TokenStore
from switch.clock import Clock
from switch.config.addresses import host_port
from switch.config.schema import Config
from switch.events.alarms import Alarms
from switch.events.types import Alarm
from switch.exchange import Exchange
from switch.history.apart import migrate_apart
from switch.history.database import Away, Known, connect, reach, telling_away
from switch.history.entries import Decided
from switch.history.holds import Holds
from switch.history.reader import Reader
from switch.history.schema import migrate
from switch.history.writer import Writer
from switch.hours.calendar import load_grammar
from switch.identities.identities import read_keys
from switch.identities.numbers import load_metadata
from switch.interfaces import Interfaces
from switch.log_levels import Levels
from switch.persistence.booking import Booking
from switch.persistence.journal import Journal, JournalProblem
from switch.persistence.logbook import Logbook
from switch.persistence.recovery import recover
from switch.sounds import read_sounds
from switch.switch import Switch
from switch.toll.watch import TollWatch
from switch.transports import bounds, tls_files
from switch.wall.lag import Lag
from switch.wiring import Books, Surroundings, wire

_FAMILIES: Final = ((4, Kind.A), (6, Kind.AAAA))


async def assemble(config: Config, levels: Levels, stack: AsyncExitStack) -> Switch:
    """Make every part and open what must be open before the first packet; `stack` closes it, last first.

    No SIP socket is bound: first the router has to know where it stands. Raises OSError for what cannot be
    opened, SQLAlchemyError, NewerSchema and Away for a database that cannot be used.
    """
    books = await _open_books(config, stack)
    load_metadata()
    load_grammar()
    sounds = await asyncio.to_thread(read_sounds, config)
    switch = wire(config, books, _surroundings(config, levels, sounds))
    exchange = switch.exchange
    stack.push_async_callback(exchange.webhooks.close)
    exchange.identities.keys = await asyncio.to_thread(read_keys, config)
    exchange.plane.start(exchange.loop)
    if not DTLS_LACKS:
        await asyncio.to_thread(exchange.fingerprint)  # the first call is not to wait for our certificate
    stack.push_async_callback(exchange.plane.close)
    stack.push_async_callback(exchange.shell.close)
    stack.callback(exchange.registrations.stop)
    stack.callback(exchange.hours.stop)
    stack.push_async_callback(exchange.decisions.close)
    stack.callback(exchange.trunks.close)
    _start_wall(exchange, stack)
    exchange.dispatch.start(switch.orders.carry_out)
    stack.callback(exchange.dispatch.stop)
    return switch


def _start_wall(exchange: Exchange, stack: AsyncExitStack) -> None:
    exchange.toll.configure(exchange.config)
    path = exchange.config.server.data_dir / "toll.json"
    watch = TollWatch(exchange.toll, path, exchange.loop, exchange.now_us)
    watch.start()
    stack.push_async_callback(watch.stop)
    lag = Lag(exchange.loop, exchange.gate.overload.lagged, exchange.metrics.loop_lag)
    lag.start()
    stack.callback(lag.stop)


async def _open_books(config: Config, stack: AsyncExitStack) -> Books:
    data_dir = config.server.data_dir
    recovery = await asyncio.to_thread(recover, data_dir / "journal")
    for problem in recovery.problems:
        structlog.get_logger("journal").warning(problem)
    clock = Clock(lambda: time.time_ns() // 1000, time.monotonic, floor_us=recovery.router.now_us)
    alarms = Alarms(clock.now_us)
    journal = Journal(data_dir / "journal", recovery.router, partial(_tell_of_journal, alarms))
    stack.callback(journal.finish)
    engine = connect(config.database.url, data_dir)
    stack.push_async_callback(engine.dispose)
    is_there = await _open_database(engine, config)
    node = socket.gethostname()
    history = Writer(engine, data_dir, alarms, node=node)
    history.start(None if is_there else partial(migrate_apart, config.database.url, data_dir))
    stack.push_async_callback(history.close)
    for offer in recovery.offers:  # a crash may have come before the history knew why they were made
        if (decided := Decided.of(offer)) is not None:
            history.put(decided)
    logbook = Logbook(data_dir / "journal" / "logbook.jsonl", asyncio.get_running_loop())
    stack.callback(logbook.close)
    booking = Booking(history, logbook)
    stack.push_async_callback(booking.close)
    reader, tokens = Reader(engine), TokenStore(engine, node=node)
    return Books(
        router=recovery.router,
        journal=journal,
        clock=clock,
        history=history,
        alarms=alarms,
        reader=reader,
        tokens=tokens,
        audit=AuditReader(engine),
        holds=Holds(engine, node=node),
        logbook=logbook,
        booking=booking,
    )


async def _open_database(engine: AsyncEngine, config: Config) -> bool:
    """Bring it to today's schema; False where it is away, which it may be once it has been here.

    Raises NewerSchema and SQLAlchemyError, and Away for one that never was.
    """
    known = Known(config.database.url, config.server.data_dir)
    log = structlog.get_logger("history")
    try:
        await reach(engine)
        with telling_away():
            await migrate(engine)
    except Away as error:
        if not known:
            raise
        log.error("starting without the database", error=str(error))
        return False
    if not known:
        try:
            await asyncio.to_thread(known.note)
        except OSError as error:
            log.warning("the next start will not do without the database", error=str(error))
    return True


def media_workers(cores: int) -> int:
    """A thread for audio on every core but the loop's; the ports of one call are on one of them."""
    return max(1, cores - 1)


def _surroundings(config: Config, levels: Levels, sounds: SoundLibrary) -> Surroundings:
    return Surroundings(
        loop=asyncio.get_running_loop(),
        shell=partial(_shell, config),
        plane=MediaPlane(
            config.media.listen, config.media.ports, media_workers(len(os.sched_getaffinity(0)))
        ),
        sounds=sounds,
        locator=_resolver(config),
        interfaces=Interfaces(),
        levels=levels,
    )


def _shell(
    config: Config, endpoint: Endpoint, on_event: Callable[[Event], None], on_closed: Callable[[Flow], None]
) -> SipShell:
    return SipShell(
        endpoint,
        [astuple(it) for it in config.sip.listen],
        on_event,
        bounds=bounds(config),
        tls=tls_files(config),
        on_closed=on_closed,
    )


def _tell_of_journal(alarms: Alarms, problem: JournalProblem) -> None:
    log = structlog.get_logger("journal")
    if problem.over:
        log.info(problem.message)
        alarms.over(Alarm.JOURNAL_FAILING, problem.kind.value)
    else:
        log.error(problem.message)
        alarms.begin(Alarm.JOURNAL_FAILING, problem.kind.value, problem.message)


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
