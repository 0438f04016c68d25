"""Switches that begin warm: forked from a process that has imported all they need.

Importing is three quarters of what a start costs, and hundreds of tests start a switch each. What is forked
has run those imports and no more: it gets its own arguments, folder, environment and descriptors, as if it
had been executed. Each process of tests has one such parent, which ends with it.
"""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Self

ROOT = Path(__file__).parents[2]


@cache
def parent() -> str | bytes:
    """Starts it, once; the address where it takes orders."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind("")  # Linux finds a name that nobody has
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.peers.warm_child", str(listener.fileno())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
        )
        atexit.register(process.communicate)  # the end of its input is its own
        address: str | bytes = listener.getsockname()
        return address


class WarmProcess:
    """`centralita`, as asyncio's `Process` would be; its input is empty, its output a pipe."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, exit_code: "asyncio.Task[int]") -> None:
        self.pid = pid
        self.stdout: asyncio.StreamReader | None = stdout
        self._exit_code = exit_code

    @classmethod
    async def start(cls, arguments: Sequence[str], *, stderr: IO[bytes], cwd: Path) -> Self:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.connect(parent())
            reading, writing = os.pipe()
            order = {"arguments": arguments, "folder": str(cwd), "environment": dict(os.environ)}
            socket.send_fds(control, [json.dumps(order).encode() + b"\n"], [writing, stderr.fileno()])
            os.close(writing)
            told, teller = await asyncio.open_unix_connection(sock=control.dup())
        stdout = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(reading, "rb", buffering=0)
        )
        pid = int(await told.readline())

        async def exit_code() -> int:
            code = int(await told.readline())
            teller.close()
            await teller.wait_closed()
            return code

        return cls(pid, stdout, asyncio.create_task(exit_code()))

    @property
    def returncode(self) -> int | None:
        """None while it runs; of a process that a signal ended, that signal's number below zero."""
        return self._exit_code.result() if self._exit_code.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._exit_code)

    def kill(self) -> None:
        """kill -9."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
