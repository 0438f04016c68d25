"""The tone matrix of a call that is sent on: who hears whom before, in between and after; its recording."""

import asyncio
from itertools import groupby

from tests.e2e.centre import SECRETS, Tell, ending
from tests.e2e.test_first_call import channels
from tests.e2e.test_supervision import (
    AGENT,
    CALLER,
    HEARD_DBFS,
    NEXT,
    SUPERVISOR,
    Centre,
    hear_music,
    heard,
    stretches,
    talking,
)
from tests.peers.audio import level_dbfs
from tests.peers.phone import Phone, PhoneCall, Phones

RINGBACK_HZ = 425.0
"""Of Spain."""
RINGS_WITHIN_S = 15.0


async def send_on(centre: Centre, to: str, expected: int = 202) -> dict[str, str]:
    """The JSON of the answer."""
    path = f"/api/v1/calls/{centre.id}/transfer"
    answer = await centre.switch.request("POST", path, json={"to": to})
    assert answer.status_code == expected, answer.text
    found: dict[str, str] = answer.json()
    return found


async def registered(desk: Phones, centre: Centre) -> Phone:
    luis = await desk.phone("1002", SECRETS["1002"], centre.switch.sip)
    await luis.register()
    return luis


async def hear_ringing(*calls: PhoneCall) -> None:
    """Until each has: it rings for 1.5 s and pauses for 3."""

    async def hear(call: PhoneCall) -> None:
        while level_dbfs(await call.listen(0.4), RINGBACK_HZ) <= HEARD_DBFS:
            pass

    async with asyncio.timeout(RINGS_WITHIN_S):
        await asyncio.gather(*map(hear, calls))


async def test_the_tone_matrix_of_a_transferred_call(tell_on_failure: Tell) -> None:
    async with talking(tell_on_failure) as centre, Phones.running() as desk:
        caller, agent = centre.caller, centre.agent
        luis = await registered(desk, centre)
        assert (await send_on(centre, "2000", 409))["detail"] == "no route of '1001' leads to '2000'"
        boss = await centre.supervise("listen")
        assert await heard(caller, agent, boss) == [{AGENT}, {CALLER}, {CALLER, AGENT}]

        row = await send_on(centre, "1002")
        assert row == {"call": centre.id, "by": "1001", "to": "1002", "target": "phone:1002"}
        await hear_ringing(caller, boss)
        await agent.until("closed")
        await centre.switch.agent_is("ana", "ready")
        next_one = await luis.next_call()
        await next_one.answer()
        await (await next_one.until("established")).say(NEXT)
        assert await heard(caller, next_one, boss) == [{NEXT}, {CALLER}, {CALLER, NEXT}]
        await centre.ask("POST", phone="1009", mode="whisper")
        assert await heard(caller, next_one, boss) == [{NEXT}, {CALLER, SUPERVISOR}, {CALLER, NEXT}]
        await boss.hang_up()
        assert await heard(caller, next_one) == [{NEXT}, {CALLER}]
        await next_one.hang_up()
        await caller.until("closed")
        (record,) = await centre.switch.ended_calls(1)
        left, right = channels(centre.switch.data_dir / record["recording"]["path"])
    assert ending(record) == ("answered", "callee_hung_up", "callee")
    assert (record["agent"], record["queue"]) == ("ana", "support")
    assert [leg["role"] for leg in record["legs"]] == ["caller", "agent", "supervisor", "callee"]
    assert [each["kind"] for each in record["segments"]] == ["talk", "listen", "talk", "listen", "whisper"]
    assert abs(len(left) / 8000 - record["talk_s"]) < 0.1, "the ringing is left out"
    assert all(mix in ({CALLER}, set()) for mix in stretches(left))
    assert [mix for mix, _ in groupby(mix for mix in stretches(right) if mix)] == [{AGENT}, {NEXT}]


async def test_to_a_queue_and_on_to_its_agent(tell_on_failure: Tell) -> None:
    routes = [{"trunk": "carrier", "to": "*", "go": "queue:support"}]
    routes.append({"phone": "*", "to": "700", "go": "queue:support"})
    async with (
        talking(tell_on_failure, {"wrap_up": "60s"}, routes=routes) as centre,
        Phones.running() as desk,
    ):
        (call,) = await centre.switch.items("/api/v1/calls?state=active")
        place = f"/api/v1/calls/{call['id']}/place"
        talking_to_ana = await centre.switch.get(place)
        row = await send_on(centre, "700")
        assert row["target"] == "queue:support"
        again = await centre.switch.get(place)
        assert again["queued_at"] == talking_to_ana["queued_at"] < again["entered_at"]
        assert await hear_music(centre.caller)
        luis = await desk.phone("1002", SECRETS["1002"], centre.switch.sip)
        await luis.behave("answer", tone_hz=NEXT)
        await luis.register()
        agent = await (await luis.next_call()).until("established")
        assert await heard(centre.caller, agent) == [{NEXT}, {CALLER}]
        await centre.caller.hang_up()
        (record,) = await centre.switch.ended_calls(1)
    assert (record["agent"], ending(record)) == ("luis", ("answered", "caller_hung_up", "caller"))
    assert [visit["agent"] for visit in record["visits"]] == ["ana", "luis"]
