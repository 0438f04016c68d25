"""A call as a desk phone has it: rung, answered, held, transferred, ended, the way its maker's page says."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from sip.syntax.message import Request, Response
from tests.peers.audio import Pcm
from tests.peers.child import PeerError
from tests.peers.makers.dialog import Dialog
from tests.peers.makers.log import What
from tests.peers.makers.maker import Hold
from tests.peers.makers.writing import Description, Lines, audio, packed
from tests.peers.voice import DECODE, Voice

if TYPE_CHECKING:
    from tests.peers.makers.desk import DeskPhone

State = Literal["calling", "ringing", "talking", "ended"]
GLARE_S = 0.3
T1_S = 0.5


class DeskCall:
    """`responses` are those to its INVITE, `told` the NOTIFYs within; `held_by_peer`: it is to wait."""

    def __init__(self, phone: "DeskPhone", dialog: Dialog, *, incoming: bool) -> None:
        self.phone = phone
        self.dialog = dialog
        self.incoming = incoming
        self.state: State = "calling"
        self.request: Request | None = None
        """The INVITE that came."""
        self.responses: list[Response] = []
        self.told: list[Request] = []
        self.branch = ""
        self.status = 0
        """The final one of its INVITE."""
        self.ended_by: Literal["", "us", "them"] = ""
        self.holding: Hold | None = None
        self.held_by_peer = False
        self.voice: Voice
        self._described: Description
        self._said = ""
        self._called = dialog.target
        self._invite_cseq = 0
        self._changed = asyncio.Event()
        self._pracked = asyncio.Event()
        self._acked = asyncio.Event()
        self._open = contextlib.AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        phone.calls.append(self)
        phone.enter(self)

    def __repr__(self) -> str:
        return f"<DeskCall of {self.phone.user} ({self.phone.maker.name}) {self.state} {self.status}>"

    def is_from(self, *callers: str) -> bool:
        """Whether one of these calls; without any, whoever does."""
        return not callers or (self.request is not None and self.request.from_.uri.user in callers)

    async def until(self, met: State | Callable[[Self], bool], timeout_s: float = 10.0) -> Self:
        """Wait for a state, or for anything else that a message can bring about."""
        reached = (lambda call: call.state == met) if isinstance(met, str) else met
        try:
            async with asyncio.timeout(timeout_s):
                while not reached(self):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise PeerError(f"not within {timeout_s:g} s: {met}; {self}") from None
        return self

    async def close(self) -> None:
        """Forget it, whatever its state."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._open.aclose()

    # Calling

    async def invite(self, extra: Sequence[tuple[str, str]]) -> None:
        """Call whom the dialog is meant for."""
        await self._speak()
        self._start(self._call(extra))

    async def _call(self, extra: Sequence[tuple[str, str]]) -> None:
        maker = self.phone.maker
        self._note("calls", self.dialog.target)
        sdp = "" if maker.late_offer else self._described.offer()
        lines = [*self._lines("timer"), *((n, self.phone.own(v)) for n, v in maker.invite_headers), *extra]
        response = await self.phone.ask(
            self.dialog, "INVITE", lines, *packed(maker, sdp), heard=self._heard, branch=self._tried
        )
        self.status = response.status
        if response.status >= 300:
            self._end("them")
            return
        self._acknowledge(response, self._invite_cseq, late=maker.late_offer and not self._said)
        self._move("talking", "answered")
        codecs = [each for each in audio(response.body)[1].codecs.values() if each in DECODE]
        if maker.locks_codec and len(codecs) > 1:
            await self._reinvite(self._described.offer(only="PCMU" if codecs[0] == 0 else "PCMA"))

    def _tried(self, branch: str) -> None:
        self.branch, self._invite_cseq = branch, self.dialog.cseq

    def _heard(self, response: Response) -> None:
        self.responses.append(response)
        if 100 < response.status < 300:
            self.dialog.met(response)
        if 100 < response.status < 200:
            self._move("ringing", "rung")
            if response.has_option("100rel", "Require"):
                self._start(self._prack(response))
            elif response.body:
                self._agree(response.body)

    async def _prack(self, response: Response) -> None:
        """Acknowledge what came reliably, with our answer where it has an offer (RFC 3262 section 5)."""
        if response.body:
            self._agree(response.body)
            if self.phone.maker.late_offer and not self._said:
                self._said = self._described.answer(response.body)
        rack = ("RAck", f"{response.headers.get('RSeq')} {response.cseq}")
        await self.phone.ask(self.dialog, "PRACK", [rack], *packed(self.phone.maker, self._said))

    # Being called

    def invited(self, request: Request) -> None:
        """It rings, unless the phone is set to do something else."""
        self.request, self.branch = request, request.top_via.branch or ""
        if self.phone.forward_to:
            forward = f"<sip:{self.phone.forward_to}@{self.dialog.local.partition('@')[2].partition('>')[0]}>"
            diversion = ("Diversion", f"<sip:{self.phone.user}@x.example>;reason=unconditional")
            self._refuse(302, [("Contact", forward), diversion])
        elif self.phone.on_call == "busy":
            self._refuse(486)
        else:
            self._start(self._ring(request))

    async def _ring(self, request: Request) -> None:
        maker = self.phone.maker
        await self._speak()
        reliable = maker.reliable and request.has_option("100rel", "Supported", "Require")
        lines = [("Require", "100rel"), ("RSeq", "1")] if reliable else []
        self._answer_to(request)
        early = self._said if maker.early_media else ""
        status = 183 if early else 180
        self.phone.reply(request, status, lines, "application/sdp", early, self.dialog.tag)
        if not reliable:
            self._pracked.set()
        self._move("ringing", "rung")
        if self.phone.on_call == "answer" or self.obeys(request):
            await self.answer()

    def obeys(self, request: Request) -> bool:
        """Whether it is told to answer by itself, in words that it knows."""
        page = self.phone.maker.answers_at_once
        return any(words in (request.headers.get(name) or "") for name, words in page)

    def _answer_to(self, request: Request) -> None:
        self._said = self._described.offer()
        if request.body:
            self._agree(request.body)
            self._said = self._described.answer(request.body)

    async def answer(self) -> None:
        """Lift the receiver; returns with the ACK."""
        request = self.request
        assert request is not None
        await self.until("ringing")
        await self._pracked.wait()
        lines = self._lines()
        interval = (request.headers.get("Session-Expires") or "").partition(";")[0]
        if interval and self.phone.maker.session_expires_s:
            lines += [("Session-Expires", f"{interval};refresher=uac"), ("Require", "timer")]
        self.phone.reply(request, 200, lines, *packed(self.phone.maker, self._said), self.dialog.tag)
        self.status = 200
        self._move("talking", "answered")
        async with asyncio.timeout(10.0):
            await self._acknowledged(request)

    async def _acknowledged(self, request: Request) -> None:
        """The answer is given again and again until somebody takes it (RFC 3261 section 13.3.1.4)."""
        wait_s = T1_S
        while not self._acked.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._acked.wait()
                    return
            if self.phone.wire.transport == "UDP":
                self.phone.repeat(request)
            wait_s *= 2

    async def reject(self, status: int = 486) -> None:
        """Do not want it."""
        self._refuse(status)

    def _refuse(self, status: int, lines: Lines = ()) -> None:
        assert self.request is not None
        self.status = status
        self.phone.reply(self.request, status, lines, tag=self.dialog.tag)
        self._end("us")

    def cancelled(self, request: Request) -> None:
        """They do not want it any more."""
        if self.state != "talking" and self.state != "ended" and self.request is not None:
            self.status = 487
            self.phone.reply(self.request, 487, tag=self.dialog.tag)
            self._end("them")

    # In the middle

    async def hold(self, hold: Hold | None = None) -> Response:
        """In the form that is named, or in the maker's own."""
        self.holding = hold or self.phone.maker.holds[0]
        self.voice.hush()
        response = await self._reinvite(self._described.offer(self.holding))
        self._note("held", self.holding)
        return response

    async def resume(self) -> Response:
        """Talk again."""
        self.holding = None
        late = self.phone.maker.late_resume
        response = await self._reinvite("" if late else self._described.offer())
        self._note("resumed")
        return response

    async def refresh(self) -> Response:
        """The same description once more, or none, as the page's phones do it."""
        if self.phone.maker.refresh_by == "UPDATE":
            return await self.phone.ask(self.dialog, "UPDATE", self._lines("timer"))
        return await self._reinvite(self._described.offer(self.holding))

    async def _reinvite(self, sdp: str) -> Response:
        """Once more where the other side was about to do the same (RFC 3261 section 14.1)."""
        for _ in range(5):
            lines, body = self._lines("timer"), packed(self.phone.maker, sdp)
            response = await self.phone.ask(self.dialog, "INVITE", lines, *body)
            if response.status != 491:
                break
            await asyncio.sleep(GLARE_S)
        if response.status < 300:
            self._acknowledge(response, self.dialog.cseq, late=not sdp)
        return response

    async def press(self, digits: str) -> None:
        """As events (RFC 4733)."""
        self._note("keys", digits)
        await self.voice.press(digits)

    async def listen(self, seconds: float = 0.2) -> Pcm:
        """What comes next."""
        return await self.voice.listen(seconds)

    # Transfer

    async def transfer(self, number: str) -> Response:
        """Blindly."""
        return await self._refer(f"<sip:{number}@{self._host}>", number)

    async def transfer_to(self, other: "DeskCall") -> Response:
        """To whom that call is with; where he has not answered, as the page's phones do it."""
        number = other.dialog.remote.partition("sip:")[2].partition("@")[0]
        if other.state == "ringing" and self.phone.maker.semi_attended == "blind":
            await other.hang_up()
            return await self.transfer(number)
        return await self._refer(f"<sip:{number}@{self._host}?Replaces={other.dialog.escaped_name}>", number)

    async def _refer(self, refer_to: str, number: str) -> Response:
        maker = self.phone.maker
        lines = [("Refer-To", refer_to), *((n, self.phone.own(v)) for n, v in maker.refer_headers)]
        lines += [] if maker.refer_sub else [("Refer-Sub", "false")]
        response = await self.phone.ask(self.dialog, "REFER", [*lines, *self._lines()])
        self._note("transferred", f"{number}: {response.status}")
        if response.status < 300 and maker.leaves == "at-202":
            await self.hang_up()
        return response

    @property
    def _host(self) -> str:
        return self.phone.address.partition("@")[2].rstrip(">")

    # The end

    async def hang_up(self) -> None:
        """Whatever its state: BYE, CANCEL or a refusal."""
        if self.state == "ended":
            return
        if self.state == "talking":
            self._end("us")
            await self.phone.ask(self.dialog, "BYE")
        elif self.incoming:
            self._refuse(603)
        else:
            await self.until(lambda call: call.state != "calling")  # RFC 3261 section 9.1
            cseq, uri = self._invite_cseq, self._called
            self.phone.say(self.dialog, "CANCEL", cseq=cseq, branch=self.branch, to=f"<{uri}>", uri=uri)
            await self.until("ended")

    def take(self, request: Request) -> None:
        """A request within."""
        match request.method:
            case "ACK":
                self._agree(request.body)
                self._acked.set()
            case "BYE":
                self.phone.reply(request, 200)
                self._end("them")
            case "INVITE" | "UPDATE":
                self._offered(request)
            case "NOTIFY":
                self._notified(request)
            case method:
                self.phone.reply(request, 200)
                if method == "PRACK":
                    self._pracked.set()
        self._changed.set()

    def _offered(self, request: Request) -> None:
        lines = self._lines()
        if request.method == "UPDATE" and not request.body:
            self.phone.reply(request, 200, lines)
            return
        said = self._described.offer(self.holding)
        if request.body:
            self._agree(request.body)
            said = self._described.answer(request.body, self.holding)
        self.phone.reply(request, 200, lines, *packed(self.phone.maker, said))

    def _notified(self, request: Request) -> None:
        self.told.append(request)
        self.phone.reply(request, 200)
        if b" 200 " in request.body and self.phone.maker.leaves == "at-200":
            self._start(self.hang_up())

    # Inside

    async def _speak(self) -> None:
        self.voice = await self._open.enter_async_context(Voice.speaking(self.phone.hz))
        self.voice.event_type = self.phone.maker.event_type
        self._described = Description(self.phone.maker, self.voice.host, self.voice.port)

    def _acknowledge(self, response: Response, cseq: int, *, late: bool) -> None:
        self.dialog.met(response)
        self._agree(response.body)
        said = self._described.answer(response.body, self.holding) if late else ""
        self.phone.say(self.dialog, "ACK", (), *packed(self.phone.maker, said), cseq=cseq)

    def _agree(self, sdp: bytes) -> None:
        """What they say of their media: speak to them, in a law of theirs, if they want to hear it."""
        if not sdp:
            return
        description, medium = audio(sdp)
        direction, address = description.direction(medium), description.address(medium)
        laws = [number for number in medium.codecs.values() if number in DECODE]
        self.held_by_peer = not direction.sends or address == "0.0.0.0"
        self.voice.event_type = medium.codecs.get("TELEPHONE-EVENT", self.phone.maker.event_type)
        self.voice.say(self.phone.hz, laws[0])
        self.voice.meet(sdp.decode())
        self.voice.hush(not direction.receives or address == "0.0.0.0" or self.holding is not None)

    def _lines(self, *what: str) -> list[tuple[str, str]]:
        maker = self.phone.maker
        lines = list(maker.headers)
        if maker.session_expires_s and "timer" in what:
            lines.append(("Session-Expires", str(maker.session_expires_s)))
        return lines

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _note(self, what: What, detail: str = "") -> None:
        self.phone.log.note(what, self.dialog.call_id, detail)

    def _move(self, state: State, what: What) -> None:
        if self.state != state and self.state != "ended":
            self.state = state
            self._note(what)
            self._changed.set()

    def _end(self, by: Literal["us", "them"]) -> None:
        if self.state != "ended":
            self.state, self.ended_by = "ended", by
            self._note("ended", by)
            self._changed.set()
            self._start(self._open.aclose())
