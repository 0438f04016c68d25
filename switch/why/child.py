"""`python -m switch.why.child`: decisions explained beside the switch, so that the loop never waits for them.

A `Request` comes in on the standard input as JSON, a list of `Explained` goes out on the standard output.
"""

import gc
import os
import sys
from pathlib import Path
from typing import Final

import msgspec

from acd.counterfactual import Counterfactual, counterfactual
from acd.explaining import Choice, choices
from switch.why.past import NotKept, Past

_NICE: Final = 5


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
    has it, to the byte."""

    offer: str
    choice: Choice | None = None
    change: Counterfactual | None = None
    same: bool = False
    kept: bool = True


def explain(request: Request) -> list[Explained]:
    """All of them, in the order of their steps."""
    past = Past(Path(request.journal))
    return [_explain(past, asked) for asked in sorted(request.offers, key=lambda one: one.position)]


def _explain(past: Past, asked: Asked) -> Explained:
    try:
        router, record = past.before(asked.position)
    except NotKept:
        return Explained(asked.offer, kept=False)
    before = router.snapshot()
    choice = choices(before, record.event, record.now_us, (asked.offer,)).get(asked.offer)
    if choice is None:
        return Explained(asked.offer)
    change = counterfactual(before, record.event, record.now_us, choice)
    return Explained(asked.offer, choice, change, choice.seal == asked.seal)


def main() -> None:
    """Answer one request."""
    gc.disable()
    os.nice(_NICE)
    request = msgspec.json.decode(sys.stdin.buffer.read(), type=Request)
    sys.stdout.buffer.write(msgspec.json.encode(explain(request)))


if __name__ == "__main__":
    main()
