"""Early dialogs of our INVITE (RFC 3261 12.1, 13.2.2.4); PRACK for their responses (RFC 3262 section 4)."""

import pytest

from sip.events import Answered, Progress, Refused
from sip.syntax.limits import MAX_EARLY_DIALOGS
from sip.syntax.malformed import Fault
from sip.syntax.message import Request, Response
from tests.sip.calls import Calling, kinds, names, over
from tests.sip.raw import SDP, only_request, only_response, reply

REQUIRE = "Require: 100rel"


def racks(sent: list[Request | Response]) -> list[str | None]:
    """What each PRACK names."""
    return [each.headers.get("RAck") for each in sent if isinstance(each, Request) and each.method == "PRACK"]


def ringing(*tags: str) -> Calling:
    call = Calling()
    for tag in tags:
        call.reply(180, tag=tag)
    call.peer.events()
    return call


# Forking


def test_12_1_each_branch_that_rings_is_an_early_dialog_of_its_own() -> None:
    call = Calling()
    call.reply(180, tag="one")
    call.reply(183, tag="two", body=SDP)
    call.reply(180)
    told = [event for event in call.peer.events() if isinstance(event, Progress)]
    assert [(each.dialog_tag, each.status, each.sdp is not None) for each in told] == [
        ("one", 180, False),
        ("two", 183, True),
        ("theirs", 180, False),
    ]


def test_13_2_2_4_the_branch_that_answers_first_is_the_call_and_says_which_it_is() -> None:
    call = ringing("one", "two")
    call.reply(200, "Contact: <sip:two@192.0.2.9:5090>", tag="two", body=SDP)
    (event,) = call.peer.events()
    assert isinstance(event, Answered)
    assert event.dialog_tag == "two"
    dialog = call.peer.endpoint.dialog(call.session)
    assert dialog is not None
    assert (dialog.remote_tag, dialog.target) == ("two", "sip:two@192.0.2.9:5090")
    call.hangup()
    assert over(call.peer)


def test_a_losing_branch_that_answers_late_is_acknowledged_and_ended_even_after_the_call() -> None:
    call = ringing("one", "two")
    call.reply(200, tag="two")
    call.peer.send(reply(only_request(call.hangup()), 200))
    ack, bye = call.reply(200, tag="one")
    assert kinds([ack, bye]) == ["ACK", "BYE"]
    assert over(call.peer)


def test_what_is_asked_in_an_early_dialog_is_answered() -> None:
    call = ringing("one", "two")
    for tag in ("one", "two"):
        assert kinds(call.request("OPTIONS", 1, tag=tag)) == ["200 OPTIONS"]
    assert kinds(call.request("OPTIONS", 1, tag="three")) == ["481 OPTIONS"]


def test_each_early_dialog_counts_for_itself() -> None:
    call = ringing("one", "two")
    call.request("OPTIONS", 7, tag="one")
    assert kinds(call.request("OPTIONS", 5, tag="one")) == ["500 OPTIONS"]
    assert kinds(call.request("OPTIONS", 5, tag="two")) == ["200 OPTIONS"]


def test_15_a_bye_ends_one_early_dialog_and_the_last_one_the_call() -> None:
    call = ringing("one", "two")
    assert kinds(call.request("BYE", 1, tag="one")) == ["200 BYE"]
    assert call.peer.events() == []
    assert kinds(call.request("BYE", 2, tag="one")) == ["481 BYE"]
    assert kinds(call.request("BYE", 1, tag="two")) == ["200 BYE"]
    assert names(call.peer.events()) == ["Refused"]
    assert over(call.peer)


def test_rfc_6228_a_reliable_199_is_acknowledged_and_ends_its_early_dialog() -> None:
    call = ringing("one", "two")
    assert len(racks(call.reply(199, REQUIRE, "RSeq: 7", tag="one"))) == 1
    (event,) = call.peer.events()
    assert isinstance(event, Progress)
    assert (event.status, event.reliable) == (199, True)
    assert kinds(call.request("INFO", 1, tag="one")) == ["481 INFO"]
    assert kinds(call.request("INFO", 1, tag="two")) == ["200 INFO"]


def test_rfc_6228_199_ends_an_early_dialog() -> None:
    call = ringing("one", "two")
    call.reply(199, tag="one")
    (event,) = call.peer.events()
    assert isinstance(event, Progress)
    assert (event.status, event.dialog_tag) == (199, "one")
    assert kinds(call.request("OPTIONS", 1, tag="one")) == ["481 OPTIONS"]


def test_there_are_at_most_twelve_early_dialogs() -> None:
    call = ringing(*map(str, range(MAX_EARLY_DIALOGS)))
    call.reply(180, tag="more")
    assert call.peer.events() == []
    assert call.peer.endpoint.counters.parse_errors["udp", Fault.TOO_MANY_EARLY_DIALOGS] == 1
    call.reply(180, tag="3")
    assert names(call.peer.events()) == ["Progress"]
    assert kinds(call.reply(200, tag="more")) == ["ACK"], "who answers first is the call, early dialog or not"


def test_there_are_at_most_twelve_answers() -> None:
    call = Calling()
    answered = [kinds(call.reply(200, tag=str(number))) for number in range(MAX_EARLY_DIALOGS + 2)]
    assert answered == [["ACK"], *[["ACK", "BYE"]] * (MAX_EARLY_DIALOGS - 1), [], []]


def test_a_response_without_tag_is_told_too() -> None:
    call = Calling()
    call.reply(180, tag="")
    (event,) = call.peer.events()
    assert isinstance(event, Progress)
    assert event.dialog_tag == ""


# PRACK


def test_rfc_3262_4_a_reliable_response_is_acknowledged_in_its_dialog() -> None:
    call = Calling(supports_reliable=True)
    assert call.invite.headers.get("Supported") == "100rel"
    prack = only_request(call.reply(183, REQUIRE, "RSeq: 776", "Contact: <sip:a@192.0.2.9:5070>", body=SDP))
    assert (prack.method, prack.uri, prack.to_tag) == ("PRACK", "sip:a@192.0.2.9:5070", "theirs")
    assert (prack.headers.get("RAck"), prack.cseq.number) == ("776 1 INVITE", 2)
    (event,) = call.peer.events()
    assert isinstance(event, Progress)
    assert event.reliable
    call.peer.send(reply(prack, 200))
    assert racks(call.reply(180, REQUIRE, "RSeq: 777")) == ["777 1 INVITE"]
    assert only_request(call.reply(200, body=SDP)).cseq.number == 1
    assert only_request(call.hangup()).cseq.number == 4
    assert over(call.peer)


def test_rfc_3262_4_what_comes_again_or_too_early_is_neither_acknowledged_nor_heard() -> None:
    call = Calling(supports_reliable=True)
    call.reply(180, REQUIRE, "RSeq: 5")
    for number in (5, 7, 4):
        assert call.reply(180, REQUIRE, f"RSeq: {number}") == []
    assert names(call.peer.events()) == ["Progress"]
    assert racks(call.reply(180, REQUIRE, "RSeq: 6")) == ["6 1 INVITE"]


def test_rfc_3262_4_each_early_dialog_has_its_own_numbers() -> None:
    call = Calling(supports_reliable=True)
    assert racks(call.reply(180, REQUIRE, "RSeq: 5", tag="one")) == ["5 1 INVITE"]
    assert racks(call.reply(180, REQUIRE, "RSeq: 90", tag="two")) == ["90 1 INVITE"]
    assert racks(call.reply(183, REQUIRE, "RSeq: 6", tag="one")) == ["6 1 INVITE"]
    ack, bye = [*call.reply(200, tag="one"), *call.hangup()]
    assert (ack.cseq.number, bye.cseq.number) == (1, 4)


def test_rfc_3262_4_a_lost_prack_is_sent_again() -> None:
    call = Calling(supports_reliable=True)
    call.reply(180, REQUIRE, "RSeq: 5")
    assert kinds(call.peer.run(1.6)) == ["PRACK", "PRACK"]


def test_rfc_3262_4_a_reliable_response_after_cancel_is_still_acknowledged() -> None:
    call = ringing("theirs")
    call.cancel()
    assert racks(call.reply(183, REQUIRE, "RSeq: 1")) == ["1 1 INVITE"]
    call.reply(487)
    assert over(call.peer)


@pytest.mark.parametrize("lines", [("RSeq: 5",), (REQUIRE,), (REQUIRE, "RSeq: x"), ()])
def test_a_response_that_is_not_reliable_gets_no_prack(lines: tuple[str, ...]) -> None:
    call = Calling(supports_reliable=True)
    assert call.reply(180, *lines) == []
    (event,) = call.peer.events()
    assert isinstance(event, Progress)
    assert not event.reliable


def test_rfc_3262_we_may_insist_and_who_cannot_refuses() -> None:
    call = Calling(require_reliable=True)
    assert (call.invite.headers.get("Supported"), call.invite.headers.get("Require")) == ("100rel", "100rel")
    call.reply(420, "Unsupported: 100rel")
    (event,) = call.peer.events()
    assert isinstance(event, Refused)
    assert event.status == 420


def test_rfc_3261_21_4_16_who_insists_on_what_we_can_gets_it() -> None:
    call = Calling()
    ack, again = call.reply(421, REQUIRE)
    assert kinds([ack, again]) == ["ACK", "INVITE"]
    assert isinstance(again, Request)
    assert (again.headers.get("Supported"), again.cseq.number) == ("100rel", 2)
    assert again.call_id == call.invite.call_id


@pytest.mark.parametrize("line", ["Require: foo", "Require: 100rel, foo", "X: y"])
def test_who_insists_on_what_we_cannot_is_believed(line: str) -> None:
    call = Calling()
    assert kinds(call.reply(421, line)) == ["ACK"]
    assert names(call.peer.events()) == ["Refused"]


# Offer and answer in them (RFC 3262 section 5)


def test_rfc_3262_5_an_offer_in_a_reliable_response_is_answered_in_the_prack() -> None:
    call = Calling(sdp="", supports_reliable=True)
    assert call.reply(183, REQUIRE, "RSeq: 5", body=SDP) == []
    (event,) = call.peer.events()
    assert isinstance(event, Progress)
    assert (event.sdp, event.reliable) == (SDP.encode(), True)
    assert call.reply(183, REQUIRE, "RSeq: 5", body=SDP) == []
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, b"v=0\r\n", dialog_tag="theirs")
    prack = only_request(call.peer.sent())
    assert (prack.headers.get("RAck"), prack.body) == ("5 1 INVITE", b"v=0\r\n")
    ack = only_request(call.reply(200, body=SDP))
    assert (ack.method, ack.body) == ("ACK", b"")


@pytest.mark.parametrize("body", ["", SDP])
def test_rfc_3262_4_the_next_response_waits_until_the_offer_is_answered(body: str) -> None:
    call = Calling(sdp="", supports_reliable=True)
    call.reply(183, REQUIRE, "RSeq: 5", body=SDP)
    call.peer.events()
    assert call.reply(183, REQUIRE, "RSeq: 6", body=body) == []
    assert call.peer.events() == []
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, b"v=0\r\n", dialog_tag="theirs")
    assert racks(call.peer.sent()) == ["5 1 INVITE"]
    assert racks(call.reply(183, REQUIRE, "RSeq: 6", body=body)) == ["6 1 INVITE"]
    call.hangup()
    assert over(call.peer)


def test_13_2_1_an_offer_in_the_answer_is_answered_in_the_ack() -> None:
    call = Calling(sdp="")
    assert call.reply(200, body=SDP) == []
    assert call.reply(200, body=SDP) == []
    assert names(call.peer.events()) == ["Answered"]
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, b"v=0\r\n")
    ack = only_request(call.peer.sent())
    assert (ack.method, ack.body) == ("ACK", b"v=0\r\n")
    assert only_request(call.reply(200, body=SDP)).body == b"v=0\r\n"
    call.hangup()
    assert over(call.peer)


@pytest.mark.parametrize("give_up", ["hangup", "refuse"])
def test_13_2_1_an_offer_that_we_do_not_want_is_acknowledged_and_the_call_ended(give_up: str) -> None:
    call = Calling(sdp="")
    call.reply(200, body=SDP)
    if give_up == "hangup":
        assert kinds(call.hangup()) == ["ACK", "BYE"]
    else:
        call.peer.endpoint.answer_offer(call.session, 488, 0.0)
        assert kinds(call.peer.sent()) == ["ACK", "BYE"]
    assert over(call.peer)


def test_an_offer_that_nobody_answers_ends_with_the_callers_bye() -> None:
    call = Calling(sdp="")
    call.reply(200, body=SDP)
    sent = call.request("BYE", 1)
    assert kinds(sent) == ["ACK", "200 BYE"]
    assert names(call.peer.events()) == ["Answered", "SessionEnded"]
    assert over(call.peer)


def test_an_early_dialog_whose_response_cannot_be_read_is_answered_400_and_lives() -> None:
    call = Calling()
    call.reply(180, "Contact: <sip:")
    assert only_response(call.request("OPTIONS", 1)).status == 400
    assert kinds(call.reply(200)) == ["ACK"]


def test_rfc_3262_5_the_second_reliable_response_may_be_the_one_that_makes_the_offer() -> None:
    call = Calling(sdp="", supports_reliable=True)
    assert kinds(call.reply(180, REQUIRE, "RSeq: 1")) == ["PRACK"]
    assert call.reply(183, REQUIRE, "RSeq: 2", body=SDP) == []
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, SDP.encode(), dialog_tag="theirs")
    prack = only_request(call.peer.sent())
    assert (prack.method, prack.headers.get("RAck"), prack.body) == ("PRACK", "2 1 INVITE", SDP.encode())
