"""A history to tell of: calls by their ends, some of whom gave up in line."""

from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.calls.ending import Reason, Result
from switch.events.alarms import Alarms
from switch.history.entries import CallEnded
from switch.history.tables import calls
from switch.history.writer import Writer
from switch.records import CallRecord, VisitRecord
from tests.switch.samples import NOON, answered_call

START = NOON.replace(microsecond=0)


def ended(i: int) -> CallRecord:
    """The i-th call: a minute after the one before; each third gave up, after so many seconds."""
    base, shift = answered_call(f"CALL{i:04}"), timedelta(minutes=i)
    entered = START + shift
    if i % 3:
        return replace(
            base, from_=f"+3460000{i:04}", started_at=entered, ended_at=entered + timedelta(seconds=64)
        )
    left = entered + timedelta(seconds=i)
    visit = VisitRecord(
        queue="support" if i % 2 else "sales",
        entered_at=entered,
        left_at=left,
        wait_s=float(i),
        result=Result.ABANDONED,
        reason=Reason.CALLER_HUNG_UP,
    )
    return replace(
        base,
        from_=f"+3460000{i:04}",
        queue=visit.queue,
        agent=None,
        started_at=entered,
        answered_at=None,
        ended_at=left,
        wait_s=float(i),
        talk_s=0.0,
        wrap_up_s=None,
        result=Result.ABANDONED,
        visits=(visit,),
    )


async def written(engine: AsyncEngine, data_dir: Path, count: int) -> list[CallRecord]:
    """So many calls, in the database."""
    made = [ended(i) for i in range(count)]
    writer = Writer(engine, data_dir, Alarms(lambda: 0), node="test")
    writer.start()
    for call in made:
        writer.put(CallEnded(call=call))
    await writer.flush(30.0)
    await writer.close()
    return made


async def many(engine: AsyncEngine, count: int, name: str = "C") -> None:
    """A great many calls, without what belongs to them, in one day."""
    step = timedelta(days=1) / count
    row: dict[str, object] = {
        "tenant": "default",
        "node": "test",
        "direction": "inbound",
        "trunk": "carrier",
        "to": "+34911000000",
    }
    row |= {"queue": "support", "agent": "ana", "talk_s": 61.0, "hold_s": 0.0, "result": "answered"}
    async with engine.begin() as connection:
        for first in range(0, count, 10_000):
            await connection.execute(
                insert(calls),
                [
                    row
                    | {
                        "id": f"{name}{i:018}",
                        "from": f"+34{600000000 + i}",
                        "started_at": START + i * step,
                        "ended_at": START + i * step,
                        "wait_s": i % 60 / 7,
                        "wrap_up_s": 10.0,
                        "reason": "caller_hung_up",
                    }
                    for i in range(first, min(first + 10_000, count))
                ],
            )
