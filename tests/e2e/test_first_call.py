"""The main job: a caller waits with music, reaches the agent, both are heard, recorded and counted."""

import wave
from pathlib import Path

import numpy as np

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers.audio import Pcm, hears_only, is_silent, level_dbfs, pcm
from tests.peers.phone import Phones
from tests.peers.switch import Switch


async def test_a_caller_reaches_an_agent(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre()) as switch, Phones.running() as carrier, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        caller = await carrier.phone("caller")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        await call.until("established")
        await call.listen(0.5)
        assert not is_silent(await call.listen(1.0)), "the caller hears music while he waits"

        phone = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await phone.register()
        ringing = await phone.next_call()
        assert (await switch.agent_is("ana", "ringing"))["call"]
        await ringing.answer()
        await ringing.until("established")
        await ringing.say(1000.0)
        await ringing.listen(0.5)
        assert hears_only(await call.listen(1.0), 1000.0, [440.0])
        assert hears_only(await ringing.listen(1.0), 440.0, [1000.0])
        await switch.agent_is("ana", "on_call")

        await call.hang_up()
        await ringing.until("closed")
        await switch.agent_is("ana", "wrap_up")
        await switch.agent_is("ana", "ready")
        (record,) = await switch.ended_calls(1)
        ending = (record["result"], record["reason"], record["ended_by"])
        assert ending == ("answered", "caller_hung_up", "caller")
        assert (record["queue"], record["agent"], record["trunk"]) == ("support", "ana", "carrier")
        assert {leg["sip_call_id"] for leg in record["legs"]} == {call.sip_call_id, ringing.sip_call_id}
        recording = switch.data_dir / record["recording"]["path"]
        left, right = channels(recording)
        assert abs(len(left) / 8000 - record["talk_s"]) < 0.1
        assert level_dbfs(left[8000:], 440.0) > -25 > level_dbfs(left[8000:], 1000.0) + 30
        assert level_dbfs(right[8000:], 1000.0) > -25 > level_dbfs(right[8000:], 440.0) + 30


def channels(path: Path) -> tuple[Pcm, Pcm]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 2, 2)
        samples = pcm(file.readframes(file.getnframes()))
    both = np.reshape(samples, (-1, 2))
    return both[:, 0], both[:, 1]
