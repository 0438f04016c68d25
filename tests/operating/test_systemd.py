"""The unit is one that systemd takes, hardened; and the running switch tells its manager what it does."""

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.centre import Tell, centre
from tests.peers.switch import ROOT, Switch

UNIT = ROOT / "config" / "systemd" / "centralita.service"
EXPOSURE = 2.0
"""At most, of 10, by systemd's own count; its own services have 9 where nothing is said."""
WATCHDOG_S = 0.6


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """All but the paths of the installation, which is not here."""
    here = tmp_path / UNIT.name
    here.write_text(
        UNIT.read_text().replace("/opt/centralita/.venv/bin/centralita", shutil.which("true") or "")
    )
    verified = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, timeout=30)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_unit_leaves_little_exposed() -> None:
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", UNIT],
        capture_output=True,
        text=True,
        timeout=30,
    ).stdout
    found = re.search(r"Overall exposure level for centralita.service: ([\d.]+)", said)
    assert found, said
    assert float(found[1]) <= EXPOSURE


class Manager:
    """A service manager's socket: what it was told, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    async def next(self, timeout_s: float = 10.0) -> list[str]:
        """The lines of the next datagram."""
        loop = asyncio.get_running_loop()
        return (await asyncio.wait_for(loop.sock_recv(self._socket, 4096), timeout_s)).decode().splitlines()

    async def until(self, line: str) -> list[str]:
        """Skips signs of life until this is told."""
        while (told := await self.next())[0] != line:
            assert told[0] == "WATCHDOG=1", told
        return told

    def drain(self) -> None:
        """Forgets what has come."""
        while True:
            try:
                self._socket.recv(4096)
            except BlockingIOError:
                return

    def close(self) -> None:
        self._socket.close()


@asynccontextmanager
async def managed(tmp_path: Path) -> AsyncIterator[tuple[Switch, Manager]]:
    manager = Manager(tmp_path / "notify")
    environment = {
        "NOTIFY_SOCKET": str(manager.path),
        "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6)),
    }
    try:
        async with Switch.running(environment=environment, capture=False, **centre(1)) as switch:
            yield switch, manager
    finally:
        manager.close()


async def test_the_running_switch_tells_its_manager(tmp_path: Path, tell_on_failure: Tell) -> None:
    async with managed(tmp_path) as (switch, manager):
        tell_on_failure("switch", switch.story)
        assert (await switch.request("GET", "/readyz")).status_code == 200
        assert await manager.next() == ["READY=1", "STATUS=ready; calls: 0"]
        began = asyncio.get_running_loop().time()
        for _ in range(5):
            assert await manager.next() == ["WATCHDOG=1", "STATUS=ready; calls: 0"]
        assert asyncio.get_running_loop().time() - began < 5 * WATCHDOG_S / 2, "at least twice in its time"

        await switch.reload()
        assert (await manager.until("RELOADING=1"))[1].startswith("MONOTONIC_USEC=")
        await manager.until("READY=1")

        os.kill(switch.pid, signal.SIGSTOP)
        manager.drain()
        try:
            told = await manager.next(2 * WATCHDOG_S)
        except TimeoutError:
            told = []
        finally:
            os.kill(switch.pid, signal.SIGCONT)
        assert told == [], "a switch that does not run gives no sign of life"

        switch.drain()
        stopping = await manager.until("STOPPING=1")
        assert stopping[1] == "EXTEND_TIMEOUT_USEC=40000000", "drain_timeout and what comes after"
        assert await switch.exited() == 0
