"""What holds for every message that there could be: it is read as it was written, and no line is broken."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.events import IncomingInvite, Outgoing, OutgoingRequest
from sip.syntax.fields import Headers
from sip.syntax.headers import STAR, CSeq, NameAddr, Via, quote
from sip.syntax.malformed import Malformed
from sip.syntax.message import Message, Request, Response, parse
from sip.syntax.sdp import MediaDescription, Origin, SdpError, SessionDescription, parse_sdp
from sip.syntax.uri import Uri
from sip.transactions.writing import header_lines, one_line
from tests.sip import generated as make
from tests.sip.raw import SDP, UDP, Peer

# What is written is read back


@given(make.requests() | make.responses())
def test_a_message_is_read_as_it_was_written(message: Request | Response) -> None:
    written = message.encode()
    again = parse(written)
    again.check()
    ours = sorted(message.headers, key=lambda field: field[0])  # Content-Length is written last
    assert sorted(again.headers, key=lambda field: field[0]) == ours
    assert (again.body, type(again)) == (message.body, type(message))
    assert again.encode() == written


@given(make.requests() | make.responses())
def test_the_meaning_of_every_header_survives(message: Request | Response) -> None:
    again = parse(message.encode())
    assert meaning(again) == meaning(message)
    again.headers = Headers((name, rewritten(again, name, value)) for name, value in again.headers)
    assert meaning(parse(again.encode())) == meaning(message)


def meaning(message: Message) -> tuple[object, ...]:
    start = (message.method, str(message.target)) if isinstance(message, Request) else ()
    return (
        *start,
        message.from_,
        message.to,
        message.call_id,
        message.cseq,
        message.vias,
        message.contacts,
        message.record_routes,
    )


def rewritten(message: Message, name: str, value: str) -> str:
    """A header as we would write it from what it means."""
    read: dict[str, Callable[[str], object]] = {
        "Via": Via.parse, "From": NameAddr.parse, "To": NameAddr.parse, "CSeq": CSeq.parse,
        "Contact": NameAddr.parse, "Record-Route": NameAddr.parse_route,
    }  # fmt: skip
    return str(read[name](value)) if name in read else value


@given(make.uris)
def test_a_uri_is_read_as_it_was_written(uri: Uri) -> None:
    assert Uri.parse(str(uri)) == uri
    assert uri.matches(uri)


@given(make.name_addrs | make.tagged)
def test_an_address_is_read_as_it_was_written(value: NameAddr) -> None:
    assert NameAddr.parse(str(value)) == value


@given(make.vias)
def test_a_via_is_read_as_it_was_written(value: Via) -> None:
    assert Via.parse(str(value)) == value
    seen = value.seen_from("192.0.2.1", 5060)
    assert Via.parse(str(seen)) == seen


@given(make.descriptions)
def test_a_description_is_read_as_it_was_written(description: SessionDescription) -> None:
    assert parse_sdp(description.encode()) == description


@given(st.lists(make.name_addrs, min_size=1, max_size=8))
def test_a_list_is_read_as_it_was_written(values: list[NameAddr]) -> None:
    headers = Headers([("Contact", ", ".join(map(str, values)))])
    assert Response(200, "", headers).contacts == values
    assert Response(200, "", headers).contacts is not STAR


# Nothing that is written breaks its line


def unbroken(text: str) -> bool:
    return re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text) is None


@given(make.hostile)
def test_no_formatting_breaks_a_line(text: str) -> None:
    writes: tuple[Callable[[], str], ...] = (
        lambda: one_line(text),
        lambda: quote(text),
        lambda: str(NameAddr(text, Uri("sip", host="a"))),
        lambda: str(NameAddr("", Uri("sip", text, text, "a", None, {text: text}, {text: text}), {"x": text})),
        lambda: str(NameAddr("", Uri("sip", host="a"), {text: None})),
        lambda: str(Uri("sip", host=text)),
        lambda: str(Uri(text, opaque=text)),
        lambda: str(Uri("tel", text)),
        lambda: str(Via(text, "a")),
        lambda: str(Via("UDP", text)),
        lambda: str(CSeq(1, text)),
    )
    for write in writes:
        try:
            written = write()
        except ValueError:
            continue
        assert unbroken(written)


@given(make.hostile, make.hostile)
def test_no_header_becomes_two(name: str, value: str) -> None:
    for change in (Headers.add, Headers.set, Headers.prepend):
        headers = Headers([("To", "x")])
        try:
            change(headers, name, value)
        except ValueError:
            continue
        assert all(unbroken(f"{key}{text}") for key, text in headers)
    try:
        written = header_lines([(name, value)])
    except ValueError:
        return
    assert unbroken(written.removesuffix("\r\n"))


@given(make.hostile)
def test_no_message_becomes_two(text: str) -> None:
    headers = Headers([("Call-ID", "x")])
    for message in (
        Request(text, "sip:a", headers),
        Request("BYE", text, headers),
        Response(200, text, headers),
    ):
        try:
            written = message.encode()
        except (ValueError, UnicodeEncodeError):
            continue
        assert written.count(b"\r\n") == 4
        assert written.count(b"\n") == written.count(b"\r") == 4
        assert b"\0" not in written


@given(make.hostile)
def test_no_description_gets_another_line(text: str) -> None:
    origin = Origin(1, 1, "192.0.2.1")
    audio = MediaDescription("audio", 4000, "RTP/AVP", ("8",))
    for description in (
        SessionDescription(Origin(1, 1, text), ()),
        SessionDescription(Origin(1, 1, "192.0.2.1", text), ()),
        SessionDescription(origin, (), text),
        SessionDescription(origin, (), None, text),
        SessionDescription(origin, (), None, "-", ((text, text),)),
        SessionDescription(origin, (MediaDescription(text, 1, text, (text,), text, ((text, None),)), audio)),
    ):
        try:
            written = description.encode()
        except (ValueError, UnicodeEncodeError):
            continue
        lines = len(description.attributes) + sum(len(each.lines()) for each in description.media)
        assert (
            written.count(b"\n") == written.count(b"\r") == 4 + lines + (description.connection is not None)
        )
        assert b"\0" not in written


def sent(peer: Peer, act: Callable[[], object]) -> list[Request | Response]:
    """What the endpoint sends, each of which can be read; nothing where it refuses to."""
    try:
        act()
    except ValueError:
        assert peer.endpoint.datagrams() == []
        return []
    return peer.sent()


def lines_sent(outgoing: Outgoing) -> int:
    """The header lines of the INVITE, 0 where the endpoint refuses to send it."""
    peer = Peer()
    try:
        peer.endpoint.invite(outgoing, 0.0)
    except ValueError:
        assert peer.endpoint.datagrams() == []
        return 0
    ((data, _),) = peer.endpoint.datagrams()
    head = data.partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape")
    assert all(map(unbroken, head.split("\r\n")))
    return head.count("\r\n")


@given(make.hostile)
def test_the_endpoint_sends_only_what_can_be_read(text: str) -> None:
    named = [("X-Name", text)]
    harmless = lines_sent(Outgoing("sip:a", UDP, "<sip:a>", "<sip:b>", None))
    for outgoing in (
        Outgoing(f"sip:{text}@a", UDP, "<sip:a>", "<sip:b>", None),
        Outgoing("sip:a", UDP, f'"{text}" <sip:a>', "<sip:b>", None),
        Outgoing("sip:a", UDP, "<sip:a>", f"<sip:b>{text}", None),
        Outgoing("sip:a", UDP, "<sip:a>", "<sip:b>", None, named),
        Outgoing("sip:a", UDP, "<sip:a>", "<sip:b>", None, [(f"X{text}", "x")]),
        Outgoing("sip:a", UDP, "<sip:a>", "<sip:b>", None, (), [f"<sip:{text}>"]),
        Outgoing("sip:a", UDP, "<sip:a>", "<sip:b>", None, call_id=f"a{text}"),
    ):
        assert lines_sent(outgoing) in (0, harmless + len(outgoing.headers) + len(outgoing.routes))
    request = OutgoingRequest("OPTIONS", "sip:a", UDP, "<sip:a>", "<sip:b>", named)
    peer = Peer()
    for message in sent(peer, lambda: peer.endpoint.request(request, 0.0)):
        assert message.headers.get("X-Name") == text.strip(" \t")


@given(make.hostile)
def test_answers_carry_what_the_application_says_or_nothing(text: str) -> None:
    named = [("X-Name", text)]
    peer = Peer()
    peer.send(peer.invite())
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    end, session = peer.endpoint, event.session
    for act in (
        lambda: end.progress(session, 180, 0.0, headers=named),
        lambda: end.reject(session, 486, 0.0, headers=named),
        lambda: end.hangup(session, 0.0, headers=named),
    ):
        for message in sent(peer, act):
            assert message.headers.get("X-Name") == text.strip(" \t")
    peer = Peer()
    peer.send(peer.invite())
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    for message in sent(peer, lambda: peer.endpoint.reject(event.session, 486, 0.0, text or None)):
        assert isinstance(message, Response)
        assert message.reason == (text or "Busy Here")


# What one side says the other hears


@given(make.requests(st.just("INVITE")), make.tokens)
def test_a_dialog_says_back_what_it_was_told(invite: Request, reason: str) -> None:
    peer = Peer()
    invite.headers.remove("Content-Length")
    invite.headers.set("Contact", "<sip:them@192.0.2.9>")
    invite.headers.set("Max-Forwards", "70")
    invite.body = b""
    peer.endpoint.receive(invite.encode(), UDP, 0.0)
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    peer.endpoint.accept(event.session, SDP.encode(), 0.0, [("X-Reason", reason)])
    (answer,) = peer.sent()
    assert (answer.from_, answer.call_id, answer.cseq) == (invite.from_, invite.call_id, invite.cseq)
    assert (answer.to.uri, answer.to.display) == (invite.to.uri, invite.to.display)
    assert answer.vias[1:] == invite.vias[1:]
    assert answer.top_via.branch == invite.top_via.branch
    assert answer.record_routes == invite.record_routes
    peer.endpoint.receive(ack(invite, answer), UDP, 0.0)
    peer.endpoint.hangup(event.session, 0.0)
    bye = next(each for each in peer.sent() if isinstance(each, Request))
    bye.check()
    assert (bye.to, bye.from_, bye.call_id) == (invite.from_, answer.to, invite.call_id)


def ack(invite: Request, answer: Message) -> bytes:
    headers = Headers(
        [
            ("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKack"),
            ("From", invite.headers.get("From") or ""),
            ("To", answer.headers.get("To") or ""),
            ("Call-ID", invite.call_id),
            ("CSeq", f"{invite.cseq.number} ACK"),
        ]
    )
    return Request("ACK", "sip:us@192.0.2.1", headers).encode()


@given(make.hostile)
@pytest.mark.parametrize("name", ["Reason", "P-Asserted-Identity", "Diversion", "Subject", "User-Agent"])
def test_a_value_that_was_accepted_can_be_sent_on(name: str, value: str) -> None:
    """Whatever a header says that `parse` lets in is the same line again when it is written."""
    head = b"BYE sip:a SIP/2.0\r\nVia: x\r\nFrom: x\r\nTo: x\r\nCall-ID: x\r\nCSeq: 1 BYE\r\n"
    try:
        data = head + f"{name}: {value}\r\n\r\n".encode("utf-8", "surrogatepass")
        heard = parse(data).headers.get(name)
    except Malformed:
        return
    assert heard is not None
    written = header_lines([(name, heard)]).encode("utf-8", "surrogateescape")
    assert parse(head + written + b"\r\n").headers.get(name) == heard


@given(st.binary(max_size=200))
def test_what_is_no_description_is_an_error(noise: bytes) -> None:
    for data in (noise, b"v=0\r\no=- 1 1 IN IP4 a\r\n" + noise):
        try:
            description = parse_sdp(data)
        except SdpError:
            continue
        assert parse_sdp(description.encode()) == description
