"""A program that holds the reins over the API: it has a phone call, holds and resumes; heard at every ear."""

import asyncio
import os
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.centre import NUMBER, Tell, centre, desks, ending
from tests.peers.audio import hears_only, is_silent, level_dbfs
from tests.peers.sipp import Sipp
from tests.peers.switch import ROOT, Switch

ANA, LUIS = 437.0, 1013.0
NODE = shutil.which("node")


async def token(switch: Switch, agent: str) -> dict[str, str]:
    """An agent's, as the header that carries it."""
    wanted = {"name": agent, "role": "agent", "agents": [agent]}
    made = await switch.request("POST", "/api/v1/tokens", json=wanted)
    return {"Authorization": f"Bearer {made.json()['secret']}"}


async def test_a_program_has_a_phone_call_holds_and_resumes(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(2)))
        tell_on_failure("switch", switch.story)
        ana, luis = await desks(stack, switch, 2)
        await ana.behave("answer", tone_hz=ANA)
        await luis.behave("answer", tone_hz=LUIS)

        his = await token(switch, "ana")
        asked = await switch.request(
            "POST", "/api/v1/calls", json={"agent": "ana", "to": "1002"}, headers=his
        )
        assert asked.status_code == 202, asked.text
        call = asked.json()["id"]
        first = await (await ana.next_call()).until("established")
        second = await (await luis.next_call()).until("established")
        heard_first, heard_second = await asyncio.gather(first.listen(), second.listen())
        assert hears_only(heard_first, LUIS, [ANA])
        assert hears_only(heard_second, ANA, [LUIS])
        assert (await switch.agent_is("ana", "on_call"))["call"] is None, "it came by no queue"

        assert (await switch.request("GET", f"/api/v1/calls/{call}", headers=his)).status_code == 200
        others = await token(switch, "luis")
        for method in ("GET", "DELETE"):
            answer = await switch.request(method, f"/api/v1/calls/{call}", headers=others)
            assert answer.status_code == 404, "he is called, and it is not his"

        held = await switch.request("POST", f"/api/v1/calls/{call}/hold", headers=his)
        assert held.json() == {"call": call, "phone": "1002", "held": True}
        await asyncio.gather(first.listen(0.5), second.listen(0.5))
        music, nothing = await asyncio.gather(first.listen(2.0), second.listen(2.0))
        assert not is_silent(music)
        assert level_dbfs(music, LUIS) < -50
        assert is_silent(nothing)

        resumed = await switch.request("POST", f"/api/v1/calls/{call}/resume")
        assert resumed.json()["held"] is False
        await asyncio.gather(first.listen(0.3), second.listen(0.3))
        heard_first, heard_second = await asyncio.gather(first.listen(), second.listen())
        assert hears_only(heard_first, LUIS, [ANA])
        assert hears_only(heard_second, ANA, [LUIS])

        again = await switch.request("POST", "/api/v1/calls", json={"phone": "1001", "to": "1002"})
        assert (again.status_code, again.json()["detail"]) == (409, "phone '1001' is busy")
        await first.hang_up()
        (record,) = await switch.ended_calls(1)
        assert record["id"] == call
        assert ending(record) == ("completed", "caller_hung_up", "caller")
        assert (record["direction"], record["from"], record["to"]) == ("internal", "1001", "1002")
        found = (await switch.request("GET", "/api/v1/calls", headers=his)).json()["items"]
        assert [each["id"] for each in found] == [call]
        assert record["hold_s"] > 2
        assert [segment["kind"] for segment in record["segments"]] == ["talk", "hold", "talk"]
        await switch.agent_is("ana", "ready")


async def test_what_a_program_asks_wrongly_is_said(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre(2)) as switch:
        tell_on_failure("switch", switch.story)

        async def refused(**body: object) -> tuple[int, str]:
            answer = await switch.request("POST", "/api/v1/calls", json=body)
            return answer.status_code, answer.json()["detail"]

        neither = await switch.request("POST", "/api/v1/calls", json={"to": "1002"})
        lacks = ["body.phone: Field required", "body.agent: Field required"]
        assert (neither.status_code, neither.json()["errors"]) == (422, lacks)
        assert await refused(agent="nobody", to="1002") == (404, "no agent 'nobody'")
        assert await refused(phone="1009", to="1002") == (404, "no phone '1009'")
        assert await refused(phone="1001", to="555") == (409, "phone '1001' may not call '555' now: no_route")
        offline = (409, "phone '1001' cannot be reached: 480 Temporarily Unavailable")
        assert await refused(phone="1001", to="1002") == offline
        assert await switch.items("/api/v1/calls") == []


def example(language: str) -> str:
    """The block of that language in docs/how-to/call-control.md."""
    page = (ROOT / "docs" / "how-to" / "call-control.md").read_text(encoding="utf-8")
    return page.partition(f"```{language}\n")[2].partition("```")[0]


@pytest.mark.parametrize(
    ("language", "name", "program"),
    [
        ("python", "control.py", sys.executable),
        pytest.param(
            "javascript", "control.mjs", NODE, marks=pytest.mark.skipif(NODE is None, reason="no Node here")
        ),
    ],
)
async def test_the_examples_do_what_they_say(
    tell_on_failure: Tell, tmp_path: Path, language: str, name: str, program: str
) -> None:
    """While a caller waits, whom nobody can serve: the agents are in a call, or not there."""
    file = tmp_path / name
    file.write_text(example(language), encoding="utf-8")
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(2, {"requires": "support >= 9"})))
        tell_on_failure("switch", switch.story)
        ana, luis = await desks(stack, switch, 2)
        await ana.behave("answer")
        await luis.behave("answer")
        await stack.enter_async_context(
            Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=20_000)
        )
        await switch.until(
            switch.metrics, lambda seen: seen.value("centralita_queue_waiting", queue="support") == 1
        )
        process = await asyncio.create_subprocess_exec(
            program,
            str(file),
            stdout=asyncio.subprocess.PIPE,
            env={
                **os.environ,
                "CENTRALITA_API": f"{switch.url}/api/v1",
                "CENTRALITA_TOKEN": (switch.data_dir / "admin.token").read_text().strip(),
            },
        )
        told, _ = await asyncio.wait_for(process.communicate(), 20)
        assert told.decode().splitlines() == [
            "ready",
            "1001 calls 1002",
            "+34600111222 is first in support",
        ]
        await (await luis.next_call()).until("established")
