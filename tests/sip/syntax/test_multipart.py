"""Multipart bodies: RFC 2046 section 5.1, RFC 5621."""

import pytest

from sip.syntax.limits import MAX_MULTIPART_DEPTH, MAX_PARTS
from sip.syntax.malformed import Fault, Malformed
from sip.syntax.multipart import Part, read_body

MIXED = {"Content-Type": "multipart/mixed;boundary=b"}


def tree(part: Part) -> object:
    """A part as (type, content), a multipart as (type, [its parts])."""
    return part.media_type.name, [tree(each) for each in part.parts] if part.parts else part.content


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        (b"--b\r\n\r\nx\r\n--b--", [("", b"x")]),
        (b"--b\r\n\r\nx\r\n--b--\r\n", [("", b"x")]),
        (b"preamble\r\n--b\r\n\r\nx\r\n--b--\r\nepilogue", [("", b"x")]),
        (b"--b \t\r\n\r\nx\r\n--b-- \t\r\n", [("", b"x")]),
        (b"--b\r\n\r\n\r\n--b--", [("", b"")]),
        (b"--b\r\n\r\n\r\n\r\n--b--", [("", b"\r\n")]),
        (b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", [("text/plain", b"x")]),
        (b"--b\r\nContent-Type: text/plain\r\n\r\n--b--", [("text/plain", b"")]),
        (b"--b\r\ncontent-type : Text / Plain;charset=x\r\n\r\nx\r\n--b--", [("text/plain", b"x")]),
        (b"--b\r\nContent-Type:\r\n text/plain\r\n\r\nx\r\n--b--", [("text/plain", b"x")]),
        (b"--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--", [("", b"x"), ("", b"y")]),
        (b"--b\r\n\r\n\x00\xff\r\n-b\r\n--\r\n--b--", [("", b"\x00\xff\r\n-b\r\n--")]),
        (b"--b\r\n\r\nx\n--b\n--b--\r\n--b--", [("", b"x\n--b\n--b--")]),
        (b"--b\r\nc: text/plain\r\n\r\nx\r\n--b--", [("", b"x")]),
    ],
)
def test_parts(body: bytes, parts: list[tuple[str, bytes]]) -> None:
    assert tree(read_body(MIXED, body)) == ("multipart/mixed", parts)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/mixed", b"--b\r\n\r\nx\r\n--b--"),
        ("multipart/mixed;boundary", b"--b\r\n\r\nx\r\n--b--"),
        ('multipart/mixed;boundary=""', b"--\r\n\r\nx\r\n----"),
        ('multipart/mixed;boundary="b "', b"--b \r\n\r\nx\r\n--b --"),
        ('multipart/mixed;boundary="ñ"', "--ñ\r\n\r\nx\r\n--ñ--".encode()),
        (f"multipart/mixed;boundary={'b' * 71}", b"--%s\r\n\r\nx\r\n--%s--" % (b"b" * 71, b"b" * 71)),
        ("multipart/mixed;boundary=b", b""),
        ("multipart/mixed;boundary=b", b"nothing"),
        ("multipart/mixed;boundary=b", b"--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n--b"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n--b\r\n"),
        ("multipart/mixed;boundary=b", b"--b\n\nx\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n--bc\r\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n--b---"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n--b--y"),
        ("multipart/mixed;boundary=b", b"--bx\r\n\r\ny\r\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\nno header\r\n\r\nx\r\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\nContent-Type: a/b\r\n--b--"),
        ("multipart/mixed;boundary=b", b"--b\r\n Content-Type: a/b\r\n\r\nx\r\n--b--"),
        (
            "multipart/mixed;boundary=b",
            b"--b\r\nContent-Type: a/b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--",
        ),
        ("multipart/mixed;boundary=b", b"--b\r\n" + b"a: b\r\n" * 257 + b"\r\nx\r\n--b--"),
        (
            "multipart/mixed;boundary=b",
            b"--b\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b--",
        ),
    ],
)
def test_malformed(content_type: str, body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        read_body({"Content-Type": content_type}, body)
    assert (refused.value.status, refused.value.fault) == (400, Fault.MALFORMED_MULTIPART)


@pytest.mark.parametrize(
    ("header", "value", "fault"),
    [
        ("Content-Type", "application", Fault.MALFORMED_CONTENT_TYPE),
        ("Content-Type", "application/sdp;a=b;a=b", Fault.MALFORMED_CONTENT_TYPE),
        ("Content-Type", "application\u00a0/sdp", Fault.MALFORMED_CONTENT_TYPE),
        ("Content-Type", "multipart/mixed boundary=b", Fault.MALFORMED_CONTENT_TYPE),
        ("Content-Disposition", "", Fault.MALFORMED_CONTENT_DISPOSITION),
        ("Content-Disposition", "session;;", Fault.MALFORMED_CONTENT_DISPOSITION),
    ],
)
def test_malformed_headers(header: str, value: str, fault: Fault) -> None:
    with pytest.raises(Malformed) as refused:
        read_body({header: value}, b"x")
    assert refused.value.fault is fault


@pytest.mark.parametrize(
    ("headers", "disposition", "required", "encoded"),
    [
        ({}, "render", True, False),
        ({"Content-Type": "application/sdp"}, "session", True, False),
        ({"Content-Type": "application/isup"}, "render", True, False),
        ({"Content-Disposition": "Signal ; Handling = Optional"}, "signal", False, False),
        ({"Content-Disposition": "session;handling=required"}, "session", True, False),
        ({"Content-Disposition": "session;handling=perhaps"}, "session", True, False),
        ({"Content-Transfer-Encoding": "Binary"}, "render", True, False),
        ({"Content-Transfer-Encoding": "base64"}, "render", True, True),
        ({"Content-Encoding": "gzip"}, "render", True, True),
    ],
)
def test_what_a_part_is_for(headers: dict[str, str], disposition: str, required: bool, encoded: bool) -> None:
    part = read_body(headers, b"x")
    assert (part.disposition, part.required, part.encoded) == (disposition, required, encoded)


def nested(depth: int) -> bytes:
    """A part within `depth` multiparts, the outermost of which is b0."""
    body = b"x"
    for level in reversed(range(depth)):
        head = b"Content-Type: multipart/mixed;boundary=%d\r\n" % (level + 1) if level < depth - 1 else b""
        body = b"--%d\r\n%s\r\n%s\r\n--%d--" % (level, head, body, level)
    return body


def test_depth() -> None:
    headers = {"Content-Type": "multipart/mixed;boundary=0"}
    deepest = read_body(headers, nested(MAX_MULTIPART_DEPTH))
    for _ in range(MAX_MULTIPART_DEPTH):
        (deepest,) = deepest.parts
    assert deepest.content == b"x"
    with pytest.raises(Malformed) as refused:
        read_body(headers, nested(MAX_MULTIPART_DEPTH + 1))
    assert (refused.value.status, refused.value.fault) == (400, Fault.MULTIPART_TOO_DEEP)


def test_number_of_parts() -> None:
    part = b"--b\r\n\r\nx\r\n"
    assert len(read_body(MIXED, part * MAX_PARTS + b"--b--").parts) == MAX_PARTS
    for count in (MAX_PARTS + 1, 10_000):
        with pytest.raises(Malformed) as refused:
            read_body(MIXED, part * count + b"--b--")
        assert refused.value.fault is Fault.TOO_MANY_PARTS


def test_a_multipart_in_a_transfer_encoding_is_not_looked_into() -> None:
    part = read_body(MIXED | {"Content-Transfer-Encoding": "base64"}, b"--b\r\n\r\nx\r\n--b--")
    assert (part.encoded, part.parts) == (True, ())
