"""Messages in a few words."""

import pytest

from switch.trace.row import row
from switch.trace.summary import Summary, Tone, summary
from tests.switch.trace.wire import SDP, Wire, request, response, seen


def said(data: bytes) -> Summary:
    wire = Wire()
    ring = wire.ring()
    wire.show("in", data)
    (message,) = seen(ring.strands())
    return summary(row(message))


@pytest.mark.parametrize(
    ("data", "title", "tone"),
    [
        (request(), "INVITE +34911000000", Tone.REQUEST),
        (request("BYE", "leg-1", "1", "Reason: Q.850;cause=16;text=x"), "BYE 1 cause=16", Tone.REQUEST),
        (request("BYE").replace(b"2.1>\r", b"2.1>;tag=x\r"), "BYE", Tone.REQUEST),
        (request("INVITE").replace(b"2.1>\r", b"2.1>;tag=x\r"), "re-INVITE", Tone.REQUEST),
        (request("ACK"), "ACK", Tone.REQUEST),
        (request("CANCEL", "leg-1", "1", "Reason: SIP;cause=200"), "CANCEL cause=200", Tone.REQUEST),
        (request("REGISTER", "r", "1", 'Authorization: Digest a="b"'), "REGISTER 1 +auth", Tone.REQUEST),
        (request("OPTIONS").replace(b"sip:+34911000000@", b"sip:"), "OPTIONS 192.0.2.1", Tone.REQUEST),
        (
            request("INVITE").replace(b"sip:+34911000000@192.0.2.1 S", b"tel:+34 S"),
            "INVITE +34",
            Tone.REQUEST,
        ),
        (response("180 Ringing"), "180 Ringing", Tone.PROVISIONAL),
        (response("200 OK", "BYE"), "200 OK (BYE)", Tone.SUCCESS),
        (response("302 Moved Temporarily"), "302 Moved Temporarily", Tone.REDIRECTION),
        (response("401 Unauthorized", "REGISTER"), "401 Unauthorized (REGISTER)", Tone.FAILURE),
        (response("503 "), "503", Tone.FAILURE),
        (b"hello\r\n\r\n", "hello", Tone.OTHER),
        (b"\x80", "\N{REPLACEMENT CHARACTER}", Tone.OTHER),
    ],
)
def test_titles(data: bytes, title: str, tone: Tone) -> None:
    found = said(data)
    assert (found.title, found.tone, found.media) == (title, tone, "")


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (SDP, "203.0.113.9:4000 PCMA PCMU"),
        (SDP + "a=sendonly\r\n", "203.0.113.9:4000 PCMA PCMU sendonly"),
        (SDP.replace("m=audio", "a=inactive\r\nm=audio"), "203.0.113.9:4000 PCMA PCMU inactive"),
        (SDP + "c=IN IP6 2001:db8::1\r\n", "2001:db8::1:4000 PCMA PCMU"),
        (
            SDP.replace("RTP/AVP 8 0", "RTP/SAVP 8 97") + "a=rtpmap:97 opus/48000/2\r\n",
            "SRTP 203.0.113.9:4000 PCMA opus",
        ),
        (SDP + "m=video 0 RTP/AVP 31\r\n", "203.0.113.9:4000 PCMA PCMU, video 203.0.113.9:0 31"),
        ("--b\r\nContent-Type: application/sdp\r\n\r\n" + SDP + "--b--\r\n", "203.0.113.9:4000 PCMA PCMU"),
        ("m=\r\n", ""),
        ("m=audio 4000 RTP/AVP 8\r\n", "?:4000 PCMA"),
    ],
)
def test_media(body: str, media: str) -> None:
    assert said(request(body=body)).media == media
