"""scripts/run on a machine that has nothing of ours: a bookworm minbase root with Debian's own Python."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.centre import Tell
from tests.peers.audio import hears_only
from tests.peers.child import PeerError
from tests.peers.phone import Phones

ROOT = Path(__file__).parent.parent
FRESH_ROOT = ROOT / "scripts" / "fresh-root"
pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[float]:
    """scripts/run inside the root, from its start to a SIGTERM; yields the seconds to `ready`."""
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        FRESH_ROOT, "run", folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    said = b""
    try:
        while not said.rpartition(b"\n")[0].rpartition(b"\n")[2].startswith(b"ready"):
            line = await process.stdout.readline()
            if not line:
                raise PeerError(said.decode())
            said += line
        yield time.monotonic() - started
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    made = await asyncio.create_subprocess_exec(FRESH_ROOT, "make", tmp_path / "root")
    assert await made.wait() == 0
    yield tmp_path / "root"
    await asyncio.to_thread(shutil.rmtree, tmp_path / "root")


@pytest.mark.skipif(os.geteuid() != 0, reason="debootstrap and chroot need root")
async def test_two_commands_from_nothing_to_a_call(folder: Path, tell_on_failure: Tell) -> None:
    """The first run sets up and writes a configuration; a softphone with its secret takes a call."""
    async with serving(folder) as seconds:
        print(f"first run: ready after {seconds:.1f} s")
        config = (folder / "srv/centralita/var/centralita.yaml").read_text()
        secret = re.search(r'"1001": \{secret: "?(\w+)', config)
        assert secret is not None
        async with Phones.running() as phones, Phones.running() as carrier:
            tell_on_failure("phone", phones.story)
            phone = await phones.phone("1001", secret=secret[1], registrar="127.0.0.1:5060")
            await phone.behave("answer", tone_hz=1000)
            await phone.register()
            call = await (await carrier.phone("caller")).dial("sip:+34911000000@127.0.0.1:5060", tone_hz=440)
            answered = await phone.next_call()
            await answered.until("established")
            await answered.listen(0.5)
            assert hears_only(await answered.listen(1.0), 440, [1000])
            assert hears_only(await call.listen(1.0), 1000, [440])
            await call.hang_up()
    async with serving(folder) as seconds:
        print(f"second run: ready after {seconds:.1f} s")
        assert seconds < 15
