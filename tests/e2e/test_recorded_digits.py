"""Digits that a caller presses in a queued, recorded call: in no way audible in the file."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.e2e.test_digits import RELAY, inform
from tests.e2e.test_first_call import channels
from tests.media.pressing import digits_in
from tests.peers import ports
from tests.peers.audio import Pcm, level_dbfs
from tests.peers.raw_party import RawOutgoing, RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice

CARD = "4929"


async def pressed(dialog: RawOutgoing, voice: Voice) -> None:
    """A card's number by sound alone, with events beside it, and with INFO beside it."""
    await voice.press_in_band(CARD)
    await asyncio.gather(voice.press_in_band(CARD), voice.press(CARD))
    for digit in CARD:
        sounding = asyncio.create_task(voice.press_in_band(digit))
        await inform(dialog, RELAY, digit)
        await sounding


@pytest.mark.parametrize("setting", ["masked", "audible"])
async def test_what_a_caller_presses_while_he_talks_to_an_agent(tell_on_failure: Tell, setting: str) -> None:
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        sections = centre(1, {"record_digits": setting})
        switch = await stack.enter_async_context(Switch.running(address=address, **sections))
        tell_on_failure("switch", switch.story)
        (desk,) = await desks(stack, switch, 1)
        await desk.behave("answer", tone_hz=1000.0)
        party = await stack.enter_async_context(RawParty.open(switch.sip))
        voice = await stack.enter_async_context(Voice.speaking(440.0))
        dialog = await party.dial(NUMBER, voice.sdp())
        voice.meet((await dialog.answered()).body.decode())
        await switch.agent_is("ana", "on_call")
        await voice.listen(1.0)
        await pressed(dialog, voice)
        await voice.listen(1.0)
        await dialog.ask("BYE")
        (record,) = await switch.ended_calls(1)
        left, right = channels(switch.data_dir / record["recording"]["path"])
    assert digits_in(left) == "" if setting == "masked" else set(CARD) <= set(digits_in(left))
    assert digits_in(right) == ""
    assert level_dbfs(left[2000:6000], 440.0) > -20
    assert level_dbfs(left[-6000:-2000], 440.0) > -20
    loud = [level_dbfs(part, 1000.0) > -20 for part in pieces(right[8000:-2000])]
    assert loud.count(True) > 0.9 * len(loud), "the other side is kept"


def pieces(sound: Pcm) -> list[Pcm]:
    return [sound[i : i + 1600] for i in range(0, len(sound) - 1600, 1600)]
