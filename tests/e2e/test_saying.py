"""What a caller is told: the right prompts, in order, in his call's language, one right after another."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from media.aio.sounds import SoundLibrary
from media.prompts import parts
from media.spoken.sayings import PAUSE, Saying, TimeOfDay, sequence, words
from tests.e2e.centre import Tell, centre
from tests.e2e.saying import COMMAND, LANGUAGES, SAYINGS
from tests.peers.audio import Pcm, decode_alaw
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice
from tests.peers.words import words_in


def vocabulary(data_dir: Path, language: str) -> dict[str, Pcm]:
    """All that can be said in a language."""
    library = SoundLibrary(data_dir, language)
    return {name: decode_alaw(library.prompt(name).pcma) for name in parts(language)}


def said(language: str, sayings: Sequence[Saying]) -> list[str]:
    """The names of the prompts that are heard: a pause is silence."""
    return [name for name in sequence(language, sayings) if name != PAUSE]


async def told(switch: Switch, number: str) -> Pcm:
    """All that a caller of this number hears until the switch hangs up."""
    async with RawParty.open(switch.sip) as caller, Voice.speaking(440.0) as voice:
        call = await caller.dial(number, voice.sdp())
        voice.meet((await call.answered()).body.decode())
        await call.respond(await caller.request("BYE", timeout_s=30.0), 200)
        return voice.heard


async def test_callers_hear_the_right_words_in_their_languages(tell_on_failure: Tell) -> None:
    async with Switch.running(command=COMMAND, **centre()) as switch:
        tell_on_failure("switch", switch.story)
        ears = await asyncio.gather(*(told(switch, number) for number in LANGUAGES))
        records = await switch.ended_calls(2)
        assert {(each["result"], each["reason"]) for each in records} == {("completed", "flow_ended")}
        for language, heard in zip(LANGUAGES.values(), ears, strict=True):
            found = words_in(heard, vocabulary(switch.data_dir, language))
            assert [each.name for each in found] == said(language, SAYINGS)
            last = np.cumsum([len(words(language, saying)) for saying in SAYINGS]) - 1
            for place, (before, after) in enumerate(pairwise(found)):
                pause_s = 0.26 if place in last else 0.0
                assert after.start_s - before.end_s == pytest.approx(pause_s, abs=1e-6), before


async def test_the_speaking_clock(tell_on_failure: Tell) -> None:
    zone = "Atlantic/Canary"
    sections = centre(
        server={"language": "es", "timezone": zone},
        routes=[{"trunk": "carrier", "to": "603", "go": "clock"}],
    )
    async with Switch.running(**sections) as switch:
        tell_on_failure("switch", switch.story)
        now = datetime.now(ZoneInfo(zone))
        heard = [each.name for each in words_in(await told(switch, "603"), vocabulary(switch.data_dir, "es"))]
        times = [now + timedelta(minutes=minutes) for minutes in (0, 1)]
        first, second = (said("es", [TimeOfDay(time.hour, time.minute)]) for time in times)
        assert heard in (first + first, first + second, second + second)
