"""What those who wait hear: the files of their class of music, in order, without a gap."""

import asyncio
from itertools import pairwise
from pathlib import Path

import numpy as np

from media.wav import encode_wav
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers.audio import Pcm
from tests.peers.phone import Phones
from tests.peers.raw_party import RawParty
from tests.peers.switch import Switch
from tests.peers.voice import Voice
from tests.peers.words import Heard, words_in

FRAMES = {"a": 9, "b": 15, "c": 12}
"""Of each piece, which is noise: no two are alike anywhere."""
ROUND_S = sum(FRAMES.values()) * 0.02


def pieces(folder: Path) -> dict[str, Pcm]:
    """Puts them there."""
    folder.mkdir(parents=True)
    noise = np.random.default_rng(4)
    made = {
        name: (2000 * noise.standard_normal(160 * frames)).astype(np.int16) for name, frames in FRAMES.items()
    }
    for name, piece in made.items():
        (folder / f"{name}.wav").write_bytes(encode_wav(piece.tobytes()))
    return made


async def waiting(switch: Switch) -> Pcm:
    """What a caller hears in the queue while nobody is there to answer, for two rounds and a half."""
    async with RawParty.open(switch.sip) as caller, Voice.speaking(440.0) as voice:
        call = await caller.dial(NUMBER, voice.sdp())
        voice.meet((await call.answered()).body.decode())
        heard = await voice.listen(2.5 * ROUND_S)
        await call.ask("BYE")
        return heard


def gaps_s(heard: list[Heard]) -> list[float]:
    """The silence between each piece and the next."""
    return [after.start_s - before.end_s for before, after in pairwise(heard)]


async def test_a_queue_plays_its_class_from_the_beginning_without_a_gap(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre(1, {"music": "pieces"}), serving=False) as switch:
        tell_on_failure("switch", switch.story)
        known = pieces(switch.data_dir / "music/pieces")
        (switch.data_dir / "music/pieces/b-broken.wav").write_bytes(b"ID3 this is no WAV")
        await switch.start()
        assert "b-broken.wav is no WAV file" in switch.log(), "it is told, and left out"
        heard = words_in(await waiting(switch), known)
        assert "".join(piece.name for piece in heard).startswith("abcabc")
        assert max(map(abs, gaps_s(heard))) < 1e-6


async def test_a_class_may_be_shuffled_and_go_on_like_a_radio(tell_on_failure: Tell) -> None:
    music = {"pieces": {"order": "shuffled", "seed": 7, "start": "live"}}
    async with Switch.running(**centre(1, {"music": "pieces"}, music=music), serving=False) as switch:
        tell_on_failure("switch", switch.story)
        known = pieces(switch.data_dir / "music/pieces")
        await switch.start()
        for _ in range(2):
            heard = words_in(await waiting(switch), known)
            names = "".join(piece.name for piece in heard)
            assert names in "cabcabcabcabc"
            assert len(names) > 4
            assert max(map(abs, gaps_s(heard))) < 1e-6


async def test_who_is_put_on_hold_hears_music_from_the_beginning_each_time(tell_on_failure: Tell) -> None:
    async with (
        Switch.running(**centre(1, {"music": "pieces"}), serving=False) as switch,
        Phones.running() as phones,
        RawParty.open(switch.sip) as caller,
        Voice.speaking(440.0) as voice,
    ):
        tell_on_failure("switch", switch.story)
        known = pieces(switch.data_dir / "music/pieces")
        await switch.start()
        ana = await phones.phone("1001", SECRETS["1001"], switch.sip)
        await ana.register()
        await ana.behave("answer")
        await switch.agent_is("ana", "ready")
        call = await caller.dial(NUMBER, voice.sdp())
        voice.meet((await call.answered()).body.decode())
        talk = await (await ana.next_call()).until("established")
        await talk.say(1000.0)
        for _ in range(2):
            await voice.listen(0.5)
            ear = asyncio.create_task(voice.listen(2.0 * ROUND_S))
            await talk.hold()
            heard = words_in(await ear, known)
            await talk.resume()
            assert [piece.name for piece in heard][:3] == ["a", "b", "c"]
            assert max(map(abs, gaps_s(heard))) < 1e-6
        await call.ask("BYE")
