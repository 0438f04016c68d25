"""An agent at any phone: he logs in by keys, hears it in his language, and calls come to him there."""

from pathlib import Path

from media.aio.sounds import SoundLibrary
from media.desk_prompts import DESK
from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers.audio import Pcm, decode_alaw
from tests.peers.phone import Phone, PhoneCall, Phones
from tests.peers.switch import Switch
from tests.peers.words import words_in

AGENTS = {
    "ana": {"phone": "1001", "number": "501", "pin": "4711", "skills": {"support": 5}},
    "luis": {"phone": "1002", "number": "502", "pin": "0815", "language": "es", "skills": {"support": 9}},
}


def vocabulary(data_dir: Path) -> dict[str, Pcm]:
    """All that a code can say, in both languages."""
    library = SoundLibrary(data_dir, "en")
    return {
        f"{language} {name}": decode_alaw(library.prompt(name, language).pcma)
        for language in ("en", "es")
        for name in DESK
    }


async def said(call: PhoneCall, words: dict[str, Pcm]) -> list[str]:
    """All that its phone has heard."""
    return [each.name for each in words_in(await call.heard(), words)]


async def asked(call: PhoneCall, words: dict[str, Pcm], prompt: str) -> None:
    """Listen until that was said to its end."""
    for _ in range(20):
        if prompt in await said(call, words):
            return
        await call.listen(0.5)
    raise AssertionError(f"{prompt} was not said, but {await said(call, words)}")


async def desk(phones: Phones, switch: Switch, user: str) -> Phone:
    phone = await phones.phone(user, SECRETS[user], switch.sip)
    await phone.register()
    return phone


async def test_an_agent_logs_in_at_any_phone_by_keys(tell_on_failure: Tell) -> None:
    sections = centre(3, queue={"requires": "support >= 9"}, agents=AGENTS)
    async with Switch.running(**sections) as switch, Phones.running() as phones:
        tell_on_failure("switch", switch.story)
        tell_on_failure("phones", phones.story)
        words = vocabulary(switch.data_dir)
        english, own, spare = [await desk(phones, switch, user) for user in ("1001", "1002", "1003")]
        await switch.agent_is("luis", "ready")

        paused = await (await english.dial(f"sip:*632@{switch.sip}")).until("closed")
        assert await said(paused, words) == ["en desk-paused", "en reason-lunch"]
        assert (await switch.agent_is("ana", "paused"))["reason"] == "lunch"

        call = await (await spare.dial(f"sip:*60@{switch.sip}")).until("established")
        await asked(call, words, "en desk-ask-agent")
        await call.press("502#")
        await asked(call, words, "es desk-ask-pin")
        await call.press("0815#")
        await call.until("closed")
        assert await said(call, words) == ["en desk-ask-agent", "es desk-ask-pin", "es desk-logged-in"]
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
