"""Who gets whom: the order of callers, the order of agents, several queues at once."""

from acd.commands import Offer
from acd.events import CallQueued, OfferRefused, PhoneReachable, PhoneUnreachable, WantedState
from acd.settings import AgentSettings, QueueSettings
from tests.acd.stage import Stage, only, support, team

FREE = {"wrap_up_us": 0}


def talk(stage: Stage, agent: str) -> None:
    """The agent answers the ringing call and talks for a second."""
    call = next(call for call, who in reversed(stage.offered()) if who == agent)
    stage.answer(agent)
    stage.wait(1)
    stage.end(call, agent)


class TestLongestIdle:
    def test_the_one_free_longest_gets_the_call(self) -> None:
        stage = Stage([support(**FREE)], team("ana", "luis", "eva"))
        stage.login("eva", "ana", "luis")
        for call in ("c1", "c2", "c3"):
            stage.queue(call)
        assert [agent for _, agent in stage.offered()] == ["eva", "ana", "luis"]

    def test_the_clock_starts_after_wrap_up_not_at_hang_up(self) -> None:
        stage = Stage([support(wrap_up_us=10_000_000)], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.queue("c1")
        talk(stage, "ana")
        stage.wait(5)
        stage.set("luis", WantedState.PAUSED)
        stage.set("luis", WantedState.READY)
        stage.wait(60)
        assert only(stage.queue("c2"), Offer).agent == "luis"

    def test_the_clock_starts_at_login(self) -> None:
        stage = Stage([support(**FREE)], team("ana", "luis"))
        stage.login("luis")
        stage.wait(60)
        stage.login("ana")
        assert only(stage.queue("c1"), Offer).agent == "luis"

    def test_the_clock_starts_at_the_end_of_a_pause(self) -> None:
        stage = Stage([support(**FREE)], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.set("ana", WantedState.PAUSED)
        stage.wait(600)
        stage.set("ana", WantedState.READY)
        assert only(stage.queue("c1"), Offer).agent == "luis"

    def test_the_clock_starts_when_the_phone_can_be_reached_again(self) -> None:
        stage = Stage([support(**FREE)], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.step(PhoneUnreachable("ana"))
        stage.step(PhoneReachable("ana"))
        assert only(stage.queue("c1"), Offer).agent == "luis"

    def test_ready_again_while_ready_does_not_start_it(self) -> None:
        stage = Stage([support(**FREE)], team("ana", "luis"))
        stage.login("ana", "luis")
        stage.set("ana", WantedState.READY)
        assert only(stage.queue("c1"), Offer).agent == "ana"

    def test_ties_go_by_name(self) -> None:
        stage = Stage([support(**FREE)], team("luis", "ana"))
        for agent in ("luis", "ana"):
            stage.set(agent, WantedState.READY)
        stage.login("luis", "ana")
        stage.step(PhoneUnreachable("luis"))
        assert only(stage.queue("c1"), Offer).agent == "ana"

    def test_three_agents_and_ten_calls(self) -> None:
        """Different skills and idle times; each call lasts a second, one after the other."""
        stage = Stage(
            [
                QueueSettings("support", requires="support >= 1", wrap_up_us=0),
                QueueSettings("english", requires="english >= 5", wrap_up_us=0),
            ],
            [
                AgentSettings("ana", {"support": 8, "english": 9}),
                AgentSettings("luis", {"support": 5}),
                AgentSettings("eva", {"english": 5}),
            ],
        )
        stage.login("luis", "ana", "eva")
        queues = ["support", "english", "support", "english", "english"] * 2
        for number, queue in enumerate(queues):
            talk(stage, only(stage.queue(f"c{number}", queue), Offer).agent)
        order = " ".join(agent for _, agent in stage.offered())
        assert order == "luis ana luis eva ana luis eva ana eva ana"


class TestOrderOfCallers:
    def test_larger_priority_then_queue_time_then_arrival(self) -> None:
        stage = Stage([support(**FREE)], team("ana"))
        stage.step(CallQueued("late", "support", stage.now_us + 5))
        stage.step(CallQueued("tie-1", "support", stage.now_us))
        stage.step(CallQueued("tie-2", "support", stage.now_us))
        stage.step(CallQueued("kept-its-time", "support", stage.now_us - 9))
        stage.step(CallQueued("vip", "support", stage.now_us + 9, priority=1))
        stage.login("ana")
        for _ in range(4):
            talk(stage, "ana")
        order = [call for call, _ in stage.offered()]
        assert order == ["vip", "kept-its-time", "tie-1", "tie-2", "late"]

    def test_one_agent_of_several_queues_takes_the_first_of_all(self) -> None:
        queues = [QueueSettings(name, requires=f"{name} >= 1", wrap_up_us=0) for name in ("a", "b", "c")]
        stage = Stage(queues, team("ana", a=1, b=1, c=1))
        for call, queue, priority in (("c1", "c", 0), ("c2", "a", 0), ("c3", "b", 3), ("c4", "a", 3)):
            stage.queue(call, queue, priority)
            stage.wait(1)
        stage.login("ana")
        for _ in range(3):
            talk(stage, "ana")
        assert [call for call, _ in stage.offered()] == ["c3", "c4", "c1", "c2"]

    def test_a_call_keeps_its_place_through_a_failed_offer(self) -> None:
        stage = Stage([support(**FREE)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        stage.queue("c2")
        stage.step(OfferRefused(stage.offer("ana"), 486))
        stage.wait(5)
        assert stage.offered() == [("c1", "ana"), ("c1", "ana")]


class TestSkills:
    def test_only_who_has_the_skill_is_offered(self) -> None:
        stage = Stage(
            [QueueSettings("support", requires="support >= 3 and not trainee >= 1")],
            [
                AgentSettings("ana", {"support": 2}),
                AgentSettings("luis", {"support": 9, "trainee": 1}),
                AgentSettings("eva", {"support": 3}),
            ],
        )
        stage.login("ana", "luis", "eva")
        stage.queue("c1")
        stage.queue("c2")
        assert stage.offered() == [("c1", "eva")]

    def test_a_caller_nobody_can_serve_blocks_nobody_behind_him(self) -> None:
        stage = Stage([QueueSettings("rare", requires="rare >= 1"), support(**FREE)], team("ana", support=1))
        stage.queue("c1", "rare", priority=9)
        stage.queue("c2")
        stage.login("ana")
        assert stage.offered() == [("c2", "ana")]


def test_several_at_once_are_paired_in_the_order_of_the_line() -> None:
    """Two holds end in the same microsecond: the first caller gets the agent idle longest."""
    stage = Stage([support(**FREE)], team("ana", "luis"))
    stage.login("luis", "ana")
    stage.queue("c1")
    stage.queue("c2")
    for agent in ("ana", "luis"):
        stage.refuse(agent)
    stage.queue("vip", priority=1)
    stage.wait(5)
    assert stage.offered()[2:] == [("vip", "luis"), ("c1", "ana")]
