"""`python -m switch.why.replay JOURNAL [--json]`: whether replaying a journal gives what the switch did.

Everything that is kept is stepped through a fresh router, in this process and with its hash seed. Each step
has to give as many commands as it gave, and wherever the switch left a snapshot of its own the state has to
have the same hash: in it is the seal of the last decision, and so every decision. Exits 1 where it differs.
"""

import argparse
import sys
import time
from pathlib import Path

import msgspec

from acd.router import Router
from switch.why.past import Past

_MOST = 20


class Replayed(msgspec.Struct):
    """What came of it. `hash` and `seal` are those of the router at `last`; of the differences the first are
    told."""

    first: int = 0
    last: int = 0
    steps: int = 0
    decisions: int = 0
    snapshots: int = 0
    took_s: float = 0.0
    hash: str = ""
    seal: str = ""
    differences: list[str] = []


def replay(directory: Path) -> Replayed:
    """Replay what is kept of a journal."""
    past = Past(directory)
    found = Replayed()
    began = time.perf_counter()
    router = past.oldest()
    found.first = router.sequence + 1
    before = router.decisions
    marks = past.marks(router.sequence)
    for record in past.records(router.sequence + 1):
        if record.sequence != router.sequence + 1:
            found.differences.append(f"steps {router.sequence + 1} to {record.sequence - 1} are missing")
            break
        commands = len(router.step(record.event, record.now_us))
        found.steps += 1
        if commands != record.commands:
            found.differences.append(
                f"step {record.sequence} gave {record.commands} commands, now {commands}"
            )
        if record.sequence in marks:
            found.snapshots += 1
            _compare(router, past.at(record.sequence), found)
    found.last, found.decisions = router.sequence, router.decisions - before
    found.hash, found.seal = router.state_hash(), router.seal
    found.took_s = round(time.perf_counter() - began, 3)
    found.differences = found.differences[:_MOST]
    return found


def _compare(router: Router, live: Router | None, found: Replayed) -> None:
    if live is None:
        found.differences.append(f"the snapshot after step {router.sequence} cannot be read")
    elif live.state_hash() != router.state_hash():
        found.differences.append(f"after step {router.sequence} the state is another than the switch's")


def main() -> int:
    """Tell it in words, or with --json as one object."""
    parser = argparse.ArgumentParser(prog="python -m switch.why.replay", description=__doc__)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = replay(asked.journal)
    if asked.json:
        print(msgspec.json.encode(found).decode())
    else:
        for difference in found.differences:
            print(difference)
        verdict = "NOT the same" if found.differences else "the same"
        print(
            f"{found.steps} steps, {found.decisions} decisions, {found.snapshots} snapshots "
            f"in {found.took_s} s: {verdict}; state {found.hash}"
        )
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(main())
