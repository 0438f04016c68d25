"""A peer in a process of its own: JSON lines down its standard input, replies and events up its output.

-> {"id": 7, "do": "answer", "call": 3}
<- {"id": 7, "ok": {…}}  or  {"id": 7, "error": "…"}
<- {"event": "incoming", "call": 3, …}
"""

import asyncio
import contextlib
import itertools
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

Message = dict[str, Any]
LINE_LIMIT = 64 * 1024 * 1024  # minutes of heard PCM come in one line


class PeerError(Exception):
    """The peer could not do what it was asked, or is no longer there."""


class Child:
    """The parent's end. Events reach `on_event` in the order in which they and the replies were written."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log_path = log
        self._log = ""
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Message]] = {}
        self._reader: asyncio.Task[None] | None = None
        self.on_event: Callable[[Message], None] = lambda _: None

    @classmethod
    async def start(cls, module: str, *arguments: str) -> Self:
        """Runs `python -m module arguments`."""
        with tempfile.NamedTemporaryFile(prefix="peer-", suffix=".log", delete=False) as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE_LIMIT,
                cwd=Path(__file__).parent.parent.parent,
            )
        child = cls(process, Path(log.name))
        child._reader = asyncio.create_task(child._read())
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    def log(self) -> str:
        """What the peer said on its standard error: its SIP trace, above all."""
        return self._log or self._log_path.read_text(errors="replace")

    async def do(self, name: str, timeout_s: float = 15.0, **parameters: Any) -> Message:
        number = next(self._ids)
        reply = self._pending[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        line = json.dumps({"id": number, "do": name, **parameters})
        try:
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()
            return await asyncio.wait_for(reply, timeout_s)
        except (ConnectionError, TimeoutError) as error:
            raise PeerError(f"{name}: {error or f'no reply in {timeout_s:g} s'}\n{self.log()}") from error
        finally:
            self._pending.pop(number, None)

    async def close(self) -> None:
        """Asks the child to end by closing its input; one that does not is killed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 8.0)
        except TimeoutError:
            self._process.kill()
        await self._gone()
        if self._log_path.exists():
            self._log = self.log() or "nothing"
            self._log_path.unlink()

    async def kill(self) -> None:
        """kill -9: not a word to anybody."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._gone()

    async def _gone(self) -> None:
        await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            message = json.loads(line)
            if "event" in message:
                self.on_event(message)
            elif reply := self._pending.pop(message["id"], None):
                if "error" in message:
                    reply.set_exception(PeerError(message["error"]))
                else:
                    reply.set_result(message["ok"])
        for reply in self._pending.values():
            if not reply.done():
                reply.set_exception(PeerError(f"the peer ended\n{self.log()}"))
