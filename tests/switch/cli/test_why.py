"""Why on the command line, against a served API and a journal on disk."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from acd.why import Kept
from switch.api.server import HttpServer
from switch.cli.app import app
from switch.history.reader import Reader
from switch.records import OfferResult
from switch.why.child import Explained
from switch.why.explainer import Explainer
from switch.why.following import follow
from switch.why.rows import LedgerRow
from tests.switch.api.running import Running, running
from tests.switch.samples import answered_call, offer, waiting_call
from tests.switch.why.scenes import afternoon, entry, offers, write

CALL = waiting_call().id
Command = Callable[..., Awaitable[Result]]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Running]:
    stage = afternoon(CALL)
    write(stage, tmp_path / "journal")
    async with running(tmp_path) as up:
        for offer in offers(stage):
            up.writer.put(entry(offer))
        yield up


@pytest.fixture
async def centralita(api: Running, tmp_path: Path) -> AsyncIterator[Command]:
    server = HttpServer(api.app, "127.0.0.1", 0)
    host, port = await server.start()
    config = tmp_path / "centralita.yaml"
    config.write_text(f"server: {{data_dir: {tmp_path}}}\nhttp:\n  listen: {host}:{port}\n")

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(
            CliRunner().invoke, app, [*arguments, "--config", str(config)], env={"TERM": "dumb"}
        )

    yield run
    api.tracing.close()
    await server.close()


ENGLISH = """\
support -> ana  2026-11-18T11:06:49Z
2 agents were free for the call, and ana had been available longest (7.0 s; next eva, 2.0 s).
If ana had been ready 5.0 s later, eva would have got the call.

AGENT  STATE   IDLE_S  WHY NOT
ana    ready      7.0  chosen
eva    ready      2.0  free, but behind ana
leo    paused       -  paused (lunch)
luis   ready        -  support >= 5 is not met (support 4)

support -> eva  2026-11-18T11:07:04Z
eva was the only agent free for the call; of the others, 2 paused, 1 without the skills.
If leo had not been paused, leo would have got the call.
"""


async def test_a_sentence_for_each_offer_and_who_else_there_was(centralita: Command) -> None:
    result = await centralita("call", "why", CALL)
    assert result.exit_code == 0, result.output
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert "\n".join(lines).startswith(ENGLISH.rstrip("\n")), result.stdout


async def test_in_spanish(centralita: Command) -> None:
    result = await centralita("call", "why", CALL, "--language", "es")
    assert "Había 2 agentes libres para la llamada" in result.stdout
    assert "Si ana hubiera quedado libre 5,0 s más tarde, la llamada habría sido para eva." in result.stdout
    assert "no cumple support >= 5 (support 4)" in result.stdout
    assert "POR QUÉ NO" in result.stdout


async def test_json_is_what_the_api_says(api: Running, centralita: Command) -> None:
    name = offers(afternoon(CALL))[0].offer
    api.memory.offered = {name: offer(name, OfferResult.NO_ANSWER)}
    result = await centralita("call", "why", CALL, "--json")
    said = json.loads(result.stdout)
    assert (said["call"], said["language"]) == (CALL, "en")
    first, second = said["offers"]
    assert (first["result"], second["result"]) == ("no_answer", None)
    assert (first["agent"], second["agent"]) == ("ana", "eva")
    assert (first["intact"], first["same"]) == (True, True)
    assert first["rule"] == "caller_chose"
    assert first["would_change"]["change"] == "agent_later"
    assert first["would_change"]["by_s"] == 5.000001
    assert second["previous"] == first["seal"]
    assert said["text"] == second["text"]


async def test_a_call_without_offers_and_one_that_is_not_there(centralita: Command) -> None:
    result = await centralita("call", "why", answered_call().id)
    assert (result.exit_code, result.stdout) == (0, "No agent was offered this call.\n")
    result = await centralita("call", "why", "nobody")
    assert result.exit_code == 1
    assert "no call 'nobody'" in result.stderr


async def test_without_the_journal_the_ledger_still_speaks(centralita: Command, tmp_path: Path) -> None:
    for path in (tmp_path / "journal").iterdir():
        path.unlink()
    result = await centralita("call", "why", CALL)
    assert "ana was chosen by longest-idle. The journal does not reach back so far" in result.stdout


async def test_an_altered_entry_is_not_believed(api: Running, centralita: Command) -> None:
    stage = afternoon("other")
    forged = entry(offers(stage)[0])
    api.writer.put(replace(forged, seal="0" * 32, call=answered_call().id))
    result = await centralita("call", "why", answered_call().id)
    assert "altered after it was sealed" in result.stdout


async def test_the_ledger_is_whole_until_somebody_alters_it(
    api: Running, centralita: Command, tmp_path: Path
) -> None:
    result = await centralita("call", "verify")
    last = offers(afternoon(CALL))[-1].seal
    assert (result.exit_code, result.stdout) == (0, f"2 decisions, whole; the last one's seal is {last}\n")
    first = offers(afternoon(CALL))[0]
    text = entry(first).text
    with closing(sqlite3.connect(tmp_path / "centralita.db")) as database, database:
        database.execute("UPDATE decisions SET text = ? WHERE number = 1", (text.replace("ana", "anb"),))
    result = await centralita("call", "verify")
    assert result.exit_code == 1
    assert f"altered: decision 1, offer {first.offer}, seal {first.seal} of test" in result.stdout
    assert "2 decisions, NOT whole" in result.stdout
    result = await centralita("call", "verify", "--json")
    assert json.loads(result.stdout)["findings"][0]["fault"] == "altered"


async def test_a_long_ledger_and_a_long_journal_are_waited_for(
    centralita: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switch.cli.client._TIMEOUT_S", 0.2)

    async def follow_slowly(reader: Reader) -> LedgerRow:
        await asyncio.sleep(1.0)
        return await follow(reader)

    async def explain_slowly(explainer: Explainer, decisions: Sequence[Kept]) -> dict[str, Explained]:
        await asyncio.sleep(1.0)
        return {}

    monkeypatch.setattr("switch.api.why.follow", follow_slowly)
    monkeypatch.setattr(Explainer, "explain", explain_slowly)
    for arguments in (("call", "verify"), ("call", "why", CALL)):
        result = await centralita(*arguments)
        assert result.exit_code == 0, result.output
