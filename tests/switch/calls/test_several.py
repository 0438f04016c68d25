"""Several phones ring for one caller: who talks, what the others are told, what is booked and counted."""

from typing import Any

import pytest

from sip.events import IncomingInvite, SessionEnded
from switch.calls.ending import Reason, Result
from switch.history import entries
from switch.records import AgentState, OfferResult
from tests.switch.calls.test_flow import booked
from tests.switch.calls.transfers.test_pickup import ELSEWHERE, cancelled
from tests.switch.far_end import FarEnd, refusing, silent
from tests.switch.stage import NUMBER, SPARE_PHONE, Stage

Sections = dict[str, Any]


def ringing_all(**queue: Any) -> Sections:
    return {"queues": {"support": {"strategy": "ring-all", **queue}}}


def one_by_one(**queue: Any) -> Sections:
    return {"queues": {"support": {"strategy": "ring-progressively", **queue}}}


ANNOUNCED = ringing_all(announce_to_agent=["support-call"])
THIRD: Sections = {
    **ringing_all(),
    "phones": {
        name: {"secret": f"secret of {name}", "pickup_group": "all"} for name in ("1001", "1002", SPARE_PHONE)
    },
    "agents": {"ana": {"phone": "1001"}, "luis": {"phone": "1002"}, "eva": {"phone": SPARE_PHONE}},
    "routes": [
        {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
        {"phone": "*", "to": "[*]8*", "strip": "2", "go": "pickup"},
    ],
}


@pytest.fixture
def sections() -> Sections:
    return ringing_all()


async def two(stage: Stage) -> tuple[FarEnd, FarEnd]:
    return await stage.phone("1001"), await stage.phone("1002")


def agents(stage: Stage) -> tuple[str, str]:
    return stage.agent("ana"), stage.agent("luis")


async def all_over(stage: Stage) -> None:
    await stage.pass_by(60)
    stage.assert_nothing_left()


def offers(stage: Stage) -> dict[str, OfferResult]:
    """How the last offer to each agent ended, as the history has it."""
    ended = [offer for entry in stage.history.all(entries.CallEnded) for offer in entry.offers]
    ended += [entry.offer for entry in stage.history.all(entries.OfferEnded)]
    return {offer.agent: offer.result for offer in ended}


async def test_the_first_who_answers_talks_and_the_others_missed_nothing(stage: Stage) -> None:
    first, second = await two(stage)
    session = await stage.carrier.dial(NUMBER)
    assert agents(stage) == ("ringing", "ringing")
    assert {stage.running.agent(name).call for name in ("ana", "luis")} == {stage.call.id}
    assert stage.running.place(stage.call.id).ringing == ("ana", "luis")
    await second.answer()
    place = stage.running.place(stage.call.id)
    assert (place.agent, place.ringing) == ("luis", ())
    assert (stage.call.agent, agents(stage)) == ("luis", ("ready", "on_call"))
    assert cancelled(first) == ELSEWHERE
    assert first.endpoint.counts().sessions == 0
    await stage.pass_by(3)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert (record.agent, record.result) == ("luis", Result.ANSWERED)
    assert [leg.peer for leg in record.legs] == ["carrier", "1002"]
    assert offers(stage) == {"ana": OfferResult.ANSWERED_ELSEWHERE, "luis": OfferResult.ANSWERED}
    scrape = stage.metrics()
    for result in ("answered", "answered_elsewhere"):
        assert scrape.value("centralita_offers_total", queue="support", result=result) == 1
    assert scrape.value("centralita_offer_latency_seconds_count") == 2
    assert scrape.value("centralita_queue_answered_total", queue="support") == 1
    await all_over(stage)


@pytest.mark.parametrize("faster", [0, 1])
async def test_two_answer_at_once_and_one_of_them_hears_that_it_is_over(stage: Stage, faster: int) -> None:
    phones = await two(stage)
    winner, loser = phones[faster], phones[1 - faster]
    session = await stage.carrier.dial(NUMBER)
    for phone in (winner, loser):
        phone.endpoint.accept(phone.invited.session, phone.sdp, stage.now())
        stage.moved(phone)
    await stage.settle()
    talks, lost = (("ana", "luis"), ("luis", "ana"))[faster]
    assert (stage.call.agent, stage.agent(talks), stage.agent(lost)) == (talks, "on_call", "ready")
    assert loser.last(SessionEnded) is not None, "a BYE"
    assert (winner.endpoint.counts().sessions, loser.endpoint.counts().sessions) == (1, 0)
    states = [e.change.state for e in stage.history.all(entries.AgentChanged) if e.change.agent == lost]
    assert states[-2:] == [AgentState.RINGING, AgentState.READY]
    again = await stage.carrier.dial(NUMBER)
    assert stage.agent(lost) == "ringing", "the next caller rings there at once"
    await stage.carrier.hang_up(again)
    await stage.carrier.hang_up(session)
    assert offers(stage)[talks] is OfferResult.ANSWERED
    await all_over(stage)


async def test_a_phone_that_sends_media_before_it_answers_is_not_heard(stage: Stage) -> None:
    def early(end: FarEnd, invite: IncomingInvite) -> None:
        end.endpoint.progress(invite.session, 183, end.wire.now(), sdp=end.sdp)

    first, second = await two(stage)
    first.behave = early
    session = await stage.carrier.dial(NUMBER)
    assert stage.heard(stage.call.caller) == "music default"
    assert stage.port(stage.call.caller).recording is None
    await second.answer()
    assert stage.heard(stage.call.caller).startswith("relay")
    assert stage.call.party is not None
    assert stage.call.party.peer.name == "1002"
    await stage.carrier.hang_up(session)
    await all_over(stage)


@pytest.mark.parametrize("sections", [ANNOUNCED])
async def test_only_who_has_the_call_is_told_of_it(stage: Stage) -> None:
    phones = await two(stage)
    session = await stage.carrier.dial(NUMBER)
    for phone in phones:
        phone.endpoint.accept(phone.invited.session, phone.sdp, stage.now())
        stage.moved(phone)
    await stage.settle()
    assert stage.call.agent == "ana"
    assert stage.heard(stage.call.party) == "en support-call"
    assert stage.heard(stage.call.caller) == "music default"
    assert agents(stage) == ("on_call", "ready")
    stage.played(stage.call.party)
    assert stage.heard(stage.call.caller).startswith("relay")
    await stage.carrier.hang_up(session)
    await all_over(stage)


@pytest.mark.parametrize("sections", [ANNOUNCED])
async def test_who_is_told_of_it_and_leaves_lets_everybody_ring_again(stage: Stage) -> None:
    first, second = await two(stage)
    session = await stage.carrier.dial(NUMBER)
    await first.answer()
    await first.hang_up()
    assert agents(stage) == ("wrap_up", "ringing")
    assert len(second.all(IncomingInvite)) == 2
    await second.answer()
    assert stage.call.agent == "luis"
    await stage.carrier.hang_up(session)
    await all_over(stage)


async def test_a_refusal_silences_one_phone_only(stage: Stage) -> None:
    first, second = await two(stage)
    first.behave = refusing(486)
    session = await stage.carrier.dial(NUMBER)
    assert agents(stage) == ("ready", "ringing")
    await stage.pass_by(3)
    await second.answer()
    assert stage.call.agent == "luis"
    await stage.carrier.hang_up(session)
    assert offers(stage) == {"ana": OfferResult.BUSY, "luis": OfferResult.ANSWERED}
    await all_over(stage)


async def test_when_everybody_refuses_the_caller_waits_until_their_rest_is_over(stage: Stage) -> None:
    phones = await two(stage)
    for phone in phones:
        phone.behave = refusing(603)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(4.5)
    assert [len(phone.all(IncomingInvite)) for phone in phones] == [1, 1]
    await stage.pass_by(1)
    assert [len(phone.all(IncomingInvite)) for phone in phones] == [2, 2]
    assert stage.heard(stage.call.caller) == "music default"
    await stage.carrier.hang_up(session)
    await all_over(stage)


async def test_the_caller_hangs_up_and_all_phones_fall_silent(stage: Stage) -> None:
    phones = await two(stage)
    phones[1].behave = silent
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(1)
    await stage.carrier.hang_up(session)
    await stage.pass_by(1)
    assert agents(stage) == ("ready", "ready")
    assert offers(stage) == {"ana": OfferResult.CANCELLED, "luis": OfferResult.CANCELLED}
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.ABANDONED, Reason.CALLER_HUNG_UP)
    await all_over(stage)


async def test_who_comes_while_it_rings_rings_too(stage: Stage) -> None:
    await stage.phone("1001")
    session = await stage.carrier.dial(NUMBER)
    second = await stage.phone("1002")
    await stage.settle()
    await second.answer()
    assert (stage.call.agent, agents(stage)) == ("luis", ("ready", "on_call"))
    await stage.carrier.hang_up(session)
    await all_over(stage)


@pytest.mark.parametrize("sections", [THIRD])
async def test_a_colleague_picks_up_what_rings_at_two_phones(stage: Stage) -> None:
    first, second = await two(stage)
    third = await stage.phone(SPARE_PHONE, registered=False)
    session = await stage.carrier.dial(NUMBER)
    assert await third.register() == 200
    third.behave = silent
    await third.refuse(486)
    taken = await third.dial("*8")
    assert third.status(taken) == 200
    assert stage.call.agent == "eva"
    assert (cancelled(first), cancelled(second)) == (ELSEWHERE, ELSEWHERE)
    assert agents(stage) == ("ready", "ready")
    await stage.carrier.hang_up(session)
    await all_over(stage)


@pytest.mark.parametrize("sections", [ringing_all(max_wait="3s", overflow="phone:1003")])
async def test_a_caller_who_waited_too_long_goes_where_he_is_sent(stage: Stage) -> None:
    first, second = await two(stage)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(3.2)
    assert (cancelled(first), cancelled(second)) == (ELSEWHERE, ELSEWHERE)
    assert agents(stage) == ("ready", "ready")
    await stage.carrier.hang_up(session)
    await all_over(stage)


@pytest.mark.parametrize("sections", [one_by_one(ring_next="3s")])
async def test_one_phone_and_then_the_next(stage: Stage) -> None:
    first, second = await two(stage)
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(2.9)
    assert agents(stage) == ("ringing", "ready")
    assert not second.all(IncomingInvite)
    await stage.pass_by(0.2)
    assert agents(stage) == ("ringing", "ringing")
    await first.answer()
    assert (stage.call.agent, agents(stage)) == ("ana", ("on_call", "ready"))
    assert cancelled(second) == ELSEWHERE
    await stage.carrier.hang_up(session)
    assert offers(stage) == {"ana": OfferResult.ANSWERED, "luis": OfferResult.ANSWERED_ELSEWHERE}
    await all_over(stage)


async def test_a_reload_lets_the_other_phone_ring_too(stage: Stage) -> None:
    await stage.reload(queues={"support": {}})
    _, second = await two(stage)
    session = await stage.carrier.dial(NUMBER)
    assert not second.all(IncomingInvite)
    await stage.reload(**ringing_all())
    assert agents(stage) == ("ringing", "ringing")
    await second.answer()
    assert stage.call.agent == "luis"
    await stage.carrier.hang_up(session)
    await all_over(stage)
