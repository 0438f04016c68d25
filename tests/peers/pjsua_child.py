"""A phone on pjsua2, whose calls speak and hear in files: `python -m tests.peers.pjsua_child ADDRESS PORT`.

One thread drives the stack and carries out orders, so that no callback of it ever runs beside another.
"""

import asyncio
import base64
import sys
import tempfile
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pjsua2 import pjsua2 as pj

from tests.peers.audio import RATE, tone
from tests.peers.child import Message
from tests.peers.child_io import serve, tell

WAV_HEADER = 44
SRTP = {
    "off": pj.PJMEDIA_SRTP_DISABLED,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "mandatory": pj.PJMEDIA_SRTP_MANDATORY,
}
STATES = {
    pj.PJSIP_INV_STATE_EARLY: "ringing",
    pj.PJSIP_INV_STATE_CONFIRMED: "established",
    pj.PJSIP_INV_STATE_DISCONNECTED: "closed",
}


class Leg(pj.Call):  # type: ignore[misc]
    """A call; its tone comes from one WAV file and what it hears goes into another."""

    def __init__(self, handset: "Handset", number: int, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(handset, call_id)
        self.handset = handset
        self.number = number
        self.tone_hz: float | None = None
        self.told = ""
        self.held = False
        self.player: Any = None
        self.heard_path = handset.stack.folder / f"{number}.wav"
        self.recorder = pj.AudioMediaRecorder()
        self.recorder.createRecorder(str(self.heard_path))

    def onCallState(self, prm: Any) -> None:
        info = self.getInfo()
        state = STATES.get(info.state, "")
        if state and state != self.told and not (state == "ringing" and self.told == "incoming"):
            self.told = state
            reason = f"{info.lastStatusCode} {info.lastReason}" if state == "closed" else ""
            self.tell("state", state=state, sip_call_id=info.callIdString, reason=reason)

    def onCallMediaState(self, prm: Any) -> None:
        if not self.active():
            return
        self.getAudioMedia(-1).startTransmit(self.recorder)
        self.speak(self.tone_hz)
        held = pj.PJSUA_CALL_MEDIA_REMOTE_HOLD in self.media_states()
        if held != self.held:
            self.held = held
            self.tell("held", held=held)

    def onDtmfDigit(self, prm: Any) -> None:
        self.tell("digit", digit=prm.digit)

    def media_states(self) -> list[int]:
        info = self.getInfo()  # owns the list below: it must live as long as that is read
        return [media.status for media in info.media if media.type == pj.PJMEDIA_TYPE_AUDIO]

    def active(self) -> bool:
        speaking = {pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD}
        return not speaking.isdisjoint(self.media_states())

    def speak(self, hz: float | None) -> None:
        self.tone_hz = hz
        self.player = None  # the old file stops where its player ends
        if hz is not None and self.active():
            self.player = pj.AudioMediaPlayer()
            self.player.createPlayer(str(self.handset.stack.tone_file(hz)))
            self.player.startTransmit(self.getAudioMedia(-1))

    def heard(self) -> bytes:
        """What the recorder has written: it keeps up to a quarter of a second to itself."""
        return self.heard_path.read_bytes()[WAV_HEADER:]

    def tell(self, event: str, **facts: Any) -> None:
        tell(event, phone=self.handset.user, call=self.number, **facts)


class Handset(pj.Account):  # type: ignore[misc]
    def __init__(self, stack: "Stack", user: str) -> None:
        super().__init__()
        self.stack = stack
        self.user = user
        self.on_call = "ring"
        self.after_s = 0.0
        self.tone_hz: float | None = None
        self.registered: asyncio.Future[tuple[int, str]] = stack.loop.create_future()

    def onRegState(self, prm: Any) -> None:
        if not self.registered.done():
            self.registered.set_result((prm.code, prm.reason))

    def onIncomingCall(self, prm: Any) -> None:
        leg = self.stack.keep(Leg(self, len(self.stack.legs) + 1, prm.callId))
        info = leg.getInfo()
        leg.told = "incoming"
        leg.tone_hz = self.tone_hz
        leg.tell("call", state="incoming", peer=info.remoteUri, sip_call_id=info.callIdString)
        leg.answer(_status(180))
        if self.on_call != "ring":
            self.stack.loop.call_later(self.after_s, self.react, leg)

    def react(self, leg: Leg) -> None:
        if leg.told == "incoming":
            leg.answer(_status(200 if self.on_call == "answer" else 486))


def _status(code: int) -> Any:
    parameters = pj.CallOpParam(True)
    parameters.statusCode = code
    return parameters


class Stack:
    def __init__(self, address: str, port: int, folder: Path) -> None:
        self.loop = asyncio.get_running_loop()
        self.address = address
        self.itself = f"{address}:{port}"
        self.folder = folder
        self.handsets: dict[str, Handset] = {}
        self.legs: dict[int, Leg] = {}
        self.endpoint = _endpoint(address, port)

    def keep(self, leg: Leg) -> Leg:
        self.legs[leg.number] = leg
        return leg

    def tone_file(self, hz: float) -> Path:
        path = self.folder / f"{hz:g}-hz.wav"
        if not path.exists():
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes(tone(hz).tobytes())
        return path

    async def drive(self) -> None:
        while True:
            self.endpoint.libHandleEvents(0)
            await asyncio.sleep(0.005)

    async def handle(self, name: str, order: Message) -> Message:
        match name:
            case "ready":
                pass
            case "phone":
                self.add(order)
            case "register" | "unregister":
                await self.register(self.handsets[order["phone"]], name == "register")
            case "behave":
                handset = self.handsets[order["phone"]]
                handset.on_call, handset.after_s = order["on_call"], order["after_s"]
                handset.tone_hz = order["tone_hz"]
            case "dial":
                return self.dial(self.handsets[order["phone"]], order["uri"], order["tone_hz"])
            case _:
                return await self.handle_call(name, self.legs[order["call"]], order)
        return {}

    async def handle_call(self, name: str, leg: Leg, order: Message) -> Message:
        match name:
            case "answer":
                leg.answer(_status(200))
            case "reject":
                leg.answer(_status(486))
            case "hang_up":
                leg.hangup(pj.CallOpParam(True))
            case "hold":
                await when_refreshed(lambda: leg.setHold(pj.CallOpParam(True)))
            case "resume":
                parameters = pj.CallOpParam(True)
                parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
                await when_refreshed(lambda: leg.reinvite(parameters))
            case "transfer":
                leg.xfer(order["uri"], pj.CallOpParam(True))
            case "connect":
                leg.xferReplaces(self.legs[order["other"]], pj.CallOpParam(True))
            case "press":
                leg.dialDtmf(order["digits"])
            case "say":
                leg.speak(order["hz"])
            case "heard":
                return {"pcm": base64.b64encode(leg.heard()).decode()}
            case "listen":
                start = len(leg.heard())
                await asyncio.sleep(order["seconds"])
                return {"pcm": base64.b64encode(leg.heard()[start:]).decode()}
            case _:
                raise ValueError(f"no such order: {name}")
        return {}

    def add(self, order: Message) -> None:
        user, registrar = order["user"], order["registrar"]
        config = pj.AccountConfig()
        config.idUri = f"sip:{user}@{registrar or self.itself}"
        if registrar:
            config.regConfig.registrarUri = f"sip:{registrar};transport={order['transport']}"
            config.regConfig.timeoutSec = order["expires_s"]
        config.regConfig.registerOnAdd = False
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, order["secret"]))
        config.mediaConfig.srtpUse = SRTP[order["srtp"]]
        config.mediaConfig.srtpSecureSignaling = 0
        config.mediaConfig.transportConfig.boundAddress = self.address
        config.mediaConfig.transportConfig.publicAddress = self.address
        for codec in self.endpoint.codecEnum2():
            name = codec.codecId.split("/")[0]
            wanted = order["codecs"]
            priority = 255 - wanted.index(name) if name in wanted else 0
            self.endpoint.codecSetPriority(codec.codecId, priority)
        handset = Handset(self, user)
        handset.create(config)
        self.handsets[user] = handset

    async def register(self, handset: Handset, renew: bool) -> None:
        handset.registered = self.loop.create_future()
        handset.setRegistration(renew)
        code, reason = await asyncio.wait_for(handset.registered, 10.0)
        if code != 200:
            raise RuntimeError(f"{code} {reason}")

    def dial(self, handset: Handset, uri: str, tone_hz: float | None) -> Message:
        leg = self.keep(Leg(handset, len(self.legs) + 1))
        leg.tone_hz = tone_hz
        leg.tell("call", state="outgoing", peer=uri, sip_call_id="")
        leg.makeCall(uri, pj.CallOpParam(True))
        return {"call": leg.number}


async def when_refreshed(change: Callable[[], None]) -> None:
    """Tries again while an INVITE of either side is under way, which is the usual reason for an error."""
    async with asyncio.timeout(5.0):
        while True:
            try:
                return change()
            except pj.Error:
                await asyncio.sleep(0.05)


def _endpoint(address: str, port: int) -> Any:
    """One thread for all, no sound card, every message into the log."""
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.medConfig.clockRate = config.medConfig.sndClockRate = RATE
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.logConfig.level = config.logConfig.consoleLevel = 0
    config.logConfig.filename = "/dev/stderr"
    config.logConfig.level = 5
    config.logConfig.msgLogging = 1
    endpoint.libInit(config)
    for kind in (pj.PJSIP_TRANSPORT_UDP, pj.PJSIP_TRANSPORT_TCP):
        transport = pj.TransportConfig()
        transport.port = port
        transport.boundAddress = transport.publicAddress = address
        endpoint.transportCreate(kind, transport)
    tls = pj.TransportConfig()  # on any port: it only calls, so it needs no certificate either
    tls.boundAddress = tls.publicAddress = address
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_TLS, tls)
    endpoint.libStart()
    endpoint.audDevManager().setNullDev()
    return endpoint


async def main(address: str, port: str) -> None:
    with tempfile.TemporaryDirectory(prefix="pjsua-") as folder:
        stack = Stack(address, int(port), Path(folder))
        driving = asyncio.create_task(stack.drive())
        await serve(stack.handle)
        driving.cancel()
        stack.legs.clear()
        stack.handsets.clear()
        stack.endpoint.libDestroy()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
