"""A real Prometheus that scrapes a switch four times a second, with our rules made hasty.

async with Prometheus.running(switch.url) as prometheus:
    await prometheus.firing("CentralitaTrunkDown")
    (sample,) = await prometheus.query("centralita_trunk_up")
"""

import asyncio
import contextlib
import re
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from tests.peers import ports
from tests.peers.child import PeerError
from tests.peers.switch import ROOT

RULES = ROOT / "config" / "prometheus" / "centralita.rules.yml"
SCRAPE_S = 0.25
POLL_S = 0.05
_DURATION = re.compile(r"(?<![\w.])(\d+)([smh])\b")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True, slots=True)
class Sample:
    """One of a query's answer."""

    labels: dict[str, str]
    value: float


class Prometheus:
    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log
        self._story = ""
        self._client = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=10.0)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, target: str, *, hasty: int = 60) -> AsyncIterator[Self]:
        """Scrapes `target`, a switch's `url`, as job `centralita`; rules wait a `hasty`-th of their times."""
        address = ports.own_address(9090)
        with tempfile.TemporaryDirectory(prefix="prometheus-") as name:
            folder = Path(name)
            (folder / "rules.yml").write_text(yaml.safe_dump(hastened(hasty)))
            (folder / "prometheus.yml").write_text(yaml.safe_dump(_configuration(target)))
            log = folder / "log"
            with log.open("wb") as output:
                process = await asyncio.create_subprocess_exec(
                    "prometheus",
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address={address}:9090",
                    "--query.lookback-delta=1s",
                    stdout=output,
                    stderr=subprocess.STDOUT,
                )
            prometheus = cls(f"http://{address}:9090", log)
            try:
                await prometheus._started()
                yield prometheus
            finally:
                prometheus._story = prometheus.story()
                await prometheus._client.aclose()
                process.kill()
                await process.wait()

    async def query(self, expression: str) -> list[Sample]:
        """What the expression is now; PeerError where Prometheus does not understand it."""
        answer = await self._client.post("/query", data={"query": expression})
        body = answer.json()
        if answer.status_code != 200 or body.get("warnings"):
            raise PeerError(f"{expression}: {body}")
        found = body["data"]["result"]
        if body["data"]["resultType"] == "scalar":
            return [Sample({}, float(found[1]))]
        return [Sample(one["metric"], float(one["value"][1])) for one in found]

    async def value(self, expression: str) -> float:
        """Of an expression that is one number."""
        (sample,) = await self.query(expression)
        return sample.value

    async def firing(self, alert: str, timeout_s: float = 20.0) -> dict[str, Any]:
        """The labels and annotations of an alert, once it fires."""
        deadline = time.monotonic() + timeout_s
        while True:
            alerts = await self._alerts()
            for one in alerts:
                if one["labels"]["alertname"] == alert and one["state"] == "firing":
                    return one
            if time.monotonic() > deadline:
                raise PeerError(f"{alert} does not fire; these do: {alerts}\n{self.story()}")
            await asyncio.sleep(POLL_S)

    async def cleared(self, alert: str, timeout_s: float = 30.0) -> None:
        """Waits until it neither fires nor is about to."""
        deadline = time.monotonic() + timeout_s
        while any(one["labels"]["alertname"] == alert for one in await self._alerts()):
            if time.monotonic() > deadline:
                raise PeerError(f"{alert} still fires: {await self._alerts()}")
            await asyncio.sleep(POLL_S)

    async def until(self, condition: str, timeout_s: float = 15.0) -> list[Sample]:
        """Waits until the expression finds something, and returns that."""
        deadline = time.monotonic() + timeout_s
        while not (found := await self.query(condition)):
            if time.monotonic() > deadline:
                raise PeerError(f"never: {condition}\n{self.story()}")
            await asyncio.sleep(POLL_S)
        return found

    def story(self) -> str:
        """Its log."""
        return self._story or self._log.read_text(errors="replace")

    async def _alerts(self) -> list[dict[str, Any]]:
        alerts: list[dict[str, Any]] = (await self._client.get("/alerts")).json()["data"]["alerts"]
        return alerts

    async def _started(self, timeout_s: float = 20.0) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await self._client.get(f"{self.url}/-/ready")).status_code == 200:
                    return
            if time.monotonic() > deadline:
                raise PeerError(f"Prometheus does not start\n{self.story()}")
            await asyncio.sleep(POLL_S)


def hastened(by: int) -> dict[str, Any]:
    """The rules, with each `for` and each window so many times shorter."""
    rules: dict[str, Any] = yaml.safe_load(RULES.read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["expr"] = re.sub(r"\[[^\]]+\]", lambda window: _shorter(window[0], by), rule["expr"])
            if "for" in rule:
                rule["for"] = _shorter(rule["for"], by)
    return rules


def _shorter(text: str, by: int) -> str:
    least_ms = round(SCRAPE_S * 1000)
    return _DURATION.sub(lambda it: f"{max(least_ms, int(it[1]) * _SECONDS[it[2]] * 1000 // by)}ms", text)


def _configuration(target: str) -> dict[str, Any]:
    often = f"{round(SCRAPE_S * 1000)}ms"
    return {
        "global": {"scrape_interval": often, "scrape_timeout": often, "evaluation_interval": often},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {
                "job_name": "centralita",
                "static_configs": [{"targets": [target.removeprefix("http://")]}],
            }
        ],
    }
