"""kill -9 in the middle of everything: who waits hears music again, who talks hears the same party again."""

import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

import pytest

from media.wav import encode_wav
from tests.e2e.centre import NUMBER, Tell, left_over
from tests.peers.audio import hears, hears_only, tone
from tests.peers.capture import Capture, Datagram, Rtp
from tests.peers.phone import Phone, PhoneCall, Phones
from tests.peers.switch import Switch

READY_WITHIN_S = 3.0
MUSIC_HZ = 350.0
FACTS = ("agent", "queue", "queued_at")


def centre(agents: int) -> dict[str, Any]:
    """So many agents at phones of their own, who are free again at once."""
    users = [str(1001 + number) for number in range(agents)]
    return {
        "phones": {user: {"secret": f"secret-of-{user}"} for user in users},
        "agents": {f"agent{user}": {"phone": user, "skills": {"support": 5}} for user in users},
        "queues": {"support": {"requires": "support >= 1", "wrap_up": "0s"}},
        "routes": [{"trunk": "carrier", "to": "+34911*", "go": "queue:support"}],
    }


@pytest.mark.parametrize(
    "number", [3, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(300)])], ids=str
)
async def test_kill_9_keeps_talks_and_places_in_line(tell_on_failure: Tell, number: int) -> None:
    """So many who talk, and as many who wait."""
    async with AsyncExitStack() as stack:
        sections = centre(number)
        sections["queues"]["support"]["music"] = "tone"
        switch = await stack.enter_async_context(Switch.running(**sections, serving=False))
        tell_on_failure("switch", switch.story)
        (switch.data_dir / "music/tone").mkdir(parents=True)
        (switch.data_dir / "music/tone/tone.wav").write_bytes(encode_wav(tone(MUSIC_HZ, 10.0).tobytes()))
        await switch.start()
        desk = await stack.enter_async_context(Phones.running())
        carrier = await stack.enter_async_context(Phones.running())
        phones = await ready_agents(switch, desk, number)
        tones = {agent: tone for agent, (_, tone) in phones.items()}
        talks = [await dialled(switch, carrier, f"talks{each}", tone_of(each)) for each in range(number)]
        for agent in tones:
            await switch.agent_is(agent, "on_call")
        line = [await dialled(switch, carrier, f"waits{each}") for each in range(number)]
        before = await active(switch)
        wire = await stack.enter_async_context(
            Capture.running(f"udp and src host {switch.address} and portrange 20000-20999")
        )
        await line[-1].listen(1.0)

        await switch.kill()
        began_s = time.monotonic()
        await switch.start()
        ready_s = time.monotonic() - began_s

        agent_of = {call["from"]: call["agent"] for call in before.values()}
        everybody = [MUSIC_HZ, *tones.values(), *map(tone_of, range(number))]
        for each, call in enumerate(talks):
            agent = agent_of[f"talks{each}"]
            await call.listen(0.3)
            assert hears_only(await call.listen(0.3), tones[agent], everybody)
            (at_the_desk,) = [one for one in phones[agent][0].calls if one.state == "established"]
            assert hears_only(await at_the_desk.listen(0.3), tone_of(each), everybody)
        for call in line:
            assert hears_only(await call.listen(0.3), MUSIC_HZ, everybody)
        after = await active(switch)
        assert facts_of(after) == facts_of(before)
        for agent in tones:
            await switch.agent_is(agent, "on_call")
        gaps = longest_gaps(wire.datagrams())
        assert len(gaps) == 3 * number
        print(
            f"\n{number} and {number}: ready {ready_s:.2f} s after the start; the longest gap at each ear "
            f"{min(gaps):.2f} to {max(gaps):.2f} s; {len(gaps)} ears"
        )
        assert number == 3 or ready_s < READY_WITHIN_S

        waited = sorted(id for id, call in before.items() if call["agent"] is None)
        for talk, first in zip(talks, waited, strict=True):
            await talk.hang_up()
            await served(switch, first)
        for call in line:
            await call.hang_up()
        records = await switch.ended_calls(len(before))
        assert {record["result"] for record in records} == {"answered"}
        assert all(record["recording"]["duration_s"] for record in records)
        await switch.until(lambda: left_over(switch), nothing_is_left)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="pjsua2-python has no wheel for Python 3.13")
async def test_a_talk_by_tcp_goes_on_by_another_connection(tell_on_failure: Tell) -> None:
    """As soon as the phone has registered by that."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        desk = await stack.enter_async_context(Phones.running("pjsua2"))
        carrier = await stack.enter_async_context(Phones.running())
        phone = await desk.phone("1001", "secret-of-1001", switch.sip, transport="tcp")
        await phone.register()
        await phone.behave("answer", tone_hz=1000.0)
        await switch.agent_is("agent1001", "ready")
        call = await dialled(switch, carrier, "talks")
        await switch.agent_is("agent1001", "on_call")
        await switch.kill()
        await switch.start()
        await phone.register()
        await switch.agent_is("agent1001", "on_call")
        await switch.until(lambda: call.listen(0.5), lambda heard: hears(heard, 1000.0), 20.0)
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert (record["result"], record["reason"]) == ("answered", "caller_hung_up")


def tone_of(caller: int) -> float:
    """What the caller of that number sends, unlike everybody else. No tone is three times another's:
    A-law puts that into one whose period is a few samples, 37 dB below it.
    """
    return 480.0 + 140 * caller


async def ready_agents(switch: Switch, desk: Phones, number: int) -> dict[str, tuple[Phone, float]]:
    """Who answer, each with a tone of his own; their phones and the tones."""
    phones = {}
    for each in range(number):
        user, hz = str(1001 + each), 410.0 + 140 * each
        phone = await desk.phone(user, f"secret-of-{user}", switch.sip)
        await phone.register()
        await phone.behave("answer", tone_hz=hz)
        await switch.agent_is(f"agent{user}", "ready")
        phones[f"agent{user}"] = phone, hz
    return phones


async def dialled(switch: Switch, carrier: Phones, name: str, tone_hz: float = 440.0) -> PhoneCall:
    """A caller who has our 200."""
    caller = await carrier.phone(name)
    call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=tone_hz)
    return await call.until("established")


async def active(switch: Switch) -> dict[str, dict[str, Any]]:
    """The calls in progress, by id."""
    return {call["id"]: call for call in await switch.items("/api/v1/calls?state=active")}


def facts_of(calls: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """What a crash must not change."""
    return {id: [call[fact] for fact in FACTS] for id, call in calls.items()}


def longest_gaps(datagrams: Sequence[Datagram]) -> list[float]:
    """The longest silence that each ear heard, in seconds; one stream goes on through it."""
    heard: dict[tuple[str, int], list[Rtp]] = {}
    for packet in map(Rtp.parse, datagrams):
        if packet is not None:
            heard.setdefault(packet.destination, []).append(packet)
    gaps = []
    for packets in heard.values():
        assert len({packet.ssrc for packet in packets}) == 1
        steps = [(later.sequence - earlier.sequence) % 65536 for earlier, later in pairwise(packets)]
        assert all(0 < step < 1000 for step in steps), "forward, and not far"
        gaps.append(max(later.time - earlier.time for earlier, later in pairwise(packets)))
    return gaps


async def served(switch: Switch, call: str) -> None:
    """Waits until an agent has the call."""

    async def look() -> Any:
        return (await active(switch))[call]["agent"]

    await switch.until(look, lambda agent: agent is not None)


def nothing_is_left(alive: dict[str, float]) -> bool:
    return not any(count for name, count in alive.items() if name != "sip_transactions_active")
