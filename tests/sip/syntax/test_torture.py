"""The torture test messages of RFC 4475: each is read by both builds of the scanner and given to an endpoint.

The verdict is what it answers, what the application hears, and what is counted.
"""

import pytest

from sip.accounts.digest import Challenger, Failure
from sip.accounts.registrar import Registrar
from sip.events import Answered, IncomingInvite, IncomingRequest, Outgoing
from sip.flow import Flow
from sip.screen import Known, Refuse
from sip.screen import Verdict as Screening
from sip.syntax.headers import STAR
from sip.syntax.message import Malformed, Message, Request, Response, parse
from sip.syntax.multipart import read_body
from tests.sip.builds import BUILDS, use
from tests.sip.raw import UDP, Listed, Peer, only_request, only_response, reply
from tests.sip.torture import SDP, build, judge
from tests.sip.torture_rfc4475 import CASES, INTMETH, SECTIONS


class Challenging(Listed):
    """Knows nobody before he has proved it, as the switch does for REGISTER."""

    challenger = Challenger(b"secret", "example.com")

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Screening:
        if isinstance(message, Request) and "Authorization" in message.headers:
            failure = self.challenger.verify(message, lambda user: None, now)
            assert isinstance(failure, Failure)
            values = self.challenger.challenges(now, failure)
            return Refuse(401, "Unauthorized", [("WWW-Authenticate", value) for value in values])
        return Known("known")


@pytest.fixture(params=BUILDS, autouse=True)
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use(request.param, monkeypatch)


def message_of(section: str) -> Message:
    (case,) = [case for case in CASES if case.split(" ")[0] == section]
    message = parse(CASES[case][0])
    message.check()
    return message


def request_of(section: str) -> Request:
    message = message_of(section)
    assert isinstance(message, Request)
    return message


def test_no_section_is_skipped() -> None:
    assert sorted({case.split(" ")[0] for case in CASES}) == sorted(SECTIONS)


@pytest.mark.parametrize("case", CASES)
def test_verdict(case: str) -> None:
    data, verdict = CASES[case]
    assert judge(data, Peer(Challenging())) == verdict


@pytest.mark.parametrize("case", [case for case, (_, verdict) in CASES.items() if verdict.fault is None])
def test_well_formed_is_written_back(case: str) -> None:
    message = parse(CASES[case][0])
    message.check()
    again = parse(message.encode())
    again.check()
    assert (again.from_, again.to, again.vias, again.cseq) == (
        message.from_,
        message.to,
        message.vias,
        message.cseq,
    )
    assert (again.contacts, again.routes, again.body) == (message.contacts, message.routes, message.body)


@pytest.mark.parametrize("case", [case for case, (_, verdict) in CASES.items() if verdict.fault is not None])
def test_what_is_malformed_is_refused_by_the_reader_alone(case: str) -> None:
    data, verdict = CASES[case]
    with pytest.raises(Malformed) as fault:
        parse(data).check()
    assert fault.value.fault is verdict.fault
    assert fault.value.partial is not None
    assert verdict.answers in ((), (fault.value.status,))


def test_3_1_1_1_means_what_it_says() -> None:
    message = request_of("3.1.1.1")
    assert (message.to_tag, message.from_tag, message.from_.display) == ("42", "43", 'J \\"')
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9"),
        ("UDP", "192.168.255.111", "z9hG4bK3"),
    ]
    assert (message.max_forwards, message.cseq.number, message.body) == (68, 9, b"v=0\n")
    assert message.headers.get("NewStrange") == "new value continued new value"
    assert (message.headers.get("OddValue"), message.headers.get("Subject")) == (";;,,;;,;", "")
    assert message.target.params == {"unknownparam": None}
    assert message.routes[0].uri.params == {"lr": None, "unknownwith": "value", "unknown-no-value": None}
    assert message.contacts is not STAR
    (contact,) = message.contacts
    assert (contact.display, contact.q) == ('Quoted string ""', 0.33)
    assert contact.params == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}


def test_3_1_1_2_means_what_it_says_but_for_control_characters() -> None:
    message = request_of("3.1.1.2")
    assert message.target.user == "1_odd.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"
    assert message.target.password == "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
    assert message.to.display == "BEL: NUL: DEL:"
    assert message.from_.display == "token1~` token2'+_ token3*%!.-"
    assert message.from_.params == {"fromparam''~+*_!.-%": "работающий", "tag": "_token~1'+`*%!-."}
    assert message.call_id == "odd.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{"
    assert message.headers.get("extensionHeader-!.%*+_`'~") == "\ufeff大停電"
    peer = Peer()
    peer.endpoint.receive(INTMETH, UDP, 0.0)
    ((answer, _),) = peer.endpoint.datagrams()
    assert b"\0" not in answer
    assert "Allow" in parse(answer).headers


def test_3_1_1_3_escapes_are_resolved_once() -> None:
    message = request_of("3.1.1.3")
    assert message.target.user == "sips:user@example.com"
    assert str(message.target) == "sip:sips%3Auser%40example.com@example.net"
    assert (message.to.uri.user, message.from_.uri.user) == ("user", "I have spaces")
    assert message.contacts is not STAR
    assert message.contacts[0].uri.params == {"lr": None, "name": "value%41"}


def test_3_1_1_4_a_null_is_a_character_like_others() -> None:
    message = request_of("3.1.1.4")
    assert message.to.uri.user == "null-\0-null"
    assert message.contacts is not STAR
    one, two = message.contacts
    assert not one.uri.matches(two.uri)
    outcome = Registrar(lambda user: 2).register(message, "null", UDP, 0.0)
    assert [value.split(";")[0] for _, value in outcome.headers] == [
        "<sip:%00%00@host5.example.com>",
        "<sip:%00@host5.example.com>",
    ]


def test_3_1_1_5_a_percent_sign_in_tokens_and_quotes() -> None:
    message = request_of("3.1.1.5")
    assert (message.method, message.to.display) == ("RE%47IST%45R", "%Z%45")


def test_3_1_1_8_the_second_message_is_not_read() -> None:
    data = CASES["3.1.1.8 extra octets in a datagram"][0]
    assert parse(data) == parse(build("REGISTER sip:example.com SIP/2.0", Content_Length="0"))


def test_3_1_1_9_the_parameters_are_the_users() -> None:
    target = request_of("3.1.1.9").target
    assert (target.user, target.params) == ("user;par=u@example.net", {})


def test_3_1_1_10_transports() -> None:
    assert [via.transport for via in request_of("3.1.1.10").vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_3_1_1_11_the_parts_of_a_body_with_nulls() -> None:
    message = request_of("3.1.1.11")
    text, octets = read_body(dict(message.headers), message.body).parts
    assert (text.media_type.name, text.content) == ("text/plain", b"Hello")
    assert octets.media_type.name == "application/octet-stream"
    assert octets.content.endswith(b"\xa0\x00\x00\x82\x01")


@pytest.mark.parametrize("section", ["3.1.1.12", "3.1.1.13"])
def test_a_phrase_changes_nothing_about_a_response(section: str) -> None:
    given = message_of(section)
    assert isinstance(given, Response)
    peer = Peer()
    invite = call(peer)
    line = f"SIP/2.0 {given.status} {given.reason}\r\n"
    _, _, rest = reply(invite, given.status, "Contact: <sip:them@192.0.2.9>").partition("\r\n")
    peer.send(line + rest)
    (event,) = peer.events()
    assert type(event).__name__ == ("Answered" if given.status == 200 else "Trying")
    if isinstance(event, Answered):
        assert event.response.reason == "= 2**3 * 5**2 но сто девяносто девять - простое"


def call(peer: Peer) -> Request:
    outgoing = Outgoing("sip:them@192.0.2.9", UDP, "<sip:us@192.0.2.1>", "<sip:them@192.0.2.9>", SDP.encode())
    peer.endpoint.invite(outgoing, peer.now)
    return only_request(peer.sent())


@pytest.mark.parametrize("case", ["3.1.2.5 response scalars too large", "3.1.2.19 response code too large"])
def test_a_response_that_cannot_be_read_leaves_its_request_waiting(case: str) -> None:
    peer = Peer()
    call(peer)
    peer.endpoint.receive(CASES[case][0], UDP, peer.now)
    assert (peer.events(), peer.endpoint.counts().transactions) == ([], 1)


def test_3_1_2_4_an_absurd_expiry_is_the_longest_that_we_grant() -> None:
    (case,) = [case for case in CASES if "expiry" in case]
    message = parse(CASES[case][0])
    assert isinstance(message, Request)
    assert message.expires == 2**32 - 1
    outcome = Registrar(max_expires=3600).register(message, "user", UDP, 0.0)
    assert outcome.headers == [("Contact", "<sip:user@host129.example.com>;expires=3600")]


def test_3_2_1_a_cookie_alone_names_no_transaction() -> None:
    peer = Peer()
    first, second = (
        build(Via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK", Call_ID=call_id) for call_id in ("one", "two")
    )
    for data, heard in ((first, 1), (first, 0), (second, 1), (second, 0)):
        peer.endpoint.receive(data, UDP, 0.0)
        assert [type(event) for event in peer.events()] == [IncomingRequest] * heard


def test_3_3_1_the_400_has_what_there_was() -> None:
    peer = Peer()
    peer.endpoint.receive(CASES["3.3.1 required header fields missing"][0], UDP, 0.0)
    ((answer, _),) = peer.endpoint.datagrams()
    assert answer == (
        b"SIP/2.0 400 From Missing\r\nVia: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bKkdjuw;received=192.0.2.9\r\n"
        b"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )


def test_3_3_5_only_what_is_required_of_the_server_is_named() -> None:
    peer = Peer()
    answer = only_response(peer.send(CASES["3.3.5 Proxy-Require and Require"][0].decode()))
    assert answer.headers.get("Unsupported") == "nothingSupportsThis, nothingSupportsThisEither"


def test_3_3_6_the_415_says_what_we_read() -> None:
    peer = Peer()
    answer = only_response(peer.send(CASES["3.3.6 unknown content type"][0].decode()))
    assert answer.headers.get("Accept") == "application/sdp, multipart/mixed, multipart/alternative"


@pytest.mark.parametrize(
    ("section", "contact"),
    [
        ("3.3.12", "<sip:+19725552222@gw1.example.net>;expires=3600"),
        ("3.3.13", "<sip:+19725552222@gw1.example.net;unknownparam>;expires=3600"),
        ("3.3.14", "<sip:user@example.com?Route=%3Csip:sip.example.com%3E>;expires=3600"),
    ],
)
def test_what_a_registrar_keeps_of_a_contact(section: str, contact: str) -> None:
    registrar = Registrar()
    outcome = registrar.register(request_of(section), "user", UDP, 0.0)
    assert [value for _, value in outcome.headers] == [contact]
    (binding,) = registrar.bindings("user")
    assert "?" not in binding.target


def test_3_4_1_a_dialog_with_a_peer_of_rfc_2543() -> None:
    peer = Peer()
    peer.send(CASES["3.4.1 INVITE with RFC 2543 syntax"][0].decode())
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    peer.endpoint.accept(event.session, SDP.encode(), 0.0)
    answer = only_response(peer.sent())
    assert (answer.status, answer.headers.get("From")) == (200, event.request.headers.get("From"))
    ack = build(
        "ACK sip:UserB@example.com SIP/2.0",
        Via="SIP/2.0/UDP iftgw.example.com",
        From="<sip:+13035551111@ift.client.example.net;user=phone>",
        To=answer.headers.get("To"),
        CSeq="1 ACK",
    )
    peer.send(ack.decode())
    peer.events()
    peer.endpoint.hangup(event.session, 1.0)
    bye = only_request(peer.sent())
    assert bye.uri == "sip:UserB@example.com;maddr=ss1.example.com"  # no lr: a strict router
    assert [route.uri.user for route in bye.routes] == ["+13035551111"]
