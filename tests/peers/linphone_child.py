"""Phones on Linphone, who speak and hear in files: `python -m tests.peers.linphone_child ADDRESS PORT`.

Each phone is a `linphonec` of its own, which is told what to do as people tell it, and read as they read it.
It has one file to speak and one to hear with, which are those of the call that has the sound.
"""

import asyncio
import base64
import os
import re
import sys
import tempfile
import wave
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.peers import ports
from tests.peers.audio import RATE, tone
from tests.peers.child import Message
from tests.peers.child_io import serve, tell

WAV_HEADER: Final = 44
SPOKEN_S: Final = 60.0
"""As long as any test lets it speak: it says a file once."""
PATIENCE_S: Final = 10.0
SRTP: Final = {"off": "none", "optional": "srtp", "mandatory": "srtp"}

INCOMING: Final = re.compile(r"incoming call from (.*), assigned id (\d+)")
DIALLED: Final = re.compile(r"Establishing call id to .*, assigned id (\d+)")
DIGIT: Final = re.compile(r"Receiving tone (\S) from")
ENDED: Final = re.compile(r"Call (\d+) with .* (?:ended|error)(?: \((.*)\))?\.")
STATES: Final = {
    "ringing": re.compile(r"Call (\d+) to .* ringing\."),
    "established": re.compile(r"Call (\d+) with .* connected\."),
}
PROMPT: Final = "linphonec> "
PAUSED: Final = re.compile(r"Call (\d+) with .* is now paused\.")
FLOWING: Final = re.compile(r"Media streams established with .* for call (\d+)")

CONFIG: Final = """\
[sip]
sip_port={udp_port}
sip_tcp_port={tcp_port}
sip_tls_port=-1
bind_address={address}
use_ipv6=0
guess_hostname=0
contact=sip:{user}@{address}
default_proxy=0
verify_server_certs=0
verify_server_cn=0
media_encryption={srtp}
media_encryption_mandatory={srtp_mandatory}
use_info=0
use_rfc2833=1
[rtp]
audio_rtp_port=10000-19998
[video]
enabled=0
{codecs}
"""
FETCHED: Final = """\
[misc]
config-uri={file}
"""
TYPED: Final = """\
[auth_info_0]
username={user}
passwd={secret}
[proxy_0]
reg_identity=sip:{user}@{registrar}
reg_proxy=<sip:{registrar};transport={transport}>
reg_route=<sip:{registrar};transport={transport};lr>
reg_expires={expires_s}
reg_sendregister=1
publish=0
"""


@dataclass
class Leg:
    """A call by our number and by Linphone's own."""

    number: int
    id: int
    tone_hz: float | None = None
    state: str = ""
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    flowing: asyncio.Event = field(default_factory=asyncio.Event)


class Handset:
    """One `linphonec`."""

    def __init__(self, stack: "Stack", order: Message) -> None:
        self.stack = stack
        self.user: str = order["user"]
        self.home = stack.folder / self.user
        self.on_call = "ring"
        self.after_s = 0.0
        self.tone_hz: float | None = None
        self.legs: dict[int, Leg] = {}
        self.dialled: asyncio.Queue[int] = asyncio.Queue()
        self.said = asyncio.Event()
        self.last_line = ""
        self._order = order
        self._one_at_a_time = asyncio.Lock()
        self._prompted = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """It registers by itself."""
        (self.home / ".local" / "share" / "linphone").mkdir(parents=True)
        order, stack = self._order, self.stack
        codecs = "".join(
            f"[audio_codec_{i}]\nmime={codec}\nrate=8000\nchannels=1\nenabled=1\n"
            for i, codec in enumerate(order["codecs"])
        )
        config = (CONFIG + (FETCHED if order["file"] else TYPED)).format(
            address=stack.address,
            udp_port=ports.free_port(stack.address),
            tcp_port=ports.free_port(stack.address),
            codecs=codecs,
            srtp_mandatory=int(order["srtp"] == "mandatory"),
            srtp=SRTP[order["srtp"]],
            **{
                name: order[name]
                for name in ("user", "secret", "registrar", "transport", "expires_s", "file")
            },
        )
        (self.home / "linphonerc").write_text(config)
        self._process = await asyncio.create_subprocess_exec(
            *("linphonec", "-c", str(self.home / "linphonerc"), "-d", "6", "-l", "log"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=self.home,
            env={**os.environ, "HOME": str(self.home)},
        )
        self._reading = asyncio.create_task(self._read())
        for command in ("soundcard use files", f"play {stack.spoken(None)}", "record heard.wav"):
            await self.do(command)

    async def do(self, command: str) -> None:
        """Returns when it asks for the next one: it loses those that come sooner."""
        assert self._process is not None
        assert self._process.stdin is not None
        async with self._one_at_a_time, asyncio.timeout(PATIENCE_S):
            await self._prompted.wait()
            self._prompted.clear()
            self._process.stdin.write(f"{command}\n".encode())
            await self._process.stdin.drain()
            await self._prompted.wait()

    async def status(self) -> str:
        """What it says of its registration."""
        self.said.clear()
        await self.do("status register")
        async with asyncio.timeout(PATIENCE_S):
            await self.said.wait()
        return self.last_line

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        if self._reading is not None:
            await self._reading
            print((self.home / "log").read_text(errors="replace"), file=sys.stderr)

    async def speak(self, leg: Leg, hz: float | None) -> None:
        leg.tone_hz = hz
        await self.do(f"play {self.stack.spoken(hz)}")

    def heard(self) -> bytes:
        path = self.home / "heard.wav"
        return path.read_bytes()[WAV_HEADER:] if path.exists() else b""

    def new_leg(self, id: int) -> Leg:
        number = next(self.stack.numbers)
        leg = Leg(number, id)
        self.legs[id] = self.stack.legs[number] = leg
        self.stack.owners[number] = self
        return leg

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        rest = ""
        while chunk := await self._process.stdout.read(4096):
            *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
            for line in lines:
                text = line.strip().removeprefix(PROMPT)
                print(f"{self.user}: {text}", file=sys.stderr, flush=True)
                self._hear(text)
            if rest.endswith(PROMPT):
                self._prompted.set()
                rest = ""

    def _hear(self, text: str) -> None:
        if match := INCOMING.search(text):
            self._ring(int(match[2]), match[1])
        elif match := DIALLED.search(text):
            self.dialled.put_nowait(int(match[1]))
        elif match := ENDED.search(text):
            self._tell_state(int(match[1]), "closed", match[2] or "error")
        elif match := DIGIT.search(text):
            leg = next(leg for leg in reversed(self.legs.values()) if leg.state == "established")
            self.tell(leg, "digit", digit=match[1])
        elif match := PAUSED.search(text):
            self.legs[int(match[1])].paused.set()
        elif match := FLOWING.search(text):
            leg = self.legs[int(match[1])]
            leg.flowing.set()
            if leg.tone_hz is not None:
                self.stack.start(self.speak(leg, leg.tone_hz))
        elif "registered" in text:
            self.last_line = text
            self.said.set()
        for state, pattern in STATES.items():
            if match := pattern.search(text):
                self._tell_state(int(match[1]), state)

    def _ring(self, id: int, peer: str) -> None:
        leg = self.new_leg(id)
        leg.state, leg.tone_hz = "incoming", self.tone_hz
        self.tell(leg, "call", state="incoming", peer=peer, sip_call_id="")
        if self.on_call != "ring":
            self.stack.start(self._react(leg))

    async def _react(self, leg: Leg) -> None:
        await asyncio.sleep(self.after_s)
        if leg.state == "incoming":
            await self.stack.handle_call("answer" if self.on_call == "answer" else "reject", leg, {})

    def _tell_state(self, id: int, state: str, reason: str = "") -> None:
        leg = self.legs.get(id) or self.new_leg(id)
        if leg.state not in (state, "closed"):
            leg.state = state
            self.tell(leg, "state", state=state, sip_call_id="", reason=reason)

    def tell(self, leg: Leg, event: str, **facts: object) -> None:
        tell(event, phone=self.user, call=leg.number, **facts)


class Stack:
    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.handsets: dict[str, Handset] = {}
        self.legs: dict[int, Leg] = {}
        self.owners: dict[int, Handset] = {}
        self.numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def spoken(self, hz: float | None) -> Path:
        """A file with that tone, or with silence."""
        path = self.folder / ("silence.wav" if hz is None else f"{hz:g}-hz.wav")
        if not path.exists():
            samples = np.zeros(round(SPOKEN_S * RATE), np.int16) if hz is None else tone(hz, SPOKEN_S)
            with wave.open(str(path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes(samples.tobytes())
        return path

    async def handle(self, name: str, order: Message) -> Message:
        match name:
            case "ready":
                pass
            case "phone":
                self.handsets[order["user"]] = Handset(self, order)
            case "register":
                await self.register(self.handsets[order["phone"]])
            case "unregister":
                await self.handsets[order["phone"]].do("unregister")
            case "behave":
                handset = self.handsets[order["phone"]]
                handset.on_call, handset.after_s = order["on_call"], order["after_s"]
                handset.tone_hz = order["tone_hz"]
            case "dial":
                return await self.dial(self.handsets[order["phone"]], order["uri"], order["tone_hz"])
            case _:
                return await self.handle_call(name, self.legs[order["call"]], order)
        return {}

    async def register(self, handset: Handset) -> None:
        await handset.start()
        async with asyncio.timeout(PATIENCE_S):
            while not (status := await handset.status()).startswith("registered, "):
                print(status, file=sys.stderr)
                await asyncio.sleep(0.05)

    async def dial(self, handset: Handset, uri: str, tone_hz: float | None) -> Message:
        number = next(self.numbers)
        leg = Leg(number, 0, tone_hz)
        handset.tell(leg, "call", state="outgoing", peer=uri, sip_call_id="")
        self.legs[number], self.owners[number] = leg, handset
        await handset.do(f"call {uri}")
        leg.id = await asyncio.wait_for(handset.dialled.get(), PATIENCE_S)
        handset.legs[leg.id] = leg
        return {"call": number}

    async def handle_call(self, name: str, leg: Leg, order: Message) -> Message:
        handset = self.owners[leg.number]
        match name:
            case "answer":
                await handset.do(f"answer {leg.id}")
            case "reject" | "hang_up":
                await handset.do(f"terminate {leg.id}")
            case "hold":
                leg.paused.clear()
                await handset.do(f"pause {leg.id}")
                await asyncio.wait_for(leg.paused.wait(), PATIENCE_S)
            case "resume":
                leg.flowing.clear()
                await handset.do(f"resume {leg.id}")
                await asyncio.wait_for(leg.flowing.wait(), PATIENCE_S)
            case "press":
                await handset.do(order["digits"])
            case "say":
                await handset.speak(leg, order["hz"])
            case "transfer":
                await handset.do(f"transfer {leg.id} {order['uri']}")
            case "connect":
                await handset.do(f"transfer {leg.id} --to-call {self.legs[order['other']].id}")
            case "listen":
                start = len(handset.heard())
                await asyncio.sleep(order["seconds"])
                return {"pcm": base64.b64encode(handset.heard()[start:]).decode()}
            case _:
                raise ValueError(f"no such order: {name}")
        return {}


async def main(address: str, port: str) -> None:
    with tempfile.TemporaryDirectory(prefix="linphone-") as folder:
        stack = Stack(address, Path(folder))
        await serve(stack.handle)
        await asyncio.gather(*(handset.close() for handset in stack.handsets.values()))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
