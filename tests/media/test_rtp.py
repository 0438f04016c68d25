"""RFC 3550 section 5.1: the fixed header, CSRCs, the extension (5.3.1) and padding."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.rtp import RtpHeader
from tests.media.builds import COMPILED, PURE

PLAIN = bytes.fromhex("8088 1234 00000140 deadbeef") + b"\xd5" * 160


def changed(packet: bytes, *octets: tuple[int, int]) -> bytes:
    copy = bytearray(packet)
    for index, value in octets:
        copy[index] = value
    return bytes(copy)


WELL_FORMED = {
    "plain": (PLAIN, RtpHeader(8, True, 0x1234, 320, 0xDEADBEEF, 12, 160)),
    "no marker": (changed(PLAIN, (1, 0x00)), RtpHeader(0, False, 0x1234, 320, 0xDEADBEEF, 12, 160)),
    "no payload": (PLAIN[:12], RtpHeader(8, True, 0x1234, 320, 0xDEADBEEF, 12, 0)),
    "two CSRCs": (changed(PLAIN, (0, 0x82)), RtpHeader(8, True, 0x1234, 320, 0xDEADBEEF, 20, 152)),
    "padding of 4": (
        changed(PLAIN, (0, 0xA0), (171, 4)),
        RtpHeader(8, True, 0x1234, 320, 0xDEADBEEF, 12, 156),
    ),
    "nothing but padding": (
        changed(PLAIN, (0, 0xA0), (171, 160)),
        RtpHeader(8, True, 0x1234, 320, 0xDEADBEEF, 12, 0),
    ),
    "extension of one word": (
        changed(PLAIN, (0, 0x90), (14, 0), (15, 1)),
        RtpHeader(8, True, 0x1234, 320, 0xDEADBEEF, 20, 152),
    ),
    "a CSRC, an extension and padding": (
        changed(PLAIN, (0, 0xB1), (18, 0), (19, 2), (171, 3)),
        RtpHeader(8, True, 0x1234, 320, 0xDEADBEEF, 28, 141),
    ),
}

MALFORMED = {
    "empty": b"",
    "11 octets": PLAIN[:11],
    "version 1": changed(PLAIN, (0, 0x40)),
    "STUN": bytes.fromhex("0001 0000 2112a442") + bytes(12),
    "CSRCs beyond the end": changed(PLAIN[:12], (0, 0x81)),
    "extension header cut off": changed(PLAIN[:15], (0, 0x90)),
    "extension beyond the end": changed(PLAIN, (0, 0x90), (14, 0xFF), (15, 0xFF)),
    "padding of 0": changed(PLAIN, (0, 0xA0), (171, 0)),
    "padding beyond the start": changed(PLAIN, (0, 0xA0), (171, 161)),
}


@pytest.mark.parametrize(("packet", "header"), WELL_FORMED.values(), ids=WELL_FORMED)
def test_a_well_formed_packet_is_read(packet: bytes, header: RtpHeader, build: Any) -> None:
    assert build.rtp_parse(packet) == header


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_packet_is_none(packet: bytes, build: Any) -> None:
    assert build.rtp_parse(packet) is None


WORDS = st.integers(0, 2**32 - 1)
HEADERS = st.tuples(st.integers(0, 127), st.booleans(), st.integers(0, 2**16 - 1), WORDS, WORDS)


@given(HEADERS)
def test_what_is_written_is_read(fields: tuple[int, bool, int, int, int]) -> None:
    written = COMPILED.rtp_header(*fields)
    assert written == PURE.rtp_header(*fields)
    assert COMPILED.rtp_parse(written) == (*fields, 12, 0)


def test_fields_are_reduced_to_their_width(build: Any) -> None:
    assert build.rtp_header(128 + 8, False, 65536 + 7, 2**32 + 160, 2**32 + 1) == build.rtp_header(
        8, False, 7, 160, 1
    )


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda tail: b"\xb1\x08" + tail)))
def test_twins_agree_on_any_octets(packet: bytes) -> None:
    assert COMPILED.rtp_parse(packet) == PURE.rtp_parse(packet)
