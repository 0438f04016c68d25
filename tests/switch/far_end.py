"""The other end of a call: a carrier or a phone, which is a real endpoint with a wire in memory."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sip.accounts.digest import client_response
from sip.endpoint import Endpoint
from sip.events import (
    Answered,
    Event,
    IncomingInvite,
    IncomingRequest,
    Outgoing,
    OutgoingRequest,
    Progress,
    Refused,
    RequestId,
    ResponseReceived,
    SessionId,
)
from sip.flow import Address, Flow
from sip.syntax.headers import quote
from sip.syntax.message import Response, parse
from tests.sip.wire import endpoint

Told = TypeVar("Told", bound=Event)
Behaviour = Callable[["FarEnd", IncomingInvite], None]


class Wire(Protocol):
    """What carries an end's datagrams."""

    def now(self) -> float: ...

    def moved(self, end: "FarEnd") -> None:
        """The end may have something to send, to tell, or a new deadline."""
        ...

    def by_hand(self, end: "FarEnd", data: bytes) -> None:
        """Carry bytes that the end's endpoint did not write."""
        ...

    async def settle(self) -> None: ...


def sdp(
    address: str, port: int = 30000, direction: str = "", *, types: str = "8 101", version: int = 1
) -> bytes:
    """The SDP of an end: A-law first, digits as 101."""
    lines = [
        "v=0",
        f"o=- 1 {version} IN IP4 192.0.2.99",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {types}",
        "a=rtpmap:101 telephone-event/8000",
    ]
    return "".join(f"{line}\r\n" for line in [*lines, *([f"a={direction}"] if direction else [])]).encode()


class FarEnd:
    """One party. `behave` is called with each INVITE that comes; what it heard is in `events`, what arrived
    as messages in `received`."""

    def __init__(
        self,
        wire: Wire,
        name: str,
        address: Address,
        switch: Address,
        secret: str = "",
        user_agent: str = "FarEnd",
    ) -> None:
        self.name = name
        self.address = address
        self.flow = Flow("udp", address, switch)
        self.endpoint: Endpoint = endpoint(name, server=user_agent)
        self.events: list[Event] = []
        self.received: list[bytes] = []
        self.behave: Behaviour = ringing
        self.sdp = sdp(address[0])
        self.supports_reliable = False
        """Whether its INVITE may be answered reliably (RFC 3262), and whether it must."""
        self.requires_reliable = False
        self.answers_early: bytes | None = None
        """Its answer to an offer in a reliable response, where its INVITE made none."""
        self.display = ""
        """The name in its From."""
        self.contact_params = ""
        """What its REGISTER says of its Contact, and what else it says."""
        self.registers_with: tuple[tuple[str, str], ...] = ()
        self.wire = wire
        self.secret = secret
        self._nonces = 0

    # What it does

    async def dial(
        self,
        number: str,
        offer: bytes | None = b"",
        *headers: tuple[str, str],
        max_forwards: int = 70,
    ) -> SessionId:
        """Call a number; a phone answers the challenge. `offer` None asks for a late one."""
        offered = self.sdp if offer == b"" else offer
        session = self._invite(number, offered, max_forwards, *headers)
        await self.wire.settle()
        refused = self.last(Refused, session)
        if self.secret and refused is not None and refused.status == 401 and refused.response is not None:
            uri = self._uri(number)
            credentials = self._credentials(refused.response, "INVITE", uri)
            session = self._invite(number, offered, max_forwards, ("Authorization", credentials), *headers)
            await self.wire.settle()
        return session

    def start(self, number: str) -> SessionId:
        """Call a number, and see what comes of it."""
        return self._invite(number, self.sdp, 70)

    async def register(self, expires_s: int = 600) -> int:
        """Register, answering the challenge; the final status."""
        asked = (("Expires", str(expires_s)), *self.registers_with)
        status, response = await self._ask("REGISTER", *asked)
        if status == 401 and response is not None:
            credentials = self._credentials(response, "REGISTER", self._uri(""))
            status, _ = await self._ask("REGISTER", *asked, ("Authorization", credentials))
        return status or 0

    async def answer(self, sdp: bytes | None = b"") -> SessionId:
        """Answer the last INVITE that came; its session."""
        session = self.invited.session
        self.endpoint.accept(session, self.sdp if sdp == b"" else sdp, self.wire.now())
        await self._done()
        return session

    async def refuse(self, status: int, *headers: tuple[str, str]) -> None:
        """Refuse it."""
        self.endpoint.reject(self.invited.session, status, self.wire.now(), headers=headers)
        await self._done()

    async def hang_up(self, session: SessionId | None = None) -> None:
        """End a session; the last INVITE's where none is named."""
        self.endpoint.hangup(self.invited.session if session is None else session, self.wire.now())
        await self._done()

    async def reinvite(self, session: SessionId, sdp: bytes | None, answer: bytes | None = None) -> Response:
        """Send a re-INVITE by hand, and its ACK with `answer`; the response. A challenge is answered."""
        await self._by_hand(session, "INVITE", sdp)
        response = parse(self.received[-1])
        assert isinstance(response, Response), response
        dialog = self.endpoint.dialog(session)
        if response.status == 401 and dialog is not None:
            await self._by_hand(session, "ACK", None)
            credentials = self._credentials(response, "INVITE", dialog.target)
            await self._by_hand(session, "INVITE", sdp, f"Authorization: {credentials}")
            response = parse(self.received[-1])
            assert isinstance(response, Response), response
        await self._by_hand(session, "ACK", answer)
        return response

    async def ack(self, session: SessionId, sdp: bytes) -> None:
        """An ACK with SDP, which the endpoint itself never writes."""
        await self._by_hand(session, "ACK", sdp)

    # What happened

    def all(self, kind: type[Told]) -> list[Told]:
        """The events of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[Told], session: SessionId | None = None) -> Told | None:
        """The last event of a kind."""
        found = [e for e in self.all(kind) if session is None or getattr(e, "session", None) == session]
        return found[-1] if found else None

    @property
    def invited(self) -> IncomingInvite:
        """The last INVITE that came."""
        return self.all(IncomingInvite)[-1]

    def status(self, session: SessionId) -> int | None:
        """The final status of its own INVITE."""
        for event in self.events:
            if isinstance(event, Answered | Refused) and event.session == session:
                return event.response.status if isinstance(event, Answered) else event.status
        return None

    def hear(self, event: Event) -> None:
        """The wire brings an event of the endpoint."""
        self.events.append(event)
        if isinstance(event, IncomingInvite):
            self.behave(self, event)
        elif isinstance(event, Progress) and event.reliable and event.sdp and self.answers_early:
            self.endpoint.answer_offer(
                event.session, 200, self.wire.now(), sdp=self.answers_early, dialog_tag=event.dialog_tag
            )
        elif isinstance(event, IncomingRequest):
            self.endpoint.respond(event.transaction, 200, self.wire.now())

    def takes(self, data: bytes) -> bool:
        """Whether a message that came is nothing for the endpoint."""
        return False

    # Inside

    def _uri(self, number: str) -> str:
        host, port = self.flow.remote
        return f"sip:{number}@{host}:{port}" if number else f"sip:{host}"

    def _from(self) -> str:
        shown = f"{quote(self.display)} " if self.display else ""
        return f"{shown}<sip:{self.name}@{'pbx.example' if self.secret else self.address[0]}>"

    def _invite(
        self, number: str, offer: bytes | None, max_forwards: int, *headers: tuple[str, str]
    ) -> SessionId:
        outgoing = Outgoing(
            uri=self._uri(number),
            flow=self.flow,
            from_=self._from(),
            to=f"<{self._uri(number)}>",
            sdp=offer,
            headers=headers,
            peer=self.flow.remote[0],
            max_forwards=max_forwards,
            supports_reliable=self.supports_reliable,
            require_reliable=self.requires_reliable,
        )
        session = self.endpoint.invite(outgoing, self.wire.now())
        self.wire.moved(self)
        return session

    async def _ask(self, method: str, *headers: tuple[str, str]) -> tuple[int | None, Response | None]:
        host, port = self.address
        contact = f"<sip:{host}:{port}>{self.contact_params}"
        request = OutgoingRequest(
            method, self._uri(""), self.flow, self._from(), self._from(), headers, contact=contact
        )
        asked: RequestId = self.endpoint.request(request, self.wire.now())
        await self._done()
        (answer,) = [event for event in self.all(ResponseReceived) if event.request == asked]
        return answer.status, answer.response

    def _credentials(self, challenge: Response, method: str, uri: str) -> str:
        self._nonces += 1
        answer = client_response(
            [value for name, value in challenge.headers if name == "WWW-Authenticate"],
            method,
            uri,
            self.name,
            self.secret,
            cnonce=f"cnonce{self._nonces}",
        )
        assert answer is not None
        return answer

    async def _by_hand(self, session: SessionId, method: str, sdp: bytes | None, *lines: str) -> None:
        dialog = self.endpoint.dialog(session)
        assert dialog is not None
        if method != "ACK":
            dialog.local_cseq += 1
        host, port = self.address
        head = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{method}{dialog.local_cseq}{len(self.received)}",
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {dialog.local_cseq} {method}",
            f"Contact: <sip:{self.name}@{host}:{port}>",
            *lines,
            *(["Content-Type: application/sdp"] if sdp else []),
            f"Content-Length: {len(sdp or b'')}",
        ]
        self.wire.by_hand(self, "\r\n".join(head).encode() + b"\r\n\r\n" + (sdp or b""))
        await self.wire.settle()

    async def _done(self) -> None:
        self.wire.moved(self)
        await self.wire.settle()


def ringing(end: FarEnd, invite: IncomingInvite) -> None:
    """180 and nothing more."""
    end.endpoint.progress(invite.session, 180, end.wire.now())


def answering(end: FarEnd, invite: IncomingInvite) -> None:
    """200 at once."""
    end.endpoint.accept(invite.session, end.sdp, end.wire.now())


def silent(end: FarEnd, invite: IncomingInvite) -> None:
    """Nothing, not even 180."""


def refusing(status: int) -> Behaviour:
    """That status, at once."""

    def refuse(end: FarEnd, invite: IncomingInvite) -> None:
        end.endpoint.reject(invite.session, status, end.wire.now())

    return refuse
