"""Feature codes: a phone asks the desk for something by a call, and hears what becomes of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from media.aio.sounds import SoundError
from media.desk_prompts import REASON
from media.spoken.sayings import PAUSE, Number, Prompt, Saying
from switch.calls.ending import EndedBy
from switch.calls.flow import Call, Flow
from switch.calls.supervision import Mode, NotNow, supervise
from switch.config.choices import Role
from switch.config.desk import Code
from switch.config.targets import CodeTarget
from switch.desk.wishes import Answer, EndWrapUp, ExtendWrapUp, LogIn, LogOut, Pause, Ready, Wish
from switch.exchange import Exchange
from switch.flows.preference_codes import PREFERENCE_CODES, prefer

Sayings = tuple[Saying, ...]

_GRANTED: Final[Mapping[Code, str]] = {
    Code.LOGIN: "desk-logged-in",
    Code.LOGOUT: "desk-logged-out",
    Code.READY: "desk-ready",
    Code.PAUSE: "desk-paused",
    Code.WRAP_UP_END: "desk-wrap-up-over",
    Code.WRAP_UP_EXTEND: "desk-wrap-up-extended",
    Code.RECORD_ON: "desk-recording",
    Code.RECORD_OFF: "desk-not-recording",
}
_REFUSED: Final[Mapping[Answer, str]] = {
    Answer.NOT_NOW: "desk-not-now",
    Answer.WRONG_PIN: "desk-wrong-pin",
    Answer.LOCKED: "desk-locked",
    Answer.TALKING: "desk-talking",
    Answer.TAKEN: "desk-taken",
    Answer.NOBODY: "desk-nobody",
}
_PLAIN: Final[Mapping[Code, Callable[[str], Wish]]] = {
    Code.LOGOUT: LogOut,
    Code.READY: Ready,
    Code.WRAP_UP_END: EndWrapUp,
    Code.WRAP_UP_EXTEND: ExtendWrapUp,
}
"""What needs to know nothing but who asks."""


def feature_code(exchange: Exchange, target: CodeTarget) -> Flow:
    """Answer, do what the code asks for, and say in the agent's language what became of it."""

    async def serve(call: Call) -> None:
        serving = _Serving(exchange, call, target)
        await call.answer()
        if sayings := await serving.serve():
            await serving.say(*sayings)

    return serve


def said(code: Code, answer: Answer) -> Sayings:
    """What becomes of a code's wish, in prompts."""
    if answer in _REFUSED:
        return (Prompt(_REFUSED[answer]),)
    granted = Prompt(_GRANTED[code])
    return (granted, Prompt("desk-later")) if answer is Answer.LATER else (granted,)


class _Serving:
    """One call of a code."""

    def __init__(self, exchange: Exchange, call: Call, target: CodeTarget) -> None:
        self._exchange = exchange
        self._desk = exchange.desk
        self._call = call
        self._code = target.code
        self._arguments = target.arguments
        self._phone = call.caller.peer.name
        self._agent = self._desk.agent_at(self._phone)
        self._speak_to(self._agent)

    async def serve(self) -> Sayings:
        """Do it; what is to be said of it."""
        if self._code is Code.LOGIN:
            return await self._log_in()
        if self._code in PREFERENCE_CODES:
            number = self._arguments[0] if self._arguments else ""
            return (Prompt(prefer(self._exchange.preferences, self._phone, self._code, number)),)
        if self._agent is None:
            return said(self._code, Answer.NOBODY)
        if self._code in _PLAIN:
            return said(self._code, self._desk.ask(_PLAIN[self._code](self._agent)))
        return await _OTHERS[self._code](self, self._agent)

    async def say(self, *sayings: Saying) -> None:
        """Say all this; without its prompts, nothing. A phone that has our BYE plays no more: it comes after
        the last word.
        """
        try:
            await self._call.say(Prompt(PAUSE), *sayings, Prompt(PAUSE))
        except SoundError as error:
            structlog.get_logger("desk").warning("cannot say it", call=self._call.id, error=str(error))

    async def _log_in(self) -> Sayings:
        agents = self._exchange.config.agents
        own = next((name for name, agent in agents.items() if agent.phone == self._phone), None)
        if self._arguments or own is None:
            agent = self._desk.agent_of(await self._argument(0, "desk-ask-agent"))
        else:
            agent = own
        self._speak_to(agent)
        pin = "" if agent is not None and agent == own else await self._argument(1, "desk-ask-pin")
        return said(self._code, self._desk.ask(LogIn(agent or "", self._phone, pin)))

    async def pause(self, agent: str) -> Sayings:
        """With the reason of that number, or with none."""
        number = self._arguments[0] if self._arguments else None
        reason = None if number is None else self._exchange.config.desk.pauses.get(number)
        if number is not None and reason is None:
            return (Prompt("desk-unknown-reason"),)
        answer = self._desk.ask(Pause(agent, reason or ""))
        spoken = () if number is None or reason is None else (self._reason(number, reason),)
        first, *rest = said(self._code, answer)
        return (first, *spoken, *rest)

    async def record(self, agent: str) -> Sayings:
        """Of the talk that he has on hold, or on another line."""
        talk = self._call.book.talk_at(self._phone)
        kept = talk is not None and talk.keep(self._code is Code.RECORD_ON, EndedBy.AGENT)
        return said(self._code, Answer.DONE if kept else Answer.NOT_NOW)

    async def listen(self, agent: str) -> Sayings:
        """He hears a call of somebody else's from now on, and this call of his is over."""
        if self._exchange.config.agents[agent].role is not Role.SUPERVISOR:
            return (Prompt("desk-not-allowed"),)
        phone = self._desk.phone_meant("".join(self._arguments))
        talk = self._call.book.talk_at(phone) if phone not in (None, self._phone) else None
        leg, plane = self._call.caller, self._exchange.plane
        if talk is None or not plane.mixes(leg.port, talk.caller.port):
            return said(self._code, Answer.NOT_NOW)
        try:
            supervise(self._exchange, talk, self._phone, Mode.LISTEN, EndedBy.SUPERVISOR, leg)
        except NotNow:
            return said(self._code, Answer.NOT_NOW)
        self._call.ledger.legs.remove(leg)
        return ()

    def _reason(self, number: str, reason: str) -> Saying:
        """By its prompt, or by its number where it has none."""
        prompt = Prompt(f"{REASON}{reason}")
        try:
            self._exchange.sounds.spoken((prompt,), self._call.language)
        except SoundError:
            return Number(int(number))
        return prompt

    async def _argument(self, place: int, prompt: str) -> str:
        """What was dialled behind the code, or what is pressed when asked."""
        if place < len(self._arguments):
            return self._arguments[place]
        try:
            return await self._call.ask(Prompt(PAUSE), Prompt(prompt))
        except SoundError:
            return ""

    def _speak_to(self, agent: str | None) -> None:
        """In his language from now on; the server's is that of whoever has none."""
        config = self._exchange.config
        settings = config.agents.get(agent or "")
        language = config.server.language if settings is None else settings.language or config.server.language
        self._call.language = language.value


_OTHERS: Final[Mapping[Code, Callable[[_Serving, str], Awaitable[Sayings]]]] = {
    Code.PAUSE: _Serving.pause,
    Code.RECORD_ON: _Serving.record,
    Code.RECORD_OFF: _Serving.record,
    Code.LISTEN: _Serving.listen,
}
