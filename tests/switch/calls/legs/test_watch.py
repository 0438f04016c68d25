"""The watch over a leg's peer: silence, a closed connection, OPTIONS and what it comes to."""

import pytest

from media.events import Keyless, Silent
from sip.events import SessionFlowClosed
from switch.calls.causes import Farewell
from switch.calls.ending import Reason
from switch.calls.legs.events import Lost
from tests.switch.calls.legs.test_leg import called, echoing
from tests.switch.far_end import sdp
from tests.switch.stage import CARRIER, Stage


async def test_a_silent_peer_that_answers_is_watched_again(stage: Stage) -> None:
    leg, _, owner = await echoing(stage)
    asked = len(stage.sent)
    stage.tell(Silent(leg.port, 20.0))
    await stage.settle()
    assert stage.kinds(asked) == ["OPTIONS", "200 OPTIONS"]
    assert stage.port(leg).watches == [20.0, 20.0]
    await stage.pass_by(5)
    assert owner.heard == []


async def test_a_silent_peer_that_does_not_answer_is_lost_after_four_seconds(stage: Stage) -> None:
    leg, _, owner = await echoing(stage)
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(leg.port, 20.0))
    stage.tell(Silent(leg.port, 20.0))
    await stage.pass_by(3.9)
    assert owner.heard == []
    await stage.pass_by(0.2)
    assert owner.heard == [Lost()]
    leg.end(Farewell())
    await stage.pass_by(60)
    assert owner.heard == [Lost()], "the OPTIONS that times out later tells nobody"


async def test_a_peer_that_does_not_know_the_dialog_is_lost_at_once(stage: Stage) -> None:
    leg, session, owner = await echoing(stage)
    stage.lose = lambda data: data.startswith(b"BYE")
    stage.carrier.endpoint.hangup(session, stage.now())  # its BYE never arrives
    stage.moved(stage.carrier)
    await stage.pass_by(40)
    stage.tell(Silent(leg.port, 20.0))
    await stage.settle()
    assert owner.heard == [Lost()]


async def test_a_closed_connection_is_asked_about_like_silence(stage: Stage) -> None:
    leg, _, _ = await echoing(stage)
    asked = len(stage.sent)
    assert leg.session is not None
    leg.sip_event(SessionFlowClosed(leg.session))
    await stage.settle()
    assert stage.kinds(asked) == ["OPTIONS", "200 OPTIONS"]


@pytest.mark.parametrize("sections", [{"media": {"silence_timeout": "0s"}}])
async def test_silence_may_go_unwatched(stage: Stage) -> None:
    leg, _, _ = await echoing(stage)
    assert stage.port(leg).watches == [None]


@pytest.mark.parametrize("sections", [{"media": {"silence_timeout": "20m"}}])
async def test_a_peer_that_holds_may_be_silent_at_least_as_long_as_others(stage: Stage) -> None:
    leg, session, _ = await echoing(stage)
    await stage.carrier.reinvite(session, sdp(CARRIER[0], direction="sendonly", version=2))
    assert stage.port(leg).watches == [1200.0, 1200.0]


NO_KEYS = Lost(Reason.ENCRYPTION_FAILED)
"""What a leg tells that can never be heard."""


async def test_a_handshake_that_fails_is_the_end(stage: Stage) -> None:
    leg, _, owner = await echoing(stage)
    stage.port(leg).keyless = "another fingerprint"
    stage.tell(Keyless(leg.port))
    assert owner.heard == [NO_KEYS]


async def test_keys_have_ten_seconds_from_each_description(stage: Stage) -> None:
    leg, session, owner = await echoing(stage)
    stage.port(leg).keyless = "no handshake came"
    await stage.carrier.reinvite(session, sdp(CARRIER[0], version=2))
    await stage.pass_by(9)
    await stage.carrier.reinvite(session, sdp(CARRIER[0], version=3))
    await stage.pass_by(9)
    assert owner.heard == []
    await stage.pass_by(1.1)
    assert owner.heard == [NO_KEYS]


async def test_keys_that_come_in_time_are_asked_for_no_more(stage: Stage) -> None:
    leg, session, owner = await echoing(stage)
    stage.port(leg).keyless = "no handshake came"
    await stage.carrier.reinvite(session, sdp(CARRIER[0], version=2))
    stage.port(leg).keyless = None
    await stage.pass_by(11)
    assert owner.heard == []


async def test_before_the_answer_nobody_misses_keys(stage: Stage) -> None:
    phone = await stage.phone()
    leg, owner = await called(stage, phone)
    stage.port(leg).keyless = "no handshake came"
    stage.tell(Keyless(leg.port))
    await stage.pass_by(11)
    await phone.answer()
    await stage.pass_by(9)
    assert NO_KEYS not in owner.heard
    await stage.pass_by(1.1)
    assert owner.heard[-1] == NO_KEYS
