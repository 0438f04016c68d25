"""Messages: RFC 3261 sections 7, 8.1.1, 18.3 and 20."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Message as TheirMessage

from sip.headers import STAR, CSeq
from sip.limits import MAX_MESSAGE_BYTES
from sip.message import Headers, Malformed, Partial, Request, Response, is_keepalive, parse, salvage

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
    [b"f: <sip:x@y>;tag=2", b"To: <sip:x@y>", b"Call-ID: 1@10.0.0.1", b"CSeq: 1 INVITE", b"max-forwards: 1"],
)
def test_header_that_must_not_come_twice(line: bytes) -> None:
    assert refused(invite(line)).reason.startswith("More Than One")


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
        (b"Contact: ", b"Contact: ,", "Empty Value In List In Contact"),
        (b"To: <", b"To: <<", "Malformed Address"),
        (b";tag=abc", b";tag=abc;tag=d", "Conflicting Parameters"),
        (b"Via: SIP/2.0/UDP 10.0.0.1", b"Via: SIP/2.0/UDP 10.0.0.1,", "Malformed Via"),
        (b"Max-Forwards: 69", b"Route: sip:a@b?x", "Malformed Address"),
        (b"Max-Forwards: 69", b"Record-Route: <sip:>", "Malformed Host"),
        (
            b"Max-Forwards: 69",
            b"Via: " + b"SIP/2.0/UDP a," * 128 + b"SIP/2.0/UDP a",
            "Too Many Values In List In Via",
        ),
    ],
)
def test_refused_header(old: bytes, new: bytes, reason: str) -> None:
    fault = refused(INVITE.replace(old, new) + b"\r\n")
    assert (fault.status, fault.reason) == (400, reason)
    assert fault.partial is not None
    assert fault.partial.method == "INVITE"


def test_too_many_vias_on_lines_of_their_own() -> None:
    assert refused(invite(*[b"Via: SIP/2.0/UDP a"] * 128)).reason == "Too Many Values In Via"


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
    ("lines", "body"),
    [
        ([], b"12345"),
        ([b"Content-Length: 5"], b"12345"),
        ([b"l: 3"], b"123"),
        ([b"Content-Length: 0"], b""),
        ([b"Content-Length:\r\n 0000000000000000000002"], b"12"),
        ([b"Content-Length: 2", b"l: 2"], b"12"),
        ([b"Content-Length: " + b"0" * 5000 + b"2"], b"12"),
    ],
)
def test_18_3_body_of_a_datagram(lines: list[bytes], body: bytes) -> None:
    assert parse(invite(*lines, body=b"12345")).body == body


@pytest.mark.parametrize(
    ("lines", "status", "reason"),
    [
        ([b"Content-Length: 6"], 400, "Body Shorter Than Content-Length"),
        ([b"Content-Length: 2", b"l: 3"], 400, "Conflicting Content-Length"),
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
value = st.text(st.characters(exclude_characters="\r\n"), max_size=30).map(lambda text: text.strip(" \t"))
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
    assert (ours.method, ours.uri, ours.body) == (theirs.method, str(theirs.uri), theirs.body)  # type: ignore[attr-defined]
    for name in ("Via", "From", "To", "Call-ID", "CSeq", "Contact", "Subject", "Supported"):
        assert ours.headers.lines(name) == theirs.headers.getlist(name)
