"""Digits between trunks that tell them differently: as RFC 4733 events, by INFO of both kinds, in band."""

import asyncio
import functools
import random
from contextlib import AsyncExitStack
from typing import Any

import pytest

from sip.syntax import dtmf_info
from sip.syntax.message import Request, Response, parse
from tests.e2e.centre import SECRETS, Tell, centre, phone_and_carrier
from tests.peers import ports
from tests.peers.child import PeerError
from tests.peers.phone import Phones
from tests.peers.raw_party import RawDialog, RawIncoming, RawOutgoing, RawParty
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch
from tests.peers.voice import Voice

PRESSED = "155#A"
RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"
MOST_AHEAD = 20
"""Digits pressed before the other side has heard the first of them."""


class Side:
    """One trunk's party: how it presses, and what it has heard pressed."""

    def __init__(self, party: RawParty, voice: Voice, means: str) -> None:
        self.party = party
        self.voice = voice
        self.means = means
        self.dialog: RawOutgoing | RawIncoming

    async def press(self, digits: str) -> None:
        if self.means == "event":
            await self.voice.press(digits)
            return
        if self.means == "tones":
            await self.voice.press_in_band(digits)
            return
        for digit in digits:
            await inform(self.dialog, self.means, digit)

    async def hears(self, count: int) -> str:
        if self.means == "event":
            return await self.voice.until_digits(count)
        if self.means == "tones":
            return await self.voice.until_tones(count)
        digits = ""
        for _ in range(count):
            info = await self.dialog.expect("INFO")
            assert info.content_type == self.means
            pressed = dtmf_info.read(info.content_type, info.body)
            assert pressed is not None, info
            digits += pressed.digit
        return digits

    def heard_more(self) -> bool:
        """Anything that nobody has asked for."""
        events = self.means != "event" and bool(self.voice.events)
        return "INFO" in self.party.waiting() or events or (self.means != "tones" and bool(self.voice.tones))

    def sdp(self) -> str:
        return self.voice.sdp(events=self.means != "tones")


async def inform(dialog: RawDialog, kind: str, digit: str) -> None:
    answer = await dialog.ask("INFO", info_body(kind, digit), content_type=kind)
    assert answer.status == 200


def info_body(kind: str, digit: str) -> str:
    return digit if kind == PLAIN else f"Signal={digit}\r\nDuration=120\r\n"


SETTINGS = {"event": "rfc4733", "tones": "in-band", RELAY: "info-relay", PLAIN: "info"}


@pytest.mark.parametrize(
    ("of_caller", "of_callee"),
    [
        ("event", "event"),
        ("event", RELAY),
        (PLAIN, "event"),
        (RELAY, PLAIN),
        ("tones", "event"),
        ("tones", PLAIN),
        ("tones", "tones"),
    ],
    ids=lambda means: means.removeprefix("application/"),
)
async def test_each_digit_crosses_once(tell_on_failure: Tell, of_caller: str, of_callee: str) -> None:
    """Both ways, while both speak."""
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        caller, callee = [
            Side(
                await stack.enter_async_context(RawParty.open(f"{address}:5060", ports.own_address())),
                await stack.enter_async_context(Voice.speaking(hz)),
                means,
            )
            for hz, means in ((440.0, of_caller), (1000.0, of_callee))
        ]
        switch = await stack.enter_async_context(Switch.running(address=address, **between(caller, callee)))
        tell_on_failure("switch", switch.story)
        await connect(caller, callee)
        for presser, hearer in ((caller, callee), (callee, caller)):
            pressing = asyncio.create_task(presser.press(PRESSED))
            assert await hearer.hears(len(PRESSED)) == PRESSED
            await pressing
        await caller.voice.listen(0.3)
        assert not caller.heard_more()
        assert not callee.heard_more()
        await caller.dialog.ask("BYE")


class LossyParty(RawParty):
    """Loses messages both ways by a seed, and does what RFC 3261 then asks: answers the same once more."""

    loss = 0.0
    chance = random.Random(1)

    def _take(self, data: bytes) -> None:
        if self.chance.random() >= self.loss:
            known = len(self._requests) + len(self._responses)
            super()._take(data)
            message = parse(data)
            if isinstance(message, Request) and len(self._requests) + len(self._responses) == known:
                self._reply(self._answers.get(branch(message), b""))

    async def send(self, message: str) -> None:
        parsed = parse(message.encode())
        if isinstance(parsed, Response):
            self._answers[branch(parsed)] = message.encode()
        if self.chance.random() >= self.loss:
            await super().send(message)

    @functools.cached_property
    def _answers(self) -> dict[str, bytes]:
        return {}


def branch(message: Request | Response) -> str:
    return message.top_via.params.get("branch") or ""


async def inform_until_answered(dialog: RawDialog, kind: str, digit: str) -> None:
    """The same INFO again each 50 ms until its answer comes."""
    sent = await dialog.say("INFO", info_body(kind, digit), content_type=kind)
    while True:
        try:
            answer = await dialog.party.response(f"{dialog.cseq} INFO", timeout_s=0.05)
        except PeerError:
            await dialog.party.send(sent)
        else:
            assert answer.status == 200
            return


@pytest.mark.parametrize(
    ("count", "seed"), [(100, 1), *(pytest.param(1000, seed, marks=pytest.mark.long) for seed in (2, 3))]
)
async def test_digits_by_info_where_messages_are_lost(tell_on_failure: Tell, count: int, seed: int) -> None:
    """One message in twenty, of each kind of INFO; none missed, none doubled, none overtakes another."""
    address = ports.own_address()
    async with AsyncExitStack() as stack:
        caller, callee = [
            Side(
                await stack.enter_async_context(LossyParty.open(f"{address}:5060", ports.own_address())),
                await stack.enter_async_context(Voice.speaking(hz)),
                means,
            )
            for hz, means in ((440.0, RELAY), (1000.0, PLAIN))
        ]
        settings = between(caller, callee) | {"sip": {"t1": "50ms"}}
        switch = await stack.enter_async_context(Switch.running(address=address, **settings))
        tell_on_failure("switch", switch.story)
        await connect(caller, callee)
        LossyParty.loss, LossyParty.chance = 0.05, random.Random(seed)
        stack.callback(setattr, LossyParty, "loss", 0.0)
        for presser, hearer in ((caller, callee), (callee, caller)):
            pressed = "".join(random.Random(seed).choices("0123456789*#ABCD", k=count))
            heard = ""
            for start in range(0, count, MOST_AHEAD):
                some = pressed[start : start + MOST_AHEAD]
                hearing = asyncio.create_task(hearer.hears(len(some)))
                for digit in some:
                    await inform_until_answered(presser.dialog, presser.means, digit)
                heard += await hearing
            assert heard == pressed
        LossyParty.loss = 0.0
        assert not caller.heard_more()
        assert not callee.heard_more()
        await caller.dialog.ask("BYE")


async def connect(caller: Side, callee: Side) -> None:
    call = await caller.party.dial("9600", caller.sdp())
    incoming = await callee.party.invited()
    callee.voice.meet(incoming.offer)
    await incoming.answer(callee.sdp())
    caller.voice.meet((await call.answered()).body.decode())
    caller.dialog, callee.dialog = call, incoming


def between(caller: Side, callee: Side) -> dict[str, Any]:
    network = {"media_from": ["127.0.0.1/32"]}
    return centre(
        1,
        trunks={
            "a": {
                "accept_from": [f"{caller.party.host}/32"],
                "dtmf": SETTINGS[caller.means],
                **network,
            },
            "b": {"proxy": f"sip:{callee.party.here}", "dtmf": SETTINGS[callee.means], **network},
        },
        routes=[{"trunk": "a", "to": "9*", "go": "trunk:b", "transit": True}],
    )


async def test_a_phone_hears_the_digits_of_a_carrier_that_tells_them_by_info(tell_on_failure: Tell) -> None:
    """SIPp as the carrier, both kinds of INFO; baresip as the phone."""
    routes = [{"trunk": "carrier", "to": "8*", "strip": 1, "go": "phone"}]
    async with Switch.running(**centre(1, routes=routes)) as switch, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
        await ana.register()
        await ana.behave("answer")
        async with Sipp.running("caller_informs_of_digits", target=switch.sip, number="81001") as carrier:
            tell_on_failure("carrier", carrier.story)
            agent = await ana.next_call()
            await agent.until(lambda call: len(call.digits) >= 4)
            assert (await carrier.finished()).failed == 0
        assert agent.digits == "5#*7"


async def test_a_carrier_that_has_no_telephone_event_is_informed(tell_on_failure: Tell) -> None:
    """A phone presses; SIPp, as the carrier that was called, gets one INFO a digit."""
    relay: dict[str, Any] = {"kind": RELAY, "before": "Signal="}
    async with (
        Sipp.running("callee_is_informed_of_digits", number="600111222", **relay) as carrier,
        phone_and_carrier(tell_on_failure, carrier) as (switch, ana),
    ):
        call = await ana.dial(f"sip:0600111222@{switch.sip}", tone_hz=1000.0)
        await call.until("established")
        await call.press("5#*7")

        async def informed() -> int:
            return len(carrier.heard("INFO"))

        await switch.until(informed, lambda times: times >= 4)
        await call.hang_up()
        assert (await carrier.finished()).failed == 0
