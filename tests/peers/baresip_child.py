"""Phones on one baresip stack: `python -m tests.peers.baresip_child ADDRESS PORT`, driven by child.py."""

import asyncio
import base64
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, dataclass, field
from typing import Any

from baresip import (
    Account,
    AudioNotActive,
    AudioRestarted,
    BaresipError,
    Call,
    Config,
    Event,
    Runtime,
    StackEvent,
    UserAgent,
)

from tests.peers.audio import narrowed, tone
from tests.peers.child import Message
from tests.peers.child_io import serve, tell

MEDIA_ENCRYPTION: dict[str, tuple[str, ...]] = {
    "off": (),
    "optional": ("mediaenc=srtp",),
    "mandatory": ("mediaenc=srtp-mand",),
    "dtls": ("mediaenc=dtls_srtp",),
}
FRAME_S = 0.02
AHEAD_S = 0.06  # kept ready to send, so that a late wake-up does not break the tone
CODECS = {"G722": "g722/16000/1", "OPUS": "opus/48000/2"}  # baresip's names of what has not 8 kHz


@dataclass
class Leg:
    """A call with its ears and its mouth."""

    number: int
    phone: "Handset"
    call: Call
    tone_hz: float | None = None
    heard: bytearray = field(default_factory=bytearray)
    rest: bytes = b""
    said: int = 0
    voice: asyncio.Task[None] | None = None

    async def talk(self) -> None:
        """Moves PCM both ways until the call is over; a renegotiation replaces the streams under us."""
        while True:
            with contextlib.suppress(AudioNotActive, AudioRestarted):
                info = self.call.audio.info()
                came = self.rest + self.call.audio.read(info.rx_sample_rate * info.rx_channels)
                heard, self.rest = narrowed(came, info.rx_sample_rate, info.rx_channels)
                self.heard += heard
                ahead = 2 * round(AHEAD_S * info.tx_sample_rate) * info.tx_channels
                if self.tone_hz is not None and info.tx_buffered < ahead:
                    said = self._next(self.tone_hz, info.tx_sample_rate, info.tx_channels, ahead)
                    self.said += self.call.audio.write(said)
            await asyncio.sleep(FRAME_S)

    def _next(self, hz: float, rate: int, channels: int, length: int) -> bytes:
        second = tone(hz, rate=rate).repeat(channels).tobytes()  # whole hertz: it repeats without a seam
        start = self.said % len(second)
        return (second + second)[start : start + length]


@dataclass
class Handset:
    user: str
    agent: UserAgent
    on_call: str = "ring"
    after_s: float = 0.0
    tone_hz: float | None = None


async def when_refreshed(change: Callable[[], Awaitable[None]]) -> None:
    """Tries again while an INVITE of either side is under way: baresip re-INVITEs right after the answer."""
    async with asyncio.timeout(5.0):
        while True:
            try:
                return await change()
            except BaresipError as error:
                if "refresh is already in flight" not in str(error):
                    raise
            await asyncio.sleep(FRAME_S)


class Stack:
    def __init__(self, runtime: Runtime, address: str, port: str) -> None:
        self.runtime = runtime
        self.itself = f"{address}:{port}"
        self.handsets: dict[str, Handset] = {}
        self.legs: dict[int, Leg] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def handle(self, name: str, order: Message) -> Message:
        match name:
            case "ready":
                return {}
            case "phone":
                await self.add(order)
            case "register":
                await self.handsets[order["phone"]].agent.register()
            case "unregister":
                await self.handsets[order["phone"]].agent.unregister()
            case "behave":
                handset = self.handsets[order["phone"]]
                handset.on_call, handset.after_s = order["on_call"], order["after_s"]
                handset.tone_hz = order["tone_hz"]
            case "dial":
                return await self.dial(self.handsets[order["phone"]], order["uri"], order["tone_hz"])
            case _:
                return await self.handle_call(name, self.legs[order["call"]], order)
        return {}

    async def handle_call(self, name: str, leg: Leg, order: Message) -> Message:
        match name:
            case "answer":
                await leg.call.answer()
            case "reject":
                await leg.call.reject()
            case "hang_up":
                await leg.call.hangup()
            case "hold":
                await when_refreshed(leg.call.hold)
            case "resume":
                await when_refreshed(leg.call.resume)
            case "transfer":
                await leg.call.transfer(order["uri"])
            case "connect":
                await leg.call.attended_transfer(self.legs[order["other"]].call)
            case "press":
                await leg.call.send_dtmf(order["digits"])
            case "say":
                leg.tone_hz = order["hz"]
                if leg.tone_hz is None:
                    leg.call.audio.flush_tx()
            case "heard":
                return {"pcm": base64.b64encode(leg.heard).decode()}
            case "listen":
                start = len(leg.heard)
                await asyncio.sleep(order["seconds"])
                return {"pcm": base64.b64encode(leg.heard[start:]).decode()}
            case _:
                raise ValueError(f"no such order: {name}")
        return {}

    async def add(self, order: Message) -> None:
        registrar = order["registrar"]
        account = Account(
            user=order["user"],
            # With its port: without, the host alone may be the very domain of a switch beside us.
            domain=registrar or self.itself,
            password=order["secret"],
            reg_interval=order["expires_s"] if registrar else 0,
            transport=order["transport"],
            audio_codecs=tuple(CODECS.get(codec, codec.lower()) for codec in order["codecs"]),
            extra_params=MEDIA_ENCRYPTION[order["srtp"]],
        )
        handset = Handset(order["user"], await UserAgent.create(self.runtime, account))
        handset.agent.on_incoming(lambda call: self.ring(handset, call))
        self.handsets[handset.user] = handset

    async def dial(self, handset: Handset, uri: str, tone_hz: float | None) -> Message:
        early: list[StackEvent] = []  # an answer can overtake the reply to `dial`, and baresip drops it then
        self.runtime.subscribe(early.append)
        try:
            call = await handset.agent.dial(uri)
        finally:
            self.runtime.unsubscribe(early.append)
        leg = self.watch(handset, call, "outgoing")
        leg.tone_hz = tone_hz
        for event in early:
            call._on_stack_event(event)
        return {"call": leg.number}

    def ring(self, handset: Handset, call: Call) -> None:
        leg = self.watch(handset, call, "incoming")
        leg.tone_hz = handset.tone_hz
        if handset.on_call != "ring":
            self.start(self.react(leg, handset.on_call, handset.after_s))

    async def react(self, leg: Leg, on_call: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if leg.call.state.value == "incoming":
            await (leg.call.answer() if on_call == "answer" else leg.call.reject())

    def watch(self, handset: Handset, call: Call, state: str) -> Leg:
        leg = Leg(len(self.legs) + 1, handset, call)
        self.legs[leg.number] = leg
        self.tell(leg, "call", state=state, peer=call.peer, sip_call_id=call.call_id)
        call.on(lambda event: self.follow(leg, event))
        call.on_dtmf(lambda pressed: self.tell(leg, "digit", digit=pressed.digit))
        return leg

    def follow(self, leg: Leg, event: StackEvent) -> None:
        match event.event:
            case Event.CALL_HOLD | Event.CALL_RESUME:
                self.tell(leg, "held", held=event.event is Event.CALL_HOLD)
            case Event.CALL_ESTABLISHED:
                leg.voice = leg.voice or self.start(leg.talk())
                self.tell(leg, "state", state="established", sip_call_id=leg.call.call_id)
            case Event.CALL_RINGING | Event.CALL_PROGRESS:
                leg.voice = leg.voice or self.start(leg.talk())  # early media is heard, too
                self.tell(leg, "state", state="ringing")
            case Event.CALL_CLOSED:
                self.close(leg, event.text or "")

    def close(self, leg: Leg, reason: str) -> None:
        if leg.voice is not None:
            leg.voice.cancel()
        statistics = leg.call.final_stats
        known = asdict(statistics) if statistics else {}
        self.tell(leg, "state", state="closed", reason=reason, statistics=known)

    def tell(self, leg: Leg, event: str, **facts: Any) -> None:
        tell(event, phone=leg.phone.user, call=leg.number, **facts)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


async def main(address: str, port: str) -> None:
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(asctime)s %(name)s %(message)s")
    runtime = Runtime()
    config = Config(
        net_interface=address,
        max_concurrent_calls=None,
        native_log_level="info",
        sip_trace=True,
        # Off the switch's own default range, on whatever address that listens.
        extra_config_text=f"sip_listen {address}:{port}\nrtp_ports 10000-19998\n",
    )
    await runtime.start(config)
    await serve(Stack(runtime, address, port).handle)
    await runtime.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
