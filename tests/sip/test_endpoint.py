"""What the endpoint lets in, what it refuses by itself, and what it says nothing to."""

import pytest

from sip.endpoint import ALLOW
from sip.events import (
    IncomingInvite,
    IncomingRequest,
    OutgoingRequest,
    RequestId,
    ResponseReceived,
    SessionEnded,
)
from sip.flow import Flow
from sip.refusal import EXTENSIONS
from sip.screen import Refuse
from sip.syntax.body import ACCEPT
from sip.syntax.message import Request
from tests.sip.raw import OURS, PEER, UDP, Listed, Peer, only_request, only_response, reply
from tests.sip.wire import Wire

OTHER = Flow("udp", OURS, ("198.51.100.7", 5060))
QUIET = (0, 0, 0, 0)


def left(peer: Peer) -> tuple[int, int, int, int]:
    counts = peer.endpoint.counts()
    return counts.transactions, counts.dialogs, counts.sessions, counts.timers


# Strangers get nothing


@pytest.mark.parametrize(
    "method", ["INVITE", "OPTIONS", "REGISTER", "BYE", "CANCEL", "ACK", "FOO", "SUBSCRIBE"]
)
def test_a_stranger_gets_nothing_and_costs_no_state(method: str) -> None:
    peer = Peer()
    assert peer.send(peer.request(method, source=OTHER.remote), OTHER) == []
    assert peer.events() == []
    assert left(peer) == QUIET
    assert peer.endpoint.counters.strangers["udp"] == (0 if method == "ACK" else 1)


@pytest.mark.parametrize(
    "text",
    ["hello", "INVITE\r\n\r\n", "INVITE sip:us@192.0.2.1 SIP/2.0\r\nVia: x\r\nFrom: <sip:a@b>;tag=1\r\n\r\n"],
)
def test_a_malformed_message_of_a_stranger_gets_nothing(text: str) -> None:
    peer = Peer()
    assert peer.send(text, OTHER) == []
    assert peer.endpoint.counters.parse_errors.total() == 1


def test_a_malformed_request_of_a_known_peer_gets_400() -> None:
    peer = Peer()
    text = peer.request("OPTIONS").replace("CSeq: 1 OPTIONS", "CSeq: x OPTIONS")
    response = only_response(peer.send(text))
    assert (response.status, response.top_via.received) == (400, PEER[0])
    assert peer.events() == []


def test_a_malformed_ack_is_never_answered() -> None:
    peer = Peer()
    assert peer.send(peer.request("ACK").replace("CSeq: 1 ACK", "CSeq: x ACK")) == []


@pytest.mark.parametrize("data", [b"", b"\r\n\r\n", b"\0\0\0\0"])
def test_a_keepalive_is_no_message(data: bytes) -> None:
    peer = Peer()
    peer.endpoint.receive(data, UDP, 0.0)
    assert (peer.sent(), peer.endpoint.counters.parse_errors.total()) == ([], 0)


def test_a_stranger_cannot_end_a_call_even_if_he_knows_its_tags() -> None:
    peer, tag = answered_call()
    bye = peer.request("BYE", to_tag=tag, cseq=2, source=OTHER.remote)
    assert peer.send(bye, OTHER) == []
    assert peer.endpoint.counts().sessions == 1


def test_another_peer_of_ours_cannot_end_the_call_either() -> None:
    peer, tag = answered_call(Listed(PEER[0], OTHER.remote[0]))
    assert peer.statuses(peer.request("BYE", to_tag=tag, cseq=2, source=OTHER.remote), OTHER) == [481]
    assert peer.endpoint.counts().sessions == 1


def test_the_peer_may_move_if_the_screen_says_that_it_is_the_same() -> None:
    peer, tag = answered_call()
    peer.screen.moved.add((PEER[0], OTHER.remote[0]))
    assert peer.statuses(peer.request("BYE", to_tag=tag, cseq=2, source=OTHER.remote), OTHER) == [200]
    assert isinstance(peer.events()[-1], SessionEnded)


def test_the_screen_is_not_asked_inside_of_a_dialog() -> None:
    peer, tag = answered_call()
    asked = len(peer.screen.asked)
    assert peer.statuses(peer.request("OPTIONS", to_tag=tag, cseq=2)) == [200]
    assert len(peer.screen.asked) == asked


def test_a_refusal_of_the_screen_needs_no_state_and_its_ack_is_swallowed() -> None:
    peer = Peer()
    peer.screen.refuse = Refuse(401, "Unauthorized", (("WWW-Authenticate", 'Digest realm="x", nonce="y"'),))
    first = only_response(peer.send(peer.invite(branch="z9hG4bK-a")))
    again = only_response(peer.send(peer.invite(branch="z9hG4bK-a")))
    assert (first.status, first.headers.get("WWW-Authenticate")) == (401, 'Digest realm="x", nonce="y"')
    assert first.to_tag == again.to_tag
    assert peer.send(peer.request("ACK", branch="z9hG4bK-a", to_tag=first.to_tag or "")) == []
    assert left(peer) == QUIET


# What is refused by the endpoint itself (RFC 3261 section 8.2)


@pytest.mark.parametrize(
    ("method", "lines", "status", "header"),
    [
        ("FOO", (), 501, ("Allow", ", ".join(ALLOW))),
        ("INFO", (), 481, None),
        ("UPDATE", (), 481, None),
        ("MESSAGE", (), 405, None),
        ("PRACK", (), 481, None),
        ("NOTIFY", (), 405, None),
        ("OPTIONS", ("Require: foo, timer",), 420, ("Unsupported", "foo")),
        ("INVITE", ("Require: join",), 420, ("Unsupported", "join")),
        ("INVITE", ("Max-Forwards: 0",), 483, None),
        ("INVITE", ("Content-Type: text/plain",), 415, ("Accept", ACCEPT)),
        ("INVITE", ("Accept: text/plain",), 406, None),
        ("INVITE", ("Content-Encoding: gzip",), 415, ("Accept-Encoding", "identity")),
        ("INVITE", ("Supported: timer", "Session-Expires: 60"), 422, ("Min-SE", "90")),
        ("INVITE", ("Session-Expires: abc",), 400, None),
        ("INVITE", ("Contact: nonsense<",), 400, None),
        ("BYE", (), 481, None),
        ("CANCEL", (), 481, None),
    ],
)
def test_refusals(method: str, lines: tuple[str, ...], status: int, header: tuple[str, str] | None) -> None:
    peer = Peer()
    text = peer.invite(*lines) if method == "INVITE" else peer.request(method, *lines)
    response = only_response(peer.send(text))
    assert response.status == status
    if header is not None:
        assert response.headers.get(header[0]) == header[1]
    assert response.to_tag
    assert (peer.events(), left(peer)) == ([], QUIET)


def test_an_invite_without_contact_is_400() -> None:
    peer = Peer()
    assert peer.statuses(peer.request("INVITE")) == [400]


def test_a_foreign_uri_scheme_is_416() -> None:
    peer = Peer()
    assert peer.statuses(peer.invite(uri="mailto:us")) == [416]


def test_a_request_in_a_dialog_that_is_gone_is_481() -> None:
    peer = Peer()
    assert peer.statuses(peer.invite(to_tag="gone")) == [481]


def test_a_merged_request_is_482() -> None:
    peer = Peer()
    peer.send(peer.invite(branch="z9hG4bK-one"))
    assert peer.statuses(peer.invite(branch="z9hG4bK-two")) == [482]
    assert len(peer.events()) == 1


def test_a_body_that_may_be_ignored_is_ignored() -> None:
    peer = Peer()
    peer.send(peer.invite("Content-Type: x/y", "Content-Disposition: render;handling=optional", body="z"))
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    assert event.sdp is None


# Responses go where the request came from


def test_responses_say_where_the_request_came_from_rfc_3581() -> None:
    peer = Peer()
    behind_nat = Flow("udp", OURS, (PEER[0], 40000))
    peer.endpoint.receive(peer.request("OPTIONS", source=("10.0.0.5", 5060)).encode(), behind_nat, 0.0)
    (event,) = peer.events()
    assert isinstance(event, IncomingRequest)
    peer.endpoint.respond(event.transaction, 200, 0.0)
    ((data, flow),) = peer.endpoint.datagrams()
    assert flow == behind_nat
    assert b";rport=40000;received=192.0.2.9" in data


def test_options_is_answered_with_what_works() -> None:
    peer = Peer()
    peer.send(peer.request("OPTIONS"))
    (event,) = peer.events()
    assert isinstance(event, IncomingRequest)
    peer.endpoint.respond(event.transaction, 200, 0.0)
    response = only_response(peer.sent())
    assert response.headers.get("Allow") == ", ".join(ALLOW)
    assert response.headers.get("Supported") == ", ".join(EXTENSIONS)
    assert response.headers.get("Accept") == "application/sdp"


def test_a_retransmitted_request_gets_the_same_answer_and_no_second_event() -> None:
    peer = Peer()
    text = peer.request("REGISTER", branch="z9hG4bK-r")
    peer.send(text)
    (event,) = peer.events()
    assert isinstance(event, IncomingRequest)
    assert peer.send(text) == []
    peer.endpoint.respond(event.transaction, 200, 0.0)
    first = peer.sent()
    assert peer.send(text) == first
    assert peer.events() == []
    peer.run(32)
    assert left(peer) == QUIET


def test_a_request_that_the_application_never_answers_is_forgotten() -> None:
    peer = Peer()
    peer.send(peer.request("REGISTER"))
    (event,) = peer.events()
    assert isinstance(event, IncomingRequest)
    peer.run(32)
    assert left(peer) == QUIET
    peer.endpoint.respond(event.transaction, 200, peer.now)
    assert peer.sent() == []


def test_a_request_of_rfc_2543_without_the_magic_cookie_is_matched() -> None:
    peer = Peer()
    peer.send(peer.invite(branch="1"))
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    peer.endpoint.reject(event.session, 486, 0.0)
    tag = only_response(peer.sent()).to_tag or ""
    assert peer.statuses(peer.invite(branch="1")) == [486]
    peer.send(peer.request("ACK", branch="1", to_tag=tag))
    assert peer.run(40) == []
    assert left(peer) == QUIET


# Requests of ours


def ask(peer: Peer) -> Request:
    peer.endpoint.request(
        OutgoingRequest("OPTIONS", "sip:them@192.0.2.9", UDP, "<sip:us@192.0.2.1>", "<sip:them@192.0.2.9>"),
        peer.now,
    )
    return only_request(peer.sent())


def test_an_answer_is_reported_once() -> None:
    peer = Peer()
    request = ask(peer)
    peer.send(reply(request, 200))
    peer.send(reply(request, 200))
    (event,) = peer.events()
    assert isinstance(event, ResponseReceived)
    assert event.status == 200


def test_no_answer_is_reported_after_64_t1_and_eleven_sendings() -> None:
    peer = Peer()
    ask(peer)
    assert len(peer.run(31.9)) == 10
    peer.run(0.2)
    assert peer.events() == [ResponseReceived(RequestId(1), None, None)]
    assert left(peer) == QUIET


@pytest.mark.parametrize(
    "change", [("branch=", "branch=other"), ("OPTIONS", "BYE"), ("Via: ", "Via: SIP/2.0/UDP x, ")]
)
def test_a_response_that_matches_nothing_is_dropped(change: tuple[str, str]) -> None:
    peer = Peer()
    request = ask(peer)
    assert peer.send(reply(request, 200).replace(*change)) == []
    assert peer.events() == []


@pytest.mark.parametrize("via", [";BRANCH=", "; branch=", ";branch= "])
def test_a_via_that_was_rewritten_on_the_way_is_still_ours(via: str) -> None:
    peer = Peer()
    request = ask(peer)
    peer.send(reply(request, 200).replace(";branch=", via))
    assert len(peer.events()) == 1


def test_a_broken_flow_is_reported_as_no_answer() -> None:
    peer = Peer()
    ask(peer)
    peer.endpoint.flow_failed(UDP, peer.now)
    assert peer.events() == [ResponseReceived(RequestId(1), None, None)]
    assert left(peer) == QUIET


def test_a_broken_flow_concerns_nobody_else_and_nobody_twice() -> None:
    peer = Peer()
    other = UDP._replace(remote=("192.0.2.8", 5060))
    answered = ask(peer)
    peer.send(reply(answered, 200))
    for flow in (UDP, other, UDP):
        asked = OutgoingRequest("OPTIONS", "sip:x@192.0.2.9", flow, "<sip:a@b>", "<sip:c@d>")
        peer.endpoint.request(asked, peer.now)
    peer.events()
    peer.endpoint.flow_failed(UDP, peer.now)
    assert peer.events() == [ResponseReceived(RequestId(number), None, None) for number in (2, 4)]
    peer.endpoint.flow_failed(UDP, peer.now)
    assert peer.events() == []
    peer.endpoint.flow_failed(other, peer.now)
    assert peer.events() == [ResponseReceived(RequestId(3), None, None)]
    assert not peer.endpoint.counters.unexpected, "what is answered is left alone"


@pytest.mark.parametrize("text", ["a\r\nX: y", "a\nb"])
def test_no_header_can_be_smuggled_in(text: str) -> None:
    peer = Peer()
    with pytest.raises(ValueError, match="line end"):
        peer.endpoint.request(
            OutgoingRequest("OPTIONS", "sip:x", UDP, "<sip:a@b>", "<sip:c@d>", (("S", text),)), 0.0
        )
    with pytest.raises(ValueError, match="line end"):
        peer.endpoint.request(OutgoingRequest("OPTIONS", "sip:x", UDP, text, "<sip:c@d>"), 0.0)
    assert peer.sent() == []


def test_counters_have_closed_labels() -> None:
    peer = Peer()
    peer.send(peer.request("INVENTED"))
    assert set(peer.endpoint.counters.messages) == {("in", "other", 0, "udp"), ("out", "other", 501, "udp")}


def test_time_between_calls_does_not_matter_to_the_deadline() -> None:
    wire = Wire()
    assert wire.alice.deadline() is None
    wire.call()
    assert wire.alice.deadline() == 0.5


def answered_call(screen: Listed | None = None) -> tuple[Peer, str]:
    """A call of the peer that we have answered; returns our tag."""
    peer = Peer(screen)
    peer.send(peer.invite())
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    peer.endpoint.accept(event.session, b"v=0\r\n", peer.now)
    tag = only_response(peer.sent()).to_tag or ""
    peer.send(peer.request("ACK", to_tag=tag))
    peer.events()
    return peer, tag
