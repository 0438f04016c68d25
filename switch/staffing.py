"""The configuration's queues and agents as the router's, and a phone's facts as its agent's."""

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from acd.events import (
    AgentMoved,
    Configured,
    Event,
    PhoneAtCode,
    PhoneBusy,
    PhoneReachable,
    PhoneRegistered,
    PhoneUnreachable,
    PhoneUnregistered,
)
from acd.routing import Method, RoutingSettings, Weights
from acd.settings import AgentSettings, Aging, AtClosing, NoAgents, OnAgentLost, OnNoAnswer, QueueSettings
from switch.config import recipes
from switch.config.choices import Login
from switch.config.queue import Queue
from switch.config.routing import Routing
from switch.config.schema import Config

_ANSWER_ON_ITS_WAY_S = 0.1
"""The router waits that much longer for what we tell it of a program than we do for the program."""


def configured(config: Config) -> Configured:
    """The router's event for this configuration."""
    return Configured(
        queues=[_queue(name, queue) for name, queue in config.queues.items()],
        agents=[
            AgentSettings(
                name=name, skills=dict(agent.skills), login_on_register=agent.login is Login.ON_REGISTER
            )
            for name, agent in config.agents.items()
        ],
        seed=config.routing.seed,
        routing=_routing(config.routing),
    )


def _routing(routing: Routing) -> RoutingSettings:
    return RoutingSettings(
        Method(routing.matching.value), _us(routing.gather), Weights(**routing.weights.model_dump())
    )


def _queue(name: str, queue: Queue) -> QueueSettings:
    return QueueSettings(
        name=name,
        requires=queue.requires or "",
        ring_timeout_us=_us(queue.ring_timeout),
        unreachable_after_us=_us(queue.unreachable_after),
        retry_busy_us=_us(queue.retry_busy),
        retry_reject_us=_us(queue.retry_reject),
        on_no_answer=OnNoAnswer(queue.on_no_answer.value),
        on_agent_lost=OnAgentLost(queue.on_agent_lost.value),
        wrap_up_us=_us(queue.wrap_up),
        wrap_up_max_us=_us(queue.wrap_up_max),
        prefer_us=0 if queue.prefer_agent is None else _us(queue.prefer_agent.first_for),
        redial_within_us=_us(queue.redial_within),
        max_wait_us=_us(queue.max_wait),
        max_waiting=queue.max_waiting,
        no_agents=NoAgents(queue.no_agents.value),
        overflow=str(queue.overflow),
        closed=str(queue.closed),
        at_closing=AtClosing(queue.at_closing.value),
        ask_us=0 if queue.decision is None else _us(queue.decision.timeout + _ANSWER_ON_ITS_WAY_S),
        strategy=queue.strategy,
        aging=Aging(queue.priority_aging.per_minute, queue.priority_aging.cap),
        ring_next_us=_us(queue.ring_next),
        steps=recipes.settings(queue.steps),
        answer_within_us=_us(queue.service_level.within),
        short_abandon_us=_us(queue.service_level.short_abandon),
    )


def _us(seconds: float) -> int:
    return round(seconds * 1e6)


class PhoneFacts(NamedTuple):
    """What is so of the phone at which an agent sits."""

    registered: bool
    dialogs: int
    at_code: bool


class Staffing:
    """Whose phone it is: facts about phones become facts about agents.

    An agent sits at the phone of his own that the configuration names, until he logs in at another: then he
    is there, and whoever's own it was sits nowhere.
    """

    def __init__(
        self,
        post: Callable[[Event], None],
        note: Callable[[str, str | None], None] = lambda agent, phone: None,
        noted: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`note` hears of each agent who takes a seat elsewhere, or (None) leaves it, should the switch be
        started anew; `noted` is what the former run noted.
        """
        self.on_moved: Callable[[str], None] = lambda agent: None
        """Hears of each agent who sits at another phone than before, or at none."""
        self._post = post
        self._note = note
        self._own: dict[str, str | None] = {}
        """Each agent's own phone."""
        self._elsewhere = dict(noted)
        self._registered: Callable[[str], bool] = lambda phone: False
        self._phones: dict[str, str | None] = {}
        """Where each agent sits."""
        self._agents: dict[str, str] = {}
        """Each phone's agent."""
        self._busy: dict[str, int] = {}
        """In how many calls a phone is that no offer made."""
        self._at_code: set[str] = set()
        """The phones that have dialled a feature code."""

    def configure(self, config: Config, registered: Callable[[str], bool]) -> None:
        """Who sits at which phone from now on; whoever changes places is told what his new phone is doing."""
        self._own = {name: agent.phone for name, agent in config.agents.items()}
        self._registered = registered
        for agent, phone in list(self._elsewhere.items()):
            if agent not in self._own or phone not in config.phones:
                self._leave(agent)
        self._arrange()

    def sit(self, agent: str, phone: str) -> None:
        """The agent is at that phone from now on; who sat there is not any more."""
        if (other := self._agents.get(phone)) not in (None, agent):
            self._leave(other or "")
        self._leave(agent)
        if self._own.get(agent) != phone:
            self._elsewhere[agent] = phone
            self._note(agent, phone)
        self._arrange()

    def guests(self) -> list[str]:
        """Who sits at a phone that is not his own."""
        return list(self._elsewhere)

    def rise(self, agent: str) -> None:
        """The agent leaves the phone of somebody else: he is at his own again, unless it is taken."""
        self._leave(agent)
        self._arrange()

    def _leave(self, agent: str) -> None:
        if self._elsewhere.pop(agent, None) is not None:
            self._note(agent, None)

    def _arrange(self) -> None:
        """Who changes places is told what his new phone is doing."""
        before, taken = self._phones, set(self._elsewhere.values())
        own = {agent: None if phone in taken else phone for agent, phone in self._own.items()}
        self._phones = {**own, **self._elsewhere}
        self._agents = {phone: agent for agent, phone in self._phones.items() if phone is not None}
        for agent, phone in self._phones.items():
            if before.get(agent) == phone:
                continue
            if agent in before:
                self._post(AgentMoved(agent=agent))
            if phone is not None and self._registered(phone):
                self._post(PhoneRegistered(agent=agent, fresh=True))
            elif agent in before:
                self._post(PhoneUnregistered(agent=agent, explicit=False))
            dialogs = self._busy.get(phone or "", 0)
            if dialogs or agent in before:
                self._post(PhoneBusy(agent=agent, dialogs=dialogs))
            if phone in self._at_code or before.get(agent) in self._at_code:
                self._post(PhoneAtCode(agent=agent, at_code=phone in self._at_code))
        for agent in before:
            if before[agent] != self._phones.get(agent):
                self.on_moved(agent)

    def agent_at(self, phone: str) -> str | None:
        """The agent at the phone."""
        return self._agents.get(phone)

    def phone_of(self, agent: str) -> str | None:
        """The phone at which the agent sits."""
        return self._phones.get(agent)

    def phone_facts(self, agent: str) -> PhoneFacts:
        """Of the phone at which the agent sits; of no phone where he sits at none."""
        phone = self._phones.get(agent)
        if phone is None:
            return PhoneFacts(False, 0, False)
        return PhoneFacts(self._registered(phone), self._busy.get(phone, 0), phone in self._at_code)

    def phones_known(self, phones: Collection[str]) -> None:
        """After a restart: these are registered. The router may remember others, which are gone."""
        for agent, phone in self._phones.items():
            if phone in phones:
                self._post(PhoneRegistered(agent=agent, fresh=False))
            else:
                self._post(PhoneUnregistered(agent=agent, explicit=False))

    def phone_registered(self, phone: str, fresh: bool) -> None:
        """The phone has a binding."""
        if agent := self._agents.get(phone):
            self._post(PhoneRegistered(agent=agent, fresh=fresh))

    def phone_unregistered(self, phone: str, explicit: bool) -> None:
        """It has none any more."""
        if agent := self._agents.get(phone):
            self._post(PhoneUnregistered(agent=agent, explicit=explicit))

    def phone_reachable(self, phone: str) -> None:
        """It answered something."""
        if agent := self._agents.get(phone):
            self._post(PhoneReachable(agent=agent))

    def phone_unreachable(self, phone: str) -> None:
        """It answers nothing."""
        if agent := self._agents.get(phone):
            self._post(PhoneUnreachable(agent=agent))

    def phone_busy(self, phone: str, legs: int) -> None:
        """It is in so many calls that no offer made."""
        if legs:
            self._busy[phone] = legs
        else:
            self._busy.pop(phone, None)
        if agent := self._agents.get(phone):
            self._post(PhoneBusy(agent=agent, dialogs=legs))

    def phone_at_code(self, phone: str, at_code: bool) -> None:
        """It has dialled a feature code, or is done with it."""
        (self._at_code.add if at_code else self._at_code.discard)(phone)
        if agent := self._agents.get(phone):
            self._post(PhoneAtCode(agent=agent, at_code=at_code))
