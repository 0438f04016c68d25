"""Asking over real HTTP: quick, slow, dead and wrong programs."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from acd.commands import AskDecision
from acd.events import DecisionAnswered, DecisionLate, Event
from switch.config.schema import Config
from switch.decisions.decisions import Asked, Decisions
from tests.switch.decisions.program import Program, reply

ENOUGH_S = 10.0


class Asking:
    """Decisions of a queue whose program is at `url`."""

    def __init__(self, url: str, **hook: Any) -> None:
        settings = {"url": url, "timeout": "300ms", **hook}
        queues = {"support": {"decision": settings}, "sales": {}}
        self.config = Config.model_validate({"agents": {"ana": {}}, "queues": queues})
        self.told: asyncio.Queue[Event] = asyncio.Queue()
        self.counted: list[Asked] = []
        self.time_s = 0.0
        self.decisions = Decisions(
            lambda: self.config,
            self.told.put_nowait,
            lambda queue, outcome: self.counted.append(outcome),
            lambda: self.time_s,
            lambda: time.time_ns() // 1000,
            asyncio.get_running_loop(),
        )

    async def ask(self) -> Event:
        """What the router is told of one caller."""
        command = AskDecision(("main", 1, 0), "main-1-0", "c1", "support", 0, 0, 1, ("ana",))
        self.decisions.ask(command, "+34600111222", "+34911000000")
        return await asyncio.wait_for(self.told.get(), ENOUGH_S)


@pytest.fixture
async def program() -> AsyncIterator[Program]:
    async with Program.running() as running:
        yield running


async def test_an_answer(program: Program) -> None:
    asking = Asking(program.url, secret="s3cret")
    program.says = reply({"priority": 7, "agent": "ana", "queue": "sales", "requires": "english >= 5"})
    assert await asking.ask() == DecisionAnswered(
        "main-1-0", "c1", priority=7, requires="english >= 5", agent="ana", queue="sales"
    )
    assert program.asked[0]["from"] == "+34600111222"
    assert program.headers[0]["x-centralita-signature"].startswith("sha256=")
    program.says = reply(b"", "204 No Content")
    assert await asking.ask() == DecisionAnswered("main-1-0", "c1")
    assert asking.counted == [Asked.ANSWERED, Asked.NOTHING]
    assert program.connections == 1, "it is kept open"
    await asking.decisions.close()


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (None, Asked.LATE),
        (reply({}, "500 Internal Server Error"), Asked.REFUSED),
        (reply({}, "302 Found"), Asked.REFUSED),
        (reply(b"<html>"), Asked.WRONG),
        (reply({"agent": "nobody"}), Asked.WRONG),
        (reply(b" " * 20_000), Asked.WRONG),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Asked.UNREACHABLE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", Asked.LATE),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n\r\n{}", Asked.WRONG),
    ],
)
async def test_no_answer(program: Program, says: bytes | None, outcome: Asked) -> None:
    asking = Asking(program.url)
    program.says = says
    assert await asking.ask() == DecisionLate("main-1-0", "c1", outcome.value)
    assert asking.counted == [outcome]
    await asking.decisions.close()


async def test_nobody_listens() -> None:
    async with Program.running() as gone:
        pass
    asking = Asking(gone.url)
    assert await asking.ask() == DecisionLate("main-1-0", "c1", "unreachable")
    await asking.decisions.close()


async def test_after_five_failures_nobody_waits_for_it_until_one_may_try(program: Program) -> None:
    asking = Asking(program.url)
    program.says = reply({}, "503 Service Unavailable")
    with capture_logs() as logged:
        for _ in range(8):
            await asking.ask()
        assert len(program.asked) == 5
        asking.time_s = 10.0
        program.says = reply({"priority": 1})
        assert isinstance(await asking.ask(), DecisionAnswered)
        assert isinstance(await asking.ask(), DecisionAnswered)
    assert asking.counted == [Asked.REFUSED] * 5 + [Asked.NOT_ASKED] * 3 + [Asked.ANSWERED] * 2
    assert [entry["event"] for entry in logged] == ["asked in vain"], "once a minute"
    await asking.decisions.close()


async def test_a_queue_that_has_lost_its_program_by_a_reload(program: Program) -> None:
    asking = Asking(program.url)
    asking.config = Config.model_validate({"queues": {"support": {}}})
    assert await asking.ask() == DecisionLate("main-1-0", "c1", "not_asked")
    assert not program.asked


async def test_sixty_at_once_over_twenty_connections(program: Program) -> None:
    asking = Asking(program.url, timeout="5s")
    program.says = reply({"priority": 1})
    answers = await asyncio.gather(*(asking.ask() for _ in range(60)))
    assert all(isinstance(one, DecisionAnswered) for one in answers)
    assert program.connections <= 20
    await asking.decisions.close()


async def test_what_is_packed_is_not_unpacked(program: Program) -> None:
    """Ten kilobytes could be ten megabytes, all at once, on the loop."""
    asking = Asking(program.url)
    packed = gzip.compress(b" " * 8_000_000 + b"{}")
    assert len(packed) < 16_000
    program.says = reply(packed).replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n", 1)
    assert await asking.ask() == DecisionLate("main-1-0", "c1", "wrong")
    assert program.headers[0]["accept-encoding"] == "identity"
    await asking.decisions.close()
