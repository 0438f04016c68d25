"""The server: starts the switch, runs it until it is told to end, and takes it down in order."""

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from acd.events import SwitchRestarted
from media.aio import synthesis
from switch.access.admin_token import AdminToken
from switch.access.limits import FAILURES, REQUESTS, Buckets
from switch.access.tokens import Tokens
from switch.api.app import create_app, prepare
from switch.api.entrance import Entrance
from switch.api.rows import Reloaded
from switch.api.services import Services
from switch.assembly import assemble
from switch.backend import Running
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.returning import CallsReturning
from switch.config.addresses import Listen
from switch.config.errors import ConfigErrors
from switch.config.first import DEFAULT, write_first
from switch.config.load import load
from switch.config.schema import Config
from switch.events.listening import Listeners
from switch.events.looking import Looking
from switch.events.tickets import Tickets
from switch.figures.seeding import seed
from switch.garbage import Collector
from switch.history.database import Away, telling_away
from switch.history.retention import Retention
from switch.history.schema import NewerSchema
from switch.log_levels import Levels
from switch.logs import configure_logs
from switch.metrics.vitals import Vitals
from switch.notify import Pulse, ServiceManager
from switch.persistence.mending import mend_recordings, parts_left
from switch.persistence.survivors import end_survivors, stop_ringing
from switch.readings import sources
from switch.records import CallRecord
from switch.reloading import Reloader, apply
from switch.room import Room
from switch.sounds import names_missing
from switch.sweeping import Sweeper
from switch.switch import Switch
from switch.tasks import Tasks
from switch.version import VERSION
from switch.watchdog import Watchdog
from switch.why.explainer import Explainer

_GRACE_S: Final = 2.0
"""How long BYEs and recordings may take when the switch stops at once."""
_TURN_S: Final = 0.02
_AGAIN_S: Final = 1.0
_LAST_S: Final = 30.0
"""What may come after the last call: the history's last entries, recordings, sockets."""

_Told = TypeVar("_Told")


class CannotStart(Exception):
    """Why, and what to do about it, in words for the operator."""


def run(path: Path | None = None, *, demo: bool = False) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. Without a path the first configuration is made."""
    try:
        if path is None:
            path = write_first(DEFAULT)
            print(f"configuration: {path} (the phones' secrets are in it)", flush=True)
        config = load(path, warn=lambda doubt: print(doubt, file=sys.stderr))
    except ConfigErrors as errors:
        print(errors, file=sys.stderr)
        return 1
    levels = Levels()
    levels.configure(config.logs)
    configure_logs(levels=levels)
    try:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(_serve(path, config, levels, demo))
    except CannotStart as error:
        print(f"centralita: {error}", file=sys.stderr)
        return 1
    return 0


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop, unless CENTRALITA_LOOP=asyncio asks for the standard library's."""
    if os.environ.get("CENTRALITA_LOOP") == "asyncio":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


async def _serve(path: Path, config: Config, levels: Levels, demo: bool) -> None:
    async with AsyncExitStack() as stack:
        _own(config.server.data_dir, stack)
        await asyncio.to_thread(synthesis.make, config.server.data_dir)
        try:
            switch = await assemble(config, levels, stack)
            if missing := names_missing(switch.exchange.sounds, config):
                raise CannotStart("\n".join(missing))
            server = Server(path, switch)
            await server.take_up()
            await switch.exchange.shell.start()
        except OSError as error:
            raise CannotStart(f"cannot open or bind {error.strerror or error}") from error
        except SQLAlchemyError as error:
            raise CannotStart(f"database.url: cannot be used: {error}") from error
        except NewerSchema as error:
            raise CannotStart(f"database.url: {error}") from error
        except Away as error:
            raise CannotStart(f"database.url: does not answer, and never has: {error}") from error
        try:
            await switch.exchange.provisioning.start(config, stack)
        except (OSError, ValueError) as error:
            raise CannotStart(f"provisioning: {error}") from error
        try:
            await server.start(stack)
        except OSError as error:
            raise CannotStart(f"http: {error.strerror or error}") from error
        if demo:
            await _start_demo(path, stack)
        await server.until_stopped()
        await server.end_calls()


async def _start_demo(path: Path, stack: AsyncExitStack) -> None:
    """Simulated callers and phones, in a process that ends with its standard input."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "switch.demo", str(path), stdin=asyncio.subprocess.PIPE
    )

    async def end() -> None:
        if child.stdin is not None:
            child.stdin.close()
        await child.wait()

    stack.push_async_callback(end)


def _own(data_dir: Path, stack: AsyncExitStack) -> None:
    """One switch for one data_dir. The lock ends with the process; no child inherits it."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    stack.callback(os.close, lock)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(f"another switch runs on {data_dir}: stop it, or set server.data_dir") from None


def _admin_token(data_dir: Path) -> AdminToken:
    try:
        return AdminToken(data_dir / "admin.token")
    except ValueError as error:
        raise CannotStart(f"server.data_dir: {error}") from error


class Server:
    """A switch from its first packet to its last."""

    def __init__(self, path: Path, switch: Switch) -> None:
        self._switch = switch
        self._exchange = switch.exchange
        self._entrance = Entrance()
        self._reloader = Reloader(
            path, switch.exchange, switch.staffing, switch.identification, self._entrance
        )
        self._manager = ServiceManager(os.environ)
        self._running = Running(switch.exchange, switch.registry, switch.staffing, self._reload, self.drain)
        self._stopping = asyncio.Event()
        self._terminated = False
        self._returning = CallsReturning(switch.exchange, switch.registry)
        self._recorded: tuple[CallRecord, ...] = ()
        """Calls of the former run that have ended and were recorded."""
        self._parts: list[Path] = []
        """Recordings that it had not completed."""
        admin = _admin_token(switch.exchange.config.server.data_dir)
        self._tokens = Tokens(admin, switch.tokens, lambda: datetime.now(UTC))
        self._is_away = not switch.exchange.history.is_migrated
        """The database: whom it knows is read later."""
        self._tasks = Tasks(switch.exchange.loop)
        self._log = structlog.get_logger("server")

    async def take_up(self) -> None:
        """Tell the router what became of the former run, and take up its dialogs or end them: before the
        first packet of this one comes. What is sent goes out with the first that can.
        """
        exchange, returning = self._exchange, self._returning
        self._parts = await asyncio.to_thread(parts_left, exchange)
        survivors = exchange.logbook.survivors()
        ringing = exchange.logbook.take_ringing()
        may_return = returning.take_up(survivors)
        exchange.dispatch.post(SwitchRestarted(may_return=may_return))
        apply(exchange, exchange.config, self._switch.staffing, self._switch.identification)
        stored = await self._ask(lambda: self._switch.reader.bindings(datetime.now(UTC)))
        exchange.registrations.start(self._switch.staffing, stored or ())
        await self._ask(self._tokens.read)
        exchange.dispatch.flush()
        exchange.desk.start()
        stop_ringing(exchange, ringing)
        self._recorded = end_survivors(exchange, survivors, may_return, returning.is_returning)
        exchange.lamps.start()
        returning.start()

    async def start(self, stack: AsyncExitStack) -> None:
        """Register with carriers, mend recordings, open the API, and say `ready`."""
        exchange, registry = self._exchange, self._switch.registry
        stack.push_async_callback(self._tasks.end)
        exchange.trunks.start()
        looking = Looking(exchange, exchange.news)
        looking.take_in()
        self._tasks.start(past=self._settle_past())
        vitals = Vitals(exchange.metrics, exchange.loop, exchange.logbook.beat)
        vitals.start()
        stack.callback(vitals.stop)
        retention = self._retention()
        http = await self._open_api(retention, stack)
        await exchange.reports.start()
        stack.push_async_callback(exchange.reports.close)
        stack.callback(exchange.tracing.close)
        self._on_signals()
        collector = Collector(exchange.loop, lambda: not registry.calls)
        collector.start()
        stack.callback(collector.stop)
        self._tasks.start(
            looking=looking.run(),
            retention=retention.run(),
            watchdog=Watchdog(exchange).run(),
            room=Room(exchange).run(),
            sweeper=Sweeper(exchange, registry, self._switch.orders).run(),
        )
        self._running.ready = True
        sockets = [str(Listen(transport, *address)) for transport, address in exchange.shell.addresses]
        capacity = exchange.plane.capacity() // 2
        print(f"ready {' '.join(sockets)} {http} calls:{capacity}", flush=True)
        self._manager.ready(self._status())
        pulse = Pulse(exchange.loop, self._manager, self._status)
        pulse.start()
        stack.callback(pulse.stop)

    def _retention(self) -> Retention:
        config = self._exchange.config
        return Retention(
            self._switch.holds,
            config.server.data_dir,
            lambda: self._exchange.config.retention,
            lambda: datetime.now(UTC),
        )

    async def _open_api(self, retention: Retention, stack: AsyncExitStack) -> str:
        """Serve HTTP; the beginning of its URL."""
        exchange = self._exchange
        data_dir = exchange.config.server.data_dir
        if self._is_away:
            self._tasks.start(directory=self._read_late())
        self._tokens.start()
        stack.push_async_callback(self._tokens.close)
        listeners, explainer = Listeners(exchange.news.stream), Explainer(data_dir / "journal")
        tasks, is_ready = lambda: len(asyncio.all_tasks()), lambda: self._running.readiness().ready
        exchange.metrics.watch(sources(exchange, listeners, tasks, is_ready, retention.deleted))
        services = Services(
            backend=self._running,
            reader=self._switch.reader,
            settled=exchange.history.flush,
            metrics=exchange.metrics,
            figures=exchange.figures,
            data_dir=data_dir,
            tokens=self._tokens,
            audit=self._switch.audit,
            note=exchange.history.put,
            requests=Buckets(REQUESTS, exchange.now),
            failures=Buckets(FAILURES, exchange.now),
            tracing=exchange.tracing,
            levels=exchange.debugging.levels,
            explainer=explainer,
            listeners=listeners,
            tickets=Tickets(exchange.now),
            webhooks=exchange.webhooks,
            alarms=exchange.alarms,
            reports=exchange.reports.jobs,
            holds=self._switch.holds,
            retention=retention,
            language=lambda: exchange.config.server.language,
            zone=lambda: exchange.config.server.timezone,
        )
        # Half a second of work, in which those who return are answered.
        app = await asyncio.to_thread(create_app, services, version=VERSION)
        await asyncio.to_thread(prepare, app)
        http = await self._entrance.open(exchange.config, app, stack)
        stack.callback(explainer.close)
        return http

    def _status(self) -> str:
        """In a line, for `systemctl status`."""
        return f"{self._running.readiness().detail}; calls: {len(self._switch.registry.calls)}"

    async def _settle_past(self) -> None:
        """Book the rest of the former run; then the database can tell today's figures."""
        exchange, reader = self._exchange, self._switch.reader
        config = exchange.config
        data_dir = config.server.data_dir
        await mend_recordings(data_dir, self._recorded, self._parts, reader, exchange.booking.book)
        await exchange.history.flush()
        await exchange.history.caught_up()
        await seed(exchange.figures, config.database.url, data_dir, reader.goes_back)

    async def _ask(self, database: Callable[[], Awaitable[_Told]]) -> _Told | None:
        """What the database tells; None while it is away."""
        if not self._is_away:
            try:
                with telling_away():
                    return await database()
            except Away as error:
                self._log.warning("the database is away", error=str(error))
                self._is_away = True
        return None

    async def _read_late(self) -> None:
        """Who has which token, and which phones were registered, of a database that is away at the start."""
        stored = None
        while stored is None:
            await self._exchange.history.caught_up()
            try:
                await self._tokens.read()
                stored = await self._switch.reader.bindings(datetime.now(UTC))
            except (SQLAlchemyError, OSError) as error:
                self._log.warning("tokens and registrations cannot be read", error=str(error))
                await asyncio.sleep(_AGAIN_S)
        self._exchange.registrations.take_up_late(stored)
        self._log.info("the database is there", bindings=len(stored))

    async def _reload(self) -> Reloaded:
        with self._manager.reloading():
            return await self._reloader.reload()

    def drain(self) -> None:
        """No new calls but emergency ones; the end when the last one ends, or after `drain_timeout`."""
        if self._exchange.draining:
            return
        self._exchange.draining = True
        calls = len(self._switch.registry.calls)
        timeout_s = self._exchange.config.server.drain_timeout
        self._log.info("draining", calls=calls, timeout_s=timeout_s)
        self._manager.stopping(self._status(), timeout_s + _LAST_S)
        self._tasks.start(drain=self._drained(timeout_s))

    async def until_stopped(self) -> None:
        """Until the drain is done, or a second signal."""
        await self._stopping.wait()

    async def end_calls(self) -> None:
        """End what is left, unregister, and give BYEs and recordings a moment."""
        registry, trunks = self._switch.registry, self._exchange.trunks
        for call in list(registry.calls.values()):
            served = call.agent is not None or call.ledger.was_served
            talking = served and call.ledger.connected_us is not None
            call.end(Result.ANSWERED if talking else Result.FAILED, Reason.SWITCH_STOPPED, EndedBy.SWITCH)
        self._exchange.dispatch.flush()
        trunks.stop()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await registry.until_idle()
                # The endpoint tells no last BYE.
                while self._exchange.endpoint.counts().sessions or trunks.is_leaving:  # noqa: ASYNC110
                    await asyncio.sleep(_TURN_S)

    async def _drained(self, timeout_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._switch.registry.until_idle(), timeout_s)
        self._stopping.set()

    def _on_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._exchange.loop.add_signal_handler(number, self._terminate)
        self._exchange.loop.add_signal_handler(
            signal.SIGHUP, lambda: self._tasks.start(reload=self._reload())
        )

    def _terminate(self) -> None:
        if self._terminated:
            self._log.info("stopping at once")
            self._stopping.set()
        self._terminated = True
        self.drain()
