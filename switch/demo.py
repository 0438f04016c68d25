"""`--demo`: simulated phones that register and callers that call, so that there is something to see.

A process of its own, on the same stack as the switch: `python -m switch.demo CONFIG`, ended by the end of its
standard input, so that it never outlives the switch. It speaks to the switch as any phone and any carrier on
this machine would.
"""

import asyncio
import random
import secrets
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from media.aio.plane import MediaPlane
from media.port import PeerMedia, Port, Tone
from sip import events as sip
from sip.accounts.digest import client_response
from sip.aio.shell import SipShell
from sip.dialogs.offer_answer import Agreed, MediaSession
from sip.endpoint import Endpoint
from sip.flow import Flow
from sip.screen import Known, Stranger, Verdict
from sip.syntax.message import Malformed, Request
from switch.config.load import load
from switch.config.schema import Config
from switch.config.targets import QueueTarget

MEAN_GAP_S: Final = 6.0
PATIENCE_S: Final = (20.0, 60.0)
TALK_S: Final = (8.0, 40.0)
RING_S: Final = (1.0, 4.0)
REGISTER_EVERY_S: Final = 60.0
CALLER_HZ: Final = 440.0
AGENT_HZ: Final = 660.0


class _Switch:
    """A screen that hears the switch only."""

    def __init__(self, host: str) -> None:
        self._host = host

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Verdict:
        return Known("switch") if flow.remote[0] == self._host else Stranger()

    def same_peer(self, peer: object, flow: Flow) -> bool:
        return flow.remote[0] == self._host

    def may_return(self, invite: Request, peer: object, flow: Flow) -> bool:
        return False


@dataclass(slots=True)
class _Party:
    """One end of one call of ours."""

    port: Port
    media: MediaSession
    hz: float
    timer: asyncio.TimerHandle | None = None


class Demo:
    """Phones and callers of one configuration."""

    def __init__(self, config: Config, loop: asyncio.AbstractEventLoop) -> None:
        listen = next(socket for socket in config.sip.listen if socket.transport == "udp")
        self._host = "127.0.0.1" if listen.host == "0.0.0.0" else listen.host
        self._port = listen.port
        self._config = config
        self._loop = loop
        self._random = random.Random()
        self._parties: dict[sip.SessionId, _Party] = {}
        self._registering: dict[sip.RequestId, tuple[str, bool]] = {}
        self._endpoint = Endpoint(
            _Switch(self._host),
            token=lambda: secrets.token_hex(10),
            advertise=lambda flow: flow.local,
            server="Demo",
        )
        self._shell = SipShell(self._endpoint, [("udp", self._host, 0)], self._event)
        self._plane = MediaPlane(self._host, range(40000, 42000))
        self._log = structlog.get_logger("demo")

    async def run(self) -> None:
        """Until standard input ends."""
        self._plane.start(self._loop)
        await self._shell.start()
        for agent in self._config.agents.values():
            if agent.phone is not None:
                self._register(agent.phone)
        self._loop.call_later(1.0, self._call)
        await self._loop.run_in_executor(None, sys.stdin.buffer.read)
        await self._shell.close()
        await self._plane.close()

    # Phones

    def _register(self, phone: str, authorization: str | None = None) -> None:
        domain = self._config.sip.domain
        flow = self._flow()
        headers = [("Expires", "300")]  # the endpoint adds its Contact
        if authorization is not None:
            headers.append(("Authorization", authorization))
        request = self._endpoint.request(
            sip.OutgoingRequest(
                "REGISTER",
                f"sip:{domain}",
                flow,
                f"<sip:{phone}@{domain}>",
                f"<sip:{phone}@{domain}>",
                headers,
            ),
            time.monotonic(),
        )
        self._shell.wake()
        self._registering[request] = (phone, authorization is not None)

    def _registered(self, event: sip.ResponseReceived) -> None:
        phone, authorized = self._registering.pop(event.request)
        if event.status == 401 and event.response is not None and not authorized:
            secret = self._config.phones[phone].secret.get_secret_value()
            challenges = event.response.headers.all("WWW-Authenticate")
            target = f"sip:{self._config.sip.domain}"
            self._register(
                phone,
                client_response(challenges, "REGISTER", target, phone, secret, cnonce=secrets.token_hex(8)),
            )
            return
        if event.status != 200:
            self._log.warning("phone not registered", phone=phone, sip_status=event.status)
        self._loop.call_later(REGISTER_EVERY_S, self._register, phone)

    def _ring(self, event: sip.IncomingInvite) -> None:
        if event.sdp is None:
            self._endpoint.reject(event.session, 488, time.monotonic())
            return
        party = self._party(event.session, AGENT_HZ)
        sdp, agreed = party.media.answer(event.sdp, self._host, party.port.number, ("PCMA", "PCMU"))
        self._endpoint.progress(event.session, 180, time.monotonic())
        self._later(party, RING_S, lambda: self._answer(event.session, party, sdp, agreed))

    def _answer(self, session: sip.SessionId, party: _Party, sdp: bytes, agreed: Agreed) -> None:
        self._endpoint.accept(session, sdp, time.monotonic())
        self._shell.wake()
        self._speak(party, agreed)

    # Callers

    def _call(self) -> None:
        self._loop.call_later(self._random.expovariate(1 / MEAN_GAP_S), self._call)
        numbers = [route.to[0] for route in self._config.routes if isinstance(route.go, QueueTarget)]
        if not numbers:
            return
        number = self._random.choice(numbers).replace("*", "000000").replace("?", "0")
        caller = f"+346{self._random.randrange(10**8):08}"
        flow = self._flow()
        port = self._plane.open()
        media = MediaSession(secrets.randbits(62))
        session = self._endpoint.invite(
            sip.Outgoing(
                uri=f"sip:{number}@{self._host}:{self._port}",
                flow=flow,
                from_=f"<sip:{caller}@demo.invalid>",
                to=f"<sip:{number}@{self._host}:{self._port}>",
                sdp=media.offer(self._host, port.number, ("PCMA", "PCMU")),
                peer="switch",
            ),
            time.monotonic(),
        )
        self._shell.wake()
        self._parties[session] = party = _Party(port, media, CALLER_HZ)
        self._later(party, PATIENCE_S, lambda: self._hang_up(session))

    # Both

    def _event(self, event: sip.Event) -> None:
        match event:
            case sip.IncomingInvite():
                self._ring(event)
            case sip.ResponseReceived():
                self._registered(event)
            case sip.IncomingRequest(transaction=transaction):
                self._endpoint.respond(transaction, 200, time.monotonic())
            case sip.Answered(session=session, sdp=sdp) if sdp is not None:
                party = self._parties[session]
                self._speak(party, party.media.accept(sdp))
            case sip.Acked(session=session):
                self._later(self._parties[session], TALK_S, lambda: self._hang_up(session))
            case sip.Reinvited(session=session, sdp=sdp) if sdp is not None:
                party = self._parties[session]
                answer, agreed = party.media.answer(sdp, self._host, party.port.number, ("PCMA", "PCMU"))
                self._endpoint.answer_offer(session, 200, time.monotonic(), sdp=answer)
                self._speak(party, agreed)
            case sip.SessionEnded(session=session) | sip.Refused(session=session):
                self._over(session)
            case _:
                return

    def _speak(self, party: _Party, agreed: Agreed) -> None:
        party.port.connect(
            PeerMedia(
                agreed.remote_address,
                agreed.remote_port,
                agreed.rtcp_address,
                agreed.rtcp_port,
                (),
                agreed.codec,
                agreed.payload_type,
                agreed.send_event_type,
                agreed.receive_event_type,
            )
        )
        party.port.send(Tone(party.hz, -20.0))

    def _hang_up(self, session: sip.SessionId) -> None:
        self._endpoint.hangup(session, time.monotonic())
        self._shell.wake()
        self._over(session)

    def _over(self, session: sip.SessionId) -> None:
        party = self._parties.pop(session, None)
        if party is not None:
            if party.timer is not None:
                party.timer.cancel()
            party.port.close()

    def _party(self, session: sip.SessionId, hz: float) -> _Party:
        party = self._parties[session] = _Party(self._plane.open(), MediaSession(secrets.randbits(62)), hz)
        return party

    def _later(self, party: _Party, span_s: tuple[float, float], work: Callable[[], None]) -> None:
        if party.timer is not None:
            party.timer.cancel()
        party.timer = self._loop.call_later(self._random.uniform(*span_s), work)

    def _flow(self) -> Flow:
        return self._shell.flow_to(self._host, self._port)


async def _main(path: Path) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal sends them to us, too; the switch ends us
        loop.add_signal_handler(number, _stay)
    await Demo(load(path), asyncio.get_running_loop()).run()


def _stay() -> None:
    """The end is that of standard input."""


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
