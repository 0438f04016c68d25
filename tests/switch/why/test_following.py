"""The ledger followed in a real database: over pages and machines, and whatever was done to a row."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from switch.events.alarms import Alarms
from switch.history.database import connect
from switch.history.reader import Reader
from switch.history.writer import Writer
from switch.why.following import follow
from switch.why.rows import LedgerRow
from tests.acd.stage import Stage, support, team
from tests.peers.tables import URL, share_tables
from tests.switch.why.scenes import entry, offers


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncEngine:
    share_tables(tmp_path)
    return connect(URL, tmp_path)


async def kept(engine: AsyncEngine, folder: Path, seed: int, node: str, count: int) -> None:
    """So many decisions, others with each seed."""
    stage = Stage([support(wrap_up_us=0)], team("ana"), seed)
    stage.login("ana")
    for number in range(count):
        stage.queue(f"c{number}")
        stage.answer("ana")
        stage.end(f"c{number}", "ana")
    writer = Writer(engine, folder, Alarms(lambda: 0), node=node)
    writer.start()
    for offer in offers(stage):
        writer.put(entry(offer))
    assert await writer.flush(10)
    await writer.close()


async def followed(engine: AsyncEngine) -> LedgerRow:
    try:
        return await follow(Reader(engine))
    finally:
        await engine.dispose()


async def test_each_machine_has_a_chain_that_is_followed_from_page_to_page(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    for seed, node, count in ((1, "a", 250), (2, "b", 5), (3, "c", 100)):
        await kept(engine, tmp_path, seed, node, count)
    found = await followed(engine)
    assert found.decisions == 355
    assert found.whole
    assert found.seal


@pytest.mark.parametrize(
    ("alteration", "faults"),
    [
        ("text = replace(text, 'main-', 'mane-')", {("altered", 3)}),
        ("text = CAST(x'5B22FF225D' AS TEXT)", {("altered", 0)}),
        ("call = 'another'", {("altered", 3)}),
        ("offer = 'another'", {("altered", 3)}),
        ("seal = '00000000000000000000000000000000'", {("altered", 3), ("unlinked", 4)}),
        ("number = 300", {("gap", 4), ("altered", 3)}),
        ("node = 'elsewhere'", {("gap", 4)}),
    ],
)
async def test_whatever_is_altered_of_a_row_is_found(
    engine: AsyncEngine, tmp_path: Path, alteration: str, faults: set[tuple[str, int]]
) -> None:
    await kept(engine, tmp_path, 7, "a", 6)
    async with engine.begin() as connection:
        await connection.execute(text(f"UPDATE decisions SET {alteration} WHERE number = 3"))
    found = await followed(engine)
    assert found.decisions == 6
    assert {(one.fault, one.number) for one in found.findings} >= faults


async def test_a_call_whose_decision_is_no_text_any_more_is_told_of(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await kept(engine, tmp_path, 7, "a", 1)
    async with engine.begin() as connection:
        call = (await connection.execute(text("SELECT call FROM decisions"))).scalar_one()
        await connection.execute(text("UPDATE decisions SET text = CAST(x'FF' AS TEXT)"))
    (found,) = await Reader(engine).decisions(call)
    assert found.text == b"\xff"
    await engine.dispose()
