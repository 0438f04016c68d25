"""What `pip install .` gives: a wheel that serves and takes a call, far from the tree."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.centre import Tell
from tests.peers.audio import hears
from tests.peers.phone import Phones
from tests.peers.switch import Switch

ROOT = Path(__file__).parent.parent
MADE = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "var", "*.c", "*.so", "*.egg-info")


async def run(*command: str | Path) -> None:
    """The project's tree is not on the path, and a failure brings its output."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/"
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


@pytest.mark.timeout(400)
async def test_the_wheel_serves_and_takes_a_call(tmp_path: Path, tell_on_failure: Tell) -> None:
    """Built by the locked tools of this environment, installed into an empty one with the locked rest."""
    # A copy, because a build leaves its C and its objects beside the sources.
    shutil.copytree(ROOT, tmp_path / "source", ignore=MADE)
    await run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
        *("--outdir", tmp_path / "dist", tmp_path / "source"),
    )
    [wheel] = (tmp_path / "dist").glob("centralita-*.whl")
    await run(sys.executable, "-m", "venv", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    requirements = ROOT / "requirements" / "run.txt"
    await run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements)
    await run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel)
    async with (
        Switch.running(
            command=[str(tmp_path / "venv" / "bin" / "centralita")],
            routes=[{"trunk": "carrier", "to": "602", "go": "tone"}],
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
