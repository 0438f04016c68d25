"""The database stops while calls come and go: none is missing when it is back, and none is there twice."""

import asyncio
import re
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from switch.assembly import assemble
from switch.config.load import load
from switch.doctor.checks import examine
from switch.doctor.findings import Verdict
from switch.history.database import connect
from switch.log_levels import Levels
from switch.server import Server
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers.child import PeerError
from tests.peers.phone import Phones
from tests.peers.postgresql import Postgresql
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

NEEDS_IT = (
    ("POST", "reports/calls"),
    ("GET", "calls?state=ended"),
    ("GET", "tokens"),
    ("DELETE", "tokens/wall"),
    ("GET", "audit"),
)
"""What cannot be answered without the database."""
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


async def count(url: str, table: str) -> int:
    """The rows of a table."""
    engine = connect(url, Path())
    async with engine.connect() as connection:
        rows: int = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
    await engine.dispose()
    return rows


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


@pytest.mark.timeout(120)
async def test_a_start_without_the_database_that_was_there(tell_on_failure: Tell) -> None:
    """After a reboot it may come up later than we do: calls are taken, and each is booked once; then tokens
    are known again, and phones that have not registered meanwhile.
    """
    with Postgresql.running() as database:
        async with (
            Switch.running(capture=False, **centre(1, database={"url": database.url})) as switch,
            Phones.running() as desk,
        ):
            tell_on_failure("switch", switch.log)
            phone = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await phone.behave("answer")
            await phone.register()
            await switch.agent_is("ana", "ready")
            made = await switch.request("POST", "/api/v1/tokens", json={"name": "wall", "role": "wallboard"})
            token = {"Authorization": f"Bearer {made.json()['secret']}"}
            assert (await switch.request("GET", "/api/v1/queues", headers=token)).status_code == 200
            await switch.until(lambda: count(database.url, "bindings"), lambda bindings: bindings == 1)
            await switch.kill()
            database.stop()
            await switch.start()
            assert (await switch.request("GET", "/readyz")).status_code == 200
            (alarm,) = await switch.until(lambda: switch.items("/api/v1/alarms"), lambda rows: len(rows) > 0)
            assert alarm["alarm"] == "database_away"
            refused = await switch.request("GET", "/api/v1/queues", headers=token)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
            assert refused.json()["type"] == "urn:centralita:problem:database-away"
            for method, path in NEEDS_IT:
                refused = await switch.request(method, f"/api/v1/{path}")
                assert refused.json()["type"] == "urn:centralita:problem:database-away", path
                assert "retry-after" in refused.headers
            assert (await switch.metrics()).value("centralita_alarms_active", alarm="database_away") == 1
            examined = await asyncio.to_thread(lambda: list(examine(switch.config_file)))
            assert {"database", "alarms"} <= {
                name for name, finding in examined if finding.verdict is Verdict.DOUBT
            }
            assert not any(finding.verdict is Verdict.BAD for _, finding in examined)
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number="600", calls=20, rate=20, talk_ms=TALK_MS
            ) as callers:
                assert (await callers.finished()).successful == 20
            database.start()
            await switch.agent_is("ana", "ready", 40.0)
            assert (await switch.request("GET", "/api/v1/queues", headers=token)).status_code == 200
            found = await switch.until(lambda: booked(database.url), lambda found: len(found) == 20)
            assert set(found.values()) == {1}
            assert await switch.items("/api/v1/alarms") == []
            caller = await (await desk.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}")
            await caller.until("established")
            await phone.next_call()


@pytest.mark.timeout(60)
async def test_a_database_that_goes_away_in_the_middle_of_a_start() -> None:
    with Postgresql.running() as database:
        async with (
            Switch.running(
                serving=False, capture=False, **centre(1, database={"url": database.url})
            ) as there,
            AsyncExitStack() as stack,
        ):
            there.data_dir.mkdir(exist_ok=True)
            switch = await assemble(load(there.config_file), Levels(), stack)
            database.stop()
            with capture_logs() as logs:
                await Server(there.config_file, switch).take_up()
            assert [line["event"] for line in logs if line["log_level"] == "warning"] == [
                "the database is away"
            ]


@pytest.mark.timeout(60)
async def test_a_database_that_refuses_us_or_never_answered_is_a_mistake(tell_on_failure: Tell) -> None:
    with Postgresql.running() as database:
        url = database.url.replace("centralita", "nobody")
        async with Switch.running(serving=False, capture=False, **centre(1, database={"url": url})) as switch:
            tell_on_failure("switch", switch.log)
            with pytest.raises(PeerError, match=r'database\.url: cannot be used: .*role "nobody"'):
                await switch.start()
            database.stop()
            with pytest.raises(PeerError, match=r"database\.url: does not answer, and never has"):
                await switch.start()
