"""Who hears whom in a room, by tones: ext/engine_room.pxd, ext/engine_hearing.pxd."""

import pytest

from media.events import PortClosed
from media.port import Mix, Relay, Silence
from tests.media.orchestra import Orchestra, Party, others
from tests.media.stage import Stage


@pytest.mark.parametrize("members", [3, 10, 30])
async def test_each_hears_all_others_and_not_himself(stage: Stage, members: int) -> None:
    orchestra = Orchestra(stage, members)
    parties = [await orchestra.join(codec=("PCMA", "PCMU")[i % 2]) for i in range(members)]
    room = stage.plane.room(parties[0].port)
    for party in parties:
        party.port.send(Mix(room))
    await orchestra.expect({party.hz: others(parties, party) for party in parties})


async def call_with_supervisor(stage: Stage) -> tuple[Orchestra, Party, Party, Party]:
    orchestra = Orchestra(stage, 3)
    caller, agent, supervisor = [await orchestra.join() for _ in range(3)]
    return orchestra, caller, agent, supervisor


@pytest.mark.parametrize("role", ["listen", "whisper", "barge"])
async def test_a_supervisor_is_heard_by_whom_he_is_meant_for(stage: Stage, role: str) -> None:
    orchestra, caller, agent, supervisor = await call_with_supervisor(stage)
    room = stage.plane.room(caller.port)
    deaf = {"listen": [caller, agent], "whisper": [caller], "barge": []}[role]
    for ear in deaf:
        room.gain(ear.port, supervisor.port, 0.0)
    for party in (caller, agent, supervisor):
        party.port.send(Mix(room))
    hears_him = [party for party in (caller, agent) if party not in deaf]
    expected: dict[float, list[float]] = {supervisor.hz: [caller.hz, agent.hz]}
    for party, other in ((caller, agent), (agent, caller)):
        expected[party.hz] = [other.hz] + ([supervisor.hz] if party in hears_him else [])
    await orchestra.expect(expected)


async def test_a_gain_is_as_loud_as_it_says_and_may_change(stage: Stage) -> None:
    orchestra, caller, agent, supervisor = await call_with_supervisor(stage)
    room = stage.plane.room(caller.port)
    for party in (caller, agent, supervisor):
        party.port.send(Mix(room))
    room.gain(caller.port, agent.port, 0.25)
    room.gain(caller.port, supervisor.port, 0.0)
    windows = (await orchestra.listen())[caller.hz]
    levels = sorted(window[agent.hz] for window in windows)
    assert levels[-1] == pytest.approx(caller.level_db - 12.04, abs=0.5)
    assert all(window[supervisor.hz] < caller.level_db - 45 for window in windows)
    room.gain(caller.port, agent.port, 1.0)
    room.gain(caller.port, supervisor.port, 1.0)
    await orchestra.expect({caller.hz: [agent.hz, supervisor.hz]})


async def test_who_leaves_is_heard_no_more_and_forgets_his_gains(stage: Stage) -> None:
    orchestra, caller, agent, supervisor = await call_with_supervisor(stage)
    room = stage.plane.room(caller.port)
    for party in (caller, agent, supervisor):
        party.port.send(Mix(room))
    room.gain(agent.port, supervisor.port, 0.0)
    supervisor.port.close()
    await stage.event(PortClosed, supervisor.port)
    agent.port.send(Silence())
    await orchestra.expect({caller.hz: []})
    agent.port.send(Mix(room))
    await orchestra.expect({caller.hz: [agent.hz], agent.hz: [caller.hz]})


async def test_who_comes_from_another_room_brings_his_gains(stage: Stage) -> None:
    """Told before he enters, they are of the new room: not one frame of a whisper leaks to him."""
    orchestra, caller, agent, supervisor = await call_with_supervisor(stage)
    before, after = stage.plane.room(caller.port), stage.plane.room(caller.port)
    before.gain(caller.port, agent.port, 0.25)
    for party in (caller, agent):
        party.port.send(Mix(before))
    after.gain(caller.port, supervisor.port, 0.0)
    for party in (supervisor, agent, caller):
        party.port.send(Mix(after))
    windows = (await orchestra.listen())[caller.hz]
    assert all(window[supervisor.hz] < caller.level_db - 45 for window in windows)
    assert windows[-1][agent.hz] == pytest.approx(caller.level_db, abs=0.5), "gains of the old room are gone"


async def test_gains_of_a_room_that_was_never_entered_are_none_of_the_next(stage: Stage) -> None:
    orchestra, caller, agent, _ = await call_with_supervisor(stage)
    never = stage.plane.room(caller.port)
    never.gain(caller.port, agent.port, 0.0)
    never.close()
    room = stage.plane.room(caller.port)
    for party in (caller, agent):
        party.port.send(Mix(room))
    await orchestra.expect({caller.hz: [agent.hz], agent.hz: [caller.hz]})


async def test_a_room_that_closes_falls_silent_and_a_relay_goes_on(stage: Stage) -> None:
    orchestra, caller, agent, _ = await call_with_supervisor(stage)
    room = stage.plane.room(caller.port)
    caller.port.send(Mix(room))
    agent.port.send(Mix(room))
    room.close()
    room.close()
    await stage.settled()
    caller.forget()
    await orchestra.play(0.2)
    assert len(caller.heard()) == 0
    caller.port.send(Relay(agent.port))
    agent.port.send(Relay(caller.port))
    await orchestra.expect({caller.hz: [agent.hz], agent.hz: [caller.hz]})


async def test_two_rooms_do_not_hear_each_other(stage: Stage) -> None:
    orchestra = Orchestra(stage, 4)
    parties = [await orchestra.join() for _ in range(4)]
    rooms = [stage.plane.room(parties[0].port) for _ in range(2)]
    for i, party in enumerate(parties):
        party.port.send(Mix(rooms[i // 2]))
    pairs = {0: 1, 1: 0, 2: 3, 3: 2}
    await orchestra.expect({parties[i].hz: [parties[j].hz] for i, j in pairs.items()})


async def test_what_cannot_be_mixed(stage: Stage) -> None:
    _, caller, agent, _ = await call_with_supervisor(stage)
    room = stage.plane.room(caller.port)
    for gain in (-1.0, 101.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="0 or more"):
            room.gain(caller.port, agent.port, gain)
