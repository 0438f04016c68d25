"""SIPp as load: one process on core 1, ahead of what else runs there, and what it logged of each call."""

import contextlib
import csv
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.bench import cores

SCENARIOS: Final = Path(__file__).parent / "scenarios"
ENDING_S: Final = 5.0
"""How long calls may take to end once SIPp was told to stop."""


@dataclass(slots=True)
class Moments:
    """When something happened, in seconds, by the caller's number; and the number that he called."""

    at_s: dict[int, float] = field(default_factory=dict)
    called: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    """What SIPp counted by its end, and the first thing that it found wrong."""

    created: int
    successful: int
    failed: int
    retransmissions: int
    error: str


class SippLoad:
    """One SIPp. A context: killed at its end if it still runs."""

    def __init__(
        self,
        scenario: str,
        address: str,
        port: int,
        *,
        target: str = "",
        rate: float | None = None,
        calls: int | None = None,
        talk_s: float = 0.0,
        keys: Mapping[str, str] | None = None,
        users: Sequence[tuple[str, str]] = (),
    ) -> None:
        """`rate` and `calls` for those who call; without them it answers until told to stop.

        `keys` are words that the scenario names; `users` (name, secret) those whom it registers, in turn.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="centralita-bench-")
        self._path = Path(self._folder.name)
        self._command = ["sipp", *([target] if target else []), "-sf", str(SCENARIOS / f"{scenario}.xml")]
        self._command += ["-i", address, "-p", str(port), "-bind_local", "-mi", address, "-t", "u1"]
        self._command += ["-nostdin", "-cp", "0", "-timer_resol", "1", "-d", str(int(talk_s * 1000)), "-aa"]
        self._command += ["-trace_logs", "-log_file", "log", "-trace_err", "-error_file", "errors"]
        self._command += ["-trace_stat", "-stf", "statistics", "-fd", "1", "-buff_size", str(4 << 20)]
        if rate is not None and calls is not None:
            self._command += ["-r", f"{rate:g}", "-m", str(calls), "-l", str(calls), "-recv_timeout", "10000"]
        for key, value in (keys or {}).items():
            self._command += ["-key", key, value]
        if users:
            rows = [f"{name};[authentication username={name} password={secret}]" for name, secret in users]
            (self._path / "users.csv").write_text("\n".join(["SEQUENTIAL", *rows, ""]))
            self._command += ["-inf", "users.csv"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._path / "output").open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._path,
                preexec_fn=_take_place,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def finish(self, timeout_s: float) -> Counts:
        """Wait until every call has ended, and kill what does not end in time."""
        assert self._process is not None
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return self._counts()

    def wait(self, seconds: float) -> None:
        """Let it go on for so long, or until its calls have ended."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def stop(self) -> Counts:
        """Let the calls that are up end, take no more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR1)
        return self.finish(ENDING_S)

    def moments(self, what: str) -> Moments:
        """When the scenario's log says that something happened, for each call."""
        moments = Moments()
        for line in self._read("log").splitlines():
            words = line.split()
            if len(words) < 4 or words[0] != what:
                continue
            caller = int(words[1])
            moments.at_s[caller] = int(float(words[2])) + int(float(words[3])) / 1e6
            if len(words) > 4:
                moments.called[caller] = words[4]
        return moments

    def _counts(self) -> Counts:
        rows = list(csv.DictReader(self._read("statistics").splitlines(), delimiter=";"))
        errors = self._read("errors") + ("" if rows else self._read("output"))
        last = rows[-1] if rows else {}
        return Counts(
            created=int(last.get("TotalCallCreated", 0)),
            successful=int(last.get("SuccessfulCall(C)", 0)),
            failed=int(last.get("FailedCall(C)", 0)),
            retransmissions=int(last.get("Retransmissions(C)", 0)),
            error=next(iter(errors.splitlines()), ""),
        )

    def _read(self, name: str) -> str:
        path = self._path / name
        return path.read_text(errors="replace") if path.exists() else ""


def _take_place() -> None:
    cores.stay(cores.LOAD)
    cores.go_first(os.SCHED_RR)
