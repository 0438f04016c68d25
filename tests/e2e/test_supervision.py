"""The tone matrix of a supervised call: who belongs there at every ear, and in the recording's channels.

The caller says 437 Hz, the agent 1013, the supervisor 1601, to whom the call is sent on 2089: none is a
harmonic of another, for there G.711 has its noise. What does not belong is 60 dB below what does, in a second
of sound.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np
import pytest

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, ending
from tests.e2e.test_first_call import channels
from tests.peers.audio import Pcm, is_silent, level_dbfs
from tests.peers.phone import Phone, PhoneCall, Phones
from tests.peers.switch import Switch

CALLER, AGENT, SUPERVISOR, NEXT = 437.0, 1013.0, 1601.0, 2089.0
TONES = (CALLER, AGENT, SUPERVISOR, NEXT)
HEARD_DBFS = -25.0
LEAK_DBFS = -73.0
"""60 dB under a tone of -13."""
ATTEMPTS = 6
"""Seconds, for one in which this machine was on time at every ear: what a late packet leaves is no leak."""
SEAM_S = 0.05
"""Silence, where relay becomes room: a tick, and what the jitter buffer waits for."""


class Centre:
    """A caller who talks to ana, and a phone on which a supervisor can be called."""

    def __init__(
        self, switch: Switch, caller: PhoneCall, agent: PhoneCall, desk: Phones, office: Phones, phone: Phone
    ) -> None:
        self.switch = switch
        self.caller = caller
        self.agent = agent
        self.agents_desk = desk
        self.office = office
        self.phone = phone
        self.id = ""

    async def ask(self, method: str, expected: int = 200, **body: str) -> Any:
        """Of `/supervise`; the JSON of its answer, if there is one."""
        path = f"/api/v1/calls/{self.id}/supervise"
        answer = await self.switch.request(method, path, **({"json": body} if body else {}))
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None

    async def supervise(self, mode: str) -> PhoneCall:
        """The supervisor joins."""
        row = await self.ask("POST", phone=self.phone.user, mode=mode)
        assert (row["call"], row["phone"], row["mode"]) == (self.id, self.phone.user, mode)
        supervisor = await self.phone.next_call()
        return await supervisor.until("established")


async def heard(*calls: PhoneCall) -> list[set[float]]:
    """The tones at each ear, once the jitter buffers have what is new, in a second in which it is plain."""
    await asyncio.gather(*(call.listen(0.3) for call in calls))
    for _ in range(ATTEMPTS):
        sounds = await asyncio.gather(*(call.listen(1.0) for call in calls))
        levels = [{hz: level_dbfs(sound, hz) for hz in TONES} for sound in sounds]
        if all(level > HEARD_DBFS or level < LEAK_DBFS for each in levels for level in each.values()):
            return [{hz for hz, level in each.items() if level > HEARD_DBFS} for each in levels]
    raise AssertionError(levels)


async def hear_music(*calls: PhoneCall) -> bool:
    """Something, and nobody's tone. It begins softly."""
    await asyncio.gather(*(call.listen(0.3) for call in calls))
    sounds = await asyncio.gather(*(call.listen(2.0) for call in calls))
    return all(
        not is_silent(sound) and max(level_dbfs(sound, hz) for hz in TONES) < HEARD_DBFS for sound in sounds
    )


@asynccontextmanager
async def talking(tell: Tell, queue: dict[str, Any] | None = None, **more: Any) -> AsyncIterator[Centre]:
    """The supervisor's phone is nobody's desk."""
    sections = {**centre(2, queue), **more}
    sections["phones"]["1009"] = {"secret": "secret-of-1009"}
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**sections))
        tell("switch", switch.story)
        carrier, desk, office = [await stack.enter_async_context(Phones.running()) for _ in range(3)]
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=CALLER)
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.behave("answer", tone_hz=AGENT)
        boss = await office.phone("1009", "secret-of-1009", switch.sip)
        await boss.behave("answer", tone_hz=SUPERVISOR)
        await boss.register()
        await ana.register()
        agent = await (await ana.next_call()).until("established")
        await switch.agent_is("ana", "on_call")
        found = Centre(switch, call, agent, desk, office, boss)
        (now,) = await switch.items("/api/v1/calls?state=active")
        found.id = now["id"]
        yield found


async def test_the_tone_matrix_of_a_supervised_call(tell_on_failure: Tell) -> None:
    async with talking(tell_on_failure) as centre:
        caller, agent = centre.caller, centre.agent
        assert await heard(caller, agent) == [{AGENT}, {CALLER}]
        await agent.hold()
        assert await hear_music(caller)
        await agent.resume()

        boss = await centre.supervise("listen")
        assert await heard(caller, agent, boss) == [{AGENT}, {CALLER}, {CALLER, AGENT}]
        await centre.ask("POST", phone="1009", mode="whisper")
        assert await heard(caller, agent, boss) == [{AGENT}, {CALLER, SUPERVISOR}, {CALLER, AGENT}]
        row = await centre.ask("GET")
        assert row == {"call": centre.id, "phone": "1009", "mode": "whisper", "state": "connected"}
        await centre.ask("POST", phone="1009", mode="barge")
        all_three = [{AGENT, SUPERVISOR}, {CALLER, SUPERVISOR}, {CALLER, AGENT}]
        assert await heard(caller, agent, boss) == all_three
        await boss.hang_up()
        assert await heard(caller, agent) == [{AGENT}, {CALLER}]
        await centre.ask("GET", 404)

        boss = await centre.supervise("whisper")
        await boss.listen(0.5)
        await centre.ask("POST", phone="1009", mode="take_over")
        await agent.until("closed")
        assert await heard(caller, boss) == [{SUPERVISOR}, {CALLER}]
        await boss.hang_up()
        await caller.until("closed")
        (record,) = await centre.switch.ended_calls(1)
        left, right = channels(centre.switch.data_dir / record["recording"]["path"])
    assert ending(record) == ("answered", "supervisor_hung_up", "supervisor")
    assert (record["agent"], record["queue"]) == ("ana", "support")
    assert kinds(record) == ["talk", "hold", "talk", "listen", "whisper", "barge", "whisper", "talk"]
    assert abs(len(left) / 8000 - record["talk_s"] - record["hold_s"]) < 0.1
    assert all(mix in ({CALLER}, set()) for mix in stretches(left))
    runs = [mix for mix, _ in groupby(mix for mix in stretches(right) if mix)]
    assert runs == [{AGENT}, {AGENT, SUPERVISOR}, {AGENT}, {SUPERVISOR}], "no whisper is in it"
    supervised = next(each for each in record["segments"] if each["kind"] == "listen")
    begun = datetime.fromisoformat(supervised["from"]) - datetime.fromisoformat(record["answered_at"])
    with_boss = right[round((begun.total_seconds() - 0.3) * 8000) :]
    assert longest_silence_s(with_boss) <= SEAM_S, "nor a gap that is heard"


async def test_hold_with_a_supervisor(tell_on_failure: Tell) -> None:
    """In a conference he who holds is out of it; a caller whom nobody else speaks to hears music."""
    async with talking(tell_on_failure) as centre:
        caller, agent = centre.caller, centre.agent
        boss = await centre.supervise("barge")
        await agent.listen(0.5)  # this phone offers once more what it has answered, and forgets that it holds
        await agent.hold()
        assert await heard(caller, boss) == [{SUPERVISOR}, {CALLER}]
        await centre.ask("POST", phone="1009", mode="whisper")
        assert await hear_music(caller, boss)
        await agent.resume()
        assert await heard(caller, agent, boss) == [{AGENT}, {CALLER, SUPERVISOR}, {CALLER, AGENT}]
        await caller.hold()
        assert await heard(agent, boss) == [{SUPERVISOR}, {AGENT}]
        await caller.resume()
        await caller.press("42")
        await agent.until(lambda leg: leg.digits == "42")
        assert boss.digits == ""


async def test_a_supervisor_follows_the_call_to_its_next_agent(tell_on_failure: Tell) -> None:
    async with talking(tell_on_failure, media={"silence_timeout": "1s"}) as centre, Phones.running() as desk:
        boss = await centre.supervise("whisper")
        await centre.agents_desk.kill()
        await centre.switch.agent_is("ana", "unreachable")
        assert await hear_music(centre.caller, boss)
        luis = await desk.phone("1002", SECRETS["1002"], centre.switch.sip)
        await luis.behave("answer", tone_hz=AGENT)
        await luis.register()
        agent = await (await luis.next_call()).until("established")
        both = [{AGENT}, {CALLER, SUPERVISOR}, {CALLER, AGENT}]
        assert await heard(centre.caller, agent, boss) == both
        await centre.caller.hang_up()
        await boss.until("closed")
        (record,) = await centre.switch.ended_calls(1)
    assert kinds(record) == ["talk", "whisper", "talk", "whisper"]
    assert [leg["role"] for leg in record["legs"]] == ["caller", "agent", "supervisor", "agent"]
    assert (record["agent"], record["result"]) == ("luis", "answered")


@pytest.mark.long
async def test_a_supervisor_who_dies_is_missed_by_nobody(tell_on_failure: Tell) -> None:
    async with talking(tell_on_failure, media={"silence_timeout": "1s"}) as centre:
        await centre.supervise("barge")
        await centre.office.kill()

        async def supervised() -> int:
            path = f"/api/v1/calls/{centre.id}/supervise"
            return (await centre.switch.request("GET", path)).status_code

        await centre.switch.until(supervised, lambda status: status == 404)
        assert await heard(centre.caller, centre.agent) == [{AGENT}, {CALLER}]
        await centre.ask("POST", 409, phone="1009", mode="listen")
        assert "supervisor left" in centre.switch.log()


def kinds(record: Any) -> list[str]:
    """Of the segments; a supervised one has everybody in it."""
    roles = {leg["id"]: leg["role"] for leg in record["legs"]}
    for each in record["segments"]:
        if each["kind"] not in ("talk", "hold"):
            assert [roles[leg] for leg in each["legs"]] == ["caller", "agent", "supervisor"]
    return [each["kind"] for each in record["segments"]]


def stretches(sound: Pcm) -> list[set[float]]:
    """The tones of every half second in which nothing changes, every 100 ms anew."""
    pieces = [sound[at : at + 4000] for at in range(0, len(sound) - 4000, 800)]
    levels = [{hz: level_dbfs(piece, hz) for hz in TONES} for piece in pieces]
    return [
        {hz for hz, level in found.items() if level > HEARD_DBFS}
        for found in levels
        if all(level > -16.0 or level < LEAK_DBFS for level in found.values())
    ]


def longest_silence_s(sound: Pcm) -> float:
    """In steps of 5 ms."""
    quiet = [bool(np.abs(sound[at : at + 40]).max() < 300) for at in range(0, len(sound) - 40, 40)]
    return 0.005 * max((len(list(run)) for silent, run in groupby(quiet) if silent), default=0)
