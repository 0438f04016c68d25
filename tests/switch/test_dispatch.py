"""The router's shell: journal before commands, one write a wake-up, no failed command stops the line."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from shutil import copytree

import pytest

from acd.commands import AgentChanged, Command, VisitStarted
from acd.events import CallQueued, Configured, Event, IndexesDoubted, PhoneRegistered
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings
from switch.clock import Clock
from switch.dispatch import Dispatch
from switch.persistence.journal import Journal, JournalProblem
from switch.persistence.recovery import recover

SETUP = Configured(queues=[QueueSettings(name="support")], agents=[AgentSettings(name="ana")])


class Stage:
    """A dispatch with a real router and a journal that notes when it writes."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.story: list[str] = []
        self.problems: list[JournalProblem] = []
        stage = self

        class NotingJournal(Journal):
            def record(self, event: Event, commands: Sequence[Command]) -> None:
                super().record(event, commands)
                stage.story.append(f"record {type(event).__name__}")

            def write(self) -> bool:
                stage.story.append("write")
                return super().write()

        router = Router()
        self.journal = NotingJournal(directory, router, self.problems.append)
        clock = Clock(lambda: 1_800_000_000_000_000, asyncio.get_running_loop().time)
        self.decisions: list[float] = []
        self.dispatch = Dispatch(
            router, self.journal, clock, asyncio.get_running_loop(), self.decisions.append
        )
        self.dispatch.start(self.carry_out)

    def carry_out(self, command: Command, now_us: int) -> None:
        self.story.append(type(command).__name__)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "journal")
    yield stage
    stage.dispatch.stop()
    stage.journal.close()


async def test_events_of_one_turn_are_one_write_before_any_command(stage: Stage) -> None:
    stage.dispatch.post(SETUP)
    stage.dispatch.post(PhoneRegistered(agent="ana", fresh=True))
    await asyncio.sleep(0)
    assert stage.story[:3] == ["record Configured", "record PhoneRegistered", "write"]
    assert "AgentChanged" in stage.story[3:]
    assert len(stage.decisions) == 2


async def test_who_waits_for_the_line_to_settle_is_called_after_the_commands(stage: Stage) -> None:
    stage.dispatch.post(SETUP)
    stage.dispatch.post(CallQueued(call="c1", queue="support", queued_at_us=1))
    stage.dispatch.when_settled(lambda: stage.story.append("booked"))
    stage.dispatch.when_settled(lambda: stage.story.append("sent"), first=True)
    await asyncio.sleep(0)
    assert stage.story.index("VisitStarted") < stage.story.index("sent") < stage.story.index("booked")


async def test_a_command_that_posts_is_followed_up_in_the_same_turn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(command: Command, now_us: int) -> None:
        stage.story.append(type(command).__name__)
        if isinstance(command, VisitStarted):
            stage.dispatch.post(PhoneRegistered(agent="ana", fresh=True))

    stage.dispatch.start(answer)
    stage.dispatch.post(SETUP)
    stage.dispatch.post(CallQueued(call="c1", queue="support", queued_at_us=1))
    await asyncio.sleep(0)
    assert "Offer" in stage.story


async def test_one_commands_failure_does_not_stop_the_next(stage: Stage) -> None:
    def fail_once(command: Command, now_us: int) -> None:
        stage.story.append(type(command).__name__)
        if isinstance(command, VisitStarted):
            raise ValueError("broken on purpose")

    stage.dispatch.start(fail_once)
    stage.dispatch.post(SETUP)
    stage.dispatch.post(CallQueued(call="c1", queue="support", queued_at_us=1))
    stage.dispatch.post(PhoneRegistered(agent="ana", fresh=True))
    await asyncio.sleep(0)
    assert stage.story.index("VisitStarted") < stage.story.index("AgentChanged")


async def test_what_was_carried_out_is_in_the_journal_after_a_crash(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "crashed")
    stage.dispatch.post(SETUP)
    stage.dispatch.post(PhoneRegistered(agent="ana", fresh=True))
    await asyncio.sleep(0)
    before = stage.dispatch.router.state_hash()
    stage.journal.close()
    assert recover(tmp_path / "crashed").router.state_hash() == before
    assert AgentChanged.__name__ in stage.story


async def test_a_deadline_is_stepped_without_being_asked(stage: Stage) -> None:
    queue = QueueSettings(name="support", max_wait_us=30_000)
    stage.dispatch.post(Configured(queues=[queue], agents=[AgentSettings(name="ana")]))
    stage.dispatch.post(CallQueued(call="c1", queue="support", queued_at_us=1))
    left = asyncio.get_running_loop().create_future()

    def carry_out(command: Command, now_us: int) -> None:
        if type(command).__name__ == "LeaveQueue" and not left.done():
            left.set_result(command)

    stage.dispatch.start(carry_out)
    assert (await asyncio.wait_for(left, 5)).call == "c1"


async def test_a_step_that_fails_costs_no_other(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own event is lost; the router looks at its indexes anew, and a restart stands where it stood."""
    router, step = stage.dispatch.router, stage.dispatch.router.step
    stage.dispatch.post(SETUP)
    stage.dispatch.flush()

    def fail_once(event: Event, now_us: int) -> list[Command]:
        if event == CallQueued(call="c2", queue="support", queued_at_us=2):
            raise RuntimeError("a fault of ours")
        return step(event, now_us)

    monkeypatch.setattr(router, "step", fail_once, raising=False)
    for n in (1, 2, 3):
        stage.dispatch.post(CallQueued(call=f"c{n}", queue="support", queued_at_us=n))
    stage.dispatch.flush()
    assert stage.story.count("VisitStarted") == 2
    assert stage.story.count("record IndexesDoubted") == 1
    assert set(router.facts.calls) == {"c1", "c3"}
    stage.journal._keeper.turn()
    after = recover(copytree(tmp_path / "journal", tmp_path / "copy"))
    assert (after.problems, after.router.state_hash()) == ([], router.state_hash())


async def test_a_look_at_the_indexes_that_fails_is_not_taken_again_in_its_batch(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the loop would do nothing else."""
    router, step = stage.dispatch.router, stage.dispatch.router.step
    looks = 0

    def fail(event: Event, now_us: int) -> list[Command]:
        nonlocal looks
        if isinstance(event, IndexesDoubted):
            looks += 1
            if looks < 5:
                raise RuntimeError("a fault of ours")
        return step(event, now_us)

    monkeypatch.setattr(router, "step", fail, raising=False)
    stage.dispatch.post(SETUP)
    stage.dispatch.post(IndexesDoubted())
    stage.dispatch.post(CallQueued(call="c1", queue="support", queued_at_us=1))
    stage.dispatch.flush()
    assert looks == 1
    assert set(router.facts.calls) == {"c1"}
