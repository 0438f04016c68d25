"""Framing a stream: RFC 3261 sections 7.5 and 18.3, RFC 5626 section 4.4.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.syntax.limits import MAX_MESSAGE_BYTES
from sip.syntax.message import Malformed
from sip.syntax.stream import Framer

OPTIONS = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 4\r\n\r\nbody"
BYE = b"BYE sip:a@b SIP/2.0\r\nl\t:\r\n 0\r\nSubject: x\r\n Content-Length: 9\r\n\r\n"


def test_messages_back_to_back() -> None:
    assert Framer().feed(OPTIONS + BYE + OPTIONS) == [OPTIONS, BYE, OPTIONS]


@given(st.lists(st.integers(1, 40), max_size=20))
def test_any_cut_gives_the_same_messages(cuts: list[int]) -> None:
    stream = OPTIONS + b"\r\n\r\n" + BYE + b"\r\n" + OPTIONS
    framer, messages, start = Framer(), [], 0
    for length in [*cuts, len(stream)]:
        messages += framer.feed(stream[start : start + length])
        start += length
    assert messages == [OPTIONS, BYE, OPTIONS]
    assert framer.pings == 1


def test_pings_are_double_line_ends() -> None:
    framer = Framer()
    assert framer.feed(b"\r\n\r\n") == []
    assert framer.feed(b"\r") == framer.feed(b"\n\r\n\r\n\r\n") == []
    assert framer.pings == 3
    assert framer.feed(b"\r\n" + OPTIONS + b"\r\n" + BYE) == [OPTIONS, BYE]
    assert framer.pings == 3


def test_the_first_line_end_after_a_ping_of_ours_is_its_pong() -> None:
    framer = Framer()
    framer.awaits_pong = True
    assert framer.feed(b"\r\n") == []
    assert (framer.pongs, framer.pings, framer.awaits_pong) == (1, 0, False)
    framer.awaits_pong = True
    assert framer.feed(b"\r\n\r\n\r\n" + OPTIONS) == [OPTIONS]
    assert (framer.pongs, framer.pings) == (2, 1)


def test_it_knows_whether_a_message_has_begun() -> None:
    framer = Framer()
    assert not framer.is_within_message
    framer.feed(b"\r\n\r\n")
    assert not framer.is_within_message
    framer.feed(OPTIONS[:-1])
    assert framer.is_within_message
    framer.feed(OPTIONS[-1:])
    assert not framer.is_within_message


@pytest.mark.parametrize(
    ("stream", "status"),
    [
        (b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n", 400),
        (b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: -4\r\n\r\n", 400),
        (b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 4\r\nl: 5\r\n\r\n", 400),
        (b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 4;x\r\n\r\n", 400),
        (b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 65536\r\n\r\n", 513),
        (b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 9999999999\r\n\r\n", 413),
        (b"x" * MAX_MESSAGE_BYTES, 513),
    ],
)
def test_a_stream_that_cannot_be_followed(stream: bytes, status: int) -> None:
    framer = Framer()
    with pytest.raises(Malformed) as refused:
        framer.feed(stream)
    assert refused.value.status == status
    assert framer.fault is refused.value
    with pytest.raises(Malformed):
        framer.feed(OPTIONS)


def test_whole_messages_before_the_fault_are_kept() -> None:
    framer = Framer()
    assert framer.feed(OPTIONS + b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 7\r\n\r\n") == [OPTIONS]
    assert framer.fault is not None
    assert framer.fault.partial is not None
    assert (framer.fault.partial.method, framer.fault.partial.call_id) == ("OPTIONS", "7")
    with pytest.raises(Malformed):
        framer.feed(b"")


def test_the_largest_message() -> None:
    head = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: %d\r\n\r\n"
    body = b"x" * (MAX_MESSAGE_BYTES - len(head % 65000))
    message = head % len(body) + body
    assert len(message) == MAX_MESSAGE_BYTES
    framer = Framer()
    assert framer.feed(message[:-1]) == []
    assert framer.feed(message[-1:]) == [message]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_noise_never_breaks_it(noise: bytes, size: int) -> None:
    framer = Framer()
    for start in range(0, len(noise), size):
        try:
            framer.feed(noise[start : start + size])
        except Malformed:
            assert framer.fault is not None
            return
