"""A million calls: in memory that does not grow with them, beside a loop that does not notice."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from switch.config.schema import Config, Database, Server
from switch.history.database import connect
from switch.history.schema import migrate
from switch.reports.jobs import Jobs
from switch.reports.question import Format, Name
from switch.reports.rows import JobState
from switch.reports.runner import Runner
from tests.peers.postgresql import postgresql
from tests.switch.reports.children import peak_mb
from tests.switch.reports.history import many
from tests.switch.reports.test_lists import asked

MOST_MB = 200
MORE_LAG_S = 0.01
BEFORE_S = 5.0


async def nothing() -> None:
    """All is written."""


@contextmanager
def url_of(database: str) -> Iterator[str]:
    """Of an empty one."""
    if database == "sqlite":
        yield "sqlite:///centralita.db"
    else:
        with postgresql() as url:
            yield url


@asynccontextmanager
async def lags() -> AsyncIterator[list[float]]:
    """How late a timer of 5 ms was, each time."""
    found: list[float] = []

    async def beat() -> None:
        while True:
            due_s = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            found.append(time.monotonic() - due_s)

    task = asyncio.create_task(beat())
    try:
        yield found
    finally:
        task.cancel()


def p99(late: list[float]) -> float:
    """Of all these, 99 in a hundred were no later."""
    return sorted(late)[int(len(late) * 0.99)]


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("form", "database"),
    [
        *((form, "sqlite") for form in (Format.CSV, Format.XLSX, Format.TABLE, Format.JSON)),
        (Format.CSV, "postgresql"),
    ],
)
async def test_a_million_calls(tmp_path: Path, form: Format, database: str) -> None:
    with url_of(database) as url:
        engine = connect(url, tmp_path)
        await migrate(engine)
        for count in (10_000, 1_000_000):
            await many(engine, count, f"{count}-")
        await engine.dispose()
        await told_of_a_million(tmp_path, url, form)


async def told_of_a_million(tmp_path: Path, url: str, form: Format) -> None:
    """In that form, by a child."""
    config = Config(server=Server(data_dir=tmp_path), database=Database(url=url))
    runner = Runner()
    jobs = Jobs(runner, tmp_path / "jobs", config, lambda: 0, nothing)
    jobs.open()
    async with lags() as before:  # what the machine does to a loop anyway
        await asyncio.sleep(BEFORE_S)
    since_s, most_mb, shares = time.monotonic(), 0.0, set[float]()
    async with lags() as late:
        job = jobs.ask(asked(Name.CALLS), form)
        while not job.ended.is_set():
            await asyncio.sleep(0.1)
            most_mb = max(most_mb, peak_mb(job.work.pid if job.work is not None else None))
            shares.add(job.progress.share or 0.0)
    took_s, size_mb = time.monotonic() - since_s, job.path.stat().st_size / 1e6
    print(f"{form.value}: {took_s:.0f} s, {most_mb:.0f} MB RSS, a file of {size_mb:.0f} MB")
    print(f"lag p99 {p99(before) * 1e3:.1f} ms before, {p99(late) * 1e3:.1f} ms meanwhile")
    assert (job.state, job.progress.rows) == (JobState.DONE, 1_010_000)
    assert len(shares) > 10
    assert most_mb < MOST_MB
    assert p99(late) - p99(before) < MORE_LAG_S
    runner.close()
    await jobs.close()
