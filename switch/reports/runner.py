"""Runs children, a few at a time, and never on the loop."""

import asyncio
import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Final

import msgspec

from switch.children import command, environment
from switch.reports.request import Done, Failed, Progress, Request, Told

AT_ONCE: Final = 2
_LAST_WORDS: Final = 2000


class CannotReport(Exception):
    """The child came to nothing, and why; `final` if it would again."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Work:
    """One report that is being made, or waits until it can be."""

    def __init__(self, request: Request, on_progress: Callable[[Progress], None]) -> None:
        self.request = request
        self.on_progress = on_progress
        self._child: subprocess.Popen[bytes] | None = None
        self._cancelled = threading.Event()

    @property
    def pid(self) -> int | None:
        """Of the child, while there is one."""
        return None if (child := self._child) is None else child.pid

    def cancel(self) -> None:
        """It is not wanted any more."""
        self._cancelled.set()
        if (child := self._child) is not None:
            child.kill()

    def do(self, loop: asyncio.AbstractEventLoop) -> Done:
        """On a thread. Raises CannotReport."""
        if self._cancelled.is_set():
            raise CannotReport("cancelled")
        with (
            tempfile.TemporaryFile() as words,  # a pipe that nobody reads would stop a child with much to say
            subprocess.Popen(
                command("switch.reports.child"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env=environment(),
            ) as child,
        ):
            self._child = child
            try:
                if self._cancelled.is_set():  # before there was a child to end
                    child.kill()
                return self._listen(child, words, loop)
            finally:
                self._child = None
                child.kill()

    def _listen(
        self, child: subprocess.Popen[bytes], words: IO[bytes], loop: asyncio.AbstractEventLoop
    ) -> Done:
        if child.stdin is None or child.stdout is None:
            raise CannotReport("the child has no pipes")
        with contextlib.suppress(BrokenPipeError):  # it died before it read; its last words say why
            child.stdin.write(msgspec.json.encode(self.request))
            child.stdin.close()
        for line in child.stdout:
            match msgspec.json.decode(line, type=Told):
                case Progress() as progress:
                    with contextlib.suppress(RuntimeError):  # the loop has ended, and so does the child
                        loop.call_soon_threadsafe(self.on_progress, progress)
                case Done() as done:
                    return done
                case Failed(why, final):
                    raise CannotReport(why, final=final)
        if self._cancelled.is_set():
            raise CannotReport("cancelled")
        status = child.wait()
        words.seek(max(0, words.seek(0, os.SEEK_END) - _LAST_WORDS))
        last = words.read().decode(errors="replace").strip().rpartition("\n")[2]
        raise CannotReport(last or f"the child ended with {status}")


class Runner:
    """`AT_ONCE` children at most; who comes later waits."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reports")
        self._working: set[Work] = set()
        self._closed = False

    async def run(self, work: Work) -> Done:
        """What came of it. Raises CannotReport."""
        if self._closed:
            raise CannotReport("the switch stops")
        loop = asyncio.get_running_loop()
        self._working.add(work)
        try:
            return await loop.run_in_executor(self._threads, work.do, loop)
        finally:
            self._working.discard(work)

    def close(self) -> None:
        """The switch ends: so do the children."""
        self._closed = True
        for work in self._working:
            work.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
