"""What is said of an offer: a sentence, in each language, for each way in which it can be decided."""

from msgspec.structs import replace

from acd.commands import Offer
from acd.counterfactual import counterfactual
from acd.events import CallPulled, CallQueued, Configured, WantedState
from acd.explaining import choices
from acd.router import Router
from acd.routing import Method, RoutingSettings, Weights
from acd.settings import AgentSettings, Aging, NoAgents, QueueSettings
from acd.strategies import Strategy
from acd.why import Kept, encode, seal
from switch.config.schema import Language
from switch.why.child import Explained
from switch.why.rows import OfferWhyRow
from switch.why.telling import why_row
from tests.acd.history import History
from tests.acd.stage import Stage, seconds, support, team
from tests.switch.why.scenes import kept


def told(stage: Stage, language: Language = Language.EN) -> OfferWhyRow:
    """What is said of the stage's last offer."""
    again = Router()
    last = stage.all(Offer)[-1]
    assert last.decision is not None
    for now_us, event, _ in stage.steps[: last.decision.position - 1]:
        again.step(event, now_us)
    before = again.snapshot()
    now_us, event, _ = stage.steps[last.decision.position - 1]
    choice = choices(before, event, now_us, [last.offer])[last.offer]
    change = counterfactual(before, event, now_us, choice)
    found = Explained(last.offer, choice, change, choice.seal == last.seal)
    (row,) = why_row("c", [kept(last)], {last.offer: found}, {}, language).offers
    assert row.same
    return row


def line_of_three() -> Stage:
    stage = Stage([support(), QueueSettings("english", requires="english >= 5")], team("ana", english=2))
    stage.queue("first", "english")
    stage.wait(2)
    stage.queue("second")
    stage.wait(3)
    stage.queue("third")
    stage.wait(1)
    stage.login("ana")
    return stage


def least_cost() -> Stage:
    """Luis has a level too many, and the caller knows him."""
    agents = [AgentSettings("ana", {"english": 5}), AgentSettings("luis", {"english": 6, "french": 1})]
    queues = [support(requires="english >= 5"), QueueSettings("french", requires="french >= 1")]
    stage = Stage([], [])
    weights = Weights(rare=75)
    stage.step(Configured(queues, agents, routing=RoutingSettings(Method.OPTIMAL, weights=weights)))
    stage.login("ana", "luis")
    stage.step(CallQueued("c", "support", stage.now_us, 1, preferred="luis"))
    return stage


def test_who_pauses_and_takes_a_call_has_not_been_free_for_any_time() -> None:
    stage = Stage([support()], team("ana", "luis", support=5))
    stage.login("ana")
    stage.set("ana", WantedState.PAUSED, "lunch")
    stage.queue("c")
    stage.wait(2)
    stage.step(CallPulled("c", "ana"))
    row = told(stage)
    assert row.text.startswith("ana took the call out of its turn.")
    ana = row.agents[0]
    assert (ana.agent, ana.chosen, ana.state, ana.terms) == ("ana", True, "paused", {})


def test_the_pair_that_cost_least_and_each_term_of_it() -> None:
    row = told(least_cost())
    assert row.text == (
        "This pair cost least by routing.weights (wait and priority -600.0, free time -1.0, level +100.0, "
        "rare skills +75.0, acquaintance -200.0). Agents free for the call: 2; callers whom luis could "
        "serve: 1."
    )
    assert row.would_change is not None
    assert row.would_change.text == "If the caller had not known luis, ana would have got the call."
    spanish = told(least_cost(), Language.ES)
    assert "espera y prioridad -600,0" in spanish.text
    assert spanish.would_change is not None
    assert spanish.would_change.text.startswith("Si quien llamaba no hubiera conocido a luis, ")


def test_the_agent_who_became_free_and_the_line() -> None:
    row = told(line_of_three())
    assert row.text == (
        "ana became free when 2 callers waited whom ana could serve, and this caller had waited longest "
        "(4.0 s; next third, 1.0 s)."
    )
    assert [(each.call, each.text) for each in row.callers] == [
        ("first", "ana does not meet english >= 5"),
        ("second", "chosen"),
        ("third", "behind this call"),
    ]
    assert [each.waited_s for each in row.callers] == [6.0, 4.0, 1.0]
    assert row.would_change is not None
    assert row.would_change.text == "If third had come 3.0 s earlier, ana would have got third instead."


def test_the_same_in_spanish() -> None:
    row = told(line_of_three(), Language.ES)
    assert row.text == (
        "ana quedó libre cuando esperaban 2 llamadas que podía atender, y era quien llevaba más tiempo "
        "esperando (4,0 s; después third, 1,0 s)."
    )
    assert row.callers[0].text == "ana no cumple english >= 5"
    assert row.would_change is not None
    assert row.would_change.text == "Si third hubiera entrado 3,0 s antes, ana habría recibido third."


def test_the_one_caller_who_waited() -> None:
    stage = Stage([support()], team("ana"))
    stage.queue("c1")
    stage.wait(5)
    stage.login("ana")
    row = told(stage)
    assert row.text == "ana became free, and this was the only waiting caller whom ana could serve."
    assert row.would_change is not None
    assert row.would_change.text == "If ana had not been there, the caller would have gone on waiting."


def test_who_waited_less_and_grew_faster_did_not_wait_longest() -> None:
    queues = [support(aging=Aging(per_minute=5)), QueueSettings("slow", aging=Aging(per_minute=1))]
    stage = Stage(queues, team("ana"))
    stage.queue("long", "slow")
    stage.wait(60)
    stage.queue("short")
    stage.wait(60)
    stage.login("ana")
    assert stage.all(Offer)[-1].call == "short"
    assert told(stage).text.endswith("this call's priority was the highest (5.0; next long, 2.0).")


def test_whose_last_agent_would_have_gone_does_not_wait_on() -> None:
    stage = Stage([support(no_agents=NoAgents.OVERFLOW)], team("ana"))
    stage.login("ana")
    stage.queue("c1")
    for language, text in (
        (Language.EN, "If ana had not been there, the caller would have left the queue."),
        (Language.ES, "Si ana no hubiera estado, la llamada habría salido de la cola."),
    ):
        change = told(stage, language).would_change
        assert change is not None
        assert change.text == text


def test_a_hair_is_not_nothing() -> None:
    stage = Stage([support()], team("ana", "eva"))
    stage.login("ana")
    stage.now_us -= seconds(1) - 20
    stage.login("eva")
    stage.queue("c1")
    change = told(stage, Language.ES).would_change
    assert change is not None
    assert change.text == "Si ana hubiera quedado libre 0,021 ms más tarde, la llamada habría sido para eva."


def test_who_is_next_in_a_long_line_is_told_with_his_figures() -> None:
    """Though a hundred others, whom the agent cannot serve, stand between them."""
    stage = Stage([support(), QueueSettings("english", requires="english >= 5")], team("ana"))
    stage.queue("first")
    for number in range(100):
        stage.queue(f"english {number}", "english")
    stage.wait(10)
    stage.queue("next")
    stage.wait(10)
    stage.login("ana")
    row = told(stage)
    assert row.text.endswith("this caller had waited longest (20.0 s; next next, 10.0 s).")
    assert row.callers[-1].call == "next"
    assert row.callers_left_out == 51
    assert row.would_change is not None
    assert row.would_change.text == "If next had come 10.0 s earlier, ana would have got next instead."


def test_who_comes_back_to_the_line_is_not_said_to_come() -> None:
    stage = Stage([support()], team("ana", "eva", "luis"))
    stage.login("ana", "eva", "luis")
    stage.queue("c1")
    stage.ring("ana")
    stage.refuse("ana", 486)
    assert told(stage).text == (
        "2 agents were free for the call, and eva had been available longest (2.0 s; next luis, 1.0 s)."
    )


def by(strategy: Strategy) -> Stage:
    stage = Stage([support(strategy=strategy, wrap_up_us=0)], team("ana", "eva"))
    stage.login("ana", "eva")
    stage.queue("c1")
    stage.answer("ana")
    stage.wait(30)
    stage.end("c1", "ana")
    stage.wait(60)
    stage.queue("c2")
    return stage


def test_each_strategy_says_what_it_goes_by() -> None:
    said = {strategy: told(by(strategy)).text.partition(", and ")[2] for strategy in Strategy}
    assert said[Strategy.LONGEST_IDLE] == "eva had been available longest (91.0 s; next ana, 60.0 s)."
    assert said[Strategy.FEWEST_CALLS] == "eva had taken the fewest calls (0; next ana, 1)."
    assert said[Strategy.LEAST_TALK_TIME] == "eva had talked least (0.0 s; next ana, 30.0 s)."
    assert said[Strategy.ROUND_ROBIN] == "eva's last offer was longest ago (-; next ana, 90.0 s)."
    assert said[Strategy.LINEAR] == "ana stands before the others in the configuration (next eva)."
    assert said[Strategy.RANDOM].startswith("the draw fell on ")


def test_what_would_have_changed_it_goes_by_the_strategy() -> None:
    expected = {
        Strategy.LONGEST_IDLE: "If eva had been ready 31.0 s later, ana would have got the call.",
        Strategy.FEWEST_CALLS: "If eva had taken 2 calls instead of 0, ana would have got the call.",
        Strategy.LEAST_TALK_TIME: "If eva had talked 30.0 s more, ana would have got the call.",
        Strategy.LINEAR: "If ana stood further back in the configuration, eva would have got the call.",
    }
    for strategy, text in expected.items():
        change = told(by(strategy)).would_change
        assert change is not None
        assert change.text == text


def test_what_explains_another_decision_is_not_told() -> None:
    stage = line_of_three()
    last = stage.all(Offer)[-1]
    assert last.decision is not None
    forged = replace(last.decision, agent="luis")
    text = encode(forged)
    found = {last.offer: Explained(last.offer, None, None, same=False)}
    (row,) = why_row("c", [Kept(text, seal(text))], found, {}, Language.EN).offers
    assert row.intact
    assert not row.same
    assert row.text.startswith("luis was chosen by longest-idle. The router decides otherwise")
    assert not row.agents
    assert not row.callers
    assert row.would_change is None


def test_whatever_was_decided_there_are_words_for_it() -> None:
    """Random histories: under every rule and strategy something is said in both languages, braces filled."""
    said = 0
    for seed in range(1, 12):
        history = History(seed)
        history.play(250)
        again = Router()
        for now_us, event, commands in history.steps:
            made = {one.offer: one for one in commands if isinstance(one, Offer)}
            before = again.snapshot() if made else b""
            again.step(event, now_us)
            for name, choice in (choices(before, event, now_us, made) if made else {}).items():
                change = counterfactual(before, event, now_us, choice)
                found = {name: Explained(name, choice, change, True)}
                for language in Language:
                    row = why_row("c", [kept(made[name])], found, {}, language)
                    assert row.text.endswith((".", ")"))
                    assert not set("{}") & set(row.text + str(row.offers[0].would_change))
                    said += 1
    assert said > 200
