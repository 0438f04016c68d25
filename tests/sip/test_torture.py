"""The cases of RFC 4475 (torture test messages) and RFC 5118 (IPv6), told in our own messages."""

import pytest

from sip.headers import STAR
from sip.message import Malformed, Request, Response, parse

DEFAULTS = {
    "Via": "SIP/2.0/UDP 192.0.2.15;branch=z9hG4bK1",
    "From": "<sip:caller@example.com>;tag=1",
    "To": "sip:callee@example.com",
    "Call-ID": "torture@192.0.2.15",
    "CSeq": "1 OPTIONS",
    "Max-Forwards": "70",
}


def build(
    start: str = "OPTIONS sip:callee@example.com SIP/2.0", body: str = "", **changes: str | None
) -> bytes:
    """A message whose headers are the defaults with `changes` (`Call_ID` for Call-ID, None to leave out)."""
    fields = DEFAULTS | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [start, *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def read(data: bytes) -> Request | Response:
    message = parse(data)
    message.check()
    return message


VALID = {
    "3.1.1.1 whitespace and folds everywhere": (
        b"INVITE sip:callee@example.com;lr SIP/2.0\r\n"
        b"TO :\r\n sip:callee@example.com ;  tag    = 42\r\n"
        b'from   : "J \\\\\\"   "       <sip:j@example.com>\r\n  ;\r\n  tag = 43\r\n'
        b"MaX-fOrWaRdS: 68\r\n"
        b"Call-ID: ws.1@192.0.2.1\r\nCSeq: 0009\r\n  INVITE\r\n"
        b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=z9hG4bK390\r\n"
        b"s :\r\nStrange:\r\n  new value\r\n continued\r\nOdd: ;;,,;;,;\r\n"
        b"v:  SIP  / 2.0  / TCP     192.0.2.1  ;\r\n  branch  =   z9hG4bK9 ,\r\n"
        b" SIP  /    2.0   / UDP  192.0.2.3;branch=z9hG4bK3\r\n"
        b'm:"Quoted string \\"\\"" <sip:j@example.com> ; more =\r\n value ;\r\n q = 0.33 ,\r\n tel:44\r\n\r\n'
    ),
    "3.1.1.2 characters that are rarely seen": build(
        "!odd-Method09_*+`.%x'~ sip:1_odd.URI~(ok!sure)&isn't+it$/x?,/;;*:&it+has=1,w!@example.com SIP/2.0",
        CSeq="139122385 !odd-Method09_*+`.%x'~",
        To='"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_odd.URI~(ok!sure)&isn\'t+it$/x?,/;;*@example.com>',
        From="token1~` token2'+_ token3*%!.- <sip:a@b.example>;p''~+*_!.-%=\"работающий\";tag=_t~1'+-!%.",
    ),
    "3.1.1.3 escapes in URIs": build("OPTIONS sip:sips%3Auser%40example.com@example.net SIP/2.0"),
    "3.1.1.4 escaped nulls": build(To="<sip:null-%00-null@example.com>"),
    "3.1.1.5 percent in tokens is no escape": build("RE%47IST%45R sip:a@b SIP/2.0", CSeq="1 RE%47IST%45R"),
    "3.1.1.6 no blank before the bracket": build(From="caller<sip:caller@example.com>;tag=1"),
    "3.1.1.7 long values": build(
        To=f'"A name of {"extreme" * 20} length" <sip:u@b.example:6000;unknown={"v" * 200}>',
        Via=", ".join(f"SIP/2.0/TCP sip{number}.example.com" for number in range(34)),
        Call_ID="long" * 100,
    ),
    "3.1.1.9 semicolon in the user part": build("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"),
    "3.1.1.10 transports nobody knows": build(
        Via="SIP/2.0/UNKNOWN t5.example.com;branch=z9hG4bK1, SIP/2.0/SCTP a"
    ),
    "3.1.1.12 reason phrase beyond ASCII": build("SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять"),
    "3.1.1.13 empty reason phrase": build("SIP/2.0 100 "),
    "3.4.1 no Max-Forwards, as RFC 2543 had none": build(Max_Forwards=None),
    "3.3.4 unknown scheme outside of the Request-URI": build(
        To="<isbn:2983792873>", From="<name:John>;tag=1"
    ),
    "3.3.11 no hops left": build(Max_Forwards="0"),
    "3.3.12 contact with a parameter": build(Contact="sip:+19725552222@gw1.example.net;unknownparam"),
    "3.3.14 escaped header in a contact": build(
        Contact="<sip:u@example.com?Route=%3Csip:sip.example.com%3E>"
    ),
    "5118 4.1 IPv6": build(
        "OPTIONS sip:[2001:db8::10] SIP/2.0",
        Via="SIP/2.0/UDP [2001:db8::9:1]:5070;branch=z9hG4bK1",
        Contact='"Caller" <sip:caller@[2001:db8::1]>',
    ),
    "5118 4.5 IPv6 in received with brackets": build(
        Via="SIP/2.0/UDP [::1];received=[2001:db8::9:255];branch=x"
    ),
    "5118 a port behind the brackets": build("OPTIONS sip:callee@[2001:db8::1]:5060 SIP/2.0"),
    "5118 4.10 IPv4-mapped address": build("OPTIONS sip:callee@[::ffff:192.0.2.10] SIP/2.0"),
}

INVALID = {
    "3.1.2.1 separators without values": (400, build(Via="SIP/2.0/UDP 192.0.2.15;;,;,,")),
    "3.1.2.1 separators behind a contact": (400, build(Contact='"Joe" <sip:joe@example.org>;;;;')),
    "3.1.2.2 content length beyond the message": (400, build(body="short", Content_Length="9999")),
    "3.1.2.3 negative content length": (400, build(body="body", Content_Length="-999")),
    "3.1.2.4 numbers out of range: CSeq": (400, build(CSeq="36893488147419103232 OPTIONS")),
    "3.1.2.4 numbers out of range: Max-Forwards": (400, build(Max_Forwards="300")),
    "3.1.2.5 numbers out of range in a response": (
        400,
        build("SIP/2.0 503 Busy", CSeq="9292394834772304023 BYE"),
    ),
    "3.1.2.6 quote never closed": (400, build(To='"Mr. J. User <sip:j.user@example.com>')),
    "3.1.2.7 brackets around the Request-URI": (400, build("OPTIONS <sip:user@example.com> SIP/2.0")),
    "3.1.2.8 blank in the Request-URI": (400, build("OPTIONS sip:user@example.com; lr SIP/2.0")),
    "3.1.2.9 blanks in the start line": (400, build("OPTIONS  sip:user@example.com  SIP/2.0")),
    "3.1.2.10 blank behind the start line": (400, build("OPTIONS sip:user@example.com SIP/2.0  ")),
    "3.1.2.11 header in the Request-URI": (
        400,
        build("OPTIONS sip:user@example.com?Route=%3Csip:x%3E SIP/2.0"),
    ),
    "3.1.2.13 question mark in a bare contact": (
        400,
        build(Contact="sip:u@example.com?Route=%3Csip:example.com%3E"),
    ),
    "3.1.2.14 blanks around the address": (400, build(To='"Watson, Thomas" < sip:t.watson@example.org >')),
    "3.1.2.16 version 7": (505, build("OPTIONS sip:t.watson@example.org SIP/7.0")),
    "3.1.2.17 methods differ": (400, build(CSeq="8 INVITE")),
    "3.1.2.18 methods differ, both unknown": (
        400,
        build("NEWMETHOD sip:u@example.com SIP/2.0", CSeq="8 INVITE"),
    ),
    "3.1.2.19 status out of range": (400, build("SIP/2.0 4294967301 better not break the receiver")),
    "3.3.1 mandatory headers missing": (400, build(From=None, To=None, Call_ID=None)),
    "3.3.2 unknown scheme": (416, build("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0")),
    "3.3.3 known scheme that is not for SIP": (416, build("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0")),
    "3.3.8 several values where one may be": (
        400,
        build(CSeq="1 OPTIONS\r\nCSeq: 2 OPTIONS\r\nCall-ID: other"),
    ),
    "3.3.9 content lengths differ": (400, build(body="there is no way to know", Content_Length="23\r\nl: 5")),
    "5118 4.2 IPv6 without brackets": (400, build("OPTIONS sip:2001:db8::10 SIP/2.0")),
}


@pytest.mark.parametrize("case", VALID)
def test_taken_and_written_back(case: str) -> None:
    message = read(VALID[case])
    again = read(message.encode())
    assert (again.from_, again.to, again.vias, again.cseq) == (
        message.from_,
        message.to,
        message.vias,
        message.cseq,
    )
    assert message.contacts is STAR or again.contacts == message.contacts


@pytest.mark.parametrize("case", INVALID)
def test_refused(case: str) -> None:
    status, data = INVALID[case]
    with pytest.raises(Malformed) as refused:
        read(data)
    assert refused.value.status == status
    assert refused.value.partial is not None


def test_3_1_1_1_means_what_it_says() -> None:
    message = read(VALID["3.1.1.1 whitespace and folds everywhere"])
    assert (message.to_tag, message.from_tag, message.from_.display) == ("42", "43", 'J \\"   ')
    assert [(via.transport, via.host) for via in message.vias] == [
        ("UDP", "192.0.2.2"),
        ("TCP", "192.0.2.1"),
        ("UDP", "192.0.2.3"),
    ]
    assert message.headers.get("Strange") == "new value continued"
    assert message.contacts is not STAR
    assert [str(contact.uri) for contact in message.contacts] == ["sip:j@example.com", "tel:44"]
    assert message.contacts[0].params == {"more": "value", "q": "0.33"}


def test_3_1_1_8_a_second_message_behind_the_first_is_not_read() -> None:
    first = build(body="", Content_Length="0")
    assert parse(first + build("INVITE sip:a@b SIP/2.0", CSeq="1 INVITE")) == parse(first)


def test_3_1_1_3_escapes_are_resolved_once() -> None:
    message = read(VALID["3.1.1.3 escapes in URIs"])
    assert isinstance(message, Request)
    assert message.target.user == "sips:user@example.com"
    assert str(message.target) == "sip:sips%3Auser%40example.com@example.net"
