"""`python -m switch.why.child`: decisions explained beside the switch, so that the loop never waits for them.

A `Request` comes in on the standard input as JSON, a list of `Explained` goes out on the standard output.
"""

import gc
import os
import sys
import time
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import msgspec

from acd.counterfactual import Counterfactual, counterfactual
from acd.explaining import Choice, choices
from switch.children import end_with_parent
from switch.why.past import NotKept, Past

_NICE: Final = 5
_ENOUGH_S: Final = 5.0
"""So long what would have changed decisions is tried: a call may have been offered to hundreds of phones."""


class Asked(msgspec.Struct, frozen=True):
    """One offer: its id, the step that made it, and its seal in the ledger."""

    offer: str
    position: int
    seal: str


class Request(msgspec.Struct, frozen=True):
    """Which offers, of which journal."""

    journal: str
    offers: tuple[Asked, ...]


class Explained(msgspec.Struct, frozen=True):
    """What was found out about one offer. `choice` is None where the journal does not reach back so far, or
    where this version of the router does not make that offer; `same` says that it was decided as the ledger
    has it, to the byte. `change` is None, too, for the offers that are left when there was time enough."""

    offer: str
    choice: Choice | None = None
    change: Counterfactual | None = None
    same: bool = False
    kept: bool = True


def explain(request: Request, enough_s: float = _ENOUGH_S) -> list[Explained]:
    """All of them, in the order of their steps."""
    past, until_s = Past(Path(request.journal)), time.monotonic() + enough_s
    position = attrgetter("position")
    steps = groupby(sorted(request.offers, key=position), key=position)
    return [one for step, asked in steps for one in _explain(past, step, list(asked), until_s)]


def _explain(past: Past, step: int, asked: list[Asked], until_s: float) -> Iterator[Explained]:
    """The offers of one step."""
    try:
        router, record = past.before(step)
    except NotKept:
        yield from (Explained(one.offer, kept=False) for one in asked)
        return
    before = router.snapshot()
    found = choices(before, record.event, record.now_us, [one.offer for one in asked])
    for one in asked:
        choice, change = found.get(one.offer), None
        if choice is not None and time.monotonic() < until_s:
            change = counterfactual(before, record.event, record.now_us, choice)
        yield Explained(one.offer, choice, change, choice is not None and choice.seal == one.seal)


def main() -> None:
    """Answer one request."""
    end_with_parent()
    gc.disable()
    os.nice(_NICE)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    sys.stdout.buffer.write(msgspec.json.encode(explain(request)))


if __name__ == "__main__":
    main()
