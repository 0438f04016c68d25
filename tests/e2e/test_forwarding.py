"""Calls to a phone that wants them elsewhere, with real phones: who rings, who is heard; and a crash."""

from tests.e2e.centre import SECRETS, Tell, centre, ending
from tests.peers.audio import level_dbfs
from tests.peers.phone import Phones
from tests.peers.switch import Switch

CALLER_HZ, NEXT_HZ = 520.0, 880.0
HEARD_DBFS = -30.0
WANTED = "/api/v1/phones/1001/preferences"


async def test_who_does_not_answer_is_forwarded_and_a_crash_changes_nothing(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre(3)) as switch, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        phones = [await desk.phone(user, secret, switch.sip) for user, secret in SECRETS.items()]
        first, second, third = phones
        for phone in (first, second, third):
            await phone.register()
        await third.behave("answer", tone_hz=NEXT_HZ)

        put = await switch.request("PUT", WANTED, json={"no_answer": "1003", "no_answer_after": 5})
        assert put.json()["no_answer"] == "1003"
        call = await second.dial(f"sip:1001@{switch.sip}", tone_hz=CALLER_HZ)
        rung = await first.next_call()
        await call.until("established")
        await rung.until("closed")
        taken = await third.next_call()
        assert level_dbfs(await call.listen(1.0), NEXT_HZ) > HEARD_DBFS
        assert level_dbfs(await taken.listen(1.0), CALLER_HZ) > HEARD_DBFS
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert ending(record) == ("completed", "caller_hung_up", "caller")
        assert [leg["peer"] for leg in record["legs"]] == ["1002", "1001", "1003"]

        code = await first.dial(f"sip:*78@{switch.sip}")
        await code.until("closed")
        await switch.agent_is("ana", "paused")
        await switch.kill()
        await switch.start()
        wanted = await switch.get(WANTED)
        assert (wanted["do_not_disturb"], wanted["no_answer"]) == (True, "1003")
        assert (await switch.agent_is("ana", "paused"))["reason"] == "do-not-disturb"
        call = await second.dial(f"sip:1001@{switch.sip}")
        await call.until("closed")
        record = (await switch.ended_calls(3))[0]
        assert ending(record)[:2] == ("rejected", "busy")
