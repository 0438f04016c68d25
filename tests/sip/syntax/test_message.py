"""Messages: RFC 3261 sections 7, 8.1.1, 18.3 and 20."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Message as TheirMessage
from sipmessage import Request as TheirRequest

from sip.syntax.headers import STAR, CSeq
from sip.syntax.limits import MAX_MESSAGE_BYTES
from sip.syntax.message import (
    Fault,
    Headers,
    Malformed,
    Partial,
    Request,
    Response,
    is_keepalive,
    parse,
    salvage,
)

INVITE = (
    b"INVITE sip:+34911000000@10.0.0.2 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bK-1;rport\r\n"
    b'From: "Carrier" <sip:+34600111222@10.0.0.1>;tag=abc\r\n'
    b"To: <sip:+34911000000@10.0.0.2>\r\n"
    b"Call-ID: 1@10.0.0.1\r\n"
    b"CSeq: 1 INVITE\r\n"
    b"Max-Forwards: 69\r\n"
    b"Contact: <sip:10.0.0.1:5080>\r\n"
)


def invite(*lines: bytes, body: bytes = b"") -> bytes:
    return INVITE + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def without(name: bytes) -> bytes:
    return b"".join(line for line in INVITE.splitlines(True) if not line.startswith(name)) + b"\r\n"


def request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def refused(data: bytes) -> Malformed:
    with pytest.raises(Malformed) as error:
        parse(data).check()
    return error.value


def test_request() -> None:
    message = request(invite(b"Content-Length: 4", body=b"v=0\n"))
    message.check()
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:+34911000000@10.0.0.2", b"v=0\n")
    assert (message.call_id, message.cseq) == ("1@10.0.0.1", CSeq(1, "INVITE"))
    assert (message.from_.display, message.from_tag, message.to_tag) == ("Carrier", "abc", None)
    assert (message.to.uri.user, message.target.host) == ("+34911000000", "10.0.0.2")
    assert (message.top_via.branch, len(message.vias)) == ("z9hG4bK-1", 1)
    assert (message.max_forwards, message.expires) == (69, None)
    assert message.contacts != STAR
    assert message.routes == message.record_routes == []


def test_response() -> None:
    message = parse(
        INVITE.replace(b"INVITE sip:+34911000000@10.0.0.2 SIP/2.0", b"SIP/2.0 486 No  puedo: \xff") + b"\r\n"
    )
    assert isinstance(message, Response)
    message.check()
    assert (message.status, message.reason) == (486, "No  puedo: \udcff")
    assert parse(message.encode()).headers.get("From") == message.headers.get("From")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"", 400),
        (b"INVITE", 400),
        (b"INVITE sip:a@b", 400),
        (b"INVITE  sip:a@b SIP/2.0", 400),
        (b"INVITE sip:a@b  SIP/2.0", 400),
        (b"INVITE sip:a@b SIP/2.0 ", 400),
        (b"INVITE sip:a@b; lr SIP/2.0", 400),
        (b"INVITE <sip:a@b> SIP/2.0", 400),
        (b"INV(TE sip:a@b SIP/2.0", 400),
        (b"INVITE sip:a@b SIP/2", 400),
        (b"INVITE sip:a@b HTTP/1.1", 400),
        (b"INVITE sip:a@b SIP/7.0", 505),
        (b"SIP/1.0 200 OK", 505),
        (b"SIP/2.0 20 OK", 400),
        (b"SIP/2.0 700 OK", 400),
        (b"SIP/2.0 2000 OK", 400),
        (b"SIP/2.0 4294967301 OK", 400),
        (b"INVITE sip:a@b@c SIP/2.0", 400),
        (b"INVITE sip: SIP/2.0", 400),
        (b"INVITE http:a SIP/2.0", 416),
        (b"INVITE\tsip:a@b\tSIP/2.0", 400),
        (b"INVITE sip:a\xc2\xa0@b SIP/2.0", 400),
        (b"INVITE sip:a\xc3\xb1@b SIP/2.0", 400),
        (b'INVITE sip:"a"@b SIP/2.0', 400),
        (b"INVITE \xd9\xa3 SIP/2.0", 400),
        (b"INVIT\xc3\x89 sip:a@b SIP/2.0", 400),
        (b"INVITE sip:a@b \xc5\xbfIP/2.0", 400),
        (b"INVITE sip:a@b SIP/2.\xd9\xa0", 400),
        (b"INVITE sip:a@b SIP/2.00", 505),
        (b"INVITE sip:a@b SIP/02.0", 505),
        (b"INVITE sip:a@b SIP/ 2.0", 400),
        (b"INVITE sip:a@b?b=c SIP/2.0", 400),
        (b"SIP/2.0 \xd9\xa2\xd9\xa0\xd9\xa0 OK", 400),
        (b"SIP/2.0  200 OK", 400),
        (b"SIP/2.0 +20 OK", 400),
        (b"SIP/2.0 200 O\x00K", 400),
        (b"INVITE sip:" + b"a" * 3000 + b" SIP/2.0", 414),
    ],
)
def test_refused_start_line(line: bytes, status: int) -> None:
    _, _, rest = INVITE.partition(b"\r\n")
    assert refused(line + b"\r\n" + rest + b"\r\n").status == status


@pytest.mark.parametrize("line", [b"SIP/2.0 200", b"SIP/2.0 200 ", b"sip/2.0 200 OK"])
def test_lenient_status_line(line: bytes) -> None:
    message = parse(line + INVITE[INVITE.index(b"\r\n") :] + b"\r\n")
    assert isinstance(message, Response)
    assert message.status == 200


@pytest.mark.parametrize("name", [b"Via", b"From", b"To", b"Call-ID", b"CSeq"])
def test_missing_header(name: bytes) -> None:
    fault = refused(without(name))
    assert (fault.status, fault.reason) == (400, f"{name.decode()} Missing")


@pytest.mark.parametrize(
    "line",
    [
        b"f: <sip:x@y>;tag=2",
        b"To: <sip:x@y>",
        b"Call-ID: 1@10.0.0.1",
        b"CSeq: 1 INVITE",
        b"max-forwards: 1",
        b"Content-Length: 0\r\nl: 0",
        b"c: text/plain\r\nContent-Type: text/plain",
        b"Expires: 1\r\nExpires: 1",
        b"x: 90\r\nSession-Expires: 90",
    ],
)
def test_header_that_must_not_come_twice(line: bytes) -> None:
    assert refused(invite(line)).fault is Fault.REPEATED_HEADER


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"CSeq: 1 INVITE", b"CSeq: 1 BYE", "CSeq Is Of Another Method"),
        (b"CSeq: 1 INVITE", b"CSeq: 1 invite", "CSeq Is Of Another Method"),
        (b"CSeq: 1 INVITE", b"CSeq: x INVITE", "Malformed CSeq"),
        (b"Call-ID: 1@10.0.0.1", b"Call-ID:", "Call-ID Missing"),
        (b"Max-Forwards: 69", b"Max-Forwards: 256", "Malformed Max-Forwards"),
        (b"Max-Forwards: 69", b"Max-Forwards: -1", "Malformed Max-Forwards"),
        (b"Max-Forwards: 69", b"Expires: soon", "Malformed Seconds"),
        (b"Contact: ", b"Contact: *, ", "Contact Mixes * And Addresses"),
        (b"Contact: ", b"Contact: ,", "Empty Value In List: Contact"),
        (b"To: <", b"To: <<", "Malformed Address"),
        (b";tag=abc", b";tag=abc;tag=d", "Duplicate Parameter"),
        (b";tag=abc", b";tag=abc;tag=abc", "Duplicate Parameter"),
        (b";tag=abc", b";tag", "Malformed Tag"),
        (b";tag=abc", b';tag="abc"', "Malformed Tag"),
        (b";tag=abc", b";tag=[a]", "Malformed Tag"),
        (b";tag=abc", b";tag=a@b", "Malformed Parameter"),
        (b"branch=z9hG4bK-1", b"branch=z9hG4bK-1;branch=z9hG4bK-1", "Duplicate Parameter: Via"),
        (b"Call-ID: 1@10.0.0.1", b"Call-ID: a b", "Malformed Call-ID"),
        (b"Call-ID: 1@10.0.0.1", b"Call-ID: a@b@c", "Malformed Call-ID"),
        (b"Call-ID: 1@10.0.0.1", b"Call-ID: \xc3\xb1", "Malformed Call-ID"),
        (b"Call-ID: 1@10.0.0.1", b"Call-ID: a,b", "Malformed Call-ID"),
        (b"Max-Forwards: 69", b"Max-Forwards: +9", "Malformed Max-Forwards"),
        (b"Max-Forwards: 69", b"Max-Forwards: 6_9", "Malformed Max-Forwards"),
        (b"Max-Forwards: 69", b"Max-Forwards: \xd9\xa3", "Malformed Max-Forwards"),
        (b"Max-Forwards: 69", b"Max-Forwards: 6 9", "Malformed Max-Forwards"),
        (b"Max-Forwards: 69", b"Require: a b", "Malformed Option Tag: Require"),
        (b"Max-Forwards: 69", b"Proxy-Require: <x>", "Malformed Option Tag: Proxy-Require"),
        (b"Max-Forwards: 69", b"Content-Type: application\xc2\xa0/sdp", "Malformed Content-Type"),
        (b"Max-Forwards: 69", b"Content-Type: application", "Malformed Content-Type"),
        (b"Max-Forwards: 69", b"Route: sip:p.example;lr", "Malformed Address"),
        (b"Max-Forwards: 69", b"Record-Route: sip:p.example;lr", "Malformed Address"),
        (b"Max-Forwards: 69", b"Record-Route: <sip:p.example;lr;lr>", "Duplicate URI Parameter"),
        (b"Via: SIP/2.0/UDP 10.0.0.1", b"Via: SIP/2.0/UDP 10.0.0.1,", "Malformed Via"),
        (b"Max-Forwards: 69", b"Route: sip:a@b?x", "Malformed Address"),
        (b"Max-Forwards: 69", b"Record-Route: <sip:>", "Malformed Host"),
    ],
)
def test_refused_header(old: bytes, new: bytes, reason: str) -> None:
    fault = refused(INVITE.replace(old, new) + b"\r\n")
    assert (fault.status, fault.reason) == (400, reason)
    assert fault.partial is not None
    assert fault.partial.method == "INVITE"


@pytest.mark.parametrize(
    ("line", "most", "status", "fault"),
    [
        (b"Via: SIP/2.0/UDP a", 69, 483, Fault.TOO_MANY_VIAS),
        (b"Route: <sip:a;lr>", 20, 400, Fault.TOO_MANY_ROUTES),
        (b"Record-Route: <sip:a;lr>", 20, 400, Fault.TOO_MANY_ROUTES),
        (b"Contact: <sip:a>", 9, 400, Fault.TOO_MANY_CONTACTS),
    ],
)
def test_limits_of_lists(line: bytes, most: int, status: int, fault: Fault) -> None:
    name, _, value = line.partition(b": ")

    def joined(count: int) -> bytes:
        return name + b": " + b", ".join([value] * count)

    request(invite(*[line] * most)).check()
    request(invite(joined(most))).check()
    for count in (most + 1, 200):
        for wide in ([line] * count, [joined(count)]):
            found = refused(invite(*wide))
            assert (found.status, found.fault) == (status, fault)


def test_a_response_may_list_more_contacts_than_a_request() -> None:
    head = INVITE.replace(b"INVITE sip:+34911000000@10.0.0.2 SIP/2.0", b"SIP/2.0 200 OK")
    response = parse(head + b"Contact: <sip:a>\r\n" * 100 + b"\r\n")
    response.check()
    assert response.contacts is not STAR
    assert len(response.contacts) == 101


def test_method_is_case_sensitive() -> None:
    message = request(INVITE.replace(b"INVITE", b"invite") + b"\r\n")
    message.check()
    assert message.method == "invite"


def test_several_vias_in_one_line_and_in_two() -> None:
    message = request(
        invite(b"v: SIP/2.0/TCP b.example , SIP / 2.0 / UDP c.example: 5070 ;branch=z9hG4bK,"[:-1])
    )
    assert [via.host for via in message.vias] == ["10.0.0.1", "b.example", "c.example"]
    assert message.top_via.host == "10.0.0.1"
    both = request(INVITE.replace(b";rport", b";rport, SIP/2.0/UDP b") + b"\r\n")
    assert (both.top_via.host, len(both.vias)) == ("10.0.0.1", 2)


def test_contact_star() -> None:
    assert request(INVITE.replace(b"<sip:10.0.0.1:5080>", b"*") + b"\r\n").contacts is STAR


def test_contacts_with_commas_in_names() -> None:
    line = b'm: "Ruiz, Ana" <sip:a@b;x=1>;expires=60,<sip:c@d>;q=0.5'
    contacts = request(without(b"Contact")[:-2] + line + b"\r\n\r\n").contacts
    assert contacts is not STAR
    assert [(contact.display, contact.uri.user, contact.expires) for contact in contacts] == [
        ("Ruiz, Ana", "a", 60),
        ("", "c", None),
    ]


def test_max_forwards_of_rfc_2543_peers() -> None:
    assert request(without(b"Max-Forwards")).max_forwards == 70


@pytest.mark.parametrize(
    ("line", "content_type"),
    [
        (b"c: Application/SDP", "application/sdp"),
        (b"Content-Type: application / sdp;charset=utf-8", "application/sdp"),
        (b"Subject: none", None),
    ],
)
def test_content_type(line: bytes, content_type: str | None) -> None:
    assert request(invite(line)).content_type == content_type


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        (b'Reason: Q.850;cause=16;text="Normal; clearing"', 16),
        (b"Reason: SIP;cause=200, q.850 ; cause=31", 31),
        (b"Reason: SIP;cause=200", None),
        (b"Reason: Q.850;cause=x", None),
        (b"Reason: Q.850;cause=128", None),
        (b"Reason: Q.850;cause=00000000000016", None),
        (b"Reason: Q.850;;", None),
        (b"Reason: ,;", None),
        (b"Reason: Q.850;cause=" + b"0" * 5000, None),
        (b"Reason: Q.850", None),
        (b"Subject: none", None),
    ],
)
def test_q850_cause(line: bytes, cause: int | None) -> None:
    assert request(invite(line)).q850 == cause


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        (b"Retry-After: 120", 120),
        (b"Retry-After: 18000;duration=3600", 18000),
        (b"Retry-After: 120 (I'm in a meeting; back soon)", 120),
        (b"Retry-After: " + b"9" * 5000, 2**32 - 1),
        (b"Retry-After: soon", None),
        (b"Retry-After: -1", None),
        (b"Subject: none", None),
    ],
)
def test_retry_after(line: bytes, seconds: int | None) -> None:
    assert request(invite(line)).retry_after_s == seconds


@pytest.mark.parametrize(
    ("line", "names", "known"),
    [
        (b"Supported: timer, 100REL", ("Supported",), True),
        (b"Supported: timer, 100rel", ("Require",), False),
        (b"Supported: timer, 100rel", ("Require", "Supported"), True),
        (b"k: 100rel\r\nk: timer", ("Supported",), True),
        (b"Supported: x100rel", ("Supported",), False),
        (b"Supported:", ("Supported",), False),
    ],
)
def test_option_tags(line: bytes, names: tuple[str, ...], known: bool) -> None:
    assert request(invite(line)).has_option("100rel", *names) is known


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        (b"Allow: INVITE, ACK, UPDATE", True),
        (b"Allow: INVITE,UPDATE ,BYE", True),
        (b"Allow: INVITE\r\nAllow: UPDATE", True),
        (b"Allow: X-UPDATE, UPDATES", False),
        (b"Allow: update", False),  # methods are case-sensitive: section 7.1
        (b"Subject: UPDATE", False),
    ],
)
def test_allow(line: bytes, allowed: bool) -> None:
    assert request(invite(line)).allows("UPDATE") is allowed


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ([], b"12345"),
        ([b"Content-Length: 5"], b"12345"),
        ([b"l: 3"], b"123"),
        ([b"Content-Length: 0"], b""),
        ([b"Content-Length:\r\n 0000000000000000000002"], b"12"),
        ([b"Content-Length: " + b"0" * 5000 + b"2"], b"12"),
    ],
)
def test_18_3_body_of_a_datagram(lines: list[bytes], body: bytes) -> None:
    assert parse(invite(*lines, body=b"12345")).body == body


@pytest.mark.parametrize(
    ("lines", "status", "reason"),
    [
        ([b"Content-Length: 6"], 400, "Body Shorter Than Content-Length"),
        ([b"Content-Length: 2", b"l: 3"], 400, "Repeated Header: Content-Length"),
        ([b"Content-Length: 2", b"Content-Length: 2"], 400, "Repeated Header: Content-Length"),
        ([b"Content-Length: 1_0"], 400, "Malformed Content-Length"),
        ([b"Content-Length: 1 0"], 400, "Malformed Content-Length"),
        ([b"Content-Length: 2;x"], 400, "Malformed Content-Length"),
        ([b"Content-Length: \xef\xbc\x92"], 400, "Malformed Content-Length"),
        ([b"Content-Length: -1"], 400, "Malformed Content-Length"),
        ([b"Content-Length: +1"], 400, "Malformed Content-Length"),
        ([b"Content-Length: 2, 2"], 400, "Malformed Content-Length"),
        ([b"Content-Length: 0x2"], 400, "Malformed Content-Length"),
        ([b"Content-Length:"], 400, "Malformed Content-Length"),
        ([b"Content-Length: \xd9\xa3"], 400, "Malformed Content-Length"),
        ([b"Content-Length: " + b"9" * 5000], 413, "Request Entity Too Large"),
    ],
)
def test_18_3_refused_body(lines: list[bytes], status: int, reason: str) -> None:
    fault = refused(invite(*lines, body=b"12345"))
    assert (fault.status, fault.reason) == (status, reason)


def test_message_too_large() -> None:
    assert parse(invite(body=b"x" * (MAX_MESSAGE_BYTES - len(invite()))))
    fault = refused(invite(body=b"x" * MAX_MESSAGE_BYTES))
    assert (fault.status, fault.partial and fault.partial.call_id) == (513, "1@10.0.0.1")
    assert refused(invite(*[b"a: b"] * 300)).status == 513


def test_what_can_be_read_of_a_malformed_message() -> None:
    fault = refused(INVITE.replace(b"To: ", b"To ") + b"garbage\r\n v : SIP/2.0/UDP x\r\nVia: y\n")
    assert fault.partial == Partial(
        method="INVITE",
        vias=["SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bK-1;rport", "y"],
        from_='"Carrier" <sip:+34600111222@10.0.0.1>;tag=abc',
        to=None,
        call_id="1@10.0.0.1",
        cseq="1 INVITE",
    )
    assert salvage(b"\xff\x00") == Partial(None, [], None, None, None, None)
    assert salvage(b"SIP/2.0 200 OK\r\nv: x").method is None
    assert str(fault) == "400 Headers Not Ended"


def test_typed_access_reads_again_only_what_changed() -> None:
    message = request(invite())
    first = message.from_
    assert message.from_ is first
    assert message.vias[0] is message.vias[0]
    assert message.vias is not message.vias
    message.headers.set("From", "<sip:x@y>;tag=z")
    message.headers.add("Via", "SIP/2.0/UDP second")
    assert (message.from_.tag, message.from_tag, len(message.vias)) == ("z", "z", 2)
    message.uri = "sip:other"
    assert message.target.host == "other"
    message.headers.remove("From")
    with pytest.raises(Malformed, match="From Missing"):
        _ = message.from_tag


def test_8_2_6_2_response() -> None:
    message = request(invite(b"Via: SIP/2.0/UDP second", b"Record-Route: <sip:p;lr>"))
    answer = message.answer(180, to_tag="ours")
    assert (answer.status, answer.reason) == (180, "Ringing")
    assert list(answer.headers) == [
        ("Via", "SIP/2.0/UDP 10.0.0.1:5080;branch=z9hG4bK-1;rport"),
        ("Via", "SIP/2.0/UDP second"),
        ("From", '"Carrier" <sip:+34600111222@10.0.0.1>;tag=abc'),
        ("To", "<sip:+34911000000@10.0.0.2>;tag=ours"),
        ("Call-ID", "1@10.0.0.1"),
        ("CSeq", "1 INVITE"),
    ]
    message.headers.set("To", '<sip:x@y;tag=no> ; TAG = theirs;x="<z>"')
    assert message.answer(200, "Fine", to_tag="ours").to_tag == "theirs"
    assert message.answer(200, "Fine").reason == "Fine"


def test_answer_to_what_could_be_read() -> None:
    partial = Partial("INVITE", ["SIP/2.0/UDP a"], None, "sip:x@y", None, "1 INVITE")
    answer = Response.for_request(partial, 400, "Call-ID Missing", to_tag="t")
    assert answer.encode() == (
        b"SIP/2.0 400 Call-ID Missing\r\nVia: SIP/2.0/UDP a\r\nTo: sip:x@y;tag=t\r\nCSeq: 1 INVITE\r\n"
        b"Content-Length: 0\r\n\r\n"
    )


@pytest.mark.parametrize(
    "message",
    [
        Request("INVITE", "sip:a@b\r\nVia: x", Headers()),
        Request("INVITE", "sip:a@b SIP/2.0\n", Headers()),
        Request("INVITE", "sip:a b", Headers()),
        Request("INVITE", "", Headers()),
        Request("INV ITE", "sip:a", Headers()),
        Response(200, "OK\r\nVia: x", Headers()),
        Response(99, "", Headers()),
        Response(700, "", Headers()),
    ],
)
def test_never_writes_two_messages_for_one(message: Request | Response) -> None:
    with pytest.raises(ValueError):
        message.encode()


def test_writes_content_length_last_and_once() -> None:
    data = Request("BYE", "sip:a", Headers([("l", "99"), ("To", "x")]), b"body").encode()
    assert data == b"BYE sip:a SIP/2.0\r\nTo: x\r\nContent-Length: 4\r\n\r\nbody"


def test_bytes_that_are_no_text_survive() -> None:
    data = invite(b"Subject: \xff\xfe \xc3\xb1", b"Content-Length: 2", body=b"\x00\xff")
    assert request(data).encode() == data


def test_line_ends_before_a_message() -> None:
    assert parse(b"\r\n\r\n" + invite()) == parse(invite())


@pytest.mark.parametrize(
    ("data", "answer"), [(b"", True), (b"\r\n\r\n", True), (b"\0\0\0\0", True), (b"\r\nx", False)]
)
def test_keepalive(data: bytes, answer: bool) -> None:
    assert is_keepalive(data) is answer


token = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=10)
value = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f"), max_size=30).map(
    lambda text: text.strip(" \t")
)
MANDATORY = [("Via", "x"), ("From", "x"), ("To", "x"), ("Call-ID", "x"), ("CSeq", "x")]
extra = st.lists(st.tuples(token.map(lambda name: "X" + name), value), max_size=6)


def encodable(text: str) -> bool:
    """Text that can be on the wire: its surrogates, if any, stand for bytes that are no UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == text
    except UnicodeEncodeError:
        return False


@given(token, extra, st.binary(max_size=50))
def test_round_trip(method: str, more: list[tuple[str, str]], body: bytes) -> None:
    fields = [(name, value) for name, value in MANDATORY + more if encodable(value)]
    sent = Request(method, "sip:a@b", Headers([*fields, ("Content-Length", str(len(body)))]), body)
    assert parse(sent.encode()) == sent


@given(st.binary(max_size=200))
def test_anything_is_a_message_or_malformed(noise: bytes) -> None:
    for data in (noise, INVITE + noise, INVITE + noise + b"\r\n\r\n" + noise, noise + invite()):
        message = parsed(data)
        if isinstance(message, Malformed):
            assert 400 <= message.status < 600
            assert message.partial is not None
        else:
            assert parse(message.encode()).headers.lines("Via") == message.headers.lines("Via")


def parsed(data: bytes) -> Request | Response | Malformed:
    try:
        message = parse(data)
        message.check()
    except Malformed as fault:
        return fault
    return message


def test_agrees_with_sipmessage() -> None:
    data = invite(b"Subject: a b", b"Supported: timer, path", b"Content-Length: 3", body=b"abc")
    ours, theirs = request(data), TheirMessage.parse(data)
    assert isinstance(theirs, TheirRequest)
    assert (ours.method, ours.uri, ours.body) == (theirs.method, str(theirs.uri), theirs.body)
    for name in ("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Subject", "Supported"):
        assert ours.headers.lines(name) == theirs.headers.getlist(name)
