"""The service manager hears when the switch is ready, lives, reloads and stops."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from switch.notify import Pulse, ServiceManager


class Manager:
    """systemd's side of the socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(path))

    def environment(self, watchdog_s: float | None = None) -> dict[str, str]:
        watchdog = {} if watchdog_s is None else {"WATCHDOG_USEC": str(round(watchdog_s * 1e6))}
        return {"NOTIFY_SOCKET": str(self.path), **watchdog}

    def heard(self) -> list[str]:
        """The first line of each datagram that has come."""
        lines = []
        while True:
            try:
                lines.append(self._socket.recv(4096).decode().splitlines()[0])
            except BlockingIOError:
                return lines

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path / "notify")
    yield made
    made.close()


def test_what_is_told_in_its_order(manager: Manager) -> None:
    service = ServiceManager(manager.environment())
    service.ready("ready")
    with service.reloading():
        assert manager.heard() == ["READY=1", "RELOADING=1"]
    service.stopping("draining", 630.0)
    assert manager.heard() == ["READY=1", "STOPPING=1"]


def test_without_a_manager_nothing_is_told_and_nothing_fails() -> None:
    service = ServiceManager({})
    service.ready("ready")
    assert service.watchdog_s is None


def test_an_abstract_socket(tmp_path: Path) -> None:
    name = f"centralita-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as theirs:
        theirs.bind(f"\0{name}")
        theirs.settimeout(2.0)
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).ready("ready")
        assert theirs.recv(100) == b"READY=1\nSTATUS=ready"


def test_a_manager_who_is_gone_is_logged_and_the_switch_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).ready("ready")
    assert "service manager not told" in capsys.readouterr().out


def test_another_process_watchdog_is_not_ours() -> None:
    both = {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    assert ServiceManager(both).watchdog_s is None
    assert ServiceManager({**both, "WATCHDOG_PID": str(os.getpid())}).watchdog_s == 1.0


async def test_the_loop_feeds_the_watchdog_and_one_that_is_blocked_does_not(manager: Manager) -> None:
    loop = asyncio.get_running_loop()
    service = ServiceManager(manager.environment(watchdog_s=0.3))
    pulse = Pulse(loop, service, lambda: "ready")
    pulse.start()
    await asyncio.sleep(0.55)
    fed = manager.heard()
    assert set(fed) == {"WATCHDOG=1"}
    assert 3 <= len(fed) <= 5
    time.sleep(0.5)  # noqa: ASYNC251 - what the watchdog is there for
    assert manager.heard() == []
    await asyncio.sleep(0.01)
    assert manager.heard() == [], "a timer that came so late is no sign of life"
    await asyncio.sleep(0.2)
    assert "WATCHDOG=1" in manager.heard()
    pulse.stop()
    await asyncio.sleep(0.2)
    assert manager.heard() == []
