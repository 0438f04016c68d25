"""Which route a call takes, and which number a trunk asks for."""

import pytest

from sip.syntax.malformed import Malformed
from sip.syntax.message import Request, parse
from switch.config.schema import Route
from switch.config.targets import DialledPhone, EchoTarget, QueueTarget, ToneTarget, TrunkTarget
from switch.config.trunk import DidFrom
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.routes import Routes, called_number

CARRIER, OTHER, PHONE = TrunkPeer("carrier"), TrunkPeer("other"), PhonePeer("1001")


def routes(*given: dict[str, object]) -> Routes:
    return Routes([Route.model_validate(route) for route in given])


SAMPLE = routes(
    {"trunk": "carrier", "to": "600", "go": "echo"},
    {"trunk": "carrier", "to": "602", "go": "tone"},
    {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
    {"phone": "*", "to": ["112", "911"], "go": "trunk:carrier", "emergency": "true"},
    {"phone": "*", "to": "10??", "go": "phone"},
    {"phone": "*", "to": "0[6-9]????????", "strip": "1", "go": "trunk:carrier"},
    {"phone": "*", "to": "0*", "strip": "1", "prefix": "+34", "go": "trunk:carrier"},
)


@pytest.mark.parametrize(
    ("origin", "number", "go", "outgoing"),
    [
        (CARRIER, "600", EchoTarget(), "600"),
        (CARRIER, "602", ToneTarget(), "602"),
        (CARRIER, "+34911000000", QueueTarget("support"), "+34911000000"),
        (CARRIER, "+34911", QueueTarget("support"), "+34911"),
        (PHONE, "112", TrunkTarget("carrier"), "112"),
        (PHONE, "911", TrunkTarget("carrier"), "911"),
        (PHONE, "1002", DialledPhone(), "1002"),
        (PHONE, "0600111222", TrunkTarget("carrier"), "600111222"),
        (PHONE, "0500111222", TrunkTarget("carrier"), "+34500111222"),
    ],
)
def test_the_first_match_wins(origin: Peer, number: str, go: object, outgoing: str) -> None:
    routed = SAMPLE.match(origin, number)
    assert routed is not None
    assert (routed.go, routed.number) == (go, outgoing)


@pytest.mark.parametrize(
    ("origin", "number"),
    [
        (CARRIER, "601"),
        (CARRIER, "6000"),
        (CARRIER, "+3491"),
        (CARRIER, "112"),
        (CARRIER, "1002"),
        (CARRIER, ""),
        (OTHER, "600"),
        (PHONE, "600"),
        (PHONE, "100"),
        (PHONE, "10023"),
        (PHONE, "10\n2"),
        (PHONE, "10\udc802"),
    ],
)
def test_no_route(origin: Peer, number: str) -> None:
    assert SAMPLE.match(origin, number) is None


@pytest.mark.parametrize(
    ("origin", "number", "reached", "emergency"),
    [
        (PHONE, "112", True, True),
        (PHONE, "600111222", True, False),
        (PHONE, "+34500111222", True, False),
        (PHONE, "+34600111222", False, False),
        (PHONE, "500111222", False, False),
        (PHONE, "+8816123456", False, False),
        (PHONE, "6001112223", False, False),
        (PHONE, "60011\n222", False, False),
        (CARRIER, "112", False, False),
    ],
)
def test_what_reaches_a_trunk_is_what_could_be_dialled(
    origin: Peer, number: str, reached: bool, emergency: bool
) -> None:
    routed = SAMPLE.leading_to(origin, "carrier", number)
    assert (routed is not None) == reached
    assert SAMPLE.leading_to(origin, "other", number) is None
    if routed is not None:
        assert (routed.number, routed.route.emergency) == (number, emergency)


def test_a_phone_and_a_trunk_of_one_name_are_two() -> None:
    of = routes({"phone": "carrier", "to": "*", "go": "echo"})
    assert of.match(CARRIER, "1") is None
    assert of.match(PhonePeer("carrier"), "1") is not None


@pytest.mark.parametrize(
    ("origin", "matches"),
    [("1001", True), ("1002", False), ("10??", True), ("10*", True), ("*", True), ("2*", False)],
)
def test_origins_are_patterns(origin: str, matches: bool) -> None:
    of = routes({"phone": origin, "go": "echo"})
    assert (of.match(PHONE, "anything") is not None) is matches


@pytest.mark.parametrize(
    ("strip", "prefix", "number"),
    [(0, "", "0600"), (1, "", "600"), (2, "+34", "+3400"), (9, "", ""), (9, "112", "112")],
)
def test_strip_and_prefix(strip: int, prefix: str, number: str) -> None:
    routed = Routes([Route(phone="*", go=EchoTarget(), strip=strip, prefix=prefix)]).match(PHONE, "0600")
    assert routed is not None
    assert routed.number == number


def invite(uri: str, to: str, *headers: str) -> Request:
    lines = [
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1",
        "From: <sip:+34600@127.0.0.1>;tag=1",
        f"To: {to}",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        *headers,
    ]
    message = parse("\r\n".join([*lines, "", ""]).encode())
    assert isinstance(message, Request)
    return message


@pytest.mark.parametrize(
    ("did_from", "headers", "number"),
    [
        (DidFrom.REQUEST_URI, [], "+34911"),
        (DidFrom.TO, [], "+34912"),
        (DidFrom.P_CALLED_PARTY_ID, ["P-Called-Party-ID: <sip:+34913@x>"], "+34913"),
        (DidFrom.P_CALLED_PARTY_ID, ['p-called-party-id: "x" <tel:+34-91-4>;a=b'], "+34914"),
        (DidFrom.P_CALLED_PARTY_ID, [], "+34911"),
    ],
)
def test_the_called_number(did_from: DidFrom, headers: list[str], number: str) -> None:
    request = invite("sip:+34911;npdi@127.0.0.1;user=phone", "<sip:%2B34912@127.0.0.1>", *headers)
    assert called_number(request, did_from) == number


def test_a_number_that_is_not_there() -> None:
    assert called_number(invite("sip:127.0.0.1", "<sip:a@b>"), DidFrom.REQUEST_URI) == ""
    with pytest.raises(Malformed):
        called_number(invite("sip:a@b", "<sip:a@b>", "P-Called-Party-ID: <"), DidFrom.P_CALLED_PARTY_ID)
