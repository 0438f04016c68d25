"""Session descriptions: RFC 8866, RFC 3551, RFC 3605."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.syntax.sdp import (
    Direction,
    MediaDescription,
    Origin,
    SdpError,
    SessionDescription,
    is_unicast,
    parse_sdp,
)

HEAD = "v=0\r\no=- 1 2 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"


def audio(*lines: str, formats: str = "0") -> MediaDescription:
    text = HEAD + f"m=audio 4000 RTP/AVP {formats}\r\n" + "".join(f"{line}\r\n" for line in lines)
    return parse_sdp(text.encode()).media[0]


def test_reads_and_writes() -> None:
    text = (
        "v=0\r\no=ana 18446744073709551615 7 IN IP4 10.0.0.1\r\ns=call\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
        "a=sendonly\r\nm=audio 4000 RTP/AVP 97 101\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:97 PCMA/8000\r\n"
        "a=rtcp-mux\r\nm=video 0 RTP/AVP 34\r\n"
    )
    description = parse_sdp(text.encode())
    assert description.origin == Origin(2**64 - 1, 7, "10.0.0.1", "ana")
    first, second = description.media
    assert (first.kind, first.port, first.profile, first.formats) == ("audio", 4000, "RTP/AVP", ("97", "101"))
    assert (description.address(first), description.address(second)) == ("2001:db8::1", "10.0.0.1")
    assert (first.attribute("rtcp-mux"), first.attribute("ptime")) == ("", None)
    assert description.encode() == text.encode()


@pytest.mark.parametrize(
    ("session", "media", "direction"),
    [
        ("", "", Direction.SENDRECV),
        ("a=inactive\r\n", "", Direction.INACTIVE),
        ("a=inactive\r\n", "a=sendonly\r\n", Direction.SENDONLY),
        ("", "a=RecvOnly\r\n", Direction.RECVONLY),
        ("a=sendonly\r\n", "a=ptime:20\r\n", Direction.SENDONLY),
    ],
)
def test_direction_of_the_session_applies(session: str, media: str, direction: Direction) -> None:
    description = parse_sdp(f"{HEAD}{session}m=audio 4000 RTP/AVP 0\r\n{media}".encode())
    assert description.direction(description.media[0]) is direction


@pytest.mark.parametrize(
    ("formats", "lines", "codecs"),
    [
        ("0 8", [], {"PCMU": 0, "PCMA": 8}),
        ("8 0 101", ["a=rtpmap:101 telephone-event/8000"], {"PCMA": 8, "PCMU": 0, "TELEPHONE-EVENT": 101}),
        ("97", ["a=rtpmap:97 pcma/8000/1"], {"PCMA": 97}),
        ("97 8", ["a=rtpmap:97 PCMA/8000"], {"PCMA": 97}),
        ("8", ["a=rtpmap:8 G722/8000"], {"G722": 8}),
        ("8", ["a=rtpmap:8 speex/8000"], {}),
        ("9", ["a=rtpmap:9 G722/16000"], {}),
        ("96 97", ["a=rtpmap:96 opus/48000", "a=rtpmap:97 opus/16000/2"], {}),
        (
            "101 102",
            ["a=rtpmap:101 telephone-event/48000", "a=rtpmap:102 telephone-event/16000"],
            {"TELEPHONE-EVENT/48000": 101},
        ),
        ("97", ["a=rtpmap:97 PCMA/16000"], {}),
        ("97", ["a=rtpmap:97 PCMA/8000/2"], {}),
        ("97", ["a=rtpmap:98 PCMA/8000"], {}),
        ("97", ["a=rtpmap:x PCMA/8000", "a=rtpmap", "a=rtpmap:97"], {}),
        ("128 256 0", ["a=rtpmap:128 PCMA/8000"], {"PCMU": 0}),
        ("9 18 111", ["a=rtpmap:111 Opus/48000/2"], {"G722": 9, "G729": 18, "OPUS": 111}),
    ],
)
def test_codecs(formats: str, lines: list[str], codecs: dict[str, int]) -> None:
    found = audio(*lines, formats=formats).codecs
    assert list(found.items()) == list(codecs.items())


@pytest.mark.parametrize(
    ("line", "rtcp"),
    [
        ("a=ptime:20", (4001, None)),
        ("a=rtcp:53020", (53020, None)),
        ("a=rtcp:53020 IN IP4 10.0.0.9", (53020, "10.0.0.9")),
        ("a=rtcp:53020 IN IP4 224.0.0.1", (53020, None)),
        ("a=rtcp:53020 IN IP6 2001:db8::9", (53020, "2001:db8::9")),
        ("a=rtcp:53020 IN IP6 ff02::1", (53020, None)),
        ("a=rtcp:53", (4001, None)),
        ("a=rtcp:99999", (4001, None)),
        ("a=rtcp:x", (4001, None)),
    ],
)
def test_rtcp(line: str, rtcp: tuple[int, str | None]) -> None:
    assert audio(line).rtcp == rtcp


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("v=0", "v=1"),
        ("v=0\r\n", ""),
        ("v=0\r\n", "a=x\r\nv=0\r\n"),
        ("o=- 1 2", "o=- 1\u00a02"),
        ("m=audio 4000", "m=audio\u00a04000"),
        ("m=audio 4000", "m=audio ٤٠٠٠"),
        ("t=0 0", "a=x\0y"),
        ("o=- 1 2 IN IP4 10.0.0.1\r\n", ""),
        ("o=- 1 2", "o=- 1 -2"),
        ("o=- 1 2", "o=- " + "1" * 21 + " 2"),
        ("o=- 1 2 ", "o="),
        ("c=IN IP4 10.0.0.1", "c=10.0.0.1"),
        ("m=audio 4000", "m=audio 65536"),
        ("m=audio 4000", "m=audio -1"),
        ("m=audio 4000", "m=audio x"),
        ("m=audio 4000", "m=audio 99999999999999999999"),
        ("m=audio 4000 RTP/AVP 0", "m=audio 4000 RTP/AVP"),
        ("m=audio 4000 RTP/AVP 0", "m="),
        ("m=audio 4000 RTP/AVP 0", "m=audio 4000 RTP/AVP" + " 0" * 65),
        ("t=0 0", "nonsense"),
        ("t=0 0", "a=x\ry"),
        ("t=0 0", ""),
        ("t=0 0", "T=0 0"),
        ("t=0 0", "\r\n".join(["a=x"] * 512)),
        ("t=0 0", "a=" + "x" * 16384),
        ("t=0 0", "\r\n".join(["m=audio 0 RTP/AVP 0"] * 16)),
    ],
)
def test_refused(old: str, new: str) -> None:
    text = HEAD + "m=audio 4000 RTP/AVP 0\r\n"
    assert parse_sdp(text.encode())
    with pytest.raises(SdpError):
        parse_sdp(text.replace(old, new).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\r\n", "\n"),
        ("t=0 0\r\n", ""),
        ("s=-\r\n", "s=\r\nb=AS:64\r\nk=clear:x\r\ni= \r\n"),
        ("o=- 1 2", "o=My Phone 1 2"),
        ("m=audio 4000", "m=audio 4000/2"),
        ("RTP/AVP 0\r\n", "RTP/AVP 0"),
        ("RTP/AVP 0\r\n", "RTP/AVP 0\r\n\r\n"),
        ("t=0 0", "a=\xff"),
    ],
)
def test_lenient_reading(old: str, new: str) -> None:
    text = (HEAD + "m=audio 4000 RTP/AVP 0\r\n").replace(old, new)
    assert parse_sdp(text.encode("latin-1")).media[0].codecs == {"PCMU": 0}


@pytest.mark.parametrize(
    ("address", "usable"),
    [
        ("10.0.0.1", True),
        ("127.0.0.1", True),
        ("223.255.255.255", True),
        ("0.0.0.0", False),
        ("0.1.2.3", False),
        ("224.0.0.1", False),
        ("239.1.1.1/127", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("2001:db8::1", True),
        ("::1", True),
        ("::", False),
        ("ff02::1", False),
        ("fe80::1", False),
        ("2001:db8::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("media.example.com", False),
        ("10.0.0", False),
        ("", False),
    ],
)
def test_unicast(address: str, usable: bool) -> None:
    assert is_unicast(address) is usable


def test_writing_refuses_line_ends() -> None:
    with pytest.raises(ValueError, match="line end"):
        SessionDescription(Origin(1, 1, "10.0.0.1"), (), name="x\r\nm=audio").encode()


def test_directions() -> None:
    assert Direction.SENDONLY.reversed is Direction.RECVONLY
    assert Direction.SENDRECV.within(Direction.RECVONLY) is Direction.RECVONLY
    assert Direction.SENDONLY.within(Direction.RECVONLY) is Direction.INACTIVE


PIECES = [
    "v=0",
    "o=- 1 2 IN IP4 10.0.0.1",
    "c=IN IP4 10.0.0.1",
    "m=audio 4 RTP/AVP 8",
    "a=rtpmap:8 PCMA/8000",
]
lines = st.lists(st.sampled_from(PIECES) | st.text(max_size=12))


@given(lines.map(lambda lines: "\r\n".join(["v=0", *lines])))
def test_anything_is_a_description_or_an_error(text: str) -> None:
    try:
        description = parse_sdp(text.encode("utf-8", "surrogatepass"))
    except SdpError:
        return
    assert parse_sdp(description.encode()) == description
