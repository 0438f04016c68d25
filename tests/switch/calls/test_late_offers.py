"""Phones that leave the offer to us, as Cisco's do: in their calls, and when they hold and resume."""

import pytest

from sip.events import SessionId
from tests.switch.far_end import FarEnd, sdp
from tests.switch.stage import NUMBER, Stage

PHONE = "192.0.2.21"


def offered(body: bytes) -> str:
    """The direction of a description of ours."""
    lines = body.decode().split("\r\n")
    found = [line[2:] for line in lines if line in ("a=sendonly", "a=recvonly", "a=inactive")]
    return found[0] if found else "sendrecv"


async def talking(stage: Stage) -> tuple[FarEnd, SessionId]:
    phone = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    await phone.answer()
    return phone, session


@pytest.mark.parametrize(
    "held",
    [
        sdp(PHONE, direction="sendonly", version=2),
        sdp(PHONE, direction="inactive", version=2),
        sdp("0.0.0.0", version=2),
    ],
    ids=["sendonly", "inactive", "0.0.0.0"],
)
async def test_hold_and_resume_by_late_offers(stage: Stage, held: bytes) -> None:
    phone, session = await talking(stage)
    party, own = stage.call.party, phone.invited.session
    assert party is not None
    response = await phone.reinvite(own, None, held)
    assert (response.status, offered(response.body)) == (200, "sendrecv")
    assert party.held
    assert "music" in stage.heard(stage.call.caller)
    response = await phone.reinvite(own, None, sdp(PHONE, version=3))
    assert (response.status, offered(response.body)) == (200, "sendrecv"), "he may want to talk again"
    assert not party.held
    assert stage.heard(stage.call.caller) == f"relay {party.port.number}"
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_an_ack_without_an_answer_leaves_all_as_it_was(stage: Stage) -> None:
    phone, session = await talking(stage)
    party = stage.call.party
    assert party is not None
    before = stage.port(party).peer
    assert (await phone.reinvite(phone.invited.session, None)).status == 200
    assert stage.port(party).peer == before
    assert not party.held
    await stage.carrier.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_late_offer_and_then_one_of_theirs(stage: Stage) -> None:
    phone, session = await talking(stage)
    party, own = stage.call.party, phone.invited.session
    assert party is not None
    await phone.reinvite(own, None, sdp(PHONE, 30002, version=2))
    peer = stage.port(party).peer
    assert peer is not None
    assert peer.port == 30002
    assert (await phone.reinvite(own, sdp(PHONE, 30004, version=3))).status == 200
    moved = stage.port(party).peer
    assert moved is not None
    assert moved.port == 30004
    await stage.carrier.hang_up(session)


async def test_a_phones_call_to_another_phone_without_an_offer(stage: Stage) -> None:
    ana, luis = await stage.phone("1001"), await stage.phone("1002")
    session = await ana.dial("1002", None)
    assert ana.status(session) is None
    await luis.answer()
    assert ana.status(session) == 200
    await ana.ack(session, sdp(PHONE, 30006))
    caller, party = stage.call.caller, stage.call.party
    assert party is not None
    peer = stage.port(caller).peer
    assert peer is not None
    assert peer.port == 30006
    assert stage.heard(caller) == f"relay {party.port.number}"
    assert stage.heard(party) == f"relay {caller.port.number}"
    await ana.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()
