"""What is too old goes, in both databases, with its files; what is held stays, whoever asks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.config.retention import RetentionAges
from switch.events.alarms import Alarms
from switch.history.entries import AgentChanged, CallEnded
from switch.history.holds import Hold, Holds
from switch.history.reader import Reader
from switch.history.retention import Retention
from switch.history.writer import Writer
from switch.records import AgentState, AgentStateRecord, CallRecord
from tests.switch.samples import NOON, answered_call

DAY = timedelta(days=1)


def call(name: str, days_ago: float, number: str = "+34600111222", queue: str = "support") -> CallRecord:
    record = answered_call(name, ended_at=NOON - days_ago * DAY)
    visit = replace(record.visits[0], queue=queue)
    started_at = NOON - days_ago * DAY - timedelta(minutes=1)
    return replace(record, from_=number, queue=queue, started_at=started_at, visits=(visit,))


def hold(
    name: str,
    on: str | None = None,
    number: str | None = None,
    queue: str | None = None,
    from_: datetime | None = None,
    to: datetime | None = None,
) -> Hold:
    return Hold(
        id=name, call=on, number=number, queue=queue, from_=from_, to=to, by="ana", why="a case", since=NOON
    )


async def stored(engine: AsyncEngine, folder: Path, *records: CallRecord) -> None:
    """In the history, and their recordings on the disk."""
    writer = Writer(engine, folder, Alarms(lambda: 0), node="test")
    writer.start()
    for record in records:
        writer.put(CallEnded(call=record))
        assert record.recording is not None
        path = folder / record.recording.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF")
    await writer.close()


def keeping(engine: AsyncEngine, folder: Path, **ages: int) -> tuple[Retention, Holds]:
    holds = Holds(engine, node="test")
    return Retention(holds, folder, lambda: RetentionAges(**ages), lambda: NOON), holds


async def left(engine: AsyncEngine) -> set[str]:
    return {record.id for record in (await Reader(engine).calls()).items}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("recordings/**/*.*")}


async def count(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


async def test_what_is_too_old_goes_whole(engine: AsyncEngine, tmp_path: Path) -> None:
    await stored(engine, tmp_path, call("old", 11), call("young", 9))
    crashed = next(tmp_path.glob("recordings/**/old.wav")).with_name("old.2.wav.part")
    crashed.write_bytes(b"RIFF")
    retention, _ = keeping(engine, tmp_path, calls=10)
    assert await retention.due() == {"calls": 1}
    assert await left(engine) == {"old", "young"}, "nothing goes by being asked about"
    assert await retention.sweep() == {"calls": 1}
    assert (await left(engine), files(tmp_path)) == ({"young"}, {"young.wav"})
    assert [await count(engine, table) for table in ("legs", "queue_visits", "segments")] == [2, 1, 1]
    assert retention.deleted() == {"calls": 1, "recordings": 0, "agent_states": 0}
    assert await retention.sweep() == {"calls": 0}


async def test_recordings_may_go_before_their_calls(engine: AsyncEngine, tmp_path: Path) -> None:
    await stored(engine, tmp_path, call("old", 11), call("young", 9))
    retention, _ = keeping(engine, tmp_path, recordings=10, calls=100)
    assert await retention.due() == {"calls": 0, "recordings": 1}
    assert await retention.sweep() == {"calls": 0, "recordings": 1}
    assert files(tmp_path) == {"young.wav"}
    assert await left(engine) == {"old", "young"}
    old = await Reader(engine).call("old")
    assert old is not None
    assert old.recording is None


async def test_nothing_goes_unless_the_configuration_says_so(engine: AsyncEngine, tmp_path: Path) -> None:
    await stored(engine, tmp_path, call("old", 9999))
    retention, _ = keeping(engine, tmp_path)
    assert await retention.sweep() == {}
    assert await left(engine) == {"old"}


@pytest.mark.parametrize(
    ("held", "stays"),
    [
        (hold("h", on="a"), {"a"}),
        (hold("h", number="+34600000001"), {"b"}),
        (hold("h", number="+34911000000"), {"a", "b", "c", "d"}),
        (hold("h", queue="sales"), {"c", "d"}),
        (hold("h", queue="sales", from_=NOON - 25 * DAY, to=NOON - 15 * DAY), {"c"}),
        (hold("h", from_=NOON - 35 * DAY), {"a", "b", "c"}),
        (hold("h", queue="sales", number="+34600000001"), set()),
    ],
)
async def test_a_hold_is_on_all_calls_of_which_it_is_true(
    engine: AsyncEngine, tmp_path: Path, held: Hold, stays: set[str]
) -> None:
    await stored(
        engine,
        tmp_path,
        call("a", 20),
        call("b", 20, number="+34600000001"),
        call("c", 20, queue="sales"),
        call("d", 40, queue="sales"),
    )
    retention, holds = keeping(engine, tmp_path, calls=10, recordings=5)
    await holds.add(held)
    assert await holds.all() == [held]
    await retention.sweep()
    assert (await left(engine), files(tmp_path)) == (stays, {f"{name}.wav" for name in stays})
    assert await holds.remove("h", "ana")
    assert not await holds.remove("h", "ana")
    await retention.sweep()
    assert (await left(engine), files(tmp_path)) == (set(), set())


async def test_a_hold_names_something(engine: AsyncEngine, tmp_path: Path) -> None:
    _, holds = keeping(engine, tmp_path)
    with pytest.raises(ValueError, match="names a call, a number, a queue or a time"):
        await holds.add(hold("h"))


async def test_what_a_crash_interrupted_is_completed(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of a batch are gone and its rows are not: the next sweep takes the rows."""
    await stored(engine, tmp_path, *[call(f"old{n:03}", 11) for n in range(150)], call("young", 1))
    retention, _ = keeping(engine, tmp_path, calls=10)
    unlink: Callable[..., None] = Path.unlink
    done = iter(range(120))

    def until_the_crash(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok)
        if next(done, None) is None:
            raise OSError("the power went")

    monkeypatch.setattr(Path, "unlink", until_the_crash)
    with pytest.raises(OSError, match="power"):
        await retention.sweep()
    assert len(files(tmp_path)) == 30
    assert await count(engine, "calls") == 51, "one batch whole, none of the other"
    monkeypatch.undo()
    again, _ = keeping(engine, tmp_path, calls=10)
    assert await again.sweep() == {"calls": 50}
    assert (await left(engine), files(tmp_path)) == ({"young"}, {"young.wav"})


async def test_agents_states_go_when_they_are_over(engine: AsyncEngine, tmp_path: Path) -> None:
    await stored(engine, tmp_path, call("held", 15))
    writer = Writer(engine, tmp_path, Alarms(lambda: 0), node="test")
    writer.start()
    for days, state, of in (
        (20, "ready", None),
        (15, "on_call", "held"),
        (14, "ready", None),
        (3, "paused", None),
    ):
        change = AgentStateRecord(agent="ana", state=AgentState(state), since=NOON - days * DAY, call=of)
        writer.put(AgentChanged(change=change))
    await writer.close()
    retention, holds = keeping(engine, tmp_path, agent_states=10)
    await holds.add(hold("h", on="held"))
    assert await retention.sweep() == {"agent_states": 1}
    states = await Reader(engine).agent_states("ana", NOON - 99 * DAY)
    assert [(one.state, one.call) for one in states] == [
        ("on_call", "held"),
        ("ready", None),
        ("paused", None),
    ]
