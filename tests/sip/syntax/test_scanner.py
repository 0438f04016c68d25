"""The scanner's kernels, each test against both builds, and both against each other on anything."""

from collections.abc import Callable
from time import process_time
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ext.scanner
import sip.syntax.scanner
from sip.syntax import limits
from sip.syntax.fields import NAMES

TWINS = [pytest.param(sip.syntax.scanner, id="pure"), pytest.param(ext.scanner, id="compiled")]
both = pytest.mark.parametrize("twin", TWINS)

HEAD = b"OPTIONS sip:a@b SIP/2.0\r\n"


def message(*lines: bytes) -> bytes:
    return HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n"


@both
@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"Via: x", ("Via", "x")),
        (b"v:x", ("Via", "x")),
        (b"V: x", ("Via", "x")),
        (b"VIA \t : \t x \t ", ("Via", "x")),
        (b"call-id: a", ("Call-ID", "a")),
        (b"x-asterisk-hangup: a", ("X-Asterisk-Hangup", "a")),
        (b"Subject:", ("Subject", "")),
        (b"Subject: a:b", ("Subject", "a:b")),
        (b"Subject: a\r\n b", ("Subject", "a b")),
        (b"Subject: a  \r\n \t b\r\n\tc", ("Subject", "a   b c")),
        (b"Subject:\r\n a", ("Subject", "a")),
        (b"Subject: a\r\n \r\n  \r\n b", ("Subject", "a   b")),
        (b"Subject: \xc3\xb1", ("Subject", "ñ")),
        (b"Subject: \xff", ("Subject", "\udcff")),
        (b'To: "\\\x00\\\x07\\\x7f"', ("To", '""')),
        (b'To: "a" "\\"\\\x00"', ("To", '"a" "\\""')),
        (b"o'b*r-%!_+`~.: y", ("O'B*R-%!_+`~.", "y")),
    ],
)
def test_header_line(twin: ModuleType, line: bytes, field: tuple[str, str]) -> None:
    data = message(line) + b"body"
    start, names, values, offset = twin.scan(data, NAMES)
    assert start == "OPTIONS sip:a@b SIP/2.0"
    assert list(zip(names, values, strict=True)) == [field]
    assert data[offset:] == b"body"


@both
@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", ValueError("Headers Not Ended")),
        (HEAD, ValueError("Headers Not Ended")),
        (HEAD + b"Via: x\r\n", ValueError("Headers Not Ended")),
        (HEAD.replace(b"\r", b"") + b"\n", ValueError("Headers Not Ended")),
        (HEAD + b" Via: x\r\n\r\n", ValueError("Folded Start Line")),
        (message(b"Via"), ValueError("Malformed Header Line")),
        (message(b": x"), ValueError("Malformed Header Line")),
        (message(b"V\xc3\xada: x"), ValueError("Malformed Header Line")),
        (message(b"Via x: y"), ValueError("Malformed Header Line")),
        (message(b"Via: x\nTo: y"), ValueError("Malformed Header Line")),
        (message(b"Via: x\rTo: y"), ValueError("Malformed Header Line")),
        (message(b"Via: x\r"), ValueError("Malformed Header Line")),
        (message(b"Subject\r\n : a"), ValueError("Malformed Header Line")),
        (message(b"a: b", b"Subject\r\n\t: a"), ValueError("Malformed Header Line")),
        (message(b"Subject\r\n a: b"), ValueError("Malformed Header Line")),
        (message(b"Vi\x00a: x"), ValueError("Malformed Header Line")),
        (message(b"Vi\xc2\xa0a: x"), ValueError("Malformed Header Line")),
        (message(b"Via\x0b: x"), ValueError("Malformed Header Line")),
        (message(b"Subject: a\x00"), ValueError("Control Character In Header")),
        (message(b"Subject: \x07"), ValueError("Control Character In Header")),
        (message(b"Subject: \x0b"), ValueError("Control Character In Header")),
        (message(b"Subject: a\x7f"), ValueError("Control Character In Header")),
        (message(b"Subject: \\\x00"), ValueError("Control Character In Header")),
        (message(b'To: "a\x00"'), ValueError("Control Character In Header")),
        (message(b'To: "a\\\\\x00"'), ValueError("Control Character In Header")),
        (message(b'To: "a\\\x00'), ValueError("Control Character In Header")),
        (message(b'To: "\\\xc3\xb1" "\\\x00'), ValueError("Control Character In Header")),
        (b"OPTIONS sip:a\x00b SIP/2.0\r\nVia: x\r\n\r\n", ValueError("Control Character In Header")),
        (b"OPTIONS\nsip:a@b SIP/2.0\r\nVia: x\r\n\r\n", ValueError("Malformed Header Line")),
        (message(*[b"a: b"] * 257), OverflowError("Too Many Headers")),
        (message(b"a: " + b"x" * 8193), OverflowError("Header Too Long")),
        (b"OPTIONS sip:" + b"x" * 8192 + b" SIP/2.0\r\n\r\n", OverflowError("Start Line Too Long")),
    ],
)
def test_refused_message(twin: ModuleType, data: bytes, error: Exception) -> None:
    assert outcome(twin.scan, data, NAMES) == (type(error), str(error))


@both
def test_limits_are_not_passed_at_the_limit(twin: ModuleType) -> None:
    _, names, _, _ = twin.scan(message(*[b"a: b"] * limits.MAX_HEADERS), NAMES)
    assert len(names) == limits.MAX_HEADERS
    _, _, values, _ = twin.scan(message(b"a: " + b"x" * limits.MAX_HEADER_CHARS), NAMES)
    assert len(values[0]) == limits.MAX_HEADER_CHARS
    assert len(twin.split_list(",".join("a" * limits.MAX_LIST_ITEMS))) == limits.MAX_LIST_ITEMS
    flags = [f";p{number}" for number in range(limits.MAX_PARAMETERS + 1)]
    assert len(twin.parameters("".join(flags[:-1]))) == limits.MAX_PARAMETERS
    with pytest.raises(OverflowError, match="Too Many Parameters"):
        twin.parameters("".join(flags))
    with pytest.raises(OverflowError, match="Too Many Values In List"):
        twin.split_list(",".join("a" * (limits.MAX_LIST_ITEMS + 1)))


@both
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        (" \t", []),
        (" a ", ["a"]),
        ("a,b", ["a", "b"]),
        (" a ,\tb ", ["a", "b"]),
        ('"a,b" <sip:c,d@e>;x="f,g", <sip:h@i>', ['"a,b" <sip:c,d@e>;x="f,g"', "<sip:h@i>"]),
        (r'"a\",b" <sip:c@d>,e', [r'"a\",b" <sip:c@d>', "e"]),
    ],
)
def test_comma_list(twin: ModuleType, text: str, values: list[str]) -> None:
    assert twin.split_list(text) == values


@both
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (",", "Empty Value In List"),
        ("a,", "Empty Value In List"),
        ("a,,b", "Empty Value In List"),
        (",a", "Empty Value In List"),
        ('a,b"c', "Quote Or Bracket Not Closed"),
        ('a,"b\\"', "Empty Value In List"),
        ("a,b<c", "Quote Or Bracket Not Closed"),
    ],
)
def test_refused_comma_list(twin: ModuleType, text: str, reason: str) -> None:
    assert outcome(twin.split_list, text) == (ValueError, reason)


@both
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        (";lr", {"lr": None}),
        (" ; LR ;Tag = AbC ", {"lr": None, "tag": "AbC"}),
        (';a="b;c"', {"a": "b;c"}),
        (r';a="b\"c\\"', {"a": 'b"c\\'}),
        (";received=[2001:db8::1]", {"received": "[2001:db8::1]"}),
        (';a="";b', {"a": "", "b": None}),
        (";a=x_.!~-%*+`'[::1]", {"a": "x_.!~-%*+`'[::1]"}),
    ],
)
def test_parameters(twin: ModuleType, text: str, found: dict[str, str | None]) -> None:
    assert twin.parameters(text) == found


@both
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("lr", "Malformed Parameter"),
        (";", "Malformed Parameter"),
        (";;lr", "Malformed Parameter"),
        (";a b", "Malformed Parameter"),
        (";a=b c", "Malformed Parameter"),
        (';a="b', "Malformed Parameter"),
        (';a="b"c', "Malformed Parameter"),
        (";ñ=1", "Malformed Parameter"),
        (";empty=", "Malformed Parameter"),
        (";a=b@c", "Malformed Parameter"),
        (";a=<b>", "Malformed Parameter"),
        (";a=b/c", "Malformed Parameter"),
        (";a=٣", "Malformed Parameter"),
        (";a=b\u00a0;c", "Malformed Parameter"),
        (';a="\\ñ"', "Malformed Parameter"),
        (";tag=a;tag=b", "Duplicate Parameter"),
        (";tag=a;TAG=a", "Duplicate Parameter"),
        (";lr;lr", "Duplicate Parameter"),
        (";branch=a;branch=a", "Duplicate Parameter"),
        (";branch=a;branch=a=b", "Malformed Parameter"),
        (";branch=a;branch=a\udcea", "Malformed Parameter"),
        (";branch=a;branch=\x91", "Malformed Parameter"),
    ],
)
def test_refused_parameters(twin: ModuleType, text: str, reason: str) -> None:
    assert outcome(twin.parameters, text) == (ValueError, reason)


@both
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("sip:a@b", ("", "sip:a@b", "")),
        (" sip:a@b ;tag=1", ("", "sip:a@b", ";tag=1")),
        ("<sip:a@b;lr>;tag=1", ("", "sip:a@b;lr", ";tag=1")),
        ("Ana Ruiz <sip:a@b>", ("Ana Ruiz", "sip:a@b", "")),
        ("Ana Ñíguez 1. <sip:a@b>", ("Ana Ñíguez 1.", "sip:a@b", "")),
        ("Jos\udce9 <sip:a@b>", ("Jos\udce9", "sip:a@b", "")),
        ('"Ana <x>" <sip:a@b>', ("Ana <x>", "sip:a@b", "")),
        (r'"A \"n\" \\a"<sip:a@b> ;x', (r'A "n" \a', "sip:a@b", " ;x")),
        ('""<sip:a@b>', ("", "sip:a@b", "")),
    ],
)
def test_address(twin: ModuleType, text: str, parts: tuple[str, str, str]) -> None:
    assert twin.split_address(text) == parts


@both
@pytest.mark.parametrize(
    "text",
    [
        "",
        ";tag=1",
        "sip:a@b?x=y",
        "sip:a@b,c",
        "sip:a@b c",
        '"Ana sip:a@b',
        '"Ana" sip:a@b',
        '"Ana <sip:a@b>',
        "Ana <sip:a@b",
        "Ana <<sip:a@b>>",
        'A"n"a <sip:a@b>',
        "Ruiz, Ana <sip:a@b>",
        "S.A. (Madrid) <sip:a@b>",
        "a@b <sip:a@b>",
        "a;b <sip:a@b>",
        "a:b <sip:a@b>",
        "a\\b <sip:a@b>",
        '"\\ñ" <sip:a@b>',
        "sip:a@b>",
    ],
)
def test_refused_address(twin: ModuleType, text: str) -> None:
    assert outcome(twin.split_address, text) == (ValueError, "Malformed Address")


@both
@pytest.mark.parametrize(
    ("quoted", "text"),
    [('""', ""), ('"a"', "a"), (r'"a\\\"b\c"', r"a\"bc"), ('"a\\"', "a\\"), ("", ""), ('"', "")],
)
def test_unquote(twin: ModuleType, quoted: str, text: str) -> None:
    assert twin.unquote(quoted) == text


@both
@pytest.mark.parametrize("run", [b" ", b"\t", b"\r", b"\n", b"\r\n ", b'"', b"<", b"\\", b";", b","])
def test_long_runs_cost_linear_time(twin: ModuleType, run: bytes) -> None:
    body = run * (60000 // len(run))
    started = process_time()
    outcome(twin.scan, message(b"a: b\r\n c", b"d: " + body), NAMES)
    for kernel in (twin.split_list, twin.parameters, twin.split_address):
        for text in (body.decode(), f"a,{body.decode()}", f";a={body.decode()}x"):
            outcome(kernel, text)
    assert process_time() - started < 1.0


PIECES = [
    b"\r\n",
    b"\r\n ",
    b"\r",
    b"\n",
    b":",
    b": ",
    b"Via",
    b"v",
    b"X-y",
    b"\t",
    b" ",
    b"\x00",
    b"\xc3\xb1",
    b"\xc3",
    b"\xff",
]
heads = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3)).map(b"".join)
LETTERS = st.text(
    alphabet=st.sampled_from(' \t,;=<>"\\?aB[]:.@ñ\udcff\x00\r\n') | st.characters(), max_size=40
)


@given(heads)
def test_twins_scan_alike(head: bytes) -> None:
    for data in (head, HEAD + head, HEAD + b"a: b\r\n" + head + b"\r\n\r\n"):
        assert outcome(ext.scanner.scan, data, NAMES) == outcome(sip.syntax.scanner.scan, data, NAMES)


@given(LETTERS)
@pytest.mark.parametrize("kernel", ["split_list", "parameters", "split_address", "unquote"])
def test_twins_read_alike(kernel: str, text: str) -> None:
    ours, reference = getattr(ext.scanner, kernel), getattr(sip.syntax.scanner, kernel)
    for given_text in (text, ";" + text, "a," + text, f'"{text}"', f"<{text}>{text}"):
        assert outcome(ours, given_text) == outcome(reference, given_text)


def outcome(kernel: Callable[..., Any], *arguments: object) -> object:
    """What the kernel returns, or which error it raises and why."""
    try:
        return kernel(*arguments)
    except (ValueError, OverflowError) as error:
        return type(error), str(error)
