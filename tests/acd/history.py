"""Random histories: a switch, phones and callers that do anything, in any order, with duplicates and late
events. `tests.acd.books` has the laws that hold after every step."""

import random
from collections.abc import Callable
from typing import TypeAlias

from acd import commands as c
from acd import events as e
from acd.queue import ClosedReason
from acd.queued_call import CallState
from acd.recipe import COMPARE, Bound, Step
from acd.router import Router
from acd.routing import RoutingSettings
from acd.settings import AgentSettings, Aging, AtClosing, NoAgents, OnAgentLost, OnNoAnswer, QueueSettings
from acd.strategies import Strategy
from acd.work import Channel
from tests.acd.books import Books

SECOND = 1_000_000
START_US = 1_795_000_000 * SECOND
REQUIRES = ("", "support >= 1", "english >= 5 or spanish >= 5", "support >= 3 and not trainee >= 1")
OWN = ("", "", "", "", "english >= 5", "not trainee >= 5", "spanish >= 3 or english >= 9", "support >=")
AGINGS = (Aging(), Aging(), Aging(0), Aging(20, 6), Aging(60, 4))
STRATEGIES = (Strategy.LONGEST_IDLE, *Strategy)
PLAIN = RoutingSettings()
CAPACITIES: tuple[dict[Channel, int], ...] = ({}, {Channel.CHAT: 1}, {Channel.VOICE: 1, Channel.CHAT: 3})
CHANNELS = (Channel.VOICE, Channel.VOICE, Channel.CHAT)
OVERFLOWS = ("hangup", "phone:1001", "queue:q0", "queue:q1", "queue:q2", "queue:nowhere")


def random_steps(dice: random.Random) -> tuple[Step, ...]:
    """A recipe of up to four steps."""
    signs = sorted(COMPARE)
    return tuple(
        Step(
            waited_us=dice.choice((0, 2, 7, 30)) * SECOND,
            position=dice.choice((None, None, Bound(dice.choice(signs), dice.randrange(4)))),
            agents=dice.choice((None, None, Bound(dice.choice(signs), dice.randrange(4)))),
            waiting=dice.choice((None, None, Bound(dice.choice(signs), dice.randrange(6)))),
            service_level=dice.choice((None, None, Bound("<", 700))),
            requires=dice.choice((None, *REQUIRES)),
            priority=dice.choice((0, 0, 5, -2)),
            add=dice.choice(((), ("a1",), ("a2", "a9"))),
            announce=dice.choice(("", "sorry")),
            overflow=dice.choice(("", "", "", *OVERFLOWS)),
        )
        for _ in range(dice.choice((0, 0, 1, 4)))
    )


def random_configuration(dice: random.Random, routing: RoutingSettings = PLAIN) -> e.Configured:
    """Some of four queues and seven agents, with any settings."""
    queues = [
        QueueSettings(
            f"q{number}",
            requires=dice.choice(REQUIRES),
            ring_timeout_us=dice.choice((3, 15)) * SECOND,
            unreachable_after_us=dice.choice((1, 4)) * SECOND,
            on_no_answer=dice.choice(list(OnNoAnswer)),
            on_agent_lost=dice.choice(list(OnAgentLost)),
            wrap_up_us=dice.choice((0, 2, 10)) * SECOND,
            wrap_up_max_us=dice.choice((0, 5, 20)) * SECOND,
            prefer_us=dice.choice((0, 5, 40)) * SECOND,
            redial_within_us=dice.choice((0, 10, 60)) * SECOND,
            max_wait_us=dice.choice((0, 5, 60, 60)) * SECOND,
            max_waiting=dice.choice((0, 1, 5, 100, 100, 100)),
            no_agents=dice.choice((NoAgents.WAIT, NoAgents.WAIT, NoAgents.OVERFLOW)),
            overflow=dice.choice(OVERFLOWS),
            steps=random_steps(dice),
            closed=dice.choice(OVERFLOWS),
            at_closing=dice.choice(list(AtClosing)),
            ask_us=dice.choice((0, 0, SECOND)),
            strategy=dice.choice(STRATEGIES),
            aging=dice.choice(AGINGS),
            ring_next_us=dice.choice((1, 5)) * SECOND,
        )
        for number in range(4)
        if dice.random() < 0.9
    ]
    agents = [
        AgentSettings(
            f"a{number}",
            {skill: dice.randrange(10) for skill in ("support", "english", "spanish", "trainee")},
            login_on_register=dice.random() < 0.8,
            capacity=dice.choice(CAPACITIES),
        )
        for number in range(7)
        if dice.random() < 0.9
    ]
    return e.Configured(queues, agents, dice.randrange(3), routing)


class History:
    """Plays one history by throwing `dice`; the books judge each step."""

    channels: tuple[Channel, ...] = CHANNELS
    """On which callers come."""

    def __init__(
        self, dice: int | random.Random, reloads: bool = True, routing: RoutingSettings = PLAIN
    ) -> None:
        self.dice = random.Random(dice) if isinstance(dice, int) else dice
        self.router = Router()
        self.books = Books(self.router)
        self.now_us = START_US
        self.reloads = reloads
        self.routing = routing
        self.steps: list[tuple[int, e.Event, list[c.Command]]] = []
        self.calls = 0
        self.step(random_configuration(self.dice, self.routing))
        for number in range(7):
            self.step(e.PhoneRegistered(f"a{number}", fresh=True))

    def play(self, events: int) -> None:
        for _ in range(events):
            self.let_time_pass()
            if self.dice.random() < 0.05:
                self.step(self.said_again())
            else:
                self.step(self.next_event())

    def step(self, event: e.Event) -> None:
        commands = self.books.step(event, self.now_us)
        self.steps.append((self.now_us, event, commands))

    def let_time_pass(self) -> None:
        """For none or some; what was due in it is told late, as by a busy switch."""
        self.now_us += self.dice.choice((0, 0, 1, 50_000, 400_000, SECOND, 3 * SECOND))
        while (deadline := self.router.deadline()) is not None and deadline <= self.now_us:
            self.step(e.DeadlinePassed())

    def next_event(self) -> e.Event:
        """Of a kind by chance; where there is nothing that it could be about, of the next one."""
        chance = self.dice.random()
        events = (kind(self) for bound, kind in KINDS if chance <= bound)
        return next(event for event in events if event is not None)

    def end_everything(self) -> None:
        """Every caller hangs up, every phone answers finally, every timer runs out; then nothing is left."""
        for number in range(1, self.calls + 1):
            self.step(e.CallGone(f"c{number}", e.GoneReason.CALLER_HUNG_UP))
        for offer in list(self.books.offers):
            self.step(e.OfferRefused(offer, 487))
        while (deadline := self.router.deadline()) is not None:
            self.now_us = max(self.now_us, deadline)
            self.step(e.DeadlinePassed())
        self.books.nothing_is_left()

    def known(self, *states: CallState) -> list[str]:
        """The calls that the router knows, in these states or in any."""
        calls = self.router.facts.calls.values()
        return [call.id for call in calls if not states or call.state in states]

    def any_agent(self) -> str:
        """There may be no such one."""
        return f"a{self.dice.randrange(8)}"

    def any_talk(self) -> str:
        """The call of some work of an agent, or none."""
        agents = self.router.facts.agents.values()
        calls = [work.call for agent in agents for work in (agent, *agent.chats) if work.call is not None]
        return self.dice.choice(calls) if calls else ""

    # What may be told

    def said_again(self) -> e.Event:
        """A duplicate, or late."""
        return self.dice.choice(self.steps)[1]

    def call_comes(self) -> e.Event:
        dice = self.dice
        self.calls += 1
        queue = f"q{dice.choice((0, 1, 2, 3, 0, 1, 2, 3, 4))}"
        entered = self.now_us - dice.choice((0, 0, 0, 20 * SECOND))
        priority, requires = dice.choice((0, 0, 0, 5)), dice.choice(OWN)
        caller = dice.choice(("", "+1", "+2", "+3"))
        preferred = dice.choice(("", "", self.any_agent()))
        channel = dice.choice(self.channels)
        return e.CallQueued(f"c{self.calls}", queue, entered, priority, requires, caller, preferred, channel)

    def phone_answers_an_offer(self) -> e.Event:
        dice = self.dice
        running = sorted(self.books.offers)
        offer = dice.choice(running) if running else "main-1-0"
        return dice.choice(
            (
                e.OfferTrying(offer),
                e.OfferRinging(offer),
                e.OfferRinging(offer),
                e.OfferAnswered(offer),
                e.OfferAnswered(offer),
                e.OfferRefused(offer, dice.choice((302, 404, 480, 486, 487, 603))),
                dice.choice((e.OfferNoResponse(offer), e.OfferNotSent(offer), e.OfferTrying(offer))),
                e.OfferPickedUp(offer, self.any_agent(), f"pickup {len(self.steps)}"),
            )
        )

    def program_decides(self) -> e.Event | None:
        """An answer about a caller of whom it is asked, or was, or none."""
        dice = self.dice
        if not (asked := self.known(CallState.ASKING)):
            return None
        call = dice.choice(asked)
        visit = self.router.facts.calls[call].visit if dice.random() < 0.9 else "main-1-0"
        if dice.random() < 0.3:
            return e.DecisionLate(visit, call, "late")
        return e.DecisionAnswered(
            visit,
            call,
            priority=dice.choice((None, 0, 7)),
            requires=dice.choice((None, *OWN)),
            agent=dice.choice(("", self.any_agent())),
            queue=dice.choice(("", f"q{dice.randrange(5)}")),
        )

    def talk_ends(self) -> e.Event | None:
        dice, talking = self.dice, self.books.talking
        if not talking:
            return None
        talk = talking[dice.choice(sorted(talking))]
        how = dice.choice(list(e.ConversationEnd))
        return e.ConversationEnded(talk.call, talk.agent, how, dice.choice(("", talk.offer)))

    def supervisor_acts(self) -> e.Event:
        """Mostly on a call that waits."""
        dice = self.dice
        waiting = sorted(visit.call for visit in self.books.visits.values())
        call = dice.choice(waiting) if waiting and dice.random() < 0.9 else f"c{self.calls}"
        agent, queue = self.any_agent(), f"q{dice.randrange(5)}"
        return dice.choice(
            (
                e.CallPrioritised(call, dice.choice((0, 3, 9)), by="eva"),
                e.CallAssigned(call, agent),
                e.CallAssigned(call, agent),
                e.CallPulled(call, agent),
                e.CallMoved(call),
                e.CallMoved(call, queue),
                e.CallWithdrawn(call, dice.choice(("hangup", "phone:1001", "nowhere"))),
            )
        )

    def callers_are_found_again(self) -> e.Event | None:
        dice = self.dice
        if not (doubted := self.known(CallState.DOUBTED)):
            return None
        return e.CallsRecovered(tuple(dice.sample(doubted, dice.randint(1, len(doubted)))))

    def call_goes(self) -> e.Event:
        dice = self.dice
        recent = max(1, self.calls - 20)
        reason = dice.choice((e.GoneReason.CALLER_HUNG_UP, dice.choice(list(e.GoneReason))))
        return e.CallGone(f"c{dice.randint(recent, self.calls + 1)}", reason)

    def agent_wants(self) -> e.Event:
        dice = self.dice
        wanted = dice.choice((e.WantedState.READY, e.WantedState.READY, dice.choice(list(e.WantedState))))
        return e.AgentStateSet(self.any_agent(), wanted, "lunch")

    def phone_tells(self) -> e.Event:
        dice, agent = self.dice, self.any_agent()
        return dice.choice(
            (
                e.PhoneRegistered(agent, fresh=dice.random() < 0.7),
                e.PhoneRegistered(agent, fresh=True),
                e.PhoneRegistered(agent, fresh=True),
                e.PhoneUnregistered(agent, explicit=dice.random() < 0.5),
                e.PhoneReachable(agent),
                e.PhoneReachable(agent),
                e.PhoneReachable(agent),
                e.PhoneUnreachable(agent),
                e.PhoneBusy(agent, dice.randrange(2)),
                e.PhoneBusy(agent, 0),
                e.PhoneBusy(agent, 0),
                e.PhoneAtCode(agent, dice.random() < 0.3),
                e.AgentMoved(agent),
                e.WrapUpDone(agent, dice.choice(("", self.any_talk()))),
                e.WrapUpExtended(agent, dice.choice((0, 5, 30)) * SECOND, dice.choice(("", self.any_talk()))),
                e.DeadlinePassed(),
            )
        )

    def switch_begins_anew(self) -> e.Event:
        """After it died, or with another configuration."""
        dice = self.dice
        if dice.random() < 0.2:
            return e.SwitchRestarted(tuple(name for name in self.known() if dice.random() < 0.7))
        return random_configuration(dice, self.routing) if self.reloads else e.DeadlinePassed()

    def queue_closes_or_opens(self) -> e.Event:
        dice = self.dice
        shut = dice.choice((e.QueueClosed, e.QueueOpened, e.QueueOpened, e.QueueOpened))
        return shut(f"q{dice.randrange(5)}", dice.choice(list(ClosedReason)), "marta", "fire")


Kind: TypeAlias = Callable[[History], e.Event | None]

KINDS: tuple[tuple[float, Kind], ...] = (
    (0.20, History.call_comes),
    (0.60, History.phone_answers_an_offer),
    (0.66, History.program_decides),
    (0.75, History.talk_ends),
    (0.77, History.supervisor_acts),
    (0.79, History.callers_are_found_again),
    (0.82, History.call_goes),
    (0.90, History.agent_wants),
    (0.98, History.phone_tells),
    (0.985, History.switch_begins_anew),
    (1.0, History.queue_closes_or_opens),
)
"""What happens, and up to which chance; None where there is nothing that it could be about."""
