"""What is said of an offer: a sentence, in each language, for each way in which it can be decided."""

from msgspec.structs import replace

from acd.commands import Offer
from acd.counterfactual import counterfactual
from acd.explaining import choices
from acd.router import Router
from acd.settings import QueueSettings
from acd.strategies import Strategy
from acd.why import Kept, encode, seal
from switch.config.schema import Language
from switch.why.child import Explained
from switch.why.rows import OfferWhyRow
from switch.why.telling import why_row
from tests.acd.history import History
from tests.acd.stage import Stage, support, team
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
