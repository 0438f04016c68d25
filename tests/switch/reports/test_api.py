"""Reports over the API and on the command line: asked for, watched, taken, cancelled, and cleared away."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from switch.api.server import HttpServer
from switch.cli.app import app
from switch.config.schema import Config, Server
from switch.reports import jobs
from switch.reports.jobs import Jobs, NoJob
from switch.reports.question import Format, Name
from switch.reports.rows import JobState
from switch.reports.runner import Runner
from tests.switch.api.running import Running, running
from tests.switch.reports.test_lists import asked
from tests.switch.samples import answered_call

DAY = {"from": "2026-11-21", "to": "2026-11-21"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path) as up:
        yield up


@pytest.fixture
async def client(api: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with api.client() as made:
        yield made


async def test_the_reports_and_their_columns(client: httpx.AsyncClient) -> None:
    items = (await client.get("/api/v1/reports?language=es")).json()["items"]
    assert {item["name"] for item in items} == {name.value for name in Name}
    calls = next(item for item in items if item["name"] == "calls")
    assert calls["title"] == "Lista de llamadas"
    wait = next(column for column in calls["columns"] if column["id"] == "wait_s")
    assert (wait["title"], wait["kind"], wait["formula"]) == ("Espera (s)", "seconds", None)
    queues = next(item for item in items if item["name"] == "queues")
    level = next(it for it in queues["columns"] if it["formula"] == "service_level.abandons_negative")
    assert (level["kind"], level["version"]) == ("share", 1)
    assert level["definition"].startswith("atendidas dentro del objetivo")
    assert level["facts"] == ["answered_within", "answered", "abandoned", "abandoned_short"]
    assert calls["formats"] == [form.value for form in Format]


async def test_asked_for_made_taken_and_thrown_away(api: Running, client: httpx.AsyncClient) -> None:
    made = await client.post("/api/v1/reports/calls?wait=30", json=DAY)
    row = made.json()
    assert (made.status_code, row["state"], row["rows"], row["share"]) == (200, "done", 1, 1.0)
    assert (await client.get(f"/api/v1/reports/jobs/{row['id']}")).json() == row
    assert (await client.get("/api/v1/reports/jobs")).json()["items"] == [row]
    result = await client.get(row["result"])
    assert result.headers["content-type"] == "application/json"
    assert result.headers["content-disposition"] == 'attachment; filename="calls.json"'
    (told,) = result.json()["rows"]
    assert (told["call"], told["ended_at"]) == (answered_call().id, "2026-11-21T13:01:04+01:00")
    assert (await client.delete(f"/api/v1/reports/jobs/{row['id']}")).status_code == 204
    assert (await client.get(row["result"])).status_code == 404
    async with asyncio.timeout(10):
        while list((api.data_dir / "reports" / "jobs").iterdir()):  # noqa: ASYNC110 - removed on a thread
            await asyncio.sleep(0.01)


async def test_what_is_asked_for_wrongly(client: httpx.AsyncClient) -> None:
    for body, said in (
        (DAY | {"from": "soon"}, "from: 'soon' is no day"),
        (DAY | {"queues": "support"}, "unknown field `queues`"),
        (DAY | {"format": "doc"}, "Invalid enum value 'doc'"),
        (DAY | {"to": "2001-01-01"}, "to: must come after from"),
    ):
        answer = await client.post("/api/v1/reports/calls", json=body)
        assert answer.status_code == 422
        assert said in answer.text
    assert (await client.post("/api/v1/reports/secrets", json=DAY)).status_code == 404
    assert (await client.get("/api/v1/reports/jobs/none/result")).status_code == 404
    assert (await client.delete("/api/v1/reports/jobs/none")).status_code == 404


async def test_nobody_asks_without_a_token(api: Running) -> None:
    async with api.client(token=None) as stranger:
        assert (await stranger.post("/api/v1/reports/calls", json=DAY)).status_code == 401


async def test_jobs_are_bounded_and_cancelled(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "MOST_OPEN", 3)
    rows = [(await client.post("/api/v1/reports/calls", json=DAY)).json() for _ in range(3)]
    assert {row["state"] for row in rows} == {"waiting"}
    full = await client.post("/api/v1/reports/calls", json=DAY)
    assert (full.status_code, full.json()["detail"]) == (
        429,
        "3 reports run or wait already: ask again when one has ended",
    )
    monkeypatch.setattr(jobs, "MOST_OPEN", 16)
    monkeypatch.setattr(jobs, "MOST_OF_ONE", 3)
    his = await client.post("/api/v1/reports/calls", json=DAY)
    assert (his.status_code, his.json()["detail"][:23]) == (429, "3 reports of this token")
    early = await client.get(f"/api/v1/reports/jobs/{rows[0]['id']}/result")
    assert early.status_code == 409
    for row in rows:
        assert (await client.delete(f"/api/v1/reports/jobs/{row['id']}")).status_code == 204
    listed = (await client.get("/api/v1/reports/jobs")).json()["items"]
    assert {row["state"] for row in listed} == {"cancelled"}


async def test_a_disk_that_takes_no_result_fails_the_report(api: Running, client: httpx.AsyncClient) -> None:
    folder = api.data_dir / "reports" / "jobs"
    folder.rmdir()
    row = (await client.post("/api/v1/reports/calls?wait=30", json=DAY)).json()
    assert (row["state"], "No such file" in row["why"]) == ("failed", True)
    folder.mkdir()
    row = (await client.post("/api/v1/reports/calls?wait=30", json=DAY)).json()
    assert row["state"] == "done"


async def test_results_are_kept_for_a_while(tmp_path: Path) -> None:
    async with running(tmp_path):
        pass

    async def settled() -> None:
        """All is written."""

    runner, config = Runner(), Config(server=Server(data_dir=tmp_path))
    kept = Jobs(runner, tmp_path / "kept", config, lambda: 0, settled, keep_s=0.05)
    kept.open()
    job = kept.ask(asked(Name.CALLS), Format.CSV)
    await asyncio.wait_for(job.ended.wait(), 20)
    assert job.state is JobState.DONE
    async with asyncio.timeout(5):
        while list(kept.all()):  # noqa: ASYNC110 - a timer tells nobody
            await asyncio.sleep(0.01)
    with pytest.raises(NoJob, match="kept for"):
        kept.find(job.id)
    runner.close()
    await kept.close()
    assert list((tmp_path / "kept").iterdir()) == []


async def test_the_command_line(api: Running, tmp_path: Path) -> None:
    server = HttpServer(api.app, "127.0.0.1", 0)
    host, port = await server.start()
    config = tmp_path / "centralita.yaml"
    config.write_text(f"server: {{data_dir: {tmp_path}}}\nhttp:\n  listen: {host}:{port}\n")

    async def report(*arguments: str) -> Result:
        command = ["report", *arguments, "--config", str(config)]
        return await asyncio.to_thread(CliRunner().invoke, app, command, catch_exceptions=False)

    table = await report("calls", "--from", "2026-11-21", "--language", "es")
    assert table.exit_code == 0
    assert "Lista de llamadas\nPeríodo: 2026-11-21\nZona horaria: Europe/Madrid\n" in table.stdout
    assert (answered_call().id in table.stdout, table.stderr) == (True, "")
    empty = await report("calls", "--from", "2026-11-21", "--queue", "suport")
    assert (empty.exit_code, "a name is not one of yours" in empty.stderr) == (0, True)
    file = tmp_path / "calls.xlsx"
    done = await report("calls", "--from", "2026-11-21", "--format", "xlsx", "--output", str(file))
    assert (done.exit_code, done.stdout) == (0, "")
    assert file.read_bytes().startswith(b"PK")
    listed = await report()
    assert [name.value in listed.stdout for name in Name] == [True] * len(Name)
    for arguments, code, said in (
        (("calls", "--format", "pdf"), 2, "--output: name the file that the pdf is written to"),
        (("calls", "--from", "x"), 1, "from: 'x' is no day"),
        (("abandons", "--agent", "ana"), 1, "narrowed down by queue, number, caller"),
    ):
        failed = await report(*arguments)
        assert failed.exit_code == code
        assert said in failed.stderr
    async with api.client() as client:
        assert json.loads((await client.get("/api/v1/reports/jobs")).text)["items"] == []
    await server.close()
