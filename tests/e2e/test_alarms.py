"""What is wrong with the switch is told as it begins and as it ends, and listed in between."""

import asyncio
import json
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from tests.e2e.centre import NUMBER, Tell, centre
from tests.e2e.test_event_load import listening
from tests.e2e.test_recordings import answered
from tests.peers.disk import filled, mounted
from tests.peers.phone import Phones
from tests.peers.switch import Switch

TOLD_S = 15.0
OVER_S = 45.0
"""A database that was away for long is asked again after 30 s at most."""
LASTING = {"disk_full", "journal_failing", "database_away", "history_full"}
"""SQLite's database is on that disk, too."""


async def told(
    socket: ClientConnection, names: set[str], within_s: float = TOLD_S
) -> dict[str, dict[str, Any]]:
    """All alarms until each of these was told."""
    found: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(within_s):
        while not names <= set(found):
            event = json.loads(await socket.recv())
            if event["type"] == "alarm":
                found[event["data"]["alarm"]] = event["data"]
    return found


async def standing(switch: Switch) -> set[str]:
    return {row["alarm"] for row in await switch.items("/api/v1/alarms")}


async def busy(switch: Switch) -> set[str]:
    """The router has something to write down: the last block of its file is not full at once."""
    for verb in ("close", "open"):
        said = await switch.request("POST", f"/api/v1/queues/support/{verb}", json={"why": "test"})
        assert said.status_code == 200, said.text
    return await standing(switch)


@pytest.mark.timeout(150)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_a_full_disk_is_told_of_while_they_talk_on(tmp_path: Path, tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        small = stack.enter_context(mounted(tmp_path / "small", "100m"))
        sections = centre(1, server={"data_dir": str(small / "var")})
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell_on_failure("switch", switch.story)
        socket = await stack.enter_async_context(listening(switch))
        carrier = await stack.enter_async_context(Phones.running())
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        _, ana = await answered(stack, switch, "1001", 1000.0)
        await switch.agent_is("ana", "on_call")
        assert await standing(switch) == set()
        with filled(small):
            await switch.until(lambda: busy(switch), lambda found: found == LASTING, TOLD_S)
            full = await told(socket, {*LASTING, "recording_failed"})
            assert {full[name]["state"] for name in LASTING} == {"begun"}
            assert full["disk_full"]["subject"] == str(switch.data_dir)
            assert "No space left on device" in full["journal_failing"]["detail"]
            (now,) = await switch.items("/api/v1/calls?state=active")
            failed = full["recording_failed"]
            assert (failed["subject"], failed["state"]) == (now["id"], "happened")
        await call.hang_up()
        await ana.until("closed")
        over = await told(socket, LASTING, OVER_S)
        assert {over[name]["state"] for name in LASTING} == {"over"}
        assert await standing(switch) == set()
        (record,) = await switch.ended_calls(1)
        assert record["result"] == "answered"
