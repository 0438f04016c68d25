"""No secret leaves the process, wherever in a message it stands and however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.trace.masking import MOST, mask

SECRET = b"s3cr3tS3cr3ts3cr3t"
HIDDEN = b"*" * len(SECRET)

CREDENTIALS = (
    b'Authorization: Digest username="1001", realm="pbx", uri="sip:pbx", response="%b", nc=00000001',
    b'Proxy-Authorization: Digest username="1001", cnonce="%b", qop=auth',
    b'authorization : DIGEST username="1001",response = "%b"',
    b"AUTHORIZATION: Digest response=%b, username=1001",
    b'Authorization: Digest username="1001",\r\n response="%b"',
    b'Authorization: Digest username="1001",\r\n\tresponse =\r\n "%b"',
    b'Authentication-Info: rspauth="%b", qop=auth',
    b"Authorization: Bearer %b",
    b"Proxy-Authorization: Basic %b",
    b"Authorization: %b",
    b"Authorization: Basic\r\n %b",
    b'Proxy-Authorization: NTLM gssapi-data="%b"',
)
URIS = (
    b"Contact: <sip:1001:%b@192.0.2.1>",
    b"Contact: sips:1001:%b@192.0.2.1:5061;transport=tls",
    b"Route: <SIP:a@b>, <sip:1001:%b@192.0.2.1;lr>",
    b"Route: <sip:192.0.2.7:5060;lr>,<sip:1001:%b@192.0.2.1;lr>",
    b"Refer-To: <sip:1@pbx?Authorization=Digest%%20response%%3D%b>",
    b"Refer-To: <sip:1@pbx?Subject=a&proxy-authorization=%b&Priority=urgent>",
)
KEYS = (
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%b|2^20|1:32",
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%b",
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 INLINE:%b;inline:%b|1:1",
    b"a=key-mgmt:mikey %b",
    b"k=clear:%b",
    b"k=base64:%b",
    b"a=ice-pwd:%b",
)
SIGNATURES = (
    b"Identity: eyJhbGciOiJFUzI1NiJ9.eyJpYXQiOjF9.%b;info=<https://example.com/c.pem>;alg=ES256",
    b"Identity: eyJhbGciOiJFUzI1NiJ9.eyJpYXQiOjF9.x;info=<https://a>, eyJh.eyJi.%b;info=<https://b>",
    b"y: ..%b;info=<https://example.com/c.pem>",
)


@pytest.mark.parametrize(
    "line",
    [
        b"INVITE sip:*60*501*4711@pbx SIP/2.0",
        b"INVITE sip:*60*501*4711%23@pbx SIP/2.0",
        b"INVITE sip:*60501*4711@pbx SIP/2.0",
        b"INVITE sip:*60**501*4711*4711@pbx SIP/2.0",
        b"To: <sip:%2A60%2a501%2A4711@pbx>;tag=1",
        b"To: <tel:#60*501*4711>",
        b'Authorization: Digest username="1001", uri="sip:*60*501*4711@pbx"',
    ],
)
def test_a_pin_that_is_dialled(line: bytes) -> None:
    masked = mask(line)
    assert b"4711" not in masked
    assert b"60" in masked
    assert len(masked) == len(line)


@pytest.mark.parametrize("line", [*CREDENTIALS, *URIS, *SIGNATURES])
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_in_a_header(line: bytes, end: bytes) -> None:
    head = b"INVITE sip:1@pbx SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n"
    message = (head + line % ((SECRET,) * line.count(b"%b")) + b"\r\nMax-Forwards: 70\r\n\r\n").replace(
        b"\r\n", end
    )
    masked = mask(message)
    assert SECRET not in masked
    assert HIDDEN in masked
    assert len(masked) == len(message)
    assert masked.startswith(head.replace(b"\r\n", end))
    assert masked.endswith(b"Max-Forwards: 70" + end * 2)


def test_in_the_request_line() -> None:
    line = b"INVITE sip:a:%b@pbx SIP/2.0\r\n\r\n"
    assert mask(line % SECRET) == line % HIDDEN


def test_a_pin_of_soft_keys_and_what_proves_it() -> None:
    body = b"<p:password>4711</p:password>\r\n<nonce>n</nonce><response>c0ffee</response>"
    masked = b"<p:password>****</p:password>\r\n<nonce>n</nonce><response>******</response>"
    assert mask(b"SUBSCRIBE sip:1 SIP/2.0\r\n\r\n" + body) == b"SUBSCRIBE sip:1 SIP/2.0\r\n\r\n" + masked


def test_the_scheme_of_credentials_stays() -> None:
    assert mask(b"X\r\nAuthorization: Basic abc\r\n\r\n") == b"X\r\nAuthorization: Basic ***\r\n\r\n"


@pytest.mark.parametrize("line", KEYS)
def test_in_a_session_description(line: bytes) -> None:
    body = b"v=0\r\n" + line % ((SECRET,) * line.count(b"%b")) + b"\r\na=sendrecv\r\n"
    message = b"INVITE sip:1@pbx SIP/2.0\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    masked = mask(message)
    assert SECRET not in masked
    assert len(masked) == len(message)
    assert masked.endswith(b"a=sendrecv\r\n")


@pytest.mark.parametrize("line", [*CREDENTIALS, *URIS])
def test_in_a_message_within_a_message(line: bytes) -> None:
    inner = b"INVITE sip:1@pbx SIP/2.0\r\n" + line % SECRET + b"\r\n\r\n"
    outer = b"NOTIFY sip:1@pbx SIP/2.0\r\nContent-Type: message/sip\r\n\r\n"
    assert SECRET not in mask(outer + inner)


@pytest.mark.parametrize(
    ("kind", "body", "masked"),
    [
        (b"application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", b"Signal=x\r\nDuration=160\r\n"),
        (b"application/DTMF-relay", b"signal = #\r\n", b"signal = x\r\n"),
        (b"application/dtmf", b"5", b"x"),
        (b"application/dtmf", b"*\r\n", b"x\r\n"),
        (b"application/dtmf; charset=utf-8", b"5", b"x"),
        (b"application/vnd.nortelnetworks.digits", b"p=0\r\nd=12#\r\n", b"p=0\r\nd=xxx\r\n"),
        (b"application/vnd.nortelnetworks.digits", b"p=0\r\nSignal=*\r\n", b"p=0\r\nSignal=x\r\n"),
        (
            b"multipart/mixed;boundary=b",
            b"--b\r\nc: application/dtmf\r\n\r\n5",
            b"--b\r\nc: application/dtmf\r\n\r\nx",
        ),
        (b"application/dtmf-relay", b"Signal=5\r\n" * 200, b"Signxl=x\r\n" * 200),
    ],
)
def test_digits_that_a_caller_pressed(kind: bytes, body: bytes, masked: bytes) -> None:
    head = b"INFO sip:1@pbx SIP/2.0\r\nContent-Type: %b\r\nCSeq: 5 INFO\r\n\r\n" % kind
    assert mask(head + body) == head + masked


@pytest.mark.parametrize(
    "message",
    [
        b'SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="pbx", nonce="abc", qop="auth"\r\n\r\n',
        b"INVITE sip:10.0.0.1:5060;transport=tcp SIP/2.0\r\nContact: <sip:a@b:5060>\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nContact: <sip:10.0.0.1:5060>, <sip:a@b>\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\n\r\nv=0\r\na=rtpmap:8 PCMA/8000\r\na=ice-ufrag:abc\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nAccept: application/dtmf-relay, application/sdp\r\n\r\n",
        b"INVITE sip:a@b SIP/2.0\r\nAccept: application/dtmf\r\n\r\nv=0\r\n"
        + b"a=rtpmap:8 PCMA/8000\r\n" * 99,
        b"",
        b"\xff\xfe",
    ],
)
def test_what_is_no_secret_stays(message: bytes) -> None:
    assert mask(message) == message


@pytest.mark.parametrize(
    "line", [b"k=clear:%b", b"inline:%b", b"Route: <sip:a:%b@c>", b'response="%b"', b"Y: ..%b"]
)
def test_who_writes_more_secrets_than_any_message_has_is_hidden_from_there_on(line: bytes) -> None:
    """Each costs a microsecond: a message of nothing else would hold up the calls in progress."""
    head = b"INVITE sip:a@b SIP/2.0\r\n"
    piece = line % SECRET + b"\r\n"
    masked = mask(
        head + piece * (MOST - 2) + b"plain text\r\n" + piece * 4 + b"plain text\r\n" + piece * 4000
    )
    assert SECRET not in masked
    assert masked.startswith(head)
    assert masked.count(b"plain text") == 1


PIECES = st.sampled_from(
    [
        *b'sip: sips: @ : < > " \\ response= cnonce inline: Authorization: k=clear: eyJ . .. \xff Y:'.split(),
        *(b" ", b"\r\n", b"Digest ", b"\r\nc: application/dtmf", b"\r\n\r\n", b" = ", b"d=5"),
    ]
)


@given(st.lists(PIECES, max_size=40).map(b"".join))
def test_whatever_comes_keeps_its_length_and_its_lines(message: bytes) -> None:
    masked = mask(message)
    assert len(masked) == len(message)
    assert [len(line) for line in masked.split(b"\r\n")] == [len(line) for line in message.split(b"\r\n")]
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "piece",
    [
        b"sip:a:",
        b"sip:a:b@",
        b"response=",
        b'cnonce="',
        b"inline:",
        b"eyJ",
        b"eyJa.",
        b".eyJ",
        b"Y:..",
        b"k=",
    ],
)
def test_what_repeats_is_looked_at_once(piece: bytes) -> None:
    """In sixteen times what a message may hold: a quadratic search would take minutes."""
    times = 16 * 65_536 // len(piece)
    assert len(mask(piece * times)) == len(piece) * times
