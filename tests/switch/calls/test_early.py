"""Before the answer: reliable responses on either side, several early dialogs, offers in PRACK and UPDATE."""

from typing import Any

import pytest

from sip import events as sip
from sip.events import IncomingInvite, SessionId
from sip.flow import Flow
from sip.syntax.fields import Headers
from sip.syntax.message import Request, Response, parse
from switch.calls.ending import EndedBy, Reason, Result
from switch.calls.legs.leg import Leg
from switch.history.entries import AgentChanged
from tests.switch.far_end import FarEnd, answering, sdp, silent
from tests.switch.stage import CARRIER, NUMBER, OURS, PHONES, Stage

Sections = dict[str, Any]


def trunk(prack: str) -> Sections:
    network, proxy = f"{CARRIER[0]}/32", f"sip:{CARRIER[0]}:5060"
    return {"trunks": {"carrier": {"accept_from": [network], "proxy": proxy, "prack": prack}}}


def responses(end: FarEnd, status: int) -> list[Response]:
    """Those of that status which came to an end, repetitions too."""
    parsed = [parse(data) for data in end.received]
    return [each for each in parsed if isinstance(each, Response) and each.status == status]


def is_reliable(response: Response) -> bool:
    return "RSeq" in response.headers and response.headers.get("Require") == "100rel"


def early(end: FarEnd, invite: IncomingInvite, reliable: bool = False) -> None:
    """183 with SDP."""
    end.endpoint.progress(invite.session, 183, end.wire.now(), sdp=end.sdp, reliable=reliable)


def reliably_early(end: FarEnd, invite: IncomingInvite) -> None:
    early(end, invite, reliable=True)


def peer_of(stage: Stage, leg: Leg | None) -> tuple[str, int] | None:
    """Where a leg's media goes."""
    peer = stage.port(leg).peer
    return None if peer is None else (peer.address, peer.port)


# The caller's side


@pytest.mark.parametrize(
    ("supports", "requires", "sections", "ringing", "media"),
    [
        (False, False, {}, False, False),
        (True, False, {}, False, True),
        (True, True, {}, True, True),
        (True, False, trunk("off"), False, False),
        (True, False, trunk("required"), True, True),
        (False, False, trunk("required"), False, False),
    ],
    ids=["without 100rel", "supported", "required", "off here", "required here", "required here, without"],
)
async def test_which_responses_a_caller_gets_reliably(
    stage: Stage, supports: bool, requires: bool, ringing: bool, media: bool
) -> None:
    """Those with a description where he can, all where he or the trunk insists (RFC 3262 section 3)."""
    stage.carrier.supports_reliable, stage.carrier.requires_reliable = supports, requires
    phone = await stage.phone()
    await stage.carrier.dial("81001")
    early(phone, phone.invited)
    stage.moved(phone)
    await stage.settle()
    assert is_reliable(responses(stage.carrier, 180)[0]) is ringing
    assert is_reliable(responses(stage.carrier, 183)[0]) is media
    assert stage.heard(stage.call.caller).startswith("relay")
    session = await phone.answer()
    assert phone.endpoint.dialog(session) is not None
    assert len(responses(stage.carrier, 200)) >= 1


async def test_a_late_offer_is_answered_in_the_prack(stage: Stage) -> None:
    """RFC 3262 section 5: early media for one who made no offer; the 200 has nothing to add."""
    stage.carrier.supports_reliable, stage.carrier.answers_early = True, stage.carrier.sdp
    phone = await stage.phone()
    phone.behave = early
    session = await stage.carrier.dial("81001", None)
    caller = stage.call.caller
    assert caller.early
    assert is_reliable(responses(stage.carrier, 183)[0])
    assert peer_of(stage, caller) == (CARRIER[0], 30000)
    assert stage.heard(caller) == f"relay {stage.port(stage.call.party).number}"
    await phone.answer()
    assert responses(stage.carrier, 200)[-1].body == b""
    assert caller.answered
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_or_after_the_answer_where_he_takes_nothing_reliably(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = early
    await stage.carrier.dial("81001", None)
    assert peer_of(stage, stage.call.caller) is None
    await phone.answer()
    assert responses(stage.carrier, 200)[-1].body != b""


async def test_a_lost_description_comes_again_until_it_is_acknowledged(stage: Stage) -> None:
    stage.carrier.supports_reliable = True
    lost: list[bytes] = []

    def lose_two(data: bytes) -> bool:
        if data.startswith(b"SIP/2.0 183") and b"192.0.2.10" in data and len(lost) < 2:
            lost.append(data)
            return True
        return False

    stage.lose = lose_two
    phone = await stage.phone()
    phone.behave = early
    await stage.carrier.dial("81001")
    await stage.pass_by(2)
    assert len(lost) == 2
    assert len(responses(stage.carrier, 183)) == 1
    assert stage.kinds().count("PRACK") == 1


async def test_who_never_acknowledges_is_refused(stage: Stage) -> None:
    stage.carrier.supports_reliable = True
    stage.lose = lambda data: data.startswith(b"PRACK")
    phone = await stage.phone()
    phone.behave = early
    session = await stage.carrier.dial("81001")
    await stage.pass_by(33)
    assert stage.carrier.status(session) == 504
    assert phone.endpoint.counts().sessions == 0
    stage.lose = lambda data: False
    await stage.pass_by(60)
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.ended_by) == (
        Result.FAILED,
        Reason.PRACK_TIMEOUT,
        EndedBy.SWITCH,
    )
    assert record.legs[0].sip_status == 504
    stage.assert_nothing_left()


async def unacknowledged(stage: Stage) -> tuple[SessionId, FarEnd]:
    """A call whose callee has answered, while our 200 to the caller waits for his PRACK."""
    stage.carrier.supports_reliable = True
    stage.lose = lambda data: data.startswith(b"PRACK")
    phone = await stage.phone()
    phone.behave = early
    session = await stage.carrier.dial("81001")
    await phone.answer()
    assert responses(stage.carrier, 200) == []
    return session, phone


async def test_a_200_that_waits_for_a_prack_is_no_answer_yet(stage: Stage) -> None:
    """RFC 3262 section 3. What the two hear of each other before it is early media, and no talk."""
    session, _ = await unacknowledged(stage)
    call = stage.call
    assert (call.caller.answered, call.ledger.connected_us, call.ledger.segments) == (False, None, [])
    assert call.ledger.answered_us is not None
    assert stage.heard(call.caller) == f"relay {stage.port(call.party).number}"
    stage.lose = lambda data: False
    began_us = stage.exchange.now_us()
    await stage.pass_by(4)
    assert [each.cseq.method for each in responses(stage.carrier, 200)] == ["PRACK", "INVITE"]
    assert call.caller.answered
    assert call.ledger.connected_us is not None
    assert call.ledger.connected_us >= began_us
    assert [each.from_us for each in call.ledger.segments] == [call.ledger.connected_us]
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.result, record.legs[0].sip_status) == (Result.COMPLETED, 200)
    await stage.pass_by(60)
    stage.assert_nothing_left()


@pytest.mark.parametrize(
    ("ends", "status", "parting"),
    [
        ("never", 504, (Result.FAILED, Reason.PRACK_TIMEOUT, EndedBy.SWITCH)),
        ("cancels", 487, (Result.ABANDONED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)),
        ("callee hangs up", 480, (Result.FAILED, Reason.CALLEE_HUNG_UP, EndedBy.CALLEE)),
    ],
)
async def test_a_call_that_ends_while_the_200_waits_was_never_connected(
    stage: Stage, ends: str, status: int, parting: tuple[Result, Reason, EndedBy]
) -> None:
    session, phone = await unacknowledged(stage)
    match ends:
        case "never":
            await stage.pass_by(33)
        case "cancels":
            stage.carrier.endpoint.cancel(session, stage.now())
            stage.moved(stage.carrier)
        case _:
            await phone.hang_up()
    await stage.settle()
    assert stage.carrier.status(session) == status
    await stage.pass_by(1)
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.ended_by) == parting
    assert (record.connected_at, record.talk_s) == (None, 0.0)
    assert (record.legs[0].sip_status, record.legs[0].answered_at) == (status, None)
    assert record.legs[1].answered_at is not None
    stage.lose = lambda data: False
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_call_that_ends_in_the_turn_in_which_the_200_left_ends_on_the_wire(stage: Stage) -> None:
    session, _ = await unacknowledged(stage)
    stage.lose = lambda data: False
    ours = Flow("udp", OURS, stage.carrier.flow.local)
    prack = next(data for data in stage.sent if data.startswith(b"PRACK"))
    stage.exchange.endpoint.receive(prack, ours, stage.now())  # the 200 leaves; `Accepted` waits to be heard
    stage.call.end(Result.FAILED, Reason.SWITCH_STOPPED, EndedBy.SWITCH)
    await stage.pass_by(60)
    assert stage.carrier.status(session) == 200
    assert stage.carrier.endpoint.counts().sessions == 0
    stage.assert_nothing_left()


@pytest.mark.parametrize(
    ("ends", "status", "parting"),
    [
        ("never", 504, (Result.FAILED, Reason.PRACK_TIMEOUT, EndedBy.SWITCH)),
        ("cancels", 487, (Result.ABANDONED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)),
        ("agent hangs up", 480, (Result.FAILED, Reason.AGENT_HUNG_UP, EndedBy.AGENT)),
        ("administrator", 480, (Result.FAILED, Reason.ADMINISTRATOR, EndedBy.ADMINISTRATOR)),
    ],
)
async def test_an_agent_waits_with_the_200_for_the_prack(
    stage: Stage, ends: str, status: int, parting: tuple[Result, Reason, EndedBy]
) -> None:
    """He answered, so his part is booked like any other; the call was never connected."""
    await stage.reload(queues={"support": {"requires": "support >= 1", "answer": "early"}})
    stage.carrier.supports_reliable = True
    stage.lose = lambda data: data.startswith(b"PRACK")
    phone = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    await phone.answer()
    call = stage.call
    assert (call.agent, call.caller.answered, call.ledger.segments) == ("ana", False, [])
    match ends:
        case "never":
            await stage.pass_by(33)
        case "cancels":
            stage.carrier.endpoint.cancel(session, stage.now())
            stage.moved(stage.carrier)
        case "administrator":
            stage.running.hangup(call.id)
        case _:
            await phone.hang_up()
    await stage.settle()
    assert stage.carrier.status(session) == status
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.ended_by) == parting
    assert (record.connected_at, record.talk_s, record.recording) == (None, 0.0, None)
    assert (record.agent, record.visits[0].result, record.legs[1].sip_status) == ("ana", Result.ANSWERED, 200)
    assert stage.metrics().value("centralita_queue_answered_total", queue="support") == 1
    assert phone.endpoint.counts().sessions == 0
    stage.lose = lambda data: False
    await stage.pass_by(60)
    states = [entry.change.state.value for entry in stage.history.all(AgentChanged)]
    assert states[states.index("ringing") :] == ["ringing", "on_call", "wrap_up", "ready"]
    stage.assert_nothing_left()


# The callee's side


@pytest.mark.parametrize("supports", [True, False], ids=["to a caller with 100rel", "to one without"])
async def test_reliable_responses_of_a_carrier_interwork(stage: Stage, supports: bool) -> None:
    phone = await stage.phone()
    phone.supports_reliable = supports
    stage.carrier.behave = reliably_early
    await phone.dial("0600111222")
    assert stage.heard(stage.call.caller) == f"relay {stage.port(stage.call.party).number}"
    asked = [parse(data) for data in stage.carrier.received]
    assert [each.method for each in asked if isinstance(each, Request)].count("PRACK") == 1
    assert is_reliable(responses(phone, 183)[0]) is supports
    session = await stage.carrier.answer(None)
    assert stage.call.party is not None
    assert stage.call.party.answered
    assert peer_of(stage, stage.call.party) == (CARRIER[0], 30000)
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_lost_prack_is_repeated(stage: Stage) -> None:
    phone = await stage.phone()
    stage.carrier.behave = reliably_early
    pracks: list[bytes] = []

    def lose_first(data: bytes) -> bool:
        if data.startswith(b"PRACK"):
            pracks.append(data)
        return data.startswith(b"PRACK") and len(pracks) == 1

    stage.lose = lose_first
    await phone.dial("0600111222")
    await stage.pass_by(2)
    assert len(pracks) == 2
    assert pracks[0] == pracks[1]
    assert stage.carrier.all(sip.Pracked)


@pytest.mark.parametrize(
    ("prack", "header", "value"),
    [("off", "Supported", None), ("supported", "Supported", "100rel"), ("required", "Require", "100rel")],
)
async def test_what_a_carrier_is_asked_for(stage: Stage, prack: str, header: str, value: str | None) -> None:
    await stage.reload(**trunk(prack))
    phone = await stage.phone()
    await phone.dial("0600111222")
    tags = stage.carrier.invited.request.headers.all(header)
    assert ("100rel" in tags) is (value is not None)


# Several early dialogs


async def forked(stage: Stage) -> tuple[Leg, SessionId]:
    """A leg that calls, and nobody has said anything yet."""
    phone = await stage.phone()
    phone.behave = silent
    await stage.carrier.dial("81001")
    leg = stage.call.party
    assert leg is not None
    assert leg.session is not None
    return leg, leg.session


def says(leg: Leg, session: SessionId, tag: str, status: int, body: bytes | None) -> None:
    """One fork's response, as the endpoint tells it."""
    response = Response(status, "Whatever", Headers())
    if status < 200:
        leg.sip_event(sip.Progress(session, status, body, response, tag))
    else:
        leg.sip_event(sip.Answered(session, body, response, crossed_cancel=False, dialog_tag=tag))


ONE, TWO = sdp("192.0.2.31", 31000), sdp("192.0.2.32", 32000)


async def test_the_early_dialog_that_spoke_last_is_heard(stage: Stage) -> None:
    leg, session = await forked(stage)
    says(leg, session, "one", 183, ONE)
    assert peer_of(stage, leg) == ("192.0.2.31", 31000)
    says(leg, session, "two", 183, TWO)
    assert peer_of(stage, leg) == ("192.0.2.32", 32000)
    says(leg, session, "one", 180, None)
    assert peer_of(stage, leg) == ("192.0.2.32", 32000)
    says(leg, session, "one", 183, ONE)
    assert peer_of(stage, leg) == ("192.0.2.31", 31000)


@pytest.mark.parametrize(
    ("tag", "answer", "place"),
    [
        ("one", ONE, ("192.0.2.31", 31000)),
        ("two", TWO, ("192.0.2.32", 32000)),
        ("one", None, ("192.0.2.31", 31000)),
        ("two", None, ("192.0.2.32", 32000)),
        ("three", sdp("192.0.2.33", 33000), ("192.0.2.33", 33000)),
    ],
)
async def test_the_leg_moves_to_the_dialog_that_answers(
    stage: Stage, tag: str, answer: bytes | None, place: tuple[str, int]
) -> None:
    """By the description of its 200, or by the one that it sent before, reliably."""
    leg, session = await forked(stage)
    says(leg, session, "one", 183, ONE)
    says(leg, session, "two", 183, TWO)
    says(leg, session, tag, 200, answer)
    assert peer_of(stage, leg) == place
    assert stage.heard(stage.call.caller) == f"relay {stage.port(leg).number}"


async def test_the_end_of_one_early_dialog_is_not_told(stage: Stage) -> None:
    leg, session = await forked(stage)
    says(leg, session, "one", 180, None)
    await stage.settle()
    before = len(stage.carrier.received)
    says(leg, session, "one", 199, None)
    await stage.settle()
    assert len(stage.carrier.received) == before


async def test_when_the_early_dialog_that_spoke_last_ends_the_one_before_is_heard(stage: Stage) -> None:
    leg, session = await forked(stage)
    says(leg, session, "one", 183, ONE)
    says(leg, session, "two", 183, TWO)
    says(leg, session, "two", 199, None)
    assert peer_of(stage, leg) == ("192.0.2.31", 31000)
    says(leg, session, "two", 183, TWO)
    says(leg, session, "one", 199, None)
    assert peer_of(stage, leg) == ("192.0.2.32", 32000)


# UPDATE


async def test_an_update_before_the_answer_moves_the_media(stage: Stage) -> None:
    """RFC 3311: after a reliable exchange the callee may make an offer."""
    phone = await stage.phone()
    stage.carrier.behave = reliably_early
    await phone.dial("0600111222")
    session = stage.carrier.invited.session
    stage.carrier.endpoint.update(session, sdp("192.0.2.77", 37000, version=2), stage.now())
    stage.moved(stage.carrier)
    await stage.settle()
    assert peer_of(stage, stage.call.party) == ("192.0.2.77", 37000)
    assert stage.carrier.all(sip.OfferAnswered)
    assert stage.call.party is not None
    assert not stage.call.party.answered


@pytest.mark.parametrize("way", ["update", "reinvite"])
@pytest.mark.parametrize("by", ["caller", "callee"])
async def test_hold_from_either_side(stage: Stage, by: str, way: str) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial("81001")
    holder, held = (stage.carrier, session) if by == "caller" else (phone, phone.invited.session)
    call = stage.call
    party = call.caller if by == "caller" else call.party
    other = call.party if by == "caller" else call.caller
    address = CARRIER[0] if by == "caller" else PHONES["1001"][0]
    for version, direction in ((2, "sendonly"), (3, "sendrecv")):
        offer = sdp(address, direction=direction, version=version)
        getattr(holder.endpoint, way)(held, offer, stage.now())
        stage.moved(holder)
        await stage.settle()
        assert party is not None
        assert party.held is (direction == "sendonly")
        assert stage.heard(other) == (
            "music default" if direction == "sendonly" else f"relay {stage.port(party).number}"
        )
    assert len(holder.all(sip.OfferAnswered)) == 2


async def test_an_offer_that_we_cannot_take_is_refused_in_an_update_too(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial("81001")
    before = peer_of(stage, stage.call.party)
    phone.endpoint.update(phone.invited.session, sdp("192.0.2.77", types="18"), stage.now())
    stage.moved(phone)
    await stage.settle()
    assert [event.status for event in phone.all(sip.OfferRefused)] == [488]
    assert peer_of(stage, stage.call.party) == before
