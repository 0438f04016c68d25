"""`centralita hold` and `centralita history sweep`, against a switch that has an old call."""

import asyncio
from datetime import UTC, datetime, timedelta

from typer.testing import CliRunner

from switch.cli.app import app
from tests.e2e.centre import centre
from tests.history_days import filled
from tests.peers.switch import Switch


async def test_what_is_old_goes_and_what_is_held_stays() -> None:
    async with Switch.running(
        capture=False, serving=False, **centre(retention={"calls": "30d", "recordings": "1d"})
    ) as switch:
        long_ago = datetime.now(UTC).date() - timedelta(days=60)
        async with filled("sqlite:///centralita.db", switch.data_dir, calls=150, days=[long_ago]):
            pass
        await switch.start()

        async def run(*words: str) -> tuple[int, list[str]]:
            invoke = CliRunner().invoke
            arguments = [*words, f"--config={switch.config_file}"]
            result = await asyncio.to_thread(invoke, app, arguments)
            return result.exit_code, result.output.splitlines()

        code, said = await run(
            "hold", "add", "--queue=vip", "--from=2026-01-01T00:00:00Z", "--why=a case", "--by=law"
        )
        assert code == 0, said
        held = said[0]
        code, said = await run("hold", "show", "--csv")
        assert [(row["id"], row["queue"], row["by"]) for row in await switch.items("/api/v1/holds")] == [
            (held, "vip", "law")
        ]
        assert held in said[1]
        code, said = await run("history", "sweep", "--dry-run")
        would = {line.partition(":")[0]: int(line.split()[1]) for line in said}
        assert (code, would["calls"] > 50) == (0, True)
        assert await run("history", "sweep") == (
            0,
            [f"calls: {would['calls']} deleted", "recordings: 0 deleted"],
        )
        calls = await switch.items("/api/v1/calls?state=ended")
        assert calls
        assert all("vip" in {visit["queue"] for visit in call["visits"]} for call in calls)
        assert (await switch.metrics()).value("centralita_history_deleted_total", kind="calls") == would[
            "calls"
        ]
        assert await run("hold", "remove", held) == (0, [f"{held} is lifted"])
        code, said = await run("hold", "remove", held)
        assert (code, f"no hold '{held}'" in " ".join(said)) == (1, True)
        code, said = await run("hold", "add", "--why=nothing named")
        assert (code, "a call, a number, a queue or a time" in " ".join(said)) == (1, True)
        assert "hold added" in switch.log()
