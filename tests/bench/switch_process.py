"""The whole switch, `centralita serve`, on core 0, for the signalling benchmark."""

import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.bench import cores
from tests.peers import ports
from tests.peers.switch import IN_TREE, configuration, share_sounds

READY_S: Final = 60.0
POLL_S: Final = 0.2


class SwitchFailed(RuntimeError):
    """It did not start, or is not where it should be; with the end of its log."""


class SwitchProcess:
    """One switch from its start to its end, with a data_dir of its own; its log goes to a file there."""

    def __init__(self, address: str, sections: dict[str, Any]) -> None:
        self.address = address
        self.sip = f"{address}:5060"
        self.data_dir = Path()
        self._sections = sections
        self._folder = tempfile.TemporaryDirectory(prefix="centralita-bench-")
        self._url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._start()
        return self

    def restart(self) -> None:
        """Forget all that it has done; what an overload left behind would burden the next load."""
        self._kill()
        shutil.rmtree(self.data_dir)
        self._start()

    def _start(self) -> None:
        folder = Path(self._folder.name)
        http_port = ports.free_port(self.address)
        config = configuration(self.address, http_port, folder / "var", self._sections)
        self._url = f"http://{self.address}:{http_port}"
        self.data_dir = folder / "var"
        share_sounds(self.data_dir)
        (folder / "centralita.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [*IN_TREE, "serve", "--config", str(folder / "centralita.yaml")],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                preexec_fn=lambda: cores.stay(cores.MEASURED),
            )
        self.until(self._ready, "ready", READY_S)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kill()
        self._folder.cleanup()

    def _kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples whose labels include these, as of now."""
        with urllib.request.urlopen(f"{self._url}/metrics", timeout=10) as response:
            text = response.read().decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def until(self, met: Callable[[], bool], what: str, timeout_s: float) -> None:
        """Ask again and again; SwitchFailed if it is not `met` in time."""
        deadline = time.monotonic() + timeout_s
        while not met():
            if time.monotonic() > deadline or (
                self._process is not None and self._process.poll() is not None
            ):
                raise SwitchFailed(f"not {what} within {timeout_s:g} s\n{self.log()}")
            time.sleep(POLL_S)

    def log(self, lines: int = 20) -> str:
        """The last lines that it logged."""
        path = Path(self._folder.name) / "log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False
