"""The examples of docs/how-to/events.md, executed: the caller is on a screen while the phone rings."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.e2e.centre import NUMBER, centre, desks
from tests.peers.sipp import Sipp
from tests.peers.switch import ROOT, Switch

POP_S = 10.0
NODE = shutil.which("node")


def example(language: str) -> str:
    """The block of that language."""
    page = (ROOT / "docs" / "how-to" / "events.md").read_text(encoding="utf-8")
    return page.partition(f"```{language}\n")[2].partition("```")[0]


def knows_websockets() -> bool:
    """Whether Node has them: by itself from 22 on, when asked from 20.10."""
    if NODE is None:
        return False
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.lstrip("v").partition(".")[0]) >= 20


async def popped(switch: Switch, command: Sequence[str], environment: Mapping[str, str]) -> str:
    """The first line that the example prints, when a caller comes and a phone rings."""
    async with AsyncExitStack() as stack:
        await desks(stack, switch, 1)
        child = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, env={**os.environ, **environment}
        )
        try:
            listeners = switch.until(
                switch.metrics, lambda seen: seen.value("centralita_event_listeners") == 1, POP_S
            )
            await listeners
            await stack.enter_async_context(Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER))
            assert child.stdout is not None
            line = await asyncio.wait_for(child.stdout.readline(), POP_S)
        finally:
            child.kill()
            await child.wait()
    return line.decode().strip()


async def test_screen_pop_in_python(tmp_path: Path) -> None:
    program = tmp_path / "pop.py"
    program.write_text(example("python"), encoding="utf-8")
    async with Switch.running(**centre(1), capture=False) as switch:
        environment = {
            "CENTRALITA_EVENTS": f"{switch.url.replace('http', 'ws')}/api/v1/events",
            "CENTRALITA_TOKEN": (switch.data_dir / "admin.token").read_text().strip(),
        }
        line = await popped(switch, [sys.executable, str(program)], environment)
    assert line == "ana: +34600111222 in support"


@pytest.mark.skipif(not knows_websockets(), reason="no Node that knows WebSockets")
async def test_screen_pop_in_javascript(tmp_path: Path) -> None:
    program = tmp_path / "pop.mjs"
    program.write_text(example("javascript"), encoding="utf-8")
    async with Switch.running(**centre(1), capture=False) as switch:
        environment = {
            "CENTRALITA_API": f"{switch.url}/api/v1",
            "CENTRALITA_TOKEN": (switch.data_dir / "admin.token").read_text().strip(),
        }
        command = [NODE or "node", "--experimental-websocket", str(program)]
        line = await popped(switch, command, environment)
    assert line == "ana: +34600111222 in support"
