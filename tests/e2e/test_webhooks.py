"""Webhooks of a real switch: what ended is told, also when the switch was killed before it could."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.centre import NUMBER, Tell, centre
from tests.peers.raw_party import RawParty
from tests.peers.switch import IN_TREE, Switch
from tests.peers.voice import Voice
from tests.switch.decisions.program import Program, reply

OK = reply(b"", "204 No Content")


def hook(program: Program, **settings: Any) -> dict[str, Any]:
    url = {"url": program.url, "secret": "s3cret", "private": True, "events": ["call.*"]}
    return {"crm": {**url, **settings}}


async def abandoned(switch: Switch) -> None:
    """A caller who comes, waits a moment and hangs up."""
    async with RawParty.open(switch.sip) as caller, Voice.speaking(440.0) as voice:
        call = await caller.dial(NUMBER, voice.sdp())
        voice.meet((await call.answered()).body.decode())
        await call.ask("BYE")


async def told(switch: Switch, program: Program, count: int) -> list[dict[str, Any]]:
    """What the program was told, once it is so many events."""

    async def look() -> list[dict[str, Any]]:
        return program.asked

    asked = await switch.until(look, lambda asked: len(asked) >= count)
    return asked[:]


async def test_a_call_is_told_in_order_and_kill_9_loses_nothing(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack, Program.running() as program:
        program.says = OK
        switch = await stack.enter_async_context(
            Switch.running(**centre(1, webhooks=hook(program)), capture=False)
        )
        tell_on_failure("switch", switch.story)
        await abandoned(switch)
        first = await told(switch, program, 3)
        assert [event["type"] for event in first] == ["call.started", "call.queued", "call.ended"]
        program.says = reply(b"", "503 Later")
        await abandoned(switch)
        await switch.ended_calls(2)
        await switch.kill()
        program.asked.clear()
        program.says = OK
        await switch.start()
        second = await told(switch, program, 3)
        assert [event["type"] for event in second[:3]] == ["call.started", "call.queued", "call.ended"]
        assert second[2]["data"]["call"]["result"] == "abandoned"
        seqs = [event["seq"] for event in first + second]
        assert seqs == sorted(set(seqs)), "no number comes twice"
        rows = await switch.items("/api/v1/webhooks")
        assert (rows[0]["state"], rows[0]["waiting"], rows[0]["dropped"]) == ("idle", 0, 0)


async def test_a_reload_brings_a_webhook_and_the_command_tests_it() -> None:
    async with AsyncExitStack() as stack, Program.running() as program:
        program.says = OK
        switch = await stack.enter_async_context(Switch.running(**centre(1), capture=False))
        switch.write_config({**switch.config, "webhooks": hook(program, events=["config.reloaded"])})
        assert (await switch.request("POST", "/api/v1/reload")).json()["changes"] == ["webhooks changed"]
        events = await told(switch, program, 1)
        assert events[0]["data"] == {"changes": ["webhooks changed"]}

        async def run(*words: str) -> tuple[int | None, str]:
            child = await asyncio.create_subprocess_exec(
                *(*IN_TREE, "webhook", *words, "--config", str(switch.config_file)),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            out, _ = await child.communicate()
            return child.returncode, out.decode()

        code, said = await run("test", "crm")
        assert (code, said.startswith("crm took it: 204 in ")) == (0, True)
        assert program.asked[-1]["type"] == "test"
        program.says = reply(b"", "500 Oops")
        assert await run("test", "crm") == (1, "crm: refused: status 500\n")
        code, said = await run("show", "--json")
        assert json.loads(said)["items"][0]["name"] == "crm"
        assert (await run("retry", "crm"))[0] == 0
        assert (await run("test", "nobody"))[0] == 1
