"""A caller who is sent on: what he and all others hear, who pays, what becomes of it, what the books say."""

import pytest

from acd.commands import VisitStarted
from acd.events import ConversationEnd, ConversationEnded
from media.events import Silent
from sip.events import IncomingInvite, SessionId
from switch.api.backend import Refused, Unknown
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.ringing.reaching import TONE_S
from switch.calls.supervision import Mode
from switch.calls.transfers.transferring import RING_TIMEOUT_S
from switch.history.entries import WrapUpEnded
from switch.peers import PhonePeer
from switch.records import SegmentKind
from tests.switch.calls.test_flow import booked, ending, talking
from tests.switch.far_end import FarEnd, answering, refusing, ringing, sdp, silent
from tests.switch.stage import NUMBER, PHONES, Stage

RINGBACK = "ringback"
BOSS = "1003"
QUEUES = {
    "support": {"requires": "support >= 1"},
    "back": {"requires": "back >= 1", "music": "harp"},
}
AGENTS = {
    "ana": {"phone": "1001", "skills": {"support": 5}},
    "luis": {"phone": "1002", "skills": {"back": 5}},
}
ROUTES = [
    {"trunk": "carrier", "to": "+34911*", "go": "queue:support", "priority": 3},
    {"trunk": "carrier", "to": "700", "go": "queue:back", "priority": 2},
    {"trunk": "carrier", "to": "8*", "strip": "1", "go": "phone"},
    {"phone": "*", "to": "10??", "go": "phone"},
    {"phone": "*", "to": "600", "go": "echo"},
    {"phone": "*", "to": "700", "go": "queue:back", "priority": 9},
    {"phone": "*", "to": "800", "go": "conference:daily"},
    {"phone": "1001", "to": "0*", "strip": "1", "go": "trunk:carrier"},
]
CENTRE = {
    "phones": {name: {"secret": f"secret of {name}"} for name in (*PHONES, BOSS)},
    "queues": QUEUES,
    "agents": AGENTS,
    "routes": ROUTES,
}


def with_toll(**toll: object) -> dict[str, object]:
    phones = {name: {"secret": f"secret of {name}", "toll": toll} for name in PHONES}
    return {**CENTRE, "phones": phones}


@pytest.fixture
def sections() -> dict[str, object]:
    return CENTRE


async def send_on(stage: Stage, to: str) -> None:
    row = stage.running.transfer(stage.call.id, to)
    assert (row.call, row.to) == (stage.call.id, to)
    await stage.settle()


async def boss_at(stage: Stage) -> FarEnd:
    boss = stage.join(BOSS, ("192.0.2.23", 5060), f"secret of {BOSS}")
    assert await boss.register() == 200
    boss.behave = answering
    return boss


async def sent_on(stage: Stage) -> tuple[SessionId, FarEnd, FarEnd]:
    """A caller whom Ana has sent on to a phone, which rings; the caller's session, her phone and that."""
    session, ana = await talking(stage)
    other = await stage.phone("1002")
    await send_on(stage, "1002")
    return session, ana, other


async def test_he_talks_to_the_next_phone_and_the_first_has_left(stage: Stage) -> None:
    _, ana, other = await sent_on(stage)
    recording = stage.port(stage.call.caller).recording
    assert recording is not None
    assert ana.endpoint.counts().sessions == 0
    assert stage.agent() == "wrap_up"
    assert [e.how for e in stage.posted if isinstance(e, ConversationEnded)] == [ConversationEnd.TRANSFERRED]
    assert stage.heard(stage.call.caller) == RINGBACK
    assert recording.asked == ["record", "pause"]
    assert other.invited.request.from_.uri.user == "+34600111222", "it shows who calls"
    with pytest.raises(Refused, match="not connected"):
        stage.running.transfer(stage.call.id, "1001")
    await stage.pass_by(4)
    await other.answer()
    call = stage.call
    assert [stage.heard(leg) for leg in (call.caller, call.party)] == [
        f"relay {stage.port(leg).number}" for leg in (call.party, call.caller)
    ]
    assert recording.asked == ["record", "pause", "resume"]
    assert stage.agent("luis") == "on_call", "at a phone in a call of its own"
    await stage.pass_by(RING_TIMEOUT_S + 10)
    await other.hang_up()
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)
    assert (record.agent, record.queue, len(record.visits)) == ("ana", "support", 1)
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "callee"]
    caller, first, second = (leg.id for leg in record.legs)
    assert [(each.kind, each.legs) for each in record.segments] == [
        (SegmentKind.TALK, (caller, first)),
        (SegmentKind.TALK, (caller, second)),
    ]
    assert record.talk_s == pytest.approx(RING_TIMEOUT_S + 10, abs=0.5), "ringing is no talk"
    talked = stage.metrics().value("centralita_handle_seconds_sum", queue="support", phase="talk")
    assert talked < 1, "the other phone's time is not the agent's"


async def test_where_he_cannot_be_sent_and_nothing_changes(stage: Stage) -> None:
    with pytest.raises(Unknown):
        stage.running.transfer("none", "1002")
    session, _ = await talking(stage)
    for to, why in {
        "999": "no route of '1001' leads to '999'",
        "1002": "not registered",
        "1099": "no such phone",
        "1001": "in the call already",
        "800": "not yet",
    }.items():
        with pytest.raises(Refused, match=why):
            stage.running.transfer(stage.call.id, to)
    await stage.settle()
    assert (stage.agent(), stage.call.agent) == ("on_call", "ana")
    assert stage.heard(stage.call.caller).startswith("relay")
    await stage.carrier.hang_up(session)
    await booked(stage, legs=2)


async def test_a_caller_in_line_has_nobody_who_could_send_him_on(stage: Stage) -> None:
    session = await stage.carrier.dial(NUMBER)
    with pytest.raises(Refused, match="not connected"):
        stage.running.transfer(stage.call.id, "1001")
    await stage.carrier.hang_up(session)


async def test_nobody_answers_and_he_comes_back(stage: Stage) -> None:
    session, ana = await talking(stage)
    ana.behave = ringing
    other = await stage.phone("1002")
    other.behave = refusing(486)
    await send_on(stage, "1002")
    assert len(ana.all(IncomingInvite)) == 2
    assert stage.heard(stage.call.caller) == RINGBACK
    await ana.answer()
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    assert stage.agent() == "on_call"
    await stage.pass_by(RING_TIMEOUT_S + 1)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=4)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert [leg.sip_status for leg in record.legs] == [200, 200, 486, 200]


async def test_nobody_answers_at_all(stage: Stage) -> None:
    _, ana, other = await sent_on(stage)
    ana.behave = ringing
    await stage.pass_by(RING_TIMEOUT_S)
    assert other.endpoint.counts().sessions == 0, "it rang for long enough"
    assert len(ana.all(IncomingInvite)) == 2
    await stage.pass_by(RING_TIMEOUT_S)
    assert stage.heard(stage.call.caller) == "congestion"
    await stage.pass_by(TONE_S)
    record = await booked(stage, legs=4)
    assert ending(record) == (Result.ANSWERED, Reason.NO_ANSWER, EndedBy.SWITCH)
    assert [leg.sip_status for leg in record.legs] == [200, 200, 487, 487]


async def test_there_is_no_way_back(stage: Stage) -> None:
    session, ana = await talking(stage)
    assert await ana.register(expires_s=0) == 200
    other = await stage.phone("1002")
    other.behave = refusing(603)
    await send_on(stage, "1002")
    assert stage.heard(stage.call.caller) == "busy"
    await stage.pass_by(TONE_S)
    assert stage.carrier.endpoint.dialog(session) is None
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.DECLINED, EndedBy.CALLEE)


async def test_the_caller_hangs_up_while_it_rings(stage: Stage) -> None:
    session, _, other = await sent_on(stage)
    await stage.carrier.hang_up(session)
    assert other.endpoint.counts().sessions == 0
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)


async def test_a_phone_that_says_nothing_is_waited_for_no_longer_than_one_that_rings(stage: Stage) -> None:
    session, ana = await talking(stage)
    other = await stage.phone("1002")
    other.behave = silent
    await send_on(stage, "1002")
    assert stage.heard(stage.call.caller) == RINGBACK
    await stage.pass_by(RING_TIMEOUT_S)
    assert len(ana.all(IncomingInvite)) == 2
    await stage.carrier.hang_up(session)


async def test_in_the_next_queue_he_keeps_his_time_and_priority(stage: Stage) -> None:
    first, _ = await talking(stage)
    call = stage.call
    await stage.pass_by(20)
    waiting = await stage.carrier.dial("700")
    stage.running.transfer(call.id, "700")
    await stage.settle()
    assert stage.heard(call.caller) == "music harp"
    started = [each for each in stage.commands if isinstance(each, VisitStarted) and each.call == call.id]
    assert [each.queue for each in started] == ["support", "back"]
    assert len({(each.queued_at_us, each.priority) for each in started}) == 1
    luis = await stage.phone("1002")
    await stage.settle()
    await luis.answer()
    assert (call.agent, stage.agent("luis")) == ("luis", "on_call"), "larger is his priority, 3"
    await stage.carrier.hang_up(waiting)
    await stage.carrier.hang_up(first)
    await stage.settle()
    record = next(each for each in stage.history.calls if each.id == call.id)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert (record.agent, record.queue) == ("luis", "back")
    assert [(visit.queue, visit.result, visit.agent) for visit in record.visits] == [
        ("support", Result.ANSWERED, "ana"),
        ("back", Result.ANSWERED, "luis"),
    ]
    assert [leg.role.value for leg in record.legs] == ["caller", "agent", "agent"]
    scrape = stage.metrics()
    for queue, offered, answered, abandoned in (("support", 1, 1, 0), ("back", 2, 1, 1)):
        assert scrape.value("centralita_queue_offered_total", queue=queue) == offered
        assert scrape.value("centralita_queue_answered_total", queue=queue) == answered
        assert scrape.value("centralita_queue_abandoned_total", queue=queue) == abandoned
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_he_gives_up_in_the_next_queue(stage: Stage) -> None:
    session, _ = await talking(stage)
    await send_on(stage, "700")
    assert (stage.agent(), stage.call.party) == ("wrap_up", None)
    await stage.pass_by(7)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert ending(record) == (Result.ABANDONED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert [visit.result for visit in record.visits] == [Result.ANSWERED, Result.ABANDONED]


async def test_he_goes_on_to_what_the_switch_itself_answers(stage: Stage) -> None:
    session, _ = await talking(stage)
    await send_on(stage, "600")
    assert stage.heard(stage.call.caller) == "echo"
    await stage.carrier.hang_up(session)
    assert ending(await booked(stage, legs=2)) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)


async def test_a_call_that_somebody_dialled_goes_on_and_on(stage: Stage) -> None:
    first, second = await stage.phone("1001"), await stage.phone("1002")
    boss = await boss_at(stage)
    first.behave = second.behave = answering
    session = await stage.carrier.dial("81001")
    await send_on(stage, "1002")
    assert first.endpoint.counts().sessions == 0
    await send_on(stage, BOSS)
    assert second.endpoint.counts().sessions == 0
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    await boss.hang_up()
    record = await booked(stage, legs=4)
    assert ending(record) == (Result.COMPLETED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)
    assert [each.kind for each in record.segments] == [SegmentKind.TALK] * 3
    assert stage.carrier.endpoint.dialog(session) is None


async def test_who_held_him_is_gone_and_nobody_holds_him_any_more(stage: Stage) -> None:
    session, ana = await talking(stage)
    other = await stage.phone("1002")
    other.behave = answering
    await ana.reinvite(ana.invited.session, sdp(ana.address[0], direction="sendonly", version=2))
    assert stage.heard(stage.call.caller) == "music default"
    await send_on(stage, "1002")
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    await stage.carrier.hang_up(session)
    kinds = [segment.kind for segment in (await booked(stage, legs=3)).segments]
    assert kinds == [SegmentKind.TALK, SegmentKind.HOLD, SegmentKind.TALK]


@pytest.mark.parametrize("sections", [{**CENTRE, "media": {"codecs": ["PCMA", "G729"]}}])
async def test_who_hears_nothing_of_ours_goes_to_phones_only(stage: Stage) -> None:
    first, second = await stage.phone("1001"), await stage.phone("1002")
    first.behave = second.behave = answering
    first.sdp, second.sdp = (sdp(end.address[0], types="18") for end in (first, second))
    session = await stage.carrier.dial("81001", sdp(stage.carrier.address[0], types="18"))
    with pytest.raises(Refused, match="a codec without prompts or music: G729"):
        stage.running.transfer(stage.call.id, "700")
    await send_on(stage, "1002")
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    await stage.carrier.hang_up(session)


# Trunks


async def test_over_a_trunk_it_is_whoever_sends_him_on_that_pays_and_only_for_that(stage: Stage) -> None:
    session, ana = await talking(stage)
    limits, toll = stage.exchange.limits, stage.exchange.toll
    await stage.pass_by(50)
    await send_on(stage, "0600999888")
    assert stage.carrier.invited.request.uri.startswith("sip:600999888@")
    assert limits.active("carrier") == 2
    await stage.pass_by(9)
    await stage.carrier.answer()
    assert ana.endpoint.counts().sessions == 0
    await stage.pass_by(10)
    assert toll.used_s(PhonePeer("1001"), stage.exchange.now_us()) == pytest.approx(10, abs=0.5)
    await stage.carrier.hang_up(session)
    assert limits.active("carrier") == 0
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    assert toll.used_s(PhonePeer("1001"), stage.exchange.now_us()) == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("sections", [with_toll(minutes_a_day=1)])
async def test_the_minutes_of_who_sent_him_on_are_used_up(stage: Stage) -> None:
    await talking(stage)
    await stage.pass_by(100)
    stage.carrier.behave = answering
    await send_on(stage, "0600999888")
    await stage.pass_by(50)
    assert stage.exchange.toll.over(stage.exchange.now_us()) == []
    await stage.pass_by(11)
    for spending in stage.exchange.toll.over(stage.exchange.now_us()):
        spending.on_limit()
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.ANSWERED, Reason.TOLL_LIMIT, EndedBy.SWITCH)


@pytest.mark.parametrize("sections", [with_toll(destinations=["6*"])])
async def test_the_toll_of_who_sends_him_on_forbids_it(stage: Stage) -> None:
    session, _ = await talking(stage)
    with pytest.raises(Refused, match="toll of 1001"):
        stage.running.transfer(stage.call.id, "0900111222")
    assert stage.exchange.limits.active("carrier") == 1, "the room was given back"
    assert stage.agent() == "on_call"
    await send_on(stage, "0600999888")
    await stage.carrier.hang_up(session)


async def test_who_was_called_out_leaves_the_trunk_when_he_is_not_talked_to_any_more(stage: Stage) -> None:
    phone, other = await stage.phone("1001"), await stage.phone("1002")
    stage.carrier.behave = other.behave = answering
    await stage.reload(**{**CENTRE, "routes": [*ROUTES, {"trunk": "carrier", "to": "1002", "go": "phone"}]})
    session = await phone.dial("0600999888")
    limits, toll = stage.exchange.limits, stage.exchange.toll
    assert limits.active("carrier") == 1
    await stage.pass_by(20)
    await send_on(stage, "1002")
    assert limits.active("carrier") == 0
    assert stage.carrier.endpoint.counts().sessions == 0
    await stage.pass_by(20)
    assert toll.used_s(PhonePeer("1001"), stage.exchange.now_us()) == pytest.approx(20, abs=0.5)
    await phone.hang_up(session)
    record = await booked(stage, legs=3)
    assert ending(record) == (Result.COMPLETED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)


# A supervisor


async def supervised(stage: Stage, mode: Mode) -> None:
    await boss_at(stage)
    await stage.running.supervise(stage.call.id, BOSS, mode)
    await stage.settle()


async def test_a_supervisor_goes_with_the_caller(stage: Stage) -> None:
    session, _ = await talking(stage)
    await supervised(stage, Mode.WHISPER)
    call, boss = stage.call, stage.call.ledger.legs[-1]
    other = await stage.phone("1002")
    await send_on(stage, "1002")
    assert [stage.heard(leg) for leg in (call.caller, boss)] == [RINGBACK] * 2
    await other.answer()
    assert [stage.heard(leg) for leg in (call.caller, call.party, boss)] == ["room"] * 3
    assert stage.plane.rooms[-1].gains == {(call.caller.port.number, boss.port.number): 0.0}
    await stage.running.supervise(call.id, BOSS, Mode.TAKE_OVER)
    await stage.settle()
    assert other.endpoint.counts().sessions == 0
    assert call.party is boss
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=4)
    kinds = [segment.kind for segment in record.segments]
    assert kinds == [SegmentKind.TALK, SegmentKind.WHISPER] * 2 + [SegmentKind.TALK]


async def test_a_supervisor_who_answers_in_between_hears_what_the_caller_hears(stage: Stage) -> None:
    session, _ = await talking(stage)
    boss = await boss_at(stage)
    boss.behave = ringing
    await stage.running.supervise(stage.call.id, BOSS, Mode.LISTEN)
    await send_on(stage, "700")
    await boss.answer()
    assert stage.heard(stage.call.ledger.legs[-1]) == stage.heard(stage.call.caller) == "music harp"
    await stage.carrier.hang_up(session)
    await booked(stage, legs=3)


async def test_a_supervisor_stays_where_he_could_hear_nobody(stage: Stage) -> None:
    session, _ = await talking(stage)
    await supervised(stage, Mode.LISTEN)
    await send_on(stage, "600")
    assert stage.call.supervision is None
    await stage.carrier.hang_up(session)
    await booked(stage, legs=3)


async def test_an_agent_who_is_lost_after_a_transfer_to_his_queue(stage: Stage) -> None:
    session, _ = await talking(stage)
    luis = await stage.phone("1002")
    luis.behave = answering
    await send_on(stage, "700")
    assert stage.call.agent == "luis"
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(stage.call.party), 20.0))
    await stage.pass_by(5)
    stage.lose = lambda data: False
    assert (stage.call.party, stage.heard(stage.call.caller)) == (None, "music harp")
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=3)
    assert [visit.queue for visit in record.visits] == ["support", "back", "back"]


async def test_the_wrap_up_of_a_call_is_that_of_its_last_agent(stage: Stage) -> None:
    session, _ = await talking(stage)
    luis = await stage.phone("1002")
    luis.behave = answering
    await send_on(stage, "700")
    await stage.pass_by(11)
    assert (stage.agent(), stage.agent("luis")) == ("ready", "on_call")
    assert stage.call.ledger.record(stage.exchange.now_us()).wrap_up_s is None
    await stage.carrier.hang_up(session)
    await stage.pass_by(11)
    (late,) = stage.history.all(WrapUpEnded)
    assert late.agent == "luis"
    assert late.wrap_up_s == pytest.approx(10, abs=0.1)
