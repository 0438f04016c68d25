"""Reports that somebody has asked for: a few at a time, more that wait, and results kept for an hour."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from switch.config.schema import Config
from switch.ids import new_id
from switch.records import utc
from switch.reports.formats import FORMS
from switch.reports.question import Format, Question
from switch.reports.request import Output, Progress, Request
from switch.reports.rows import JobRow, JobState
from switch.reports.runner import CannotReport, Runner, Work

MOST_OPEN: Final = 16
"""So many run or wait at once; who asks for one more is refused."""
MOST_OF_ONE: Final = 8
"""So many of one token, which leaves room for others."""
MOST_KEPT: Final = 50
"""So many that have ended are kept; first goes the oldest of the token that has most of them."""
KEEP_S: Final = 3600.0


class TooMany(Exception):
    """As many reports as may be run or wait."""


class NoJob(LookupError):
    """Nobody has asked for this one, or it is not kept any more."""


@dataclass(slots=True, eq=False)
class Job:
    """One of them."""

    id: str
    owner: str
    """The token that asked for it."""
    question: Question
    format: Format
    path: Path
    asked_us: int
    state: JobState = JobState.WAITING
    ended_us: int | None = None
    progress: Progress = field(default_factory=lambda: Progress(0))
    why: str | None = None
    work: Work | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.state in (JobState.WAITING, JobState.RUNNING)

    def row(self) -> JobRow:
        """As the API tells of it."""
        done = self.state is JobState.DONE
        return JobRow(
            id=self.id,
            report=self.question.report,
            format=self.format,
            state=self.state,
            asked_at=utc(self.asked_us),
            ended_at=None if self.ended_us is None else utc(self.ended_us),
            rows=self.progress.rows,
            share=self.progress.share,
            why=self.why,
            result=f"/api/v1/reports/jobs/{self.id}/result" if done else None,
        )


class Jobs:
    """All of them; their files lie in `folder`, which is emptied at the start."""

    def __init__(
        self,
        runner: Runner,
        folder: Path,
        config: Config,
        now_us: Callable[[], int],
        settled: Callable[[], Awaitable[object]],
        keep_s: float = KEEP_S,
    ) -> None:
        self._runner = runner
        self._folder = folder
        self._database = config.database.url
        self._data_dir = str(config.server.data_dir.absolute())
        self._now_us = now_us
        self._settled = settled
        self._keep_s = keep_s
        self._jobs: dict[str, Job] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._removing: set[asyncio.Future[None]] = set()
        self._log = structlog.get_logger("reports")

    def open(self) -> None:
        """Begin with an empty folder, which is for nobody else. Blocks."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)

    def ask(self, question: Question, form: Format, owner: str = "") -> Job:
        """Begin a report for somebody. Raises TooMany."""
        owners = [job.owner for job in self._jobs.values() if job.is_open]
        if len(owners) >= MOST_OPEN:
            raise TooMany(f"{MOST_OPEN} reports run or wait already: ask again when one has ended")
        if owners.count(owner) >= MOST_OF_ONE:
            raise TooMany(
                f"{MOST_OF_ONE} reports of this token run or wait already: ask again when one has ended"
            )
        now_us = self._now_us()
        name = new_id(now_us)
        path = self._folder / name / f"{question.report.value}{FORMS[form].suffix}"
        job = Job(name, owner, question, form, path, now_us)
        self._jobs[name] = job
        task = asyncio.get_running_loop().create_task(self._run(job), name=f"report {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return job

    def find(self, name: str) -> Job:
        """The job. Raises NoJob."""
        try:
            return self._jobs[name]
        except KeyError:
            raise NoJob(f"no report {name!r}; results are kept for {self._keep_s / 60:.0f} minutes") from None

    def all(self) -> Iterator[Job]:
        """Every job, the latest first."""
        return reversed(list(self._jobs.values()))

    def cancel(self, name: str) -> None:
        """It is not wanted any more, neither to be made nor to be kept. Raises NoJob."""
        job = self.find(name)
        if not job.is_open:
            self._forget(name)
            return
        job.state = JobState.CANCELLED
        if job.work is not None:
            job.work.cancel()

    async def close(self) -> None:
        """The switch ends: nothing is made any more."""
        for job in self._jobs.values():
            if job.is_open and job.work is not None:
                job.work.cancel()
        for timer in self._timers.values():
            timer.cancel()
        if ending := {*self._tasks, *self._removing}:
            await asyncio.wait(ending)

    async def _run(self, job: Job) -> None:
        request = Request(
            question=job.question,
            outputs=(Output(job.format, str(job.path.absolute())),),
            database=self._database,
            data_dir=self._data_dir,
        )

        def progressed(progress: Progress) -> None:
            job.progress = progress
            if job.state is JobState.WAITING:
                job.state = JobState.RUNNING

        job.work = Work(request, progressed)
        try:
            job.path.parent.mkdir(mode=0o700)
            await self._settled()
            done = await self._runner.run(job.work)
        except (CannotReport, OSError) as error:
            if job.state is not JobState.CANCELLED:
                job.state, job.why = JobState.FAILED, str(error)
                self._log.warning("report failed", report=job.question.report.value, why=job.why)
            await asyncio.to_thread(shutil.rmtree, job.path.parent, ignore_errors=True)
        else:
            if job.state is not JobState.CANCELLED:
                job.state, job.progress = JobState.DONE, Progress(done.rows, 1.0)
        self._ended(job)

    def _ended(self, job: Job) -> None:
        job.ended_us, job.work = self._now_us(), None
        job.ended.set()
        loop = asyncio.get_running_loop()
        self._timers[job.id] = loop.call_later(self._keep_s, self._forget, job.id)
        kept = [each for each in self._jobs.values() if not each.is_open]
        if len(kept) > MOST_KEPT:
            ((most, _),) = Counter(each.owner for each in kept).most_common(1)
            self._forget(next(each.id for each in kept if each.owner == most))

    def _forget(self, name: str) -> None:
        if (timer := self._timers.pop(name, None)) is not None:
            timer.cancel()
        if (job := self._jobs.pop(name, None)) is not None:
            remove = partial(shutil.rmtree, job.path.parent, ignore_errors=True)
            removing = asyncio.get_running_loop().run_in_executor(None, remove)
            self._removing.add(removing)
            removing.add_done_callback(self._removing.discard)
