"""Asks the child process: one request at a time, and never on the loop."""

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from acd.why import Kept, decode
from switch.children import command, environment
from switch.why.child import Asked, Explained, Request

TIMEOUT_S: Final = 30.0


class CannotExplain(Exception):
    """The child did not answer."""


class Explainer:
    """Explains decisions that the journal in `directory` still knows."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._busy = asyncio.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def close(self) -> None:
        """The switch ends: so does the child, and nobody who asks gets another."""
        self._closed = True
        if (child := self._child) is not None:
            child.kill()

    async def explain(self, decisions: Sequence[Kept]) -> dict[str, Explained]:
        """What can be found out about these, by offer; those that cannot be read are left out. Raises
        `CannotExplain`."""
        asked = []
        for kept in decisions:
            try:
                decision = decode(kept.text)
            except msgspec.MsgspecError:
                continue
            asked.append(Asked(decision.offer, decision.position, kept.seal))
        if not asked:
            return {}
        request = msgspec.json.encode(Request(str(self._directory.absolute()), tuple(asked)))
        async with self._busy:
            answer = await asyncio.to_thread(self._ask, request)
        return {one.offer: one for one in answer}

    def _ask(self, request: bytes) -> list[Explained]:
        """On a thread."""
        try:
            out, err, status = self._run(request)
            if self._closed:
                raise CannotExplain("the switch stops")
            if status != 0:
                raise CannotExplain(err.decode(errors="replace").strip().rpartition("\n")[2])
            return msgspec.json.decode(out, type=list[Explained])
        except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
            raise CannotExplain(str(error)) from error

    def _run(self, request: bytes) -> tuple[bytes, bytes, int]:
        with subprocess.Popen(
            command("switch.why.child"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        ) as child:
            self._child = child
            try:
                if self._closed:  # before there was a child to end
                    child.kill()
                return *child.communicate(request, timeout=TIMEOUT_S), child.returncode
            finally:
                self._child = None
                child.kill()
