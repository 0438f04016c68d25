"""The multi-map of headers."""

from collections.abc import Callable

import pytest

from sip.syntax.fields import Headers, canonical
from sip.syntax.malformed import Malformed


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("via", "Via"),
        ("v", "Via"),
        ("V", "Via"),
        ("CALL-ID", "Call-ID"),
        ("cseq", "CSeq"),
        ("www-authenticate", "WWW-Authenticate"),
        ("x-foo", "X-Foo"),
        ("X-FOO", "X-Foo"),
    ],
)
def test_one_spelling(written: str, name: str) -> None:
    assert canonical(written) == name


@pytest.mark.parametrize("name", ["", "a b", "a:", "ñ", "a\r\nb", "a\n"])
def test_no_header_name(name: str) -> None:
    with pytest.raises(ValueError, match="header name"):
        Headers([(name, "x")])


def test_order_and_case() -> None:
    headers = Headers([("v", "1"), ("To", "2"), ("VIA", "3")])
    assert list(headers) == [("Via", "1"), ("To", "2"), ("Via", "3")]
    assert headers.get("via") == "1"
    assert headers.lines("v") == ["1", "3"]
    assert headers.get("From") is None
    assert headers.lines("From") == []
    assert "t" in headers
    assert "From" not in headers
    assert headers.count("Via") == 2
    assert len(headers) == 3


def test_changes() -> None:
    headers = Headers([("Via", "1"), ("To", "2"), ("Via", "3")])
    twin = headers.copy()
    headers.prepend("Via", "0")
    headers.add("Route", " <sip:a> ")
    assert list(headers) == [("Via", "0"), ("Via", "1"), ("To", "2"), ("Via", "3"), ("Route", "<sip:a>")]
    headers.set("v", "9")
    assert list(headers) == [("Via", "9"), ("To", "2"), ("Route", "<sip:a>")]
    headers.set("Subject", "x")
    headers.remove("t")
    headers.remove("t")
    assert list(headers) == [("Via", "9"), ("Route", "<sip:a>"), ("Subject", "x")]
    assert list(twin) == [("Via", "1"), ("To", "2"), ("Via", "3")]
    assert headers != twin
    assert twin == Headers(twin)


@pytest.mark.parametrize("value", ["a\r\nVia: b", "a\nb", "a\r", "\n", "a\0b"])
@pytest.mark.parametrize("change", [Headers.add, Headers.set, Headers.prepend])
def test_a_value_never_becomes_a_header(change: Callable[[Headers, str, str], None], value: str) -> None:
    headers = Headers([("To", "x")])
    with pytest.raises(ValueError, match="line end"):
        change(headers, "Subject", value)
    assert list(headers) == [("To", "x")]


def test_comma_lists_only_where_the_grammar_has_them() -> None:
    headers = Headers(
        [
            ("Supported", "timer, 100rel"),
            ("k", "path"),
            ("Require", ""),
            ("Date", "Sat, 21 Nov 2026 10:00:00 GMT"),
            ("Authorization", 'Digest username="a", realm="b"'),
            ("Allow", "INVITE,,ACK ,"),
            ("Accept", 'a/b;c="d,e",,f/g'),
        ]
    )
    assert headers.all("Supported") == ["timer", "100rel", "path"]
    assert headers.all("Require") == []
    assert headers.all("Date") == ["Sat, 21 Nov 2026 10:00:00 GMT"]
    assert headers.all("Authorization") == ['Digest username="a", realm="b"']
    assert headers.all("Allow") == ["INVITE", "ACK"]
    with pytest.raises(Malformed, match="Empty Value In List: Accept"):
        headers.all("Accept")


def test_shows_itself() -> None:
    assert repr(Headers([("v", "1")])) == "Headers([('Via', '1')])"
