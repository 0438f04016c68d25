"""The whole queued call once more with the other SIP stack: an agent on pjsua2."""

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, ending
from tests.e2e.test_first_call import channels
from tests.peers.audio import hears_only, is_silent, level_dbfs
from tests.peers.phone import Phones
from tests.peers.switch import Switch


async def test_a_caller_reaches_an_agent_on_pjsua2_who_hangs_up(tell_on_failure: Tell) -> None:
    async with (
        Switch.running(**centre()) as switch,
        Phones.running() as carrier,
        Phones.running("pjsua2") as desk,
    ):
        tell_on_failure("switch", switch.story)
        tell_on_failure("pjsua2", desk.story)
        phone = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await phone.register()
        await switch.agent_is("ana", "ready")
        caller = await carrier.phone("caller")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        ringing = await phone.next_call()
        await call.until("established")
        assert not is_silent(await call.listen(0.5)), "music while she rings"
        await ringing.answer()
        await ringing.until("established")
        await ringing.say(1000.0)
        await call.listen(1.0)
        assert hears_only(await call.listen(1.0), 1000.0, [440.0])
        assert hears_only(await ringing.listen(1.5), 440.0, [1000.0])

        await ringing.hang_up()
        await call.until("closed")
        (record,) = await switch.ended_calls(1)
        assert ending(record) == (
            "answered",
            "agent_hung_up",
            "agent",
        )
        assert {leg["sip_call_id"] for leg in record["legs"]} == {call.sip_call_id, ringing.sip_call_id}
        await switch.agent_is("ana", "ready")
        left, right = channels(switch.data_dir / record["recording"]["path"])
        assert abs(len(left) / 8000 - record["talk_s"]) < 0.1
        assert level_dbfs(left[12000:], 440.0) > -25 > level_dbfs(left[12000:], 1000.0) + 30
        assert level_dbfs(right[12000:], 1000.0) > -25 > level_dbfs(right[12000:], 440.0) + 30
