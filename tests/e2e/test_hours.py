"""A queue that somebody closes out of turn: callers are told, over a crash too, until he opens it again."""

import asyncio
import sys
from contextlib import AsyncExitStack

import numpy as np

from media.wav import encode_wav
from tests.e2e.centre import NUMBER, Tell, centre, desks
from tests.peers.audio import Pcm
from tests.peers.raw_party import RawParty
from tests.peers.switch import ROOT, Switch
from tests.peers.voice import Voice
from tests.peers.words import words_in

CLI = "from switch.cli import main; main()"
HOURS = {"office": {"weekly": "24/7"}, "never": {"weekly": "closed"}}


def closed_prompt(switch: Switch) -> Pcm:
    """The words of our own prompt, which is noise after a moment of silence."""
    words = (2000 * np.random.default_rng(6).standard_normal(2400)).astype(np.int16)
    folder = switch.data_dir / "prompts/en"
    folder.mkdir(parents=True)
    said = np.concatenate([np.zeros(2400, dtype=np.int16), words])
    (folder / "closed.wav").write_bytes(encode_wav(said.tobytes()))
    return words


async def told(switch: Switch, *words: str) -> str:
    """What a command prints."""
    arguments = (*words, "--config", str(switch.config_file))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLI, *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed.decode().strip()


async def turned_away(switch: Switch, words: Pcm, number: str = NUMBER) -> None:
    """A caller hears the prompt before he is charged, and is refused."""
    async with RawParty.open(switch.sip) as caller, Voice.speaking(440.0) as voice:
        call = await caller.dial(number, voice.sdp())
        voice.meet((await call.hears(183)).body.decode())
        assert (await call.refused()).status == 480
        assert [word.name for word in words_in(voice.heard, {"closed": words})] == ["closed"]


async def test_a_closed_queue_says_so_over_a_crash_until_it_is_opened(tell_on_failure: Tell) -> None:
    sections = centre(1, {"hours": "office", "answer": "early"}, hours=HOURS)
    sections["routes"].insert(
        0, {"trunk": "carrier", "to": "9", "hours": "never", "go": "echo", "else": "hangup"}
    )
    async with Switch.running(**sections, serving=False) as switch, AsyncExitStack() as stack:
        tell_on_failure("switch", switch.story)
        words = closed_prompt(switch)
        await switch.start()
        said = await told(switch, "queue", "close", "support", "--reason", "fire drill", "--by", "marta")
        assert said == "support is closed: emergency"
        await turned_away(switch, words)
        await turned_away(switch, words, "9")
        ends = [(call["result"], call["reason"]) for call in await switch.ended_calls(2)]
        assert sorted(ends) == [("overflowed", "closed_emergency"), ("rejected", "closed_hours")]

        await switch.kill()
        await switch.start()
        queue = await switch.get("/api/v1/queues/support")
        assert (queue["closed"], queue["closed_by"], queue["closed_why"]) == (
            "emergency",
            "marta",
            "fire drill",
        )
        await turned_away(switch, words)

        assert await told(switch, "queue", "open", "--all") == "support is open"
        (desk,) = await desks(stack, switch, 1)
        async with RawParty.open(switch.sip) as caller, Voice.speaking(440.0) as voice:
            call = await caller.dial(NUMBER, voice.sdp())
            await (await desk.next_call()).answer()
            voice.meet((await call.answered()).body.decode())
            await call.ask("BYE")
