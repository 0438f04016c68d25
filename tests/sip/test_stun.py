"""STUN Binding on the SIP port: RFC 5389, RFC 5626 section 4.4.2; the vectors are those of RFC 5769."""

from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip import stun

ID = bytes.fromhex("b7e7a701bc34d686fa87dfae")
COOKIE = bytes.fromhex("2112a442")
BINDING = bytes.fromhex("00010000") + COOKIE + ID


def request(*attributes: tuple[int, bytes], signed: bool = False) -> bytes:
    body = b"".join(
        kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)
        for kind, value in attributes
    )
    length = len(body) + (8 if signed else 0)
    message = b"\0\1" + length.to_bytes(2, "big") + COOKIE + ID + body
    if signed:
        message += b"\x80\x28\0\4" + (crc32(message) ^ 0x5354554E).to_bytes(4, "big")
    return message


def test_rfc_5769_2_2_ipv4_address() -> None:
    answer = stun.answer(BINDING, ("192.0.2.1", 32853))
    assert answer == b"\x01\x01\x00\x0c" + COOKIE + ID + bytes.fromhex("002000080001a147e112a643")


def test_rfc_5769_2_3_ipv6_address() -> None:
    answer = stun.answer(BINDING, ("2001:db8:1234:5678:11:2233:4455:6677", 32853))
    mapped = "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    assert answer == b"\x01\x01\x00\x18" + COOKIE + ID + bytes.fromhex(mapped)


def test_who_signs_gets_a_signed_answer() -> None:
    answer = stun.answer(request((0x8022, b"baresip"), signed=True), ("192.0.2.1", 1))
    assert answer is not None
    assert answer[-8:-4] == b"\x80\x28\0\4"
    assert int.from_bytes(answer[-4:], "big") == crc32(answer[:-8]) ^ 0x5354554E
    assert len(answer) - 20 == int.from_bytes(answer[2:4], "big")


def test_7_3_1_what_must_be_understood_and_is_not() -> None:
    answer = stun.answer(request((0x0003, b"\0\0\0\6"), (0x7777, b"")), ("192.0.2.1", 1))
    assert answer is not None
    assert answer[:2] == b"\x01\x11"
    assert b"\x00\x00\x04\x14Unknown Attribute" in answer
    assert answer.endswith(b"\x00\x0a\x00\x04\x00\x03\x77\x77")


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        BINDING[:19],
        BINDING + b"\0\0\0\0",
        b"\x00\x11" + BINDING[2:],
        b"\x01\x01" + BINDING[2:],
        b"\x00\x03" + BINDING[2:],
        BINDING[:4] + b"\0\0\0\0" + BINDING[8:],
        b"\0\1\0\4" + COOKIE + ID + b"\x80\x22\0\4",
        b"\0\1\0\2" + COOKIE + ID + b"\x80\x22",
        request((0x8022, b"x"), signed=True)[:-1] + b"\xff",
        request(*[(0x8022, b"")] * 17),
        b"\r\n\r\n",
        bytes(20),
    ],
)
def test_anything_else_gets_no_answer(datagram: bytes) -> None:
    assert stun.answer(datagram, ("192.0.2.1", 1)) is None


@given(
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=16),
    st.booleans(),
    st.sampled_from(["192.0.2.1", "2001:db8::1"]),
)
def test_no_answer_is_longer_than_three_requests(
    attributes: list[tuple[int, bytes]], signed: bool, host: str
) -> None:
    asked = request(*attributes, signed=signed)
    assert len(stun.answer(asked, (host, 5060)) or b"") <= 3 * len(asked)


@given(st.binary(max_size=100))
def test_noise_gets_a_sound_answer_or_none(noise: bytes) -> None:
    source = ("192.0.2.1", 1)
    assert stun.answer(noise, source) is None
    assert (stun.answer(BINDING + noise, source) is None) == bool(noise), "its length says that it has ended"
    asked = BINDING[:2] + len(noise).to_bytes(2, "big") + BINDING[4:] + noise
    answer = stun.answer(asked, source)
    if answer is not None:
        assert answer[:2] in (b"\1\1", b"\1\x11")
        assert int.from_bytes(answer[2:4], "big") == len(answer) - 20
        assert answer[4:20] == COOKIE + ID
        assert len(answer) <= 3 * len(asked)
