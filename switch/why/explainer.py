"""Asks the child process: one request at a time, and never on the loop."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from acd.why import Kept, decode
from switch.why.child import Asked, Explained, Request

TIMEOUT_S: Final = 30.0


class CannotExplain(Exception):
    """The child did not answer."""


class Explainer:
    """Explains decisions that the journal in `directory` still knows."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._busy = asyncio.Lock()

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
            answer = await asyncio.to_thread(_ask, request)
        return {one.offer: one for one in answer}


def _ask(request: bytes) -> list[Explained]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "switch.why.child"],
            input=request,
            capture_output=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            timeout=TIMEOUT_S,
        )
        if done.returncode != 0:
            raise CannotExplain(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
        return msgspec.json.decode(done.stdout, type=list[Explained])
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise CannotExplain(str(error)) from error
