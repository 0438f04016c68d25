"""What an agent hears before he is connected: in his ear alone, and in no recording; then what both hear.

Music, announcement and greeting are tones here, like the voices of caller and agent: none is a harmonic of
another.
"""

from contextlib import AsyncExitStack
from itertools import groupby

import numpy as np

from media.wav import encode_wav
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre, ending
from tests.e2e.test_first_call import channels
from tests.e2e.test_supervision import AGENT, CALLER
from tests.peers.audio import Pcm, level_dbfs, tone
from tests.peers.phone import PhoneCall, Phones
from tests.peers.switch import Switch

MUSIC, TOLD, GREETING = 701.0, 1601.0, 2089.0
TONES = (MUSIC, CALLER, AGENT, TOLD, GREETING)
PROMPT_S = 2.0
WINDOW, STEP = 1600, 800
LEAK_DBFS = -45.0
"""32 dB under a prompt: what one tone has of another where they change."""


def levels(sound: Pcm) -> list[dict[float, float]]:
    """Of each tone, in each fifth of a second, each tenth anew."""
    pieces = [sound[at : at + WINDOW] for at in range(0, len(sound) - WINDOW, STEP)]
    return [{hz: level_dbfs(piece, hz) for hz in TONES} for piece in pieces]


def story(sound: Pcm) -> list[float]:
    """The tones that were heard, one after another."""
    loudest = [max(each, key=lambda hz: each[hz]) for each in levels(sound) if max(each.values()) > -25.0]
    return [hz for hz, run in groupby(loudest) if len(list(run)) > 2]


def meanwhile(sound: Pcm, hz: float, other: float) -> float:
    """How loud `other` was, at most, in the middle of what was heard of `hz`."""
    found = levels(sound)
    during = [each[other] for each in found if each[hz] > -16.0 and each[hz] == max(each.values())]
    return max(during[2:-2])


async def until_it_hears(call: PhoneCall, hz: float) -> None:
    for _ in range(20):
        if level_dbfs(await call.listen(0.5), hz) > -25.0:
            return
    raise AssertionError(story(await call.heard()))


async def test_the_agent_is_told_in_his_ear_alone(tell_on_failure: Tell) -> None:
    sections = centre(1, {"announce_to_agent": "call-for-support"})
    sections["agents"]["ana"] |= {"language": "es", "greeting": "ana"}
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(serving=False, **sections))
        tell_on_failure("switch", switch.story)
        for name, hz in (
            ("music/default/a", MUSIC),
            ("prompts/es/call-for-support", TOLD),
            ("prompts/es/ana", GREETING),
        ):
            path = switch.data_dir / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encode_wav(tone(hz, PROMPT_S).tobytes()))
        await switch.start()
        carrier, desk = [await stack.enter_async_context(Phones.running()) for _ in range(2)]
        caller = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=CALLER)
        await until_it_hears(caller, MUSIC)
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.behave("answer", tone_hz=AGENT)
        await ana.register()
        agent = await (await ana.next_call()).until("established")
        await until_it_hears(agent, CALLER)
        await until_it_hears(caller, AGENT)
        to_caller, to_agent = await caller.heard(), await agent.heard()
        await caller.hang_up()
        (record,) = await switch.ended_calls(1)
        left, right = channels(switch.data_dir / record["recording"]["path"])
    assert story(to_agent) == [TOLD, GREETING, CALLER]
    assert story(to_caller) == [MUSIC, GREETING, AGENT]
    assert max(each[TOLD] for each in levels(to_caller)) < LEAK_DBFS, "it is for the agent alone"
    assert meanwhile(to_agent, TOLD, CALLER) < LEAK_DBFS, "he hears the caller when he is put through"
    assert meanwhile(to_caller, MUSIC, AGENT) < LEAK_DBFS, "and nobody hears him before"
    assert story(left) == [CALLER]
    assert story(right) == [AGENT]
    both = np.concatenate([left, right])
    assert max(level_dbfs(both[at : at + 8000], TOLD) for at in range(0, len(both) - 8000, 8000)) < LEAK_DBFS
    assert ending(record) == ("answered", "caller_hung_up", "caller")
    (talk,) = record["segments"]
    assert abs(len(left) / 8000 - record["talk_s"]) < 0.2
    assert talk["kind"] == "talk"
    assert talk["from"] > record["answered_at"]
