"""The soft keys of every phone: what they show, and what becomes of it when one is pressed.

A wish that cannot be granted changes nothing: the phone is told the truth again, and its key shows that.
"""

from collections.abc import Callable
from typing import Final

import structlog
from msgspec.structs import replace

from acd.events import AgentStateSet, Event, WantedState
from acd.router import Router
from sip.syntax.malformed import Malformed
from sip.syntax.uri import Uri
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
from switch.staffing import Staffing

DOOR: Final = "phone's key"
_WANTED: Final = {
    Wanted.LOGGED_OFF: WantedState.OFFLINE,
    Wanted.READY: WantedState.READY,
    Wanted.NOT_READY: WantedState.PAUSED,
}


class NotGranted(Exception):
    """A wish of a phone is refused; the message says why."""


class FeatureKeys:
    """Asked each time; nothing is kept."""

    def __init__(
        self,
        preferences: PhonePreferences,
        staffing: Staffing,
        router: Router,
        post: Callable[[Event], None],
    ) -> None:
        self._preferences = preferences
        self._staffing = staffing
        self._router = router
        self._post = post
        self._log = structlog.get_logger("phone")

    # What they show

    def shown(self, phone: str) -> Keys:
        """What the keys of a phone show now."""
        return Keys(device=phone, preferences=self._preferences.of(phone), agent=self._agent(phone))

    def is_quiet(self, phone: str) -> bool:
        """Whether it does not want to be disturbed."""
        return self._preferences.of(phone).do_not_disturb

    def phone_of(self, agent: str) -> str | None:
        """Where the agent sits."""
        return self._staffing.phone_of(agent)

    def _agent(self, phone: str) -> KeyAgent | None:
        name = self._staffing.agent_at(phone)
        view = None if name is None else self._router.agent(name)
        return None if view is None else KeyAgent(view.name, AgentState(view.state.value), view.reason)

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
            case SetAgentState():
                self._set_agent_state(phone, request)
            case SetHoteling():
                raise NotGranted("not yet: hoteling")
            case GetAgentState():
                pass

    def _set_agent_state(self, phone: str, request: SetAgentState) -> None:
        agent = self._agent(phone)
        if agent is None or request.agent not in ("", agent.name):
            raise NotGranted(f"agent {request.agent!r} does not sit at phone {phone!r}")
        logs_on = request.wanted is Wanted.LOGGED_ON
        if logs_on and agent.state is not AgentState.OFFLINE:
            return
        wanted = WantedState.READY if logs_on else _WANTED.get(request.wanted)
        if wanted is None:
            raise NotGranted("not yet: wrap-up is longer than its queue says")
        self._post(AgentStateSet(agent=agent.name, state=wanted, reason=request.reason))


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
