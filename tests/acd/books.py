"""The switch's own books of what a router told it, and the laws that they and the router's facts obey."""

from collections import Counter

from acd import commands as c
from acd import events as e
from acd.agent import AgentState
from acd.queued_call import CallState, QueuedCall
from acd.router import Router
from acd.work import Channel
from tests.acd.laws import conversations, may_take, obeyed, ringing, seeks
from tests.acd.oracle import Loads, Oracle, serves, waits_for


class Books:
    """Takes the router's steps for the switch, and judges each."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.oracle = Oracle(router)
        self.loads = Loads()
        self.offers: dict[str, c.Offer] = {}
        self.talking: dict[tuple[str, str], c.Connect] = {}  # by agent and call
        self.chats: set[str] = set()
        self.visits: dict[str, c.VisitStarted] = {}
        self.places: dict[str, tuple[int, int]] = {}
        self.offered: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self.states: dict[str, c.AgentChanged] = {}
        self.wrapping = 0

    def step(self, event: e.Event, now_us: int) -> list[c.Command]:
        """What the router does; the laws hold."""
        agents = self.router.facts.agents
        wrapping = {name: agent.wrap_up_until_us for name, agent in agents.items() if agent.wrap_up_until_us}
        rang = ringing(self.router.facts)
        commands = self.router.step(event, now_us)
        obeyed(self.router, event, commands, rang)
        for offer in (command for command in commands if isinstance(command, c.Offer)):
            over = wrapping.get(offer.agent, 0) <= now_us
            assert over or getattr(event, "agent", "") == offer.agent, "an offer in a wrap-up"
        for command in commands:
            self._account(command)
        self._check()
        return commands

    def nothing_is_left(self) -> None:
        """Everybody is gone: so is every trace of them."""
        facts = self.router.facts
        assert not facts.calls
        assert not facts.offers
        assert not self.visits
        assert self.wrapping == 0
        assert not any(queue.engaged for queue in facts.queues.values())

    def _account(self, command: c.Command) -> None:
        """Keep the switch's own books of what it was told."""
        match command:
            case c.Offer():
                assert command.agent not in {
                    offer.agent for offer in self.offers.values() if offer.channel is Channel.VOICE
                }
                talking = {talk.agent for talk in self.talking.values() if talk.call not in self.chats}
                assert command.agent not in talking
                self.offers[command.offer] = command
                if command.channel is Channel.CHAT:
                    self.chats.add(command.call)
            case c.OfferEnded():
                assert self.offers.pop(command.offer).agent == command.agent
            case c.Connect():
                self.talking[command.agent, command.call] = command
                self.wrapping += 1
            case c.WrapUpEnded():
                self.talking.pop((command.agent, command.call), None)
                self.wrapping -= 1
            case c.AgentChanged():
                self._check_change(command)
                if command.state is AgentState.WRAP_UP:
                    self.talking.pop((command.agent, command.call or ""), None)
            case c.VisitStarted():
                assert command.visit not in self.visits
                self.visits[command.visit] = command
                self.offered[command.queue] += 1
            case c.VisitEnded():
                assert self.visits.pop(command.visit).queue == command.queue
                self.left[command.queue] += 1
            case _:
                pass

    def _check_change(self, change: c.AgentChanged) -> None:
        """Every second of an agent is in one state: each begins when the one before it ends."""
        assert change.since_us == self.router.now_us
        if (before := self.states.get(change.agent)) is not None:
            was = (before.state, before.reason, before.call)
            assert was != (change.state, change.reason, change.call)
            assert before.since_us <= change.since_us
        self.states[change.agent] = change

    def _check(self) -> None:
        """The laws."""
        facts = self.router.facts
        self._check_books()
        self.loads.check(facts)
        self._check_deadlines()
        waiting = [call for call in facts.calls.values() if call.state is CallState.WAITING]
        doubted = [call for call in facts.calls.values() if call.state is CallState.DOUBTED]
        board = self.router._board
        for lines, channel in ((board.eligibility, Channel.VOICE), (board.chats, Channel.CHAT)):
            assert not {call.id for call in doubted} & lines.calls.keys()
            for name in lines.agents:
                assert may_take(facts.agents[name], channel), f"{name} stands in line for {channel} in vain"
        seeking = [call for call in facts.calls.values() if seeks(facts, call)]
        for agent in facts.agents.values():
            free = agent.free
            told = self.states.get(agent.name)
            assert agent.shown is (AgentState.OFFLINE if told is None else told.state)
            gathering = facts.gather_until_us is not None
            assert gathering or not any(
                may_take(agent, call.channel) and waits_for(facts, agent, call) for call in waiting
            ), f"{agent.name} is free while somebody waits"
            assert not free or gathering or not any(serves(facts, agent, call) for call in seeking), (
                f"{agent.name} is free while others ring for somebody who wants him too"
            )
        self._check_assigned(waiting)
        assert self.router._board.conversations == conversations(facts)
        for call in facts.calls.values():
            place = (call.queued_at_us, call.arrival)
            assert self.places.setdefault(call.visit, place) == place, "a place was not kept"
            assert (call.preferred is None) == (call.preferred_until_us is None)

    def _check_books(self) -> None:
        """Conservation, and one visit for each caller in a queue."""
        facts = self.router.facts
        inside = {call.visit for call in facts.calls.values() if call.state is not CallState.TALKING}
        assert inside == set(self.visits)
        waiting = Counter(visit.queue for visit in self.visits.values())
        for name in set(self.offered) | set(facts.queues):
            assert self.offered[name] == self.left[name] + waiting[name]
            assert name not in facts.queues or len(facts.queues[name].visits) == waiting[name]
        assert set(facts.offers) == set(self.offers)
        works = [work for agent in facts.agents.values() for work in (agent, *agent.chats)]
        assert self.wrapping == sum(work.call is not None for work in works)

    def _check_deadlines(self) -> None:
        """The earliest of all due times is the router's deadline."""
        facts = self.router.facts
        due = [offer.due_us for offer in facts.offers.values()]
        for call in facts.calls.values():
            due += [
                call.due_us,
                call.ring_next_us,
                call.look_at_us,
                call.preferred_until_us,
                call.ask_until_us,
            ]
        for agent in facts.agents.values():
            due += [agent.wrap_up_until_us, agent.retry_at_us, agent.chats_retry_at_us]
            due += [chat.wrap_up_until_us for chat in agent.chats]
        due.append(facts.gather_until_us)
        assert self.router.deadline() == min((one for one in due if one is not None), default=None)

    def _check_assigned(self, waiting: list[QueuedCall]) -> None:
        """Who waits for one agent alone waits for one who is there, and stands in his line only."""
        facts, assigned = self.router.facts, self.router._board.assigned
        assert [call for calls in assigned.values() for call in calls] == [
            call.id
            for name in assigned
            for call in sorted(waiting, key=lambda one: one.assigned_rank)
            if call.assigned == name
        ]
        assert not any(call.assigned for call in facts.calls.values() if call.state is not CallState.WAITING)
        away = (AgentState.OFFLINE, AgentState.PAUSED, AgentState.UNREACHABLE)
        assert not any(facts.agents[name].state in away for name in assigned)
