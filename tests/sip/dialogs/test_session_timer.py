"""Session timers (RFC 4028) in a call: who refreshes, when, how, and what becomes of who does not."""

from typing import Any

import pytest

from sip.events import EndCause, Refreshed, SessionEnded
from sip.syntax.message import Request, Response
from tests.sip.calls import Called, Calling, kinds, names, over
from tests.sip.raw import SDP, only_request, only_response, reply

UPDATE = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"
TIMER = "Supported: timer"
OURS_TO_KEEP = "Session-Expires: 90;refresher=uac"
THEIRS_TO_KEEP = "Session-Expires: 90;refresher=uas"
ENDED = EndCause.SESSION_EXPIRED


def calling(*lines: str, **options: Any) -> Calling:
    """A call of ours; the peer's answer has these lines."""
    return Calling(session_expires_s=90, **options).answered("Require: timer", *lines)


def called(*lines: str, refresher: str = "uas") -> Called:
    """A call of the peer that asks for a session timer."""
    return Called(TIMER, f"Session-Expires: 90;refresher={refresher}", *lines)


# What is said


def test_7_1_our_invite_asks() -> None:
    invite = Calling(session_expires_s=1800).invite
    assert invite.headers.get("Session-Expires") == "1800"
    assert invite.headers.get("Supported") == "timer"
    assert Calling().invite.headers.get("Session-Expires") is None
    assert Calling(session_expires_s=0).invite.headers.get("Supported") is None


def test_7_3_too_small_an_interval_is_grown_to_what_the_peer_wants() -> None:
    call = Calling(session_expires_s=90)
    ack, again = call.reply(422, "Min-SE: 3600")
    assert kinds([ack, again]) == ["ACK", "INVITE"]
    assert isinstance(again, Request)
    assert (again.headers.get("Session-Expires"), again.headers.get("Min-SE")) == ("3600", "3600")
    assert (again.cseq.number, again.call_id, again.to_tag) == (2, call.invite.call_id, None)
    call.invite = again
    assert kinds(call.reply(422, "Min-SE: 3600")) == ["ACK"], "nothing has become better"
    assert names(call.peer.events()) == ["Refused"]
    assert over(call.peer)


@pytest.mark.parametrize("line", ["Min-SE: 60", "Min-SE: x", "Min-SE: 9999999", "X: y"])
def test_7_3_a_422_that_helps_nobody_is_a_refusal(line: str) -> None:
    call = Calling(session_expires_s=90)
    assert kinds(call.reply(422, line)) == ["ACK"]
    assert names(call.peer.events()) == ["Refused"]


@pytest.mark.parametrize(
    ("lines", "promised"),
    [
        ((TIMER,), "300;refresher=uac"),
        ((TIMER, "Min-SE: 600"), "600;refresher=uac"),
        ((TIMER, "Session-Expires: 1800"), "1800;refresher=uac"),
        ((), None),
    ],
)
def test_9_our_answer_sets_an_interval_for_who_knows_timers(
    lines: tuple[str, ...], promised: str | None
) -> None:
    call = Called(*lines, answered=False, session_expires_s=300)
    assert call.answer().headers.get("Session-Expires") == promised


# We refresh


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_10_we_refresh_by_update_at_half_the_interval(side: str) -> None:
    call = calling(UPDATE, OURS_TO_KEEP) if side == "caller" else called(UPDATE)
    for number in (1, 2):
        assert call.peer.run(44.9) == []
        update = only_request(call.peer.run(0.2))
        assert (update.method, update.body) == ("UPDATE", b"")
        assert update.headers.get("Session-Expires") == "90;refresher=uac"
        call.peer.send(reply(update, 200, "Require: timer", OURS_TO_KEEP))
        assert call.peer.events() == [Refreshed(call.session, None)], number
    call.peer.endpoint.hangup(call.session, call.peer.now)
    assert over(call.peer)


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_10_we_refresh_by_our_own_description_where_there_is_no_update(side: str) -> None:
    call = calling(OURS_TO_KEEP) if side == "caller" else called()
    request = only_request(call.peer.run(45.1))
    assert (request.method, request.body) == ("INVITE", SDP.encode())
    assert request.headers.get("Session-Expires") == "90;refresher=uac"
    assert kinds(call.peer.send(reply(request, 200, "Require: timer", OURS_TO_KEEP, body=SDP))) == ["ACK"]
    assert call.peer.events() == [Refreshed(call.session, SDP.encode())]
    assert kinds(call.peer.run(45.1)) == ["INVITE"]


def test_10_a_refused_refresh_is_tried_again_and_then_the_session_ends_in_time() -> None:
    call = calling(UPDATE, OURS_TO_KEEP)
    call.peer.send(reply(only_request(call.peer.run(45.1)), 503))
    update = only_request(call.peer.run(11.3))
    assert update.method == "UPDATE"
    call.peer.send(reply(update, 503))
    assert call.peer.events() == []
    assert "BYE" in kinds(call.peer.run(4))
    assert call.peer.events() == [SessionEnded(call.session, ENDED, None, "")]
    assert over(call.peer)


def test_10_a_refresh_that_finds_no_dialog_ends_the_session_at_once() -> None:
    call = calling(UPDATE, OURS_TO_KEEP)
    assert "BYE" in kinds(call.peer.send(reply(only_request(call.peer.run(45.1)), 481)))
    assert call.peer.events() == [SessionEnded(call.session, EndCause.DIALOG_LOST, None, "")]
    assert over(call.peer)


def test_7_4_a_refresh_may_be_told_to_be_rarer() -> None:
    call = calling(UPDATE, OURS_TO_KEEP)
    update = only_request(call.peer.send(reply(only_request(call.peer.run(45.1)), 422, "Min-SE: 600")))
    assert (update.headers.get("Session-Expires"), update.headers.get("Min-SE")) == (
        "600;refresher=uac",
        "600",
    )
    call.peer.send(reply(update, 200, "Session-Expires: 600;refresher=uac"))
    assert call.peer.run(299.8) == []
    assert kinds(call.peer.run(0.4)) == ["UPDATE"]


@pytest.mark.parametrize("refresher", ["uac", "uas"])
def test_5_no_answer_makes_us_refresh_or_give_up_sooner_than_the_rfc_lets_it(refresher: str) -> None:
    call = calling(UPDATE, f"Session-Expires: 1;refresher={refresher}")
    if refresher == "uas":
        assert call.peer.run(59.9) == []
        assert kinds(call.peer.run(0.2)) == ["BYE"]
        return
    assert call.peer.run(44.9) == []
    update = only_request(call.peer.run(0.2))
    assert update.headers.get("Session-Expires") == "90;refresher=uac"
    call.peer.send(reply(update, 200, "Session-Expires: 2;refresher=uac"))
    assert call.peer.run(44.8) == []
    assert kinds(call.peer.run(0.2)) == ["UPDATE"]


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_9_nor_does_a_refresh_of_theirs(method: str) -> None:
    call = called(UPDATE)
    response = only_response(call.request(method, 2, TIMER, "Contact: <sip:them@192.0.2.9>", "x: 89"))
    assert (response.status, response.headers.get("Min-SE")) == (422, "90")
    assert call.peer.events() == []


def test_7_2_a_refresh_may_hand_the_task_over_or_end_it() -> None:
    call = calling(UPDATE, OURS_TO_KEEP)
    call.peer.send(reply(only_request(call.peer.run(45.1)), 200, THEIRS_TO_KEEP))
    assert call.peer.run(59) == []
    call.request("UPDATE", 1, TIMER, "Session-Expires: 90;refresher=uas", "Contact: <sip:them@192.0.2.9>")
    call.peer.send(reply(only_request(call.peer.run(45.1)), 200))
    assert call.peer.run(500) == [], "an answer without Session-Expires ends the timer"


def test_our_own_offers_refresh_too() -> None:
    call = calling(UPDATE, OURS_TO_KEEP)
    call.peer.run(40)
    call.peer.endpoint.update(call.session, b"v=0\r\no=new\r\n", call.peer.now)
    update = only_request(call.peer.sent())
    assert update.headers.get("Session-Expires") == "90;refresher=uac"
    call.peer.send(reply(update, 200, OURS_TO_KEEP, body=SDP))
    assert call.peer.run(44.9) == []
    assert kinds(call.peer.run(0.2)) == ["UPDATE"]


def test_a_refresh_that_crosses_theirs_rests_and_is_not_needed_any_more() -> None:
    call = calling(OURS_TO_KEEP)
    call.peer.send(reply(only_request(call.peer.run(45.1)), 491))
    lines = ("Contact: <sip:them@192.0.2.9>", "Content-Type: application/sdp", TIMER, THEIRS_TO_KEEP)
    call.request("INVITE", 1, *lines, body=SDP)
    call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
    (answer,) = call.peer.sent()
    assert answer.headers.get("Session-Expires") == "90;refresher=uas"
    call.request("ACK", 1)
    assert names(call.peer.events()) == ["Reinvited", "Acked"]
    assert kinds(call.peer.run(44)) == []
    assert kinds(call.peer.run(1.1)) == ["INVITE"]


@pytest.mark.parametrize(
    ("lines", "afterwards"),
    [
        ((), []),
        ((TIMER, "Session-Expires: 90;refresher=uac"), ["BYE"]),
        ((TIMER, "Session-Expires: 90;refresher=uas"), ["UPDATE"]),
    ],
)
@pytest.mark.parametrize("crossing", [False, True])
def test_10_their_offer_settles_who_refreshes_whatever_becomes_of_ours(
    crossing: bool, lines: tuple[str, ...], afterwards: list[str]
) -> None:
    """An UPDATE without an offer is no glare."""
    call = called(UPDATE)
    update = only_request(call.peer.run(45.1)) if crossing else None
    call.request("INVITE", 2, *lines)
    call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
    call.ack(2)
    if update is not None:
        call.peer.send(reply(update, 500))
    call.peer.sent()
    assert kinds(call.peer.run(60.1))[:1] == afterwards


def test_10_a_session_that_nobody_refreshes_any_more_has_no_end_of_its_own() -> None:
    call = called(UPDATE)
    for number in (2, 3):
        call.request("INVITE", number)
        call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
        call.ack(number)
        call.peer.sent()
    assert call.peer.run(200) == []


def test_10_a_refresh_without_any_answer_does_not_keep_a_session() -> None:
    call = called(UPDATE)
    update = only_request(call.peer.run(45.1))
    call.peer.send(reply(update, 100))
    assert "BYE" in kinds(call.peer.run(15))
    call.peer.send(reply(update, 500))
    assert call.peer.events() == [SessionEnded(call.session, ENDED, None, "")]
    assert over(call.peer)


@pytest.mark.parametrize("answered", [False, True])
def test_a_lost_dialog_ends_the_session_in_the_midst_of_their_offer(answered: bool) -> None:
    call = called(UPDATE)
    update = only_request(call.peer.run(45.1))
    call.request("INVITE", 2)
    if answered:
        call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
        call.peer.sent()
    sent = kinds(call.peer.send(reply(update, 481)))
    assert sent == (["BYE"] if answered else ["487 INVITE", "BYE"])
    assert names(call.peer.events()) == ["Reinvited", "SessionEnded"]
    assert over(call.peer)


def test_7_4_a_refresh_by_invite_may_be_told_to_be_rarer() -> None:
    call = calling(OURS_TO_KEEP)
    ack, invite = call.peer.send(reply(only_request(call.peer.run(45.1)), 422, "Min-SE: 600"))
    assert (kinds([ack, invite]), invite.headers.get("Min-SE")) == (["ACK", "INVITE"], "600")


def test_a_call_that_ends_while_a_refresh_rests_has_none_any_more() -> None:
    call = calling(OURS_TO_KEEP)
    call.peer.send(reply(only_request(call.peer.run(45.1)), 491))
    assert kinds(call.request("BYE", 5)) == ["200 BYE"]
    assert over(call.peer)


# They refresh


@pytest.mark.parametrize("side", ["caller", "callee"])
@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_10_we_see_that_they_refresh(side: str, method: str) -> None:
    call = calling(THEIRS_TO_KEEP) if side == "caller" else called(refresher="uac")
    for number in (2, 3):
        assert call.peer.run(59) == []
        refreshed(call, method, number)
    assert call.peer.run(59.9) == []
    assert "BYE" in kinds(call.peer.run(0.2))
    assert call.peer.events()[-1] == SessionEnded(call.session, ENDED, None, "")
    assert over(call.peer)


def refreshed(call: Calling | Called, method: str, number: int) -> None:
    lines = [TIMER, "Session-Expires: 90;refresher=uac", "Contact: <sip:them@192.0.2.9>"]
    sdp = ["Content-Type: application/sdp"] if method == "INVITE" else []
    sent: list[Request | Response] = call.request(
        method, number, *lines, *sdp, body=SDP if method == "INVITE" else ""
    )
    if method == "INVITE":
        call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
        sent = call.peer.sent()
        call.request("ACK", number)
    assert only_response(sent).headers.get("Session-Expires") == "90;refresher=uac"


def test_10_a_long_interval_ends_32_seconds_early() -> None:
    call = Called(TIMER, "Session-Expires: 1800;refresher=uac")
    assert call.peer.run(1767.9) == []
    assert "BYE" in kinds(call.peer.run(0.2))


def test_a_call_that_ends_has_no_timer_left() -> None:
    for call in (calling(UPDATE, OURS_TO_KEEP), called(UPDATE)):
        request = only_request(call.peer.run(45.1))
        assert kinds(call.request("BYE", 5)) == ["200 BYE"]
        call.peer.send(reply(request, 200, OURS_TO_KEEP))
        assert over(call.peer)
