"""Digest authentication: RFC 7616, RFC 8760, RFC 3261 section 22."""

import hashlib
import re
from typing import Any

import pytest
from sipmessage import AuthChallenge

from sip.accounts.digest import Challenger, Failure, FailureKind, Verified, client_response, parse_credentials
from sip.syntax.fields import Headers
from sip.syntax.message import Request

URI = "sip:centralita.example"
USERS = {"1001": "s3cret", 'o"neil': "pass", "señor": "contraseña", "back\\slash": "x"}


def challenger(**options: Any) -> Challenger:
    return Challenger(b"key", "centralita.example", **options)


def register(*authorizations: str | None, method: str = "REGISTER", uri: str = URI) -> Request:
    return Request(method, uri, Headers(("Authorization", value) for value in authorizations if value))


def respond(
    challenges: list[str], user: str = "1001", password: str = "s3cret", count: int = 1, uri: str = URI
) -> str:
    value = client_response(challenges, "REGISTER", uri, user, password, cnonce="0a4f", count=count)
    assert value is not None
    return value


def kind(outcome: Verified | Failure) -> FailureKind:
    assert isinstance(outcome, Failure)
    return outcome.kind


def test_challenges_offer_both_algorithms_and_first_the_one_that_every_phone_knows() -> None:
    values = challenger().challenges(0.0)
    parsed = [parse_credentials(value) for value in values]
    assert [found and found["algorithm"] for found in parsed] == ["MD5", "SHA-256"]
    assert [found and found["qop"] for found in parsed] == ["auth", "auth"]
    assert all(found and "stale" not in found and found["realm"] == "centralita.example" for found in parsed)


def test_challenges_agree_with_sipmessage() -> None:
    for value in challenger().challenges(0.0):
        theirs = AuthChallenge.parse(value)
        assert theirs.scheme == "Digest"
        assert dict(theirs.parameters) == parse_credentials(value)


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
@pytest.mark.parametrize("user", USERS)
def test_right_password(user: str, algorithm: str) -> None:
    server = challenger()
    offered = [value for value in server.challenges(0.0) if f"algorithm={algorithm}" in value]
    request = register(respond(offered, user, USERS[user]))
    assert server.verify(request, USERS.get, 1.0) == Verified(user)


def test_picks_the_strongest() -> None:
    for offered in (challenger().challenges(0.0), challenger().challenges(0.0)[::-1]):
        assert "algorithm=SHA-256" in respond(offered)


def test_rfc_7616_3_9_1_example_numbers() -> None:
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    expected = {
        "MD5": "8ca523f5e9506fed4657c9700eebdbec",
        "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
    }
    for algorithm, digest in expected.items():
        value = client_response(
            [challenge.format(algorithm)], "GET", "/dir/index.html", "Mufasa", "Circle of Life",
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )  # fmt: skip
        found = parse_credentials(value or "")
        assert found is not None
        assert found["response"] == digest
        assert found["opaque"] == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"


def test_client_knows_rfc_2069_and_auth_int() -> None:
    old = parse_credentials(
        client_response(['Digest realm="r", nonce="n"'], "INVITE", URI, "u", "p", cnonce="c") or ""
    )
    inner = hashlib.md5(f"INVITE:{URI}".encode()).hexdigest()
    assert old is not None
    assert (
        old["response"] == hashlib.md5(f"{hashlib.md5(b'u:r:p').hexdigest()}:n:{inner}".encode()).hexdigest()
    )
    assert "qop" not in old
    offers = ['Digest realm="r", nonce="n", qop="auth-int"']
    one, other = (client_response(offers, "INVITE", URI, "u", "p", body, cnonce="c") for body in (b"x", b"y"))
    assert one is not None
    assert "qop=auth-int" in one
    assert one != other


@pytest.mark.parametrize(
    "challenge",
    [
        "Basic realm=x",
        'Digest realm="r"',
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        "Digest x",
        "",
        'Digest realm="r", nonce="n", qop="other"',
    ],
)
def test_client_cannot_answer(challenge: str) -> None:
    assert client_response([challenge], "INVITE", URI, "u", "p", cnonce="c") is None


def test_missing() -> None:
    server = challenger()
    assert kind(server.verify(register(), USERS.get, 0.0)) is FailureKind.MISSING
    other = respond(['Digest realm="elsewhere", nonce="n", qop="auth"'])
    assert kind(server.verify(register(other), USERS.get, 0.0)) is FailureKind.MISSING
    ours = respond(server.challenges(0.0))
    assert server.verify(register(other, ours), USERS.get, 0.0) == Verified("1001")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('username="1001"', 'username="1002"'),
        ('username="1001"', 'username="nobody"'),
        ('username="1001", ', ""),
        (f'uri="{URI}"', 'uri="sip:other.example"'),
        (f'uri="{URI}"', 'uri="nonsense"'),
        ("qop=auth", "qop=auth-int"),
        (", qop=auth", ""),
        ("nc=00000001", "nc=00000002"),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=-0000001"),
        ('cnonce="0a4f"', 'cnonce="0a4e"'),
        ("algorithm=SHA-256", "algorithm=MD5"),
        ("algorithm=SHA-256", "algorithm=SHA-256-sess"),
        ("algorithm=SHA-256, ", ""),
        ('response="', 'response="0'),
        ('response="', 'response="ñ'),
        ("Digest ", "Basic "),
        ("Digest ", "Digest ,"),
        ("Digest ", 'Digest username="x", '),
        ("Digest ", "Digest " + "".join(f"p{number}=1, " for number in range(64))),
    ],
)
def test_wrong(old: str, new: str) -> None:
    server = challenger()
    value = respond(server.challenges(0.0))
    assert old in value
    assert kind(server.verify(register(value.replace(old, new)), USERS.get, 0.0)) is FailureKind.WRONG
    assert server.remembered() == 0


def test_wrong_method() -> None:
    server = challenger()
    value = respond(server.challenges(0.0))
    assert kind(server.verify(register(value, method="INVITE"), USERS.get, 0.0)) is FailureKind.WRONG


def test_algorithm_left_out_is_md5() -> None:
    server = challenger()
    value = respond(server.challenges(0.0)[:1]).replace("algorithm=MD5, ", "")
    assert server.verify(register(value), USERS.get, 0.0) == Verified("1001")


def test_forms_that_clients_choose() -> None:
    server = challenger()
    value = respond(server.challenges(0.0))
    value = value.replace("qop=auth", 'qop="auth"').replace("algorithm=SHA-256", 'algorithm="sha-256"')
    value = re.sub('response="(.*?)"', lambda match: f'response="{match[1].upper()}"', value)
    assert server.verify(
        register(value.replace(", ", " ,\t").replace("=", " = ")), USERS.get, 0.0
    ) == Verified("1001")


@pytest.mark.parametrize("user", ['o"neil', "back\\slash"])
def test_user_name_hashed_as_written(user: str) -> None:
    """Some clients hash the name with its escapes, RFC 7616 says neither yes nor no."""
    server = challenger()
    escaped = user.replace("\\", "\\\\").replace('"', '\\"')
    value = respond(server.challenges(0.0), escaped, USERS[user])
    value = re.sub('username="(?:[^"\\\\]|\\\\.)*"', lambda _: f'username="{escaped}"', value)
    assert server.verify(register(value), USERS.get, 0.0) == Verified(user)


@pytest.mark.parametrize(
    ("digest_uri", "request_uri"),
    [
        (URI, URI),
        ("sip:centralita.example;transport=udp", URI),
        ("sip:CENTRALITA.example:5060", URI),
        (URI, "sip:centralita.example:5060;transport=tcp"),
        ("sips:centralita.example", "sips:centralita.example:5061"),
    ],
)
def test_digest_uri_is_the_request_uri(digest_uri: str, request_uri: str) -> None:
    server = challenger()
    value = respond(server.challenges(0.0), uri=digest_uri)
    assert server.verify(register(value, uri=request_uri), USERS.get, 0.0) == Verified("1001")


@pytest.mark.parametrize(
    "request_uri",
    [
        "sip:1002@centralita.example",
        "sips:centralita.example",
        "sip:centralita.example:5061",
        "sip:x",
        "http:x",
    ],
)
def test_digest_uri_of_another_request(request_uri: str) -> None:
    server = challenger()
    value = respond(server.challenges(0.0))
    assert kind(server.verify(register(value, uri=request_uri), USERS.get, 0.0)) is FailureKind.WRONG


def test_stale_nonce() -> None:
    server = challenger(lifetime_s=60.0)
    value = respond(server.challenges(100.0))
    assert server.verify(register(value), USERS.get, 159.9) == Verified("1001")
    late = server.verify(register(respond(server.challenges(100.0))), USERS.get, 160.0)
    assert kind(late) is FailureKind.STALE
    assert isinstance(late, Failure)
    assert all("stale=true" in challenge for challenge in server.challenges(160.0, late))


def test_stale_only_with_the_right_password() -> None:
    server = challenger(lifetime_s=60.0)
    value = respond(server.challenges(0.0), password="guess")
    late = server.verify(register(value), USERS.get, 100.0)
    assert kind(late) is FailureKind.WRONG
    assert isinstance(late, Failure)
    assert not any("stale" in challenge for challenge in server.challenges(100.0, late))


@pytest.mark.parametrize("nonce", ["", "0", "1-1-" + "0" * 32, "ñ", "1-1", "f" * 17 + "-1-" + "0" * 32])
def test_nonce_of_nobody_or_of_an_earlier_process(nonce: str) -> None:
    value = respond([f'Digest realm="centralita.example", nonce="{nonce}", qop="auth"'])
    assert kind(challenger().verify(register(value), USERS.get, 0.0)) is FailureKind.STALE
    earlier = Challenger(b"other key", "centralita.example").challenges(0.0)
    assert kind(challenger().verify(register(respond(earlier)), USERS.get, 0.0)) is FailureKind.STALE


def test_a_nonce_is_good_for_the_address_it_was_sent_to() -> None:
    server = challenger()
    offered = server.challenges(0.0, source="192.0.2.7")
    value = respond(offered)
    for elsewhere in ("", "192.0.2.8", "192.0.2.70"):
        outcome = server.verify(register(value), USERS.get, 0.0, elsewhere)
        assert outcome == Failure(FailureKind.STALE, "1001")
    assert server.verify(register(value), USERS.get, 0.0, "192.0.2.7") == Verified("1001")


def test_of_ipv6_a_nonce_is_good_within_its_64() -> None:
    server = challenger()
    value = respond(server.challenges(0.0, source="2001:db8::1"))
    assert server.verify(register(value), USERS.get, 0.0, "2001:db8:0:1::1") == Failure(
        FailureKind.STALE, "1001"
    )
    assert server.verify(register(value), USERS.get, 0.0, "2001:db8::2") == Verified("1001")


def test_only_a_wrong_answer_to_our_own_nonce_was_answered() -> None:
    server = challenger()
    offered = server.challenges(0.0, source="192.0.2.7")
    guess = register(respond(offered, password="guess"))
    assert server.verify(guess, USERS.get, 0.0, "192.0.2.7") == Failure(FailureKind.WRONG, "1001", True)
    late = server.verify(guess, USERS.get, 9000.0, "192.0.2.7")
    assert late == Failure(FailureKind.WRONG, "1001", True), "a nonce that has expired is ours as well"
    assert server.verify(guess, USERS.get, 0.0, "192.0.2.8") == Failure(FailureKind.STALE, "1001")


@pytest.mark.parametrize("password", ["s3cret", "guess"])
def test_a_nonce_of_the_senders_own_making_tells_him_nothing(password: str) -> None:
    """Otherwise `stale` would say which guess was right, to somebody whom no ban ever reaches."""
    own = ['Digest realm="centralita.example", nonce="1-1-00000000000000000000000000000000", qop="auth"']
    server = challenger()
    outcome = server.verify(register(respond(own, password=password)), USERS.get, 0.0, "192.0.2.7")
    assert outcome == Failure(FailureKind.STALE, "1001")


def test_replay() -> None:
    server = challenger()
    offered = server.challenges(0.0)
    value = respond(offered)
    assert server.verify(register(value), USERS.get, 0.0) == Verified("1001")
    again = server.verify(register(value), USERS.get, 0.0)
    assert kind(again) is FailureKind.REPLAYED
    assert isinstance(again, Failure)
    assert all("stale=true" in challenge for challenge in server.challenges(0.0, again))


def test_counts_may_come_out_of_order_but_not_twice() -> None:
    server = challenger()
    offered = server.challenges(0.0)
    taken = []
    for count in (70, 72, 71, 72, 9, 8, 70, 1000, 71, 937, 936):
        outcome = server.verify(register(respond(offered, count=count)), USERS.get, 0.0)
        taken.append(isinstance(outcome, Verified))
    assert taken == [True, True, True, False, True, False, False, True, False, True, False]


def test_memory_is_bounded_and_forgetting_lets_no_replay_in() -> None:
    server = challenger(max_nonces=3)
    values = [respond(server.challenges(float(second))) for second in range(6)]
    for value in values[:5]:
        assert server.verify(register(value), USERS.get, 5.0) == Verified("1001")
    assert server.remembered() == 3
    assert [kind(server.verify(register(value), USERS.get, 5.0)) for value in values[:5]] == [
        FailureKind.STALE,
        FailureKind.STALE,
        FailureKind.REPLAYED,
        FailureKind.REPLAYED,
        FailureKind.REPLAYED,
    ]
    assert server.verify(register(values[5]), USERS.get, 5.0) == Verified("1001")


def test_what_has_expired_is_forgotten() -> None:
    server = challenger(lifetime_s=10.0)
    for second in range(100):
        assert server.verify(register(respond(server.challenges(float(second)))), USERS.get, second + 1.0)
    assert server.remembered() <= 11


def test_two_challenges_of_one_moment_are_apart() -> None:
    server = challenger()
    first, second = respond(server.challenges(0.0)), respond(server.challenges(0.0))
    assert server.verify(register(first), USERS.get, 0.0) == Verified("1001")
    assert server.verify(register(second), USERS.get, 0.0) == Verified("1001")


def test_unknown_user_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[bytes] = []
    real = hashlib.sha256

    def noting(data: bytes = b"") -> Any:
        hashed.append(data)
        return real(data)

    monkeypatch.setattr("sip.accounts.digest.hashlib.sha256", noting)
    server = challenger()
    for user, password in (("1001", "wrong"), ("nobody", "wrong")):
        value = respond(server.challenges(0.0), user, password)
        hashed.clear()
        assert kind(server.verify(register(value), USERS.get, 0.0)) is FailureKind.WRONG
        assert len(hashed) == 3
