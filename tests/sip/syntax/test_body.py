"""Where the session description is, and whether a body can be read: RFC 3261 section 20, RFC 5621."""

import pytest

from sip.syntax.body import accepts_description, is_readable, session_description
from sip.syntax.malformed import Fault, Malformed
from sip.syntax.message import Headers, Request

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
OTHER = SDP.replace(b"=- 1", b"=- 2")


def request(body: bytes, **headers: str) -> Request:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request("INVITE", "sip:a@b", Headers(fields), body)


def part(content: bytes, content_type: str = "", *lines: str) -> bytes:
    kind = [f"Content-Type: {content_type}"] if content_type else []
    return "".join(f"{line}\r\n" for line in [*kind, *lines]).encode() + b"\r\n" + content


def multipart(*parts: bytes, boundary: bytes = b"b") -> bytes:
    begun = b"".join(b"--%s\r\n%s\r\n" % (boundary, each) for each in parts)
    return begun + b"--%s--\r\n" % boundary


SESSION = part(SDP, "application/sdp")
ISUP = part(b"\x01\x00", "application/isup;version=itu-t92+", "Content-Disposition: signal;handling=optional")
XML = part(b"<a/>", "application/x+xml")


@pytest.mark.parametrize(
    ("body", "found", "readable"),
    [
        (multipart(SESSION), SDP, True),
        (multipart(SESSION, ISUP), SDP, True),
        (multipart(ISUP, SESSION), SDP, True),
        (multipart(SESSION, XML), SDP, False),
        (multipart(ISUP), None, True),
        (multipart(XML), None, False),
        (multipart(part(SDP, "application/sdp", "Content-Disposition: render")), None, False),
        (multipart(part(SDP, "application/sdp", "Content-Disposition: early-session")), None, False),
        (
            multipart(SESSION, part(OTHER, "application/sdp", "Content-Disposition: x;handling=optional")),
            SDP,
            True,
        ),
        (multipart(part(SDP, "application/sdp", "Content-Transfer-Encoding: base64")), None, False),
        (multipart(part(SDP, "application/sdp", "Content-Transfer-Encoding: 8bit")), SDP, True),
        (
            multipart(part(multipart(ISUP, SESSION, boundary=b"c"), "multipart/mixed;boundary=c"), ISUP),
            SDP,
            True,
        ),
    ],
)
def test_mixed(body: bytes, found: bytes | None, readable: bool) -> None:
    message = request(body, Content_Type="multipart/mixed;boundary=b")
    assert (session_description(message), is_readable(message)) == (found, readable)


@pytest.mark.parametrize(
    ("body", "found", "readable"),
    [
        (multipart(SESSION, part(OTHER, "application/sdp")), OTHER, True),
        (multipart(part(OTHER, "application/sdp"), XML), OTHER, True),
        (multipart(XML, SESSION), SDP, True),
        (multipart(XML), None, False),
    ],
)
def test_of_alternatives_the_last_that_we_understand(
    body: bytes, found: bytes | None, readable: bool
) -> None:
    message = request(body, Content_Type="multipart/alternative; boundary=b")
    assert (session_description(message), is_readable(message)) == (found, readable)


@pytest.mark.parametrize("kind", ["related", "signed"])
def test_only_the_first_part_counts(kind: str) -> None:
    for body, found, readable in (
        (multipart(SESSION, XML), SDP, True),
        (multipart(XML, SESSION), None, False),
    ):
        message = request(body, Content_Type=f"multipart/{kind};boundary=b")
        assert (session_description(message), is_readable(message)) == (found, readable)


@pytest.mark.parametrize(
    ("headers", "found", "readable"),
    [
        ({"Content_Type": "application/sdp"}, SDP, True),
        ({"Content_Type": "Application / SDP;charset=utf-8"}, SDP, True),
        ({"Content_Type": "application/sdp", "Content_Disposition": "session"}, SDP, True),
        ({"Content_Type": "application/sdp", "Content_Disposition": "render;handling=optional"}, None, True),
        ({"Content_Type": "application/sdp", "Content_Encoding": "gzip"}, None, False),
        ({"Content_Type": "text/plain"}, None, False),
        ({"Content_Type": "text/plain", "Content_Disposition": "render;handling=optional"}, None, True),
        ({}, None, False),
    ],
)
def test_a_single_body(headers: dict[str, str], found: bytes | None, readable: bool) -> None:
    message = request(SDP, **headers)
    assert (session_description(message), is_readable(message)) == (found, readable)


def test_no_body() -> None:
    message = request(b"", Content_Type="application/sdp")
    assert (session_description(message), is_readable(message)) == (None, True)


def test_two_sessions_in_one_body() -> None:
    message = request(multipart(SESSION, SESSION), Content_Type="multipart/mixed;boundary=b")
    assert session_description(message) is None
    with pytest.raises(Malformed) as refused:
        is_readable(message)
    assert (refused.value.status, refused.value.fault) == (400, Fault.TWO_SESSION_DESCRIPTIONS)


def test_a_malformed_body_has_no_session_and_says_who_sent_it() -> None:
    message = request(b"--b\r\n", Content_Type="multipart/mixed;boundary=b", Call_ID="1")
    assert session_description(message) is None
    with pytest.raises(Malformed) as refused:
        is_readable(message)
    assert refused.value.fault is Fault.MALFORMED_MULTIPART
    assert refused.value.partial is not None
    assert refused.value.partial.call_id == "1"


@pytest.mark.parametrize(
    ("accept", "accepted"),
    [
        ("application/sdp", True),
        ("Application / SDP;level=1", True),
        ("text/plain, application/*", True),
        ("*/*", True),
        ("text/plain", False),
        ("", False),
        ("application/sdp;q=0", False),
        ("application/sdp;q=0.000, */*", False),
        ("*/*;q=0, application/sdp;q=0.1", True),
        ("application/sdp;q=;", True),
        ("application\u00a0/sdp", False),
    ],
)
def test_20_1_accept(accept: str, accepted: bool) -> None:
    assert accepts_description(request(b"", Accept=accept)) is accepted
    assert accepts_description(request(b""))
