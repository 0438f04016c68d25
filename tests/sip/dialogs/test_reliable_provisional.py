"""Our reliable provisional responses (RFC 3262 section 3), and PRACK with an offer (section 5)."""

from typing import Any

import pytest

from sip.events import Acked, EndCause, Pracked, PrackOffered, SessionEnded
from sip.syntax.message import Request, Response
from tests.sip.calls import Called, kinds, names, over
from tests.sip.raw import SDP, only_request, only_response, reply

SUPPORTED = "Supported: 100rel"
REQUIRE = "Require: 100rel"
ALLOW = "Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE"
OURS = "v=0\r\no=ours\r\n"


def ringing(*lines: str, sdp: str = OURS, **options: Any) -> tuple[Called, Response]:
    """A call of the peer in which we have said 183 reliably."""
    call = Called(*(lines or (SUPPORTED,)), answered=False, **options)
    return call, only_response(call.progress(183, sdp, reliable=True))


def rack(response: Response) -> str:
    return f"RAck: {response.headers.get('RSeq')} 1 INVITE"


def ack(call: Called) -> None:
    call.peer.send(call.peer.request("ACK", to_tag=call.tag))


@pytest.mark.parametrize(
    ("lines", "asked", "reliable"),
    [
        ((SUPPORTED,), True, True),
        ((SUPPORTED,), False, False),
        ((REQUIRE,), False, True),
        ((), True, False),
        (("Supported: timer, 100rel",), True, True),
    ],
)
def test_3_a_response_is_reliable_where_the_caller_insists_or_can_and_we_want_it(
    lines: tuple[str, ...], asked: bool, reliable: bool
) -> None:
    call = Called(*lines, answered=False)
    response = only_response(call.progress(180, reliable=asked))
    number = response.headers.get("RSeq")
    assert (number is not None, response.headers.get("Require")) == (reliable, "100rel" if reliable else None)
    assert number is None or 1 <= int(number) < 2**31
    assert response.headers.get("Contact")
    call.peer.endpoint.hangup(call.session, call.peer.now)
    assert over(call.peer)


def test_3_it_is_repeated_with_doubled_pauses_until_the_prack() -> None:
    call, first = ringing()
    assert call.peer.run(7.6) == [first] * 4  # after 0.5, 1.5, 3.5 and 7.5 s
    assert kinds(call.request("PRACK", 2, rack(first))) == ["200 PRACK"]
    assert call.peer.events() == [Pracked(call.session, None)]
    assert call.peer.run(30) == []
    call.answer()
    call.ack()
    assert call.peer.events() == [Acked(call.session, None)]


def test_3_without_a_prack_the_call_is_refused_after_64_t1() -> None:
    call, _ = ringing()
    call.peer.run(31.9)
    assert kinds(call.peer.run(0.2)) == ["504 INVITE"]
    assert call.peer.events() == [SessionEnded(call.session, EndCause.PRACK_TIMEOUT, None, "")]
    assert over(call.peer)


@pytest.mark.parametrize("wrong", ["RAck: 1 1 INVITE", "RAck: {} 2 INVITE", "RAck: {} 1 OPTIONS"])
def test_3_a_prack_that_names_nothing_which_waits_is_481(wrong: str) -> None:
    call, first = ringing()
    number = first.headers.get("RSeq")
    assert kinds(call.request("PRACK", 2, wrong.format(number))) == ["481 PRACK"]
    assert kinds(call.request("PRACK", 3, f"RAck: {number} 1 INVITE")) == ["200 PRACK"]
    assert kinds(call.request("PRACK", 4, f"RAck: {number} 1 INVITE")) == ["481 PRACK"]


@pytest.mark.parametrize(
    "line",
    ["X: y", "RAck: 1 INVITE", "RAck: x 1 INVITE", "RAck: 99999999999 1 INVITE", "RAck: 1\u00a01 INVITE"],
)
def test_7_2_a_prack_that_cannot_be_read_is_400(line: str) -> None:
    call, _ = ringing()
    assert kinds(call.request("PRACK", 2, line)) == ["400 PRACK"]


def test_a_prack_without_any_reliable_response_is_481() -> None:
    call = Called(answered=False)
    call.progress(180)
    assert kinds(call.request("PRACK", 2, "RAck: 1 1 INVITE")) == ["481 PRACK"]


def test_3_the_second_waits_for_the_prack_of_the_first() -> None:
    call, first = ringing(sdp="")
    assert call.progress(180) == []
    assert call.progress(180) == []
    prack, second = call.request("PRACK", 2, rack(first))
    assert kinds([prack, second]) == ["200 PRACK", "180 INVITE"]
    number = int(first.headers.get("RSeq") or 0)
    assert second.headers.get("RSeq") == str(number + 1)
    assert kinds(call.request("PRACK", 3, f"RAck: {number + 1} 1 INVITE")) == ["200 PRACK"]


def test_3_the_answer_waits_for_the_prack_of_a_response_with_sdp() -> None:
    call, first = ringing()
    assert not call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    assert call.peer.sent() == []
    assert kinds(call.request("PRACK", 2, rack(first))) == ["200 PRACK", "200 INVITE"]
    ack(call)
    assert names(call.peer.events()) == ["Pracked", "Accepted", "Acked"]
    call.peer.endpoint.hangup(call.session, 0.0)
    assert over(call.peer)


def test_3_the_answer_does_not_wait_for_the_prack_of_a_response_without_sdp() -> None:
    call, first = ringing(sdp="")
    assert call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    call.peer.sent()
    assert kinds(call.request("PRACK", 2, rack(first))) == ["200 PRACK"]
    assert "183 INVITE" not in kinds(call.peer.run(10))
    ack(call)
    call.peer.endpoint.hangup(call.session, call.peer.now)
    assert over(call.peer)


@pytest.mark.parametrize("sdp", ["", OURS])
@pytest.mark.parametrize("described", [False, True])
def test_3_what_is_said_after_the_answer_is_not_sent(described: bool, sdp: str) -> None:
    call, first = ringing(sdp=OURS if described else "")
    waits = not call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    assert waits == described
    call.peer.sent()
    assert call.progress(180, sdp) == []
    if described:
        assert not call.peer.endpoint.accept(call.session, SDP.encode(), 0.0), "twice is not sooner"
        assert kinds(call.request("PRACK", 2, rack(first))) == ["200 PRACK", "200 INVITE"]
        assert call.progress(180, sdp) == []
    call.peer.endpoint.hangup(call.session, 0.0)
    assert over(call.peer)


@pytest.mark.parametrize("sdp", ["", OURS])
def test_5_what_is_said_while_an_offer_waits_follows_its_answer(sdp: str) -> None:
    call, first = ringing()
    call.request("PRACK", 2, rack(first), body=SDP)
    assert call.progress(180, sdp) == []
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, OURS.encode())
    assert kinds(call.peer.sent()) == ["200 PRACK", "180 INVITE"]


@pytest.mark.parametrize("sdp", ["", OURS])
def test_5_but_not_what_is_said_after_an_answer_to_the_call_that_waits_for_it(sdp: str) -> None:
    call, first = ringing()
    call.request("PRACK", 2, rack(first), body=SDP)
    assert not call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    assert not call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    assert call.progress(180, sdp) == []
    call.peer.endpoint.reject(call.session, 486, 0.0)
    assert sorted(kinds(call.peer.sent())) == ["486 INVITE", "487 PRACK"]
    assert over(call.peer)


@pytest.mark.parametrize("sdp", ["", OURS])
@pytest.mark.parametrize("first", ["", OURS])
def test_3_without_the_prack_nothing_that_waits_is_sent(first: str, sdp: str) -> None:
    call, _ = ringing(sdp=first)
    assert call.progress(180, sdp) == []
    assert set(kinds(call.peer.run(33))) == {"183 INVITE", "504 INVITE"}
    assert over(call.peer)


def test_a_call_is_refused_after_all_its_responses_are_acknowledged() -> None:
    call, first = ringing()
    call.request("PRACK", 2, rack(first))
    call.peer.endpoint.reject(call.session, 486, 0.0)
    assert kinds(call.peer.sent()) == ["486 INVITE"]
    assert over(call.peer)


def test_3_an_answer_that_waits_is_not_sent_without_the_prack() -> None:
    call, _ = ringing()
    call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    assert "504 INVITE" in kinds(call.peer.run(33))
    assert names(call.peer.events()) == ["SessionEnded"]
    assert over(call.peer)


@pytest.mark.parametrize("end", ["CANCEL", "reject", "hangup"])
@pytest.mark.parametrize("accepted", [False, True])
def test_a_call_may_end_while_its_prack_is_missing(end: str, accepted: bool) -> None:
    call, _ = ringing()
    if accepted:
        call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    match end:
        case "CANCEL":
            call.peer.send(call.peer.request("CANCEL", branch="z9hG4bK-first"))
        case "reject":
            call.peer.endpoint.reject(call.session, 486, 0.0)
        case _:
            call.peer.endpoint.hangup(call.session, 0.0)
    assert "183 INVITE" not in kinds(call.peer.run(10))
    assert over(call.peer)


def test_5_our_offer_in_a_reliable_response_is_answered_in_the_prack() -> None:
    call, first = ringing(body="")
    assert first.body
    call.request("PRACK", 2, rack(first), body=SDP)
    assert call.peer.events() == [Pracked(call.session, SDP.encode())]
    call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    response = only_response(call.peer.sent())
    assert (kinds([response]), response.body) == (["200 INVITE"], b""), "it would be another offer"
    lines = ("Contact: <sip:them@192.0.2.9>", "Content-Type: application/sdp")
    assert call.request("UPDATE", 3, *lines, body=SDP) == []
    assert names(call.peer.events()) == ["Updated"], "there is nothing left to wait for"


def test_5_another_offer_in_the_prack_is_answered_in_its_200() -> None:
    call, first = ringing()
    assert call.request("PRACK", 2, rack(first), body=SDP) == []
    (event,) = call.peer.events()
    assert isinstance(event, PrackOffered)
    assert event.sdp == SDP.encode()
    call.peer.endpoint.answer_offer(call.session, 200, 0.0, OURS.encode())
    response = only_response(call.peer.sent())
    assert (kinds([response]), response.body) == (["200 PRACK"], OURS.encode())


@pytest.mark.parametrize("status", [200, 488])
@pytest.mark.parametrize("accepted", ["before", "meanwhile"])
def test_5_the_answer_waits_for_the_offer_of_a_prack(accepted: str, status: int) -> None:
    call, first = ringing()
    if accepted == "before":
        call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    call.request("PRACK", 2, rack(first), body=SDP)
    if accepted == "meanwhile":
        call.peer.endpoint.accept(call.session, SDP.encode(), 0.0)
    assert call.peer.sent() == []
    call.peer.endpoint.answer_offer(call.session, status, 0.0, OURS.encode() if status == 200 else None)
    prack, invite = call.peer.sent()
    assert kinds([prack, invite]) == [f"{status} PRACK", "200 INVITE"]
    assert bool(invite.body) == (status == 488), "what was agreed on since is not described again"
    ack(call)
    assert names(call.peer.events()) == ["PrackOffered", "Accepted", "Acked"]
    call.peer.endpoint.hangup(call.session, 0.0)
    assert over(call.peer)


@pytest.mark.parametrize("method", ["reinvite", "update"])
def test_5_an_offer_in_a_prack_that_comes_while_ours_is_under_way_is_glare(method: str) -> None:
    call, first = ringing(SUPPORTED, ALLOW, sdp="")
    call.answer()
    ack(call)
    call.peer.events()
    getattr(call.peer.endpoint, method)(call.session, OURS.encode(), 0.0)
    ours = only_request(call.peer.sent())
    assert kinds(call.request("PRACK", 2, rack(first), body=SDP)) == ["491 PRACK"]
    assert call.peer.events() == []
    call.peer.send(reply(ours, 200, "Contact: <sip:them@192.0.2.9>", body=SDP))
    assert names(call.peer.events()) == ["OfferAnswered"]
    call.peer.endpoint.hangup(call.session, 0.0)
    assert over(call.peer)


@pytest.mark.parametrize(("whose", "status"), [("ours", 491), ("theirs", 500)])
def test_5_such_a_prack_has_acknowledged_its_response_all_the_same(whose: str, status: int) -> None:
    call, first = ringing(SUPPORTED, ALLOW)
    call.request("PRACK", 2, rack(first))
    if whose == "ours":
        call.peer.endpoint.update(call.session, OURS.encode(), 0.0)
        assert kinds(call.peer.sent()) == ["UPDATE"]
    else:
        call.request("UPDATE", 3, "Contact: <sip:them@192.0.2.9>", "Content-Type: application/sdp", body=SDP)
    second = only_response(call.progress(180, reliable=True))
    assert kinds(call.request("PRACK", 4, rack(second), body=SDP)) == [f"{status} PRACK"]
    assert "180 INVITE" not in kinds(call.peer.run(10))
    call.peer.endpoint.accept(call.session, SDP.encode(), call.peer.now)
    assert kinds(call.peer.sent()) == ["200 INVITE"]


def test_5_an_offer_of_a_prack_that_nobody_answers_is_forgotten() -> None:
    call, first = ringing()
    call.request("PRACK", 2, rack(first), body=SDP)
    call.peer.run(33)
    call.peer.endpoint.accept(call.session, SDP.encode(), call.peer.now)
    assert kinds(call.peer.sent()) == ["200 INVITE"]


def test_a_retransmitted_prack_gets_the_same_answer() -> None:
    call, first = ringing()
    text = call.peer.request("PRACK", rack(first), branch="z9hG4bK-prack", to_tag=call.tag, cseq=2)
    assert kinds(call.peer.send(text)) == ["200 PRACK"]
    assert kinds(call.peer.send(text)) == ["200 PRACK"]
    assert names(call.peer.events()) == ["Pracked"]


def test_an_invite_that_comes_again_gets_the_reliable_response_again() -> None:
    call = Called(SUPPORTED, answered=False)
    first = only_response(call.progress(183, OURS, reliable=True))
    again = call.peer.send(call.peer.invite(SUPPORTED, branch="z9hG4bK-first"))
    assert [each for each in again if isinstance(each, Request | Response)] == [first]


def test_the_answer_to_a_prack_that_comes_too_late_is_no_answer_to_the_call() -> None:
    call, response = ringing()
    lines = (rack(response), "Content-Type: application/sdp")
    call.peer.send(call.peer.request("PRACK", *lines, to_tag=call.tag, cseq=2, body=SDP))
    call.peer.run(33)
    assert names(call.peer.events()) == ["PrackOffered", "OfferWithdrawn"]
    call.peer.endpoint.answer_offer(call.session, 200, call.peer.now, SDP.encode())
    assert call.peer.sent() == []
