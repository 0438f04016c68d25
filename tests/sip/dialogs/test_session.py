"""The rules of INVITE, 2xx, ACK, CANCEL, BYE, re-INVITE and session expiry, message by message."""

import pytest

from sip.events import (
    Acked,
    Answered,
    EndCause,
    OfferWithdrawn,
    ProbeAnswered,
    Progress,
    Refused,
    Reinvited,
    SessionEnded,
    SessionFlowClosed,
    SessionId,
    Trying,
)
from sip.flow import Flow
from sip.syntax.message import Request, parse
from tests.sip.calls import TCP, Called, Calling, kinds, names, over
from tests.sip.raw import OURS, PEER, SDP, UDP, Peer, only_request, only_response, reply

# We call


def test_17_1_1_an_invite_that_nobody_answers_is_sent_seven_times_and_refused_with_408() -> None:
    call = Calling()
    assert kinds(call.peer.run(31.99)) == ["INVITE"] * 6
    call.peer.run(0.1)
    assert call.peer.events() == [Refused(call.session, 408, "Request Timeout", None, None)]
    assert over(call.peer)


def test_progress_is_reported_with_early_media() -> None:
    call = Calling()
    call.reply(100)
    call.reply(180)
    call.reply(183, body=SDP)
    trying, ringing, early = call.peer.events()
    assert trying == Trying(call.session)
    assert isinstance(ringing, Progress)
    assert isinstance(early, Progress)
    assert (ringing.status, ringing.sdp, early.status, early.sdp) == (180, None, 183, SDP.encode())


def test_13_2_2_4_an_answer_is_acknowledged_each_time_it_comes() -> None:
    call = Calling()
    assert kinds(call.reply(200, body=SDP)) == ["ACK"]
    first = call.reply(200, body=SDP)
    assert kinds(first) == ["ACK"]
    assert first == call.reply(200, body=SDP)
    (event,) = call.peer.events()
    assert isinstance(event, Answered)
    assert (event.sdp, event.crossed_cancel) == (SDP.encode(), False)


def test_an_answer_that_comes_again_after_the_end_is_still_acknowledged() -> None:
    call = Calling()
    call.reply(200)
    bye = only_request(call.hangup())
    call.peer.send(reply(bye, 200))
    assert call.peer.endpoint.counts().sessions == 0
    assert kinds(call.reply(200)) == ["ACK"]
    assert over(call.peer)


def test_17_1_1_3_a_refusal_is_acknowledged_on_the_branch_of_the_invite() -> None:
    call = Calling(headers=(("P-Asserted-Identity", "<sip:a@b>"),), routes=("<sip:proxy.example;lr>",))
    (ack,) = call.reply(486, 'Reason: Q.850;cause=17;text="busy"')
    assert isinstance(ack, Request)
    assert ack.headers.get("Via") == call.invite.headers.get("Via")
    assert ack.headers.get("Route") == "<sip:proxy.example;lr>"
    assert (ack.method, ack.to_tag, ack.cseq.number) == ("ACK", "theirs", 1)
    assert kinds(call.reply(486)) == ["ACK"]
    (event,) = call.peer.events()
    assert isinstance(event, Refused)
    assert (event.status, event.q850) == (486, 17)
    assert over(call.peer)


def test_13_2_2_4_of_forked_answers_the_first_is_kept_and_the_others_are_ended() -> None:
    call = Calling()
    call.reply(180, tag="one")
    call.reply(180, tag="two")
    assert kinds(call.reply(200, tag="two")) == ["ACK"]
    ack, bye = call.reply(200, tag="one")
    assert kinds([ack, bye]) == ["ACK", "BYE"]
    assert (ack.to_tag, bye.to_tag) == ("one", "one")
    assert kinds(call.reply(200, tag="one")) == ["ACK"]
    assert names(call.peer.events()) == ["Progress", "Progress", "Answered"]
    dialog = call.peer.endpoint.dialog(call.session)
    assert dialog is not None
    assert dialog.remote_tag == "two"
    call.hangup()
    assert over(call.peer)


def test_9_1_cancel_waits_for_a_provisional_response() -> None:
    call = Calling()
    assert call.cancel() == []
    (cancel,) = call.reply(100)
    assert isinstance(cancel, Request)
    assert cancel.method == "CANCEL"
    assert cancel.headers.get("Via") == call.invite.headers.get("Via")
    call.peer.send(reply(cancel, 200))
    assert kinds(call.reply(487)) == ["ACK"]
    assert names(call.peer.events()) == ["Trying", "Refused"]
    assert over(call.peer)


def test_9_1_an_invite_that_nobody_ends_after_cancel_is_abandoned_at_64_t1() -> None:
    call = Calling()
    call.reply(180)
    cancel = only_request(call.cancel())
    call.peer.send(reply(cancel, 200))
    call.peer.events()
    call.peer.run(31.9)
    assert call.peer.events() == []
    call.peer.run(0.2)
    assert call.peer.events() == [Refused(call.session, 408, "Request Timeout", None, None)]
    assert over(call.peer)


def test_an_invite_with_neither_response_is_abandoned_though_it_was_cancelled() -> None:
    call = Calling()
    call.cancel()
    call.peer.run(32.1)
    assert names(call.peer.events()) == ["Refused"]
    assert over(call.peer)


def test_an_answer_that_crosses_cancel_is_acknowledged_and_reported() -> None:
    call = Calling()
    call.reply(180)
    call.cancel()
    assert kinds(call.reply(200)) == ["ACK"]
    event = call.peer.events()[-1]
    assert isinstance(event, Answered)
    assert event.crossed_cancel
    assert kinds(call.hangup()) == ["BYE"]
    assert over(call.peer)


@pytest.mark.parametrize("rung", [True, False])
def test_an_answer_that_crosses_hangup_is_acknowledged_and_ended_without_a_word(rung: bool) -> None:
    call = Calling()
    if rung:
        call.reply(180)
    assert kinds(call.hangup()) == (["CANCEL"] if rung else [])
    call.peer.events()
    assert kinds(call.reply(200)) == ["ACK", "BYE"]
    assert call.peer.events() == []
    assert over(call.peer)


def test_headers_of_cancel_and_bye_say_why() -> None:
    call = Calling()
    call.reply(180)
    call.peer.endpoint.cancel(call.session, 0.0, (("Reason", "SIP;cause=200"),))
    assert only_request(call.peer.sent()).headers.get("Reason") == "SIP;cause=200"


def test_a_cancel_that_waits_keeps_its_reason_when_the_session_is_given_up() -> None:
    call = Calling()
    call.peer.endpoint.cancel(call.session, 0.0, (("Reason", "SIP;cause=200"),))
    call.hangup()
    assert only_request(call.reply(100)).headers.get("Reason") == "SIP;cause=200"


def test_16_6_timer_c_ends_a_call_that_rings_for_ever() -> None:
    call = Calling()
    call.reply(100)
    call.peer.run(180)
    call.reply(180)
    assert call.peer.run(184) == []
    assert kinds(call.peer.run(2))[:1] == ["CANCEL"]
    assert kinds(call.reply(487)) == ["ACK"]
    assert names(call.peer.events()) == ["Trying", "Progress", "Refused"]
    assert over(call.peer)


def test_a_flow_that_breaks_refuses_the_call_with_503() -> None:
    call = Calling()
    call.peer.endpoint.flow_failed(UDP, 0.0)
    assert call.peer.events() == [Refused(call.session, 503, "Service Unavailable", None, None)]
    assert over(call.peer)


def test_a_bye_before_the_answer_ends_a_call_whose_answer_was_lost() -> None:
    call = Calling()
    call.reply(180)
    bye = call.peer.request(
        "BYE", to_tag=call.invite.from_tag or "", from_tag="theirs", call_id=call.invite.call_id
    )
    assert call.peer.statuses(bye) == [200]
    assert names(call.peer.events()) == ["Progress", "Refused"]
    assert over(call.peer)


# They call


def test_17_2_1_100_is_sent_when_the_application_is_silent_for_200_ms() -> None:
    call = Called(answered=False)
    assert kinds(call.peer.run(0.19)) == []
    assert kinds(call.peer.run(0.02)) == ["100 INVITE"]


@pytest.mark.parametrize("flow", [UDP, TCP])
def test_13_3_1_4_the_answer_is_repeated_until_the_ack_on_tcp_too(flow: Flow) -> None:
    call = Called(answered=False, flow=flow)
    first = call.answer()
    sent = call.peer.run(11)  # after 0.5, 1, 2, 4 and 4 s
    assert sent == [first] * 4
    call.ack()
    assert call.peer.events() == [Acked(call.session, None)]
    assert call.peer.run(20) == []


def test_13_3_1_4_an_answer_without_ack_is_ended_with_bye_after_64_t1() -> None:
    call = Called(answered=False)
    call.answer()
    assert "BYE" not in kinds(call.peer.run(31.9))
    bye = only_request(call.peer.run(0.2))
    assert bye.method == "BYE"
    assert call.peer.events() == [SessionEnded(call.session, EndCause.ACK_TIMEOUT, None, "")]
    assert over(call.peer)


def test_15_no_bye_before_the_ack() -> None:
    call = Called(answered=False)
    call.answer()
    call.peer.endpoint.hangup(call.session, 0.0)
    assert call.peer.sent() == []
    assert kinds(call.peer.send(call.peer.request("ACK", to_tag=call.tag))) == ["BYE"]
    call.peer.endpoint.hangup(call.session, 0.0)
    assert call.peer.events() == []
    assert over(call.peer)


def test_a_late_offer_is_answered_in_the_ack() -> None:
    call = Called(answered=False, body="")
    call.answer()
    call.ack(body=SDP)
    assert call.peer.events() == [Acked(call.session, SDP.encode())]


def test_9_2_cancel_is_answered_and_ends_the_call() -> None:
    call = Called(answered=False)
    call.peer.endpoint.progress(call.session, 180, 0.0)
    ringing = only_response(call.peer.sent())
    cancel = call.peer.request("CANCEL", 'Reason: Q.850;cause=26;text="x"', branch="z9hG4bK-first")
    answers = call.peer.send(cancel)
    assert kinds(answers) == ["200 CANCEL", "487 INVITE"]
    assert {answer.to_tag for answer in answers} == {ringing.to_tag}
    (event,) = call.peer.events()
    assert event == SessionEnded(call.session, EndCause.CANCELLED, 26, 'Q.850;cause=26;text="x"')
    assert call.peer.statuses(cancel) == [200]
    assert over(call.peer)


def test_cancel_after_the_answer_changes_nothing() -> None:
    call = Called()
    response = only_response(call.peer.send(call.peer.request("CANCEL", branch="z9hG4bK-first")))
    assert response.status == 200
    assert response.to.tag == call.tag, (
        "section 9.2: the tag of the answer, so that the caller keeps his dialog"
    )
    assert call.peer.events() == []
    assert call.peer.endpoint.counts().sessions == 1


@pytest.mark.parametrize("give_up", ["reject", "hangup"])
def test_a_refusal_is_repeated_until_its_ack(give_up: str) -> None:
    call = Called(answered=False)
    if give_up == "reject":
        call.peer.endpoint.reject(call.session, 486, 0.0, headers=(("Reason", "Q.850;cause=17"),))
    else:
        call.peer.endpoint.hangup(call.session, 0.0, status=486)
    refusal = only_response(call.peer.sent())
    assert refusal.status == 486
    assert call.peer.run(3.6) == [refusal] * 3
    call.peer.send(call.peer.request("ACK", branch="z9hG4bK-first", to_tag=refusal.to_tag or ""))
    assert call.peer.run(30) == []
    assert over(call.peer)


def test_15_1_2_bye_ends_the_call_with_its_cause() -> None:
    call = Called()
    assert kinds(call.request("BYE", 2, "Reason: Q.850;cause=16")) == ["200 BYE"]
    assert call.peer.events() == [SessionEnded(call.session, EndCause.REMOTE_BYE, 16, "Q.850;cause=16")]
    assert over(call.peer)


def test_rfc_3326_every_reason_of_a_bye_is_passed_on() -> None:
    call = Called()
    call.request("BYE", 2, 'Reason: SIP;cause=600;text="x"', "Reason: Q.850;cause=21")
    (event,) = call.peer.events()
    assert isinstance(event, SessionEnded)
    assert (event.q850, event.reason) == (21, 'SIP;cause=600;text="x", Q.850;cause=21')


def test_12_2_2_a_request_out_of_order_is_500() -> None:
    call = Called()
    call.request("OPTIONS", 5)
    assert kinds(call.request("BYE", 4)) == ["500 BYE"]
    assert call.peer.events() == []


def test_bye_crosses_bye() -> None:
    call = Called()
    call.peer.endpoint.hangup(call.session, 0.0)
    ours = only_request(call.peer.sent())
    assert kinds(call.request("BYE", 2)) == ["200 BYE"]
    call.peer.send(reply(ours, 481))
    assert call.peer.events() == []
    assert over(call.peer)


# Re-INVITE


def test_14_2_a_reinvite_is_reported_and_its_contact_becomes_the_target() -> None:
    call = Called()
    call.request("INVITE", 2, "Contact: <sip:them@192.0.2.9:5090>")
    (event,) = call.peer.events()
    assert isinstance(event, Reinvited)
    assert event.sdp == SDP.encode()
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, SDP.encode())
    assert kinds(call.peer.sent()) == ["200 INVITE"]
    assert kinds(call.peer.run(0.6)) == ["200 INVITE"]
    call.ack(cseq=2)
    assert call.peer.events() == [Acked(call.session, None)]
    call.peer.endpoint.hangup(call.session, 0.0)
    ((data, flow),) = call.peer.endpoint.datagrams()
    assert flow.remote == (PEER[0], 5090)
    assert data.startswith(b"BYE sip:them@192.0.2.9:5090 SIP/2.0")


def test_12_2_1_1_a_target_on_tcp_is_asked_there_and_told_to_find_us_where_it_has() -> None:
    """The Contact is of the flow that the dialog came over: on TCP we may not be listening."""
    call = Called()
    call.request("INVITE", 2, "Contact: <sip:them@192.0.2.9;transport=tcp>")
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, SDP.encode())
    call.ack(2)
    call.peer.endpoint.datagrams()
    call.peer.endpoint.reinvite(call.session, SDP.encode(), 0.0)
    ((data, flow),) = call.peer.endpoint.datagrams()
    invite = parse(data)
    assert flow == Flow("tcp", OURS, PEER)
    assert invite.top_via.transport == "TCP"
    assert invite.headers.get("Contact") == f"<sip:{OURS[0]}:{OURS[1]}>"


def test_a_phone_that_moves_behind_nat_is_followed_once_its_reinvite_is_accepted() -> None:
    call = Called()
    moved = Flow("udp", OURS, ("198.51.100.7", 40000))
    call.peer.screen.moved.add((PEER[0], moved.remote[0]))
    text = call.peer.invite(
        "Contact: <sip:them@10.0.0.5>", to_tag=call.tag, cseq=2, source=("10.0.0.5", 5060)
    )
    call.peer.send(text, moved)
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, SDP.encode())
    call.peer.sent()
    call.peer.endpoint.hangup(call.session, 0.0)
    ((data, flow),) = call.peer.endpoint.datagrams()
    assert data.startswith(b"BYE sip:them@10.0.0.5 SIP/2.0")
    assert flow == moved


def test_14_2_a_refused_reinvite_leaves_the_call_as_it_was() -> None:
    call = Called()
    call.request("INVITE", 2, "Contact: <sip:them@192.0.2.9:5090>")
    call.peer.events()
    call.peer.endpoint.answer_offer(call.session, 488, 0.0)
    assert kinds(call.peer.sent()) == ["488 INVITE"]
    dialog = call.peer.endpoint.dialog(call.session)
    assert dialog is not None
    assert dialog.target == "sip:them@192.0.2.9"
    assert kinds(call.request("BYE", 3)) == ["200 BYE"]


def test_14_2_a_second_invite_before_the_first_is_answered_is_500_with_retry_after() -> None:
    call = Called()
    call.request("INVITE", 2)
    response = only_response(call.request("INVITE", 3))
    assert response.status == 500
    assert 0 <= int(response.headers.get("Retry-After") or "-1") <= 10
    assert names(call.peer.events()) == ["Reinvited"]


def test_an_invite_before_the_ack_of_the_last_is_491() -> None:
    call = Called(answered=False)
    call.answer()
    assert kinds(call.request("INVITE", 2)) == ["491 INVITE"]


def test_a_reinvite_whose_answer_gets_no_ack_ends_the_call() -> None:
    call = Called()
    call.request("INVITE", 2)
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, SDP.encode())
    call.peer.events()
    assert kinds(call.peer.run(33))[-1] == "BYE"
    assert call.peer.events() == [SessionEnded(call.session, EndCause.ACK_TIMEOUT, None, "")]


def test_a_cancelled_reinvite_leaves_the_call_as_it_was() -> None:
    call = Called()
    call.request("INVITE", 2, branch="z9hG4bK-re")
    cancel = call.peer.request("CANCEL", branch="z9hG4bK-re", to_tag=call.tag, cseq=2)
    assert names(call.peer.events()) == ["Reinvited"]
    assert kinds(call.peer.send(cancel)) == ["200 CANCEL", "487 INVITE"]
    assert call.peer.events() == [OfferWithdrawn(call.session)]
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, SDP.encode())
    assert call.peer.sent() == []
    assert call.peer.endpoint.counts().sessions == 1


def test_a_reinvite_that_is_cancelled_before_anybody_knows_of_it_is_not_told() -> None:
    call = Called()
    call.request("UPDATE", 2, "Contact: <sip:them@192.0.2.9>")
    call.request("INVITE", 3, branch="z9hG4bK-re")
    call.peer.send(call.peer.request("CANCEL", branch="z9hG4bK-re", to_tag=call.tag, cseq=3))
    assert names(call.peer.events()) == ["Refreshed"]


@pytest.mark.parametrize("method", ["MESSAGE", "REGISTER"])
def test_what_does_not_work_in_a_dialog_is_405_and_the_call_goes_on(method: str) -> None:
    call = Called()
    response = only_response(call.request(method, 2))
    assert response.status == 405
    assert response.headers.get("Allow")
    assert kinds(call.request("BYE", 3)) == ["200 BYE"]


# Session timers (RFC 4028)


@pytest.mark.parametrize(
    ("lines", "promised"),
    [
        (("Supported: timer", "Session-Expires: 1800"), "1800;refresher=uac"),
        (("Supported: timer", "Session-Expires: 1800;refresher=uac"), "1800;refresher=uac"),
        (("Supported: timer", "Session-Expires: 1800;refresher=uas"), "1800;refresher=uas"),
        (("Session-Expires: 1800",), "1800;refresher=uas"),
        (("Supported: timer",), None),
    ],
)
def test_rfc_4028_9_our_answer_says_who_refreshes(lines: tuple[str, ...], promised: str | None) -> None:
    call = Called(*lines, answered=False)
    response = call.answer()
    assert response.headers.get("Session-Expires") == promised
    asked = promised is not None and "Supported: timer" in lines
    assert response.headers.get("Require") == ("timer" if asked else None)


def test_rfc_4028_10_a_session_that_is_not_refreshed_is_ended() -> None:
    call = Called("Supported: timer", "Session-Expires: 90")
    assert call.peer.run(50) == []
    call.request("INVITE", 2, "Supported: timer", "Session-Expires: 90")
    call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
    call.ack(cseq=2)
    call.peer.sent()
    call.peer.events()
    assert call.peer.run(59) == []
    assert kinds(call.peer.run(2))[:1] == ["BYE"]
    assert call.peer.events() == [SessionEnded(call.session, EndCause.SESSION_EXPIRED, None, "")]
    assert over(call.peer)


def test_rfc_4028_a_callee_that_promises_to_refresh_is_watched() -> None:
    call = Calling()
    assert "timer" not in (call.invite.headers.get("Supported") or "")
    call.reply(200, "Session-Expires: 90;refresher=uas")
    call.peer.events()
    assert kinds(call.peer.run(61))[:1] == ["BYE"]
    assert names(call.peer.events()) == ["SessionEnded"]


# Probes, lost connections, restart


def test_a_probe_asks_in_the_dialog() -> None:
    call = Called()
    call.peer.endpoint.probe(call.session, 0.0)
    options = only_request(call.peer.sent())
    assert (options.method, options.from_tag, options.to_tag) == ("OPTIONS", call.tag, "theirs")
    call.peer.send(reply(options, 481))
    assert call.peer.events() == [ProbeAnswered(call.session, 481)]


def test_a_probe_without_answer_is_reported() -> None:
    call = Called()
    call.peer.endpoint.probe(call.session, 0.0)
    call.peer.run(33)
    assert call.peer.events() == [ProbeAnswered(call.session, None)]


def test_a_closed_connection_is_reported_and_the_next_request_opens_another() -> None:
    call = Called(flow=TCP)
    call.peer.endpoint.flow_closed(TCP, 0.0)
    assert call.peer.events() == [SessionFlowClosed(call.session)]
    call.peer.endpoint.hangup(call.session, 0.0)
    ((_, flow),) = call.peer.endpoint.datagrams()
    assert flow == Flow("tcp", OURS, (PEER[0], 5060), 0)


def test_a_restored_dialog_can_be_ended() -> None:
    call = Called()
    dialog = call.peer.endpoint.dialog(call.session)
    assert dialog is not None
    fresh = Peer()
    session = fresh.endpoint.restore(type(dialog).from_dict(dialog.to_dict()), 0.0)
    fresh.endpoint.hangup(session, 0.0)
    bye = only_request(fresh.sent())
    assert (bye.from_tag, bye.to_tag, bye.call_id) == (call.tag, "theirs", "call-1")
    fresh.send(reply(bye, 200))
    assert over(fresh)


def test_a_restored_dialog_goes_on_above_what_was_sent_after_it_was_saved() -> None:
    """RFC 3261 section 12.2.2: a lower CSeq is answered 500."""
    call = Called()
    dialog = call.peer.endpoint.dialog(call.session)
    assert dialog is not None
    saved = dialog.to_dict()
    call.peer.endpoint.probe(call.session, 0.0)
    sent = only_request(call.peer.sent())
    fresh = Peer()
    session = fresh.endpoint.restore(type(dialog).from_dict(saved), 0.0)
    fresh.endpoint.hangup(session, 0.0)
    assert only_request(fresh.sent()).cseq.number > sent.cseq.number


def test_calls_to_a_session_that_is_over_change_nothing() -> None:
    call = Called()
    call.request("BYE", 2)
    endpoint = call.peer.endpoint
    for ended in (call.session, SessionId(99)):
        endpoint.accept(ended, b"", 0.0)
        endpoint.progress(ended, 180, 0.0)
        endpoint.reject(ended, 486, 0.0)
        endpoint.cancel(ended, 0.0)
        endpoint.hangup(ended, 0.0)
        endpoint.answer_offer(ended, 200, 0.0)
        endpoint.probe(ended, 0.0)
        assert endpoint.dialog(ended) is None
    assert call.peer.sent() == []
    assert over(call.peer)


def test_an_answer_that_asks_for_too_much_is_acknowledged_and_what_it_asks_for_is_not_read() -> None:
    call = Calling()
    call.reply(180)
    call.peer.events()
    assert kinds(call.reply(200, "Require: timer" + ", timer" * 128)) == ["ACK"]
    assert names(call.peer.events()) == ["Answered"]


def test_a_refusal_that_asks_for_too_much_is_dropped_before_it_changes_anything() -> None:
    call = Calling()
    assert call.reply(421, "Require: timer" + ", x" * 128) == []
    assert kinds(call.reply(421, "Require: x")) == ["ACK"]
    assert names(call.peer.events()) == ["Refused"]
    assert over(call.peer)


def test_a_call_that_moved_to_udp_neither_ends_with_its_connection_nor_stays_with_it() -> None:
    called, other = Called(flow=TCP), Called(flow=TCP)
    for call, ends in ((called, True), (other, False)):
        call.peer.flow = UDP
        call.request("INVITE", 2, body=SDP)
        call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
        call.ack(2)
        if ends:
            assert kinds(call.request("BYE", 3))[-1] == "200 BYE"
        call.peer.events()
        call.peer.endpoint.flow_closed(TCP, call.peer.now)
        assert call.peer.events() == []
        assert call.peer.endpoint.counts().sessions == (0 if ends else 1)
