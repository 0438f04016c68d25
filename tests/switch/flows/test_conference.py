"""`go: conference:NAME`: who hears whom as callers come, hold and go, and what their records say."""

import asyncio

import pytest

from switch.calls.ending import Reason, Result
from tests.switch.far_end import sdp
from tests.switch.stage import CARRIER, Stage

MEETING = {
    "routes": [
        {"trunk": "carrier", "to": "81", "go": "conference:daily"},
        {"trunk": "carrier", "to": "82", "go": "conference:weekly"},
    ]
}


def hear(stage: Stage) -> list[str]:
    """Everybody, as they came."""
    return [stage.heard(call.caller) for call in stage.registry.calls.values()]


@pytest.mark.parametrize("sections", [MEETING])
async def test_one_waits_two_are_relayed_and_more_are_mixed(stage: Stage) -> None:
    sessions = [await stage.carrier.dial("81")]
    assert hear(stage) == ["music default"]
    await stage.carrier.dial("82")
    assert hear(stage) == ["music default"] * 2, "they are in different ones"
    sessions.append(await stage.carrier.dial("81"))
    first, _, second = (stage.port(call.caller).number for call in stage.registry.calls.values())
    assert hear(stage) == [f"relay {second}", "music default", f"relay {first}"]
    sessions.append(await stage.carrier.dial("81"))
    assert hear(stage) == ["room", "music default", "room", "room"]
    ports = [stage.port(call.caller) for call in stage.registry.calls.values()]
    assert [port.near for port in ports] == [None, None, ports[0], ports[2]], "one worker mixes them"
    await stage.pass_by(10)
    await stage.carrier.hang_up(sessions.pop())
    assert hear(stage) == [f"relay {second}", "music default", f"relay {first}"]
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.COMPLETED, Reason.CALLER_HUNG_UP)
    (segment,) = record.segments
    assert (segment.kind.value, segment.legs) == ("conference", (record.legs[0].id,))
    assert segment.to is not None
    assert (segment.to - segment.from_).total_seconds() == pytest.approx(10, abs=0.2)
    assert record.talk_s == 0.0
    for session in sessions:
        await stage.carrier.hang_up(session)
    assert hear(stage) == ["music default"]
    await stage.carrier.dial("81")
    assert stage.port(list(stage.registry.calls.values())[-1].caller).near is None, "any worker will do"


@pytest.mark.parametrize("sections", [MEETING])
async def test_all_who_come_in_the_same_moment_are_on_one_worker(stage: Stage) -> None:
    await asyncio.gather(*(stage.carrier.dial("81") for _ in range(3)))
    ports = [stage.port(call.caller) for call in stage.registry.calls.values()]
    assert [port.near for port in ports] == [None, *ports[:2]]
    assert hear(stage) == ["room"] * 3


@pytest.mark.parametrize("sections", [MEETING])
async def test_who_holds_is_out_of_it(stage: Stage) -> None:
    sessions = [await stage.carrier.dial("81") for _ in range(3)]
    await stage.carrier.reinvite(sessions[0], sdp(CARRIER[0], direction="sendonly", version=2))
    assert hear(stage) == ["silence", "room", "room"]
    await stage.carrier.reinvite(sessions[0], sdp(CARRIER[0], version=3))
    assert hear(stage) == ["room"] * 3
