"""The tone matrix of calls that a phone transfers by its own keys: who hears whom, and the recording."""

import asyncio
from itertools import groupby

import pytest

from tests.e2e.centre import SECRETS, Tell, ending
from tests.e2e.test_first_call import channels
from tests.e2e.test_supervision import AGENT, CALLER, NEXT, Centre, hear_music, heard, stretches, talking
from tests.peers.child import PeerError
from tests.peers.phone import PhoneCall, Phones


async def records(centre: Centre) -> tuple[dict[str, object], dict[str, object]]:
    """The caller's, and that of the consultation."""
    found = await centre.switch.ended_calls(2)
    return tuple(sorted(found, key=lambda record: record["id"] != centre.id))  # type: ignore[return-value]


async def consulted(centre: Centre, desk: Phones) -> tuple[PhoneCall, PhoneCall]:
    """Ana holds her caller and talks to 1002: her call there, and his."""
    luis = await desk.phone("1002", SECRETS["1002"], centre.switch.sip)
    await luis.behave("answer", tone_hz=NEXT)
    await luis.register()
    await centre.agent.hold()
    ana = centre.agents_desk.at("1001")
    second = await (await ana.dial(f"sip:1002@{centre.switch.sip}", tone_hz=AGENT)).until("established")
    return second, await (await luis.next_call()).until("established")


async def test_attended_with_tones_at_every_ear_and_in_the_recording(tell_on_failure: Tell) -> None:
    async with talking(tell_on_failure) as centre, Phones.running() as desk:
        tell_on_failure("ana's phone", centre.agents_desk.story)
        caller, agent = centre.caller, centre.agent
        assert await heard(caller, agent) == [{AGENT}, {CALLER}]
        second, boss = await consulted(centre, desk)
        assert await hear_music(caller)
        assert await heard(second, boss) == [{NEXT}, {AGENT}]

        await agent.connect(second)
        await asyncio.gather(agent.until("closed"), second.until("closed"))
        assert await heard(caller, boss) == [{NEXT}, {CALLER}]
        await centre.switch.agent_is("ana", "ready")
        await boss.hang_up()
        await caller.until("closed")
        record, consultation = await records(centre)
        left, right = channels(centre.switch.data_dir / record["recording"]["path"])  # type: ignore[index]
    assert ending(record) == ("answered", "callee_hung_up", "callee")
    assert ending(consultation) == ("completed", "transferred", "caller")
    assert consultation["continued_in"] == record["id"] == centre.id
    kinds = [each["kind"] for each in record["segments"]]  # type: ignore[attr-defined]
    assert [kind for kind, _ in groupby(kinds)] == ["talk", "hold", "consultation", "talk"]
    length_s = len(left) / 8000
    assert abs(length_s - record["talk_s"] - record["hold_s"]) < 0.1  # type: ignore[operator]
    assert all(mix in ({CALLER}, set()) for mix in stretches(left))
    assert [mix for mix, _ in groupby(mix for mix in stretches(right) if mix)] == [{AGENT}, {NEXT}]


async def test_blind_from_the_phone_and_back_when_nobody_takes_him(tell_on_failure: Tell) -> None:
    async with talking(tell_on_failure) as centre, Phones.running() as desk:
        luis = await desk.phone("1002", SECRETS["1002"], centre.switch.sip)
        await luis.behave("reject")
        await luis.register()
        with pytest.raises(PeerError):
            await centre.agent.transfer(f"sip:1002@{centre.switch.sip}")
        await (await luis.next_call()).until("closed")
        assert await heard(centre.caller, centre.agent) == [{AGENT}, {CALLER}], "they talk on"
        await luis.behave("answer", tone_hz=NEXT)
        await centre.agent.transfer(f"sip:1002@{centre.switch.sip}")
        await centre.agent.until("closed")
        next_one = await (await luis.next_call()).until("established")
        assert await heard(centre.caller, next_one) == [{NEXT}, {CALLER}]
        await centre.caller.hang_up()
        (record,) = await centre.switch.ended_calls(1)
    assert ending(record) == ("answered", "caller_hung_up", "caller")
