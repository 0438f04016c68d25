"""An agent at any phone: he logs in by keys, hears it in his language, and calls come to him there."""

from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np

from media.aio.sounds import SoundLibrary
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers.audio import RATE, Pcm, decode_alaw
from tests.peers.phone import Phone, PhoneCall, Phones
from tests.peers.switch import Switch
from tests.peers.words import words_in

AGENTS = {
    "ana": {"phone": "1001", "number": "501", "pin": "4711", "skills": {"support": 5}},
    "luis": {"phone": "1002", "number": "502", "pin": "0815", "language": "es", "skills": {"support": 9}},
}


PROMPTS = (
    "desk-ask-agent",
    "desk-ask-pin",
    "desk-logged-in",
    "desk-logged-out",
    "desk-paused",
    "reason-lunch",
)
PIECE_S = 0.25
MOST = 0.45
"""So much of a prompt has to be heard: a phone's jitter buffer leaves out and repeats."""


class Ear:
    """Knows what codes say in both languages, in pieces."""

    def __init__(self, data_dir: Path) -> None:
        library = SoundLibrary(data_dir, "en")
        self._pieces: dict[str, Pcm] = {}
        self._count: Counter[str] = Counter()
        self.last: Counter[str] = Counter()
        """How many pieces of each prompt were heard."""
        for name, language in product(PROMPTS, ("en", "es")):
            prompt = decode_alaw(library.prompt(name, language).pcma)
            pieces = np.array_split(prompt, max(1, round(len(prompt) / RATE / PIECE_S)))
            self._pieces |= {f"{language} {name}/{number}": piece for number, piece in enumerate(pieces)}
            self._count[f"{language} {name}"] = len(pieces)

    async def said(self, call: PhoneCall, *prompts: str) -> list[str]:
        """The prompts that its phone has heard, in order; of these alone where some are named."""
        listened = {
            name: piece
            for name, piece in self._pieces.items()
            if not prompts or name.partition("/")[0] in prompts
        }
        heard = [each.name.partition("/")[0] for each in words_in(await call.heard(), listened)]
        self.last = found = Counter(heard)
        return [name for name in dict.fromkeys(heard) if found[name] >= MOST * self._count[name]]

    async def hears(self, call: PhoneCall, prompt: str) -> None:
        """Until that was said."""
        for _ in range(40):
            if await self.said(call, prompt):
                return
            await call.listen(0.2)
        raise AssertionError(f"{prompt} was not heard, but {await self.said(call)}: {self.last}")


async def desk(phones: Phones, switch: Switch, user: str) -> Phone:
    phone = await phones.phone(user, SECRETS[user], switch.sip)
    await phone.register()
    return phone


async def test_an_agent_logs_in_at_any_phone_by_keys(tell_on_failure: Tell) -> None:
    sections = centre(3, queue={"requires": "support >= 9"}, agents=AGENTS)
    async with Switch.running(**sections) as switch, Phones.running() as phones:
        tell_on_failure("switch", switch.story)
        tell_on_failure("phones", phones.story)
        ear = Ear(switch.data_dir)
        english, own, spare = [await desk(phones, switch, user) for user in ("1001", "1002", "1003")]
        await switch.agent_is("luis", "ready")

        paused = await (await english.dial(f"sip:*632@{switch.sip}")).until("closed")
        assert (await ear.said(paused))[0] == "en desk-paused"
        assert (await switch.agent_is("ana", "paused"))["reason"] == "lunch"

        call = await (await spare.dial(f"sip:*60@{switch.sip}")).until("established")
        await ear.hears(call, "en desk-ask-agent")
        await call.press("502#")
        await ear.hears(call, "es desk-ask-pin")
        await call.press("0815#")
        await call.until("closed")
        assert await ear.said(call) == ["en desk-ask-agent", "es desk-ask-pin", "es desk-logged-in"]
        assert (await switch.agent_is("luis", "ready"))["phone"] == "1003"

        await switch.kill()
        await switch.start()
        assert (await switch.agent_is("luis", "ready"))["phone"] == "1003"
        caller = await phones.phone("caller")
        waiting = await caller.dial(f"sip:{NUMBER}@{switch.sip}")
        ringing = await spare.next_call()
        await ringing.answer()
        await ringing.until("established")
        await waiting.hang_up()
        await ringing.until("closed")
        assert not own.incoming_calls
        records = await switch.ended_calls(3)
        assert [(each["to"], each["result"]) for each in records] == [
            (NUMBER, "answered"),
            ("*60", "completed"),
            ("*632", "completed"),
        ]
        assert "0815" not in switch.log()


async def test_an_agent_presses_codes_in_a_talk(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre(agents={"ana": AGENTS["ana"]})) as switch, Phones.running() as phones:
        tell_on_failure("switch", switch.story)
        tell_on_failure("phones", phones.story)
        phone = await desk(phones, switch, "1001")
        await switch.agent_is("ana", "ready")
        caller = await phones.phone("caller")
        waiting = await caller.dial(f"sip:{NUMBER}@{switch.sip}")
        talk = await phone.next_call()
        await talk.answer()
        await waiting.until("established")
        row = await switch.agent_is("ana", "on_call")

        for code, state in (("*68", "paused"), ("*66", "recording")):
            await talk.press(code)
            await switch.until(
                lambda: switch.get(f"/api/v1/calls/{row['call']}/recording"),
                lambda found, state=state: found["state"] == state,  # type: ignore[misc]
            )
        await talk.press("*65")
        await waiting.until(lambda call: call.digits.endswith("*65"))
        await waiting.hang_up()
        await switch.agent_is("ana", "wrap_up")
        ended = await (await phone.dial(f"sip:*64@{switch.sip}")).until("established")
        await switch.agent_is("ana", "ready")
        await ended.until("closed")
        assert '"wish": "ExtendWrapUp", "answer": "later"' in switch.log()
