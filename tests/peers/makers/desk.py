"""A desk phone as its maker's page has it: it registers, watches, calls and is called.

async with DeskPhone.plugged_in(YEALINK, "1001", secret, switch.sip) as phone:
    await phone.register()
    call = await phone.dial("1002")
    await call.until("talking")
"""

import asyncio
import contextlib
import secrets
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Literal, Self

from sip.accounts.digest import client_response, parse_credentials
from sip.syntax.message import Request, Response, is_keepalive, parse
from tests.peers import ports
from tests.peers.child import PeerError
from tests.peers.makers.call import T1_S, DeskCall
from tests.peers.makers.dialog import Dialog, Party
from tests.peers.makers.lamp import Lamp
from tests.peers.makers.log import Log
from tests.peers.makers.maker import Maker
from tests.peers.makers.wire import Wire, wire_to
from tests.peers.makers.writing import Lines, write

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, NOTIFY, REFER, SUBSCRIBE, MESSAGE"
DOMAIN = "centralita.example"


class DeskPhone:
    """`calls`, `lamps` and `unsolicited` (NOTIFYs that nobody asked for) are all that it ever saw."""

    def __init__(self, maker: Maker, user: str, secret: str, hz: float) -> None:
        self.maker = maker
        self.user = user
        self.hz = hz
        """The tone that is its voice."""
        self.on_call: Literal["ring", "answer", "busy"] = "ring"
        """What it does by itself with calls."""
        self.forward_to = ""
        """Where it sends calls on to by 302."""
        self.log = Log()
        self.calls: list[DeskCall] = []
        self.lamps: list[Lamp] = []
        self.unsolicited: list[Request] = []
        self.challenge: Response
        """The last."""
        self.wire: Wire
        self._secret = secret
        self._uuid = uuid.uuid5(uuid.NAMESPACE_OID, f"{maker.name} {user}")
        self._account = Dialog(self.address, self.address, f"sip:{DOMAIN}")
        self._parties: dict[tuple[str, str], Party] = {}
        self._asking: dict[tuple[str, str], asyncio.Queue[Response]] = {}
        self._replies: dict[tuple[str, str], bytes] = {}
        self._untaken: list[DeskCall] = []
        self._rang = asyncio.Event()

    @classmethod
    @contextlib.asynccontextmanager
    async def plugged_in(
        cls,
        maker: Maker,
        user: str,
        secret: str,
        target: str,
        *,
        hz: float = 440.0,
        address: str = ports.PHONES,
    ) -> AsyncIterator[Self]:
        """`target` is HOST:PORT of the switch. When it is unplugged it says nothing to anybody."""
        phone = cls(maker, user, secret, hz)
        phone.wire = await wire_to(maker.transport, target, phone._take, address)
        try:
            yield phone
        finally:
            for call in phone.calls:
                await call.close()
            phone.wire.close()

    @property
    def address(self) -> str:
        """Its own, as From has it."""
        display = f'"{self.maker.display}" ' if self.maker.display else ""
        return f"{display}<sip:{self.user}@{DOMAIN}>"

    @property
    def contact(self) -> str:
        """Where it is reached."""
        transport = ";transport=tcp" if self.maker.transport == "tcp" else ""
        return f"<sip:{self.user}@{self.wire.here}{transport}>"

    def own(self, text: str) -> str:
        """A text of its page with what is the phone's own."""
        return text.format(user=self.user, here=self.wire.here, domain=DOMAIN, uuid=self._uuid)

    # Registration

    async def register(self, expires_s: int | None = None) -> Response:
        """The final response; 423 has been obeyed."""
        expires_s = self.maker.expires_s if expires_s is None else expires_s
        response = await self._register(expires_s)
        if response.status == 423:
            response = await self._register(int(response.headers.get("Min-Expires") or "0"))
        return response

    async def unregister(self) -> Response:
        """All its contacts (RFC 3261 section 10.2.2)."""
        return await self.ask(self._account, "REGISTER", [("Contact", "*"), ("Expires", "0")])

    async def _register(self, expires_s: int) -> Response:
        maker = self.maker
        within = f";expires={expires_s}" if maker.expires_in_contact else ""
        contacts = [self.contact + self.own(maker.contact_params) + within]
        contacts += [self.own(maker.second_contact) + within] if maker.second_contact else []
        lines = [("Contact", contact) for contact in contacts]
        lines += [] if maker.expires_in_contact else [("Expires", str(expires_s))]
        return await self.ask(self._account, "REGISTER", lines)

    async def keep_alive(self) -> Response | None:
        """What the page says; the answer where it wants one."""
        match self.maker.keepalive:
            case "crlf":
                self.wire.send(b"\r\n")
            case "ping":
                self.wire.send(b"\r\n\r\n")
            case "nul":
                self.wire.send(b"\0" * 4)
            case "options":
                return await self.ask(self._to(""), "OPTIONS")
            case "notify":
                return await self.ask(self._to(""), "NOTIFY", [("Event", "keep-alive")])
        return None

    # Calls and lamps

    async def dial(self, number: str, *lines: tuple[str, str]) -> DeskCall:
        """Returns when the INVITE is on its way."""
        call = DeskCall(self, self._to(number), incoming=False)
        await call.invite(lines)
        return call

    async def get_through(self, number: str) -> DeskCall:
        """Dial until it is answered or refused: once more a second after the switch was too busy (503)."""
        while True:
            call = await (await self.dial(number)).until(lambda call: call.state in ("talking", "ended"))
            if call.status != 503:
                return call
            await asyncio.sleep(1.0)

    async def dial_code(self, code: str) -> DeskCall:
        """Dial what is no number, and listen to how the answer begins."""
        self.log.note("keys", "", code)
        call = await self.get_through(code)
        await call.listen()
        await call.hang_up()
        return call

    async def next_call(self, *callers: str, timeout_s: float = 10.0) -> DeskCall:
        """The oldest call that came, from one of these where any are named, and was not yet taken by this
        method.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while (call := next((c for c in self._untaken if c.is_from(*callers)), None)) is None:
                    self._rang.clear()
                    await self._rang.wait()
        except TimeoutError:
            who = f" for {' or '.join(callers)}" if callers else ""
            raise PeerError(f"{self.user} did not ring{who} in {timeout_s:g} s") from None
        self._untaken.remove(call)
        return call

    async def tidy(self) -> None:
        """Hang up, and let it ring again."""
        self.on_call, self.forward_to = "ring", ""
        for call in self.calls:
            await call.hang_up()
        self._untaken.clear()

    async def watch(self, user: str, package: str, expires_s: int | None = None) -> Lamp:
        """Subscribe as the page says; see the lamp's `response` for what came of it."""
        lamp = Lamp(self, self._to(user), package, expires_s)
        self.lamps.append(lamp)
        await lamp.renew()
        return lamp

    def _to(self, number: str) -> Dialog:
        params = ";user=phone" if self.maker.user_phone and number else ""
        user = number.replace("#", "%23")  # RFC 3261 section 25.1: no user has it as it is
        uri = f"sip:{user}@{DOMAIN}{params}" if number else f"sip:{DOMAIN}"
        if self.maker.dials_tel and number.startswith("+"):
            uri = f"tel:{number}"
        return Dialog(self.address, f"<{uri}>", uri)

    # What it says

    def enter(self, party: Party) -> None:
        """Requests in this dialog are for that party from now on."""
        self._parties[party.dialog.call_id, party.dialog.tag] = party

    async def ask(
        self,
        dialog: Dialog,
        method: str,
        lines: Lines = (),
        content_type: str = "",
        body: str = "",
        heard: Callable[[Response], None] | None = None,
        branch: Callable[[str], None] | None = None,
    ) -> Response:
        """The final response, of the second try where the first was challenged.

        `heard` is told of each response, `branch` the branch of each try. A refused INVITE is acknowledged.
        """
        response = await self._try(dialog, method, lines, content_type, body, heard, branch)
        if response.status != 401:
            return response
        self.challenge = response
        proof = self._proof(response, method, dialog.target, body)
        lines = [*lines, ("Authorization", proof)]
        return await self._try(dialog, method, lines, content_type, body, heard, branch)

    def say(
        self,
        dialog: Dialog,
        method: str,
        lines: Lines = (),
        content_type: str = "",
        body: str = "",
        *,
        cseq: int = 0,
        branch: str = "",
        to: str = "",
        uri: str = "",
    ) -> bytes:
        """A request that is sent once; what was sent."""
        head = [
            ("Via", f"SIP/2.0/{self.wire.transport} {self.wire.here};branch={branch or new_branch()};rport"),
            ("Max-Forwards", "70"),
            ("From", dialog.from_),
            ("To", to or dialog.remote),
            ("Call-ID", dialog.call_id),
            ("CSeq", f"{cseq or dialog.cseq} {method}"),
            *self._contact(lines),
            ("User-Agent", self.maker.user_agent),
            ("Allow", ALLOW),
            *lines,
        ]
        message = write(self.maker, f"{method} {uri or dialog.target} SIP/2.0", head, content_type, body)
        self.wire.send(message)
        return message

    def reply(
        self,
        request: Request,
        status: int,
        lines: Lines = (),
        content_type: str = "",
        body: str = "",
        tag: str = "",
    ) -> None:
        """A response, which is repeated when its request is."""
        to = request.headers.get("To") or ""
        head = [
            *(("Via", via) for via in request.headers.lines("Via")),
            ("From", request.headers.get("From") or ""),
            ("To", to if request.to_tag or not tag else f"{to};tag={tag}"),
            ("Call-ID", request.call_id),
            ("CSeq", str(request.cseq)),
            *self._contact(lines),
            ("User-Agent", self.maker.user_agent),
            *lines,
        ]
        message = write(self.maker, f"SIP/2.0 {status} Whatever", head, content_type, body)
        self._replies[_key(request)] = message
        self.wire.send(message)

    def repeat(self, request: Request) -> None:
        """The last response to it, once more."""
        self.wire.send(self._replies[_key(request)])

    def _contact(self, lines: Lines) -> Lines:
        return [] if any(name == "Contact" for name, _ in lines) else [("Contact", self.contact)]

    async def _try(
        self,
        dialog: Dialog,
        method: str,
        lines: Lines,
        content_type: str,
        body: str,
        heard: Callable[[Response], None] | None,
        tell_branch: Callable[[str], None] | None,
    ) -> Response:
        dialog.cseq += 1
        cseq, branch, uri = dialog.cseq, new_branch(), dialog.target
        if tell_branch is not None:
            tell_branch(branch)
        responses = self._asking[branch, method] = asyncio.Queue()
        message = self.say(dialog, method, lines, content_type, body, branch=branch)
        silent = self.wire.transport == "UDP"
        try:
            while True:
                response = await self._response(responses, message if silent else b"")
                silent = False
                if heard is not None:
                    heard(response)
                if response.status < 200:
                    continue
                if method == "INVITE" and response.status >= 300:
                    to = response.headers.get("To") or ""
                    self.say(dialog, "ACK", cseq=cseq, branch=branch, to=to, uri=uri)
                return response
        finally:
            del self._asking[branch, method]

    async def _response(self, responses: "asyncio.Queue[Response]", message: bytes) -> Response:
        """The next one; until then the message is said again and again, where there is one."""
        for wait_s in (T1_S, 2 * T1_S, 4 * T1_S) if message else ():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    return await responses.get()
            self.wire.send(message)
        return await responses.get()

    def _proof(self, response: Response, method: str, uri: str, body: str) -> str:
        challenges = [
            each
            for each in response.headers.lines("WWW-Authenticate")
            if (parse_credentials(each) or {}).get("algorithm", "MD5") in ("MD5", self.maker.algorithm)
        ]
        proof = client_response(
            challenges, method, uri, self.user, self._secret, body.encode(), cnonce=secrets.token_hex(8)
        )
        if proof is None:
            raise PeerError(f"{self.user}: no challenge that it can answer in {challenges}")
        return proof

    # What it hears

    def _take(self, data: bytes) -> None:
        if is_keepalive(data):
            return
        message = parse(data)
        if isinstance(message, Response):
            if (responses := self._asking.get(_key(message))) is not None:
                responses.put_nowait(message)
            return
        if message.method != "ACK" and (said := self._replies.get(_key(message))) is not None:
            self.wire.send(said)
            return
        self._hear(message)

    def _hear(self, request: Request) -> None:
        party = self._parties.get((request.call_id, request.to_tag or ""))
        if party is not None:
            party.take(request)
        elif request.method == "INVITE" and request.to_tag is None:
            self._invited(request)
        elif request.method == "CANCEL":
            self._cancelled(request)
        elif request.method in ("OPTIONS", "NOTIFY") and request.to_tag is None:
            self.reply(request, 200, tag="alive")
            self.unsolicited += [request] if request.method == "NOTIFY" else []
        elif request.method != "ACK":
            self.reply(request, 481)

    def _invited(self, request: Request) -> None:
        call = DeskCall(self, Dialog.answering(request), incoming=True)
        call.invited(request)
        self._untaken.append(call)
        self._rang.set()

    def _cancelled(self, request: Request) -> None:
        branch = request.top_via.branch
        call = next((each for each in self.calls if each.incoming and each.branch == branch), None)
        self.reply(request, 481 if call is None else 200)
        if call is not None:
            call.cancelled(request)


def new_branch() -> str:
    return f"z9hG4bK{secrets.token_hex(8)}"


def _key(message: Request | Response) -> tuple[str, str]:
    """Of its transaction (RFC 3261 section 17.1.3)."""
    return message.top_via.branch or "", message.cseq.method
