"""A working day in the journal as the switch writes it: replayed elsewhere, and asked about."""

import random
import resource
import statistics
from collections.abc import Sequence
from pathlib import Path

import pytest

from acd.commands import Command, Offer
from acd.events import Event
from acd.router import Router
from acd.simulation.player import play
from switch.persistence.journal import SEGMENT_BYTES, Journal
from switch.why.explainer import Explainer
from tests.acd.simulation.days import ten_hours
from tests.switch.why.scenes import kept
from tests.switch.why.test_past import replayed


class Kept:
    """A day that is played against a router which the journal writes down."""

    def __init__(self, directory: Path, calls: int, segment_bytes: int) -> None:
        directory.mkdir()
        self.router = Router()
        self.offers: list[Offer] = []
        problems: list[object] = []
        self.journal = Journal(directory, self.router, problems.append, segment_bytes=segment_bytes)
        self.hash = play(ten_hours(calls).drawn(1), self._write).state_hash
        self.journal.finish()
        assert problems == []

    def _write(self, now_us: int, event: Event, commands: Sequence[Command]) -> None:
        again = self.router.step(event, now_us)
        assert len(again) == len(commands)
        self.offers += [one for one in again if isinstance(one, Offer)]
        self.journal.record(event, again)
        self.journal.write()


async def test_a_day_is_replayed_and_any_of_its_offers_explained(tmp_path: Path) -> None:
    day = Kept(tmp_path / "journal", calls=300, segment_bytes=16 * 1024)
    code, found = replayed(tmp_path / "journal", "9")
    assert (code, found.differences, found.hash) == (0, [], day.hash)
    assert found.snapshots > 3
    assert found.decisions == len(day.offers)
    await _ask(day, tmp_path / "journal", 3)


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_twenty_thousand_calls_are_replayed_in_a_minute_and_explained_in_a_second(
    tmp_path: Path,
) -> None:
    day = Kept(tmp_path / "journal", calls=20_000, segment_bytes=SEGMENT_BYTES)
    code, found = replayed(tmp_path / "journal", "9")
    print(found)
    assert (code, found.differences, found.hash) == (0, [], day.hash)
    assert found.decisions > 19_000
    assert found.took_s < 60.0
    took = await _ask(day, tmp_path / "journal", 40)
    print(f"why: median {statistics.median(took):.3f} s of a core, longest {max(took):.3f} s")
    assert max(took) < 1.0


async def _ask(day: Kept, journal: Path, offers: int) -> list[float]:
    """How long each kept a core busy, in seconds: who else works on this machine does not count."""
    explainer, took = Explainer(journal), []
    for offer in random.Random(5).sample(day.offers, offers):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        found = await explainer.explain([kept(offer)])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        assert found[offer.offer].same
        assert found[offer.offer].change is not None
    return took
