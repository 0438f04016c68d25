"""Transfers that a phone asks for by REFER: who hears whom, what it is told, what the books say."""

from dataclasses import dataclass
from typing import Any

import pytest

from acd.events import ConversationEnded
from sip.events import IncomingInvite, SessionId
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.flow import Call
from switch.calls.legs.events import Lost
from switch.calls.legs.leg import Leg
from switch.calls.supervision import Mode
from switch.calls.transfers.departing import LEAVE_S
from switch.calls.transfers.transferring import RING_TIMEOUT_S
from switch.history.entries import WrapUpEnded
from switch.peers import PhonePeer
from switch.preferences import Preferences
from switch.records import CallRecord, SegmentKind
from tests.switch.calls.test_flow import ending
from tests.switch.far_end import FarEnd, answering, refusing, ringing, sdp
from tests.switch.referrer import Referrer
from tests.switch.stage import NUMBER, OURS, Stage

NAMES = ("1001", "1002", "1003", "1004")
RINGBACK = "ringback"
CENTRE: dict[str, Any] = {
    "phones": {name: {"secret": f"secret of {name}"} for name in NAMES},
    "queues": {"support": {"requires": "support >= 1"}, "back": {"requires": "back >= 1", "music": "harp"}},
    "agents": {
        "ana": {"phone": "1001", "skills": {"support": 5}},
        "luis": {"phone": "1003", "skills": {"back": 5}},
    },
    "routes": [
        {"trunk": "carrier", "to": "+34911*", "go": "queue:support", "priority": 3},
        {"trunk": "carrier", "to": "8*", "strip": "1", "go": "phone"},
        {"phone": "*", "to": "10??", "go": "phone"},
        {"phone": "*", "to": "600", "go": "echo"},
        {"phone": "*", "to": "700", "go": "queue:back", "priority": 9},
        {"phone": "*", "to": "800", "go": "conference:daily"},
        {"phone": "1001", "to": "0*", "strip": "1", "go": "trunk:carrier"},
    ],
}


@pytest.fixture
def sections() -> dict[str, object]:
    return CENTRE


async def desk(stage: Stage, name: str) -> Referrer:
    """A phone that answers at once."""
    address = (f"192.0.2.{20 + int(name) % 1000}", 5060)
    phone = stage.add(Referrer(stage, name, address, OURS, f"secret of {name}"))
    assert await phone.register() == 200
    phone.behave = answering
    return phone


@dataclass
class Desks:
    """Ana (1001) talks to a caller of the queue `support`; 1002 and 1003 (Luis) are there."""

    stage: Stage
    ana: Referrer
    boss: Referrer
    luis: Referrer
    caller: SessionId
    session: SessionId
    """Ana's of the caller's call."""
    call: str

    async def hold(self) -> None:
        """Ana holds her caller."""
        held = sdp(self.ana.address[0], direction="sendonly", version=2)
        await self.ana.reinvite(self.session, held)

    async def consult(self, number: str = "1002") -> SessionId:
        """She holds him and calls somebody."""
        await self.hold()
        return await self.ana.dial(number)

    def talk_in(self, one: Leg | None, other: Leg | None) -> None:
        assert one is not None
        assert other is not None
        assert [self.stage.heard(leg) for leg in (one, other)] == [
            f"relay {leg.port.number}" for leg in (other, one)
        ]

    def connects(self, phone: FarEnd) -> None:
        """The caller and this phone hear each other."""
        call = self.stage.registry.calls[self.call]
        assert call.party is not None
        assert call.party.peer == PhonePeer(phone.name)
        self.talk_in(call.caller, call.party)

    async def records(self, *, hang_up: bool = True) -> list[CallRecord]:
        """The caller's record first, when all is over and nothing is left."""
        stage = self.stage
        if hang_up:
            await stage.carrier.hang_up(self.caller)
        await stage.pass_by(90)
        stage.assert_nothing_left()
        assert not len(stage.switch.referrals)
        for end in (stage.carrier, self.ana, self.boss, self.luis):
            assert end.endpoint.counts().sessions == 0, end.name
        assert {stage.agent("ana"), stage.agent("luis")} == {"ready"}
        return sorted(stage.history.calls, key=lambda record: record.id != self.call)


@pytest.fixture
async def desks(stage: Stage) -> Desks:
    ana = await desk(stage, "1001")
    boss, luis = await desk(stage, "1002"), await desk(stage, "1003")
    caller = await stage.carrier.dial(NUMBER)
    assert stage.call.agent == "ana"
    return Desks(stage, ana, boss, luis, caller, ana.invited.session, stage.call.id)


def hows(stage: Stage) -> list[tuple[str, str]]:
    return [(e.agent, e.how.value) for e in stage.posted if isinstance(e, ConversationEnded)]


# Blind


async def test_blind_to_a_phone(desks: Desks) -> None:
    stage, ana = desks.stage, desks.ana
    desks.boss.behave = ringing
    referral = await ana.refer(desks.session, "1002")
    assert (referral.status, referral.told) == (202, [100, 180])
    assert stage.heard(stage.call.caller) == RINGBACK
    assert stage.agent() == "on_call", "her leg has not ended"
    assert ana.endpoint.counts().sessions == 1
    await desks.boss.answer()
    assert (referral.told, referral.over) == ([100, 180, 200], True)
    desks.connects(desks.boss)
    assert stage.agent() == "on_call"
    await stage.pass_by(LEAVE_S)
    assert ana.endpoint.counts().sessions == 0, "she has not hung up in time"
    assert stage.agent() == "wrap_up"
    assert hows(stage) == [("ana", "transferred")]
    await stage.pass_by(11)
    (record,) = await desks.records()
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert record.agent == "ana"
    assert record.wrap_up_s == pytest.approx(10, abs=0.1)
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "callee"]


async def test_she_hangs_up_at_once_and_is_in_wrap_up_from_then_on(desks: Desks) -> None:
    desks.boss.behave = ringing
    await desks.ana.refer(desks.session, "1002")
    await desks.ana.hang_up(desks.session)
    assert desks.stage.agent() == "wrap_up"
    await desks.boss.answer()
    desks.connects(desks.boss)
    assert len(await desks.records()) == 1


async def test_nobody_takes_him_and_she_has_him_again(desks: Desks) -> None:
    desks.boss.behave = refusing(486)
    await desks.hold()
    referral = await desks.ana.refer(desks.session, "1002")
    assert (referral.told, referral.over) == ([100, 486], True)
    stage = desks.stage
    assert (stage.call.agent, stage.agent()) == ("ana", "on_call")
    assert stage.heard(stage.call.caller) == "music default", "she still holds him"
    await desks.ana.reinvite(desks.session, sdp(desks.ana.address[0], version=3))
    desks.connects(desks.ana)
    (record,) = await desks.records()
    assert (record.agent, [leg.sip_status for leg in record.legs]) == ("ana", [200, 200, 486])


async def test_nobody_answers_and_she_has_left(desks: Desks) -> None:
    desks.boss.behave = desks.ana.behave = ringing
    referral = await desks.ana.refer(desks.session, "1002")
    await desks.ana.hang_up(desks.session)
    await desks.stage.pass_by(RING_TIMEOUT_S)
    assert referral.told[-1] == 480
    assert len(desks.ana.all(IncomingInvite)) == 2, "her phone rings again"
    await desks.ana.answer()
    desks.connects(desks.ana)
    assert len(await desks.records()) == 1


@pytest.mark.parametrize(
    ("number", "status"), [("999", 404), ("1004", 480), ("1001", 486), ("800", 501), ("0900", 404)]
)
async def test_where_nobody_can_be_called_she_keeps_him(desks: Desks, number: str, status: int) -> None:
    ana = desks.ana if number != "0900" else desks.boss
    session = desks.session
    if ana is desks.boss:
        await desks.ana.refer(desks.session, "1002")
        await desks.stage.pass_by(2)
        session = ana.invited.session
    referral = await ana.refer(session, number)
    assert (referral.status, referral.told, referral.over) == (202, [status], True)
    desks.connects(ana)
    assert len(await desks.records()) == 1


async def test_to_a_queue_as_soon_as_she_has_left_with_his_time(desks: Desks) -> None:
    stage = desks.stage
    desks.luis.behave = ringing
    referral = await desks.ana.refer(desks.session, "700")
    assert referral.told == [200]
    assert stage.heard(stage.call.caller) == "music default"
    await desks.ana.hang_up(desks.session)
    assert stage.heard(stage.call.caller) == "music harp"
    await desks.luis.answer()
    assert stage.call.agent == "luis"
    desks.connects(desks.luis)
    (record,) = await desks.records()
    assert [(visit.queue, visit.agent) for visit in record.visits] == [("support", "ana"), ("back", "luis")]


async def test_who_was_not_told_leaves_too(desks: Desks) -> None:
    referral = await desks.ana.refer(desks.session, "1002", None, "Refer-Sub: false", "Require: norefersub")
    assert (referral.status, referral.told, referral.headers["Refer-Sub"]) == (202, [], "false")
    desks.connects(desks.boss)
    await desks.stage.pass_by(LEAVE_S)
    assert desks.ana.endpoint.counts().sessions == 0
    assert len(await desks.records()) == 1


async def test_who_cannot_be_told_leaves_too(desks: Desks) -> None:
    desks.boss.behave = ringing
    desks.ana.answers = 481
    assert (await desks.ana.refer(desks.session, "1002")).told == [100]
    await desks.boss.answer()
    desks.connects(desks.boss)
    await desks.stage.pass_by(LEAVE_S)
    assert desks.stage.agent() == "wrap_up"
    assert len(await desks.records()) == 1


async def test_the_caller_sends_on_whom_he_has_called(desks: Desks) -> None:
    stage = desks.stage
    session = await desks.boss.dial("1003")
    (call,) = [each for each in stage.registry.calls.values() if each.id != desks.call]
    dialled = [leg.peer.name for leg in (call.caller, call.party) if leg is not None]
    assert dialled == ["1002", "1003"]
    fourth = await desk(stage, "1004")
    referral = await desks.boss.refer(session, "1004")
    assert referral.told == [100, 200]
    assert fourth.invited.request.from_.uri.user == "1003", "who calls is who was sent on"
    desks.talk_in(call.caller, call.party)
    assert [leg.peer.name for leg in (call.caller, call.party) if leg is not None] == ["1003", "1004"]
    await stage.pass_by(LEAVE_S)
    assert desks.boss.endpoint.counts().sessions == 0
    await fourth.hang_up()
    await stage.settle()
    (record,) = stage.history.calls
    assert ending(record) == (Result.COMPLETED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)
    await desks.records()


# Who may


async def test_who_may_not_refer(desks: Desks) -> None:
    stage, ana = desks.stage, desks.ana
    trunk = Referrer(stage, "+34600111222", stage.carrier.address, OURS, "")
    trunk.endpoint = stage.carrier.endpoint
    stage.add(trunk)
    assert (await trunk.refer(desks.caller, "1002")).status == 403
    stage.add(stage.carrier)
    assert (await ana.refer_outside("1002")).status == 403, "it names no call"
    bad = "Target-Dialog: none;local-tag=a;remote-tag=b"
    assert (await ana.refer_outside("1002", bad, call_id="o2")).status == 481
    name = ana.endpoint.name_of(desks.session)
    assert name is not None
    hers = f"Target-Dialog: {name.call_id};local-tag={name.local_tag};remote-tag={name.remote_tag}"
    assert (await desks.boss.refer_outside("1003", hers, call_id="o3")).status == 403, "it is hers"
    desks.connects(ana)
    assert len(await desks.records()) == 1


async def test_outside_of_the_call_that_it_names(desks: Desks) -> None:
    referral = await desks.ana.refer_outside("1002", "Require: tdialog", target=desks.session)
    assert (referral.status, referral.told, referral.over) == (202, [100, 200], True)
    desks.connects(desks.boss)
    assert len(await desks.records()) == 1


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("", 400),
        ("Refer-To: <mailto:x@y>", 416),
        ("Refer-To: <sip:1@x;method=BYE>", 501),
        ("Refer-To: <sip:1@x?Replaces=no>", 400),
    ],
)
async def test_what_cannot_be_asked_for(desks: Desks, to: str, status: int) -> None:
    desks.ana._target = lambda number, replaces: to  # type: ignore[method-assign]
    send = desks.ana._send

    def without(first: str, call_id: str, cseq: int, *lines: str) -> object:
        kept = [line for line in lines if not line.startswith("Refer-To")]
        return send(first, call_id, cseq, *kept, *([to] if to else []))

    desks.ana._send = without  # type: ignore[method-assign,assignment]
    assert (await desks.ana.refer(desks.session, "1002")).status == status
    desks.connects(desks.ana)
    assert len(await desks.records()) == 1


# Attended


async def test_attended_the_usual_case(desks: Desks) -> None:
    stage, ana = desks.stage, desks.ana
    recording = stage.port(stage.call.caller).recording
    assert recording is not None
    second = await desks.consult()
    assert stage.heard(stage.registry.calls[desks.call].caller) == "music default"
    for call in stage.registry.calls.values():
        ours = call.id == desks.call
        call.ledger.variables = {"ticket": "4711"} if ours else {"ticket": "1", "rating": "good"}
    await stage.pass_by(5)
    referral = await ana.refer(desks.session, "1002", second)
    assert (referral.status, referral.told, referral.over) == (202, [200], True)
    desks.connects(desks.boss)
    assert ana.endpoint.dialog(second) is None, "the consultation is over at once"
    assert ana.endpoint.dialog(desks.session) is not None
    assert stage.agent() == "on_call"
    await ana.hang_up(desks.session)
    assert stage.agent() == "wrap_up"
    await stage.pass_by(7)
    assert recording.asked == ["record", "resume"], "it goes on"
    record, consultation = await desks.records()
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert (record.agent, record.queue, record.continued_in) == ("ana", "support", None)
    caller, agent, callee = (leg.id for leg in record.legs)
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "callee"]
    kinds = [(each.kind, each.legs) for each in record.segments if each.to != each.from_]
    assert kinds == [
        (SegmentKind.TALK, (caller, agent)),
        (SegmentKind.HOLD, (caller, agent)),
        (SegmentKind.CONSULTATION, (caller, agent)),
        (SegmentKind.TALK, (caller, callee)),
    ]
    assert record.hold_s == pytest.approx(5.2, abs=0.2)
    assert ending(consultation) == (Result.COMPLETED, Reason.TRANSFERRED, EndedBy.CALLER)
    assert consultation.continued_in == record.id
    assert consultation.visits == ()
    assert record.variables == {"ticket": "4711", "rating": "good"}
    assert [leg.peer for leg in consultation.legs] == ["1001"]


async def test_attended_to_an_agent_of_another_queue(desks: Desks) -> None:
    stage, ana = desks.stage, desks.ana
    second = await desks.consult("700")
    assert stage.agent("luis") == "on_call"
    await stage.pass_by(4)
    referral = await ana.refer(desks.session, "700", second)
    assert referral.told == [200]
    desks.connects(desks.luis)
    call = stage.registry.calls[desks.call]
    assert call.agent == "luis"
    await stage.pass_by(LEAVE_S)
    assert stage.running.agent("luis").call == desks.call, "the router knows where he talks"
    assert (stage.agent("ana"), stage.agent("luis")) == ("wrap_up", "on_call")
    await stage.pass_by(20)
    await desks.luis.hang_up()
    assert stage.agent("luis") == "wrap_up"
    record, consultation = await desks.records(hang_up=False)
    assert ending(record) == (Result.ANSWERED, Reason.AGENT_HUNG_UP, EndedBy.AGENT)
    assert (record.agent, record.queue) == ("luis", "back")
    wrap_ups = [(each.call, each.agent) for each in stage.history.all(WrapUpEnded)]
    assert wrap_ups == [(record.id, "luis")], "hers was over before"
    assert [(visit.queue, visit.agent) for visit in record.visits] == [("support", "ana"), ("back", "luis")]
    assert ending(consultation) == (Result.COMPLETED, Reason.TRANSFERRED, EndedBy.CALLER)
    assert (consultation.queue, consultation.agent) == (None, None)
    scrape = stage.metrics()
    for queue in ("support", "back"):
        assert scrape.value("centralita_queue_offered_total", queue=queue) == 1
        assert scrape.value("centralita_queue_answered_total", queue=queue) == 1
    talked = scrape.value("centralita_handle_seconds_sum", queue="back", phase="talk")
    assert talked == pytest.approx(25, abs=0.5), "with her and with the caller"


async def test_attended_with_what_names_the_caller_s_call_from_the_consultation(desks: Desks) -> None:
    second = await desks.consult()
    referral = await desks.ana.refer(second, "1002", desks.session)
    assert referral.told == [200]
    desks.connects(desks.boss)
    assert desks.ana.endpoint.dialog(desks.session) is None
    assert desks.ana.endpoint.dialog(second) is not None
    await desks.stage.pass_by(LEAVE_S)
    assert desks.ana.endpoint.counts().sessions == 0
    record, consultation = await desks.records()
    assert (record.agent, consultation.continued_in) == ("ana", record.id)


async def test_attended_by_who_called_both(desks: Desks) -> None:
    stage = desks.stage
    fourth = await desk(stage, "1004")
    one = await desks.boss.dial("1003")
    await desks.boss.reinvite(one, sdp(desks.boss.address[0], direction="inactive", version=2))
    two = await desks.boss.dial("1004")
    referral = await desks.boss.refer(one, "1004", two)
    assert referral.told == [200]
    (call,) = [each for each in stage.registry.calls.values() if not {desks.call} & {each.id}]
    desks.talk_in(call.caller, call.party)
    await stage.pass_by(LEAVE_S)
    assert desks.boss.endpoint.counts().sessions == 0
    await fourth.hang_up()
    await stage.settle()
    assert len(stage.history.calls) == 2
    assert {record.reason for record in stage.history.calls} == {
        Reason.TRANSFERRED,
        Reason.CALLEE_HUNG_UP,
    }
    await desks.records()


async def test_attended_of_two_who_called(desks: Desks) -> None:
    stage = desks.stage
    session = await desks.boss.dial("1001")
    boss_call = next(each for each in stage.registry.calls.values() if each.id != desks.call)
    second = desks.ana.invited.session
    assert boss_call.party is not None
    referral = await desks.ana.refer(second, "1002", desks.session)
    assert referral.told == [200]
    desks.connects(desks.boss)
    await desks.boss.hang_up(session)
    record, other = await desks.records(hang_up=False)
    assert ending(record) == (Result.ANSWERED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)
    assert ending(other) == (Result.COMPLETED, Reason.TRANSFERRED, EndedBy.CALLEE)
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "callee"]


async def test_over_a_trunk_whoever_called_there_pays_on(desks: Desks) -> None:
    stage = desks.stage
    stage.carrier.behave = answering
    second = await desks.consult("0600999888")
    assert stage.exchange.limits.active("carrier") == 2
    await stage.pass_by(10)
    await desks.ana.refer(desks.session, "0600999888", second)
    await desks.ana.hang_up(desks.session)
    await stage.pass_by(20)
    assert stage.exchange.limits.active("carrier") == 2
    used = stage.exchange.toll.used_s(PhonePeer("1001"), stage.exchange.now_us())
    assert used == pytest.approx(30, abs=0.5)
    record, _ = await desks.records()
    assert ending(record)[0] is Result.ANSWERED
    assert stage.exchange.toll.used_s(PhonePeer("1001"), stage.exchange.now_us()) == pytest.approx(30, abs=1)


@pytest.mark.parametrize("form", ["sendonly", "inactive", "0.0.0.0", "recvonly"])
async def test_however_she_holds_nobody_is_left_on_hold(desks: Desks, form: str) -> None:
    stage, ana = desks.stage, desks.ana
    address, direction = (form, "") if form == "0.0.0.0" else (ana.address[0], form)
    await ana.reinvite(desks.session, sdp(address, direction=direction, version=2))
    second = await ana.dial("1002")
    held = sdp(ana.address[0], direction="sendonly", version=2)
    await ana.reinvite(second, held)
    call = stage.registry.calls[desks.call]
    if form != "recvonly":
        assert stage.heard(call.caller) == "music default"
    await ana.refer(desks.session, "1002", second)
    desks.connects(desks.boss)
    boss = desks.boss.invited.session
    await desks.boss.reinvite(boss, sdp(desks.boss.address[0], direction="sendonly", version=2))
    assert stage.heard(call.caller) == "music default", "and he may be held again"
    await desks.boss.reinvite(boss, sdp(desks.boss.address[0], version=3))
    desks.connects(desks.boss)
    assert len(await desks.records()) == 2


async def test_who_holds_her_too_hears_whom_he_gets_when_he_comes_back(desks: Desks) -> None:
    stage, carrier = desks.stage, desks.stage.carrier
    await carrier.reinvite(desks.caller, sdp(carrier.address[0], direction="sendonly", version=2))
    second = await desks.consult()
    await desks.ana.refer(desks.session, "1002", second)
    call = stage.registry.calls[desks.call]
    assert stage.heard(call.party) == "music default", "he still holds"
    await carrier.reinvite(desks.caller, sdp(carrier.address[0], version=3))
    desks.connects(desks.boss)
    assert len(await desks.records()) == 2


async def test_a_supervisor_goes_with_the_call(desks: Desks) -> None:
    stage = desks.stage
    fourth = await desk(stage, "1004")
    await stage.running.supervise(desks.call, "1004", Mode.LISTEN)
    second = await desks.consult()
    await desks.ana.refer(desks.session, "1002", second)
    await desks.ana.hang_up(desks.session)
    call = stage.registry.calls[desks.call]
    assert call.supervision is not None
    assert [stage.heard(leg) for leg in (call.caller, call.party, call.supervision.leg)] == ["room"] * 3
    await fourth.hang_up()
    desks.connects(desks.boss)
    assert len(await desks.records()) == 2


# Semi-attended


async def test_who_still_rings_rings_for_the_caller(desks: Desks) -> None:
    stage, ana = desks.stage, desks.ana
    desks.boss.behave = ringing
    second = await desks.consult()
    rung = desks.boss.invited.session
    referral = await ana.refer(desks.session, "1002", second)
    assert (referral.status, referral.told) == (202, [100])
    call = stage.registry.calls[desks.call]
    assert stage.heard(call.caller) == RINGBACK
    assert ana.status(second) == 487
    assert stage.agent() == "on_call"
    await desks.boss.answer()
    assert desks.boss.invited.session == rung, "it rang on"
    assert referral.told == [100, 200]
    desks.connects(desks.boss)
    record, consultation = await desks.records()
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "callee"]
    assert ending(consultation) == (Result.COMPLETED, Reason.TRANSFERRED, EndedBy.CALLER)


async def test_who_rings_is_forwarded_for_the_caller_too(desks: Desks) -> None:
    stage, fourth = desks.stage, await desk(desks.stage, "1004")
    desks.boss.behave = ringing
    stage.running.set_preferences("1003", Preferences(always="1002"))
    stage.running.set_preferences("1002", Preferences(no_answer="1004", no_answer_after=10))
    second = await desks.consult("1003")
    await desks.ana.refer(desks.session, "1003", second)
    await stage.pass_by(10)
    desks.connects(fourth)
    assert len(await desks.records()) == 2


async def test_who_rings_refuses_and_she_has_him_again(desks: Desks) -> None:
    desks.boss.behave = ringing
    second = await desks.consult()
    referral = await desks.ana.refer(desks.session, "1002", second)
    await desks.boss.refuse(603)
    assert referral.told == [100, 603]
    assert desks.stage.call.agent == "ana"
    assert desks.stage.heard(desks.stage.call.caller) == "music default"
    assert len(await desks.records()) == 2


async def test_she_waits_in_a_line_and_he_waits_there_in_her_place(desks: Desks) -> None:
    stage = desks.stage
    desks.luis.behave = ringing
    second = await desks.consult("700")
    referral = await desks.ana.refer(desks.session, "700", second)
    assert referral.told == [200]
    await desks.ana.hang_up(desks.session)
    await stage.settle()
    await desks.luis.answer()
    assert stage.call.agent == "luis"
    desks.connects(desks.luis)
    record, _ = await desks.records()
    assert [visit.queue for visit in record.visits] == ["support", "back"]


async def test_what_names_no_call_of_hers(desks: Desks) -> None:
    second = await desks.consult()
    name = desks.ana.endpoint.name_of(second)
    assert name is not None
    await desks.ana.hang_up(second)
    desks.ana.endpoint.name_of = lambda session: name  # type: ignore[method-assign]
    referral = await desks.ana.refer(desks.session, "1002", second)
    assert (referral.status, referral.told) == (202, [481])
    assert desks.stage.call.agent == "ana"
    assert len(await desks.records()) == 2


async def test_two_transfers_at_once(desks: Desks) -> None:
    desks.boss.behave = ringing
    first = desks.ana.send_refer(desks.session, "1002")
    second = await desks.ana.refer(desks.session, "1003")
    assert (first.status, second.status) == (202, 491)
    await desks.boss.answer()
    desks.connects(desks.boss)
    assert len(await desks.records()) == 1


# Whoever the router knows


async def joined(desks: Desks) -> tuple[Referrer, SessionId, Call]:
    """A fourth phone, which has called 1002, talks to Luis, whom 1002 has found in a queue."""
    fourth = await desk(desks.stage, "1004")
    session = await fourth.dial("1002")
    received = desks.boss.invited.session
    second = await desks.boss.dial("700")
    assert (await desks.boss.refer(received, "700", second)).told == [200]
    await desks.stage.pass_by(LEAVE_S)
    (call,) = (each for each in desks.stage.registry.calls.values() if each.id != desks.call)
    assert call.agent == "luis"
    return fourth, session, call


async def test_who_loses_an_agent_that_another_has_found_waits_for_the_next(desks: Desks) -> None:
    stage = desks.stage
    fourth, session, call = await joined(desks)
    call.leg_event(call.party, Lost())  # type: ignore[arg-type]
    await stage.settle()
    assert stage.running.queue("back").waiting == 1
    await fourth.hang_up(session)
    row = stage.running.queue("back")
    assert (row.waiting, row.abandoned) == (0, 1)
    assert call.over


async def test_who_loses_an_agent_that_another_has_found_goes_where_the_queue_sends_him(desks: Desks) -> None:
    _, _, call = await joined(desks)
    desks.luis.behave = ringing
    call.leg_event(call.party, Lost())  # type: ignore[arg-type]
    await desks.stage.pass_by(700)
    assert call.over
    assert call.ledger.reason is Reason.MAX_WAIT


WITHIN = {**CENTRE, "routes": [*CENTRE["routes"], {"phone": "*", "to": "701", "go": "queue:support"}]}


async def within(stage: Stage) -> tuple[Referrer, Referrer, Referrer, SessionId]:
    """1002 has found Ana in a queue, and holds her; the phones of both and of Luis."""
    ana, boss, luis = [await desk(stage, name) for name in ("1001", "1002", "1003")]
    session = await boss.dial("701")
    await boss.reinvite(session, sdp(boss.address[0], direction="sendonly", version=2))
    assert stage.agent("ana") == "on_call"
    return ana, boss, luis, session


@pytest.mark.parametrize("sections", [WITHIN])
@pytest.mark.parametrize("is_first", [True, False])
async def test_two_agents_whom_queues_have_found_are_not_connected(stage: Stage, is_first: bool) -> None:
    _, boss, _, one = await within(stage)
    two = await boss.dial("700")
    referral = await (boss.refer(one, "700", two) if is_first else boss.refer(two, "701", one))
    assert (referral.status, referral.told) == (202, [501])
    for session in (one, two):
        await boss.hang_up(session)
    await stage.pass_by(40)
    stage.assert_nothing_left()
    assert {stage.agent("ana"), stage.agent("luis")} == {"ready"}


@pytest.mark.parametrize("sections", [WITHIN])
async def test_an_agent_whom_a_queue_has_found_is_sent_to_no_queue(stage: Stage) -> None:
    ana, boss, _, session = await within(stage)
    assert (await boss.refer(session, "700")).told == [501]
    await ana.hang_up()
    await stage.pass_by(40)
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [WITHIN])
async def test_an_agent_who_is_sent_on_is_the_call_s_agent_still(stage: Stage) -> None:
    ana, boss, luis, one = await within(stage)
    two = await boss.dial("1003")
    assert (await boss.refer(one, "1003", two)).told == [200]
    await stage.pass_by(LEAVE_S)
    assert stage.call.agent == "ana"
    await luis.hang_up()
    assert stage.agent() == "wrap_up"
    assert ana.endpoint.counts().sessions == 0
    await stage.pass_by(40)
    stage.assert_nothing_left()


GREETED = {
    **WITHIN,
    "queues": {"support": {"announce_to_agent": ["support-call"]}},
    "agents": {"ana": {"phone": "1001", "greeting": "ana"}},
    "routes": [each for each in WITHIN["routes"] if each["go"] != "queue:back"],
}


@pytest.mark.parametrize("sections", [GREETED])
async def test_whom_an_agent_is_sent_on_to_is_told_nothing_of_the_caller(stage: Stage) -> None:
    _, boss, luis = [await desk(stage, name) for name in ("1001", "1002", "1003")]
    session = await boss.dial("701")
    stage.played(stage.call.party)
    for leg in (stage.call.party, stage.call.caller):
        stage.played(leg)
    await boss.refer(session, "1003")
    assert [stage.heard(leg).split()[0] for leg in (stage.call.caller, stage.call.party)] == ["relay"] * 2
    await luis.hang_up()
    assert not stage.registry.calls
