"""The tone matrix of conferences: each says a tone of his own, and hears those of all others, not his own."""

import asyncio
import math
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from tests.e2e.centre import Tell, centre
from tests.media.orchestra import pitches
from tests.peers.audio import Pcm, is_silent, level_dbfs
from tests.peers.raw import RawCall, RawSip
from tests.peers.switch import Switch
from tests.peers.voice import Voice

MEETING = [{"trunk": "carrier", "to": "700", "go": "conference:daily"}]
LEAK_DB = -60.0
"""Of all that is heard together, what no tone that does not belong there reaches, in a second."""
PLAIN_DB = 15.0
"""Below its own level a tone is plainly heard."""
ATTEMPTS = 6
"""Seconds, for one in which this machine was on time at every ear."""


@dataclass
class Party:
    """One who is there."""

    hz: float
    voice: Voice
    call: RawCall


class Meeting:
    """As many as there are tones, each as loud as leaves room for all."""

    def __init__(self, switch: Switch, size: int) -> None:
        self._switch = switch
        self._level_db = -6.0 - 20 * math.log10(size)
        self.parties: list[Party] = []

    async def join(self, stack: AsyncExitStack, hz: float) -> Party:
        voice = await stack.enter_async_context(Voice.speaking(hz, level_dbfs=self._level_db))
        sip = await stack.enter_async_context(RawSip.open(self._switch.sip))
        call = await sip.dial("700", voice.sdp())
        await call.acknowledge()
        voice.meet(call.answer)
        self.parties.append(Party(hz, voice, call))
        return self.parties[-1]

    async def expect_all(self) -> None:
        """Everybody hears everybody else, and no trace of himself or of who is gone."""
        await asyncio.gather(*(party.voice.listen(0.4) for party in self.parties))
        unclear = set(range(len(self.parties)))
        for _ in range(ATTEMPTS):
            sounds = await asyncio.gather(*(party.voice.listen(1.0) for party in self.parties))
            unclear -= {i for i in unclear if self._clear(self.parties[i], sounds[i])}
            if not unclear:
                return
        raise AssertionError([self.parties[i].hz for i in unclear])

    def _clear(self, ear: Party, sound: Pcm) -> bool:
        levels = {party.hz: level_dbfs(sound, party.hz) for party in self.parties}
        wanted = {party.hz for party in self.parties if party is not ear}
        plain = {hz for hz, level in levels.items() if level > self._level_db - PLAIN_DB}
        assert plain <= wanted, f"{ear.hz} hears {plain - wanted}"
        together = 10 * math.log10(sum(10 ** (level / 10) for level in levels.values()))
        return plain == wanted and levels[ear.hz] < together + LEAK_DB


@pytest.mark.parametrize("size", [3, 10, pytest.param(30, marks=pytest.mark.long)])
async def test_everybody_hears_everybody_else(size: int, tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**{**centre(0), "routes": MEETING}))
        tell_on_failure("switch", switch.story)
        meeting = Meeting(switch, size)
        tones = pitches(size)
        first = await meeting.join(stack, tones[0])
        assert not is_silent(await first.voice.listen(1.5)), "who is alone has music"
        for hz in tones[1:]:
            await meeting.join(stack, hz)
        await meeting.expect_all()
        for party in meeting.parties[2:]:
            await party.call.hang_up()
            party.voice.hush()
        del meeting.parties[2:]
        await meeting.expect_all()
        for party in meeting.parties:
            await party.call.hang_up()
        records = await switch.ended_calls(size)
    assert {(record["result"], record["segments"][0]["kind"]) for record in records} == {
        ("completed", "conference")
    }
