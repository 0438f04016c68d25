"""Who of several free agents gets the call: each strategy by its definition."""

from collections import Counter
from itertools import pairwise

import pytest

from acd.commands import Offer
from acd.events import CallQueued, OfferAnswered, OfferPickedUp, WantedState
from acd.settings import AgentSettings, NoAgents, QueueSettings
from acd.strategies import Strategy
from tests.acd.stage import Stage, none, only, support, team


def stage(strategy: Strategy, *names: str) -> Stage:
    """These agents, who come one after the other; there is no wrap-up."""
    played = Stage([support(strategy=strategy, wrap_up_us=0)], team(*names))
    played.login(*names)
    return played


def talk(played: Stage, call: str, for_s: float = 1) -> str:
    """The call comes, is answered and ends: who had it."""
    offer = only(played.queue(call), Offer)
    played.step(OfferAnswered(offer.offer))
    played.wait(for_s)
    played.end(call, offer.agent)
    return offer.agent


def test_round_robin_goes_by_the_last_offer_answered_or_not() -> None:
    played = stage(Strategy.ROUND_ROBIN, "ana", "luis", "eva")
    assert [talk(played, f"c{n}") for n in range(4)] == ["ana", "luis", "eva", "ana"]
    refused = only(played.queue("c5"), Offer).agent
    assert refused == "luis"
    assert only(played.refuse("luis"), Offer).agent == "eva"
    played.answer("eva")
    played.wait(10)
    played.end("c5", "eva")
    assert [talk(played, f"d{n}") for n in range(3)] == ["ana", "luis", "eva"]


def test_round_robin_is_not_moved_by_a_break() -> None:
    played = stage(Strategy.ROUND_ROBIN, "ana", "luis")
    assert talk(played, "c1") == "ana"
    played.set("luis", WantedState.PAUSED)
    played.wait(60)
    played.set("luis", WantedState.READY)
    assert talk(played, "c2") == "luis"


def test_linear_goes_by_the_order_of_the_configuration() -> None:
    played = Stage([support(strategy=Strategy.LINEAR, wrap_up_us=0)], team("luis", "ana", "eva"))
    played.login("eva", "ana", "luis")
    assert [talk(played, f"c{n}") for n in range(3)] == ["luis"] * 3
    played.queue("c4")
    assert only(played.queue("c5"), Offer).agent == "ana"


def test_best_skill_goes_by_the_levels_asked_for_then_by_idle_time() -> None:
    queue = support(requires="support >= 1 and english >= 1", strategy=Strategy.BEST_SKILL, wrap_up_us=0)
    played = Stage(
        [queue],
        [
            AgentSettings("ana", {"support": 3, "english": 3, "sales": 9}),
            AgentSettings("luis", {"support": 1, "english": 8}),
            AgentSettings("eva", {"support": 8, "english": 1}),
        ],
    )
    played.login("ana", "luis", "eva")
    for call in ("c1", "c2", "c3"):
        played.queue(call)
    assert [agent for _, agent in played.offered()] == ["luis", "eva", "ana"]


def test_queues_order_the_same_agents_each_in_its_way() -> None:
    queues = [
        QueueSettings("idle", wrap_up_us=0),
        QueueSettings("linear", strategy=Strategy.LINEAR, wrap_up_us=0),
    ]
    played = Stage(queues, team("ana", "luis"))
    played.login("luis", "ana")
    assert only(played.queue("c1", "linear"), Offer).agent == "ana"
    assert only(played.queue("c2", "idle"), Offer).agent == "luis"


def test_fewest_calls_goes_by_calls_since_the_login() -> None:
    played = stage(Strategy.FEWEST_CALLS, "ana", "luis", "eva")
    assert [talk(played, f"c{n}", for_s) for n, for_s in enumerate((1, 99, 1, 1))] == [
        "ana",
        "luis",
        "eva",
        "ana",
    ]
    assert talk(played, "c5") == "luis"


def test_least_talk_time_goes_by_talk_since_the_login() -> None:
    played = stage(Strategy.LEAST_TALK_TIME, "ana", "luis")
    assert [talk(played, f"c{n}", for_s) for n, for_s in enumerate((10, 3, 3, 3, 3, 1))] == [
        "ana",
        "luis",
        "luis",
        "luis",
        "luis",
        "ana",
    ]


@pytest.mark.parametrize("strategy", [Strategy.FEWEST_CALLS, Strategy.LEAST_TALK_TIME])
class TestNobodyIsFlooded:
    def test_for_having_come_late(self, strategy: Strategy) -> None:
        played = Stage([support(strategy=strategy, wrap_up_us=0)], team("ana", "luis", "eva"))
        played.login("ana", "luis")
        for number in range(6):
            talk(played, f"c{number}")
        played.login("eva")
        assert sorted(talk(played, f"d{number}") for number in range(3)) == ["ana", "eva", "luis"]

    def test_nor_after_a_break(self, strategy: Strategy) -> None:
        played = stage(strategy, "ana", "luis", "eva")
        played.set("eva", WantedState.PAUSED)
        for number in range(6):
            talk(played, f"c{number}")
        played.set("eva", WantedState.READY)
        assert sorted(talk(played, f"d{number}") for number in range(3)) == ["ana", "eva", "luis"]

    def test_and_a_login_forgets_what_was(self, strategy: Strategy) -> None:
        played = stage(strategy, "ana", "luis")
        played.set("luis", WantedState.PAUSED)
        for number in range(6):
            talk(played, f"c{number}")
        played.set("ana", WantedState.OFFLINE)
        played.set("luis", WantedState.READY)
        played.set("ana", WantedState.READY)
        assert sorted(talk(played, f"d{number}") for number in range(2)) == ["ana", "luis"]


class TestRandom:
    def drawn(self, seed: int, calls: int, *names: str) -> list[str]:
        """Who got each of the calls, which came one after the other."""
        played = Stage([support(strategy=Strategy.RANDOM, wrap_up_us=0)], team(*names), seed)
        played.login(*names)
        return [talk(played, f"c{number}") for number in range(calls)]

    def test_everybody_is_as_likely_whoever_was_last(self) -> None:
        names = ("ana", "eva", "luis", "max", "sol")
        drawn = self.drawn(1, 5_000, *names)
        pairs = Counter(pairwise(drawn))
        assert len(pairs) == 25
        # Chi-square of 24 degrees of freedom: 52 is passed once in a thousand seeds.
        assert sum((count - 200) ** 2 / 200 for count in pairs.values()) < 52

    def test_the_seed_decides(self) -> None:
        names = ("ana", "eva", "luis")
        assert self.drawn(7, 40, *names) == self.drawn(7, 40, *names)
        assert self.drawn(7, 40, *names) != self.drawn(8, 40, *names)


class TestACallsOwnRequirement:
    def languages(self) -> Stage:
        agents = [AgentSettings("ana", {"english": 9}), AgentSettings("luis", {"french": 5})]
        return Stage([support(wrap_up_us=0, no_agents=NoAgents.OVERFLOW)], agents)

    def call(self, played: Stage, call: str, requires: str) -> list[Offer]:
        commands = played.step(CallQueued(call, "support", played.now_us, requires=requires))
        return [one for one in commands if isinstance(one, Offer)]

    def test_finds_who_satisfies_it(self) -> None:
        played = self.languages()
        played.login("ana", "luis")
        assert [offer.agent for offer in self.call(played, "c1", "french >= 5")] == ["luis"]

    def test_waits_for_who_satisfies_it_and_blocks_nobody(self) -> None:
        played = self.languages()
        played.login("ana", "luis")
        self.call(played, "c1", "french >= 5")
        assert not self.call(played, "c2", "french >= 5")
        assert [offer.agent for offer in self.call(played, "c3", "")] == ["ana"]
        played.answer("luis")
        assert only(played.end("c1", "luis"), Offer).call == "c2"

    def test_nobody_present_who_satisfies_it_counts_as_no_agents(self) -> None:
        played = self.languages()
        played.login("ana")
        assert not self.call(played, "c1", "french >= 5")
        assert played.router.call("c1") is None

    def test_the_last_who_satisfies_it_goes_and_it_overflows(self) -> None:
        played = self.languages()
        played.login("ana", "luis")
        self.call(played, "c1", "french >= 5")
        self.call(played, "c2", "french >= 5")
        self.call(played, "c3", "english >= 5")
        self.call(played, "c4", "english >= 5")
        played.answer("luis")
        played.set("luis", WantedState.OFFLINE)
        played.end("c1", "luis")
        assert played.router.call("c2") is None
        assert played.router.call("c4") is not None

    def test_who_does_not_satisfy_it_picks_nothing_up(self) -> None:
        played = self.languages()
        played.login("ana", "luis")
        offer = self.call(played, "c1", "french >= 5")[0]
        commands = played.step(OfferPickedUp(offer.offer, "ana", "pickup"))
        assert none(commands, Offer)
        call = played.router.call("c1")
        assert call is not None
        assert call.agent == "luis"
