"""Scheduled reports: each at its minute, tried again until the mail server takes it, once for each period."""

import asyncio
import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from switch.config.reports import Mail, ScheduledReport
from switch.config.schema import Config
from switch.records import utc
from switch.reports.formats import FORMS
from switch.reports.marks import read_mark, write_mark
from switch.reports.outcomes import MailOutcome
from switch.reports.periods import Period
from switch.reports.question import Filters, Question
from switch.reports.request import Done, Letter, Output, Progress, Request, Server
from switch.reports.runner import CannotReport, Runner, Work

RETRY_S: Final = (30.0, 1800.0)
"""The first pause between two tries, doubled each time up to the second."""
LATE_S: Final = 60.0
_LOOK_S: Final = 30.0
"""How often the clock is looked at: it may be set."""
_CATCH_UP: Final = timedelta(days=7)
"""Mails that should have gone out earlier, while no switch ran, are given up."""


class Deliveries:
    """The schedules of the configuration in force."""

    def __init__(
        self,
        runner: Runner,
        folder: Path,
        now_us: Callable[[], int],
        settled: Callable[[], Awaitable[object]],
        retry_s: tuple[float, float] = RETRY_S,
    ) -> None:
        """`settled` waits until what ended before is in the history."""
        self._runner = runner
        self._folder = folder
        self._now_us = now_us
        self._settled = settled
        self._retry_s = retry_s
        self._config = Config()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.counts: Counter[MailOutcome] = Counter(dict.fromkeys(MailOutcome, 0))
        self._log = structlog.get_logger("reports")

    def configure(self, config: Config) -> None:
        """Keep what is scheduled from now on; what stays as it was goes on."""
        self._config = config
        wanted = {name_of(report): report for report in config.reports}
        for name in self._tasks.keys() - wanted.keys():
            self._tasks.pop(name).cancel()
        for name in wanted.keys() - self._tasks.keys():
            keeping = self._keep(name, wanted[name])
            self._tasks[name] = asyncio.get_running_loop().create_task(keeping, name=f"mails of {name}")

    async def close(self) -> None:
        """No more mails; one that is on its way is delivered again or found delivered after the restart."""
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def _keep(self, name: str, report: ScheduledReport) -> None:
        """One schedule, for as long as it is configured."""
        marks = self._folder / f"{name}.json"
        try:
            through = await asyncio.to_thread(self._begin, marks)
            while True:
                zone = ZoneInfo(report.zone or self._config.server.timezone)
                due = report.every.due_after(through, zone)
                await self._until(due)
                if not await self._try_until_delivered(marks, report, due, zone):
                    await asyncio.to_thread(write_mark, marks, due)
                through = due
        except (OSError, ValueError) as error:
            self._log.error("report no longer mailed", report=name, why=str(error))
            self.counts[MailOutcome.FAILED] += 1

    def _begin(self, marks: Path) -> datetime:
        """From when on it is mailed: the first time that it is seen, from now."""
        now = self._now()
        if (through := read_mark(marks)) is None or through < now - _CATCH_UP:
            write_mark(marks, now if through is None else now - _CATCH_UP)
        return now if through is None else max(through, now - _CATCH_UP)

    async def _until(self, due: datetime) -> None:
        while (left_s := (due - self._now()).total_seconds()) > 0:  # noqa: ASYNC110 - a clock tells nobody
            await asyncio.sleep(min(left_s, _LOOK_S))

    async def _try_until_delivered(
        self, marks: Path, report: ScheduledReport, due: datetime, zone: ZoneInfo
    ) -> bool:
        """False: it was given up."""
        pause_s, since = self._retry_s[0], self._now()
        while (mail := self._config.mail) is not None:
            try:
                await self._settled()
                done = await self._deliver(marks, report, mail, due, zone)
            except (CannotReport, OSError) as error:
                final = isinstance(error, CannotReport) and error.final
                if final or self._now() - since >= timedelta(seconds=mail.give_up_after):
                    self._log.error("report given up", report=marks.stem, due=due.isoformat(), why=str(error))
                    break
                self.counts[MailOutcome.RETRIED] += 1
                self._log.warning("report not mailed", report=marks.stem, why=str(error), retry_s=pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, self._retry_s[1])
            else:
                self._delivered(marks, done, due)
                return True
        self.counts[MailOutcome.FAILED] += 1
        return False

    def _delivered(self, marks: Path, done: Done, due: datetime) -> None:
        late_s = (self._now() - due).total_seconds()
        self.counts[MailOutcome.LATE if late_s > LATE_S else MailOutcome.DELIVERED] += 1
        self._log.info("report mailed", report=marks.stem, due=due.isoformat(), rows=done.rows, late_s=late_s)
        for address in done.refused:
            self.counts[MailOutcome.REFUSED] += 1
            self._log.error("address refused", report=marks.stem, address=address)

    async def _deliver(
        self, marks: Path, report: ScheduledReport, mail: Mail, due: datetime, zone: ZoneInfo
    ) -> Done:
        """Raises CannotReport."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._folder))
        try:
            work = Work(self._request(folder, marks, report, mail, due, zone), _nobody)
            try:
                return await self._runner.run(work)
            except asyncio.CancelledError:
                work.cancel()
                raise
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _request(
        self, folder: Path, marks: Path, report: ScheduledReport, mail: Mail, due: datetime, zone: ZoneInfo
    ) -> Request:
        config, period = self._config, report.every.period(due, zone)
        stem = f"{report.report.value}-{_days(period, zone)}"
        return Request(
            question=Question(
                report=report.report,
                start=period.start,
                end=period.end,
                zone=zone.key,
                language=report.language or config.server.language,
                interval_min=report.interval,
                filters=Filters(
                    queue=report.queue, agent=report.agent, skill=report.skill, number=report.number
                ),
            ),
            outputs=tuple(
                Output(
                    form,
                    str(folder.absolute() / f"{stem}{'-es' * (form.value == 'csv-es')}{FORMS[form].suffix}"),
                )
                for form in report.format
            ),
            database=config.database.url,
            data_dir=str(config.server.data_dir.absolute()),
            letter=Letter(
                server=_server(config, mail),
                to=report.to,
                due=due,
                marks=str(marks.absolute()),
                domain=config.sip.domain,
            ),
        )

    def _now(self) -> datetime:
        return utc(self._now_us())


def name_of(report: ScheduledReport) -> str:
    """By which a schedule is known again after a restart: whatever is changed in it makes it another one."""
    told = "\n".join(f"{key}={value}" for key, value in report)
    return f"{report.report.value}-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _server(config: Config, mail: Mail) -> Server:
    return Server(
        host=mail.host,
        port=mail.port,
        tls=mail.tls.value,
        ca=None if mail.ca is None else str(config.path(mail.ca).absolute()),
        user=mail.user,
        secret=mail.secret.get_secret_value(),
        sender=mail.sender,
        timeout_s=mail.timeout,
    )


def _days(period: Period, zone: ZoneInfo) -> str:
    first = period.start.astimezone(zone).date()
    last = (period.end.astimezone(zone) - timedelta(hours=1)).date()
    return first.isoformat() if first == last else f"{first.isoformat()}--{last.isoformat()}"


def _nobody(progress: Progress) -> None:
    """Waits for it."""
