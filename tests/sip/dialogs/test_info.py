"""INFO in a dialog (RFC 6086 section 4.2.2, RFC 2976)."""

import pytest

from sip.dialogs.loss import ENDS_DIALOG, ENDS_USAGE
from sip.events import EndCause, InfoAnswered, InfoReceived, SessionEnded
from sip.syntax.message import Request
from tests.sip.calls import Called, Calling, kinds, names, over
from tests.sip.raw import SDP, only_request, only_response, reply

RELAY = "Content-Type: application/dtmf-relay"


def test_digits_are_reported_and_answered() -> None:
    call = Called()
    assert kinds(call.request("INFO", 2, RELAY, "X: y", body="Signal=1\r\n")) == ["200 INFO"]
    assert call.peer.events() == [InfoReceived(call.session, "application/dtmf-relay", b"Signal=1\r\n")]


def test_an_unknown_body_is_415_with_what_we_know() -> None:
    call = Called()
    response = only_response(
        call.request("INFO", 2, "Content-Type: application/media_control+xml", "X: y", body="<x/>")
    )
    assert response.status == 415
    assert response.headers.get("Accept") == "application/dtmf-relay, application/dtmf"
    assert call.peer.events() == []


def test_rfc_6086_a_package_is_469() -> None:
    call = Called()
    response = only_response(call.request("INFO", 2, "Info-Package: foo", RELAY, body="Signal=1"))
    assert response.status == 469
    assert "Recv-Info" in response.headers


def test_rfc_2976_an_empty_one_only_asks_whether_we_are_there() -> None:
    call = Called()
    assert kinds(call.request("INFO", 2)) == ["200 INFO"]
    assert call.peer.events() == []


def test_after_the_end_nothing_is_reported() -> None:
    call = Called()
    call.peer.endpoint.hangup(call.session, 0.0)
    call.peer.sent()
    assert kinds(call.request("INFO", 2, RELAY, "X: y", body="Signal=1")) == ["200 INFO"]
    assert call.peer.events() == []


def test_ours_go_one_after_the_other() -> None:
    call = Called()
    for digit in (b"1", b"2", b"3"):
        call.peer.endpoint.info(call.session, "application/dtmf", digit, 0.0)
    for digit, status in ((b"1", 200), (b"2", 415), (b"3", None)):
        info = only_request(call.peer.sent())
        assert (info.method, info.body, info.content_type) == ("INFO", digit, "application/dtmf")
        if status is None:
            call.peer.run(33)
        else:
            call.peer.endpoint.receive(reply(info, status).encode(), call.peer.flow, 0.0)
        assert call.peer.events() == [InfoAnswered(call.session, status)]


def test_without_a_dialog_there_is_no_answer() -> None:
    call = Called(answered=False)
    call.peer.endpoint.info(call.session, "application/dtmf", b"1", 0.0)
    assert call.peer.events() == [InfoAnswered(call.session, None)]


def test_before_the_answer_it_goes_in_the_early_dialog_that_is_named() -> None:
    call = Calling()
    for tag in ("one", "two"):
        call.reply(183, f"Contact: <sip:{tag}@192.0.2.9>", tag=tag, body=SDP)
    call.peer.events()
    call.peer.endpoint.info(call.session, "application/dtmf", b"1", 0.0, dialog_tag="two")
    info = only_request(call.peer.sent())
    assert (info.uri, info.to_tag, info.cseq.number) == ("sip:two@192.0.2.9", "two", 2)
    call.peer.send(reply(info, 200))
    assert call.peer.events() == [InfoAnswered(call.session, 200)]
    call.reply(200, tag="two", body=SDP)
    call.peer.endpoint.info(call.session, "application/dtmf", b"2", 0.0, dialog_tag="two")
    assert only_request(call.peer.sent()).cseq.number == 3, "the dialog goes on"
    call.hangup()
    assert over(call.peer)


@pytest.mark.parametrize("contact", ["Contact: <sip:them@192.0.2.9>", "Contact: <nothing"])
def test_and_nowhere_where_there_is_none_or_none_that_can_be_written_to(contact: str) -> None:
    call = Calling()
    call.reply(183, contact, tag="one", body=SDP)
    call.peer.events()
    tag = "one" if "nothing" in contact else "two"
    call.peer.endpoint.info(call.session, "application/dtmf", b"1", 0.0, dialog_tag=tag)
    assert call.peer.sent() == []
    assert call.peer.events() == [InfoAnswered(call.session, None)]


@pytest.mark.parametrize("text", ["a\r\nX: y", "a\nb"])
def test_no_header_can_be_smuggled_in(text: str) -> None:
    call = Called()
    with pytest.raises(ValueError, match="line end"):
        call.peer.endpoint.info(call.session, text, b"1", 0.0)


def test_what_waits_ends_with_the_call() -> None:
    call = Called()
    for digit in (b"1", b"2"):
        call.peer.endpoint.info(call.session, "application/dtmf", digit, 0.0)
    info = only_request(call.peer.sent())
    call.peer.endpoint.hangup(call.session, 0.0)
    sent = [*call.peer.sent(), *call.peer.send(reply(info, 200))]
    assert kinds(sent) == ["BYE"]
    assert names(call.peer.events()) == []
    assert over(call.peer)


def test_no_more_than_64_wait_for_a_peer_that_does_not_answer() -> None:
    call = Calling().answered()
    for _ in range(70):
        call.peer.endpoint.info(call.session, "application/dtmf", b"5", call.peer.now)
    assert call.peer.events() == [InfoAnswered(call.session, None)] * 5, "one is under way, 64 wait"
    assert kinds(call.peer.sent()) == ["INFO"]
    call.hangup()
    assert over(call.peer)


def inform(call: Called | Calling) -> Request:
    call.peer.endpoint.info(call.session, "application/dtmf", b"1", call.peer.now)
    return only_request(call.peer.sent())


@pytest.mark.parametrize("status", [*sorted(ENDS_DIALOG), *sorted(ENDS_USAGE)])
def test_rfc_5057_who_has_no_such_dialog_ends_it(status: int) -> None:
    call = Called()
    assert kinds(call.peer.send(reply(inform(call), status))) == ["BYE"]
    assert call.peer.events() == [SessionEnded(call.session, EndCause.DIALOG_LOST, None, "")]
    assert over(call.peer)


@pytest.mark.parametrize("status", [403, 405, 408, 415, 469, 500, 501, 503])
def test_rfc_5057_other_refusals_do_not(status: int) -> None:
    call = Called()
    assert call.peer.send(reply(inform(call), status)) == []
    assert call.peer.events() == [InfoAnswered(call.session, status)]


def test_an_early_dialog_that_is_lost_is_no_lost_call() -> None:
    call = Calling()
    call.reply(183)
    call.peer.events()
    call.peer.endpoint.info(call.session, "application/dtmf", b"1", 0.0, "theirs")
    call.peer.send(reply(only_request(call.peer.sent()), 481))
    assert call.peer.events() == [InfoAnswered(call.session, 481)]
