"""Each alert fires in a real Prometheus while its cause is there, and clears after.

Rules wait a sixtieth of their times here; that their own times are right, promtool says of `alerts.test.yml`.
"""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from switch.cli.app import app
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.e2e.test_bans import guess
from tests.peers import ports
from tests.peers.carrier import Carrier
from tests.peers.disk import MB, filled, mounted
from tests.peers.prometheus import RULES, Prometheus
from tests.peers.raw import RawSip
from tests.peers.sipp import Sipp
from tests.peers.switch import ROOT, Switch

HERE = Path(__file__).parent
GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALERTS = [rule for group in GROUPS for rule in group["rules"]]
FORGETFUL = (
    sys.executable,
    "-c",
    f"import sys, runpy; sys.path.insert(0, {str(ROOT)!r}); "
    "runpy.run_module('tests.operating.forgetful', run_name='__main__')",
)


def promtool(*arguments: str | Path) -> None:
    said = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=30, cwd=RULES.parent
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_promtool_accepts_what_we_ship() -> None:
    promtool("check", "config", "prometheus.yml")


def test_alerts_fire_and_clear_in_their_times() -> None:
    promtool("test", "rules", HERE / "alerts.test.yml")


def test_every_alert_is_tried_in_its_times() -> None:
    tried = yaml.safe_load((HERE / "alerts.test.yml").read_text())["tests"]
    named = {check["alertname"] for test in tried for check in test["alert_rule_test"]}
    assert named == {alert["alert"] for alert in ALERTS}


def test_there_are_at_most_ten_alerts() -> None:
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS) <= 10


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_has_a_runbook_with_commands(alert: dict[str, Any]) -> None:
    runbook = (ROOT / alert["annotations"]["runbook_url"]).read_text()
    assert alert["alert"] in runbook
    assert re.findall(r"```sh\n.+?```", runbook, flags=re.DOTALL), "the commands that prove each cause"
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert {"summary", "description"} < set(alert["annotations"])


COMMANDS = sorted(
    {
        command.strip()
        for runbook in (ROOT / "docs" / "how-to" / "runbooks").glob("*.md")
        for command in re.findall(r"(?:`|\n|; )(centralita [^`|;\n#]*)", runbook.read_text())
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_a_runbook_is_there(command: str) -> None:
    words = command.split()[1:]
    found: Any = typer.main.get_command(app)
    while hasattr(found, "commands"):
        found = found.commands[words.pop(0)]
    known = {name for parameter in found.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


@asynccontextmanager
async def watched(tell: Tell, **sections: Any) -> AsyncIterator[tuple[Switch, Prometheus]]:
    """A switch, and a Prometheus that has seen it."""
    async with (
        Switch.running(capture=False, **sections) as switch,
        Prometheus.running(switch.url) as prometheus,
    ):
        tell("switch", switch.story)
        tell("prometheus", prometheus.story)
        await prometheus.until('up{job="centralita"} == 1')
        await prometheus.cleared("CentralitaNotServing")  # nothing was there to scrape at first
        yield switch, prometheus


async def registered(switch: Switch, *phones: str, expires_s: int = 600) -> None:
    """As their SIPp would register them; 0 s takes them away."""
    users = {phone: SECRETS[phone] for phone in phones}
    async with Sipp.running(
        "register",
        target=switch.sip,
        calls=len(users),
        users=users,
        address=switch.address,
        port=5070,
        expires_s=expires_s,
    ) as registering:
        assert (await registering.finished()).failed == 0


@pytest.mark.long
async def test_a_dead_switch_and_a_dead_trunk(tell_on_failure: Tell) -> None:
    async with Carrier.running() as carrier:
        trunks = {
            "carrier": {"accept_from": ["127.0.0.0/8"], "proxy": "sip:127.0.0.1:5080"},
            "out": {"proxy": carrier.uri, "options": "200ms"},
        }
        sections = centre(1, trunks=trunks, sip={"t1": "50ms"})
        async with watched(tell_on_failure, **sections) as (switch, prometheus):
            carrier.kill()
            alert = await prometheus.firing("CentralitaTrunkDown")
            assert alert["labels"]["trunk"] == "out"
            assert alert["annotations"]["summary"] == "trunk out is down"
            await carrier.revive()
            await prometheus.cleared("CentralitaTrunkDown")

            await switch.kill()
            assert (await prometheus.firing("CentralitaNotServing"))["labels"]["severity"] == "critical"
            await switch.start()
            await prometheus.cleared("CentralitaNotServing")


@pytest.mark.long
async def test_a_switch_that_drains_is_not_ready(tell_on_failure: Tell) -> None:
    async with watched(tell_on_failure, **centre(1)) as (switch, prometheus):
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=8000) as caller:
            await switch.until(lambda: switch.items("/api/v1/calls?state=active"), bool)
            switch.drain()
            alert = await prometheus.firing("CentralitaNotServing")
            assert alert["value"] == "0e+00"
            assert (await caller.finished()).failed == 0
        assert await switch.exited() == 0
        await switch.start()
        await prometheus.cleared("CentralitaNotServing")


@pytest.mark.long
async def test_phones_that_go_together(tell_on_failure: Tell) -> None:
    async with watched(tell_on_failure, **centre(3)) as (switch, prometheus):
        await registered(switch, *SECRETS)
        await prometheus.until("sum(centralita_registrations) == 3")
        await registered(switch, "1001", "1002", expires_s=0)
        alert = await prometheus.firing("CentralitaPhonesLost")
        assert alert["annotations"]["description"].startswith("1 are registered")
        await registered(switch, "1001", "1002")
        await prometheus.cleared("CentralitaPhonesLost")


@pytest.mark.long
async def test_callers_whom_nobody_serves(tell_on_failure: Tell) -> None:
    async with (
        watched(tell_on_failure, **centre(1)) as (switch, prometheus),
        Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=20000),
    ):
        alert = await prometheus.firing("CentralitaNobodyServes")
        assert alert["annotations"]["summary"] == "1 callers wait in support, and nobody serves it"
        await registered(switch, "1001")
        async with Sipp.running("agent_answers", address=switch.address, port=5070, number="1001"):
            await prometheus.cleared("CentralitaNobodyServes")


@pytest.mark.long
async def test_a_service_level_below_its_target(tell_on_failure: Tell) -> None:
    queue = {"wrap_up": "0s", "service_level": {"target": "50%", "within": "5s", "short_abandon": "0s"}}
    async with watched(tell_on_failure, **centre(1, queue)) as (switch, prometheus):
        async with Sipp.running(
            "caller_hangs_up", target=switch.sip, number=NUMBER, calls=12, talk_ms=300
        ) as callers:
            assert (await callers.finished()).failed == 0
        alert = await prometheus.firing("CentralitaServiceLevelLow")
        assert alert["annotations"]["summary"] == "service level of support is 0%"
        await registered(switch, "1001")
        await switch.agent_is("ana", "ready")
        async with (
            Sipp.running(
                "agent_answers", address=switch.address, port=5070, calls=14, number="1001", ring_ms=10
            ),
            Sipp.running(
                "caller_hangs_up", target=switch.sip, number=NUMBER, calls=14, rate=1.5, talk_ms=400
            ) as callers,
        ):
            assert (await callers.finished()).failed == 0
            assert await prometheus.value("centralita_queue_service_level_ratio") > 0.5
            await prometheus.cleared("CentralitaServiceLevelLow", 5.0)


@pytest.mark.long
async def test_a_caller_beside_a_free_agent(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(
            Switch.running(capture=False, command=FORGETFUL, **centre(1))
        )
        tell_on_failure("switch", switch.story)
        prometheus = await stack.enter_async_context(Prometheus.running(switch.url))
        await prometheus.until('up{job="centralita"} == 1')
        await registered(switch, "1001")
        await switch.agent_is("ana", "ready")
        os.kill(switch.pid, signal.SIGUSR1)
        async with (
            Sipp.running("agent_answers", address=switch.address, port=5070, number="1001", ring_ms=10),
            Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=4000) as caller,
        ):
            await prometheus.firing("CentralitaCallerKeptWaiting")
            assert (await caller.finished()).failed == 0
        (record,) = await switch.ended_calls(1)
        assert record["agent"] == "ana", "the watchdog has put it right"
        await prometheus.cleared("CentralitaCallerKeptWaiting")


@pytest.mark.long
async def test_a_loop_that_is_late(tell_on_failure: Tell) -> None:
    async def halt(pid: int) -> None:
        while True:
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(0.15)
            finally:
                os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.1)

    async with watched(tell_on_failure, **centre(1)) as (switch, prometheus):
        halting = asyncio.create_task(halt(switch.pid))
        try:
            await prometheus.firing("CentralitaLate")
        finally:
            halting.cancel()
        await prometheus.cleared("CentralitaLate")


@pytest.mark.long
async def test_a_database_that_takes_nothing(tell_on_failure: Tell) -> None:
    """Somebody else has locked it; PostgreSQL that is away is in tests/switch/history."""
    async with watched(tell_on_failure, **centre(1)) as (switch, prometheus):
        with closing(sqlite3.connect(switch.data_dir / "centralita.db", isolation_level=None)) as locker:
            locker.execute("BEGIN EXCLUSIVE")
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number="600", talk_ms=200
            ) as caller:
                assert (await caller.finished()).failed == 0
            await prometheus.firing("CentralitaHistoryBehind", 60.0)
            assert (await switch.request("GET", "/readyz")).status_code == 200, "calls go on"
            locker.execute("ROLLBACK")
        await prometheus.cleared("CentralitaHistoryBehind", 60.0)
        assert len(await switch.ended_calls(1)) == 1


@pytest.mark.long
@pytest.mark.timeout(180)
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_a_disk_that_fills_up(tmp_path: Path, tell_on_failure: Tell) -> None:
    with mounted(tmp_path / "small", "200m") as small:
        sections = centre(1, server={"data_dir": str(small / "var")})
        async with watched(tell_on_failure, **sections) as (switch, prometheus):
            with filled(small, but=15 * MB):
                await prometheus.firing("CentralitaDiskLow")
                await prometheus.firing("CentralitaNotServing")
                assert "the journal may soon not be written" in (await switch.request("GET", "/readyz")).text
                assert (await switch.request("GET", "/livez")).status_code == 200
            await prometheus.cleared("CentralitaNotServing")
            await prometheus.cleared("CentralitaDiskLow", 90.0)
            await switch.kill()


@pytest.mark.long
async def test_somebody_who_guesses_passwords(tell_on_failure: Tell) -> None:
    sections = centre(1, sip={"bans": {"failures": 0}}, trunks={"carrier": {"accept_from": ["127.0.0.9/32"]}})
    sections["routes"] = []
    async with watched(tell_on_failure, **sections) as (switch, prometheus):
        async with RawSip.open(switch.sip, address=ports.own_address()) as guesser:
            for _ in range(70):
                assert (await guess(guesser, "1001", "a guess")).status == 401
        await prometheus.firing("CentralitaAbuse")
        await prometheus.cleared("CentralitaAbuse")
