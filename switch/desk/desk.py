"""The desk: wishes of agents, checked, become events of the router and seats, whatever the door."""

import hashlib
import hmac
from collections.abc import Callable
from typing import TypeAlias, assert_never

import structlog

from acd.agent import AgentState
from acd.events import AgentStateSet, Event, WantedState, WrapUpDone, WrapUpExtended
from acd.views import AgentView
from switch.config.desk import PinGuarding
from switch.config.schema import Config
from switch.desk.pins import PinGuard, Who
from switch.desk.wishes import (
    ANSWERS,
    DOES,
    MAKES_ROOM,
    MOVES,
    Answer,
    EndWrapUp,
    ExtendWrapUp,
    LogIn,
    LogOut,
    Pause,
    Ready,
    Wish,
)
from switch.dispatch import Dispatch
from switch.staffing import Staffing

Listener: TypeAlias = Callable[[str], None]


class Desk:
    """Every agent's. `config` is the one in force, `now` the monotonic clock."""

    def __init__(
        self, dispatch: Dispatch, staffing: Staffing, config: Callable[[], Config], now: Callable[[], float]
    ) -> None:
        self._dispatch = dispatch
        self._staffing = staffing
        self._config = config
        self._now = now
        self._pins = PinGuard(PinGuarding())
        self._listeners: list[Listener] = []
        self._leaving: set[str] = set()
        """Who has logged out in the middle of a call at the phone of somebody else."""
        self._log = structlog.get_logger("desk")
        staffing.on_moved = self.changed

    # For the doors

    def ask(self, wish: Wish) -> Answer:
        """Grant the wish in this turn of the loop, or say why not."""
        view = self.view(wish.agent)
        answer = self._log_in(wish, view) if isinstance(wish, LogIn) else self._stay(wish, view)
        self._log.info("agent asks", agent=wish.agent, wish=type(wish).__name__, answer=answer.value)
        self._dispatch.flush()
        return answer

    def listen(self, listener: Listener) -> None:
        """Call with the name of each agent whose state, reason, call or phone is another, in that turn."""
        self._listeners.append(listener)

    def view(self, agent: str) -> AgentView | None:
        """What the router knows of an agent."""
        return self._dispatch.router.agent(agent)

    def agent_at(self, phone: str) -> str | None:
        """Who sits there, logged in or not."""
        return self._staffing.agent_at(phone)

    def phone_of(self, agent: str) -> str | None:
        """Where he sits."""
        return self._staffing.phone_of(agent)

    def agent_of(self, number: str) -> str | None:
        """Whom a number that is dialled means: `agents.NAME.number`, or the name itself."""
        agents = self._config().agents
        if number in agents:
            return number
        return next((name for name, agent in agents.items() if agent.number == number), None)

    def phone_meant(self, number: str) -> str | None:
        """The phone of that name, or the one at which the agent of that number sits."""
        if number in self._config().phones:
            return number
        agent = self.agent_of(number)
        return None if agent is None else self.phone_of(agent)

    # For the switch

    def start(self) -> None:
        """After a restart: who had logged out has left."""
        for agent in self._staffing.guests():
            view = self.view(agent)
            if view is None or view.state is AgentState.OFFLINE:
                self._staffing.rise(agent)

    def configured(self) -> None:
        """There is another configuration."""
        self._pins.settings = self._config().desk.pin

    def changed(self, agent: str) -> None:
        """The agent's state or phone is another."""
        if agent in self._leaving:
            self._leave(agent)
        for listener in self._listeners:
            listener(agent)

    # Inside

    def _stay(
        self, wish: LogOut | Ready | Pause | EndWrapUp | ExtendWrapUp, view: AgentView | None
    ) -> Answer:
        if view is None or view.leaving:
            return Answer.NOBODY
        answer = ANSWERS[type(wish)][view.state]
        if isinstance(wish, ExtendWrapUp) and view.call is None:
            answer = Answer.NOT_NOW  # in a call of his own, which no wrap-up follows
        if answer in DOES:
            self._dispatch.post(self._event(wish))
            self._follow(wish)
        return answer

    def _event(self, wish: LogOut | Ready | Pause | EndWrapUp | ExtendWrapUp) -> Event:
        match wish:
            case LogOut(agent=agent):
                return AgentStateSet(agent=agent, state=WantedState.OFFLINE)
            case Ready(agent=agent):
                return AgentStateSet(agent=agent, state=WantedState.READY)
            case Pause(agent=agent, reason=reason):
                return AgentStateSet(agent=agent, state=WantedState.PAUSED, reason=reason)
            case EndWrapUp(agent=agent):
                return WrapUpDone(agent=agent)
            case ExtendWrapUp(agent=agent):
                by_us = round(self._config().desk.wrap_up_extension * 1e6)
                return WrapUpExtended(agent=agent, by_us=by_us)
            case _:
                assert_never(wish)

    def _follow(self, wish: Wish) -> None:
        """Who logs out gives up the phone of somebody else; who comes back before he has left does not."""
        if isinstance(wish, LogOut):
            self._dispatch.flush()
            self._leaving.add(wish.agent)
            self._leave(wish.agent)
        elif isinstance(wish, Ready | Pause):
            self._leaving.discard(wish.agent)

    def _leave(self, agent: str) -> None:
        view = self.view(agent)
        if view is None or view.state is AgentState.OFFLINE:
            self._leaving.discard(agent)
            self._staffing.rise(agent)

    def _log_in(self, wish: LogIn, view: AgentView | None) -> Answer:
        config = self._config()
        if wish.phone not in config.phones:
            return Answer.NOBODY
        refused = self._refusal(wish, config)
        if refused is not None:
            return refused
        if view is None or view.leaving:
            return Answer.NOBODY
        answer = self._seat(wish, view)
        if answer in DOES:
            if view.state is AgentState.OFFLINE or wish.agent in self._leaving:
                self._dispatch.post(AgentStateSet(agent=wish.agent, state=WantedState.READY))
            self._leaving.discard(wish.agent)
        return answer

    def _seat(self, wish: LogIn, view: AgentView) -> Answer:
        if self._staffing.phone_of(wish.agent) == wish.phone:
            return ANSWERS[LogIn][view.state]
        answer, there = MOVES[view.state], self._staffing.agent_at(wish.phone)
        other = self.view(there) if there is not None else None
        if answer in DOES and other is not None:
            answer = MAKES_ROOM[other.state]
        if answer in DOES:
            if other is not None:
                self._dispatch.post(AgentStateSet(agent=other.name, state=WantedState.OFFLINE))
            self._staffing.sit(wish.agent, wish.phone)
        return answer

    def _refusal(self, wish: LogIn, config: Config) -> Answer | None:
        """Why it is not proved that this is he; None where it is."""
        agent = config.agents.get(wish.agent)
        if wish.vouched or (agent is not None and agent.phone == wish.phone):
            return None
        now, whom = self._now(), self._counted(wish, config)
        if self._pins.is_locked(now, *whom):
            return Answer.LOCKED
        pin = agent.pin.get_secret_value() if agent is not None else ""
        if pin and wish.nonce:
            pin = hashlib.md5(f"{wish.nonce}:{pin}".encode(), usedforsecurity=False).hexdigest()
        if pin and hmac.compare_digest(pin.encode(), wish.pin.encode()):
            self._pins.proved(*whom)
            return None
        self._pins.failed(now, *whom)
        return Answer.WRONG_PIN

    def _counted(self, wish: LogIn, config: Config) -> list[Who]:
        phone: Who = ("phone", wish.phone)
        return [phone, ("agent", wish.agent)] if wish.agent in config.agents else [phone]
