"""A desk phone as a person holds it: register, ring, answer, talk in tones, listen, hold, hang up.

The same hands for three real stacks: baresip (the workhorse, many phones to a process), pjsua2, Linphone.
"""

import asyncio
import base64
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Literal, Self

from tests.peers import ports
from tests.peers.audio import Pcm, pcm
from tests.peers.child import Child, Message, PeerError

CallState = Literal["incoming", "outgoing", "ringing", "established", "closed"]
OnCall = Literal["ring", "answer", "reject"]
SrtpUse = Literal["off", "optional", "mandatory", "dtls"]
Stack = Literal["baresip", "pjsua2", "linphone"]
MODULES: dict[Stack, str] = {
    "baresip": "tests.peers.baresip_child",
    "pjsua2": "tests.peers.pjsua_child",
    "linphone": "tests.peers.linphone_child",
}


class PhoneCall:
    """One call as its phone sees it."""

    def __init__(self, child: Child, number: int, state: CallState, peer: str, sip_call_id: str) -> None:
        self._child = child
        self.number = number
        self.state: CallState = state
        self.peer = peer
        self.sip_call_id = sip_call_id
        self.incoming = state == "incoming"
        self.reached: dict[CallState, float] = {state: time.monotonic()}
        """When each state was reached, by time.monotonic()."""
        self.held_by_peer = False
        self.digits = ""
        self.end_reason = ""
        self.statistics: dict[str, Any] = {}
        self._changed = asyncio.Event()

    def __repr__(self) -> str:
        return f"<PhoneCall {self.number} {self.state} with {self.peer} {self.end_reason}>"

    async def until(self, met: CallState | Callable[[Self], bool], timeout_s: float = 10.0) -> Self:
        """Waits for a state, or for anything else that the phone's events can bring about."""
        reached = (lambda call: met in call.reached) if isinstance(met, str) else met
        try:
            async with asyncio.timeout(timeout_s):
                while not reached(self):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise PeerError(f"not within {timeout_s:g} s: {met}; {self}\n{self._child.log()}") from None
        return self

    async def answer(self) -> None:
        await self._do("answer")

    async def reject(self) -> None:
        """486 Busy Here."""
        await self._do("reject")

    async def hang_up(self) -> None:
        await self._do("hang_up")
        await self.until("closed")

    async def hold(self) -> None:
        await self._do("hold")

    async def resume(self) -> None:
        await self._do("resume")

    async def transfer(self, uri: str) -> None:
        """Blind; baresip returns when the far end tells that it has worked, PeerError that it has not."""
        await self._do("transfer", uri=uri, timeout_s=40.0)

    async def connect(self, other: Self) -> None:
        """Attended: its party talks to that of another call of the phone; baresip holds both before."""
        await self._do("connect", other=other.number, timeout_s=20.0)

    async def press(self, digits: str) -> None:
        """As telephone-events (RFC 4733), 100 ms each; returns when they are sent."""
        await self._do("press", digits=digits)

    async def say(self, hz: float | None) -> None:
        """Sends a tone from now on; None is silence."""
        await self._do("say", hz=hz)

    async def heard(self) -> Pcm:
        """All PCM that came since the call was established."""
        return pcm(base64.b64decode((await self._do("heard"))["pcm"]))

    async def listen(self, seconds: float = 1.0) -> Pcm:
        """What comes in the next `seconds`: less than that many seconds if nothing is sent."""
        reply = await self._do("listen", seconds=seconds, timeout_s=seconds + 10.0)
        return pcm(base64.b64decode(reply["pcm"]))

    async def _do(self, name: str, **parameters: Any) -> Message:
        return await self._child.do(name, call=self.number, **parameters)

    def _take(self, event: Message) -> None:
        self.sip_call_id = event.get("sip_call_id") or self.sip_call_id
        match event["event"]:
            case "state":
                self.state = event["state"]
                self.reached[self.state] = event["at"]
                self.end_reason = event.get("reason", "")
                self.statistics = event.get("statistics", {})
            case "held":
                self.held_by_peer = event["held"]
            case "digit":
                self.digits += event["digit"]
        self._changed.set()


class Phone:
    """One account on a phone; `calls` is all that it ever saw, oldest first."""

    def __init__(self, child: Child, user: str, uri: str) -> None:
        self._child = child
        self.user = user
        self.uri = uri
        """Where the phone is reached without a registrar."""
        self.calls: list[PhoneCall] = []
        self._arrived: asyncio.Queue[PhoneCall] = asyncio.Queue()

    @property
    def incoming_calls(self) -> list[PhoneCall]:
        return [call for call in self.calls if call.incoming]

    async def register(self) -> None:
        """Raises PeerError with the registrar's answer unless that is a 200."""
        await self._child.do("register", phone=self.user)

    async def unregister(self) -> None:
        await self._child.do("unregister", phone=self.user)

    async def behave(self, on_call: OnCall, after_s: float = 0.0, tone_hz: float | None = None) -> None:
        """What it does by itself with calls from now on: rings for ever, answers with a tone, is busy."""
        await self._child.do("behave", phone=self.user, on_call=on_call, after_s=after_s, tone_hz=tone_hz)

    async def dial(self, uri: str, tone_hz: float | None = None) -> PhoneCall:
        """Returns when the INVITE is sent; `tone_hz` is spoken once the call is established."""
        reply = await self._child.do("dial", phone=self.user, uri=uri, tone_hz=tone_hz)
        # Its events may have come before this reply was read: they made the call.
        return next(call for call in self.calls if call.number == reply["call"])

    async def next_call(self, timeout_s: float = 10.0) -> PhoneCall:
        """The oldest incoming call not yet taken by this method."""
        try:
            return await asyncio.wait_for(self._arrived.get(), timeout_s)
        except TimeoutError:
            raise PeerError(f"{self.user} did not ring in {timeout_s:g} s\n{self._child.log()}") from None

    def _take(self, event: Message) -> None:
        call = PhoneCall(
            self._child,
            event["call"],
            event["state"],
            event.get("peer") or "",
            event.get("sip_call_id") or "",
        )
        self.calls.append(call)
        if call.incoming:
            self._arrived.put_nowait(call)


class Phones:
    """A process with one SIP stack and any number of phones (20 run well) on one address and SIP port."""

    def __init__(self, child: Child, address: str, sip_port: int) -> None:
        self.child = child
        self.address = address
        self.sip_port = sip_port
        self._phones: dict[str, Phone] = {}
        child.on_event = self._take

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, stack: Stack = "baresip", address: str = ports.PHONES) -> AsyncIterator[Self]:
        """`address` other than 127.0.0.1 must be one that lo has: see ports.assigned."""
        sip_port = ports.free_port(address)
        child = await Child.start(MODULES[stack], address, str(sip_port))
        try:
            await child.do("ready", timeout_s=30.0)
            yield cls(child, address, sip_port)
        finally:
            await child.close()

    async def phone(
        self,
        user: str,
        secret: str = "",
        registrar: str = "",
        codecs: Sequence[str] = ("PCMA", "PCMU"),
        expires_s: int = 600,
        transport: Literal["udp", "tcp", "tls"] = "udp",
        srtp: SrtpUse = "off",
        file: str = "",
    ) -> Phone:
        """Adds a phone; without a registrar it is one that is called, and calls, by address alone.

        With optional SRTP it offers RTP/AVP with keys and takes what comes; mandatory is RTP/SAVP; dtls
        (baresip) is UDP/TLS/RTP/SAVP. A Linphone fetches secret, registrar and transport from `file`, a URL.
        """
        await self.child.do(
            "phone",
            user=user,
            secret=secret,
            registrar=registrar,
            codecs=list(codecs),
            expires_s=expires_s,
            transport=transport,
            srtp=srtp,
            file=file,
        )
        phone = Phone(self.child, user, f"sip:{user}@{self.address}:{self.sip_port}")
        self._phones[user] = phone
        return phone

    def at(self, user: str) -> Phone:
        """One that was added before."""
        return self._phones[user]

    async def kill(self) -> None:
        """kill -9 of the process: every phone on it vanishes in the middle of a word."""
        await self.child.kill()

    def story(self) -> str:
        """The stack's own SIP trace."""
        return self.child.log()

    def _take(self, event: Message) -> None:
        phone = self._phones[event["phone"]]
        if event["event"] == "call":
            phone._take(event)
        else:
            next(call for call in phone.calls if call.number == event["call"])._take(event)
