"""The history's writer: off the call's path, in batches, keeping whatever it was given.

What it is told goes into a bounded queue in memory and returns at once. One task takes batches from it, each
a transaction. What the queue has no room for, and what an unavailable database does not take, goes to a spool
file under data_dir and is replayed, in order, before anything newer. Every row has a key of its own, writing
it twice changes nothing, and so a batch whose commit was in doubt is simply written again and counts once.
A database that was away when the switch started is brought to today's schema first.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.events.alarms import Alarms
from switch.events.types import Alarm
from switch.history.database import Away, reach
from switch.history.entries import OUTCOMES, Entry
from switch.history.spool import Spool
from switch.history.statements import Statements

_LINGER_S = 0.1
_BATCH = 200
_AT_ONCE = 100
"""Entries that are made into statements between two turns of the loop: a millisecond or two of work."""
_COMMIT_S = 30.0
_RETRY_S = (0.5, 30.0)
_DATABASE = "database"


Migrate: TypeAlias = Callable[[], Awaitable[None]]


class _Unavailable(Exception):
    """The database took nothing; it may later."""


class Writer:
    """Writes entries in the order in which they were put. Made and used in the loop's thread.

    `node` is this machine's name in every row; `room` bounds the queue in memory.
    """

    def __init__(
        self, engine: AsyncEngine, data_dir: Path, alarms: Alarms, *, node: str, room: int = 10_000
    ) -> None:
        self._engine = engine
        self._statements = Statements(engine.dialect, node)
        self._spool = Spool(data_dir / "history.spool")
        self._refused = data_dir / "history.refused"
        self._room = room
        self._queue: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._caught_up = asyncio.Event()
        self._hurry = asyncio.Event()
        self._closing = False
        self._to_migrate: Migrate | None = None
        self._alarms = alarms
        self._given = self._settled = 0
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._retry_s = _RETRY_S[0]
        self._task: asyncio.Task[None] | None = None
        self._counts = Counter(dict.fromkeys(OUTCOMES, 0))
        self._encode = msgspec.json.Encoder().encode
        self._decode = msgspec.json.Decoder(Entry).decode
        self._log = structlog.get_logger("history")
        self.on_put: Callable[[Entry], None] = lambda entry: None
        """Who hears of everything that is to be written, before it is."""

    def start(self, migrate: Migrate | None = None) -> None:
        """Begin to write, with what an earlier run left in the spool. A database that is away until now is
        brought to today's schema first, by `migrate`, which raises Away as long as that cannot be.
        """
        self._to_migrate = migrate
        self._task = asyncio.get_running_loop().create_task(self._run(), name="history")

    async def close(self, timeout_s: float = 10.0) -> None:
        """Write what is left, or spool it, and stop. A second time changes nothing."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        self._hurry.set()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=timeout_s)
            self._task.cancel()
            await asyncio.wait({self._task})
        self._spool_queue()
        self._lose(self._queue)
        self._spool.close()

    def put(self, entry: Entry) -> None:
        """Take an entry; never blocks. A full queue spools its oldest."""
        self.on_put(entry)
        self._queue.append(entry)
        self._given += 1
        if len(self._queue) > self._room:
            oldest = [self._queue.popleft()]
            if not self._to_spool(oldest):
                self._lose(oldest)
        self._wake.set()

    async def flush(self, timeout_s: float = 1.0) -> bool:
        """Wait until all that was put so far is in the database, or in the spool; False: not in time."""
        if self._settled >= self._given:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append((self._given, waiter))
        self._hurry.set()
        await asyncio.wait({waiter}, timeout=timeout_s)
        return waiter.done() or not waiter.cancel()

    @property
    def is_migrated(self) -> bool:
        """Whether the database has our tables as this version wants them, as far as is known."""
        return self._to_migrate is None

    async def caught_up(self) -> None:
        """Wait until the database is there and has all that had to wait for it on the disk."""
        await self._caught_up.wait()

    def counts(self) -> dict[str, int]:
        """How many entries met which of OUTCOMES."""
        return dict(self._counts)

    def spooled_bytes(self) -> int:
        """How much waits on the disk for the database."""
        return self._spool.size_bytes

    def queued(self) -> int:
        """How many entries wait in memory."""
        return len(self._queue)

    async def _run(self) -> None:
        while not self._closing or self._queue:
            await self._something_to_do()
            try:
                await self._migrate()
                await self._write_all()
                self._caught_up.set()
                self._retry_s = _RETRY_S[0]
                self._alarms.over(Alarm.DATABASE_AWAY, _DATABASE)
                self._alarms.over(Alarm.HISTORY_FULL, str(self._spool.path))
            except _Unavailable as error:
                self._caught_up.clear()  # though nothing may have to wait yet
                self._spool_queue()
                if self._closing:
                    return
                self._log.warning("database unavailable", error=str(error), retry_s=self._retry_s)
                self._alarms.begin(Alarm.DATABASE_AWAY, _DATABASE, str(error))
                await self._until_retry()

    async def _something_to_do(self) -> None:
        """Until there is work, and a little longer so that a batch gathers, unless somebody is in a hurry."""
        if not self._spool and self._caught_up.is_set():
            await self._wake.wait()
        self._wake.clear()
        await _first(self._hurry, _LINGER_S)
        self._hurry.clear()

    async def _until_retry(self) -> None:
        """Keep the memory empty while the database is away."""
        loop = asyncio.get_running_loop()
        retry_at = loop.time() + self._retry_s
        self._retry_s = min(self._retry_s * 2, _RETRY_S[1])
        while not self._closing and (left := retry_at - loop.time()) > 0:
            await _first(self._wake, left)
            self._wake.clear()
            self._spool_queue()
        self._wake.set()

    async def _migrate(self) -> None:
        """If that is still to be done. Raises _Unavailable."""
        if self._to_migrate is None:
            return
        try:
            await reach(self._engine)
            await self._to_migrate()
        except (Away, SQLAlchemyError, OSError) as error:
            raise _Unavailable(str(error)) from error
        self._to_migrate = None

    async def _write_all(self) -> None:
        """The spool, then what is in the queue now. Raises _Unavailable, with the batch in the spool."""
        left = len(self._queue)
        while self._spool or left > 0:
            if lines := self._spool.first(_BATCH):
                await self._write_spooled(lines)
            else:
                await self._write_new(self._oldest())
                left -= _BATCH

    def _oldest(self) -> list[Entry]:
        return [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]

    async def _write_spooled(self, lines: Sequence[bytes]) -> None:
        batch: list[Entry] = []
        unreadable: list[tuple[bytes, msgspec.MsgspecError]] = []
        for line in lines:
            try:
                batch.append(self._decode(line))
            except msgspec.MsgspecError as wrong:
                unreadable.append((line, wrong))
        await self._write(batch)
        self._spool.drop(lines)
        self._counts["replayed"] += len(batch)
        for line, why in unreadable:
            self._refuse(line, why)

    async def _write_new(self, batch: Sequence[Entry]) -> None:
        written = False
        try:
            await self._write(batch)
            written = True
        finally:
            if not written and not self._to_spool(batch, first=True):
                self._queue.extendleft(reversed(batch))
        self._settle(len(batch))

    async def _write(self, batch: Sequence[Entry]) -> None:
        """One transaction. Should the database refuse the batch for what is in it, one for each entry."""
        try:
            await self._commit(batch)
            self._counts["written"] += len(batch)
        except _Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is in the batch: find the entry, go on without
            if len(batch) > 1:
                for entry in batch:
                    await self._write([entry])
            else:
                self._refuse(self._encode(batch[0]), error)

    async def _commit(self, batch: Sequence[Entry]) -> None:
        """Raises _Unavailable, or whatever a database says that is there but does not take this."""
        try:
            async with asyncio.timeout(_COMMIT_S), self._engine.begin() as connection:
                for first in range(0, len(batch), _AT_ONCE):
                    for statement, rows in self._statements.of(batch[first : first + _AT_ONCE]):
                        await connection.exec_driver_sql(statement, rows)
        except DBAPIError as error:
            if _for_what_is_in_it(error):
                raise
            raise _Unavailable(str(error.orig)) from error
        except StatementError:
            raise
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise _Unavailable(str(error) or type(error).__name__) from error

    def _refuse(self, line: bytes, error: Exception) -> None:
        self._counts["refused"] += 1
        self._log.error("history entry refused", error=str(error), kept_in=str(self._refused))
        try:
            with self._refused.open("ab") as file:
                file.write(line + b"\n")
        except OSError as full:
            self._log.error("nor can it be kept", error=str(full), entry=line.decode(errors="replace"))

    def _spool_queue(self) -> None:
        """Empty the memory into the spool; what a full disk does not take stays in memory."""
        while self._queue:
            batch = self._oldest()
            if not self._to_spool(batch):
                self._queue.extendleft(reversed(batch))
                return

    def _to_spool(self, batch: Sequence[Entry], first: bool = False) -> bool:
        lines = [self._encode(entry) for entry in batch]
        try:
            if first and self._spool:
                self._spool.prepend(lines)
            else:
                self._spool.append(lines)
        except OSError as error:
            if self._alarms.begin(Alarm.HISTORY_FULL, str(self._spool.path), str(error)):
                self._log.error("history cannot be spooled", error=str(error), spool=str(self._spool.path))
            return False
        self._alarms.over(Alarm.HISTORY_FULL, str(self._spool.path))
        self._counts["spooled"] += len(lines)
        self._caught_up.clear()
        self._settle(len(lines))
        return True

    def _lose(self, entries: Sequence[Entry]) -> None:
        self._counts["lost"] += len(entries)
        self._settle(len(entries))

    def _settle(self, count: int) -> None:
        self._settled += count
        while self._waiters and self._waiters[0][0] <= self._settled:
            waiter = self._waiters.popleft()[1]
            if not waiter.done():
                waiter.set_result(None)


def _for_what_is_in_it(error: DBAPIError) -> bool:
    """Whether the database refuses the rows (SQLSTATE classes 22 and 23) rather than being out of order."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return isinstance(error, IntegrityError | DataError) or state[:2] in ("22", "23")


async def _first(event: asyncio.Event, timeout_s: float) -> None:
    """Until the event, or that long."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
