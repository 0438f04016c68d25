"""What `pip install .` gives: a wheel that serves and takes a call, far from the tree."""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.centre import Tell
from tests.peers import ports
from tests.peers.audio import hears
from tests.peers.phone import Phones
from tests.peers.switch import Switch

ROOT = Path(__file__).parent.parent
MADE = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "var", "*.c", "*.so", "*.egg-info")


async def run(*command: str | Path, **environment: str) -> None:
    """The project's tree is not on the path, and a failure brings its output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={**os.environ, **environment},
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def install(environment: Path, *what: str | Path) -> None:
    """Nothing is compiled that is not used afterwards."""
    python = environment / "bin" / "python"
    command = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-compile")
    await run(*command, *what)


async def environment_with_the_locked_rest(folder: Path) -> Path:
    environment = folder / "venv"
    await run(sys.executable, "-m", "venv", "--without-pip", environment)
    await install(environment, "--require-hashes", "-r", ROOT / "requirements" / "run.txt")
    return environment


async def wheel_of_a_copy(folder: Path) -> Path:
    """Of a copy, because a build leaves its C and its objects beside the sources; soon made, not fast."""
    source = folder / "source"
    await asyncio.to_thread(shutil.copytree, ROOT, source, ignore=MADE)
    build = (sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist")
    await run(*build, source, CFLAGS="-O0")
    [wheel] = (folder / "dist").glob("centralita-*.whl")
    return wheel


@pytest.mark.timeout(400)
async def test_the_wheel_serves_and_takes_a_call(tmp_path: Path, tell_on_failure: Tell) -> None:
    """Built by the locked tools of this environment, installed into an empty one with the locked rest."""
    wheel, environment = await asyncio.gather(
        wheel_of_a_copy(tmp_path), environment_with_the_locked_rest(tmp_path)
    )
    await install(environment, "--no-deps", wheel)
    address = ports.own_address()
    async with (
        Switch.running(
            address=address,
            command=[str(environment / "bin" / "centralita")],
            routes=[{"trunk": "carrier", "to": "602", "go": "tone"}],
            phones={"1001": {"secret": "s3cret", "provision": {}}},
            provisioning={"listen": f"{address}:{ports.free_port(address)}"},
        ) as switch,
        Phones.running() as phones,
    ):
        tell_on_failure("switch", switch.story)
        call = await (await phones.phone("caller")).dial(f"sip:602@{switch.sip}")
        await call.until("established")
        await call.listen(0.3)
        assert hears(await call.listen(1.0), 1004)
        await call.hang_up()
        [record] = await switch.ended_calls(1)
        assert record["result"] == "completed"
        where = await switch.get("/api/v1/phones/1001/provisioning")
        assert "s3cret" in (await switch.request("GET", where["url"])).text
