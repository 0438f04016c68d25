"""The database stops while calls come and go: none is missing when it is back, and none is there twice."""

import asyncio
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from switch.history.database import connect
from tests.e2e.centre import Tell, centre
from tests.peers.postgresql import Postgresql
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

TALK_MS = 300


async def booked(url: str) -> Counter[str]:
    """How often each of the callers' Call-IDs stands in the history."""
    engine = connect(url, Path())
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT sip_call_id FROM legs JOIN calls ON calls.id = legs.call")
        )
        counted = Counter(found.scalars().all())
    await engine.dispose()
    return counted


def answered_byes(sipp: Sipp) -> set[str]:
    """The Call-IDs whose BYE the switch has answered."""
    parts = re.split(r"^-{20,}.*\n", sipp.story(), flags=re.MULTILINE)
    told = [part for part in parts if "\nSIP/2.0 200" in part and re.search(r"^CSeq: \d+ BYE", part, re.M)]
    return {found[1].strip() for part in told if (found := re.search(r"^Call-ID:(.*)$", part, re.M))}


async def enough(switch: Switch, callers: Sipp) -> None:
    """Some calls have ended."""
    await switch.until(lambda: asyncio.to_thread(answered_byes, callers), lambda byes: len(byes) > 20)


async def spooled(switch: Switch) -> float:
    return (await switch.metrics()).value("centralita_history_spooled_bytes")


async def outage(tell_on_failure: Tell, *, away_s: float, rate: float) -> None:
    """Load before, during and after; then as many records as calls, and nothing left on the disk."""
    with Postgresql.running() as database:
        async with Switch.running(capture=False, **centre(database={"url": database.url})) as switch:
            tell_on_failure("switch", switch.log)
            calls = round(rate * (away_s + 4))
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number="600", calls=calls, rate=rate, talk_ms=TALK_MS
            ) as callers:
                await switch.until(
                    switch.metrics, lambda seen: seen.value("centralita_calls_total", result="completed") > 5
                )
                database.stop()
                stopped = time.monotonic()
                most = 0.0
                while time.monotonic() < stopped + away_s:
                    most = max(most, await spooled(switch))
                    alarms = {row["alarm"] for row in await switch.items("/api/v1/alarms")}
                    await asyncio.sleep(min(1.0, away_s / 10))
                database.start()
                outcome = await callers.finished(away_s + 60)
            assert (outcome.successful, outcome.failed) == (calls, 0), "nobody who calls notices"
            assert most > 0
            assert alarms == {"database_away"}
            counts = await switch.until(
                switch.metrics, lambda seen: seen.value("centralita_history_spooled_bytes") == 0, 60
            )
            assert counts.value("centralita_calls_total", result="completed") == calls
            await switch.until(lambda: booked(database.url), lambda found: len(found) == calls, 15)
            assert set((await booked(database.url)).values()) == {1}
            outcomes = (await switch.metrics()).by("centralita_history_entries_total", "outcome")
            print(
                f"\n{calls} calls, {away_s:g} s without a database, {most / 1e6:.2f} MB on disk: {outcomes}"
            )
            assert outcomes["spooled"] == outcomes["replayed"] > 0
            assert await switch.items("/api/v1/alarms") == []
            assert outcomes["refused"] == outcomes["lost"] == 0


@pytest.mark.timeout(90)
async def test_an_outage_under_load_loses_nothing_and_doubles_nothing(tell_on_failure: Tell) -> None:
    await outage(tell_on_failure, away_s=3.0, rate=10.0)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_ten_minutes_without_a_database(tell_on_failure: Tell) -> None:
    await outage(tell_on_failure, away_s=600.0, rate=10.0)


@pytest.mark.timeout(90)
async def test_a_crash_while_the_database_is_away(tell_on_failure: Tell) -> None:
    """What waited on the disk is booked by the next run, which also finds what it had not yet spooled."""
    with Postgresql.running() as database:
        async with Switch.running(capture=False, **centre(database={"url": database.url})) as switch:
            tell_on_failure("switch", switch.log)
            database.stop()
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number="600", calls=500, rate=20, talk_ms=TALK_MS
            ) as callers:
                await switch.until(
                    lambda: asyncio.to_thread(answered_byes, callers), lambda byes: len(byes) > 20
                )
                assert await spooled(switch) > 0
                await switch.kill()
                ended = answered_byes(callers)
            database.start()
            await switch.start()
            found = await switch.until(lambda: booked(database.url), lambda found: ended <= set(found))
            assert set(found.values()) == {1}


@pytest.mark.timeout(90)
async def test_kill_9_loses_no_call_whose_bye_was_answered(tell_on_failure: Tell) -> None:
    """Three times, under load: the record is on its way to the database when the switch dies."""
    async with Switch.running(capture=False, **centre()) as switch:
        tell_on_failure("switch", switch.log)
        ended: set[str] = set()
        for _ in range(3):
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number="600", calls=500, rate=50, talk_ms=TALK_MS
            ) as callers:
                await switch.until(
                    lambda: asyncio.to_thread(answered_byes, callers), lambda byes: len(byes) > 20
                )
                await switch.kill()
                ended |= answered_byes(callers)
            await switch.start()
        found = await switch.until(
            lambda: booked(f"sqlite:///{switch.data_dir}/centralita.db"), lambda found: ended <= set(found)
        )
        print(f"\n{len(ended)} ended calls, all there after three crashes")
        assert set(found.values()) == {1}
