"""HEP3 packets, field by field."""

import pytest

from sip.flow import Flow
from switch.trace.hep import LARGEST, encode
from switch.trace.message import Message
from tests.switch.trace.packets import hep
from tests.switch.trace.wire import CARRIER, SECURE, SIX, START_US, STREAM, Wire, request, seen

FAMILY, PROTOCOL, SOURCE_4, DESTINATION_4, SOURCE_6, DESTINATION_6 = 1, 2, 3, 4, 5, 6
SOURCE_PORT, DESTINATION_PORT, SECONDS, MICROSECONDS, KIND, AGENT = 7, 8, 9, 10, 11, 12
KEY, PAYLOAD, CORRELATION = 14, 15, 17


def passed(flow: Flow, data: bytes, call: str | None = "CALL") -> Message:
    wire = Wire()
    ring = wire.ring()
    if call is not None:
        ring.claim(call, "leg-1")
    wire.show("out", data, flow)
    (message,) = seen(ring.strands())
    return message


def test_all_of_a_message() -> None:
    assert hep(encode(passed(CARRIER, request()), 2001, "key")) == {
        FAMILY: 2,
        PROTOCOL: 17,
        SOURCE_4: "192.0.2.1",
        DESTINATION_4: "203.0.113.9",
        SOURCE_PORT: 5060,
        DESTINATION_PORT: 5060,
        SECONDS: START_US // 1_000_000,
        MICROSECONDS: 1000,
        KIND: 1,
        AGENT: 2001,
        KEY: "key",
        CORRELATION: "CALL",
        PAYLOAD: request(),
    }


def test_ipv6() -> None:
    chunks = hep(encode(passed(SIX, request()), 1, None))
    assert (chunks[FAMILY], chunks[SOURCE_6], chunks[DESTINATION_6]) == (10, "2001:db8::1", "2001:db8::9")
    assert SOURCE_4 not in chunks
    assert KEY not in chunks


def test_a_message_of_no_call_has_no_correlation() -> None:
    assert CORRELATION not in hep(encode(passed(CARRIER, request("OPTIONS"), None), 1, None))


@pytest.mark.parametrize(("flow", "protocol"), [(CARRIER, 17), (STREAM, 6), (SECURE, 6)])
def test_the_protocol_below(flow: Flow, protocol: int) -> None:
    assert hep(encode(passed(flow, request()), 1, None))[PROTOCOL] == protocol


def test_secrets_are_masked() -> None:
    chunks = hep(
        encode(passed(CARRIER, request("INVITE", "leg-1", "1", "Authorization: Basic abc")), 1, None)
    )
    assert chunks[PAYLOAD] == request("INVITE", "leg-1", "1", "Authorization: Basic ***")


def test_of_a_message_that_is_too_large_the_beginning_is_sent() -> None:
    data = request("MESSAGE", body="x" * 65_200)
    packet = encode(passed(STREAM, data), 1, "key")
    assert len(packet) == LARGEST
    assert data.startswith(hep(packet)[PAYLOAD])
