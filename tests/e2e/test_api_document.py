"""The API of a running switch, asked by Schemathesis, which knows its document and nothing else."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.e2e.centre import Tell, centre
from tests.peers.switch import Switch

LEFT_OUT = ("drain", "events", "trace", "trace.pcap")
"""The first ends the switch, the second is a WebSocket, the others do not end."""
CHECKS = """
[checks]
# Whoever fails so often to sign in is told 429, no longer 401; tests/switch/access/test_matrix.py has both.
ignored_auth.enabled = false
missing_required_header.enabled = false

# What some reports are not narrowed down by, no schema can say.
[[operations]]
include-path = "/api/v1/reports/{report}"
checks.positive_data_acceptance.enabled = false

# Nor that a hold names something, and that its time begins before it ends.
[[operations]]
include-path = "/api/v1/holds"
checks.positive_data_acceptance.enabled = false

# A POST there asks for a report called "jobs", which is not found.
[[operations]]
include-path = "/api/v1/reports/jobs"
checks.unsupported_method.enabled = false
"""


async def asked(tell_on_failure: Tell, folder: Path, *options: str) -> None:
    (folder / "schemathesis.toml").write_text(CHECKS)
    async with Switch.running(capture=False, **centre(2)) as switch:
        tell_on_failure("switch", switch.log)
        token = (switch.data_dir / "admin.token").read_text().strip()
        command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{switch.url}/api/openapi.json"]
        command += ["--header", f"Authorization: Bearer {token}", "--rate-limit", "90/s", "--no-color"]
        command += [word for path in LEFT_OUT for word in ("--exclude-path", f"/api/v1/{path}")]
        command += ["--generation-database", "none", *options]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        told, _ = await process.communicate()
        print(told.decode())
        assert process.returncode == 0
        assert "request failed" not in switch.log()


@pytest.mark.timeout(180)
async def test_it_does_what_its_document_says(tell_on_failure: Tell, tmp_path: Path) -> None:
    once = ("--phases", "examples,coverage", "--max-examples", "1", "--seed", "1")
    await asked(tell_on_failure, tmp_path, *once)


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_it_does_so_whatever_it_is_asked(tell_on_failure: Tell, tmp_path: Path) -> None:
    await asked(tell_on_failure, tmp_path, "--max-examples", "100", "--continue-on-failure")
