"""The soft keys of every phone: what they show, and what becomes of it when one is pressed.

A wish that cannot be granted changes nothing: the phone is told the truth again, and its key shows that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from msgspec.structs import replace

from sip.syntax.malformed import Malformed
from sip.syntax.uri import Uri
from switch.desk.desk import Desk
from switch.desk.wishes import DOES, ExtendWrapUp, LogIn, LogOut, Pause, Ready, Wish
from switch.feature_keys.documents import RING_S, KeyAgent, Keys
from switch.feature_keys.requests import (
    GetAgentState,
    NotARequest,
    Request,
    SetAgentState,
    SetDoNotDisturb,
    SetForwarding,
    SetHoteling,
    Wanted,
    read,
)
from switch.preferences import NotForwardable, PhonePreferences, Preferences, When
from switch.records import AgentState

DOOR: Final = "key"
NONCE_S: Final = 60.0
"""So long who logs in may take to say his PIN."""


class NotGranted(Exception):
    """A wish of a phone is refused; the message says why."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a phone was asked whose guest has to prove that he is `agent`."""

    agent: str
    nonce: str
    until: float


class FeatureKeys:
    """`pauses` are the reasons for a pause by the number that phones have for them; `changed` hears of each
    phone whose agent is another, or in another state.
    """

    def __init__(
        self,
        preferences: PhonePreferences,
        desk: Desk,
        pauses: Callable[[], Mapping[str, str]],
        changed: Callable[[str], None],
        now: Callable[[], float],
        token: Callable[[], str],
    ) -> None:
        self._preferences = preferences
        self._desk = desk
        self._pauses = pauses
        self._changed = changed
        self._now = now
        self._token = token
        self._seats: dict[str, str | None] = {}
        """At which phone each agent was shown last."""
        self._asked: dict[str, _Asked] = {}
        self._log = structlog.get_logger("phone")
        desk.listen(self._agent_changed)

    # What they show

    def shown(self, phone: str) -> Keys:
        """What the keys of a phone show now."""
        agent, asked = self._agent(phone), self._asked.get(phone)
        if agent is not None:
            self._seats[agent.name] = phone
        return Keys(
            device=phone,
            preferences=self._preferences.of(phone),
            agent=agent,
            guest="" if agent is None or agent.state is AgentState.OFFLINE else agent.name,
            nonce="" if asked is None else asked.nonce,
        )

    def is_quiet(self, phone: str) -> bool:
        """Whether it does not want to be disturbed."""
        return self._preferences.of(phone).do_not_disturb

    def _agent(self, phone: str) -> KeyAgent | None:
        name = self._desk.agent_at(phone)
        view = None if name is None else self._desk.view(name)
        if view is None:
            return None
        code = next((code for code, reason in self._pauses().items() if reason == view.reason), "")
        return KeyAgent(view.name, AgentState(view.state.value), view.reason, code)

    def _agent_changed(self, agent: str) -> None:
        before, now = self._seats.get(agent), self._desk.phone_of(agent)
        self._seats[agent] = now
        for phone in (before, now):
            if phone is not None:
                self._changed(phone)

    # What they ask for

    def pressed(self, phone: str, body: bytes) -> str:
        """Do what a phone asks for; the key that it was, empty where none is known."""
        try:
            request = read(body)
        except NotARequest as error:
            self._log.warning("key not understood", phone=phone, why=str(error))
            return ""
        try:
            self._grant(phone, request)
        except (NotForwardable, NotGranted) as error:
            self._log.info("key refused", phone=phone, why=str(error))
        return _key(request)

    def _grant(self, phone: str, request: Request) -> None:
        """Raises NotForwardable, NotGranted."""
        before = self._preferences.of(phone)
        match request:
            case SetDoNotDisturb(on=on):
                self._preferences.set(phone, replace(before, do_not_disturb=on), DOOR)
            case SetForwarding():
                self._preferences.set(phone, _forwarded(before, request), DOOR)
            case SetAgentState(wanted=Wanted.LOGGED_ON):
                self._log_on(phone, request)
            case SetAgentState():
                self._ask(self._wish(phone, request))
            case SetHoteling(guest=""):
                self._free(phone)
            case SetHoteling():
                self._host(phone, request)
            case GetAgentState():
                pass

    def _ask(self, wish: Wish) -> None:
        answer = self._desk.ask(wish)
        if answer not in DOES:
            raise NotGranted(f"{type(wish).__name__}: {answer.value}")

    def _log_on(self, phone: str, request: SetAgentState) -> None:
        agent = self._meant(phone, request.agent)
        if agent is None:
            raise NotGranted("it does not say who logs on")
        if agent != self._desk.agent_at(phone) or not self._is_on(agent):
            self._ask(LogIn(agent, phone, request.password))

    def _wish(self, phone: str, request: SetAgentState) -> Wish:
        agent = self._desk.agent_at(phone)
        if agent is None or self._meant(phone, request.agent) != agent:
            raise NotGranted(f"agent {request.agent!r} does not sit there")
        match request.wanted:
            case Wanted.LOGGED_OFF:
                return LogOut(agent)
            case Wanted.NOT_READY:
                return Pause(agent, self._pauses().get(request.reason, request.reason))
            case Wanted.WORKING_AFTER_CALL:
                return ExtendWrapUp(agent)
            case _:
                return Ready(agent)

    def _host(self, phone: str, request: SetHoteling) -> None:
        """A guest comes: he is asked for his PIN, and then is there."""
        asked, guest = self._asked.pop(phone, None), self._named(request.guest)
        if guest == self._desk.agent_at(phone) and self._is_on(guest):
            return
        if not request.nonce:
            self._asked[phone] = _Asked(guest, self._token(), self._now() + NONCE_S)
        elif (
            asked is None or (asked.agent, asked.nonce) != (guest, request.nonce) or asked.until < self._now()
        ):
            raise NotGranted("it does not answer what it was asked")
        else:
            self._ask(LogIn(guest, phone, request.response.lower(), nonce=request.nonce))

    def _free(self, phone: str) -> None:
        """The guest goes."""
        self._asked.pop(phone, None)
        if (agent := self._desk.agent_at(phone)) is not None:
            self._ask(LogOut(agent))

    def _meant(self, phone: str, written: str) -> str | None:
        """Whom a phone means: who sits there, where it names nobody or itself."""
        named = self._named(written)
        return self._desk.agent_at(phone) if named in ("", phone) else named

    def _named(self, written: str) -> str:
        """The agent whom a phone names; what it says, where that is nobody."""
        number = _number(written) or written
        return self._desk.agent_of(number) or number

    def _is_on(self, agent: str) -> bool:
        view = self._desk.view(agent)
        return view is not None and AgentState(view.state.value) is not AgentState.OFFLINE


def _forwarded(before: Preferences, request: SetForwarding) -> Preferences:
    """What a phone wants that is told of its forwarding. Raises NotGranted."""
    number: str | None = None
    if request.on:
        number = _number(request.number) or before.forwarding(request.when)
        if number is None:
            raise NotGranted("it does not say where to forward calls")
    match request.when:
        case When.ALWAYS:
            return replace(before, always=number)
        case When.BUSY:
            return replace(before, busy=number)
        case When.NO_ANSWER if request.rings is None:
            return replace(before, no_answer=number)
        case When.NO_ANSWER:
            return replace(before, no_answer=number, no_answer_after=request.rings * RING_S)


def _number(text: str) -> str:
    """Phones write a number, or a URI."""
    if ":" not in text:
        return text
    try:
        return (Uri.parse(text).number or "").partition(";")[0]
    except Malformed:
        return ""


def _key(request: Request) -> str:
    """Which document tells of it."""
    match request:
        case SetDoNotDisturb():
            return "do not disturb"
        case SetForwarding(when=when):
            return when.value
        case SetAgentState() | GetAgentState():
            return "agent"
        case SetHoteling():
            return ""
