"""A router on a stage: time moves by adding, phones answer by saying so, and every step is journalled."""

from typing import Any, TypeVar

from acd.agent import AgentState
from acd.commands import AgentChanged, Command, Offer
from acd.events import (
    AgentStateSet,
    CallGone,
    CallQueued,
    Configured,
    ConversationEnd,
    ConversationEnded,
    DeadlinePassed,
    Event,
    GoneReason,
    OfferAnswered,
    OfferRefused,
    OfferRinging,
    PhoneRegistered,
    WantedState,
)
from acd.router import Router
from acd.settings import AgentSettings, QueueSettings

SECOND = 1_000_000
START_US = 1_795_000_000 * SECOND

T = TypeVar("T")


def seconds(number: float) -> int:
    """Microseconds; the tests' tables read better in seconds."""
    return round(number * SECOND)


class Stage:
    """Drives a router as the switch would. `steps` is the journal: (now_us, event, commands)."""

    def __init__(self, queues: list[QueueSettings], agents: list[AgentSettings], seed: int = 0) -> None:
        self.router = Router()
        self.now_us = START_US
        self.steps: list[tuple[int, Event, list[Command]]] = []
        self.step(Configured(queues, agents, seed))

    def step(self, event: Event) -> list[Command]:
        commands = self.router.step(event, self.now_us)
        self.steps.append((self.now_us, event, commands))
        return commands

    def wait(self, for_s: float) -> list[Command]:
        """Let time pass; every deadline on the way is honoured at its very microsecond."""
        end_us = self.now_us + seconds(for_s)
        commands: list[Command] = []
        while (deadline := self.router.deadline()) is not None and deadline <= end_us:
            self.now_us = max(self.now_us, deadline)
            commands += self.step(DeadlinePassed())
        self.now_us = end_us
        return commands

    def login(self, *agents: str) -> list[Command]:
        """Their phones register, a second apart: the first is idle longest."""
        commands: list[Command] = []
        for agent in agents:
            commands += self.step(PhoneRegistered(agent, fresh=True))
            self.wait(1)
        return commands

    def queue(self, call: str, queue: str = "support", priority: int = 0) -> list[Command]:
        return self.step(CallQueued(call, queue, self.now_us, priority))

    def hang_up(self, call: str) -> list[Command]:
        return self.step(CallGone(call, GoneReason.CALLER_HUNG_UP))

    def ring(self, agent: str) -> list[Command]:
        return self.step(OfferRinging(self.offer(agent)))

    def answer(self, agent: str) -> list[Command]:
        return self.step(OfferAnswered(self.offer(agent)))

    def refuse(self, agent: str, status: int = 486) -> list[Command]:
        return self.step(OfferRefused(self.offer(agent), status))

    def end(
        self, call: str, agent: str, how: ConversationEnd = ConversationEnd.CALLER_HUNG_UP
    ) -> list[Command]:
        return self.step(ConversationEnded(call, agent, how))

    def set(self, agent: str, state: WantedState, reason: str = "") -> list[Command]:
        return self.step(AgentStateSet(agent, state, reason))

    def offer(self, agent: str) -> str:
        """The last offer made to the agent."""
        made = [one.offer for one in self.all(Offer) if one.agent == agent]
        return made[-1]

    def all(self, kind: type[T]) -> list[T]:
        """Every command of that kind so far."""
        return [one for _, _, commands in self.steps for one in commands if isinstance(one, kind)]

    def offered(self) -> list[tuple[str, str]]:
        """Every offer so far, as (call, agent)."""
        return [(offer.call, offer.agent) for offer in self.all(Offer)]

    def state(self, agent: str) -> AgentState:
        """What was last told of the agent; offline before anything was."""
        told = [one.state for one in self.all(AgentChanged) if one.agent == agent]
        return told[-1] if told else AgentState.OFFLINE

    def view_since(self, agent: str) -> int:
        """The agent's last change, microseconds after the start."""
        view = self.router.agent(agent)
        assert view is not None
        return view.since_us - START_US


def only(commands: list[Command], kind: type[T]) -> T:
    """The one command of that kind."""
    found = [one for one in commands if isinstance(one, kind)]
    assert len(found) == 1, f"{len(found)} of {kind.__name__} in {commands}"
    return found[0]


def none(commands: list[Command], kind: type[Command]) -> bool:
    """No command of that kind."""
    return not any(isinstance(one, kind) for one in commands)


def support(**settings: Any) -> QueueSettings:
    """The queue of most tests: everyone serves it."""
    return QueueSettings("support", **settings)


def team(*names: str, **skills: int) -> list[AgentSettings]:
    """Agents who log in by registering, all with these skills."""
    return [AgentSettings(name, dict(skills)) for name in names]


def busy_stage() -> Stage:
    """Ana talks to c1, luis rings for c2, c3 waits."""
    stage = Stage([support()], team("ana", "luis"))
    stage.login("ana", "luis")
    stage.queue("c1")
    stage.answer("ana")
    stage.queue("c2")
    stage.ring("luis")
    stage.queue("c3")
    return stage


def one_agent(**settings: object) -> Stage:
    """Ana, who is not there yet."""
    return Stage([support(**settings)], team("ana"))


def in_a_call(**settings: object) -> Stage:
    """Ana talks to c1."""
    stage = one_agent(**settings)
    stage.login("ana")
    stage.queue("c1")
    stage.answer("ana")
    return stage


def pair(**settings: object) -> Stage:
    """Ana and Luis are free, ana longer; one caller rings at ana's."""
    stage = Stage([support(wrap_up_us=0, **settings)], team("ana", "luis"))
    stage.login("ana", "luis")
    stage.queue("c1")
    assert stage.offered() == [("c1", "ana")]
    return stage


def alone(**settings: object) -> Stage:
    """Only ana is there; one caller rings at hers."""
    stage = Stage([support(wrap_up_us=0, **settings)], team("ana"))
    stage.login("ana")
    stage.queue("c1")
    return stage
