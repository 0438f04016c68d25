"""Typed header values: RFC 3261 section 20, RFC 3581, RFC 5118."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Address as TheirAddress
from sipmessage import CSeq as TheirCSeq
from sipmessage import Via as TheirVia

from sip.syntax.headers import CSeq, NameAddr, Via, parse_seconds, quote, write_parameters
from sip.syntax.malformed import Malformed
from sip.syntax.uri import Uri
from tests.sip.syntax.test_uri import names, uris

BOB = Uri("sip", "bob", host="example.com")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 INVITE", CSeq(1, "INVITE")),
        ("0009 \t INVITE", CSeq(9, "INVITE")),
        ("2147483647 invite", CSeq(2147483647, "invite")),
        ("0" * 5000 + "7 a'b", CSeq(7, "a'b")),
    ],
)
def test_cseq(text: str, value: CSeq) -> None:
    assert CSeq.parse(text) == value
    assert CSeq.parse(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "INVITE",
        "-1 INVITE",
        "+1 INVITE",
        "1_0 INVITE",
        "2147483648 BYE",
        "9" * 5000 + " BYE",
        "1 A B",
        "1 A\n",
        "٣ BYE",
        "１ BYE",
        "1A",
        "1\u00a0BYE",
        "1.0 BYE",
        "0x1 BYE",
        "1 BY(E",
        "1,2 BYE",
    ],
)
def test_refused_cseq(text: str) -> None:
    with pytest.raises(Malformed, match="CSeq"):
        CSeq.parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sip:bob@example.com;tag=1", NameAddr("", BOB, {"tag": "1"})),
        ("<sip:bob@example.com>;tag=1", NameAddr("", BOB, {"tag": "1"})),
        ("Bob  B <sip:bob@example.com> ; Tag = 1", NameAddr("Bob  B", BOB, {"tag": "1"})),
        (r'"Bob \"B\" \\" <sip:bob@example.com>', NameAddr('Bob "B" \\', BOB)),
        ("Ñandú S.A. <sip:bob@example.com>", NameAddr("Ñandú S.A.", BOB)),
        (
            '<sip:bob@example.com>;+sip.instance="<urn:uuid:1>"',
            NameAddr("", BOB, {"+sip.instance": "<urn:uuid:1>"}),
        ),
        ("<tel:+34911>", NameAddr("", Uri("tel", "+34911"))),
    ],
)
def test_name_addr(text: str, value: NameAddr) -> None:
    assert NameAddr.parse(text) == value
    assert NameAddr.parse(str(value)) == value


def test_parameters_belong_to_the_header_without_brackets() -> None:
    assert NameAddr.parse("sip:bob@example.com;transport=tcp").uri.params == {}
    assert NameAddr.parse("<sip:bob@example.com;transport=tcp>").params == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "<bob>",
        '"Bob <sip:b@c>',
        "<sip:b@c",
        "sip:b@c?x=y",
        "<sip:b@c>;;",
        "<sip:b@c> x",
        "<sip:b@c:0>",
        "< sip:b@c>",
        "<sip:b@c >",
        "<sip:b@c>;x=",
        "<sip:b@c>;x;x",
        "<sip:b@c>,<sip:d@e>",
        "sip:b@c,d@e",
        "sip:b,c@d",
        "<>",
        "Ruiz, Bob <sip:b@c>",
        "<sip:b@c>;ñ",
        "<sip:b@c>\u00a0;x",
        '<sip:b@c>;x="a',
    ],
)
def test_refused_name_addr(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        NameAddr.parse(text)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("params", "expires"),
    [
        ("", None),
        (";expires=60", 60),
        (";expires=soon", 3600),
        (";expires=-1", 3600),
        (";expires=99999999999", 2**32 - 1),
    ],
)
def test_contact_expires(params: str, expires: int | None) -> None:
    assert NameAddr.parse(f"<sip:b@c>{params}").expires == expires


@pytest.mark.parametrize(
    ("params", "q"),
    [("", 1.0), (";q=0.5", 0.5), (";q=1.000", 1.0), (";q=0", 0.0), (";q", 1.0), (";q=nan", 1.0),
     (";q=1e9", 1.0), (";q=0.1234", 1.0), (";q=-1", 1.0), (";q=2", 1.0), (";q=0_1", 1.0)],
)  # fmt: skip
def test_contact_q(params: str, q: float) -> None:
    assert NameAddr.parse(f"<sip:b@c>{params}").q == q


@pytest.mark.parametrize("text", ["sip:p.example;lr", "sip:a@b", "", "p.example"])
def test_a_route_needs_its_brackets(text: str) -> None:
    with pytest.raises(Malformed, match="Malformed Address"):
        NameAddr.parse_route(text)
    assert NameAddr.parse_route("<sip:p.example;lr>").uri.params == {"lr": None}


@pytest.mark.parametrize("mark", ["\r", "\n", "\0", "\x07", "\x7f", "\r\nVia: x"])
def test_nothing_is_written_that_begins_another_line(mark: str) -> None:
    for value in (
        NameAddr(f"a{mark}", BOB),
        NameAddr("", BOB, {"x": f"a{mark}"}),
        NameAddr("", BOB, {f"x{mark}": None}),
        NameAddr("", Uri("sip", host=f"a{mark}")),
        NameAddr("", Uri("tel", f"1{mark}")),
        NameAddr("", Uri("urn", opaque=f"a{mark}")),
        Via("UDP", f"a{mark}"),
        Via(f"UDP{mark}", "a"),
        Via("UDP", "a", None, {"x": f"a{mark}"}),
        CSeq(1, f"BYE{mark}"),
    ):
        with pytest.raises(ValueError):
            str(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SIP/2.0/UDP a.example", Via("UDP", "a.example")),
        (
            "SIP/2.0/TCP 10.0.0.1:5080;branch=z9hG4bK1;rport",
            Via("TCP", "10.0.0.1", 5080, {"branch": "z9hG4bK1", "rport": None}),
        ),
        ("sip / 2.0 / udp\ta.example : 5080 ; TTL = 16", Via("UDP", "a.example", 5080, {"ttl": "16"})),
        ("SIP/2.0/UDP [::9]:5070;received=2001:db8::1", Via("UDP", "::9", 5070, {"received": "2001:db8::1"})),
        ('SIP/2.0/WSS df7jal23ls0d.invalid;x="a;b"', Via("WSS", "df7jal23ls0d.invalid", None, {"x": "a;b"})),
    ],
)
def test_via(text: str, value: Via) -> None:
    assert Via.parse(text) == value
    assert Via.parse(str(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/3.0/UDP a",
        "SIP/2.0 UDP a",
        "HTTP/2.0/UDP a",
        "SIP/2.0/UDP a:0",
        "SIP/2.0/UDP a:65536",
        "SIP/2.0/UDP a b",
        "SIP/2.0/UDP a;;branch=x",
        "SIP/2.0/UDP [::1",
        "SIP/2.0/UDP [::x]",
        "SIP/2.0/UDP [1::2::3]",
        "SIP/2.0/UDP a;branch=x;branch=y",
        "SIP/2.0/UDP a,b",
        "SIP/2.0/UDP a:",
        "ſIP/2.0/UDP a",
        "SIP/2.0/\u212aDP a",
        "SIP/2.0/UDP \u212a",
        "SIP/2.0/UDP\u00a0a",
        "SIP/2.0/UDP a:５060",
        "SIP/2.0/UDP a:+5060",
        "SIP/2.0/UDP a-",
        "SIP/2.0/UDP 1.2.3",
        "SIP/2.0/UDP 1.2.3.4.5",
        "SIP/2.0/UDP a;branch",
        "SIP/2.0/UDP a;branch=",
        'SIP/2.0/UDP a;branch="z9hG4bKx"',
        "SIP/2.0/UDP a;branch=[x]",
        "SIP/2.0/UDP a;branch=x;branch=x",
        "SIP/2.0/UDP a;rport;rport",
        "SIP/2.0/UDP a;ttl=256",
        "SIP/2.0/UDP a;ttl",
        "SIP/2.0/UDP a;ttl=-1",
    ],
)
def test_refused_via(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        Via.parse(text)
    assert refused.value.status == 400


def test_via_parameters_have_meaning() -> None:
    via = Via.parse("SIP/2.0/UDP Host.Example:5080;branch=z9hG4bKx;received=[2001:db8::1];rport=4000")
    assert (via.branch, via.received, via.rport, via.wants_rport) == ("z9hG4bKx", "2001:db8::1", 4000, True)
    assert via.sent_by == "host.example:5080"


@pytest.mark.parametrize("rport", ["", "0", "65536", "x", "999999", "٣"])
def test_rport_that_is_no_port(rport: str) -> None:
    assert Via("UDP", "a", None, {"rport": rport}).rport is None


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("SIP/2.0/UDP 10.0.0.1:5060;branch=x", "SIP/2.0/UDP 10.0.0.1:5060;branch=x"),
        ("SIP/2.0/UDP 10.0.0.2:5060;branch=x", "SIP/2.0/UDP 10.0.0.2:5060;branch=x;received=10.0.0.1"),
        ("SIP/2.0/UDP 10.0.0.1;rport;branch=x", "SIP/2.0/UDP 10.0.0.1;rport=4000;branch=x;received=10.0.0.1"),
        ("SIP/2.0/UDP pc.example;received=1.2.3.4", "SIP/2.0/UDP pc.example;received=10.0.0.1"),
    ],
)
def test_via_seen_from(sent: str, seen: str) -> None:
    assert str(Via.parse(sent).seen_from("10.0.0.1", 4000)) == seen


def test_seconds() -> None:
    assert parse_seconds("3600") == 3600
    assert parse_seconds("1" * 5000) == 2**32 - 1
    for wrong in ("", "-1", "1.5", "soon", "٣"):
        with pytest.raises(Malformed):
            parse_seconds(wrong)


def test_writing_quotes_what_is_no_token() -> None:
    assert quote('a"b\\') == r'"a\"b\\"'
    assert (
        write_parameters({"a": None, "b": "c", "d": "e f", "g": "", "h": "::1"})
        == ';a;b=c;d="e f";g="";h=::1'
    )
    with pytest.raises(ValueError, match="parameter name"):
        write_parameters({"a b": "c"})


written = st.text(st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x7f"), max_size=12)
ours = names.filter(lambda name: name not in ("tag", "branch", "ttl"))
params = st.dictionaries(ours, st.none() | written, max_size=4)


@given(st.builds(NameAddr, written.map(lambda name: name.strip(" \t")), uris, params))
def test_name_addr_round_trip(value: NameAddr) -> None:
    assert NameAddr.parse(str(value)) == value


@given(st.builds(Via, st.sampled_from(["UDP", "TCP", "TLS"]), st.sampled_from(["a.b", "::1", "10.0.0.1"]),
                 st.none() | st.integers(1, 65535), params))  # fmt: skip
def test_via_round_trip(value: Via) -> None:
    assert Via.parse(str(value)) == value


@given(st.text(max_size=80) | st.text('SIP/2.0UDP <>"\\;=,:[]@ab1%'))
@pytest.mark.parametrize("kind", [CSeq, NameAddr, Via])
def test_anything_is_a_value_or_malformed(kind: type[CSeq | NameAddr | Via], text: str) -> None:
    for attempt in (text, "SIP/2.0/UDP " + text, "<sip:a@b>" + text, "1 " + text):
        try:
            value = kind.parse(attempt)
        except Malformed:
            continue
        assert kind.parse(str(value)) == value


@pytest.mark.parametrize(
    "text", ['"Bob" <sip:bob@example.com>;tag=1', "<sip:bob@example.com;lr>", "sip:bob@example.com;tag=1"]
)
def test_name_addr_agrees_with_sipmessage(text: str) -> None:
    ours, theirs = NameAddr.parse(text), TheirAddress.parse(text)
    assert (ours.display, str(ours.uri)) == (theirs.name, str(theirs.uri))
    assert dict(ours.params) == dict(theirs.parameters)


@pytest.mark.parametrize(
    "text", ["SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1", "SIP/2.0/TCP a.example;branch=b;x"]
)
def test_via_agrees_with_sipmessage(text: str) -> None:
    ours, theirs = Via.parse(text), TheirVia.parse(text)
    assert (ours.transport, ours.host, ours.port) == (theirs.transport, theirs.host, theirs.port)
    assert dict(ours.params) == dict(theirs.parameters)


def test_cseq_agrees_with_sipmessage() -> None:
    theirs = TheirCSeq.parse("42 INVITE")
    assert CSeq.parse("42 INVITE") == CSeq(theirs.sequence, theirs.method)
