"""Random histories: a switch, phones and callers that do anything, in any order, with duplicates and late
events; and the laws that hold after every step."""

import random
from collections import Counter

from acd import commands as c
from acd import events as e
from acd.agent import AgentState
from acd.offer import RINGS, TIMED
from acd.queue import ClosedReason
from acd.queued_call import CallState, QueuedCall
from acd.recipe import COMPARE, Bound, Step
from acd.router import Router
from acd.routing import RoutingSettings
from acd.settings import AgentSettings, Aging, AtClosing, NoAgents, OnAgentLost, OnNoAnswer, QueueSettings
from acd.strategies import SEVERAL, Strategy
from tests.acd.oracle import Loads, Oracle, serves, waits_for

SECOND = 1_000_000
START_US = 1_795_000_000 * SECOND
REQUIRES = ("", "support >= 1", "english >= 5 or spanish >= 5", "support >= 3 and not trainee >= 1")
OWN = ("", "", "", "", "english >= 5", "not trainee >= 5", "spanish >= 3 or english >= 9", "support >=")
AGINGS = (Aging(), Aging(), Aging(0), Aging(20, 6), Aging(60, 4))
STRATEGIES = (Strategy.LONGEST_IDLE, *Strategy)
PLAIN = RoutingSettings()
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
        )
        for number in range(7)
        if dice.random() < 0.9
    ]
    return e.Configured(queues, agents, dice.randrange(3), routing)


class History:
    """Plays one history; `check` holds the laws."""

    def __init__(self, seed: int, reloads: bool = True, routing: RoutingSettings = PLAIN) -> None:
        self.dice = random.Random(seed)
        self.router = Router()
        self.oracle = Oracle(self.router)
        self.loads = Loads()
        self.now_us = START_US
        self.reloads = reloads
        self.routing = routing
        self.steps: list[tuple[int, e.Event, list[c.Command]]] = []
        self.calls = 0
        self.offers: dict[str, c.Offer] = {}
        self.talking: dict[str, c.Connect] = {}
        self.visits: dict[str, c.VisitStarted] = {}
        self.places: dict[str, tuple[int, int]] = {}
        self.offered: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.wrapping = 0
        self.step(random_configuration(self.dice, self.routing))
        for number in range(7):
            self.step(e.PhoneRegistered(f"a{number}", fresh=True))

    def play(self, events: int) -> None:
        for _ in range(events):
            self.now_us += self.dice.choice((0, 0, 1, 50_000, 400_000, SECOND, 3 * SECOND))
            while (deadline := self.router.deadline()) is not None and deadline <= self.now_us:
                self.step(e.DeadlinePassed())
            if self.dice.random() < 0.05:
                self.step(self.dice.choice(self.steps)[1])
            else:
                self.step(self.next_event())

    def step(self, event: e.Event) -> None:
        agents = self.router._board.state.agents
        wrapping = {name: agent.wrap_up_until_us for name, agent in agents.items() if agent.wrap_up_until_us}
        commands = self.router.step(event, self.now_us)
        for offer in (command for command in commands if isinstance(command, c.Offer)):
            over = wrapping.get(offer.agent, 0) <= self.now_us
            assert over or getattr(event, "agent", "") == offer.agent, "an offer in a wrap-up"
        self.steps.append((self.now_us, event, commands))
        for command in commands:
            self.account(command)
        self.check()

    def next_event(self) -> e.Event:
        dice = self.dice
        agent = f"a{dice.randrange(8)}"
        kind = dice.random()
        if kind < 0.2:
            self.calls += 1
            queue = f"q{dice.choice((0, 1, 2, 3, 0, 1, 2, 3, 4))}"
            entered = self.now_us - dice.choice((0, 0, 0, 20 * SECOND))
            priority, requires = dice.choice((0, 0, 0, 5)), dice.choice(OWN)
            caller = dice.choice(("", "+1", "+2", "+3"))
            preferred = dice.choice(("", "", agent))
            return e.CallQueued(f"c{self.calls}", queue, entered, priority, requires, caller, preferred)
        if kind < 0.6:
            return self.offer_event()
        if kind < 0.66 and (asked := self.known(CallState.ASKING)):
            return self.decision(dice.choice(asked))
        if kind < 0.75 and self.talking:
            talk = self.talking[dice.choice(sorted(self.talking))]
            how = dice.choice(list(e.ConversationEnd))
            return e.ConversationEnded(talk.call, talk.agent, how, dice.choice(("", talk.offer)))
        if kind < 0.77:
            return self.act()
        if (doubted := self.known(CallState.DOUBTED)) and kind < 0.79:
            return e.CallsRecovered(tuple(dice.sample(doubted, dice.randint(1, len(doubted)))))
        if kind < 0.82:
            recent = max(1, self.calls - 20)
            reason = dice.choice((e.GoneReason.CALLER_HUNG_UP, dice.choice(list(e.GoneReason))))
            return e.CallGone(f"c{dice.randint(recent, self.calls + 1)}", reason)
        if kind < 0.9:
            wanted = dice.choice((e.WantedState.READY, e.WantedState.READY, dice.choice(list(e.WantedState))))
            return e.AgentStateSet(agent, wanted, "lunch")
        if kind > 0.985:
            shut = dice.choice((e.QueueClosed, e.QueueOpened, e.QueueOpened, e.QueueOpened))
            return shut(f"q{dice.randrange(5)}", dice.choice(list(ClosedReason)), "marta", "fire")
        if kind > 0.98:
            if dice.random() < 0.2:
                return e.SwitchRestarted(tuple(name for name in self.known() if dice.random() < 0.7))
            return random_configuration(dice, self.routing) if self.reloads else e.DeadlinePassed()
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
                e.WrapUpDone(agent),
                e.WrapUpExtended(agent, dice.choice((0, 5, 30)) * SECOND),
                e.DeadlinePassed(),
            )
        )

    def known(self, *states: CallState) -> list[str]:
        """The calls that the router knows, in these states or in any."""
        calls = self.router._board.state.calls.values()
        return [call.id for call in calls if not states or call.state in states]

    def decision(self, call: str) -> e.Event:
        """An answer about a caller of whom it is asked, or was, or none."""
        dice = self.dice
        visit = self.router._board.state.calls[call].visit if dice.random() < 0.9 else "main-1-0"
        if dice.random() < 0.3:
            return e.DecisionLate(visit, call, "late")
        return e.DecisionAnswered(
            visit,
            call,
            priority=dice.choice((None, 0, 7)),
            requires=dice.choice((None, *OWN)),
            agent=dice.choice(("", f"a{dice.randrange(8)}")),
            queue=dice.choice(("", f"q{dice.randrange(5)}")),
        )

    def offer_event(self) -> e.Event:
        dice = self.dice
        running = sorted(self.offers)
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
                e.OfferPickedUp(offer, f"a{dice.randrange(8)}", f"pickup {len(self.steps)}"),
            )
        )

    def act(self) -> e.Act:
        """Something that a supervisor does, to a call that may wait."""
        dice = self.dice
        waiting = sorted(visit.call for visit in self.visits.values())
        call = dice.choice(waiting) if waiting and dice.random() < 0.9 else f"c{self.calls}"
        agent, queue = f"a{dice.randrange(8)}", f"q{dice.randrange(5)}"
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

    def account(self, command: c.Command) -> None:
        """Keep the switch's own books of what it was told."""
        match command:
            case c.Offer():
                assert command.agent not in {offer.agent for offer in self.offers.values()}
                assert command.agent not in {talk.agent for talk in self.talking.values()}
                self.check_alone(command)
                self.offers[command.offer] = command
            case c.OfferEnded():
                assert self.offers.pop(command.offer).agent == command.agent
            case c.Connect():
                self.talking[command.agent] = command
                self.wrapping += 1
            case c.WrapUpEnded():
                self.talking.pop(command.agent, None)
                self.wrapping -= 1
            case c.AgentChanged(state=AgentState.WRAP_UP):
                self.talking.pop(command.agent, None)
            case c.VisitStarted():
                assert command.visit not in self.visits
                self.visits[command.visit] = command
                self.offered[command.queue] += 1
            case c.VisitEnded():
                assert self.visits.pop(command.visit).queue == command.queue
                self.left[command.queue] += 1
            case _:
                pass

    def check(self) -> None:
        """The laws."""
        facts = self.router._board.state
        self.check_books()
        self.check_offers()
        self.loads.check(facts)
        for offer in facts.offers.values():
            assert facts.agents[offer.agent].offer == offer.id
            assert (offer.due_us is not None) == (offer.state in TIMED), "an offer without its timer"
        self.check_deadlines()
        waiting = [call for call in facts.calls.values() if call.state is CallState.WAITING]
        doubted = [call for call in facts.calls.values() if call.state is CallState.DOUBTED]
        assert not {call.id for call in doubted} & self.router._board.eligibility.calls.keys()
        for call in waiting:
            queue = facts.queues[call.queue]
            assert queue.closed is None or queue.settings.at_closing is AtClosing.KEEP
        seeking = [call for call in facts.calls.values() if self.seeks(call)]
        for agent in facts.agents.values():
            free = agent.free
            assert agent.announced is agent.state
            gathering = facts.gather_until_us is not None
            assert not free or gathering or not any(waits_for(facts, agent, call) for call in waiting), (
                f"{agent.name} is free while somebody waits"
            )
            assert not free or gathering or not any(serves(facts, agent, call) for call in seeking), (
                f"{agent.name} is free while others ring for somebody who wants him too"
            )
        self.check_assigned(waiting)
        for call in facts.calls.values():
            place = (call.queued_at_us, call.arrival)
            assert self.places.setdefault(call.visit, place) == place, "a place was not kept"
            assert (call.preferred is None) == (call.preferred_until_us is None)

    def check_alone(self, offer: c.Offer) -> None:
        """Only where the strategy says so is a call offered that rings for somebody already."""
        facts = self.router._board.state
        rings = [name for name in self.offers if facts.offers[name].call == offer.call]
        several = facts.queues[offer.queue].settings.strategy in SEVERAL
        assert several or not any(facts.offers[name].state in RINGS for name in rings if name in facts.offers)

    def check_offers(self) -> None:
        """Calls and the offers that they are bound to know of each other, and of no others."""
        facts = self.router._board.state
        for call in facts.calls.values():
            assert (call.state is CallState.OFFERED) == bool(call.offers)
            assert (call.state is CallState.TALKING) == (call.offer is not None)
            assert all(facts.offers[name].call == call.id for name in call.offers)
        bound = {name for call in facts.calls.values() for name in call.offers}
        assert bound == {offer.id for offer in facts.offers.values() if offer.state in TIMED}

    def seeks(self, call: QueuedCall) -> bool:
        """Whether one more phone is to ring for the call, which rings for somebody."""
        strategy = self.router._board.state.queues[call.queue].settings.strategy
        ripe = strategy is Strategy.RING_PROGRESSIVELY and call.ring_next_us is None
        several = ripe or strategy is Strategy.RING_ALL
        return call.state is CallState.OFFERED and several and not call.alone

    def check_books(self) -> None:
        """Conservation, and one visit for each caller in a queue."""
        facts = self.router._board.state
        inside = {call.visit for call in facts.calls.values() if call.state is not CallState.TALKING}
        assert inside == set(self.visits)
        waiting = Counter(visit.queue for visit in self.visits.values())
        for name in set(self.offered) | set(facts.queues):
            assert self.offered[name] == self.left[name] + waiting[name]
            assert name not in facts.queues or len(facts.queues[name].visits) == waiting[name]
        assert set(facts.offers) == set(self.offers)
        assert self.wrapping == sum(agent.call is not None for agent in facts.agents.values())
        for name, queue in facts.queues.items():
            talks = sum(c.queue == name and c.state is CallState.TALKING for c in facts.calls.values())
            assert queue.engaged == talks + sum(offer.queue == name for offer in facts.offers.values())

    def check_deadlines(self) -> None:
        """The earliest of all due times is the router's deadline."""
        facts = self.router._board.state
        due = [offer.due_us for offer in facts.offers.values()]
        for call in facts.calls.values():
            due += [
                call.due_us,
                call.ring_next_us,
                call.look_at_us,
                call.preferred_until_us,
                call.ask_until_us,
            ]
            assert (call.ask_until_us is not None) == (call.state is CallState.ASKING)
        for agent in facts.agents.values():
            due += [agent.wrap_up_until_us, agent.retry_at_us]
        due.append(facts.gather_until_us)
        assert self.router.deadline() == min((one for one in due if one is not None), default=None)

    def check_assigned(self, waiting: list[QueuedCall]) -> None:
        """Who waits for one agent alone waits for one who is there, and stands in his line only."""
        facts, assigned = self.router._board.state, self.router._board.assigned
        assert [call for calls in assigned.values() for call in calls] == [
            call.id
            for name in assigned
            for call in sorted(waiting, key=lambda one: one.assigned_rank)
            if call.assigned == name
        ]
        assert not any(call.assigned for call in facts.calls.values() if call.state is not CallState.WAITING)
        away = (AgentState.OFFLINE, AgentState.PAUSED, AgentState.UNREACHABLE)
        assert not any(facts.agents[name].state in away for name in assigned)

    def end_everything(self) -> None:
        """Every caller hangs up, every phone answers finally, every timer runs out."""
        for number in range(1, self.calls + 1):
            self.step(e.CallGone(f"c{number}", e.GoneReason.CALLER_HUNG_UP))
        for offer in list(self.offers):
            self.step(e.OfferRefused(offer, 487))
        while (deadline := self.router.deadline()) is not None:
            self.now_us = max(self.now_us, deadline)
            self.step(e.DeadlinePassed())
