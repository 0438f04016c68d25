"""Whoever takes what rings or talks at another phone: who may, what all hear and are told, what is booked."""

import asyncio
from typing import Any

import pytest

from acd.events import ConversationEnd, ConversationEnded
from sip.events import SessionId
from sip.syntax.message import parse
from switch.calls.ending import EndedBy, Reason, Result
from switch.history.entries import AgentChanged
from switch.records import OfferResult
from tests.switch.calls.ringing.test_branches import device
from tests.switch.calls.test_flow import ending, talking
from tests.switch.far_end import FarEnd, answering, silent
from tests.switch.stage import NUMBER, PHONES, Stage

THIRD = "1003"
STRANGER = "1004"
PLACES = {**PHONES, THIRD: ("192.0.2.23", 5060), STRANGER: ("192.0.2.24", 5060)}
GROUPS = {"1001": "sales", "1002": ["sales", "night"], THIRD: "sales", STRANGER: "night"}
SKILLS = {"support": "5"}
CENTRE: dict[str, Any] = {
    "phones": {
        name: {"secret": f"secret of {name}", "pickup_group": group} for name, group in GROUPS.items()
    },
    "agents": {
        "ana": {"phone": "1001", "skills": SKILLS},
        "luis": {"phone": "1002", "skills": SKILLS},
        "eva": {"phone": THIRD},
    },
    "routes": [
        {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
        {"trunk": "carrier", "to": "8*", "strip": "1", "go": "phone"},
        {"phone": "*", "to": "[*]8*", "strip": "2", "go": "pickup"},
        {"phone": "*", "to": "10??", "go": "phone"},
    ],
}
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


@pytest.fixture
def sections() -> dict[str, object]:
    return CENTRE


async def at(stage: Stage, name: str) -> FarEnd:
    phone = stage.join(name, PLACES[name], f"secret of {name}")
    assert await phone.register() == 200
    return phone


async def three(stage: Stage) -> tuple[FarEnd, FarEnd, FarEnd]:
    return await at(stage, "1001"), await at(stage, "1002"), await at(stage, THIRD)


def cancelled(phone: FarEnd) -> str | None:
    """The Reason of the CANCEL that a phone got."""
    found = [parse(data) for data in phone.received if data.startswith(b"CANCEL")]
    return found[-1].headers.get("Reason") if found else None


def ended(stage: Stage, session: SessionId) -> bool:
    return stage.carrier.endpoint.dialog(session) is None


async def nothing_left(stage: Stage) -> None:
    await stage.pass_by(60)
    stage.assert_nothing_left()
    assert not stage.registry.pickups


def replaces(phone: FarEnd, *, early_only: bool = False) -> tuple[str, str]:
    """Names the dialog between the switch and a phone, as who watches that phone is told it."""
    request = phone.invited.request
    local = phone.endpoint.name_of(phone.invited.session)
    assert local is not None
    flag = ";early-only" if early_only else ""
    named = f"{request.call_id};to-tag={request.from_tag};from-tag={local.local_tag}{flag}"
    return "Replaces", named


# What rings


async def test_who_dials_the_code_and_a_phone_has_its_call(stage: Stage) -> None:
    first, second, _ = await three(stage)
    session = await stage.carrier.dial("81001")
    taken = await second.dial("*81001")
    assert (stage.carrier.status(session), second.status(taken)) == (200, 200)
    assert cancelled(first) == ELSEWHERE
    assert first.endpoint.counts().sessions == 0
    call = stage.call
    assert [stage.heard(leg) for leg in (call.caller, call.party)] == [
        f"relay {stage.port(leg).number}" for leg in (call.party, call.caller)
    ]
    await second.hang_up(taken)
    await nothing_left(stage)
    (record,) = stage.history.calls
    assert ending(record) == (Result.COMPLETED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)
    assert [(leg.role.value, leg.peer, leg.sip_status) for leg in record.legs] == [
        ("caller", "carrier", 200),
        ("callee", "1001", 487),
        ("callee", "1002", 200),
    ]
    assert ended(stage, session)


async def test_the_code_alone_takes_what_rings_longest_in_the_groups_of_the_phone(stage: Stage) -> None:
    first, second, third = await three(stage)
    stranger = await at(stage, STRANGER)
    refused = await stranger.dial("*8")
    assert stranger.status(refused) == 404
    one = await stage.carrier.dial("81001")
    await stage.pass_by(1)
    await stage.carrier.dial("81002")
    assert third.status(await third.dial("*8")) == 200
    assert stage.carrier.status(one) == 200
    assert (cancelled(first), cancelled(second)) == (ELSEWHERE, None)
    assert stranger.status(await stranger.dial("*8")) == 200, "by its other group"
    assert cancelled(second) == ELSEWHERE
    assert [record.reason for record in stage.history.calls] == [Reason.NOT_FOUND]


@pytest.mark.parametrize(("number", "status"), [("*81001", 403), ("*81002", 404), ("*8nobody", 404)])
async def test_what_may_not_be_taken(stage: Stage, number: str, status: int) -> None:
    first, stranger = await at(stage, "1001"), await at(stage, STRANGER)
    session = await stage.carrier.dial("81001")
    assert stranger.status(await stranger.dial(number)) == status
    assert cancelled(first) is None
    await first.answer()
    assert stage.carrier.status(session) == 200
    (refused,) = stage.history.calls
    assert (refused.result, refused.from_, refused.to) == (Result.REJECTED, STRANGER, number)
    assert refused.reason is (Reason.NOT_ALLOWED if status == 403 else Reason.NOT_FOUND)


async def test_without_groups_nobody_takes_anything(stage: Stage) -> None:
    plain = {name: {"secret": f"secret of {name}"} for name in PLACES}
    await stage.reload(**{**CENTRE, "phones": plain})
    await at(stage, "1001")
    second = await at(stage, "1002")
    await stage.carrier.dial("81001")
    assert second.status(await second.dial("*81001")) == 403
    assert second.status(await second.dial("*8")) == 404


async def test_an_agent_takes_the_call_that_a_queue_offers_to_another(stage: Stage) -> None:
    first = await at(stage, "1001")
    session = await stage.carrier.dial(NUMBER)
    assert stage.agent("ana") == "ringing"
    second = await at(stage, "1002")
    taken = await second.dial("*81001")
    assert (stage.carrier.status(session), second.status(taken)) == (200, 200)
    assert cancelled(first) == ELSEWHERE
    assert (stage.agent("ana"), stage.agent("luis")) == ("ready", "on_call")
    assert stage.call.agent == "luis"
    assert stage.port(stage.call.caller).recording is not None
    await stage.carrier.hang_up(session)
    assert stage.agent("luis") == "wrap_up"
    await nothing_left(stage)
    (record,) = stage.history.calls
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert (record.agent, record.queue, len(record.visits)) == ("luis", "support", 1)
    offers = [entry.offers for entry in stage.history.entries if hasattr(entry, "offers")]
    (offer,) = offers[0]
    assert (offer.agent, offer.result) == ("ana", OfferResult.ANSWERED_ELSEWHERE)
    states = [entry.change for entry in stage.history.all(AgentChanged) if entry.change.agent == "luis"]
    assert [change.state.value for change in states] == ["ready", "on_call", "wrap_up", "ready"]


async def test_only_who_serves_the_queue_takes_its_offers(stage: Stage) -> None:
    first, third = await at(stage, "1001"), await at(stage, THIRD)
    session = await stage.carrier.dial(NUMBER)
    assert third.status(await third.dial("*81001")) == 403
    assert third.status(await third.dial("*8")) == 404
    await first.answer()
    assert stage.carrier.status(session) == 200
    assert (stage.call.agent, stage.agent("eva")) == ("ana", "ready")
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


@pytest.mark.parametrize("number", [NUMBER, "81001"])
async def test_of_two_at_once_one_has_it(stage: Stage, number: str) -> None:
    await at(stage, "1001")
    session = await stage.carrier.dial(number)
    second, third = await at(stage, "1002"), await at(stage, THIRD)
    await stage.reload(
        **{**CENTRE, "agents": {**CENTRE["agents"], "eva": {"phone": THIRD, "skills": SKILLS}}}
    )
    taken = await asyncio.gather(second.dial("*81001"), third.dial("*81001"))
    statuses = second.status(taken[0]), third.status(taken[1])
    assert sorted(map(str, statuses)) == ["200", "404"]
    assert stage.call.party is not None
    assert stage.call.party.peer.name == ("1002" if statuses[0] == 200 else THIRD)
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


@pytest.mark.parametrize("queue", [True, False])
@pytest.mark.parametrize("delay_ms", range(6))
async def test_a_pickup_against_the_answer(stage: Stage, queue: bool, delay_ms: int) -> None:
    """Whoever comes first has it; the other one's phone is told, and nobody is left hanging."""
    first, second = await at(stage, "1001"), await at(stage, "1002")
    session = await stage.carrier.dial(NUMBER if queue else "81001")
    if queue and stage.agent("luis") == "ringing":
        first, second = second, first
    stage.loop.call_later(delay_ms / 1000, answer_now, stage, first)
    taken = await second.dial(f"*8{first.name}")
    await stage.settle()
    assert stage.carrier.status(session) == 200
    has_it = second.status(taken) == 200
    assert has_it or second.status(taken) in (404, 603)
    party = stage.call.party
    assert party is not None
    assert party.peer.name == (second if has_it else first).name
    await stage.carrier.hang_up(session)
    await nothing_left(stage)
    assert (first.endpoint.counts().sessions, second.endpoint.counts().sessions) == (0, 0)


def answer_now(stage: Stage, phone: FarEnd) -> None:
    phone.endpoint.accept(phone.invited.session, phone.sdp, stage.now())
    stage.moved(phone)


async def test_the_caller_hangs_up_while_he_is_picked_up(stage: Stage) -> None:
    await at(stage, "1001")
    second = await at(stage, "1002")
    session = await stage.carrier.dial("81001")
    stage.loop.call_later(0.0535, stage.carrier.endpoint.hangup, session, stage.now())
    taken = await second.dial("*81001")
    await stage.carrier.hang_up(session)
    await stage.settle()
    assert second.status(taken) in (200, 404, 603)
    await nothing_left(stage)
    assert second.endpoint.counts().sessions == 0


# INVITE with Replaces (RFC 3891 section 3)


@pytest.mark.parametrize("early_only", [True, False])
async def test_an_early_dialog_that_is_named_is_picked_up(stage: Stage, early_only: bool) -> None:
    first, second, _ = await three(stage)
    session = await stage.carrier.dial("81001")
    taken = await second.dial("1001", b"", replaces(first, early_only=early_only))
    assert (stage.carrier.status(session), second.status(taken)) == (200, 200)
    assert cancelled(first) == ELSEWHERE
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


async def test_a_late_offer_takes_it_as_well(stage: Stage) -> None:
    first, second, _ = await three(stage)
    await stage.carrier.dial("81001")
    taken = await second.dial("1001", None, replaces(first))
    assert second.status(taken) == 200
    assert stage.call.party is not None
    assert stage.call.party.peer.name == "1002"


async def test_a_phone_of_the_group_takes_a_confirmed_dialog(stage: Stage) -> None:
    session, first = await talking(stage)
    second = await at(stage, "1002")
    taken = await second.dial("1001", b"", replaces(first))
    assert second.status(taken) == 200
    assert first.endpoint.counts().sessions == 0
    assert stage.agent("ana") == "wrap_up"
    assert [e.how for e in stage.posted if isinstance(e, ConversationEnded)] == [ConversationEnd.TRANSFERRED]
    call = stage.call
    assert (call.agent, stage.agent("luis")) == (None, "on_call")
    assert [stage.heard(leg) for leg in (call.caller, call.party)] == [
        f"relay {stage.port(leg).number}" for leg in (call.party, call.caller)
    ]
    await stage.carrier.hang_up(session)
    await nothing_left(stage)
    (record,) = stage.history.calls
    assert (record.agent, [leg.role.value for leg in record.legs]) == ("ana", ["caller", "agent", "callee"])


async def test_an_agent_takes_his_own_call_to_another_dialog_and_goes_on_talking(stage: Stage) -> None:
    session, first = await talking(stage)
    taken = await first.dial("1001", b"", replaces(first))
    assert first.status(taken) == 200
    assert first.endpoint.counts().sessions == 1
    assert (stage.agent("ana"), stage.call.agent) == ("on_call", "ana")
    assert not [e for e in stage.posted if isinstance(e, ConversationEnded)]
    recording = stage.port(stage.call.caller).recording
    assert recording is not None
    assert recording.asked[0] == "record"
    await stage.carrier.hang_up(session)
    assert stage.agent("ana") == "wrap_up"
    await nothing_left(stage)
    (record,) = stage.history.calls
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "agent"]


async def test_the_one_who_called_is_replaced_as_well(stage: Stage) -> None:
    first, second, third = await three(stage)
    second.behave = answering
    session = await first.dial("1002")
    name = first.endpoint.name_of(session)
    assert name is not None
    header = f"{name.call_id};to-tag={name.remote_tag};from-tag={name.local_tag}"
    taken = await third.dial("1001", b"", ("Replaces", header))
    assert third.status(taken) == 200
    assert first.endpoint.counts().sessions == 0
    call = stage.call
    assert [stage.heard(leg) for leg in (call.caller, call.party)] == [
        f"relay {stage.port(leg).number}" for leg in (call.party, call.caller)
    ]
    await third.hang_up(taken)
    assert second.endpoint.counts().sessions == 0
    await nothing_left(stage)
    (record,) = stage.history.calls
    assert record.result is Result.COMPLETED


@pytest.mark.parametrize("number", [NUMBER, "81001"])
async def test_all_devices_of_the_phone_fall_silent(stage: Stage, number: str) -> None:
    devices = [device(stage, ("192.0.2.21", 5060)), device(stage, ("192.0.2.31", 5060))]
    for each in devices:
        assert await each.register() == 200
    await stage.carrier.dial(number)
    second = await at(stage, "1002")
    taken = await second.dial("*8")
    assert second.status(taken) == 200
    assert [cancelled(each) for each in devices] == [ELSEWHERE, ELSEWHERE]
    assert [each.endpoint.counts().sessions for each in devices] == [0, 0]
    await second.hang_up(taken)
    await nothing_left(stage)


async def test_early_only_of_an_answered_dialog_is_busy(stage: Stage) -> None:
    session, first = await talking(stage)
    second = await at(stage, "1002")
    assert second.status(await second.dial("1001", b"", replaces(first, early_only=True))) == 486
    assert stage.call.agent == "ana"
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


@pytest.mark.parametrize(
    ("named", "status"),
    [
        ("nobody@nowhere;to-tag=a;from-tag=b", 481),
        ("nobody@nowhere;to-tag=a", 400),
    ],
)
async def test_a_dialog_that_there_is_not(stage: Stage, named: str, status: int) -> None:
    second = await at(stage, "1002")
    assert second.status(await second.dial("1001", b"", ("Replaces", named))) == status
    assert stage.exchange.endpoint.counts().sessions == 0


async def test_two_of_them_or_join_beside_it_mean_nothing(stage: Stage) -> None:
    first, second, _ = await three(stage)
    await stage.carrier.dial("81001")
    one = replaces(first)
    assert second.status(await second.dial("1001", b"", one, one)) == 400
    assert second.status(await second.dial("1001", b"", one, ("Join", one[1]))) == 400
    assert second.status(await second.dial("1001", b"", ("Require", "join"))) == 420


async def test_an_early_dialog_of_a_caller_is_not_to_be_replaced(stage: Stage) -> None:
    """RFC 3891 section 3: one that we have not initiated is answered 481."""
    first, second = await at(stage, "1001"), await at(stage, "1002")
    first.behave = silent
    session = await second.dial("1001")
    third = await at(stage, THIRD)
    await first.hang_up()
    name = second.endpoint.name_of(session)
    if name is not None:
        header = f"{name.call_id};to-tag={name.remote_tag};from-tag={name.local_tag}"
        assert third.status(await third.dial("1001", b"", ("Replaces", header))) in (481, 603)


async def test_a_dialog_that_has_just_ended_is_declined(stage: Stage) -> None:
    session, first = await talking(stage)
    second = await at(stage, "1002")
    header = replaces(first)
    stage.lose = lambda data: data.startswith(b"BYE") and b"192.0.2.21" in data
    await stage.carrier.hang_up(session)
    assert second.status(await second.dial("1001", b"", header)) == 603
    stage.lose = lambda data: False
    await nothing_left(stage)


async def test_a_stranger_and_a_carrier_replace_nothing(stage: Stage) -> None:
    session, first = await talking(stage)
    stranger = await at(stage, STRANGER)
    assert stranger.status(await stranger.dial("1001", b"", replaces(first))) == 403
    assert stage.carrier.status(await stage.carrier.dial(NUMBER, b"", replaces(first))) == 403
    assert stage.call.agent == "ana"
    await stage.carrier.hang_up(session)
    await nothing_left(stage)


async def test_nothing_changes_where_the_two_have_no_codec(stage: Stage) -> None:
    first, second, _ = await three(stage)
    session = await stage.carrier.dial("81001")
    second.sdp = second.sdp.replace(b"8 101", b"18 101")
    assert second.status(await second.dial("*81001")) == 488
    first.behave = answering
    await first.answer()
    assert stage.carrier.status(session) == 200
