"""Offer and answer: RFC 3264, hold as RFC 2543 and RFC 3264 know it, RFC 3605."""

import pytest

from sip.dialogs.offer_answer import Agreed, Direction, MediaSession, NotAcceptable, SdpError

HEAD = "v=0\no=phone 1 1 IN IP4 10.0.0.9\ns=-\nc=IN IP4 10.0.0.9\nt=0 0\n"
AUDIO = (
    "m=audio 6000 RTP/AVP 8 0 101\n"
    "a=rtpmap:8 PCMA/8000\na=rtpmap:0 PCMU/8000\na=rtpmap:101 telephone-event/8000\n"
)
CODECS = ("PCMA", "PCMU")

OFFERED = """v=0
o=- 42 1 IN IP4 10.0.0.1
s=-
c=IN IP4 10.0.0.1
t=0 0
m=audio 4000 RTP/AVP 8 0 101
a=rtcp-xr:rcvr-rtt=all voip-metrics
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
"""
ANSWERED = """v=0
o=- 42 1 IN IP4 10.0.0.1
s=-
c=IN IP4 10.0.0.1
t=0 0
m=audio 4000 RTP/AVP 8 101
a=rtcp-xr:voip-metrics
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=sendrecv
"""


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def answer(session: MediaSession, offer: str, codecs: tuple[str, ...] = CODECS) -> tuple[str, Agreed]:
    sent, agreed = session.answer(crlf(offer), "10.0.0.1", 4000, codecs)
    return sent.decode().replace("\r\n", "\n"), agreed


def offer(session: MediaSession, direction: Direction = Direction.SENDRECV, port: int = 4000) -> str:
    return session.offer("10.0.0.1", port, CODECS, direction).decode().replace("\r\n", "\n")


def media_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("m=")]


def direction_of(text: str) -> str:
    return text.splitlines()[-1]


def test_offer() -> None:
    session = MediaSession(42)
    assert (session.version, session.agreed) == (0, None)
    assert offer(session) == OFFERED
    agreed = session.accept(
        crlf(HEAD + "m=audio 6000 RTP/AVP 0 96\na=rtpmap:96 Telephone-Event/8000\na=ptime:30\n")
    )
    assert agreed == Agreed(
        remote_address="10.0.0.9",
        remote_port=6000,
        rtcp_address="10.0.0.9",
        rtcp_port=6001,
        codec="PCMU",
        payload_type=0,
        receive_payload_type=0,
        send_event_type=96,
        receive_event_type=101,
        ptime_ms=30,
        direction=Direction.SENDRECV,
        held=False,
    )
    assert session.agreed is agreed


def test_answer() -> None:
    sent, agreed = answer(MediaSession(42), HEAD + AUDIO)
    assert sent == ANSWERED
    assert (agreed.codec, agreed.payload_type, agreed.send_event_type, agreed.receive_event_type) == (
        "PCMA",
        8,
        101,
        101,
    )


def test_same_again_is_the_same_bytes() -> None:
    """A session refresh (RFC 4028 section 7.4) changes nothing, whoever asks."""
    session = MediaSession(42)
    first = answer(session, HEAD + AUDIO)
    assert answer(session, HEAD + AUDIO) == first
    assert session.version == 1
    session = MediaSession(42)
    assert offer(session) == offer(session) == OFFERED


def test_version_grows_by_one_with_each_change() -> None:
    session = MediaSession(42)
    versions = []
    for extra in ("", "", "a=sendonly\n", "a=sendonly\n", "", "a=inactive\n"):
        answer(session, HEAD + AUDIO + extra)
        versions.append(session.version)
    assert versions == [1, 1, 2, 2, 3, 4]
    offer(session)
    offer(session)
    offer(session, port=4002)
    assert session.version == 6


@pytest.mark.parametrize(
    ("theirs", "ours", "held"),
    [
        ("", "sendrecv", False),
        ("a=sendrecv\n", "sendrecv", False),
        ("a=sendonly\n", "recvonly", True),
        ("a=recvonly\n", "sendonly", True),
        ("a=inactive\n", "inactive", True),
    ],
)
@pytest.mark.parametrize("place", ["media", "session"])
def test_6_1_direction_is_answered(theirs: str, ours: str, held: bool, place: str) -> None:
    text = HEAD + AUDIO + theirs if place == "media" else HEAD + theirs + AUDIO
    session = MediaSession(42)
    answer(session, HEAD + AUDIO)
    sent, agreed = answer(session, text)
    assert direction_of(sent) == f"a={ours}"
    assert (agreed.direction, agreed.held) == (ours, held)
    sent, agreed = answer(session, HEAD + AUDIO)
    assert (direction_of(sent), agreed.held) == ("a=sendrecv", False)


@pytest.mark.parametrize(
    ("direction", "ours"),
    [
        ("", "recvonly"),
        ("a=sendonly\n", "recvonly"),
        ("a=inactive\n", "inactive"),
        ("a=recvonly\n", "inactive"),
    ],
)
@pytest.mark.parametrize("place", ["media", "session"])
def test_8_4_hold_by_a_null_address(direction: str, ours: str, place: str) -> None:
    head = HEAD.replace("c=IN IP4 10.0.0.9", "c=IN IP4 0.0.0.0") if place == "session" else HEAD
    line, _, rest = AUDIO.partition("\n")
    audio = f"{line}\nc=IN IP4 0.0.0.0\n{rest}" if place == "media" else AUDIO
    session = MediaSession(42)
    answer(session, HEAD + AUDIO)
    sent, agreed = answer(session, head + audio + direction)
    assert direction_of(sent) == f"a={ours}"
    assert (agreed.direction.sends, agreed.held, agreed.remote_address) == (False, True, "0.0.0.0")
    assert agreed.rtcp_address == "0.0.0.0"
    _, agreed = answer(session, HEAD + AUDIO)
    assert (agreed.remote_address, agreed.held) == ("10.0.0.9", False)


def test_our_own_hold_is_not_theirs() -> None:
    session = MediaSession(42)
    answer(session, HEAD + AUDIO)
    assert direction_of(offer(session, Direction.SENDONLY)) == "a=sendonly"
    agreed = session.accept(crlf(HEAD + AUDIO + "a=recvonly\n"))
    assert (agreed.direction, agreed.held) == (Direction.SENDONLY, False)
    _, agreed = session.answer(
        crlf(HEAD + AUDIO + "a=recvonly\n"), "10.0.0.1", 4000, CODECS, Direction.SENDONLY
    )
    assert (agreed.direction, agreed.held) == (Direction.SENDONLY, False)
    agreed = MediaSession(1).answer(crlf(HEAD + AUDIO), "10.0.0.1", 4000, CODECS, Direction.RECVONLY)[1]
    assert (agreed.direction, agreed.held) == (Direction.RECVONLY, False)


def test_an_answer_that_takes_more_than_was_offered_gets_what_was_offered() -> None:
    session = MediaSession(42)
    offer(session, Direction.SENDONLY)
    assert session.accept(crlf(HEAD + AUDIO)).direction is Direction.SENDONLY


def test_late_offer() -> None:
    """INVITE without SDP: our offer in the 200, the answer in the ACK; the same for a re-INVITE."""
    session = MediaSession(42)
    assert offer(session) == OFFERED
    agreed = session.accept(crlf(HEAD + AUDIO))
    assert agreed.codec == "PCMA"
    assert media_lines(offer(session)) == ["m=audio 4000 RTP/AVP 8 0 101"]
    assert session.version == 1


def test_the_200_may_name_another_place_than_the_183() -> None:
    session = MediaSession(42)
    offer(session)
    assert session.accept(crlf(HEAD + AUDIO)).remote_port == 6000
    assert session.accept(crlf(HEAD + AUDIO.replace("6000", "7000"))).remote_port == 7000


def test_an_answer_without_an_offer_is_our_fault() -> None:
    session = MediaSession(42)
    with pytest.raises(ValueError, match="not ours"):
        session.accept(crlf(HEAD + AUDIO))
    offer(session)
    answer(session, HEAD + AUDIO)
    with pytest.raises(ValueError, match="not ours"):
        session.accept(crlf(HEAD + AUDIO))


@pytest.mark.parametrize(
    ("media", "answered"),
    [
        (
            "m=video 7000 RTP/AVP 34\n" + AUDIO,
            ["m=video 0 RTP/AVP 34", "m=audio 4000 RTP/AVP 8 101"],
        ),
        (
            AUDIO + "m=audio 6002 RTP/AVP 0\nm=image 7000 udptl t38\n",
            ["m=audio 4000 RTP/AVP 8 101", "m=audio 0 RTP/AVP 0", "m=image 0 udptl t38"],
        ),
        (
            "m=audio 6002 RTP/SAVP 8\n" + AUDIO + "m=application 9 UDP/BFCP *\n",
            ["m=audio 0 RTP/SAVP 8", "m=audio 4000 RTP/AVP 8 101", "m=application 0 UDP/BFCP *"],
        ),
        ("m=audio 0 RTP/AVP 8\n" + AUDIO, ["m=audio 0 RTP/AVP 8", "m=audio 4000 RTP/AVP 8 101"]),
        ("m=audio 6002 RTP/AVP 18\n" + AUDIO, ["m=audio 0 RTP/AVP 18", "m=audio 4000 RTP/AVP 8 101"]),
    ],
)
def test_first_usable_audio_is_taken_and_every_line_keeps_its_place(media: str, answered: list[str]) -> None:
    session = MediaSession(42)
    sent, agreed = answer(session, HEAD + media)
    assert media_lines(sent) == answered
    assert agreed.remote_port == 6000
    taken = next(line for line in answered if " 4000 " in line)
    offered = ["m=audio 4000 RTP/AVP 8 0 101" if line is taken else line for line in answered]
    assert media_lines(offer(session)) == offered
    assert media_lines(answer(session, HEAD + media)[0]) == answered


@pytest.mark.parametrize(
    ("formats", "rtpmaps", "codec", "payload_type"),
    [
        ("0", "", "PCMU", 0),
        ("8 0", "", "PCMA", 8),
        ("0 8", "", "PCMA", 8),
        ("97", "a=rtpmap:97 PCMA/8000\n", "PCMA", 97),
        ("18 97 0", "a=rtpmap:97 pcma/8000/1\n", "PCMA", 97),
    ],
)
def test_codec_and_payload_type(formats: str, rtpmaps: str, codec: str, payload_type: int) -> None:
    session = MediaSession(42)
    sent, agreed = answer(session, f"{HEAD}m=audio 6000 RTP/AVP {formats}\n{rtpmaps}")
    assert media_lines(sent) == [f"m=audio 4000 RTP/AVP {payload_type}"]
    assert f"a=rtpmap:{payload_type} {codec}/8000" in sent
    assert (agreed.codec, agreed.payload_type, agreed.receive_payload_type) == (
        codec,
        payload_type,
        payload_type,
    )
    assert (agreed.send_event_type, agreed.receive_event_type) == (None, None)


def test_payload_types_keep_their_meaning() -> None:
    """RFC 3264 8.3.2: what 97 and 96 meant in the first exchange they mean in our offers after it."""
    session = MediaSession(42)
    answer(
        session,
        HEAD + "m=audio 6000 RTP/AVP 97 96\na=rtpmap:97 PCMA/8000\na=rtpmap:96 telephone-event/8000\n",
    )
    assert media_lines(offer(session)) == ["m=audio 4000 RTP/AVP 97 0 96"]


def test_events_take_a_free_payload_type() -> None:
    session = MediaSession(42)
    answer(session, HEAD + "m=audio 6000 RTP/AVP 8\nm=video 7000 RTP/AVP 101 96\n")
    assert media_lines(offer(session))[0] == "m=audio 4000 RTP/AVP 8 0 97"


def test_the_present_codec_stays_while_it_may() -> None:
    session = MediaSession(42)
    offer(session)
    session.accept(crlf(HEAD + "m=audio 6000 RTP/AVP 0\n"))
    assert answer(session, HEAD + AUDIO)[1].codec == "PCMU"
    assert answer(session, HEAD + AUDIO, ("PCMA",))[1].codec == "PCMA"


@pytest.mark.parametrize(
    ("lines", "ptime_ms"),
    [
        ("", 20),
        ("a=ptime:10\n", 10),
        ("a=ptime:60\n", 60),
        ("a=ptime:25\n", 20),
        ("a=ptime:20.000\n", 20),
        ("a=ptime:120\n", 20),
        ("a=ptime:30\na=maxptime:20\n", 20),
        ("a=maxptime:15\n", 10),
        ("a=maxptime:1\n", 10),
    ],
)
def test_ptime(lines: str, ptime_ms: int) -> None:
    sent, agreed = answer(MediaSession(42), HEAD + AUDIO + lines)
    assert agreed.ptime_ms == ptime_ms
    assert f"a=ptime:{ptime_ms}\n" in sent


@pytest.mark.parametrize(
    ("lines", "address", "port"),
    [
        ("a=rtcp:7001\n", "10.0.0.9", 7001),
        ("a=rtcp:7001 IN IP4 10.0.0.8\n", "10.0.0.8", 7001),
        ("a=rtcp-mux\n", "10.0.0.9", 6001),
    ],
)
def test_rtcp_goes_where_rfc_3605_says(lines: str, address: str, port: int) -> None:
    sent, agreed = answer(MediaSession(42), HEAD + AUDIO + lines)
    assert (agreed.rtcp_address, agreed.rtcp_port) == (address, port)
    assert "a=rtcp:" not in sent
    assert "a=rtcp-mux" not in sent


REFUSED = [
    ("", "No Audio Offered"),
    ("m=video 7000 RTP/AVP 34\n", "No Audio Offered"),
    ("m=audio 0 RTP/AVP 8\nm=image 7000 udptl t38\n", "No Usable Media Port"),
    ("m=image 7000 udptl t38\n", "No Audio Offered"),
    ("m=audio 6000 RTP/SAVP 8\n", "Transport Not Supported"),
    ("m=audio 6000 UDP/TLS/RTP/SAVPF 8\n", "Transport Not Supported"),
    ("m=audio 53 RTP/AVP 8\n", "No Usable Media Port"),
    ("m=audio 65535 RTP/AVP 8\n", "No Usable Media Port"),
    ("m=audio 6000 RTP/AVP 9 18 111\n", "No Common Codec"),
    ("m=audio 6000 RTP/AVP 101\na=rtpmap:101 telephone-event/8000\n", "No Common Codec"),
    ("m=audio 6000 RTP/AVP 8\nc=IN IP4 224.1.1.1/127\n", "No Usable Media Address"),
    ("m=audio 6000 RTP/AVP 8\nc=IN IP4 255.255.255.255\n", "No Usable Media Address"),
    ("m=audio 6000 RTP/AVP 8\nc=IN IP6 2001:db8::1\n", "Media Address Of Another Family"),
    ("m=audio 6000 RTP/AVP 8\nc=IN IP6 ff02::1\n", "No Usable Media Address"),
    ("m=audio 6000 RTP/AVP 8\nc=IN IP4 media.example.com\n", "No Usable Media Address"),
    ("m=audio 6000 RTP/AVP 8 128\n", "No Such Payload Type"),
    ("m=audio 6000 RTP/AVP 8 65536\n", "No Such Payload Type"),
    ("m=audio 6000 RTP/AVP 8 -1\n", "No Such Payload Type"),
    ("m=audio 6000 RTP/AVP 8 x\n", "No Such Payload Type"),
    ("m=audio 6000 RTP/AVP 8\na=ptime:0\n", "No Such Packet Time"),
    ("m=audio 6000 RTP/AVP 8\na=ptime:-20\n", "No Such Packet Time"),
    ("m=audio 6000 RTP/AVP 8\na=ptime:201\n", "No Such Packet Time"),
    ("m=audio 6000 RTP/AVP 8\na=ptime:1e9\n", "No Such Packet Time"),
    ("m=audio 6000 RTP/AVP 8\na=ptime\n", "No Such Packet Time"),
    ("m=audio 6000 RTP/AVP 8\na=maxptime:0\n", "No Such Packet Time"),
]


@pytest.mark.parametrize(("media", "reason"), REFUSED)
def test_refused_and_the_session_is_as_it_was(media: str, reason: str) -> None:
    with pytest.raises(NotAcceptable, match=reason):
        answer(MediaSession(42), HEAD + media)
    session = MediaSession(42)
    before = answer(session, HEAD + AUDIO)
    with pytest.raises(NotAcceptable, match=reason):
        answer(session, HEAD + media)
    with pytest.raises(SdpError):
        answer(session, "v=1\n")
    assert session.agreed == before[1]
    assert answer(session, HEAD + AUDIO) == before


@pytest.mark.parametrize("media", [media for media, _ in REFUSED])
def test_answer_that_cannot_be_used(media: str) -> None:
    session = MediaSession(42)
    offer(session)
    with pytest.raises(NotAcceptable):
        session.accept(crlf(HEAD + media))
    assert session.agreed is None


def test_no_connection_line_at_all() -> None:
    with pytest.raises(NotAcceptable, match="Address"):
        answer(MediaSession(42), HEAD.replace("c=IN IP4 10.0.0.9\n", "") + AUDIO)


@pytest.mark.parametrize("added", ["m=video 7000 RTP/AVP 34\n", "m=image 7000 udptl t38\n"])
def test_a_reinvite_that_adds_only_what_we_have_not_is_refused(added: str) -> None:
    session = MediaSession(42)
    before = answer(session, HEAD + AUDIO)
    with pytest.raises(NotAcceptable, match="Added Media"):
        answer(session, HEAD + AUDIO + added)
    assert answer(session, HEAD + AUDIO) == before
    sent, _ = answer(session, HEAD + AUDIO + added.replace("7000", "0"))
    assert len(media_lines(sent)) == 2


def test_video_refused_at_the_start_may_be_offered_again() -> None:
    """Softphones repeat their video line in every re-INVITE."""
    session = MediaSession(42)
    first, _ = answer(session, HEAD + AUDIO + "m=video 7000 RTP/AVP 34\n")
    assert answer(session, HEAD + AUDIO + "m=video 7000 RTP/AVP 34\n")[0] == first


def test_two_sessions_talk() -> None:
    one, other = MediaSession(1), MediaSession(2)
    sent = one.offer("10.0.0.1", 4000, ["PCMU", "PCMA"])
    back, theirs = other.answer(sent, "10.0.0.2", 5000, ["PCMA", "PCMU"])
    ours = one.accept(back)
    assert (ours.codec, ours.remote_port, theirs.codec, theirs.remote_port) == ("PCMA", 5000, "PCMA", 4000)


# IPv6 (RFC 8866 section 5.7)

HEAD_V6 = "v=0\no=phone 1 1 IN IP6 2001:db8::9\ns=-\nc=IN IP6 2001:db8::9\nt=0 0\n"


def test_an_offer_of_ipv6_is_answered_in_ipv6() -> None:
    sent, agreed = MediaSession(42).answer(crlf(HEAD_V6 + AUDIO), "2001:db8::1", 4000, CODECS)
    assert b"o=- 42 1 IN IP6 2001:db8::1\r\n" in sent
    assert b"c=IN IP6 2001:db8::1\r\n" in sent
    assert (agreed.remote_address, agreed.rtcp_address) == ("2001:db8::9", "2001:db8::9")


def test_hold_with_the_unspecified_address_of_ipv6() -> None:
    session = MediaSession(42)
    _, agreed = session.answer(
        crlf(HEAD_V6.replace("c=IN IP6 2001:db8::9", "c=IN IP6 ::") + AUDIO), "::1", 4000, CODECS
    )
    assert agreed.held
    assert agreed.direction is Direction.RECVONLY
    assert agreed.remote_address == "::"


def test_an_answer_of_the_other_family_is_not_taken() -> None:
    session = MediaSession(42)
    session.offer("2001:db8::1", 4000, CODECS)
    with pytest.raises(NotAcceptable, match="Another Family"):
        session.accept(crlf(HEAD + AUDIO))
    assert session.accept(crlf(HEAD_V6 + AUDIO)).remote_address == "2001:db8::9"


def test_rtcp_stays_with_the_family_of_its_media() -> None:
    _, agreed = answer(MediaSession(42), HEAD + AUDIO + "a=rtcp:6009 IN IP6 2001:db8::9\n")
    assert (agreed.rtcp_address, agreed.rtcp_port) == ("10.0.0.9", 6009)
