"""Which lines are written: as configured, for a while otherwise, for a logger, for one call."""

import asyncio
import io
import json
import re
from pathlib import Path

import pytest
import structlog

from switch.config.logs import Level, Logger, Logs
from switch.log_levels import Levels
from switch.logs import configure_logs
from tests.switch.far_end import answering
from tests.switch.stage import NUMBER, Stage
from tests.switch.test_logs import out

__all__ = ["out"]
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def levels(out: io.StringIO) -> Levels:
    made = Levels()
    configure_logs(out, as_json=True, levels=made)
    return made


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_logger_of_the_source_can_be_named() -> None:
    named = {
        name
        for folder in ("switch", "sip", "media")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r'get_logger\("(\w+)"', path.read_text())
    }
    assert named <= {logger.value for logger in Logger}, "switch/config/logs.py lists them"


def test_as_configured(out: io.StringIO, levels: Levels) -> None:
    levels.configure(Logs(level=Level.WARNING, levels={Logger.SIP: Level.DEBUG}))
    structlog.get_logger("call").info("not written")
    structlog.get_logger("call").warning("written")
    structlog.get_logger("sip").debug("written, too")
    structlog.get_logger("call").exception("and this")
    assert [line["event"] for line in lines(out)] == ["written", "written, too", "and this"]
    assert levels.tells_debug


async def test_for_a_while_and_it_ends_by_itself(out: io.StringIO, levels: Levels) -> None:
    log = structlog.get_logger("sip")
    log.debug("before")
    levels.change(Level.DEBUG, 0.05, logger=Logger.SIP)
    assert levels.tells_debug
    log.debug("meanwhile")
    structlog.get_logger("call").debug("of another logger")
    async with asyncio.timeout(5):
        while levels.row().changes:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    log.debug("after")
    assert [line["event"] for line in lines(out)] == ["meanwhile"]
    assert not levels.tells_debug


async def test_for_one_call_there_is_more_and_never_less(out: io.StringIO, levels: Levels) -> None:
    levels.change(Level.DEBUG, 60, call="ours")
    levels.change(Level.ERROR, 60, call="theirs")
    log = structlog.get_logger("leg")
    log.debug("one", call="ours")
    log.bind(call="ours").debug("two")
    log.debug("three", call="theirs")
    log.info("four", call="theirs")
    log.debug("five")
    assert [line["event"] for line in lines(out)] == ["one", "two", "four"]
    levels.revert(call="ours")
    log.debug("six", call="ours")
    assert len(lines(out)) == 3


async def test_the_last_wish_for_the_same_counts(levels: Levels) -> None:
    levels.change(Level.DEBUG, 60)
    levels.change(Level.ERROR, 30)
    (change,) = levels.row().changes
    assert (change.level, change.logger, change.call) == (Level.ERROR, None, None)
    assert not levels.admits("call", Level.WARNING)
    levels.revert()
    assert levels.admits("call", Level.INFO)


async def test_a_call_at_level_debug_tells_what_happens_in_it_and_no_secret(
    stage: Stage, out: io.StringIO
) -> None:
    levels = stage.exchange.debugging.levels
    configure_logs(out, as_json=True, levels=levels)
    phone = await stage.phone()
    phone.behave = answering
    other = await stage.carrier.dial("600")
    unheard = stage.call.id
    session = await stage.carrier.dial(NUMBER)
    call = list(stage.registry.calls.values())[-1]
    levels.change(Level.DEBUG, 60, call=call.id)
    await stage.carrier.hang_up(session)
    await stage.carrier.hang_up(other)
    told = [line for line in lines(out) if line["level"] == "debug"]
    assert {line["call"] for line in told} == {call.id}
    assert unheard not in {line["call"] for line in told}
    assert {line["logger"] for line in told} >= {"leg", "router"}
    assert "secret of" not in out.getvalue()
