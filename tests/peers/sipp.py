"""SIPp as carrier and as phones: scenarios of tests/peers/scenarios, one process on an address of its own.

async with Sipp.running("caller_hangs_up", target="127.9.8.7:5060", number="+34911000000") as caller:
    outcome = await caller.finished()
assert outcome.failed == 0
"""

import asyncio
import contextlib
import csv
import re
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Self

from sip.syntax.message import Request, parse
from tests.peers import audio, ports
from tests.peers.child import PeerError

SCENARIOS = Path(__file__).parent / "scenarios"
PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What SIPp counted, and what it found wrong."""

    created: int
    successful: int
    failed: int
    retransmissions: int
    response_s: float
    """Mean time from INVITE (or REGISTER) to its 200."""
    exit_code: int
    errors: str


class Sipp:
    def __init__(self, process: asyncio.subprocess.Process, folder: Path, address: str, port: int) -> None:
        self._process = process
        self._folder = folder
        self._story = ""
        self.address = address
        self.port = port

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls,
        scenario: str,
        *,
        target: str = "",
        calls: int = 1,
        rate: float = 10.0,
        address: str = "",
        port: int = 5060,
        users: Mapping[str, str] | None = None,
        transport: str = "u1",
        options: Sequence[str] = (),
        tone_hz: float = 440.0,
        codec: str = "PCMA",
        **values: str | float,
    ) -> AsyncIterator[Self]:
        """Starts a scenario; what is still running at the end of the context is killed.

        `target` is HOST:PORT of the other side, needed by callers; `users` (name: secret) are those to
        register; `values` replace what else the scenario names with ${...}: see DEFAULTS.
        """
        address = address or ports.own_address(port)
        with tempfile.TemporaryDirectory(prefix="sipp-") as name:
            folder = Path(name)
            _write_files(folder, scenario, users or {}, tone_hz, codec, values)
            command = ["sipp", *([target] if target else []), "-sf", "scenario.xml"]
            command += ["-i", address, "-p", str(port), "-bind_local", "-mi", address, "-t", transport]
            command += ["-m", str(calls), "-r", str(rate), "-nostdin", "-cp", "0"]
            command += ["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"]
            command += ["-trace_stat", "-stf", "statistics", "-fd", "1"]
            command += ["-inf", "users.csv"] if users else []
            with (folder / "output").open("wb") as output:
                process = await asyncio.create_subprocess_exec(
                    *command, *options, stdout=output, stderr=subprocess.STDOUT, cwd=folder
                )
            sipp = cls(process, folder, address, port)
            try:
                yield sipp
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                sipp._story = sipp.story()

    async def finished(self, timeout_s: float = 60.0) -> Outcome:
        """Waits until all calls have ended."""
        try:
            exit_code = await asyncio.wait_for(self._process.wait(), timeout_s)
        except TimeoutError:
            raise PeerError(f"SIPp still has calls after {timeout_s:g} s\n{self.story()}") from None
        return self._outcome(exit_code)

    def story(self) -> str:
        """Every message of every call, and what SIPp did not expect."""
        return self._story or "\n".join(self._read(name) for name in ("output", "messages", "errors"))

    def heard(self, method: str) -> list[Request]:
        """The requests of that method that came, as they came."""
        parts = re.split(r"^-{20,}.*\n", self.story(), flags=re.MULTILINE)
        received = [part.partition(":\n\n")[2] for part in parts if " message received " in part[:40]]
        told = [
            parse(text.replace("\n", "\r\n").encode()) for text in received if text.startswith(f"{method} ")
        ]
        return [message for message in told if isinstance(message, Request)]

    def _read(self, name: str) -> str:
        path = self._folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    def _outcome(self, exit_code: int) -> Outcome:
        rows = list(csv.DictReader(self._read("statistics").splitlines(), delimiter=";"))
        if not rows:
            raise PeerError(f"SIPp exited with {exit_code}\n{self.story()}")
        last = rows[-1]
        return Outcome(
            created=int(last["TotalCallCreated"]),
            successful=int(last["SuccessfulCall(C)"]),
            failed=int(last["FailedCall(C)"]),
            retransmissions=int(last["Retransmissions(C)"]),
            response_s=_seconds(last.get("ResponseTime1(C)", "0")),
            exit_code=exit_code,
            errors=self._read("errors"),
        )


async def register(target: str, users: Mapping[str, str], address: str, port: int = 5060) -> Outcome:
    """Registers users (name: secret) at the address and port on which an agent scenario then answers."""
    async with Sipp.running(
        "register", target=target, calls=len(users), users=users, address=address, port=port
    ) as registering:
        return await registering.finished()


DEFAULTS: Mapping[str, str | float] = {
    "number": "service",  # whom the caller dials; the user part of an agent's Contact
    "caller": "+34600111222",  # the user part of From
    "headers": "",  # further lines of the INVITE, each behind a line end
    "checks": "",  # what an agent wants of the INVITE, as actions of SIPp that assign to `seen`
    "interval_s": 90,  # of a session (RFC 4028)
    "talk_ms": 2000,
    "ring_ms": 200,
    "status": 486,
    "expires_s": 600,
}


def _write_files(
    folder: Path,
    scenario: str,
    users: Mapping[str, str],
    tone_hz: float,
    codec: str,
    values: Mapping[str, str | float],
) -> None:
    samples = audio.tone(tone_hz)
    encoded = audio.encode_alaw(samples) if codec == "PCMA" else audio.encode_ulaw(samples)
    (folder / "tone").write_bytes(encoded)
    template = Template((SCENARIOS / f"{scenario}.xml").read_text())
    media = {"tone": folder / "tone", "codec": codec, "payload_type": PAYLOAD_TYPES[codec]}
    (folder / "scenario.xml").write_text(template.substitute({**DEFAULTS, **media, **values}))
    rows = [f"{name};[authentication username={name} password={secret}]" for name, secret in users.items()]
    (folder / "users.csv").write_text("\n".join(["SEQUENTIAL", *rows, ""]))


def _seconds(clock: str) -> float:
    """`HH:MM:SS:microseconds`, as SIPp writes its times."""
    total = 0.0
    for part, unit in zip(reversed(clock.split(":")), (1e-6, 1.0, 60.0, 3600.0), strict=False):
        total += float(part) * unit
    return total
