"""Where the three parsers are known to differ, as data: a message each, who reads it how, and who is right.

Each is run: a version of an oracle that has changed its mind is noticed.
"""

from dataclasses import dataclass

from sip.syntax.malformed import Fault
from tests.sip.torture import build

REFUSES = "refuses"
SAME = "as we do"
OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Difference:
    """`fault` is ours, None where we take it; the others refuse it, or take it, then the same or otherwise.

    `section` says why we are right.
    """

    name: str
    data: bytes
    fault: Fault | None
    sipmessage: str
    sippy: str
    section: str


INVITE = "INVITE sip:bob@b.example SIP/2.0"


def with_from(value: str) -> bytes:
    return build(INVITE, From=f"{value};tag=1")


DIFFERENCES = (
    # What we take, and one of them does not, or reads otherwise
    Difference("folded header", build(INVITE, Subject="a\r\n b"), None, REFUSES, SAME, "3261 7.3.1"),
    Difference(
        "blank before the colon",
        build(INVITE, To=None, **{"To ": "<sip:b@c>"}),
        None,
        REFUSES,
        SAME,
        "3261 7.3.1",
    ),
    Difference(
        "compact name in capitals", build(INVITE, To=None, T="<sip:b@c>"), None, SAME, SAME, "3261 7.3.3"
    ),
    Difference("version in small letters", build("INVITE sip:b@c sip/2.0"), None, REFUSES, SAME, "3261 7.1"),
    Difference("escaped quote", with_from(r'"a \"b\"" <sip:a@b>'), None, SAME, OTHERWISE, "3261 25.1"),
    Difference("escaped backslash", with_from(r'"a \\" <sip:a@b>'), None, SAME, REFUSES, "3261 25.1"),
    Difference("escaped letter", with_from(r'"\a" <sip:a@b>'), None, OTHERWISE, OTHERWISE, "3261 25.1"),
    Difference(
        "two blanks in a display name", with_from('"a  b" <sip:a@b>'), None, OTHERWISE, SAME, "3261 25.1"
    ),
    Difference(
        "line separator of Unicode", with_from('"a\u2028b" <sip:a@b>'), None, OTHERWISE, REFUSES, "3261 25.1"
    ),
    Difference(
        "bracket and comma in a contact",
        build(INVITE, Contact='">" <sip:,@b>'),
        None,
        SAME,
        REFUSES,
        "3261 25.1",
    ),
    Difference(
        "percent sign in a tag",
        build(INVITE, From="<sip:a@b>;tag=%41"),
        None,
        OTHERWISE,
        SAME,
        "4475 3.1.1.5",
    ),
    Difference(
        "parameter name in capitals",
        build(INVITE, From="<sip:a@b>;Tag=1"),
        None,
        OTHERWISE,
        OTHERWISE,
        "3261 7.3.1",
    ),
    Difference(
        "semicolon in a quoted value",
        build(INVITE, From='<sip:a@b>;x="c;tag=2";tag=1'),
        None,
        SAME,
        SAME,
        "3261 25.1",
    ),
    Difference(
        "comma in a quoted Via value",
        build(INVITE, Via='SIP/2.0/UDP a;x="b,c"'),
        None,
        SAME,
        REFUSES,
        "3261 25.1",
    ),
    Difference(
        "blanks in Via", build(INVITE, Via="SIP / 2.0 / UDP a : 5060"), None, REFUSES, REFUSES, "3261 25.1"
    ),
    Difference("tel URI", build(INVITE, To="<tel:+34911>"), None, SAME, REFUSES, "3966 3"),
    Difference("another scheme", build(INVITE, To="<urn:service:sos>"), None, REFUSES, REFUSES, "4475 3.3.4"),
    Difference(
        "headers of a URI", build(INVITE, Contact="<sip:a@b?x=y>"), None, REFUSES, SAME, "3261 19.1.1"
    ),
    Difference(
        "escape in a host-like user", build(INVITE, To="<sip:a%40b@c>"), None, SAME, SAME, "3261 19.1.2"
    ),
    Difference("digit in the last label", build(INVITE, To="<sip:a@b2>"), None, REFUSES, SAME, "3261 25.1"),
    Difference(
        "# in a user", build(INVITE, To="<sip:*21#@c>"), None, REFUSES, SAME, "the phones that dial it"
    ),
    Difference("_ in a host", build(INVITE, To="<sip:a@b_c>"), None, REFUSES, SAME, "the hosts that have it"),
    Difference(
        "three colons",
        build(INVITE, To="<sip:a@[2001:db8:::192.0.2.1]>"),
        None,
        OTHERWISE,
        OTHERWISE,
        "5118 4.10",
    ),
    Difference(
        "contact of all", build("REGISTER sip:a SIP/2.0", Contact="*"), None, REFUSES, REFUSES, "3261 10.2.2"
    ),
    # What we refuse, and one of them takes
    Difference(
        "Content-Length twice",
        build(INVITE, Content_Length="0\r\nl: 0"),
        Fault.REPEATED_HEADER,
        SAME,
        SAME,
        "3261 7.3.1",
    ),
    Difference(
        "Content-Length that lies",
        build(INVITE, Content_Length="9"),
        Fault.BODY_TOO_SHORT,
        SAME,
        REFUSES,
        "3261 18.3",
    ),
    Difference(
        "two From",
        build(INVITE, From="<sip:a@b>;tag=1\r\nFrom: <sip:c@d>"),
        Fault.REPEATED_HEADER,
        SAME,
        SAME,
        "3261 7.3.1",
    ),
    Difference(
        "digits of Unicode", build(INVITE, CSeq="٣ INVITE"), Fault.MALFORMED_CSEQ, SAME, SAME, "3261 25.1"
    ),
    Difference(
        "underscore in a number",
        build(INVITE, CSeq="1_0 INVITE"),
        Fault.MALFORMED_CSEQ,
        REFUSES,
        SAME,
        "3261 25.1",
    ),
    Difference(
        "CSeq of 2**31",
        build(INVITE, CSeq="2147483648 INVITE"),
        Fault.MALFORMED_CSEQ,
        SAME,
        SAME,
        "3261 8.1.1.5",
    ),
    Difference(
        "CSeq of another method",
        build(INVITE, CSeq="1 BYE"),
        Fault.CSEQ_OF_ANOTHER_METHOD,
        SAME,
        SAME,
        "3261 8.1.1.5",
    ),
    Difference(
        "blank of Unicode in CSeq",
        build(INVITE, CSeq="1\u00a0INVITE"),
        Fault.MALFORMED_CSEQ,
        SAME,
        SAME,
        "3261 25.1",
    ),
    Difference("NUL", build(INVITE, Subject="a\0b"), Fault.CONTROL_CHARACTER, SAME, SAME, "3261 25.1"),
    Difference(
        "two tags",
        build(INVITE, From="<sip:a@b>;tag=1;tag=2"),
        Fault.DUPLICATE_PARAMETER,
        SAME,
        SAME,
        "3261 7.3.1",
    ),
    Difference(
        "two branches",
        build(INVITE, Via="SIP/2.0/UDP a;branch=b;branch=c"),
        Fault.DUPLICATE_PARAMETER,
        SAME,
        SAME,
        "3261 7.3.1",
    ),
    Difference(
        "tag without a value",
        build(INVITE, From="<sip:a@b>;tag"),
        Fault.MALFORMED_TAG,
        SAME,
        SAME,
        "3261 25.1",
    ),
    Difference(
        "port 65536", build(INVITE, To="<sip:a@b:65536>"), Fault.MALFORMED_PORT, SAME, SAME, "3261 19.1.1"
    ),
    Difference("port 0", build(INVITE, To="<sip:a@b:0>"), Fault.MALFORMED_PORT, SAME, SAME, "3261 19.1.1"),
    Difference(
        "octet of 256", build(INVITE, To="<sip:a@10.0.0.256>"), Fault.MALFORMED_HOST, SAME, SAME, "791 3.1"
    ),
    Difference(
        "short IPv4 address",
        build(INVITE, To="<sip:a@127.1>"),
        Fault.MALFORMED_HOST,
        REFUSES,
        SAME,
        "3261 25.1",
    ),
    Difference(
        "IPv6 of nine groups",
        build(INVITE, To="<sip:a@[1:2:3:4:5:6:7:8:9]>"),
        Fault.MALFORMED_IPV6_ADDRESS,
        SAME,
        SAME,
        "3986 3.2.2",
    ),
    Difference(
        "call id with a blank", build(INVITE, Call_ID="a b"), Fault.MALFORMED_CALL_ID, SAME, SAME, "3261 25.1"
    ),
    Difference(
        "two URIs in To",
        build(INVITE, To="<sip:a@b>, <sip:c@d>"),
        Fault.MALFORMED_PARAMETER,
        REFUSES,
        SAME,
        "3261 20.39",
    ),
    Difference(
        "lr twice",
        build(INVITE, To="<sip:a@b;lr;lr>"),
        Fault.DUPLICATE_URI_PARAMETER,
        SAME,
        SAME,
        "3261 19.1.1",
    ),
    Difference(
        "headers in the Request-URI",
        build("INVITE sip:b@c?x=y SIP/2.0"),
        Fault.HEADERS_IN_REQUEST_URI,
        REFUSES,
        SAME,
        "3261 19.1.1",
    ),
    Difference(
        "blanks in the request line",
        build("INVITE  sip:b@c SIP/2.0"),
        Fault.MALFORMED_START_LINE,
        REFUSES,
        SAME,
        "3261 7.1",
    ),
    Difference(
        "version 7", build("INVITE sip:b@c SIP/7.0"), Fault.VERSION_NOT_SUPPORTED, REFUSES, SAME, "3261 7.1"
    ),
    Difference(
        "status 999", build("SIP/2.0 999 x", CSeq="1 BYE"), Fault.MALFORMED_START_LINE, SAME, SAME, "3261 7.2"
    ),
    Difference(
        "separators in a display name",
        with_from("Bell, A <sip:a@b>"),
        Fault.MALFORMED_ADDRESS,
        REFUSES,
        REFUSES,
        "4475 3.1.2.15",
    ),
    Difference(
        "Max-Forwards of 300",
        build(INVITE, Max_Forwards="300"),
        Fault.MALFORMED_MAX_FORWARDS,
        SAME,
        SAME,
        "3261 20.22",
    ),
)

LENIENT = {
    Fault.REPEATED_HEADER: "3261 7.3.1",
    Fault.CONTROL_CHARACTER: "3261 25.1",
    Fault.BODY_TOO_SHORT: "3261 18.3",
    Fault.MALFORMED_CONTENT_LENGTH: "3261 20.14",
    Fault.MALFORMED_MAX_FORWARDS: "3261 20.22",
    Fault.MALFORMED_CALL_ID: "3261 25.1",
    Fault.MALFORMED_CSEQ: "3261 8.1.1.5",
    Fault.CSEQ_OF_ANOTHER_METHOD: "3261 8.1.1.5",
    Fault.DUPLICATE_PARAMETER: "3261 7.3.1",
    Fault.MALFORMED_PARAMETER: "3261 25.1",
    Fault.MALFORMED_TAG: "3261 25.1",
    Fault.MALFORMED_VIA: "3261 25.1",
    Fault.MALFORMED_PORT: "3261 19.1.1",
    Fault.MALFORMED_HOST: "3261 25.1",
    Fault.MALFORMED_IPV6_ADDRESS: "3986 3.2.2",
    Fault.DUPLICATE_URI_PARAMETER: "3261 19.1.1",
    Fault.MALFORMED_START_LINE: "3261 7.1 and 7.2",
    Fault.MALFORMED_HEADER_LINE: "3261 25.1, message-header",
    Fault.MALFORMED_ADDRESS: "3261 25.1, name-addr",
    Fault.MALFORMED_URI: "3261 25.1, SIP-URI",
    Fault.MALFORMED_URI_PARAMETER: "3261 25.1, uri-parameters",
    Fault.CALL_ID_MISSING: "3261 8.1.1",
    Fault.EMPTY_VALUE: "3261 7.3.1",
}
"""Faults of ours that both others have been seen to overlook, and the section that says that it is one."""
