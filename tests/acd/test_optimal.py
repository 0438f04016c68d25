"""Who gets whom at least cost, and when several are gathered first."""

import random

import pytest

from acd import optimal
from acd.commands import Command, Offer
from acd.events import CallQueued, Configured, PhoneRegistered
from acd.router import Router
from acd.routing import Method, RoutingSettings, Weights
from acd.settings import SECOND_US, AgentSettings, QueueSettings
from acd.strategies import Strategy
from acd.why import Rule
from tests.acd.stage import Stage, none, only

LANGUAGES = [
    QueueSettings("either", requires="english >= 1 or spanish >= 1", wrap_up_us=0),
    QueueSettings("english", requires="english >= 1", wrap_up_us=0),
    QueueSettings("spanish", requires="spanish >= 1", wrap_up_us=0),
]
OPTIMAL = RoutingSettings(Method.OPTIMAL)
GATHERED = RoutingSettings(Method.OPTIMAL, SECOND_US // 2)


def stage(routing: RoutingSettings, queues: list[QueueSettings], **skills: dict[str, int]) -> Stage:
    """The agents are free, the first since longest."""
    agents = [AgentSettings(name, levels) for name, levels in skills.items()]
    built = Stage([], [])
    built.step(Configured(queues, agents, routing=routing))
    built.login(*skills)
    return built


class TestOneCaller:
    def test_the_rare_skill_is_saved(self) -> None:
        """Ana is free longer, but the only one who speaks Spanish."""
        there = stage(OPTIMAL, LANGUAGES, ana={"english": 5, "spanish": 5}, luis={"english": 5})
        offer = only(there.queue("c1", "english"), Offer)
        assert offer.agent == "luis"
        assert offer.decision is not None
        assert offer.decision.rule is Rule.CHEAPEST
        assert only(there.queue("c2", "spanish"), Offer).agent == "ana"

    def test_levels_that_nobody_asks_for_are_saved(self) -> None:
        there = stage(OPTIMAL, [LANGUAGES[1]], ana={"english": 9}, luis={"english": 2}, eva={"english": 5})
        assert [only(there.queue(call, "english"), Offer).agent for call in ("c1", "c2", "c3")] == [
            "luis",
            "eva",
            "ana",
        ]

    def test_equals_take_turns(self) -> None:
        there = stage(OPTIMAL, [LANGUAGES[1]], luis={"english": 5}, ana={"english": 5})
        assert only(there.queue("c1", "english"), Offer).agent == "luis"

    def test_costs_are_told_of_whom_they_chose_alone(self) -> None:
        """Whoever else rings for the call rings because one more is to."""
        several = QueueSettings("english", requires="english >= 1", strategy=Strategy.RING_ALL)
        there = stage(OPTIMAL, [several], ana={"english": 9}, luis={"english": 2})
        decided = [one.decision for one in there.queue("c1", "english") if isinstance(one, Offer)]
        told = [(one.agent, one.rule, bool(one.costs)) for one in decided if one is not None]
        assert told == [("luis", Rule.CHEAPEST, True), ("ana", Rule.ONE_MORE, False)]

    def test_weights_decide(self) -> None:
        """Ten levels more are worth a thousand seconds of being free here."""
        idle = RoutingSettings(Method.OPTIMAL, weights=Weights(gap=0, rare=0))
        there = stage(idle, [LANGUAGES[1]], ana={"english": 9}, luis={"english": 1})
        assert only(there.queue("c1", "english"), Offer).agent == "ana"

    def test_a_reload_changes_it(self) -> None:
        there = stage(OPTIMAL, [LANGUAGES[1]], ana={"english": 9}, luis={"english": 1})
        agents = [AgentSettings("ana", {"english": 9}), AgentSettings("luis", {"english": 1})]
        there.step(Configured([LANGUAGES[1]], agents))
        assert only(there.queue("c1", "english"), Offer).agent == "ana"

    def test_it_looks_at_so_many_and_no_more(self) -> None:
        many = {f"agent{n:02}": {"english": 99 - n} for n in range(optimal.LOOK + 5)}
        there = stage(OPTIMAL, [LANGUAGES[1]], **many)
        assert only(there.queue("c1", "english"), Offer).agent == f"agent{optimal.LOOK - 1}"


class TestOneAgent:
    def test_an_older_call_goes_first_unless_another_needs_him_more(self) -> None:
        """Who takes either is five seconds older, but needs eight levels less than Ana has."""
        there = stage(OPTIMAL, [*LANGUAGES[:1], QueueSettings("expert", requires="spanish >= 9")])
        there.queue("c1", "either")
        there.wait(5)
        there.queue("c2", "expert")
        agents = [AgentSettings("ana", {"spanish": 9})]
        there.step(
            Configured(
                [LANGUAGES[0], QueueSettings("expert", requires="spanish >= 9")], agents, routing=OPTIMAL
            )
        )
        assert only(there.step(PhoneRegistered("ana", fresh=True)), Offer).call == "c2"

    def test_nobody_is_passed_over_for_ever(self) -> None:
        """Eight levels are eighty seconds: older than that, the other goes first."""
        queues = [LANGUAGES[0], QueueSettings("expert", requires="spanish >= 9", wrap_up_us=0)]
        there = stage(OPTIMAL, queues, ana={"spanish": 9})
        there.queue("c0", "expert")
        there.answer("ana")
        there.queue("c1", "either")
        there.wait(81)
        there.queue("c2", "expert")
        assert only(there.end("c0", "ana"), Offer).call == "c1"


def knowing(there: Stage, call: str, queue: str, agent: str) -> list[Command]:
    return there.step(CallQueued(call, queue, there.now_us, preferred=agent))


class TestKnowing:
    """Twenty seconds of waiting are worth as much as an agent whom the caller knows."""

    def test_of_several_free_agents_the_known_one_is_chosen(self) -> None:
        there = stage(OPTIMAL, [LANGUAGES[1]], ana={"english": 5}, luis={"english": 5})
        offer = only(knowing(there, "c1", "english", "luis"), Offer)
        assert (offer.agent, offer.decision and offer.decision.rule) == ("luis", Rule.CHEAPEST)

    def test_he_is_found_behind_those_who_are_looked_at(self) -> None:
        many = {f"agent{n:02}": {"english": 5} for n in range(optimal.LOOK + 5)}
        there = stage(OPTIMAL, [LANGUAGES[1]], **many)
        last = list(many)[-1]
        assert only(knowing(there, "c1", "english", last), Offer).agent == last

    @pytest.mark.parametrize(("levels", "chosen"), [(1, "luis"), (3, "ana")])
    def test_levels_may_be_worth_more(self, levels: int, chosen: str) -> None:
        skills = {"ana": {"english": 1}, "luis": {"english": 1 + levels}}
        there = stage(RoutingSettings(Method.OPTIMAL, weights=Weights(idle=0)), [LANGUAGES[1]], **skills)
        assert only(knowing(there, "c1", "english", "luis"), Offer).agent == chosen

    def test_who_cannot_serve_or_has_gone_is_not_known(self) -> None:
        there = stage(OPTIMAL, LANGUAGES, ana={"english": 5}, luis={"spanish": 5})
        assert only(knowing(there, "c1", "english", "luis"), Offer).agent == "ana"
        assert none(knowing(there, "c2", "english", "eva"), Offer)

    @pytest.mark.parametrize(("earlier_s", "first"), [(19, "c3"), (21, "c1")])
    def test_who_becomes_free_finds_who_knows_him_behind_others(self, earlier_s: int, first: str) -> None:
        there = stage(OPTIMAL, [LANGUAGES[1]], ana={"english": 5})
        there.queue("c0", "english")
        there.answer("ana")
        there.queue("c1", "english")
        there.queue("c2", "english")
        there.wait(earlier_s)
        knowing(there, "c3", "english", "ana")
        there.wait(100)
        assert only(there.end("c0", "ana"), Offer).call == first

    def test_nobody_is_looked_for_where_order_decides(self) -> None:
        there = stage(RoutingSettings(), [LANGUAGES[1]], ana={"english": 5})
        there.queue("c0", "english")
        there.answer("ana")
        there.queue("c1", "english")
        knowing(there, "c2", "english", "ana")
        assert only(there.end("c0", "ana"), Offer).call == "c1"

    def test_it_counts_among_those_who_are_gathered(self) -> None:
        there = stage(GATHERED, [LANGUAGES[1]], ana={"english": 5}, luis={"english": 5})
        knowing(there, "c1", "english", "luis")
        knowing(there, "c2", "english", "ana")
        there.wait(1)
        assert sorted(there.offered()) == [("c1", "luis"), ("c2", "ana")]

    def test_it_remains_when_he_comes_first_no_more(self) -> None:
        """He came first for ten seconds; a restored router still knows."""
        queue = QueueSettings("english", requires="english >= 1", wrap_up_us=0, prefer_us=10 * SECOND_US)
        there = stage(OPTIMAL, [queue], ana={"english": 5})
        there.queue("c0", "english")
        there.answer("ana")
        there.queue("c1", "english")
        there.wait(5)
        knowing(there, "c2", "english", "ana")
        there.wait(30)
        there.router = Router.restore(there.router.snapshot())
        assert only(there.end("c0", "ana"), Offer).call == "c2"


class TestGathering:
    def test_decisions_wait_that_long(self) -> None:
        there = stage(GATHERED, LANGUAGES, ana={"english": 5})
        assert none(there.queue("c1", "english"), Offer)
        assert there.router.deadline() == there.now_us + SECOND_US // 2
        assert none(there.wait(0.4), Offer)
        offer = only(there.wait(0.2), Offer)
        assert (offer.call, offer.agent) == ("c1", "ana")
        assert there.router.snapshot() == Router.restore(there.router.snapshot()).snapshot()

    def test_two_are_served_where_the_order_of_lines_serves_one(self) -> None:
        """The first caller would take either; the second only the one whom the first would get."""
        skills = {"ana": {"english": 5}, "luis": {"spanish": 5}}
        for routing, pairs in (
            (GATHERED, [("c1", "luis"), ("c2", "ana")]),
            (RoutingSettings(gather_us=SECOND_US // 2), [("c1", "ana")]),
        ):
            there = stage(routing, LANGUAGES, **skills)
            there.queue("c1", "either")
            there.queue("c2", "english")
            there.wait(1)
            assert there.offered() == pairs

    def test_nobody_waits_when_there_is_nobody_to_wait_for(self) -> None:
        there = stage(GATHERED, LANGUAGES, ana={"english": 5})
        deadline = there.router.deadline()
        there.queue("c1", "spanish")
        call = there.router.call("c1")
        assert call is not None
        assert deadline is None
        assert there.router._board.state.gather_until_us is None

    def test_who_leaves_meanwhile_is_not_offered(self) -> None:
        there = stage(GATHERED, LANGUAGES, ana={"english": 5})
        there.queue("c1", "english")
        there.hang_up("c1")
        assert none(there.wait(1), Offer)
        there.queue("c2", "english")
        assert only(there.wait(1), Offer).call == "c2"

    def test_a_restored_router_goes_on_gathering(self) -> None:
        there = stage(GATHERED, LANGUAGES, ana={"english": 5}, luis={"spanish": 5})
        there.queue("c1", "either")
        restored = Router.restore(there.router.snapshot())
        assert restored.deadline() == there.router.deadline()
        there.router = restored
        there.queue("c2", "english")
        there.wait(1)
        assert there.offered() == [("c1", "luis"), ("c2", "ana")]


def many(seed: int, routing: RoutingSettings) -> Stage:
    """Agents and callers of several kinds, who all come within the time that is gathered."""
    dice = random.Random(seed)
    skills = ("a", "b", "c")
    queues = [QueueSettings(one, requires=f"{one} >= {dice.randint(1, 5)}") for one in skills]
    agents = {
        f"agent{n:02}": {one: dice.randint(1, 9) for one in skills if dice.random() < 0.6}
        for n in range(dice.randint(1, 15))
    }
    there = stage(routing, queues, **agents)
    there.wait(1)
    for n in range(dice.randint(1, 15)):
        there.step(
            CallQueued(
                f"c{n:02}",
                dice.choice(skills),
                there.now_us - dice.randrange(90) * SECOND_US,
                dice.choice((0, 0, 2)),
            )
        )
    there.wait(1)
    return there


@pytest.mark.parametrize("seed", range(40))
def test_it_offers_at_least_as_many_as_the_order_of_lines(seed: int) -> None:
    cheapest = many(seed, GATHERED).offered()
    ordered = many(seed, RoutingSettings(gather_us=GATHERED.gather_us)).offered()
    assert len(cheapest) >= len(ordered)
    assert len({agent for _, agent in cheapest}) == len(cheapest) == len({call for call, _ in cheapest})


@pytest.mark.parametrize("limit", ["BUDGET", "LARGEST"])
@pytest.mark.parametrize("seed", range(8))
def test_beyond_a_limit_the_order_of_lines_decides_exactly(
    limit: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered = many(seed, RoutingSettings(gather_us=GATHERED.gather_us)).offered()
    monkeypatch.setattr(optimal, limit, 0)
    assert many(seed, GATHERED).offered() == ordered


def test_more_than_the_largest_assignment_are_all_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimal, "LARGEST", 2)
    there = stage(GATHERED, [LANGUAGES[1]], **{f"agent{n}": {"english": n + 1} for n in range(5)})
    for n in range(5):
        there.queue(f"c{n}", "english")
    there.wait(1)
    assert len(there.offered()) == 5
