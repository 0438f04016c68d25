"""The writer: nothing is lost, nothing is there twice, nobody waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from switch.access.audit_reader import AuditReader
from switch.access.rights import Role
from switch.access.rows import TokenRow
from switch.access.store import TokenStore
from switch.events.alarms import Alarms
from switch.events.types import Alarm
from switch.history import tables
from switch.history.database import Away, connect
from switch.history.entries import (
    AgentChanged,
    Audited,
    BindingPut,
    BindingRemoved,
    CallEnded,
    Decided,
    Entry,
    OfferEnded,
    WrapUpEnded,
)
from switch.history.holds import Hold, Holds
from switch.history.reader import Reader
from switch.history.schema import migrate
from switch.history.writer import Writer
from switch.records import AgentState, AgentStateRecord, OfferResult
from tests.switch.history.conftest import let_go
from tests.switch.samples import NOON, answered_call, at, offer, transfer

CALL = answered_call()
BATCHES = 200


@pytest.fixture
async def writer(engine: AsyncEngine, tmp_path: Path) -> AsyncIterator[Writer]:
    made = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    made.start()
    yield made
    await made.close()


@pytest.fixture
def reader(engine: AsyncEngine) -> Reader:
    return Reader(engine)


class Outage:
    """Makes every transaction of an engine fail, from `begin` to `end`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.sync_engine
        event.listen(self._engine, "begin", self._fail)
        self.on = True

    def _fail(self, connection: object) -> None:
        if self.on:
            raise OperationalError("BEGIN", None, OSError("the disk is on fire"))

    def end(self) -> None:
        self.on = False


async def rows(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        found: int = (
            await connection.execute(select(func.count()).select_from(tables.metadata.tables[table]))
        ).scalar_one()
    return found


async def test_what_was_written_is_what_is_read(writer: Writer, reader: Reader) -> None:
    writer.put(CallEnded(call=CALL, offers=(offer("o1"), offer("o2", OfferResult.NO_ANSWER))))
    assert await writer.flush(5)
    assert await reader.call(CALL.id) == CALL


def asked(id: str) -> Audited:
    return Audited(
        id=id,
        at=NOON,
        who="eva",
        token="",
        role="admin",
        method="GET",
        path="/",
        address="192.0.2.7",
        status=200,
        detail="",
    )


async def test_every_row_names_tenant_and_node(engine: AsyncEngine, writer: Writer) -> None:
    writer.put(CallEnded(call=CALL, offers=(offer("o1"),), transfers=(transfer(),)))
    writer.put(AgentChanged(change=AgentStateRecord(agent="ana", state=AgentState.READY, since=NOON)))
    writer.put(BindingPut(phone="1001", contact="sip:a", expires_at=at(60), state="{}"))
    writer.put(Decided(seal="5ea1", decided_at=NOON, number=1, offer="o1", call=CALL.id, text="[]"))
    await writer.flush(5)
    token = TokenRow(id="1", name="eva", role=Role.ADMIN, created_at=NOON, created_by="x", expires_at=None)
    await TokenStore(engine, node="test").add("4a5h", token)
    writer.put(asked("1"))
    await writer.flush(5)
    await Holds(engine, node="test").add(Hold(id="1", call=CALL.id, by="eva", why="a case", since=NOON))
    async with engine.connect() as connection:
        for table in tables.metadata.sorted_tables:
            origin = (await connection.execute(select(table.c.tenant, table.c.node))).all()
            assert set(origin) == {("default", "test")}, table.name


async def test_the_audit_log_is_read_page_by_page_and_tokens_as_they_were(
    engine: AsyncEngine, writer: Writer
) -> None:
    for number in range(3):
        writer.put(asked(str(number)))
    await writer.flush(5)
    log, seen, cursor = AuditReader(engine), [], None
    while True:
        page = await log.page(who="eva", since=NOON, cursor=cursor, limit=2)
        seen += [row.id for row in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == ["2", "1", "0"]
    store = TokenStore(engine, node="test")
    token = TokenRow(
        id="1",
        name="eva",
        role=Role.SUPERVISOR,
        queues=("a b",),
        created_at=NOON,
        created_by="x",
        expires_at=at(9),
    )
    await store.add("4a5h", token)
    await store.used({"1": at(1)})
    await store.revoke("1", at(2))
    assert await store.read() == {"4a5h": replace(token, last_used_at=at(1), revoked_at=at(2))}


async def test_late_entries_complete_a_record(writer: Writer, reader: Reader) -> None:
    writer.put(CallEnded(call=replace(CALL, recording=None), offers=(offer("o1"),)))
    await writer.flush(5)
    assert CALL.agent is not None
    writer.put(WrapUpEnded(call=CALL.id, wrap_up_s=9.5, agent=CALL.agent))
    writer.put(WrapUpEnded(call=CALL.id, wrap_up_s=60.0, agent="who sent the caller on"))
    writer.put(OfferEnded(call=CALL.id, offer=offer("o1", OfferResult.CANCELLED)))
    await writer.flush(5)
    record = await reader.call(CALL.id)
    assert record is not None
    assert (record.wrap_up_s, record.visits[0].wrap_up_s) == (9.5, 9.5)


async def test_the_last_change_of_a_binding_counts(
    engine: AsyncEngine, writer: Writer, reader: Reader
) -> None:
    def put(phone: str, state: str) -> BindingPut:
        return BindingPut(phone=phone, contact="sip:c", expires_at=at(60), state=state)

    writer.put(put("1", "first"))
    writer.put(put("1", "second"))
    writer.put(put("2", "gone"))
    await writer.flush(5)
    writer.put(BindingRemoved(phone="2", contact="sip:c"))
    writer.put(BindingRemoved(phone="1", contact="sip:c"))
    writer.put(put("1", "third"))
    writer.put(put("3", "never"))
    writer.put(BindingRemoved(phone="3", contact="sip:c"))
    await writer.flush(5)
    assert [(one.phone, one.state, one.expires_at) for one in await reader.bindings(NOON)] == [
        ("1", "third", at(60))
    ]
    assert await reader.bindings(at(60)) == []


async def test_an_agents_states(writer: Writer, reader: Reader) -> None:
    states = [
        AgentStateRecord(agent="ana", state=state, since=at(n), reason=None, call=None)
        for n, state in enumerate((AgentState.READY, AgentState.RINGING, AgentState.ON_CALL))
    ]
    for change in states:
        writer.put(AgentChanged(change=change))
    await writer.flush(5)
    assert await reader.agent_states("ana", at(1)) == states[1:]
    assert await reader.agent_states("luis", at(0)) == []


async def test_an_outage_is_spooled_and_replayed_once_and_in_order(
    engine: AsyncEngine, writer: Writer, reader: Reader, tmp_path: Path
) -> None:
    outage = Outage(engine)
    writer.put(CallEnded(call=CALL))
    assert await writer.flush(5)
    writer.put(WrapUpEnded(call=CALL.id, wrap_up_s=1.0))
    writer.put(WrapUpEnded(call=CALL.id, wrap_up_s=2.0))
    assert await writer.flush(5)
    assert writer.counts() == {"written": 0, "spooled": 3, "replayed": 0, "refused": 0, "lost": 0}
    assert (tmp_path / "history.spool").read_bytes().count(b"\n") == 3
    outage.end()
    committed = asyncio.Event()
    event.listen(engine.sync_engine, "commit", lambda connection: committed.set())
    await committed.wait()
    await writer.close()
    assert writer.counts()["replayed"] == 3
    record = await reader.call(CALL.id)
    assert record is not None
    assert record.wrap_up_s == 2.0
    assert (tmp_path / "history.spool").stat().st_size == 0
    assert await rows(engine, "legs") == 2


async def test_the_spool_of_a_dead_run_is_replayed(engine: AsyncEngine, tmp_path: Path) -> None:
    outage = Outage(engine)
    dead = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    dead.start()
    dead.put(CallEnded(call=CALL))
    await dead.close()
    with (tmp_path / "history.spool").open("ab") as file:
        file.write(b'{"entry":"wrap_up_en')
    outage.end()
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    writer.start()
    writer.put(WrapUpEnded(call=CALL.id, wrap_up_s=3.0))
    assert await writer.flush(5)
    await writer.close()
    assert writer.counts() == {"written": 2, "spooled": 0, "replayed": 1, "refused": 0, "lost": 0}
    record = await Reader(engine).call(CALL.id)
    visit = replace(CALL.visits[0], wrap_up_s=3.0)
    assert record == replace(CALL, wrap_up_s=3.0, visits=(visit,))


async def test_a_database_that_was_away_is_brought_up_first(tmp_path: Path) -> None:
    """What was put before is written, once, when it is there and has our tables."""
    engine = connect("sqlite:///centralita.db", tmp_path)
    outage, tries = Outage(engine), []

    async def migrate_at_last() -> None:
        tries.append(late.is_migrated)
        if len(tries) == 1:
            raise Away("another is at it")
        outage.end()
        await migrate(engine)

    late = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    late.start(migrate_at_last)
    late.put(CallEnded(call=CALL))
    async with asyncio.timeout(20):
        await late.caught_up()
    assert (tries, late.is_migrated) == ([False, False], True)
    assert late.counts() == {"written": 1, "spooled": 1, "replayed": 1, "refused": 0, "lost": 0}
    assert await Reader(engine).call(CALL.id) == CALL
    await late.close()
    await engine.dispose()


async def test_a_commit_in_doubt_counts_once(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection dies after COMMIT reached the database: the batch is there, and is written again."""
    begin = AsyncEngine.begin
    commits: list[bool] = []

    @asynccontextmanager
    async def begin_and_die(self: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        async with begin(self) as connection:
            yield connection
        commits.append(True)
        if len(commits) == 1:
            raise OperationalError("COMMIT", None, OSError("connection lost"))

    monkeypatch.setattr(AsyncEngine, "begin", begin_and_die)
    first = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    first.start()
    first.put(CallEnded(call=CALL, offers=(offer("o1"),)))
    assert await first.flush(5)
    await first.close()
    second = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    second.start()
    second.put(AgentChanged(change=AgentStateRecord(agent="ana", state=AgentState.READY, since=NOON)))
    assert await second.flush(5)
    await second.close()
    assert (first.counts()["spooled"], second.counts()["replayed"], len(commits)) == (1, 1, 3)
    assert await Reader(engine).call(CALL.id) == CALL
    counted = [await rows(engine, name) for name in ("calls", "legs", "queue_visits", "segments", "offers")]
    assert counted == [1, 2, 1, 1, 1]


async def test_a_full_queue_spools_its_oldest(engine: AsyncEngine, tmp_path: Path) -> None:
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test", room=2)
    names = [f"call-{n}" for n in range(5)]
    for name in names:
        writer.put(CallEnded(call=answered_call(name)))
    assert writer.counts()["spooled"] == 3
    writer.start()
    assert await writer.flush(5)
    await writer.close()
    assert writer.counts() == {"written": 5, "spooled": 3, "replayed": 3, "refused": 0, "lost": 0}
    page = await Reader(engine).calls()
    assert sorted(call.id for call in page.items) == names


async def test_what_the_database_refuses_does_not_hold_up_the_rest(
    engine: AsyncEngine, writer: Writer, reader: Reader, tmp_path: Path
) -> None:
    without_zone = replace(answered_call("bad"), started_at=NOON.replace(tzinfo=None))
    writer.put(CallEnded(call=answered_call("one")))
    writer.put(CallEnded(call=without_zone))
    writer.put(OfferEnded(call="nowhere", offer=offer("late")))
    writer.put(CallEnded(call=answered_call("two")))
    assert await writer.flush(5)
    assert writer.counts() == {"written": 2, "spooled": 0, "replayed": 0, "refused": 2, "lost": 0}
    assert (tmp_path / "history.refused").read_bytes().count(b"\n") == 2
    assert {call.id for call in (await reader.calls()).items} == {"one", "two"}


async def test_a_text_that_no_database_likes(writer: Writer, reader: Reader) -> None:
    odd = replace(answered_call("odd"), from_="caf\u00e9 \U0001f4de ' -- \u0000")
    writer.put(CallEnded(call=odd))
    writer.put(CallEnded(call=CALL))
    assert await writer.flush(5)
    assert await reader.call(CALL.id) == CALL
    assert writer.counts()["written"] + writer.counts()["refused"] == 2


async def test_many_are_written_in_batches(engine: AsyncEngine, writer: Writer) -> None:
    begun: list[object] = []
    event.listen(engine.sync_engine, "begin", begun.append)
    for n in range(2 * BATCHES):
        writer.put(AgentChanged(change=AgentStateRecord(agent="ana", state=AgentState.READY, since=at(n))))
    assert await writer.flush(10)
    assert len(begun) == 2
    assert await rows(engine, "agent_states") == 2 * BATCHES


async def test_closing_without_a_database_leaves_all_in_the_spool(tmp_path: Path) -> None:
    (tmp_path / "centralita.db").mkdir()
    engine = connect("sqlite:///centralita.db", tmp_path)
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    writer.start()
    entries: list[Entry] = [CallEnded(call=answered_call(f"call-{n}")) for n in range(3)]
    for entry in entries:
        writer.put(entry)
    await writer.close()
    await let_go(engine)
    lines = (tmp_path / "history.spool").read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=Entry) for line in lines] == entries


def full(file: int, block: bytes) -> int:
    raise OSError(28, "No space left on device")


async def test_a_full_disk_keeps_all_in_memory_until_the_database_is_back(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(engine)
    monkeypatch.setattr("os.write", full)
    alarms = Alarms(lambda: 0)
    writer = Writer(engine, tmp_path, alarms, node="test", room=3)
    writer.start()
    calls = [answered_call(f"call-{n}") for n in range(3)]
    for call in calls:
        writer.put(CallEnded(call=call))
    assert not await writer.flush(0.2)
    assert {row.alarm for row in alarms.standing()} == {Alarm.DATABASE_AWAY, Alarm.HISTORY_FULL}
    outage.end()
    assert await writer.flush(5)
    await writer.close()
    assert alarms.standing() == []
    assert writer.counts() == {"written": 3, "spooled": 0, "replayed": 0, "refused": 0, "lost": 0}
    assert [await Reader(engine).call(call.id) for call in calls] == calls


async def test_what_neither_memory_nor_disk_has_room_for_is_counted_as_lost(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outage = Outage(engine)
    monkeypatch.setattr("os.write", full)
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test", room=1)
    for n in range(3):
        writer.put(CallEnded(call=answered_call(f"call-{n}")))
    assert writer.counts()["lost"] == 2
    writer.start()
    await writer.close()
    assert outage.on
    assert writer.counts() == {"written": 0, "spooled": 0, "replayed": 0, "refused": 0, "lost": 3}
