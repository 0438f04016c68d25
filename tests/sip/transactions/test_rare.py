"""What a transaction rarely meets: provisional responses to other requests than INVITE, a flow that breaks
late, what comes again after the end (RFC 3261 sections 17.1 and 17.2)."""

import pytest

from sip.events import IncomingRequest, TransactionId
from sip.syntax.message import Request
from tests.sip.calls import Called, Calling, kinds, names, over
from tests.sip.raw import UDP, Peer, only_request, only_response, reply


def probing() -> tuple[Called, Request]:
    """Our OPTIONS has a provisional response."""
    call = Called()
    call.peer.endpoint.probe(call.session, 0.0)
    options = only_request(call.peer.sent())
    for _ in range(2):
        assert call.peer.send(reply(options, 100)) == []
    assert call.peer.events() == []
    return call, options


@pytest.mark.parametrize("status", [200, 501])
def test_17_1_2_2_a_provisional_response_is_not_the_last(status: int) -> None:
    call, options = probing()
    assert kinds(call.peer.run(8.6)) == ["OPTIONS", "OPTIONS", "OPTIONS"], "at T1, then every T2"
    for number in (status, status, 100):
        call.peer.send(reply(options, number))
    assert names(call.peer.events()) == ["ProbeAnswered"]
    call.peer.endpoint.hangup(call.session, call.peer.now)
    assert over(call.peer)


def test_17_1_2_2_after_a_provisional_response_timer_f_runs_on() -> None:
    call, _ = probing()
    call.peer.run(31.9)
    assert call.peer.events() == []
    call.peer.run(0.2)
    assert names(call.peer.events()) == ["ProbeAnswered"]


def test_17_1_4_a_flow_that_breaks_ends_what_waits_for_a_final_response_but_no_invite_that_rings() -> None:
    call, _ = probing()
    call.peer.endpoint.flow_failed(UDP, 0.0)
    assert names(call.peer.events()) == ["ProbeAnswered"]
    ringing = Calling()
    ringing.reply(180)
    ringing.peer.endpoint.flow_failed(UDP, 0.0)
    assert kinds(ringing.reply(200)) == ["ACK"]
    assert names(ringing.peer.events()) == ["Progress", "Answered"]


def asked() -> tuple[Peer, str, TransactionId]:
    """Their OPTIONS, outside of any dialog, that waits for the application."""
    peer = Peer()
    text = peer.request("OPTIONS", branch="z9hG4bK-options")
    assert peer.send(text) == []
    (event,) = peer.events()
    assert isinstance(event, IncomingRequest)
    return peer, text, event.transaction


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("provisional", [0, 1, 2])
def test_17_2_2_what_comes_again_gets_the_last_response_again(provisional: int, status: int) -> None:
    peer, text, transaction = asked()
    assert peer.send(text) == []
    for _ in range(provisional):
        peer.endpoint.respond(transaction, 100, 0.0)
        assert kinds(peer.sent()) == ["100 OPTIONS"]
        assert peer.statuses(text) == [100]
    peer.endpoint.respond(transaction, status, 0.0)
    assert only_response(peer.sent()).status == status
    assert peer.statuses(text) == [status]
    assert over(peer)


@pytest.mark.parametrize("provisional", [0, 1])
def test_rfc_4320_4_2_what_is_never_answered_is_over_after_64_t1(provisional: int) -> None:
    peer, _, transaction = asked()
    for _ in range(provisional):
        peer.endpoint.respond(transaction, 100, 0.0)
    peer.run(32.1)
    peer.sent()
    peer.endpoint.respond(transaction, 200, peer.now)
    assert peer.sent() == []
    assert over(peer)


def test_rfc_6026_7_1_an_invite_that_comes_again_after_its_2xx_is_the_sessions() -> None:
    call = Called(answered=False)
    answer = call.answer()
    assert call.peer.send(call.peer.invite(branch="z9hG4bK-first")) == []
    assert call.peer.run(0.6) == [answer]


def test_17_2_1_after_the_ack_of_a_refusal_nothing_is_said_any_more() -> None:
    call = Called(answered=False)
    call.peer.endpoint.reject(call.session, 486, 0.0)
    refusal = only_response(call.peer.sent())
    ack = call.peer.request("ACK", branch="z9hG4bK-first", to_tag=refusal.to_tag or "")
    for text in (ack, ack, call.peer.invite(branch="z9hG4bK-first")):
        assert call.peer.send(text) == []
    assert over(call.peer)


@pytest.mark.parametrize("status", [180, 486])
def test_rfc_6026_7_2_after_the_2xx_of_an_invite_nothing_else_is_heard(status: int) -> None:
    call = Calling().answered()
    assert call.reply(status) == []
    assert call.peer.events() == []
    call.hangup()
    assert over(call.peer)


@pytest.mark.parametrize("status", [180, 200])
def test_17_1_1_2_nor_after_its_refusal(status: int) -> None:
    call = Calling()
    assert kinds(call.reply(486)) == ["ACK"]
    assert call.reply(status) == []
    assert names(call.peer.events()) == ["Refused"]
    assert over(call.peer)
