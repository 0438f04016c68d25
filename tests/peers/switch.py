"""The switch itself, as `centralita serve` in a child process on an address of its own.

async with Switch.running(phones={"1001": {"secret": "s3cret"}}, routes=[...]) as switch:
    caller = Sipp.running("caller_hangs_up", target=switch.sip, number="600")
    ...
    assert (await switch.metrics()).value("centralita_calls_total", result="completed") == 1
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from media.aio import synthesis
from media.prompts import built_in
from switch.cli.client import Place, trust
from tests.peers import ports
from tests.peers.capture import Capture, Datagram, ladder
from tests.peers.child import PeerError
from tests.peers.tables import NAME, share_tables
from tests.peers.warm import WarmProcess

ROOT = Path(__file__).parent.parent.parent
IN_TREE = (
    sys.executable,
    "-c",
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from switch.cli import main; main()",
)
SOUNDS = ROOT / "build" / "sounds"
READY_S = 30.0
POLL_S = 0.05
T = TypeVar("T")
Process = asyncio.subprocess.Process | WarmProcess


class Metrics:
    """One scrape of /metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.samples = [s for family in text_string_to_metric_families(text) for s in family.samples]

    def value(self, name: str, **labels: str) -> float:
        """Sum of the samples of that name whose labels include these; KeyError if there is none."""
        found = [s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items()]
        if not found:
            raise KeyError(f"{name}{labels}")
        return sum(found)

    def by(self, name: str, label: str) -> dict[str, float]:
        """Sums by one label."""
        sums: dict[str, float] = {}
        for sample in self.samples:
            if sample.name == name:
                sums[sample.labels[label]] = sums.get(sample.labels[label], 0.0) + sample.value
        return sums


class Switch:
    def __init__(
        self,
        folder: Path,
        address: str,
        config: dict[str, Any],
        http_port: int,
        command: Sequence[str] = IN_TREE,
    ) -> None:
        self.folder = folder
        self.address = address
        self.sip = f"{address}:5060"
        """Where its SIP is, as SIPp's target and a phone's registrar."""
        self.url = f"{'https' if config['http'].get('tls') else 'http'}://{address}:{http_port}"
        self.data_dir = Path(config["server"]["data_dir"])
        self.config_file = folder / "centralita.yaml"
        self.config = config
        self.ready_line = ""
        self._command = command
        self._log_file = folder / "log"
        self._story = ""
        self._process: Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None
        self._wire: Capture | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls,
        *,
        address: str = "",
        environment: Mapping[str, str] | None = None,
        serving: bool = True,
        command: Sequence[str] = IN_TREE,
        capture: bool = True,
        **sections: Any,
    ) -> AsyncIterator[Self]:
        """Starts a switch whose configuration is `sections` over a least one (see `configuration`).

        `serving=False` leaves it to the test to `start` it; `command` is what runs as `centralita`.
        SIP over UDP is captured where we may, and with `capture` want to.
        """
        address = address or ports.own_address()
        http_port = ports.free_port(address)
        with tempfile.TemporaryDirectory(prefix="switch-") as name:
            folder = Path(name)
            config = configuration(address, http_port, folder / "var", sections)
            switch = cls(folder, address, config, http_port, command)
            async with contextlib.AsyncExitStack() as stack:
                if capture and os.geteuid() == 0:
                    expression = f"udp port 5060 and host {address}"
                    switch._wire = await stack.enter_async_context(Capture.running(expression))
                try:
                    share_sounds(switch.data_dir)
                    if "database" not in sections and command is IN_TREE:
                        share_tables(switch.data_dir)
                    switch.write_config(switch.config)
                    if serving:
                        await switch.start(environment)
                    yield switch
                finally:
                    await switch.kill()
                    switch._story = switch.story()

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Replaces the configuration file; the switch reads it at a start or `reload`."""
        self.config_file.write_text(yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True))

    async def start(self, environment: Mapping[str, str] | None = None) -> None:
        """Returns once the line `ready` is printed; raises PeerError with the log if it is not."""
        self._process = await self._begin(("serve", "--config", str(self.config_file)), environment)
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read(self._process, ready))
        try:
            self.ready_line = await asyncio.wait_for(ready, READY_S)
        except TimeoutError:
            raise PeerError(f"not ready in {READY_S:g} s\n{self.story()}") from None
        token = self.data_dir / "admin.token"
        headers = {"Authorization": f"Bearer {token.read_text().strip()}"}
        self._client = httpx.AsyncClient(
            base_url=self.url, headers=headers, timeout=10.0, verify=trust(Place(self.url, self.data_dir))
        )

    async def _begin(self, arguments: Sequence[str], environment: Mapping[str, str] | None) -> Process:
        """Warm, unless the program is installed elsewhere or its environment is its own."""
        with self._log_file.open("ab") as log:
            if self._command is IN_TREE and environment is None:
                return await WarmProcess.start(arguments, stderr=log, cwd=self.folder)
            return await asyncio.create_subprocess_exec(
                *(*self._command, *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **(environment or {})},
            )

    async def _read(self, process: Process, ready: "asyncio.Future[str]") -> None:
        assert process.stdout is not None
        with self._log_file.open("ab") as log:
            while line := await process.stdout.readline():
                log.write(line)
                log.flush()
                if line.startswith(b"ready") and not ready.done():
                    ready.set_result(line.decode().rstrip())
        if not ready.done():
            ready.set_exception(PeerError(f"exited with {await process.wait()}\n{self.story()}"))

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def reload(self) -> None:
        """SIGHUP; whether the configuration was taken, the metrics and the log say."""
        os.kill(self.pid, signal.SIGHUP)

    def drain(self) -> None:
        """SIGTERM, once: drains; a second time: stops at once."""
        os.kill(self.pid, signal.SIGTERM)

    async def exited(self, timeout_s: float = 30.0) -> int:
        """The exit code, once it has stopped by itself."""
        assert self._process is not None
        try:
            await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            raise PeerError(f"still running after {timeout_s:g} s\n{self.story()}") from None
        await self._forget()
        assert self._process.returncode is not None
        return self._process.returncode

    async def kill(self) -> None:
        """kill -9; nothing if it has stopped already."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._forget()

    async def _forget(self) -> None:
        if self._reading is not None:
            with contextlib.suppress(PeerError):  # nobody may have waited for `ready`
                await self._reading
            self._reading = None
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """As administrator; the answer, whatever its status."""
        if self._client is None:
            raise PeerError("the switch is not running")
        return await self._client.request(method, path, **options)

    async def get(self, path: str) -> Any:
        """The JSON of a 200."""
        response = await self.request("GET", path)
        if response.status_code != 200:
            raise PeerError(f"GET {path}: {response.status_code} {response.text}")
        return response.json()

    async def items(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.get(path))["items"]
        return items

    async def metrics(self) -> Metrics:
        return Metrics((await self.request("GET", "/metrics")).text)

    async def until(
        self, look: Callable[[], Awaitable[T]], met: Callable[[T], bool], timeout_s: float = 10.0
    ) -> T:
        """Asks again and again until what `look` finds is `met`; returns it. For what tells nobody."""
        deadline = time.monotonic() + timeout_s
        while not met(seen := await look()):
            if time.monotonic() > deadline:
                raise PeerError(f"not within {timeout_s:g} s; last seen: {seen}\n{self.story()}")
            await asyncio.sleep(POLL_S)
        return seen

    async def agent_is(self, name: str, state: str, timeout_s: float = 10.0) -> dict[str, Any]:
        """Waits for an agent's state."""
        agent: dict[str, Any] = await self.until(
            lambda: self.get(f"/api/v1/agents/{name}"), lambda agent: agent["state"] == state, timeout_s
        )
        return agent

    async def ended_calls(self, count: int, timeout_s: float = 10.0) -> list[dict[str, Any]]:
        """Waits until that many calls have their record; newest first, as the API lists them."""
        return await self.until(
            lambda: self.items("/api/v1/calls?state=ended"), lambda calls: len(calls) >= count, timeout_s
        )

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Reads the SQLite database beside the switch."""
        with contextlib.closing(sqlite3.connect(f"file:{self.data_dir / NAME}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(statement, values)]

    def wire(self) -> list[Datagram]:
        """All SIP over UDP so far, as it was on the wire. Needs root, as every capture does."""
        if self._wire is None:
            raise PeerError("no capture: we are not root")
        return self._wire.datagrams()

    def log(self) -> str:
        return self._log_file.read_text(errors="replace") if self._log_file.exists() else ""

    def story(self) -> str:
        """The log and, where we may capture, the ladder of all SIP over UDP; also when it is over."""
        datagrams = self._wire.datagrams() if self._wire is not None else []
        return self._story or f"{self.log()}\n{ladder(datagrams)}"


def share_sounds(data_dir: Path) -> None:
    """Gives a new data_dir the built-in sounds, which are made once for all tests and take seconds."""
    SOUNDS.mkdir(parents=True, exist_ok=True)
    with (SOUNDS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        synthesis.make(SOUNDS)
    made = built_in(SOUNDS)
    data_dir.mkdir(parents=True, exist_ok=True)
    built_in(data_dir).symlink_to(made)


def configuration(
    address: str, http_port: int, data_dir: Path, sections: Mapping[str, Any]
) -> dict[str, Any]:
    """A least configuration: own addresses, one trunk for whoever comes from 127.0.0.0/8, nobody else.

    A section given here replaces the same keys of the first level: `sip={"t1": "100ms"}` keeps `listen`.
    Trunks are asked by OPTIONS only where a test says so: SIPp would take the question for a call.
    """
    least: dict[str, Any] = {
        "server": {"data_dir": str(data_dir), "drain_timeout": "10s"},
        "sip": {"listen": [f"udp:{address}:5060", f"tcp:{address}:5060"], "domain": "centralita.example"},
        "media": {"listen": address, "ports": "20000-20999"},
        "http": {"listen": f"{address}:{http_port}"},
        "trunks": {"carrier": {"accept_from": ["127.0.0.0/8"], "proxy": "sip:127.0.0.1:5080"}},
        "routes": [],
    }
    for name, section in sections.items():
        base = least.get(name)
        least[name] = {**base, **section} if isinstance(base, dict) and name != "trunks" else section
    least["trunks"] = {name: {"options": 0, **trunk} for name, trunk in least["trunks"].items()}
    return least
