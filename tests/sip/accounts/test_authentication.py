"""The client's side of digest authentication: RFC 3261 section 22, RFC 7616, RFC 8760."""

from collections.abc import Sequence
from itertools import count

import pytest

from sip.accounts.authentication import HEADERS, MAX_TRIES, Authorizer, Authorizers, Credentials
from sip.accounts.digest import Challenger, Verified, client_response, parse_credentials
from sip.events import Outgoing
from sip.flow import Flow
from sip.syntax.fields import Headers
from sip.syntax.message import Request, Response, parse
from tests.sip.wire import OFFER, endpoint

URI = "sip:carrier.example"
REALM = "carrier.example"
WHO = Credentials("us", "secret")


def authorizer(credentials: Credentials = WHO) -> Authorizer:
    numbers = count(1)
    return Authorizer(credentials, lambda: f"cnonce{next(numbers)}")


def challenge(
    nonce: str = "n1", algorithm: str = "MD5", realm: str = REALM, more: str = ', qop="auth"'
) -> str:
    return f'Digest realm="{realm}", nonce="{nonce}", algorithm={algorithm}{more}'


def read(value: str | None) -> dict[str, str]:
    assert value is not None
    found = parse_credentials(value)
    assert found is not None
    return found


def answer(who: Authorizer, *challenges: str, sent: Sequence[str] = ()) -> str | None:
    return who.answer(challenges, "REGISTER", URI, 0.0, sent=sent)


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        (["MD5"], "MD5"),
        (["SHA-256"], "SHA-256"),
        (["MD5", "SHA-256"], "SHA-256"),
        (["SHA-256", "MD5"], "SHA-256"),
        (["SHA-512-256", "MD5"], "MD5"),
        (["md5"], "MD5"),
    ],
)
def test_rfc8760_2_4_the_strongest_offer_is_answered(offered: list[str], taken: str) -> None:
    value = read(answer(authorizer(), *(challenge(f"n{i}", it) for i, it in enumerate(offered))))
    assert value["algorithm"] == taken


@pytest.mark.parametrize(
    ("qop", "taken"),
    [
        (', qop="auth"', "auth"),
        (', qop="auth,auth-int"', "auth"),
        (', qop="auth-int"', "auth-int"),
        ("", None),
    ],
)
def test_rfc7616_3_4_each_qop_and_none(qop: str, taken: str | None) -> None:
    value = authorizer().answer([challenge(more=qop)], "INVITE", URI, 0.0, body=b"v=0\r\n")
    found = read(value)
    assert found.get("qop") == taken
    expected = client_response(
        [challenge(more=qop)], "INVITE", URI, "us", "secret", b"v=0\r\n", cnonce="cnonce1", count=1
    )
    assert value == expected


def test_rfc7616_3_3_a_nonce_is_used_again_with_a_rising_count() -> None:
    who = authorizer()
    first = read(answer(who, challenge()))
    ahead = [who.ahead("Authorization", "REGISTER", URI, float(second)) for second in (1, 2)]
    again = read(answer(who, challenge()))
    values = [first, *map(read, ahead), again]
    assert [value["nc"] for value in values] == ["00000001", "00000002", "00000003", "00000004"]
    assert {value["cnonce"] for value in values} == {"cnonce1"}
    assert len({value["response"] for value in values}) == 4


def test_nothing_is_sent_ahead_before_a_challenge_long_after_one_or_without_a_count() -> None:
    who = authorizer()
    assert who.ahead("Authorization", "INVITE", URI, 0.0) is None
    answer(who, challenge(more=""))
    assert who.ahead("Authorization", "INVITE", URI, 1.0) is None, "RFC 2069: nothing tells it from a replay"
    answer(who, challenge("n2"))
    assert who.ahead("Authorization", "INVITE", URI, 299.0) is not None
    assert who.ahead("Authorization", "INVITE", URI, 301.0) is None


def test_a_new_nonce_begins_at_one_with_a_cnonce_of_its_own() -> None:
    who = authorizer()
    values = [read(answer(who, challenge(nonce))) for nonce in ("n1", "n2")]
    assert [(value["nonce"], value["nc"], value["cnonce"]) for value in values] == [
        ("n1", "00000001", "cnonce1"),
        ("n2", "00000001", "cnonce2"),
    ]


@pytest.mark.parametrize(
    ("credentials", "realms", "answered"),
    [
        (Credentials("us", "secret", REALM), ["other.example"], None),
        (Credentials("us", "secret", REALM), ["other.example", REALM], REALM),
        (Credentials("us", "secret", REALM), [REALM.upper()], None),
        (Credentials("us", "secret"), ["first.example", "second.example"], "first.example"),
    ],
)
def test_no_other_realm_is_ever_answered(
    credentials: Credentials, realms: list[str], answered: str | None
) -> None:
    who = authorizer(credentials)
    value = answer(who, *(challenge(realm=realm) for realm in realms))
    assert (None if value is None else read(value)["realm"]) == answered


def test_the_first_realm_stays_the_only_one() -> None:
    who = authorizer()
    assert who.realm is None
    assert answer(who, challenge()) is not None
    assert who.realm == REALM
    assert answer(who, challenge("n2", realm="evil.example")) is None
    ahead = who.ahead("Authorization", "INVITE", URI, 1.0)
    assert ahead is not None
    assert read(ahead)["realm"] == REALM


def test_rfc7616_3_3_stale_is_answered_again_and_a_plain_refusal_is_not() -> None:
    who = authorizer()
    sent: list[str] = []
    for nonce in ("n1", "n2", "n3"):
        value = answer(who, challenge(nonce, more=', qop="auth", stale=TRUE'), sent=sent)
        assert value is not None
        sent.append(value)
    assert len(sent) == MAX_TRIES
    assert answer(who, challenge("n4", more=', qop="auth", stale=true'), sent=sent) is None
    assert answer(who, challenge("n5"), sent=sent[:1]) is None, "it does not know our password"


def test_a_server_that_forgot_a_nonce_without_saying_so_gets_one_more_answer() -> None:
    who = authorizer()
    answer(who, challenge())
    ahead = who.ahead("Authorization", "REGISTER", URI, 1.0)
    assert ahead is not None
    again = answer(who, challenge("n2"), sent=[ahead])
    assert read(again)["nonce"] == "n2"
    assert answer(who, challenge("n3"), sent=[ahead, again or ""]) is None


@pytest.mark.parametrize(
    "text",
    [
        'Basic realm="carrier.example"',
        'Digest realm="carrier.example"',
        'Digest nonce="n"',
        'Digest realm="carrier.example", nonce="n", algorithm=MD5-sess, qop="auth"',
        'Digest realm="carrier.example", nonce="n", qop="unheard-of"',
        "",
    ],
)
def test_what_cannot_be_answered_is_not(text: str) -> None:
    who = authorizer()
    assert answer(who, text) is None
    assert who.realm is None, "nothing was learnt from it"


@pytest.mark.parametrize(
    ("status", "asks", "answers"),
    [
        (401, "WWW-Authenticate", "Authorization"),
        (407, "Proxy-Authenticate", "Proxy-Authorization"),
    ],
)
def test_rfc3261_22_the_header_of_each_status(status: int, asks: str, answers: str) -> None:
    response = Response(status, "", Headers([(asks, challenge()), (asks, challenge("n2", "SHA-256"))]))
    who = authorizer()
    proof = who.prove(response, "INVITE", URI, 0.0)
    assert proof is not None
    assert proof[0] == answers
    assert read(proof[1])["algorithm"] == "SHA-256"
    assert [header for _, header in HEADERS.values() if who.ahead(header, "INVITE", URI, 1.0)] == [answers]


def test_other_statuses_prove_nothing() -> None:
    response = Response(403, "", Headers([("WWW-Authenticate", challenge())]))
    assert authorizer().prove(response, "INVITE", URI, 0.0) is None


def test_our_own_challenger_takes_every_answer() -> None:
    server = Challenger(b"k" * 32, REALM)
    who = authorizer()

    def judged(value: str | None) -> object:
        request = Request("REGISTER", URI, Headers([("Authorization", value or "")]))
        return server.verify(request, {"us": "secret"}.get, 1.0)

    assert judged(answer(who, *server.challenges(0.0))) == Verified("us")
    for _ in range(3):
        ahead = who.ahead("Authorization", "REGISTER", URI, 1.0)
        assert ahead is not None
        assert judged(ahead) == Verified("us")


def test_one_authorizer_for_each_credentials_of_each_peer() -> None:
    known = Authorizers(lambda: "token")
    one, other = Credentials("us", "secret", peer="one"), Credentials("us", "secret", peer="other")
    assert known.of(one) is known.of(Credentials("us", "secret", peer="one"))
    assert known.of(one) is not known.of(other)
    assert known.of(one) is not known.of(Credentials("us", "rotated", peer="one"))
    assert "secret" not in repr(one)


def test_what_was_used_long_ago_is_forgotten() -> None:
    known = Authorizers(lambda: "token")
    kept = known.of(WHO)
    for i in range(1500):
        known.of(Credentials(f"user{i}", ""))
        assert known.of(WHO) is kept


# In a dialog

PEER, ELSEWHERE = ("192.0.2.2", 5060), ("198.51.100.66", 5060)


def reply(request: Request, status: int, *headers: str) -> bytes:
    """A response of the peer, its Contact where `headers` say."""
    kept = [
        f"{name}: {value}" for name, value in request.headers if name in ("Via", "From", "Call-ID", "CSeq")
    ]
    to = f"To: {request.headers.get('To')};tag=theirs"
    return "\r\n".join([f"SIP/2.0 {status} X", *kept, to, *headers, "Content-Length: 0", "", ""]).encode()


@pytest.mark.parametrize(
    ("contact", "route", "proven"),
    [(PEER, None, True), (ELSEWHERE, None, False), (ELSEWHERE, PEER, True), (PEER, ELSEWHERE, False)],
    ids=["at the peer", "elsewhere", "by the peer", "by another"],
)
def test_no_credentials_go_to_a_host_that_is_not_our_peer(
    contact: tuple[str, int], route: tuple[str, int] | None, proven: bool
) -> None:
    end = endpoint("us")
    flow = Flow("udp", ("192.0.2.1", 5060), PEER)
    session = end.invite(
        Outgoing("sip:1@192.0.2.2", flow, "<sip:a@x>", "<sip:1@192.0.2.2>", OFFER, credentials=WHO), 0.0
    )
    (first,) = [parse(data) for data, _ in end.datagrams()]
    assert isinstance(first, Request)
    end.receive(reply(first, 407, f"Proxy-Authenticate: {challenge()}"), flow, 0.1)
    _, second = [parse(data) for data, _ in end.datagrams()]
    assert isinstance(second, Request)
    assert second.headers.get("Proxy-Authorization")
    routes = [f"Record-Route: <sip:{route[0]};lr>"] if route else []
    end.receive(reply(second, 200, f"Contact: <sip:1@{contact[0]}>", *routes), flow, 0.2)
    end.hangup(session, 0.3)
    sent = {data.split(b" ")[0]: (parse(data), to) for data, to in end.datagrams()}
    assert set(sent) == {b"ACK", b"BYE"}
    for message, to in sent.values():
        assert to.remote == (route or contact)
        assert bool(message.headers.get("Proxy-Authorization")) is proven
