"""The journal's past: any step that is kept, as it was; and the child that explains it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from acd.commands import Offer
from acd.journal import Header, encode, encode_header
from acd.router import Router
from acd.strategies import Strategy
from acd.why import Kept
from acd.why import encode as encode_decision
from switch.persistence.recovery import SEGMENT, SNAPSHOT, encode_snapshot
from switch.why.child import Asked, Request, explain
from switch.why.explainer import CannotExplain, Explainer
from switch.why.past import NotKept, Past
from switch.why.replay import Replayed
from tests.acd.history import History
from tests.acd.stage import Stage, support, team
from tests.switch.why.scenes import write

Journal = tuple[History, Path]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """A random history, written as the switch does: a segment and a snapshot each hundred steps."""
    directory = tmp_path_factory.mktemp("journal")
    history = next(played for seed in range(50) if made(played := _played(seed))[-1][0] > 500)
    again = type(history.router)()
    data = b""
    for number, (now_us, event, commands) in enumerate(history.steps, 1):
        if number % 100 == 1:
            (directory / f"{number - 1:020d}{SNAPSHOT}").write_bytes(encode_snapshot(again.snapshot()))
            data = encode_header(Header("main", number))
        again.step(event, now_us)
        data += encode(number, again.now_us, event, commands)
        (directory / f"{(number - 1) // 100 * 100 + 1:020d}{SEGMENT}").write_bytes(data)
    return history, directory


def _played(seed: int) -> History:
    history = History(seed)
    history.play(700)
    return history


def made(history: History) -> list[tuple[int, Offer]]:
    return [
        (number, one)
        for number, (_, _, commands) in enumerate(history.steps, 1)
        for one in commands
        if isinstance(one, Offer)
    ]


def kept(offer: Offer) -> Kept:
    assert offer.decision is not None
    return Kept(encode_decision(offer.decision), offer.seal)


def test_any_step_is_found_from_the_nearest_snapshot(journal: Journal) -> None:
    history, directory = journal
    past = Past(directory)
    for position in (350, 1, 100, 101, 102, len(history.steps), 300):
        router, record = past.before(position)
        assert router.sequence == position - 1
        assert record.event == history.steps[position - 1][1]
    assert past.first == 1


@pytest.mark.parametrize("position", [0, 100_000])
def test_a_step_that_is_not_there(journal: Journal, position: int) -> None:
    with pytest.raises(NotKept):
        Past(journal[1]).before(position)


def _cut(directory: Path, gone: Callable[[int], bool], to: Path) -> Path:
    for path in directory.iterdir():
        if not gone(int(path.stem)):
            (to / path.name).write_bytes(path.read_bytes())
    return to


def test_what_was_deleted_is_not_kept_and_a_gap_is_not_jumped(journal: Journal, tmp_path: Path) -> None:
    short = _cut(journal[1], lambda step: step < 300, tmp_path)
    past = Past(short)
    assert past.first == 301
    assert past.before(301)[0].sequence == 300
    with pytest.raises(NotKept):
        past.before(299)
    (short / f"{401:020d}{SEGMENT}").unlink()
    with pytest.raises(NotKept):
        Past(short).before(450)
    assert Past(short).before(550)[0].sequence == 549


async def test_the_child_explains_offers_as_they_were(journal: Journal) -> None:
    history, directory = journal
    offers = made(history)
    asked = [offers[0][1], offers[-1][1], offers[len(offers) // 2][1]]
    found = await Explainer(directory).explain([*map(kept, asked), Kept(b"no decision", "")])
    assert set(found) == {offer.offer for offer in asked}
    for offer in asked:
        explained = found[offer.offer]
        assert explained.same
        assert explained.kept
        assert explained.choice is not None
        assert explained.choice.decision == offer.decision
        assert explained.change is not None


async def test_the_child_says_what_it_cannot_know(journal: Journal, tmp_path: Path) -> None:
    history, directory = journal
    first, last = made(history)[0][1], made(history)[-1][1]
    short = _cut(directory, lambda step: step < 300, tmp_path)
    altered = Kept(kept(last).text, "0" * 32)
    found = await Explainer(short).explain([kept(first), altered])
    assert not found[first.offer].kept
    assert found[first.offer].choice is None
    assert not found[last.offer].same
    assert found[last.offer].choice is not None
    assert await Explainer(short).explain([]) == {}


def test_a_call_that_rang_everywhere_is_explained_as_far_as_there_is_time(tmp_path: Path) -> None:
    names = [f"agent{number}" for number in range(30)]
    stage = Stage([support(strategy=Strategy.RING_ALL)], team(*names))
    stage.login(*names)
    stage.queue("c1")
    write(stage, tmp_path)
    asked = [Asked(one.offer, one.id[1], one.seal) for one in stage.all(Offer)]
    assert len(asked) == 30
    for enough_s, tried in ((60.0, True), (0.0, False)):
        found = explain(Request(str(tmp_path), tuple(asked)), enough_s)
        assert [one.offer for one in found] == [one.offer for one in asked]
        assert all(one.same and one.choice is not None for one in found)
        assert {one.change is not None for one in found} == {tried}


async def test_a_child_that_fails_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("switch.children.sys.executable", "/bin/false")
    offer = made(_played(3))[0][1]
    with pytest.raises(CannotExplain):
        await Explainer(tmp_path).explain([kept(offer)])


@pytest.mark.parametrize("begun", [False, True])
async def test_a_child_ends_at_once_with_the_switch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, begun: bool
) -> None:
    """Not after the half minute that it may take; and nobody gets another."""
    began = tmp_path / "began"
    os.mkfifo(began)
    child = tmp_path / "child"
    child.write_text(f"#!/bin/sh\n{f'echo > {began}' if begun else ''}\nexec sleep 30\n")
    child.chmod(0o700)
    monkeypatch.setattr("switch.children.sys.executable", str(child))
    explainer, offer = Explainer(tmp_path), made(_played(3))[0][1]
    asked = asyncio.create_task(explainer.explain([kept(offer)]))
    await (asyncio.to_thread(began.read_text) if begun else asyncio.sleep(0))
    explainer.close()
    async with asyncio.timeout(10):
        for asking in (asked, explainer.explain([kept(offer)])):
            with pytest.raises(CannotExplain, match="the switch stops"):
                await asking


def replayed(directory: Path, seed: str = "0") -> tuple[int, Replayed]:
    """In another process, with another hash seed."""
    done = subprocess.run(
        [sys.executable, "-m", "switch.why.replay", str(directory), "--json"],
        capture_output=True,
        env=os.environ | {"PYTHONHASHSEED": seed},
    )
    return done.returncode, msgspec.json.decode(done.stdout, type=Replayed)


def test_a_replay_is_the_same_in_another_process_with_another_hash_seed(journal: Journal) -> None:
    history, directory = journal
    code, found = replayed(directory, "77")
    assert (code, found.differences) == (0, [])
    assert found.hash == history.router.state_hash()
    assert found.seal == history.router.seal
    assert (found.first, found.last, found.steps) == (1, len(history.steps), len(history.steps))
    assert found.decisions == len(made(history))
    assert found.snapshots == (len(history.steps) - 1) // 100


def test_a_replay_that_differs_is_told(journal: Journal, tmp_path: Path) -> None:
    short = _cut(journal[1], lambda step: step < 100, tmp_path)
    other = Router()
    other.step(journal[0].steps[0][1], journal[0].steps[0][0])
    (short / f"{200:020d}{SNAPSHOT}").write_bytes(encode_snapshot(other.snapshot()))
    (short / f"{401:020d}{SEGMENT}").unlink()
    code, found = replayed(short)
    assert code == 1
    assert found.first == 101
    assert found.differences[0] == "after step 200 the state is another than the switch's"
    assert found.differences[-1] == "steps 401 to 500 are missing"
