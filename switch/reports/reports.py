"""Reports as the switch has them: those that are asked for, and those that are mailed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from switch.config.schema import Config
from switch.reports.deliveries import Deliveries
from switch.reports.jobs import Jobs
from switch.reports.outcomes import MailOutcome
from switch.reports.runner import Runner


class Reports:
    """From `start` to `close`, under `data_dir/reports`: files in `jobs`, what was mailed in `mailed`."""

    def __init__(
        self, config: Config, now_us: Callable[[], int], settled: Callable[[], Awaitable[object]]
    ) -> None:
        """`settled` waits until what ended before is in the history."""
        self._config = config
        self._runner = Runner()
        self._started = False
        folder = config.path("reports")
        self._mailed: Path = folder / "mailed"
        self.jobs = Jobs(self._runner, folder / "jobs", config, now_us, settled)
        self._deliveries = Deliveries(self._runner, self._mailed, now_us, settled)

    async def start(self) -> None:
        """Take what is asked for, and mail what is due."""
        await asyncio.to_thread(self._make_folders)
        self._started = True
        self._deliveries.configure(self._config)

    def configure(self, config: Config) -> None:
        """Mail from now on what this configuration schedules."""
        self._config = config
        if self._started:
            self._deliveries.configure(config)

    def mails(self) -> Mapping[MailOutcome, int]:
        """What became of the mails."""
        return self._deliveries.counts

    async def close(self) -> None:
        """End what is being made."""
        self._runner.close()
        await self._deliveries.close()
        await self.jobs.close()

    def _make_folders(self) -> None:
        self.jobs.open()
        self._mailed.mkdir(mode=0o700, exist_ok=True)
        for left in self._mailed.glob("tmp*"):  # of a run that was killed
            for file in left.iterdir():
                file.unlink()
            left.rmdir()
