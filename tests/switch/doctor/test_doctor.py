"""The doctor examines a healthy installation and six broken ones: each cause is named with its remedy, and
nothing else is found to be bad.
"""

import asyncio
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from switch.doctor import running
from switch.doctor.checks import CHECKS, examine
from switch.doctor.findings import Finding, Verdict
from switch.doctor.patient import utc_now
from switch.events.types import LASTING
from switch.history.database import Known, connect
from switch.history.schema import migrate
from tests.e2e.centre import centre
from tests.peers import ports
from tests.peers.postgresql import postgresql
from tests.peers.switch import ROOT, Switch, configuration, share_sounds

Examined = list[tuple[str, Finding]]


class Installation:
    """A configuration with its files, and no switch that runs."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "centralita.yaml"
        self.data_dir = folder / "var"
        self.address = ports.own_address()
        self.http = ports.free_port(self.address)
        share_sounds(self.data_dir)
        self.is_as_follows()

    def is_as_follows(self, **sections: Any) -> None:
        given = configuration(self.address, self.http, self.data_dir, centre(**sections))
        self.file.write_text(yaml.safe_dump(given))

    def examined(self, now: Callable[[], datetime] = utc_now) -> Examined:
        return list(examine(self.file, now))


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def found(examined: Examined, verdict: Verdict) -> Examined:
    return [(name, finding) for name, finding in examined if finding.verdict is verdict]


def only_bad(examined: Examined) -> tuple[str, Finding]:
    """What is bad, and that it alone is; whatever is not good comes with a remedy."""
    assert all(finding.remedy for _, finding in examined if finding.verdict is not Verdict.GOOD)
    (bad,) = found(examined, Verdict.BAD)
    return bad


async def test_a_switch_that_runs_is_well() -> None:
    async with Switch.running(**centre()) as switch:
        examined = await asyncio.to_thread(lambda: list(examine(switch.config_file)))
        assert found(examined, Verdict.BAD) == []
        # The clock of a container is set by nobody in it; the phones of this test are not switched on.
        assert {name for name, _ in found(examined, Verdict.DOUBT)} <= {"clock", "phones"}
        assert list(dict.fromkeys(name for name, _ in examined)) == [name for name, _ in CHECKS]
        said = {name: finding.said for name, finding in examined}
        assert said["descriptors"].startswith(f"the switch (pid {switch.pid}) may open")
        assert said["ports"] == "the running switch has them"
        assert said["switch"] == f"it takes calls ({switch.url})"


def test_a_port_is_taken(installation: Installation) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((installation.address, 5060))
        name, finding = only_bad(installation.examined())
    assert name == "ports"
    process = f"{Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})"
    assert finding.said == f"sip.listen[0]: udp:{installation.address}:5060 is taken by {process}"
    assert finding.remedy == "stop that process, or listen elsewhere"


@pytest.mark.timeout(60)
def test_there_are_no_file_handles(installation: Installation) -> None:
    """In a process of its own, which alone gets so few; by the command, whose exit code tells."""
    code = "import sys; from switch.cli import main; sys.argv[0] = 'centralita'; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor", "--config", installation.file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)),
    )
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    (at,) = (i for i, line in enumerate(lines) if line.startswith("bad"))
    assert lines[at] == (
        "bad   descriptors   a switch started from here may open 40 files: 0 bridged calls; "
        "it cannot take one"
    )
    assert lines[at + 1].startswith("                    -> LimitNOFILE=1048576 in the unit of systemd")


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        (
            {"sip": {"advertise": "10.99.98.97"}},
            "sip.advertise: no interface of this machine has 10.99.98.97",
        ),
        (
            {"media": {"advertise": "127.0.0.1"}, "trunks": {"carrier": {"proxy": "sip:192.0.2.7"}}},
            "media.advertise: the carrier at 192.0.2.7 cannot reach 127.0.0.1",
        ),
        (
            {"sip": {"advertise": "192.168.1.5"}, "trunks": {"carrier": {"proxy": "sip:8.8.8.8"}}},
            "sip.advertise: the carrier at 8.8.8.8 cannot reach 192.168.1.5",
        ),
    ],
)
def test_the_advertised_address_is_wrong(
    installation: Installation, sections: dict[str, Any], said: str
) -> None:
    installation.is_as_follows(**sections)
    bad = found(installation.examined(), Verdict.BAD)
    name, finding = next(one for one in bad if "there is no way" not in one[1].said)
    assert (name, finding.said) == ("addresses", said)
    assert "`ip address`" in finding.remedy


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts file systems")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_the_disk_is_full(full_disk: Path) -> None:
    installation = Installation(full_disk)
    name, finding = only_bad(installation.examined())
    assert name == "disk"
    assert finding.said.startswith("only ")
    assert finding.said.endswith(
        f" MiB free in {installation.data_dir}: journal and recordings cannot be written"
    )
    assert finding.remedy.startswith(f"du -xh --max-depth=2 {installation.data_dir}")


def test_the_clock_was_set_back(installation: Installation) -> None:
    journal = installation.data_dir / "journal"
    journal.mkdir()
    (journal / "000001").touch()
    earlier = datetime.now(UTC) - timedelta(hours=1)
    name, finding = only_bad(installation.examined(lambda: earlier))
    assert name == "clock"
    assert finding.said.startswith("the clock was set back: the journal was written 3,60")
    assert "timedatectl" in finding.remedy


async def test_the_clock_is_not_the_databases(installation: Installation) -> None:
    with postgresql() as url:
        engine = connect(url, installation.data_dir)
        await migrate(engine)
        await engine.dispose()
        installation.is_as_follows(database={"url": url})
        well = await asyncio.to_thread(installation.examined)
        assert found(well, Verdict.BAD) == []
        assert "its clock and ours agree" in [finding.said for name, finding in well if name == "database"]
        examined = await asyncio.to_thread(
            installation.examined, lambda: datetime.now(UTC) + timedelta(hours=1)
        )
    name, finding = only_bad(examined)
    assert (name, finding.said) == (
        "database",
        "this machine's clock is 3,600 s ahead of the database's",
    )
    assert "timedatectl" in finding.remedy


def test_the_database_is_away(installation: Installation) -> None:
    port = ports.free_port("127.0.0.1")
    installation.is_as_follows(database={"url": f"postgresql://someone:hush@127.0.0.1:{port}/history"})
    name, finding = only_bad(installation.examined())
    assert name == "database"
    url = f"postgresql://someone:***@127.0.0.1:{port}/history"
    assert finding.said.startswith(f"{url} does not answer: ")
    assert "Connect call failed" in finding.said
    assert finding.said.endswith("; it never has, so no switch starts with it")
    assert finding.remedy.startswith(f"pg_isready -h 127.0.0.1 -p {port}; ")
    assert "hush" not in finding.said + finding.remedy
    Known(url.replace("***", "other"), installation.data_dir).note()
    examined = installation.examined()
    assert found(examined, Verdict.BAD) == []
    (away,) = [finding for name, finding in found(examined, Verdict.DOUBT) if name == "database"]
    assert away.said.startswith(f"{url} does not answer: ")
    assert away.remedy.endswith("Until then calls are taken, and their records wait in data_dir")


def test_every_alarm_that_lasts_has_a_remedy() -> None:
    assert set(running.REMEDIES) == set(LASTING)


def test_a_configuration_with_mistakes_is_all_that_is_said(installation: Installation) -> None:
    installation.file.write_text("quues: {}\n")
    name, finding = only_bad(installation.examined())
    assert (name, finding.said) == (
        "configuration",
        f"{installation.file}:1:1: quues: unknown key; did you mean 'queues'?",
    )


def test_every_check_says_something_of_an_installation_that_is_not_started(
    installation: Installation,
) -> None:
    examined = installation.examined()
    assert found(examined, Verdict.BAD) == []
    silent: Sequence[str] = ("alarms", "trunks", "phones")  # those of a switch that runs
    assert {name for name, _ in examined} == {name for name, _ in CHECKS} - set(silent)
    assert isinstance(examined[0][1], Finding)
