"""What is kept, for how long, in how much memory, and whose it is."""

import time
import tracemalloc

import pytest

from sip.flow import Flow
from switch.trace import ring as rings
from switch.trace.message import messages
from switch.trace.ring import HEAD, STRAND_MESSAGES, Ring
from switch.trace.waiting import AT_ONCE_BYTES
from tests.switch.trace.wire import CARRIER, PHONE, START_US, Wire, request, response, seen


@pytest.fixture
def wire() -> Wire:
    return Wire()


def test_both_legs_of_a_call_stand_in_one_order(wire: Wire) -> None:
    ring = wire.ring()
    wire.show("in", request())
    ring.claim("CALL", "leg-1", "carrier (caller)")
    wire.show("out", response("100 Trying"))
    ring.claim("CALL", "leg-2", "1001 (agent)")
    wire.show("out", request(call_id="leg-2", number="1001"), PHONE)
    wire.show("in", response("200 OK", call_id="leg-2"), PHONE)
    wire.show("out", response("200 OK"))
    found = seen(ring.call("CALL"))
    assert [message.number for message in found] == [1, 2, 3, 4, 5]
    assert [message.party for message in found] == [
        *["carrier (caller)"] * 2,
        *["1001 (agent)"] * 2,
        "carrier (caller)",
    ]
    assert [message.us - START_US for message in found] == [1000, 2000, 3000, 4000, 5000]
    assert found[0].source == found[1].destination == ("203.0.113.9", 5060)
    assert found[0].destination == found[1].source == ("192.0.2.1", 5060)


def test_a_challenge_before_the_call_belongs_to_it(wire: Wire) -> None:
    ring = wire.ring()
    wire.show("in", request(), PHONE)
    wire.show("out", response("401 Unauthorized"), PHONE)
    wire.show("in", request(cseq=2), PHONE)
    ring.claim("CALL", "leg-1")
    assert [message.method for message in seen(ring.call("CALL"))] == ["INVITE"] * 3


@pytest.mark.parametrize(
    "header",
    ["Call-ID: leg-1", "Call-ID:leg-1", "call-id : leg-1 ", "i: leg-1", "I:\tleg-1", "CALL-ID:  leg-1"],
)
def test_the_call_id_is_found_however_it_is_written(wire: Wire, header: str) -> None:
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    wire.show("in", request().replace(b"Call-ID: leg-1", header.encode()))
    assert len(seen(ring.call("CALL"))) == 1


def test_a_call_id_that_is_no_utf_8(wire: Wire) -> None:
    ring = wire.ring()
    wire.show("in", request().replace(b"leg-1", b"leg-\xff"))
    ring.claim("CALL", b"leg-\xff".decode("utf-8", "surrogateescape"))
    assert len(seen(ring.call("CALL"))) == 1


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"\x00\x01\x00\x00!\x12\xa4B" + bytes(12), b""])
def test_what_only_keeps_a_way_open_is_no_message(wire: Wire, data: bytes) -> None:
    ring = wire.ring()
    wire.show("in", data)
    assert ring.strands() == []


def test_garbage_is_kept_with_other_garbage(wire: Wire) -> None:
    ring = wire.ring()
    wire.show("in", b"hello\r\n\r\n")
    wire.show("in", b"GET / HTTP/1.1\r\n\r\n")
    (strand,) = ring.strands()
    assert [message.text[:3] for message in seen([strand])] == ["hel", "GET"]


def test_the_oldest_call_goes_first(wire: Wire) -> None:
    ring = wire.ring(calls=3)
    for number in range(5):
        ring.claim(f"call {number}", f"leg {number}")
        wire.show("in", request(call_id=f"leg {number}"))
    assert [ring.call(f"call {number}") is None for number in range(5)] == [True, True, False, False, False]
    wire.show("in", request("BYE", "leg 0"))
    assert ring.call("call 0") is None
    assert len(ring.strands()) == 4


def test_no_flood_drives_a_call_out(wire: Wire) -> None:
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    wire.show("in", request())
    for number in range(2 * rings.OTHERS):
        wire.show("in", request(call_id=f"stranger {number}"))
    assert len(ring.strands()) == rings.OTHERS + 1
    assert len(seen(ring.call("CALL"))) == 1


def test_bytes_are_bounded_for_calls_and_for_strangers(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "CALLS_BYTES", 100_000)
    monkeypatch.setattr(rings, "OTHERS_BYTES", 50_000)
    ring = wire.ring()
    body = "x" * 5000
    for number in range(100):
        ring.claim(f"call {number}", f"leg {number}")
        wire.show("in", request(call_id=f"leg {number}", body=body))
        wire.show("in", request("OPTIONS", f"stranger {number}", body=body))
    assert 100_000 < ring.size < 150_000
    assert ring.call("call 0") is None
    assert ring.call("call 99") is not None


def test_a_long_strand_keeps_its_beginning_and_its_end(wire: Wire) -> None:
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    for number in range(1, STRAND_MESSAGES + 101):
        wire.show("in", request("OPTIONS", cseq=number))
    found = seen(ring.call("CALL"))
    assert len(found) == STRAND_MESSAGES
    assert [message.number for message in found[:HEAD]] == list(range(1, HEAD + 1))
    assert found[-1].number == STRAND_MESSAGES + 100
    assert [message.omitted for message in found if message.omitted] == [100]
    assert found[HEAD].omitted == 100


def test_a_strand_of_large_messages_is_bounded_too(wire: Wire) -> None:
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    for number in range(200):
        wire.show("in", request("INFO", cseq=number, body="x" * 60_000))
    assert ring.size < 23 * 62_000
    assert len(seen(ring.call("CALL"))) == HEAD + 1


def test_a_caller_who_tries_again_with_the_same_call_id_is_a_call_of_its_own(wire: Wire) -> None:
    ring = wire.ring()
    wire.show("in", request())
    ring.claim("first", "leg-1")
    wire.show("out", response("503 Service Unavailable"))
    wire.show("in", request("ACK"))
    wire.show("in", request(cseq=2))
    ring.claim("second", "leg-1")
    wire.show("out", response("200 OK", cseq=2))
    assert [message.number for message in seen(ring.call("first"))] == [1, 2, 3]
    assert [message.number for message in seen(ring.call("second"))] == [4, 5]
    assert [message.us - START_US for message in seen(ring.call("second"))] == [4000, 5000]


def test_a_leg_of_ours_that_takes_a_former_call_id_starts_empty(wire: Wire) -> None:
    ring = wire.ring()
    ring.claim("first", "leg-1")
    wire.show("out", request())
    ring.claim("second", "leg-1")
    assert len(seen(ring.call("first"))) == 1
    assert seen(ring.call("second")) == []


def test_what_passed_before_is_marked(wire: Wire) -> None:
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    for flow in (CARRIER, CARRIER, PHONE):
        wire.show("in", request(), flow)
    wire.show("out", request(), CARRIER)
    assert [message.repeats for message in seen(ring.call("CALL"))] == [False, True, False, False]
    assert [message.repeats for message in seen(ring.call("CALL"), after=1)] == [True, False, False]
    assert [message.number for message in seen(ring.call("CALL"), after=1, most=2)] == [2, 3]


def test_large_messages_are_looked_at_a_few_at_a_time(wire: Wire) -> None:
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    for _ in range(6):
        wire.show("in", request() + b"x" * (AT_ONCE_BYTES // 2))
    strands = ring.call("CALL")
    assert strands is not None
    page = messages(strands, wire.local_address_for, after=1, most=100)
    assert [message.number for message in page] == [2, 3]
    assert len(seen(strands)) == 6


def test_without_calls_to_keep_nothing_is_kept_but_strands_have_their_call(wire: Wire) -> None:
    ring = wire.ring(calls=0)
    told: list[str | None] = []
    ring.on_message = lambda strand, entry: told.append(strand.group.call)
    ring.claim("CALL", "leg-1")
    wire.show("in", request())
    wire.show("in", request(call_id="other"))
    assert told == ["CALL", None]
    assert ring.call("CALL") is None
    assert all(not strand.entries for strand in ring.strands())


def test_resizing(wire: Wire) -> None:
    ring = wire.ring(calls=5)
    for number in range(5):
        ring.claim(f"call {number}", f"leg {number}")
        wire.show("in", request(call_id=f"leg {number}"))
    wire.show("in", request(call_id="stranger"))
    ring.resize(2)
    assert [ring.call(f"call {number}") is None for number in range(5)] == [True, True, True, False, False]
    ring.resize(0)
    assert ring.strands() == []
    assert ring.size == 0
    ring.resize(1)
    ring.claim("new", "leg")
    wire.show("in", request(call_id="leg"))
    assert len(seen(ring.call("new"))) == 1


def test_the_size_is_what_it_takes(wire: Wire) -> None:
    tracemalloc.start()
    try:
        ring = wire.ring(calls=200)
        before, _ = tracemalloc.get_traced_memory()
        for call in range(200):
            ring.claim(f"call {call}", f"leg {call}")
            for cseq in range(14):
                flow = Flow("udp", ("192.0.2.1", 5060), (f"203.0.113.{cseq}", 5060))
                wire.show("in", request(call_id=f"leg {call}", cseq=cseq, body="x" * 300), flow)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.7 < (after - before) / ring.size < 1.3


def test_a_message_costs_little() -> None:
    """The bound is ten times what was measured on the slowest machine that we know: 1 us a message."""
    ring = Ring(100, lambda: START_US, lambda: 0.0)
    ring.claim("CALL", "leg-1")
    data = request()
    started = time.process_time()
    for _ in range(20_000):
        ring.saw("in", data, CARRIER, 0.0)
    assert (time.process_time() - started) / 20_000 < 10e-6
