"""A webhook and a real HTTP server that takes, refuses, hangs, dies and returns."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from switch.config.webhook import Webhook
from switch.events.alarms import Alarms
from switch.events.stream import Stream
from switch.events.subject import queue
from switch.events.types import Alarm, AlarmData, AlarmState, EventType
from switch.webhooks import hook as hooks
from switch.webhooks.hook import Around, Hook, State
from switch.webhooks.post import Attempt
from switch.webhooks.webhooks import Webhooks
from tests.switch.decisions.program import Program, reply

SECRET = "s3cret"
NOW_S = 1_800_000_000
OK = reply(b"", "204 No Content")


class Told:
    """A stream with webhooks that lead to programs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.alarms: list[AlarmData] = []
        self.waited_s = 0.0
        self.stream = Stream(lambda: NOW_S * 1_000_000, asyncio.get_running_loop())
        alarms = Alarms(lambda: NOW_S * 1_000_000)
        alarms.tell = self.alarms.append
        around = Around(asyncio.get_running_loop().time, lambda: NOW_S * 1_000_000, lambda: 0.5, alarms)
        self.webhooks = Webhooks(self.stream, around)

    def have(self, **settings: dict[str, Any]) -> None:
        """Have these webhooks."""
        told = {
            name: Webhook.model_validate({"secret": SECRET, "events": ["*"], "private": "yes", **each})
            for name, each in settings.items()
        }
        self.webhooks.configure(told, self.folder)

    def alarm_states(self) -> list[tuple[Alarm, AlarmState]]:
        return [(each.alarm, each.state) for each in self.alarms]

    def hook(self, name: str = "crm") -> Hook:
        return self.webhooks.hooks[name]

    def tell(self, subject: str = "x", about: str = "support") -> int:
        data = AlarmData(alarm=Alarm.TOLL_LIMIT, state=AlarmState.HAPPENED, subject=subject, detail="")
        return self.stream.tell(EventType.ALARM, data, [queue(about)]).seq


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not met():  # noqa: ASYNC110 - what a program heard tells nobody
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "FIRST_S", 0.02)


@pytest.fixture
async def told(tmp_path: Path) -> AsyncIterator[Told]:
    told = Told(tmp_path)
    yield told
    await told.webhooks.close()


@asynccontextmanager
async def programs(count: int) -> AsyncIterator[list[Program]]:
    async with AsyncExitStack() as stack:
        running = [await stack.enter_async_context(Program.running()) for _ in range(count)]
        for program in running:
            program.says = OK
        yield running


def heard(program: Program) -> list[int]:
    """The numbers of what it was told, in order."""
    return [question["seq"] for question in program.asked]


async def test_what_is_told_is_the_envelope_signed(told: Told) -> None:
    async with programs(1) as [program]:
        told.have(crm={"url": program.url})
        seq = told.tell("phone 1001")
        await until(lambda: heard(program) == [seq])
        event, headers = program.asked[0], program.headers[0]
        assert event["type"] == "alarm"
        assert event["data"]["subject"] == "phone 1001"
        assert headers["idempotency-key"] == str(seq)
        assert (headers["x-centralita-webhook"], headers["x-centralita-event"]) == ("crm", "alarm")
        assert headers["x-centralita-timestamp"] == str(NOW_S)
        signed = f"{NOW_S}.".encode() + program.bodies[0]
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["x-centralita-signature"] == f"sha256={digest}"


async def test_in_order_whatever_it_answers(told: Told) -> None:
    async with programs(1) as [program]:
        program.first = [reply(b"", status) for status in ("500 Oops", "302 Found", "400 Bad Request")]
        told.have(crm={"url": program.url})
        seqs = [told.tell(), told.tell(), told.tell()]
        await until(lambda: told.hook().taken == 3)
        assert heard(program) == [seqs[0]] * 4 + seqs[1:], "the first is told until it is taken"
        assert told.hook().attempts[Attempt.REFUSED] == 3
        assert told.hook().failures == 0


async def test_a_slow_one_costs_the_others_nothing(told: Told) -> None:
    async with programs(2) as [slow, quick]:
        slow.says = None
        told.have(slow={"url": slow.url, "timeout": "200ms"}, quick={"url": quick.url})
        seqs = [told.tell() for _ in range(50)]
        await until(lambda: heard(quick) == seqs)
        assert told.hook("slow").taken == 0
        await until(lambda: told.hook("slow").attempts[Attempt.LATE] >= 2)
        slow.says = OK
        told.hook("slow").retry()
        await until(lambda: told.hook("slow").taken == 50)


async def test_one_that_dies_and_returns_misses_nothing(told: Told) -> None:
    async with programs(1) as [program]:
        told.have(crm={"url": program.url})
        first = told.tell()
        await until(lambda: told.hook().taken == 1)
        port = program.port
    second = told.tell()
    await until(lambda: told.hook().state is State.FAILING)
    assert told.hook().attempts[Attempt.UNREACHABLE] >= 1
    async with Program.running(port=port) as program:
        program.says = OK
        await until(lambda: told.hook().taken == 2)
        assert heard(program) == [second]
    assert first < second


async def test_a_switch_that_dies_tells_what_it_had_not(tmp_path: Path) -> None:
    async with programs(1) as [program]:
        program.says = reply(b"", "503 Later")
        before = Told(tmp_path)
        before.have(crm={"url": program.url})
        seqs = [before.tell(), before.tell()]
        await until(lambda: before.hook().attempts[Attempt.REFUSED] >= 1)
        await before.webhooks.close()
        program.asked.clear()
        program.says = OK
        after = Told(tmp_path)
        after.have(crm={"url": program.url})
        await until(lambda: after.hook().taken == 2)
        assert heard(program) == seqs
        await after.webhooks.close()


async def test_what_waits_is_not_read_again_for_a_webhook_that_is_changed(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with programs(2) as [before, after]:
        before.says = reply(b"", "503 Busy")
        told.have(crm={"url": before.url})
        seqs = [told.tell(), told.tell()]
        await until(lambda: told.hook().failures > 0)
        monkeypatch.setattr("switch.webhooks.webhooks.Outbox", lambda folder: pytest.fail("read again"))
        told.have(crm={"url": after.url})
        seqs.append(told.tell())
        await until(lambda: heard(after) == seqs)
        told.have()
        assert not told.webhooks.hooks


async def test_a_file_that_is_cut_while_it_waits_is_an_alarm(told: Told) -> None:
    async with programs(1) as [program]:
        program.says = reply(b"", "503 Busy")
        told.have(crm={"url": program.url})
        told.tell()
        told.tell()
        await until(lambda: told.hook().failures > 0)
        (segment,) = told.folder.glob("webhooks/to-crm/*.jsonl")
        segment.write_bytes(b"")
        program.says = OK
        await until(lambda: told.hook().dropped == 2)
        last = told.tell()
        await until(lambda: heard(program)[-1] == last)
        assert told.alarm_states() == [(Alarm.WEBHOOK_DROPPED, AlarmState.HAPPENED)]


async def test_what_was_kept_and_is_damaged_is_an_alarm(tmp_path: Path) -> None:
    async with programs(1) as [program]:
        program.says = reply(b"", "503 Busy")
        before = Told(tmp_path)
        before.have(crm={"url": program.url})
        before.tell()
        last = before.tell()
        await before.webhooks.close()
        (segment,) = tmp_path.glob("webhooks/to-crm/*.jsonl")
        segment.write_bytes(b"not JSON\n" + segment.read_bytes().splitlines(keepends=True)[1])
        program.asked.clear()
        program.says = OK
        after = Told(tmp_path)
        after.have(crm={"url": program.url})
        await until(lambda: after.hook().taken == 1)
        assert heard(program) == [last]
        assert (after.alarm_states(), after.hook().dropped) == (
            [(Alarm.WEBHOOK_DROPPED, AlarmState.HAPPENED)],
            1,
        )
        await after.webhooks.close()


async def test_a_webhook_whose_events_cannot_be_kept_is_an_alarm_until_they_can(told: Told) -> None:
    async with programs(1) as [program]:
        program.says = OK
        folder = told.folder / "webhooks" / "to-crm"
        folder.parent.mkdir()
        folder.touch()
        told.have(crm={"url": program.url})
        assert told.alarm_states() == [(Alarm.WEBHOOK_DEAD, AlarmState.BEGUN)]
        folder.unlink()
        told.have(crm={"url": program.url})
        assert told.alarm_states()[1:] == [(Alarm.WEBHOOK_DEAD, AlarmState.OVER)]
        told.tell()
        await until(lambda: told.hook().taken == 1)


async def test_410_ends_it_until_somebody_says_so(told: Told) -> None:
    async with programs(1) as [program]:
        program.says = reply(b"", "410 Gone")
        told.have(crm={"url": program.url})
        told.tell()
        await until(lambda: told.hook().state is State.DEAD)
        assert told.alarm_states() == [(Alarm.WEBHOOK_DEAD, AlarmState.BEGUN)]
        told.tell()
        program.says = OK
        assert told.hook().outbox.count == 2, "what comes meanwhile waits"
        told.hook().retry()
        await until(lambda: told.hook().taken == 2)
        assert told.alarm_states()[1:] == [(Alarm.WEBHOOK_DEAD, AlarmState.OVER)]


async def test_who_fails_for_too_long_is_given_up(told: Told) -> None:
    async with programs(1) as [program]:
        program.says = reply(b"", "500 Oops")
        told.have(crm={"url": program.url, "give_up_after": "100ms"})
        told.tell()
        await until(lambda: told.hook().state is State.DEAD)
        attempts = len(program.asked)
        assert attempts >= 2
        assert "retry crm" in told.alarms[0].detail
        told.have()
        await until(lambda: len(told.alarms) == 2)
        assert told.alarm_states()[1:] == [(Alarm.WEBHOOK_DEAD, AlarmState.OVER)], "it is no more"


async def test_retry_after_is_honoured(told: Told) -> None:
    async with programs(1) as [program]:
        program.says = reply(b"", "503 Busy\r\nRetry-After: 1200")
        told.have(crm={"url": program.url})
        told.tell()
        await until(lambda: told.hook().next_at_us is not None)
        assert told.hook().next_at_us == (NOW_S + 1200) * 1_000_000


async def test_only_what_is_wanted(told: Told) -> None:
    async with programs(1) as [program]:
        told.have(crm={"url": program.url, "events": ["alarm"], "queues": ["support"]})
        told.tell(about="sales")
        seq = told.tell(about="support")
        await until(lambda: told.hook().taken == 1)
        assert heard(program) == [seq]


async def test_a_private_address_is_not_spoken_to_unless_it_is_meant(told: Told) -> None:
    async with programs(1) as [program]:
        told.have(crm={"url": program.url, "private": "no"})
        told.tell()
        await until(lambda: told.hook().attempts[Attempt.FORBIDDEN] >= 1)
        assert program.asked == []
        last = told.hook().last
        assert last is not None
        assert "private: true" in (last.error or "")


async def test_a_test_is_told_out_of_turn(told: Told) -> None:
    async with programs(1) as [program]:
        told.have(crm={"url": program.url})
        posted = await told.hook().test()
        assert (posted.outcome, posted.status) == ("taken", 204)
        assert (program.asked[0]["type"], program.asked[0]["data"]) == ("test", {"webhook": "crm"})


async def test_another_configuration_takes_over_what_waits(told: Told) -> None:
    async with programs(2) as [old, new]:
        old.says = reply(b"", "500 Oops")
        told.have(crm={"url": old.url})
        seq = told.tell()
        await until(lambda: told.hook().attempts[Attempt.REFUSED] >= 1)
        told.have(crm={"url": new.url})
        await until(lambda: told.hook().taken == 1)
        assert heard(new) == [seq]
        told.have()
        assert told.webhooks.hooks == {}
        told.tell()


async def test_a_full_disk_is_an_alarm_and_not_an_end(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async with programs(1) as [program]:
        told.have(crm={"url": program.url})

        def full(seq: int, json: bytes) -> int:
            raise OSError("no room on the disk")

        with monkeypatch.context() as disk:
            disk.setattr(told.hook().outbox, "append", full)
            told.tell()
            told.tell()
        assert told.hook().dropped == 2
        assert [each.alarm for each in told.alarms] == [Alarm.WEBHOOK_DROPPED]
        seq = told.tell()
        await until(lambda: heard(program) == [seq])
