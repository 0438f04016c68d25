"""A leg's facts and verbs, against a real endpoint at the other end: SDP, hold, silence, the end."""

import gc
import weakref
from datetime import timedelta

import pytest

from media.events import Digit, PlaybackFinished, Silent
from media.port import PortStats
from media.quality import Quality
from sip.events import EndCause, SessionId
from sip.syntax.message import parse
from sip.syntax.sdp import parse_sdp
from switch.calls.causes import Farewell
from switch.calls.digits import Pressed
from switch.calls.ending import EndedBy, Reason
from switch.calls.legs.events import Answered, Ended, Held, LegEvent, Played, Refused, Ringing, Trying
from switch.calls.legs.leg import Leg
from switch.calls.legs.outgoing import OutgoingLeg
from switch.peers import PhonePeer
from switch.records import LegRole, utc
from tests.sip.wire import kind
from tests.switch.far_end import FarEnd, answering, refusing, sdp, silent
from tests.switch.stage import CARRIER, NUMBER, START_US, Stage

VIDEO = b"m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
T38 = b"v=0\r\no=- 1 2 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=image 4004 udptl t38\r\n"


class Owner:
    """Notes what it hears of its legs."""

    def __init__(self) -> None:
        self.heard: list[LegEvent] = []

    def leg_event(self, leg: Leg, event: LegEvent) -> None:
        self.heard.append(event)


async def echoing(stage: Stage) -> tuple[Leg, SessionId, Owner]:
    """A caller's leg, answered, with an owner that only listens."""
    session = await stage.carrier.dial("600")
    leg, owner = stage.call.caller, Owner()
    leg.owner = owner
    return leg, session, owner


async def called(stage: Stage, phone: FarEnd) -> tuple[Leg, Owner]:
    """The leg of a phone that a trunk's caller called directly; the call has not been answered."""
    await stage.carrier.dial(f"8{phone.name}")
    leg, owner = stage.call.party, Owner()
    assert leg is not None
    leg.owner = owner
    return leg, owner


# Hold, resume, refresh (RFC 3264 section 8.4, RFC 6337)


@pytest.mark.parametrize(
    ("offer", "answered"),
    [
        (sdp(CARRIER[0], direction="sendonly", version=2), "recvonly"),
        (sdp(CARRIER[0], direction="inactive", version=2), "inactive"),
        (sdp("0.0.0.0", version=2), None),
    ],
    ids=["sendonly", "inactive", "c=0.0.0.0 (RFC 2543)"],
)
async def test_every_form_of_hold_is_heard_and_undone(
    stage: Stage, offer: bytes, answered: str | None
) -> None:
    leg, session, owner = await echoing(stage)
    response = await stage.carrier.reinvite(session, offer)
    assert response.status == 200
    direction = parse_sdp(response.body).media[0].direction
    assert answered is None or (direction is not None and direction.value == answered)
    assert owner.heard == [Held(True)]
    assert leg.held
    assert stage.port(leg).watches[-1] == 600.0, "a holding phone may be silent for long"
    response = await stage.carrier.reinvite(session, sdp(CARRIER[0], version=3))
    assert response.status == 200
    assert owner.heard == [Held(True), Held(False)]
    assert not stage.port(leg).muted
    assert stage.port(leg).watches[-1] == 20.0


async def test_whom_we_may_not_speak_to_we_do_not(stage: Stage) -> None:
    leg, session, _ = await echoing(stage)
    await stage.carrier.reinvite(session, sdp(CARRIER[0], direction="sendonly", version=2))
    assert stage.port(leg).muted
    await stage.carrier.reinvite(session, sdp(CARRIER[0], direction="recvonly", version=3))
    assert not stage.port(leg).muted, "he hears us, we do not hear him"


async def test_a_session_refresh_gets_the_same_sdp_and_changes_nothing(stage: Stage) -> None:
    leg, session, owner = await echoing(stage)
    first = await stage.carrier.reinvite(session, stage.carrier.sdp)
    second = await stage.carrier.reinvite(session, stage.carrier.sdp)
    assert first.body == second.body == parse(answer_of(stage)).body
    assert owner.heard == []
    assert not leg.held


@pytest.mark.parametrize("offer", [T38, sdp(CARRIER[0], version=2) + VIDEO], ids=["T.38", "video"])
async def test_what_we_cannot_take_is_refused_and_the_call_kept(stage: Stage, offer: bytes) -> None:
    leg, session, owner = await echoing(stage)
    before = stage.port(leg).peer
    assert (await stage.carrier.reinvite(session, offer)).status == 488
    assert stage.port(leg).peer == before
    assert owner.heard == []
    assert not leg.over


async def test_a_new_address_in_the_offer_is_where_we_send(stage: Stage) -> None:
    leg, session, _ = await echoing(stage)
    await stage.carrier.reinvite(session, sdp("192.0.2.77", 31000, version=2))
    peer = stage.port(leg).peer
    assert peer is not None
    assert (peer.address, peer.port) == ("192.0.2.77", 31000)


# Offers and answers


def answer_of(stage: Stage) -> bytes:
    """Our 200 to the carrier's INVITE."""
    return next(data for data in stage.carrier.received if kind(data) == "200 INVITE")


async def test_a_late_offer_is_ours_and_its_answer_comes_with_the_ack(stage: Stage) -> None:
    stage.lose = lambda data: data.startswith(b"ACK")
    session = await stage.carrier.dial("600", None)
    leg = stage.call.caller
    offer = parse_sdp(parse(answer_of(stage)).body)
    assert offer.media[0].port == leg.port.number
    assert stage.port(leg).peer is None
    stage.lose = lambda data: False
    await stage.carrier.ack(session, sdp(CARRIER[0], types="0 101"))
    peer = stage.port(leg).peer
    assert peer is not None
    assert (peer.codec, peer.address) == ("PCMU", CARRIER[0])


async def test_a_late_offer_that_the_ack_does_not_answer_ends_the_call(stage: Stage) -> None:
    session = await stage.carrier.dial("600", None)
    await stage.carrier.ack(session, b"")
    await stage.pass_by(60)
    stage.assert_nothing_left()
    (record,) = stage.history.calls
    assert (record.reason, record.ended_by) == (Reason.MEDIA_LOST, EndedBy.SWITCH)


async def test_a_late_offer_in_a_reinvite_too(stage: Stage) -> None:
    leg, session, owner = await echoing(stage)
    answer = sdp(CARRIER[0], 32000, direction="sendonly", version=2)
    response = await stage.carrier.reinvite(session, None, answer)
    assert response.status == 200
    assert parse_sdp(response.body).media[0].port == leg.port.number
    peer = stage.port(leg).peer
    assert peer is not None
    assert peer.port == 32000
    assert owner.heard == [Held(True)]


async def test_sdp_in_the_ack_of_an_early_offer_is_passed_over(stage: Stage) -> None:
    leg, session, owner = await echoing(stage)
    before = stage.port(leg).peer
    await stage.carrier.ack(session, sdp("192.0.2.77", 31000))
    await stage.carrier.reinvite(session, sdp(CARRIER[0], version=2), sdp("192.0.2.77", 31000))
    assert stage.port(leg).peer == before
    assert owner.heard == []


@pytest.mark.parametrize("answer", [None, T38], ids=["none", "T.38"])
async def test_an_answer_without_usable_sdp_is_a_refusal(stage: Stage, answer: bytes | None) -> None:
    phone = await stage.phone()
    leg, owner = await called(stage, phone)
    await phone.answer(answer)
    assert owner.heard == [Refused(488, "Not Acceptable Here", 88, timed_out=False)]
    assert leg.over
    assert stage.kinds()[-3:] == ["ACK", "BYE", "200 BYE"]
    assert leg.record().q850 == 88


async def test_the_agents_phone_may_speak_from_where_its_signalling_comes(stage: Stage) -> None:
    phone = await stage.phone()
    phone.sdp = sdp("10.0.0.5")
    leg, _ = await called(stage, phone)
    await phone.answer()
    peer = stage.port(leg).peer
    assert peer is not None
    assert [str(network) for network in peer.allowed] == [f"{phone.address[0]}/32"]


@pytest.mark.parametrize(
    "sections",
    [{"trunks": {"carrier": {"accept_from": [f"{CARRIER[0]}/32"], "media_from": ["198.51.100.0/24"]}}}],
)
async def test_a_trunk_may_speak_from_its_media_networks(stage: Stage) -> None:
    leg, _, _ = await echoing(stage)
    peer = stage.port(leg).peer
    assert peer is not None
    assert [str(network) for network in peer.allowed] == ["198.51.100.0/24"]


# What is told


async def test_ringing_early_media_and_answer_are_told_in_order(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = silent
    leg, owner = await called(stage, phone)
    session = phone.invited.session
    phone.endpoint.progress(session, 180, stage.now())
    stage.moved(phone)
    await stage.settle()
    phone.endpoint.progress(session, 183, stage.now(), sdp=phone.sdp)
    stage.moved(phone)
    await stage.settle()
    await phone.answer()
    assert [event for event in owner.heard if not isinstance(event, Trying)] == [
        Ringing(180, early=False),
        Ringing(183, early=True),
        Answered(crossed=False),
    ]
    assert leg.answered


async def test_a_refusal_is_told_with_its_cause(stage: Stage) -> None:
    phone = await stage.phone()
    leg, owner = await called(stage, phone)
    await phone.refuse(486, ("Reason", "Q.850;cause=21"))
    assert owner.heard[-1] == Refused(486, "Busy Here", 21, timed_out=False)
    assert (leg.record().sip_status, leg.record().q850) == (486, 21)


async def test_nothing_in_time_is_told_as_no_response(stage: Stage) -> None:
    phone = await stage.phone()
    stage.lose = lambda data: data.startswith(b"INVITE sip:192.0.2.21")
    leg, owner = await called(stage, phone)
    await stage.pass_by(33)
    assert [event for event in owner.heard if isinstance(event, Refused)] == [
        Refused(408, "Request Timeout", 102, timed_out=True)
    ]
    assert leg.over


async def test_digits_and_ends_of_prompts_are_the_owners(stage: Stage) -> None:
    leg, _, owner = await echoing(stage)
    stage.tell(Digit(leg.port, "5", 100))
    stage.tell(PlaybackFinished(leg.port, 7))
    assert owner.heard == [Pressed("5"), Played(7)]


async def test_a_bye_is_told_with_its_cause_after_the_port_closed(stage: Stage) -> None:
    leg, session, owner = await echoing(stage)
    stage.carrier.endpoint.hangup(session, stage.now(), headers=[("Reason", "Q.850;cause=31")])
    stage.moved(stage.carrier)
    await stage.settle()
    assert owner.heard == [Ended(EndCause.REMOTE_BYE, 31)]
    assert stage.port(leg).closed
    assert leg.record().q850 == 31


# The end, in each state


@pytest.mark.parametrize("number", [NUMBER, "600"], ids=["waiting", "answered"])
@pytest.mark.parametrize("sections", [{"queues": {"support": {"answer": "on-agent"}}}], ids=["on-agent"])
async def test_a_callers_leg_ends_once(stage: Stage, number: str) -> None:
    session = await stage.carrier.dial(number)
    leg = stage.call.caller
    leg.owner = Owner()
    since = len(stage.sent)
    for _ in range(3):
        leg.end(Farewell(status=486, q850=17))
    await stage.settle()
    expected = ["486 INVITE", "ACK"] if number == NUMBER else ["BYE", "200 BYE"]
    assert stage.kinds(since) == expected
    assert (leg.record().sip_status, leg.record().q850) == (486 if number == NUMBER else 200, 17)
    assert stage.port(leg).closed
    assert stage.carrier.endpoint.dialog(session) is None
    stage.tell(Silent(leg.port, 20.0))
    leg.answer()
    leg.ring()
    leg.open_early()
    await stage.settle()
    assert stage.kinds(since) == expected, "whatever comes after the end changes nothing"


@pytest.mark.parametrize(
    ("behave", "said"),
    [(None, ["CANCEL", "200 CANCEL", "487 INVITE", "ACK"]), (answering, ["BYE", "200 BYE"])],
    ids=["ringing", "answered"],
)
async def test_a_called_leg_ends_once(stage: Stage, behave: object, said: list[str]) -> None:
    phone = await stage.phone()
    if behave is not None:
        phone.behave = answering
    leg, owner = await called(stage, phone)
    since = len(stage.sent)
    assert isinstance(leg, OutgoingLeg)
    for _ in range(3):
        leg.end(Farewell())
    leg.cancel(Farewell())
    leg.give_up(503)
    await stage.settle()
    assert stage.kinds(since) == said
    assert owner.heard == [], "who ends a leg is not told"
    assert leg.record().sip_status == (200 if behave else 487)


async def test_a_called_leg_that_nobody_answers_yet_ends_with_its_port_at_once(stage: Stage) -> None:
    phone = await stage.phone()
    stage.lose = lambda data: data.startswith(b"INVITE sip:192.0.2.21")
    leg, _ = await called(stage, phone)
    leg.end(Farewell())
    assert stage.port(leg).closed
    stage.lose = lambda data: False
    await stage.pass_by(40)
    assert stage.exchange.endpoint.dialog(leg.session or SessionId(0)) is None
    assert phone.endpoint.counts().sessions == 0


async def test_a_200_that_crosses_the_end_gets_ack_and_bye(stage: Stage) -> None:
    phone = await stage.phone()
    leg, owner = await called(stage, phone)
    stage.lose = lambda data: data.startswith(b"CANCEL")
    leg.end(Farewell())
    await phone.answer()
    stage.lose = lambda data: False
    await stage.pass_by(40)
    assert phone.endpoint.counts().sessions == 0
    assert "BYE" in stage.kinds()
    assert owner.heard == []


# Its record


async def test_the_record_has_the_legs_facts(stage: Stage) -> None:
    phone = await stage.phone()
    leg, _ = await called(stage, phone)
    began = leg.record().invited_at
    await stage.pass_by(3)
    await phone.answer()
    await stage.pass_by(10)
    stage.port(leg).counted = PortStats(
        packets_received=500,
        packets_sent=490,
        packets_lost=5,
        jitter_s=0.001,
        received=Quality(0.01, 0.0, 0, 0.0, 0.01, 0.0, 10.0, 0.002, 89.0, 4.3),
    )
    leg.end(Farewell())
    stage.port(leg).counted = PortStats()
    record = leg.record()
    assert (record.role, record.peer, record.sip_call_id) == (
        LegRole.CALLEE,
        "1001",
        phone.invited.request.call_id,
    )
    assert (record.sip_status, record.q850, record.codec) == (200, 16, "PCMA")
    assert (record.packets_received, record.packets_sent, record.packets_lost) == (500, 490, 5)
    assert record.jitter_s == 0.002
    assert record.mos is not None
    assert record.ringing_at is not None
    assert record.answered_at is not None
    assert record.ended_at is not None
    near = timedelta(seconds=0.2)
    assert utc(START_US) < began <= record.ringing_at < began + near
    assert timedelta(seconds=3) <= record.answered_at - began < timedelta(seconds=3) + near
    assert timedelta(seconds=13) <= record.ended_at - began < timedelta(seconds=13) + near


async def test_who_was_never_heard_has_neither_jitter_nor_score(stage: Stage) -> None:
    leg, _, _ = await echoing(stage)
    leg.end(Farewell())
    assert (leg.record().jitter_s, leg.record().mos) == (None, None)


async def test_a_phone_is_busy_while_it_has_legs_that_no_offer_made(stage: Stage) -> None:
    phone = await stage.phone()
    leg, _ = await called(stage, phone)
    assert leg.peer == PhonePeer("1001")
    assert stage.agent() == "on_call"
    await phone.refuse(486)
    assert stage.agent() == "ready"


async def test_a_refused_leg_is_over_without_a_word_from_us(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = refusing(603)
    await stage.carrier.dial("81001")
    await stage.pass_by(60)
    stage.assert_nothing_left()


# Ownership


async def test_a_leg_moved_to_another_call_is_that_calls(stage: Stage) -> None:
    """One assignment: the new owner is told what happens to the leg, the old call does not hear of it."""
    phone = await stage.phone()
    phone.behave = answering
    first_session = await stage.carrier.dial(NUMBER)
    first = stage.call
    leg = first.party
    assert leg is not None
    assert stage.heard(first.caller) == f"relay {leg.port.number}"

    second_session = await stage.carrier.dial("600")
    second = next(call for call in stage.registry.calls.values() if call is not first)
    first.party, first.ledger.legs = None, [first.caller]
    await first.music("default")
    leg.owner = second
    second.party = leg
    second.ledger.legs.append(leg)
    second.converse()
    assert stage.heard(second.caller) == f"relay {leg.port.number}"
    assert stage.heard(leg) == f"relay {second.caller.port.number}"

    await stage.carrier.hang_up(first_session)
    assert first.over
    assert not leg.over, "the leg is no business of its old call"
    await phone.hang_up()
    assert second.over
    assert stage.carrier.endpoint.dialog(second_session) is None
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_the_legs_of_an_ended_call_go_without_the_collector(stage: Stage) -> None:
    """At a hundred calls a second circles of references would stop the loop for a tenth of a second."""
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial("81001")
    caller, party = stage.call.caller, stage.call.party
    assert party is not None
    stage.tell(Digit(caller.port, "5", 100))
    legs = [weakref.ref(leg) for leg in (caller, party)]
    gc.collect()
    gc.disable()
    try:
        del caller, party
        await stage.carrier.hang_up(session)
        await stage.pass_by(60)
        assert [leg() for leg in legs] == [None, None]
    finally:
        gc.enable()


async def test_a_caller_who_begins_on_hold_comes_back(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial("81001", sdp(CARRIER[0], direction="sendonly"))
    assert stage.heard(stage.call.party) == "music default"
    await stage.carrier.reinvite(session, sdp(CARRIER[0], version=2))
    assert stage.heard(stage.call.party).startswith("relay")
