"""The log of a running switch tells more for a while, of one logger or of one call."""

import asyncio
import json
from typing import Any

from typer.testing import CliRunner

from switch.cli.app import app
from tests.e2e.centre import Tell, centre
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


def debug_lines(switch: Switch) -> list[dict[str, Any]]:
    read = [json.loads(line) for line in switch.log().splitlines() if line.startswith("{")]
    return [line for line in read if line["level"] == "debug"]


def command(switch: Switch, *words: str) -> str:
    """What a command of the log prints."""
    result = CliRunner().invoke(app, ["log", *words, "--config", str(switch.config_file)])
    assert result.exit_code == 0, result.output
    return result.output


async def call(switch: Switch, talk_ms: int = 200) -> None:
    async with Sipp.running("caller_hangs_up", target=switch.sip, number="600", talk_ms=talk_ms) as caller:
        assert (await caller.finished()).failed == 0


async def test_levels_change_while_the_switch_runs(tell_on_failure: Tell) -> None:
    async with Switch.running(capture=False, **centre(1)) as switch:
        tell_on_failure("switch", switch.story)
        await call(switch)
        assert debug_lines(switch) == []

        answer = await switch.request("PUT", "/api/v1/logs", json={"level": "debug", "logger": "sip"})
        (change,) = answer.json()["changes"]
        assert (change["level"], change["logger"], change["call"]) == ("debug", "sip", None)
        await call(switch)
        told = debug_lines(switch)
        assert {line["logger"] for line in told} == {"sip"}
        assert {(line["way"], line["method"]) for line in told} >= {("in", "INVITE"), ("in", "BYE")}
        assert "200" in {line["status"] for line in told}
        answer = await switch.request("PUT", "/api/v1/logs", json={"level": None, "logger": "sip"})
        assert answer.json() == {"level": "info", "levels": {}, "changes": []}

        async with Sipp.running("caller_hangs_up", target=switch.sip, number="600", talk_ms=1500) as caller:
            (active,) = await switch.until(lambda: switch.items("/api/v1/calls?state=active"), bool)
            wanted = {"level": "debug", "call": active["id"], "for_s": 30}
            assert (await switch.request("PUT", "/api/v1/logs", json=wanted)).status_code == 200
            await call(switch)
            assert (await caller.finished()).failed == 0
        await switch.ended_calls(4)
        later = debug_lines(switch)[len(told) :]
        assert {line["call"] for line in later} == {active["id"]}
        assert {line["logger"] for line in later} == {"sip", "leg"}

        for wrong in (
            {"level": "loud"},
            {"level": "debug", "logger": "nobody"},
            {"level": "debug", "for_s": 0},
        ):
            assert (await switch.request("PUT", "/api/v1/logs", json=wrong)).status_code == 422


async def test_commands_and_a_reload(tell_on_failure: Tell) -> None:
    async with Switch.running(capture=False, **centre(1)) as switch:
        tell_on_failure("switch", switch.story)
        said = await asyncio.to_thread(command, switch, "level", "warning", "--logger", "call", "--for", "1h")
        assert said.startswith("info\nwarning for call until 20")
        await call(switch)
        await switch.ended_calls(1)
        assert '"call ended"' not in switch.log()
        assert await asyncio.to_thread(command, switch, "level", "reset", "--logger", "call") == "info\n"
        switch.config["logs"] = {"levels": {"sip": "debug"}}
        switch.write_config(switch.config)
        assert (await switch.request("POST", "/api/v1/reload")).json()["changes"] == ["logs.levels changed"]
        await call(switch)
        assert {line["logger"] for line in debug_lines(switch)} == {"sip"}
        assert await asyncio.to_thread(command, switch, "show") == "info\ndebug for sip\n"
