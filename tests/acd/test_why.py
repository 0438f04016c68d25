"""What each offer keeps, and the chain that breaks at one altered byte."""

from itertools import pairwise

import msgspec

from acd.aging import POINT
from acd.commands import Offer
from acd.router import Router
from acd.why import Fault, Kept, Rule, Verifier, decode, encode, seal
from tests.acd.history import History
from tests.acd.stage import START_US, Stage, seconds, support, team


def kept(offers: list[Offer]) -> list[Kept]:
    return [Kept(encode(offer.decision), offer.seal) for offer in offers if offer.decision is not None]


def faults(chain: list[Kept]) -> list[tuple[Fault, int]]:
    verifier = Verifier()
    verifier.follow(chain)
    assert verifier.count == len(chain)
    return [(finding.fault, finding.number) for finding in verifier.findings]


def played(events: int = 800) -> History:
    history = History(7)
    history.play(events)
    return history


def decided(history: History) -> list[Offer]:
    return [one for _, _, commands in history.steps for one in commands if isinstance(one, Offer)]


def test_an_offer_keeps_what_decided_it() -> None:
    stage = Stage([support()], team("ana", "luis"))
    stage.login("ana", "luis")
    stage.queue("c1", priority=5)
    stage.answer("ana")
    stage.queue("c2")
    stage.answer("luis")
    stage.queue("c3")
    stage.end("c1", "ana")
    stage.wait(10)
    first, _, third = stage.all(Offer)
    assert first.decision is not None
    assert third.decision is not None
    assert first.decision.rule is Rule.CALLER_CHOSE
    assert first.decision.strategy == "longest-idle"
    assert first.decision.caller == (-5 * POINT, START_US + seconds(2), 1)
    assert first.decision.chosen == (START_US,)
    assert (first.decision.call, first.decision.agent) == ("c1", "ana")
    assert first.decision.position == first.id[1]
    assert third.decision.rule is Rule.AGENT_CHOSE
    assert (third.decision.call, third.decision.agent) == ("c3", "ana")
    assert third.decision.at_us == START_US + seconds(12)


def test_decisions_are_linked_and_count_from_one() -> None:
    offers = decided(played())
    decisions = [offer.decision for offer in offers if offer.decision is not None]
    assert len(decisions) == len(offers) > 30
    assert [decision.number for decision in decisions] == list(range(1, len(offers) + 1))
    assert decisions[0].previous == ""
    for before, after in pairwise(offers):
        assert after.decision is not None
        assert after.decision.previous == before.seal
    assert faults(kept(offers)) == []
    assert faults(kept(offers[10:])) == []


def test_the_chain_goes_on_after_a_restart_from_the_snapshot() -> None:
    stage = Stage([support()], team("ana", "luis"))
    stage.login("ana", "luis")
    stage.queue("c1")
    before = stage.all(Offer)[-1]
    stage.router = Router.restore(stage.router.snapshot())
    stage.queue("c2")
    after = stage.all(Offer)[-1]
    assert after.decision is not None
    assert (after.decision.number, after.decision.previous) == (2, before.seal)


def test_one_altered_byte_is_found_wherever_it_is() -> None:
    chain = kept(decided(played(300)))[:4]
    text = chain[2].text
    for place in range(len(text)):
        altered = text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :]
        found = Verifier()
        found.follow([*chain[:2], Kept(altered, chain[2].seal), chain[3]])
        assert next((one.fault, one.seal) for one in found.findings) == (Fault.ALTERED, chain[2].seal)
    other = ("1" if chain[2].seal[0] == "0" else "0") + chain[2].seal[1:]
    assert (Fault.ALTERED, 3) in faults([*chain[:2], Kept(text, other), chain[3]])


def test_a_decision_sealed_anew_breaks_the_next_link() -> None:
    chain = kept(decided(played(300)))[:4]
    altered = chain[2].text.replace(b'"main-', b'"mane-')
    forged = [*chain[:2], Kept(altered, seal(altered)), chain[3]]
    assert faults(forged) == [(Fault.UNLINKED, 4)]


def test_only_the_first_decision_follows_none() -> None:
    chain = kept(decided(played(300)))[:3]
    altered = encode(msgspec.structs.replace(decode(chain[2].text), previous=""))
    assert faults([*chain[:2], Kept(altered, seal(altered))]) == [(Fault.UNLINKED, 3)]


def test_what_is_missing_is_told_and_what_is_no_decision() -> None:
    chain = kept(decided(played(300)))[:5]
    assert faults([chain[0], *chain[2:]]) == [(Fault.GAP, 3)]
    assert faults([Kept(b"[]", seal(b"[]"))]) == [(Fault.UNREADABLE, 0)]


def test_a_reload_changes_the_policy_and_an_equal_one_does_not() -> None:
    versions = []
    for wrap_up_us in (0, 0, 1):
        stage = Stage([support(wrap_up_us=wrap_up_us)], team("ana"))
        stage.login("ana")
        stage.queue("c1")
        decision = stage.all(Offer)[-1].decision
        assert decision is not None
        versions.append(decision.policy)
    assert versions[0] == versions[1] != versions[2]


def test_the_encoding_is_read_back() -> None:
    for offer in decided(played(200)):
        assert offer.decision is not None
        assert decode(encode(offer.decision)) == offer.decision
