"""Offers after the first: UPDATE (RFC 3311), our re-INVITE and its glare (RFC 3261 section 14)."""

from typing import Any

import pytest

from sip.accounts.authentication import Credentials
from sip.dialogs.loss import ENDS_DIALOG, ENDS_USAGE
from sip.events import (
    EndCause,
    OfferAnswered,
    OfferRefused,
    Refreshed,
    Reinvited,
    SessionEnded,
    Updated,
)
from sip.syntax.message import Request, Response
from tests.sip.calls import Called, Calling, kinds, names, over
from tests.sip.raw import SDP, only_request, only_response, reply

ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, UPDATE, PRACK"
CONTACT = "Contact: <sip:them@192.0.2.9:5070>"
OURS = b"v=0\r\no=ours\r\n"
THEIRS = SDP.replace("7 7", "7 8")
REQUIRE = "Require: 100rel"
CHALLENGE = 'WWW-Authenticate: Digest realm="them", nonce="1", qop="auth", algorithm=MD5'


def calling(*lines: str, **options: Any) -> Calling:
    """A call of ours that the peer has answered."""
    return Calling(**options).answered(*(lines or (ALLOW,)))


def called(*lines: str) -> Called:
    """A call of the peer that we have answered."""
    return Called(*(lines or (ALLOW,)))


def wish(call: Calling | Called, method: str = "reinvite", sdp: bytes = OURS) -> list[Request | Response]:
    getattr(call.peer.endpoint, method)(call.session, sdp, call.peer.now)
    return call.peer.sent()


# Ours


@pytest.mark.parametrize(("method", "kind"), [("reinvite", "INVITE"), ("update", "UPDATE")])
def test_our_offer_is_answered(method: str, kind: str) -> None:
    call = calling()
    request = only_request(wish(call, method))
    assert (request.method, request.body, request.cseq.number) == (kind, OURS, 2)
    assert request.headers.get("Contact")
    sent = call.peer.send(reply(request, 200, CONTACT, body=THEIRS))
    assert kinds(sent) == (["ACK"] if kind == "INVITE" else [])
    assert call.peer.events() == [OfferAnswered(call.session, THEIRS.encode())]
    assert only_request(call.hangup()).uri == "sip:them@192.0.2.9:5070", "a 2xx moves the target"
    assert over(call.peer)


def test_14_1_each_2xx_of_our_reinvite_is_acknowledged_even_after_the_call() -> None:
    call = calling()
    request = only_request(wish(call))
    (ack,) = call.peer.send(reply(request, 200, CONTACT, body=THEIRS))
    assert isinstance(ack, Request)
    assert (ack.cseq.number, ack.uri, ack.body) == (2, "sip:them@192.0.2.9:5070", b"")
    assert call.peer.send(reply(request, 200, CONTACT, body=THEIRS)) == [ack]
    call.peer.send(reply(only_request(call.hangup()), 200))
    assert call.peer.send(reply(request, 200, CONTACT, body=THEIRS)) == [ack]
    assert over(call.peer)


def test_a_2xx_that_crosses_our_bye_is_acknowledged_for_the_first_time() -> None:
    call = calling()
    request = only_request(wish(call))
    call.hangup()
    assert kinds(call.peer.send(reply(request, 200, CONTACT, body=THEIRS))) == ["ACK"]
    assert call.peer.events() == []
    assert over(call.peer)


def test_update_is_a_reinvite_for_who_does_not_allow_it() -> None:
    call = calling("Allow: INVITE, ACK, BYE")
    assert kinds(wish(call, "update")) == ["INVITE"]


@pytest.mark.parametrize("status", [405, 501])
def test_a_peer_that_serves_no_reinvite_keeps_its_call(status: int) -> None:
    call = calling()
    call.peer.send(reply(only_request(wish(call)), status))
    assert call.peer.events() == [OfferRefused(call.session, status)]


@pytest.mark.parametrize("status", [405, 501])
def test_update_is_a_reinvite_for_who_refuses_it_though_he_allows_it(status: int) -> None:
    call = calling()
    update = only_request(wish(call, "update"))
    assert kinds(call.peer.send(reply(update, status))) == ["INVITE"]


@pytest.mark.parametrize("status", [400, 403, 415, 480, 486, 488, 503, 600, 603, 606])
@pytest.mark.parametrize("method", ["reinvite", "update"])
def test_our_offer_may_be_refused_and_the_call_goes_on(method: str, status: int) -> None:
    call = calling()
    call.peer.send(reply(only_request(wish(call, method)), status, "Retry-After: 60"))
    assert call.peer.events() == [OfferRefused(call.session, status)]
    assert kinds(call.hangup()) == ["BYE"]
    assert over(call.peer)


@pytest.mark.parametrize("method", ["reinvite", "update"])
@pytest.mark.parametrize("status", [*sorted(ENDS_DIALOG), *sorted(ENDS_USAGE), 408, None])
def test_14_1_who_has_no_such_dialog_ends_it(method: str, status: int | None) -> None:
    call = calling()
    request = only_request(wish(call, method))
    if status is not None:
        assert "BYE" in kinds(call.peer.send(reply(request, status)))
    else:
        assert "BYE" in kinds(call.peer.run(33))
    assert call.peer.events() == [SessionEnded(call.session, EndCause.DIALOG_LOST, None, "")]
    assert over(call.peer)


def test_one_offer_waits_for_the_other() -> None:
    call = calling()
    first = only_request(wish(call))
    assert wish(call, "update", b"v=0\r\no=second\r\n") == []
    _, second = call.peer.send(reply(first, 200, CONTACT, body=THEIRS))
    assert isinstance(second, Request)
    assert (second.method, second.body) == ("UPDATE", b"v=0\r\no=second\r\n")


def test_a_reinvite_that_nobody_answers_for_too_long_is_cancelled() -> None:
    call = calling()
    request = only_request(wish(call))
    call.peer.send(reply(request, 100))
    assert call.peer.run(63.8) == []
    cancel = only_request(call.peer.run(0.4))
    assert cancel.method == "CANCEL"
    call.peer.send(reply(cancel, 200))
    assert kinds(call.peer.send(reply(request, 487))) == ["ACK"]
    assert call.peer.events() == [OfferRefused(call.session, 487)]
    call.hangup()
    assert over(call.peer)


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (200, "OfferAnswered"),
        (401, "OfferRefused"),
        (422, "OfferRefused"),
        (487, "OfferRefused"),
        (491, "OfferRefused"),
        (501, "OfferRefused"),
        (481, "SessionEnded"),
    ],
)
def test_what_crosses_our_cancel_is_the_last_word_on_the_reinvite(status: int, event: str) -> None:
    call = calling("Session-Expires: 1800;refresher=uas", credentials=Credentials("us", "secret", None))
    request = only_request(wish(call))
    call.peer.send(reply(request, 100))
    assert kinds(call.peer.run(64.1)) == ["CANCEL"]
    lines = (CONTACT, CHALLENGE, "Min-SE: 3600", "Retry-After: 1")
    sent = call.peer.send(reply(request, status, *lines, body=THEIRS if status == 200 else ""))
    assert kinds(sent) == (["ACK", "BYE"] if status == 481 else ["ACK"])
    assert names(call.peer.events()) == [event]
    call.hangup()
    assert over(call.peer)


@pytest.mark.parametrize("heard", [True, False])
def test_9_1_the_reinvite_that_was_sent_again_is_cancelled_once_somebody_has_heard_it(heard: bool) -> None:
    call = calling(credentials=Credentials("us", "secret", None))
    request = only_request(wish(call))
    call.peer.send(reply(request, 100))
    call.peer.run(50)
    ack, again = call.peer.send(reply(request, 401, CHALLENGE))
    assert kinds([ack, again]) == ["ACK", "INVITE"]
    assert isinstance(again, Request)
    if not heard:
        assert set(kinds(call.peer.run(15))) == {"INVITE"}
        return
    call.peer.send(reply(again, 100))
    cancel = only_request(call.peer.run(14.1))
    assert (cancel.method, cancel.cseq.number) == ("CANCEL", again.cseq.number)
    assert cancel.top_via.branch == again.top_via.branch != request.top_via.branch
    call.peer.send(reply(again, 487))
    assert call.peer.events() == [OfferRefused(call.session, 487)]


def test_a_reinvite_that_not_even_cancel_ends_ends_the_call() -> None:
    call = calling()
    call.peer.send(reply(only_request(wish(call)), 180))
    assert "BYE" in kinds(call.peer.run(100))
    assert call.peer.events() == [SessionEnded(call.session, EndCause.DIALOG_LOST, None, "")]
    assert over(call.peer)


@pytest.mark.parametrize("status", [100, 180])
@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_a_reinvite_that_nobody_answers_ends_with_the_call(status: int, whose: str) -> None:
    call = calling()
    call.peer.send(reply(only_request(wish(call)), status))
    if whose == "ours":
        call.peer.send(reply(only_request(call.hangup()), 200))
    else:
        assert kinds(call.request("BYE", 5)) == ["200 BYE"]
    assert call.peer.endpoint.counts().sessions == 0
    assert over(call.peer)


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize("status", [200, 401, 408, 422, 481, 487, 491, 501])
def test_the_last_word_on_a_reinvite_may_come_after_the_call(status: int, cancelled: bool) -> None:
    call = calling()
    request = only_request(wish(call))
    if cancelled:
        call.peer.send(reply(request, 100))
        call.peer.run(65)
    bye = only_request(call.hangup())
    sent = call.peer.send(reply(request, status, CONTACT, body=THEIRS if status == 200 else ""))
    assert kinds(sent) == ["ACK"]
    call.peer.send(reply(bye, 200))
    assert call.peer.events() == []
    assert over(call.peer)


def test_a_challenge_after_our_bye_is_not_answered() -> None:
    call = calling(credentials=Credentials("us", "secret", None))
    request = only_request(wish(call))
    call.hangup()
    assert kinds(call.peer.send(reply(request, 401, CHALLENGE))) == ["ACK"]
    assert over(call.peer)


def test_a_reinvite_waits_for_the_ack_of_our_answer() -> None:
    call = Called(ALLOW, answered=False)
    call.answer()
    assert wish(call) == []
    assert kinds(call.peer.send(call.peer.request("ACK", to_tag=call.tag))) == ["INVITE"]


def test_wishes_end_with_the_call() -> None:
    call = Called(ALLOW, answered=False)
    wish(call)
    call.peer.endpoint.hangup(call.session, 0.0)
    wish(call)
    assert over(call.peer)
    assert call.peer.events() == []


# Glare


@pytest.mark.parametrize(("ours", "least", "most"), [(True, 2.1, 4.0), (False, 0.0, 2.0)])
@pytest.mark.parametrize("method", ["reinvite", "update"])
def test_14_1_after_491_we_try_again_later_who_called_the_latest(
    method: str, ours: bool, least: float, most: float
) -> None:
    call = calling() if ours else called()
    pauses = set()
    request = only_request(wish(call, method))
    for _ in range(5):
        call.peer.send(reply(request, 491))
        began = call.peer.now
        while not (again := [each for each in call.peer.run(0.01) if isinstance(each, Request)]):
            assert call.peer.now - began < 10
        pauses.add(round(call.peer.now - began, 2))
        (request,) = again
        assert (request.method, request.body) == ("INVITE" if method == "reinvite" else "UPDATE", OURS)
    assert all(least - 0.001 <= pause <= most + 0.011 for pause in pauses)
    assert len(pauses) > 2, "at random"
    assert call.peer.events() == []
    call.peer.send(reply(request, 491))
    assert call.peer.events() == [OfferRefused(call.session, 491)], "six times are no accident"


def test_rfc_3311_5_2_who_says_when_is_asked_again_then() -> None:
    call = calling()
    call.peer.send(reply(only_request(wish(call, "update")), 500, "Retry-After: 7"))
    assert call.peer.run(6.9) == []
    assert kinds(call.peer.run(0.2)) == ["UPDATE"]


@pytest.mark.parametrize("method", ["reinvite", "update"])
@pytest.mark.parametrize("theirs", ["INVITE", "UPDATE"])
def test_14_2_their_offer_while_ours_waits_is_491(method: str, theirs: str) -> None:
    call = calling()
    wish(call, method)
    lines = ("Contact: <sip:them@192.0.2.9>", "Content-Type: application/sdp")
    assert kinds(call.request(theirs, 1, *lines, body=THEIRS)) == [f"491 {theirs}"]
    assert call.peer.events() == []


def test_an_offer_of_theirs_that_we_take_makes_ours_out_of_date() -> None:
    call = calling()
    call.peer.send(reply(only_request(wish(call)), 491))
    call.request("INVITE", 1, "Contact: <sip:them@192.0.2.9>", body=THEIRS)
    assert names(call.peer.events()) == ["Reinvited"]
    wish(call, "update", b"v=0\r\no=later\r\n")
    call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, OURS)
    assert kinds(call.peer.sent()) == ["200 INVITE"]
    assert call.peer.events() == [OfferRefused(call.session, 491)] * 2
    call.request("ACK", 1)
    call.hangup()
    assert over(call.peer)


def test_an_offer_of_theirs_that_we_refuse_changes_nothing_for_ours() -> None:
    call = calling()
    call.peer.send(reply(only_request(wish(call)), 491))
    call.request("INVITE", 1, "Contact: <sip:them@192.0.2.9>", body=THEIRS)
    call.peer.endpoint.answer_offer(call.session, 488, call.peer.now)
    call.peer.sent()
    assert "INVITE" in kinds(call.peer.run(5))
    assert names(call.peer.events()) == ["Reinvited"]


# Theirs: UPDATE


def test_rfc_3311_an_update_with_an_offer_is_the_applications() -> None:
    call = called()
    assert call.request("UPDATE", 2, CONTACT, "Content-Type: application/sdp", body=THEIRS) == []
    (event,) = call.peer.events()
    assert isinstance(event, Updated)
    assert event.sdp == THEIRS.encode()
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, OURS)
    response = only_response(call.peer.sent())
    assert (response.status, response.body) == (200, OURS)
    assert response.headers.get("Contact")
    call.peer.endpoint.hangup(call.session, 0.0)
    assert only_request(call.peer.sent()).uri == "sip:them@192.0.2.9:5070"
    assert over(call.peer)


def test_rfc_3311_an_update_without_an_offer_is_answered_and_told() -> None:
    call = called()
    response = only_response(call.request("UPDATE", 2, CONTACT))
    assert (response.status, response.body) == (200, b"")
    assert call.peer.events() == [Refreshed(call.session, None)]
    dialog = call.peer.endpoint.dialog(call.session)
    assert dialog is not None
    assert dialog.target == "sip:them@192.0.2.9:5070"


def test_rfc_3311_a_refused_update_changes_nothing() -> None:
    call = called()
    call.request("UPDATE", 2, CONTACT, "Content-Type: application/sdp", body=THEIRS)
    call.peer.endpoint.answer_offer(call.session, 488, 0.0)
    assert kinds(call.peer.sent()) == ["488 UPDATE"]
    dialog = call.peer.endpoint.dialog(call.session)
    assert dialog is not None
    assert dialog.target == "sip:them@192.0.2.9"


@pytest.mark.parametrize("second", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("first", ["INVITE", "UPDATE"])
def test_rfc_3311_5_2_a_second_offer_before_the_first_is_answered_is_500(first: str, second: str) -> None:
    call = called()
    lines = (CONTACT, "Content-Type: application/sdp")
    call.request(first, 2, *lines, body=THEIRS)
    response = only_response(call.request(second, 3, *lines, body=THEIRS))
    assert response.status == 500
    assert 0 <= int(response.headers.get("Retry-After") or "-1") <= 10
    assert kinds(call.request("UPDATE", 4)) == ["200 UPDATE"], "one without an offer is none of this"


def test_rfc_3311_an_update_that_nobody_answers_is_forgotten() -> None:
    call = called()
    lines = (CONTACT, "Content-Type: application/sdp")
    call.request("UPDATE", 2, *lines, body=THEIRS)
    call.peer.run(33)
    assert names(call.peer.events()) == ["Updated", "OfferWithdrawn"]
    call.request("UPDATE", 3, *lines, body=THEIRS)
    assert names(call.peer.events()) == ["Updated"]


@pytest.mark.parametrize(("late", "status"), [(False, 500), (True, 491)])
def test_rfc_3311_5_2_before_the_first_offer_is_answered_there_is_no_second(late: bool, status: int) -> None:
    call = Called(ALLOW, answered=False, body="" if late else SDP)
    call.progress(180)
    lines = (CONTACT, "Content-Type: application/sdp")
    assert only_response(call.request("UPDATE", 2, *lines, body=THEIRS)).status == status


def early(call: Called) -> list[Request | Response]:
    """We have answered the offer of the INVITE reliably; what we send after the PRACK."""
    response = only_response(call.progress(183, "v=0\r\n", reliable=True))
    sent = call.request("PRACK", 2, f"RAck: {response.headers.get('RSeq')} 1 INVITE")
    call.peer.events()
    return sent


def test_rfc_3311_5_2_after_that_there_may_be_before_the_call_is_answered() -> None:
    call = Called(ALLOW, "Supported: 100rel", answered=False)
    early(call)
    call.request("UPDATE", 3, CONTACT, "Content-Type: application/sdp", body=THEIRS)
    assert names(call.peer.events()) == ["Updated"]
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, OURS)
    assert kinds(call.peer.sent()) == ["200 UPDATE"]
    assert call.answer().body == b"", "what was agreed on since is not described again"


def test_rfc_3311_5_1_we_too_may_update_before_we_answer() -> None:
    call = Called(ALLOW, "Supported: 100rel", answered=False)
    call.progress(180)
    assert wish(call, "update") == []
    update = only_request(early(call))
    assert (update.method, update.body) == ("UPDATE", OURS)
    call.peer.send(reply(update, 200, CONTACT, body=THEIRS))
    assert call.peer.events() == [OfferAnswered(call.session, THEIRS.encode())]


def test_rfc_3311_5_1_we_may_update_before_we_are_answered() -> None:
    call = Calling(supports_reliable=True)
    assert wish(call, "update") == []
    prack, update = call.reply(183, REQUIRE, "RSeq: 1", ALLOW, body=SDP)
    assert kinds([prack, update]) == ["PRACK", "UPDATE"]
    assert isinstance(update, Request)
    call.peer.send(reply(update, 200, CONTACT, body=THEIRS))
    call.reply(200, ALLOW, body=SDP)
    assert names(call.peer.events()) == ["Progress", "OfferAnswered", "Answered"]
    assert only_request(call.hangup()).cseq.number == 4


def test_an_early_dialog_that_is_lost_is_no_lost_call() -> None:
    call = Calling(supports_reliable=True)
    wish(call, "update")
    _, update = call.reply(183, REQUIRE, "RSeq: 1", ALLOW, body=SDP)
    assert isinstance(update, Request)
    call.peer.send(reply(update, 481))
    assert names(call.peer.events()) == ["Progress", "OfferRefused"]
    assert kinds(call.reply(200)) == ["ACK"]


def test_an_early_update_waits_for_the_call_where_nothing_was_reliable() -> None:
    call = Calling()
    wish(call, "update")
    assert call.reply(183, ALLOW, body=SDP) == []
    assert kinds(call.reply(200, ALLOW, body=SDP)) == ["ACK", "UPDATE"]


def test_rfc_3311_5_2_their_update_before_they_answered_our_offer_reliably_is_491() -> None:
    call = Calling()
    call.reply(183, ALLOW, body=SDP)
    lines = ("Content-Type: application/sdp", CONTACT)
    assert kinds(call.request("UPDATE", 1, *lines, body=THEIRS)) == ["491 UPDATE"]
    assert kinds(call.request("UPDATE", 2, CONTACT)) == ["200 UPDATE"]


def test_rfc_3311_5_2_their_update_in_an_early_dialog_after_that_is_the_applications() -> None:
    call = Calling(supports_reliable=True)
    call.reply(183, REQUIRE, "RSeq: 1", ALLOW, body=SDP)
    call.peer.events()
    call.request("UPDATE", 1, "Content-Type: application/sdp", CONTACT, body=THEIRS)
    assert names(call.peer.events()) == ["Updated"]
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, OURS)
    assert kinds(call.peer.sent()) == ["200 UPDATE"]
    assert only_request(call.reply(200)).method == "ACK"
    call.hangup()
    assert over(call.peer)


@pytest.mark.parametrize("end", ["BYE", "hangup"])
def test_15_1_2_an_update_that_waits_when_the_call_ends_is_answered(end: str) -> None:
    call = called()
    assert call.request("UPDATE", 2, CONTACT, body=THEIRS) == []
    call.peer.events()
    if end == "BYE":
        sent = call.request("BYE", 3)
    else:
        call.peer.endpoint.hangup(call.session, call.peer.now)
        sent = call.peer.sent()
    assert sorted(kinds(sent)) == sorted(["487 UPDATE", "200 BYE" if end == "BYE" else "BYE"])
    assert over(call.peer)


def test_15_1_2_a_prack_that_waits_when_the_caller_cancels_is_answered() -> None:
    call = Called(REQUIRE, answered=False)
    (ringing,) = call.progress(183, SDP)
    rack = f"RAck: {ringing.headers.get('RSeq')} 1 INVITE"
    assert call.request("PRACK", 2, rack, "Content-Type: application/sdp", body=THEIRS) == []
    sent = call.request("CANCEL", 1, branch="z9hG4bK-first")
    assert sorted(kinds(sent)) == ["200 CANCEL", "487 INVITE", "487 PRACK"]
    call.request("ACK", 1, branch="z9hG4bK-first")
    assert over(call.peer)


def test_an_update_after_we_gave_up_is_not_the_applications() -> None:
    call = Called(ALLOW, answered=False)
    call.answer()
    call.peer.endpoint.hangup(call.session, call.peer.now)
    assert kinds(call.request("UPDATE", 2, CONTACT, body=THEIRS)) == ["487 UPDATE"]
    assert kinds(call.request("UPDATE", 3, CONTACT)) == ["200 UPDATE"]
    assert call.peer.events() == []
    assert over(call.peer)


def test_an_info_after_we_gave_up_is_not_the_applications() -> None:
    call = Calling()
    call.reply(180)
    call.peer.events()
    call.hangup()
    assert kinds(call.request("INFO", 1, "Content-Type: application/dtmf", body="5")) == ["200 INFO"]
    assert call.peer.events() == []


def test_an_answer_for_an_early_dialog_that_is_over_changes_nothing() -> None:
    call = Calling(sdp="", supports_reliable=True)
    call.reply(183, REQUIRE, "RSeq: 1", body=SDP)
    call.reply(199)
    call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, OURS, dialog_tag="theirs")
    call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, OURS)
    assert call.peer.sent() == []
    call.reply(486)
    assert over(call.peer)


def test_an_update_after_our_bye_finds_nothing() -> None:
    call = called()
    call.peer.endpoint.hangup(call.session, 0.0)
    call.peer.sent()
    assert kinds(call.request("UPDATE", 2, CONTACT)) == ["481 UPDATE"]


def test_a_reinvite_without_an_offer_is_ours_to_make_and_theirs_to_answer_first() -> None:
    call = called()
    call.request("INVITE", 2, CONTACT, body="")
    (event,) = call.peer.events()
    assert isinstance(event, Reinvited)
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, OURS)
    call.peer.sent()
    lines = (CONTACT, "Content-Type: application/sdp")
    assert kinds(call.request("UPDATE", 3, *lines, body=THEIRS)) == ["491 UPDATE"]
