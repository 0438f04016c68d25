"""The laws of the router that its facts and one step's commands show, whatever the configuration."""

from acd import events as e
from acd.agent import Agent
from acd.commands import CancelOffer, Command, Connect, HangUpOffer, Offer
from acd.offer import RINGS, TIMED
from acd.queued_call import CallState, QueuedCall
from acd.router import Router
from acd.settings import AtClosing
from acd.state import State
from acd.strategies import SEVERAL, Strategy
from acd.work import Channel


def ringing(facts: State) -> set[str]:
    """The offers that are open."""
    return {offer.id for offer in facts.offers.values() if offer.state in RINGS}


def seeks(facts: State, call: QueuedCall) -> bool:
    """Whether one more phone is to ring for the call, which rings for somebody."""
    strategy = facts.queues[call.queue].settings.strategy
    ripe = strategy is Strategy.RING_PROGRESSIVELY and call.ring_next_us is None
    several = ripe or strategy is Strategy.RING_ALL
    rings = call.state is CallState.OFFERED and call.channel is Channel.VOICE
    return rings and several and not call.alone


def conversations(facts: State) -> set[str]:
    """By which agents talk."""
    works = [work for agent in facts.agents.values() for work in (agent, *agent.chats)]
    return {work.conversation for work in works if work.conversation is not None}


def may_take(agent: Agent, channel: Channel) -> bool:
    """Whether he may be offered such a caller, said a second time."""
    if channel is Channel.VOICE:
        return agent.free
    room = len(agent.chats) < agent.settings.capacity.get(Channel.CHAT, 0)
    return agent.free and agent.chats_retry_at_us is None and room


def obeyed(router: Router, event: e.Event, commands: list[Command], rang: set[str]) -> None:
    """After a step; `rang` were the open offers before it. Raises `AssertionError`."""
    facts = router.facts
    _of_offers(facts, commands, rang)
    _of_answers(facts, event, commands)
    for agent in facts.agents.values():
        for work in (agent, *agent.chats):
            lives = work.offer is None or work.offer in facts.offers
            assert lives, "an agent is kept by an offer that is over"
        for chat in agent.chats:
            runs = (chat.offer, chat.conversation, chat.wrap_up_until_us)
            assert sum(one is not None for one in runs) == 1, "a chat that is nothing, or two things"
        assert agent.announced is agent.shown, "a state was not told"
        assert agent.wrap_up_until_us is None or not agent.free, "a wrap-up is not honoured"
    for call in facts.calls.values():
        _of_a_call(facts, call)
    talks = {call.offer for call in facts.calls.values() if call.state is CallState.TALKING}
    assert conversations(facts) <= talks
    for name, queue in facts.queues.items():
        calls = [call for call in facts.calls.values() if call.queue == name]
        inside = {call.id for call in calls if call.state is not CallState.TALKING}
        assert set(queue.visits) == inside, "a visit without its call"
        offers = sum(offer.queue == name for offer in facts.offers.values())
        assert queue.engaged == len(calls) - len(inside) + offers, f"{name} is engaged by nobody"


def _of_offers(facts: State, commands: list[Command], rang: set[str]) -> None:
    open_now = ringing(facts)
    rung = [offer.agent for offer in facts.offers.values() if offer.channel is Channel.VOICE]
    assert len(rung) == len(set(rung)), "an agent is offered two calls"
    for made in commands:
        if isinstance(made, Offer) and made.channel is Channel.CHAT:
            agent = facts.agents.get(made.agent)
            assert agent is None or len(agent.chats) <= agent.settings.capacity[Channel.CHAT], (
                "too many chats"
            )
        if isinstance(made, Offer) and made.offer in open_now:
            beside = any(facts.offers[name].call == made.call for name in open_now - {made.offer})
            several = facts.queues[made.queue].settings.strategy in SEVERAL and made.channel is Channel.VOICE
            assert several or not beside, "a call is offered to two agents"
    bound = {name for call in facts.calls.values() for name in call.offers}
    for offer in facts.offers.values():
        agent = facts.agents[offer.agent]
        assert (offer.id in bound) == (offer.state in TIMED), "what rings for a call is not bound to it"
        works = (agent,) if offer.channel is Channel.VOICE else agent.chats
        assert [work.offer for work in works].count(offer.id) == 1, (
            "an agent does not know what rings at his phone"
        )
        assert (offer.due_us is not None) == (offer.state in TIMED), "an offer without a timer of its own"
        assert agent.logged_in or offer.id not in open_now, "it rings where nobody is"
        if offer.id in rang - open_now:
            cancelled = sum(isinstance(one, CancelOffer) and one.offer == offer.id for one in commands)
            assert cancelled == 1, "a phone rings on"


def _of_answers(facts: State, event: e.Event, commands: list[Command]) -> None:
    """A phone that answers gets the call or a BYE, once; unless it has the call."""
    if not isinstance(event, e.OfferAnswered | e.OfferPickedUp):
        return
    answer = event.pickup if isinstance(event, e.OfferPickedUp) else event.offer
    talks = answer in conversations(facts)
    replies = sum(isinstance(command, Connect | HangUpOffer) for command in commands)
    assert replies == 1 or (replies == 0 and talks), "a 200 is not answered once"


def _of_a_call(facts: State, call: QueuedCall) -> None:
    assert (call.state is CallState.OFFERED) == bool(call.offers), "nothing rings for a call"
    for name in call.offers:
        assert facts.offers[name].call == call.id
    talks = call.state is CallState.TALKING
    assert talks == (call.offer is not None)
    if talks:
        agent = facts.agents[call.agent or ""]
        works = (agent,) if call.channel is Channel.VOICE else agent.chats
        assert call.offer in {work.conversation for work in works}
    assert (call.ask_until_us is not None) == (call.state is CallState.ASKING), "asked without an end"
    if call.state is CallState.DOUBTED:
        assert (call.offers, call.due_us) == ([], None), "a call in doubt has an offer, or a deadline"
    if call.state is CallState.WAITING and facts.queues[call.queue].closed is not None:
        keeps = facts.queues[call.queue].settings.at_closing is AtClosing.KEEP
        assert keeps, "somebody waits in a closed queue that keeps nobody"
