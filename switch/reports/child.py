"""`python -m switch.reports.child`: one report, made beside the switch, so that the loop never waits for it.

A `Request` comes in on the standard input as JSON; what it tells goes out on the standard output, a line each
time.
"""

import asyncio
import gc
import os
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from switch.children import end_with_parent
from switch.reports.engine import write
from switch.reports.formats.document import TooLong
from switch.reports.mailing import NotDelivered, deliver
from switch.reports.marks import locked, read_mark, write_mark
from switch.reports.request import Done, Failed, Letter, Progress, Request, Told

_NICE: Final = 10
_EVERY_S: Final = 0.2
"""How often progress is told."""


async def answer(request: Request) -> Done | Failed:
    """Make the report, and mail it where that is asked for."""
    try:
        if request.letter is None:
            rows, _ = await write(request, Teller().progress)
            return Done(rows)
        with locked(Path(request.letter.marks)):
            return await _mail(request, request.letter)
    except BlockingIOError:
        return Failed("another process delivers it just now")
    except TooLong as error:
        return Failed(str(error), final=True)
    except (NotDelivered, SQLAlchemyError, OSError, ValueError) as error:
        return Failed(" ".join(str(error).split()) or type(error).__name__)


async def _mail(request: Request, letter: Letter) -> Done:
    marks = Path(letter.marks)
    through = read_mark(marks)
    if through is not None and through >= letter.due:
        return Done(0, already=True)
    rows, sheet = await write(request, Teller().progress)
    refused = await deliver(letter, sheet, request.outputs)
    write_mark(marks, letter.due)
    return Done(rows, refused)


class Teller:
    """Tells of progress now and then."""

    def __init__(self) -> None:
        self._next_s = 0.0

    def progress(self, rows: int, share: float | None) -> None:
        """So far we are."""
        if (now_s := time.monotonic()) >= self._next_s:
            self._next_s = now_s + _EVERY_S
            tell(Progress(rows, share))


def tell(what: Told) -> None:
    """A line for the switch."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Answer one request."""
    end_with_parent()
    gc.freeze()
    os.nice(_NICE)
    os.umask(0o077)  # numbers of callers are for nobody else
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    tell(asyncio.run(answer(request)))


if __name__ == "__main__":
    main()
