"""Which messages a filter takes."""

import pytest

from switch.trace.filter import read_filter
from switch.trace.message import Message
from tests.switch.trace.wire import CARRIER, SIX, Wire, request, response, seen


def shown(data: bytes, *, six: bool = False) -> Message:
    wire = Wire()
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    wire.show("in", data, SIX if six else CARRIER)
    (message,) = seen(ring.strands())
    return message


INVITE = request("INVITE", "leg-1", "+34911000000", "P-Asserted-Identity: <tel:+34600999888>")


@pytest.mark.parametrize(
    ("criteria", "taken"),
    [
        ({}, True),
        ({"number": "911000000"}, True),
        ({"number": "+34600111222"}, True),
        ({"number": "600999888"}, True),
        ({"number": "+34911*"}, True),
        ({"number": "+34?11000000"}, True),
        ({"number": "911*"}, False),
        ({"number": "203"}, False),
        ({"method": "invite"}, True),
        ({"method": "REGISTER, INVITE"}, True),
        ({"method": "REGISTER"}, False),
        ({"address": "203.0.113.9"}, True),
        ({"address": "203.0.113.0/24"}, True),
        ({"address": "203.0.113.9:5060"}, True),
        ({"address": "203.0.113.9:5061"}, False),
        ({"address": "192.0.2.1"}, True),
        ({"address": "2001:db8::/32"}, False),
        ({"call": "CALL"}, True),
        ({"call": "leg-1"}, True),
        ({"call": "other"}, False),
        ({"text": "ANYONE"}, True),
        ({"text": "nobody"}, False),
        (
            {"number": "911", "method": "INVITE", "address": "203.0.113.9", "call": "CALL", "text": "any"},
            True,
        ),
        ({"number": "911", "method": "BYE"}, False),
    ],
)
def test_every_criterion_must_be_met(criteria: dict[str, str], taken: bool) -> None:
    assert read_filter(**criteria).takes(shown(INVITE)) is taken


def test_a_response_has_the_method_of_its_request() -> None:
    assert read_filter(method="REGISTER").takes(shown(response("200 OK", "REGISTER")))
    assert not read_filter(method="INVITE").takes(shown(response("200 OK", "REGISTER")))


def test_an_address_of_ipv6() -> None:
    assert read_filter(address="[2001:db8::9]:5061").takes(shown(INVITE, six=True))


@pytest.mark.parametrize("data", [b"\x80\x81", b"hello\r\n\r\n", b"SIP/2.0 200 OK\r\nCSeq: what\r\n\r\n"])
def test_what_cannot_be_read_is_taken_by_what_asks_nothing_of_it(data: bytes) -> None:
    assert read_filter().takes(shown(data))
    assert not read_filter(method="INVITE").takes(shown(data))
    assert not read_filter(number="1").takes(shown(data))


@pytest.mark.parametrize(
    "criteria", [{"number": ""}, {"number": "a b"}, {"address": "example.com"}, {"address": "10.0.0.1/8"}]
)
def test_what_makes_no_sense_is_said(criteria: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        read_filter(**criteria)
