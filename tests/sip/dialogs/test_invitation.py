"""Challenges of a call of ours (RFC 3261 section 22): INVITE, what follows in its dialog, and the ACKs."""

from typing import Any

import pytest

from sip.accounts.authentication import Credentials
from sip.accounts.digest import parse_credentials
from sip.events import Answered, Refused
from sip.syntax.malformed import Fault
from sip.syntax.message import Request, Response
from tests.sip.calls import Calling, kinds, names, over
from tests.sip.raw import SDP, only_request, reply

WHO = Credentials("us", "secret", realm="carrier.example")
UPDATE = "Allow: INVITE, ACK, BYE, UPDATE, PRACK, INFO"


def challenge(nonce: str = "n1", realm: str = "carrier.example", **more: str) -> str:
    extra = "".join(f", {name}={value}" for name, value in more.items())
    return f'Digest realm="{realm}", nonce="{nonce}", qop="auth", algorithm=MD5{extra}'


def asked(call: Calling, status: int = 407, **options: str) -> list[Request | Response]:
    name = "Proxy-Authenticate" if status == 407 else "WWW-Authenticate"
    return call.reply(status, f"{name}: {challenge(**options)}")


def proof(request: Request, status: int = 407) -> dict[str, str]:
    value = request.headers.get("Proxy-Authorization" if status == 407 else "Authorization")
    return parse_credentials(value or "") or {}


def proved(**options: Any) -> Calling:
    """A call whose INVITE was challenged and is sent again."""
    call = Calling(credentials=WHO, **options)
    _, again = asked(call)
    assert isinstance(again, Request)
    call.invite = again
    return call


@pytest.mark.parametrize("status", [401, 407])
def test_22_a_challenged_invite_goes_again_with_credentials(status: int) -> None:
    call = Calling(credentials=WHO, headers=(("X-Kept", "1"),))
    ack, again = asked(call, status)
    assert kinds([ack, again]) == ["ACK", "INVITE"]
    assert isinstance(again, Request)
    assert (again.cseq.number, again.call_id, again.from_tag) == (
        2,
        call.invite.call_id,
        call.invite.from_tag,
    )
    assert (again.to_tag, again.body, again.headers.get("X-Kept")) == (None, SDP.encode(), "1")
    assert again.top_via.branch != call.invite.top_via.branch
    given = proof(again, status)
    assert (given["username"], given["uri"], given["nonce"]) == ("us", "sip:them@192.0.2.9", "n1")
    assert call.peer.events() == []
    call.invite = again
    ack = only_request(call.reply(200, body=SDP))
    assert (ack.method, ack.cseq.number, proof(ack, status)) == ("ACK", 2, given)
    assert names(call.peer.events()) == ["Answered"]
    call.hangup()
    assert over(call.peer)


def test_22_a_challenge_after_ringing_begins_anew() -> None:
    call = Calling(credentials=WHO)
    call.reply(100)
    call.reply(180, tag="old")
    _, again = asked(call)
    assert isinstance(again, Request)
    call.invite = again
    call.reply(100)
    call.reply(180, tag="new")
    assert kinds(call.request("OPTIONS", 1, tag="old")) == ["481 OPTIONS"]
    call.reply(200, tag="new", body=SDP)
    told = call.peer.events()
    assert names(told) == ["Trying", "Progress", "Progress", "Answered"], "the first 100 is told once"
    call.hangup()
    assert over(call.peer)


def test_22_a_second_challenge_with_a_new_nonce_is_not_answered_a_stale_one_is() -> None:
    call = proved()
    assert kinds(asked(call, nonce="n2")) == ["ACK"]
    assert names(call.peer.events()) == ["Refused"]
    call = proved()
    _, again = asked(call, nonce="n2", stale="true")
    assert isinstance(again, Request)
    assert proof(again)["nonce"] == "n2"


def test_22_proxy_and_server_may_both_ask() -> None:
    call = proved()
    _, again = asked(call, 401, nonce="server")
    assert isinstance(again, Request)
    assert (proof(again, 407)["nonce"], proof(again, 401)["nonce"]) == ("n1", "server")


def test_22_another_realm_gets_nothing() -> None:
    call = Calling(credentials=WHO)
    assert kinds(asked(call, realm="elsewhere")) == ["ACK"]
    (event,) = call.peer.events()
    assert isinstance(event, Refused)
    assert event.status == 407


def test_without_credentials_a_challenge_is_a_refusal() -> None:
    call = Calling()
    assert kinds(asked(call)) == ["ACK"]
    assert names(call.peer.events()) == ["Refused"]


@pytest.mark.parametrize("give_up", ["cancel", "hangup"])
@pytest.mark.parametrize("rung", [True, False])
def test_a_call_that_is_given_up_is_not_sent_again(give_up: str, rung: bool) -> None:
    call = Calling(credentials=WHO)
    if rung:
        call.reply(180)
    getattr(call, give_up)()
    assert kinds(asked(call)) == ["ACK"]
    assert over(call.peer)


def test_9_1_the_cancel_is_of_the_invite_that_was_sent_last() -> None:
    call = proved()
    call.reply(180)
    cancel = only_request(call.cancel())
    assert (cancel.cseq.number, cancel.top_via.branch) == (2, call.invite.top_via.branch)
    assert "Proxy-Authorization" not in cancel.headers


def test_what_is_known_is_said_without_being_asked() -> None:
    call = proved()
    call.reply(200, UPDATE, body=SDP)
    bye = only_request(call.hangup())
    assert (proof(bye)["nonce"], proof(bye)["nc"]) == ("n1", "00000002")


@pytest.mark.parametrize("method", ["BYE", "OPTIONS", "INFO", "UPDATE", "INVITE"])
def test_22_a_challenge_in_the_dialog_is_answered(method: str) -> None:
    call = Calling(credentials=WHO).answered(UPDATE)
    endpoint = call.peer.endpoint
    match method:
        case "BYE":
            endpoint.hangup(call.session, 0.0)
        case "OPTIONS":
            endpoint.probe(call.session, 0.0)
        case "INFO":
            endpoint.info(call.session, "application/dtmf", b"1", 0.0)
        case "UPDATE":
            endpoint.update(call.session, b"v=0\r\n", 0.0)
        case _:
            endpoint.reinvite(call.session, b"v=0\r\n", 0.0)
    request = only_request(call.peer.sent())
    sent = call.peer.send(reply(request, 407, f"Proxy-Authenticate: {challenge()}"))
    again = next(each for each in sent if isinstance(each, Request) and each.method == method)
    assert (again.cseq.number, again.body) == (request.cseq.number + 1, request.body)
    assert proof(again)["uri"] == "sip:them@192.0.2.9"
    final = call.peer.send(reply(again, 200, body=SDP if method in ("UPDATE", "INVITE") else ""))
    assert [proof(ack)["nonce"] for ack in final if isinstance(ack, Request)] == (
        ["n1"] if method == "INVITE" else []
    )
    expected = {"BYE": [], "OPTIONS": ["ProbeAnswered"], "INFO": ["InfoAnswered"]}
    assert names(call.peer.events()) == expected.get(method, ["OfferAnswered"])


def test_22_a_challenged_prack_is_sent_again() -> None:
    call = Calling(credentials=WHO, supports_reliable=True)
    prack = only_request(call.reply(180, "Require: 100rel", "RSeq: 1"))
    again = only_request(call.peer.send(reply(prack, 401, f"WWW-Authenticate: {challenge()}")))
    assert (again.headers.get("RAck"), again.cseq.number) == ("1 1 INVITE", 3)
    assert proof(again, 401)["nonce"] == "n1"


def test_a_bye_that_is_refused_for_good_still_ends_the_call() -> None:
    call = Calling(credentials=WHO).answered()
    bye = only_request(call.hangup())
    again = only_request(call.peer.send(reply(bye, 407, f"Proxy-Authenticate: {challenge()}")))
    assert call.peer.send(reply(again, 407, f"Proxy-Authenticate: {challenge('n2')}")) == []
    assert over(call.peer)


def test_a_losing_branch_is_ended_with_credentials_too() -> None:
    call = proved()
    call.reply(200, tag="one")
    ack, bye = call.reply(200, tag="two")
    assert isinstance(ack, Request)
    assert isinstance(bye, Request)
    assert proof(ack)["nonce"] == proof(bye)["nonce"] == "n1"


def test_what_one_call_learnt_spares_the_next_a_challenge() -> None:
    call = proved()
    call.reply(200, body=SDP)
    call.peer.endpoint.invite(call.outgoing, 1.0)
    second = next(each for each in call.peer.sent() if isinstance(each, Request) and each.method == "INVITE")
    assert (proof(second)["nonce"], second.cseq.number) == ("n1", 1)


# Redirections (section 8.1.3.4)


def test_a_redirection_is_told_with_its_contacts_the_best_first_and_nothing_follows() -> None:
    call = Calling()
    contacts = "Contact: <sip:second@192.0.2.8>;q=0.3, <sip:first@192.0.2.9>;q=0.7, <sip:z@192.0.2.7>;q=0"
    assert kinds(call.reply(302, contacts)) == ["ACK"]
    (event,) = call.peer.events()
    assert isinstance(event, Refused)
    assert [str(contact.uri) for contact in event.contacts] == [
        "sip:first@192.0.2.9",
        "sip:second@192.0.2.8",
        "sip:z@192.0.2.7",
    ]
    assert over(call.peer)


@pytest.mark.parametrize(
    ("lines", "fault", "target"),
    [
        (("Session-Expires: 1800.0",), Fault.MALFORMED_SESSION_EXPIRES, "sip:them@192.0.2.9:5070"),
        (("Contact: <sip:them@192.0.2.9:5070",), Fault.MALFORMED_ADDRESS, "sip:them@192.0.2.9"),
        (("Contact: <sip:them@192.0.2.9:x>",), Fault.MALFORMED_HOST, "sip:them@192.0.2.9"),
        (("Contact: *",), None, "sip:them@192.0.2.9"),
        (("Record-Route: sip:192.0.2.51;lr",), Fault.MALFORMED_ADDRESS, "sip:them@192.0.2.9"),
    ],
)
def test_13_2_2_4_an_unreadable_side_header_of_a_2xx_is_ignored(
    lines: tuple[str, ...], fault: Fault | None, target: str
) -> None:
    """Unacknowledged it would be repeated, and the call ring until Timer C."""
    call = Calling()
    contact = () if "Contact" in lines[0] else ("Contact: <sip:them@192.0.2.9:5070>",)
    (ack,) = call.reply(200, *contact, *lines, body=SDP)
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri) == ("ACK", target)
    assert names(call.peer.events()) == ["Answered"]
    bye = only_request(call.hangup())
    assert (bye.method, bye.uri, "Route" in bye.headers) == ("BYE", target, False)
    assert +call.peer.endpoint.counters.parse_errors == ({("udp", fault): 1} if fault is not None else {})
    call.peer.send(reply(bye, 200))
    assert over(call.peer)


@pytest.mark.parametrize(
    ("status", "line"), [(302, "Contact: <sip:"), (302, "Contact: *"), (302, "X: y"), (486, "X: y")]
)
def test_a_redirection_that_leads_nowhere_is_a_refusal(status: int, line: str) -> None:
    call = Calling()
    call.reply(status, line)
    (event,) = call.peer.events()
    assert isinstance(event, Refused)
    assert event.contacts == ()


def test_the_answer_says_who_of_the_branches_it_is_after_a_challenge() -> None:
    call = proved()
    call.reply(200, tag="two", body=SDP)
    (event,) = call.peer.events()
    assert isinstance(event, Answered)
    assert event.dialog_tag == "two"
