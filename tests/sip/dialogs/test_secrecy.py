"""SDES in offers and answers: RFC 4568 section 5, under each policy."""

from base64 import b64encode
from collections.abc import Sequence
from itertools import count

import pytest

from sip.dialogs.offer_answer import Agreed, Direction, MediaSession, NotAcceptable
from sip.dialogs.secrecy import Keys, Own, Policy, Secrecy, Shaken
from sip.syntax.sdp import MediaDescription, parse_sdp
from sip.syntax.sdp_crypto import Crypto, Suite, read_crypto

CM80, CM32, GCM = Suite.AES_CM_128_HMAC_SHA1_80, Suite.AES_CM_128_HMAC_SHA1_32, Suite.AEAD_AES_128_GCM
HEAD = "v=0\r\no=phone 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n"
OURS = ("10.0.0.1", 4000)
CODECS = ("PCMA", "PCMU")


def session(policy: Policy, suites: Sequence[Suite] = (GCM, CM80)) -> MediaSession:
    """Our keys are 1, 2, 3... in all their octets."""
    drawn = count(1)
    return MediaSession(42, Secrecy(policy, suites, lambda octets: bytes([next(drawn)]) * octets))


def crypto(tag: int, suite: Suite, octet: int = 0x77, more: str = "") -> str:
    return f"a=crypto:{Crypto(tag, suite, bytes([octet]) * suite.octets)}{more}\r\n"


def audio(profile: str, *lines: str) -> str:
    return f"m=audio 6000 {profile} 8\r\n{''.join(lines)}"


def describe(*media: str) -> bytes:
    return (HEAD + "".join(media)).encode()


def written(description: bytes) -> MediaDescription:
    return parse_sdp(description).media[0]


def lines(media: MediaDescription) -> list[Crypto]:
    values = (value or "" for name, value in media.attributes if name == "crypto")
    return [found for value in values if (found := read_crypto(value))]


def answer(ours: MediaSession, *media: str) -> tuple[MediaDescription, Agreed]:
    sent, agreed = ours.answer(describe(*media), *OURS, CODECS)
    return written(sent), agreed


def offer(ours: MediaSession) -> MediaDescription:
    return written(ours.offer(*OURS, CODECS))


# --- their offer ---


@pytest.mark.parametrize("policy", [Policy.OFFERED, Policy.REQUIRED])
@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/SAVP", "RTP/SAVPF"])
def test_the_first_suite_of_theirs_that_we_have_is_taken(policy: Policy, profile: str) -> None:
    """Some phones write RTP/AVP and keys all the same; their order decides, not ours."""
    line, agreed = answer(session(policy), audio(profile, crypto(3, CM32), crypto(5, CM80), crypto(6, GCM)))
    assert agreed.keys == Keys(CM80, sending=b"\1" * 30, receiving=b"\x77" * 30)
    assert (line.profile, lines(line)) == (profile, [Crypto(5, CM80, b"\1" * 30)])


@pytest.mark.parametrize(
    ("policy", "media", "fault"),
    [
        (Policy.NEVER, audio("RTP/SAVP", crypto(1, CM80)), "Transport Not Supported"),
        (Policy.NEVER, audio("RTP/SAVPF", crypto(1, CM80)), "Transport Not Supported"),
        (Policy.OFFERED, audio("RTP/SAVP", crypto(1, CM32)), "No Common Crypto Suite"),
        (Policy.OFFERED, audio("RTP/SAVP", crypto(1, CM80, more="|1:4")), "No Common Crypto Suite"),
        (Policy.OFFERED, audio("RTP/SAVP"), "No Common Crypto Suite"),
        (Policy.REQUIRED, audio("RTP/SAVP"), "No Common Crypto Suite"),
        (Policy.REQUIRED, audio("RTP/AVP"), "Encryption Required"),
        (Policy.REQUIRED, audio("RTP/AVP", crypto(1, CM32)), "Encryption Required"),
        (Policy.OFFERED, audio("UDP/TLS/RTP/SAVP", crypto(1, CM80)), "Transport Not Supported"),
    ],
)
def test_what_does_not_do_as_the_policy_says_is_refused(policy: Policy, media: str, fault: str) -> None:
    with pytest.raises(NotAcceptable, match=fault):
        answer(session(policy), media)


@pytest.mark.parametrize("policy", [Policy.NEVER, Policy.OFFERED])
@pytest.mark.parametrize("keys", [(), (crypto(1, CM32),)])
def test_without_common_keys_rtp_avp_is_plain(policy: Policy, keys: tuple[str, ...]) -> None:
    line, agreed = answer(session(policy), audio("RTP/AVP", *keys))
    assert (line.profile, lines(line), agreed.keys) == ("RTP/AVP", [], None)


def test_never_passes_over_keys() -> None:
    line, agreed = answer(session(Policy.NEVER), audio("RTP/AVP", crypto(1, CM80)))
    assert (lines(line), agreed.keys) == ([], None)


@pytest.mark.parametrize("first", ["RTP/AVP", "RTP/SAVP"])
def test_of_two_lines_the_one_with_keys_is_taken(first: str) -> None:
    offered = [audio("RTP/AVP"), audio("RTP/SAVP", crypto(1, CM80))]
    if first == "RTP/SAVP":
        offered.reverse()
    sent, agreed = session(Policy.OFFERED).answer(describe(*offered), *OURS, CODECS)
    assert agreed.keys is not None
    ports = {line.profile: line.port for line in parse_sdp(sent).media}
    assert ports == {"RTP/AVP": 0, "RTP/SAVP": 4000}


# --- our offer ---


@pytest.mark.parametrize(("policy", "profile"), [(Policy.OFFERED, "RTP/AVP"), (Policy.REQUIRED, "RTP/SAVP")])
def test_each_suite_is_offered_in_our_order_with_a_key_of_its_own(policy: Policy, profile: str) -> None:
    line = offer(session(policy))
    assert line.profile == profile
    assert lines(line) == [Crypto(1, GCM, b"\1" * 28), Crypto(2, CM80, b"\2" * 30)]


@pytest.mark.parametrize(("policy", "suites"), [(Policy.NEVER, (CM80,)), (Policy.OFFERED, ())])
def test_an_offer_in_the_clear_says_nothing_of_keys(policy: Policy, suites: tuple[Suite, ...]) -> None:
    ours = session(policy, suites)
    line = offer(ours)
    assert (line.profile, lines(line)) == ("RTP/AVP", [])
    assert ours.accept(describe(audio("RTP/AVP", crypto(1, CM80)))).keys is None
    with pytest.raises(NotAcceptable, match="Transport Not Supported"):
        ours.accept(describe(audio("RTP/SAVP", crypto(1, CM80))))


@pytest.mark.parametrize("policy", [Policy.OFFERED, Policy.REQUIRED])
@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/SAVP"])
def test_their_answer_chooses(policy: Policy, profile: str) -> None:
    ours = session(policy)
    offer(ours)
    agreed = ours.accept(describe(audio(profile, crypto(2, CM80))))
    assert agreed.keys == Keys(CM80, sending=b"\2" * 30, receiving=b"\x77" * 30)


@pytest.mark.parametrize(
    ("policy", "media", "fault"),
    [
        (Policy.REQUIRED, audio("RTP/AVP"), "Encryption Required"),
        (Policy.REQUIRED, audio("RTP/SAVP"), "Encryption Required"),
        (Policy.OFFERED, audio("RTP/SAVP"), "Encryption Required"),
        (Policy.OFFERED, audio("RTP/AVP", crypto(1, CM80)), "Crypto Attribute Not Offered"),
        (Policy.OFFERED, audio("RTP/AVP", crypto(3, CM80)), "Crypto Attribute Not Offered"),
        (Policy.REQUIRED, audio("RTP/SAVP", crypto(2, CM32)), "Crypto Attribute Not Offered"),
    ],
)
def test_an_answer_that_does_not_fit_is_not_taken(policy: Policy, media: str, fault: str) -> None:
    ours = session(policy)
    offer(ours)
    with pytest.raises(NotAcceptable, match=fault):
        ours.accept(describe(media))


def test_where_keys_are_required_and_may_not_be_told_nothing_is_possible() -> None:
    assert not Secrecy(Policy.REQUIRED).possible
    assert Secrecy(Policy.REQUIRED, (CM80,)).possible
    assert Secrecy(Policy.OFFERED).possible
    with pytest.raises(NotAcceptable, match="No Common Crypto Suite"):
        answer(session(Policy.REQUIRED, ()), audio("RTP/SAVP", crypto(1, CM80)))


# --- the session goes on ---


def test_our_key_stays_and_theirs_may_change() -> None:
    ours = session(Policy.OFFERED)
    _, first = answer(ours, audio("RTP/SAVP", crypto(1, CM80)))
    _, same = answer(ours, audio("RTP/SAVP", crypto(1, CM80)))
    _, renewed = answer(ours, audio("RTP/SAVP", crypto(1, CM80, 0x78)))
    assert first.keys == same.keys
    assert renewed.keys == Keys(CM80, sending=b"\1" * 30, receiving=b"\x78" * 30)


def test_a_new_offer_of_ours_is_of_what_was_agreed_on() -> None:
    ours = session(Policy.OFFERED)
    answer(ours, audio("RTP/SAVPF", crypto(4, CM80)))
    line = offer(ours)
    assert (line.profile, lines(line)) == ("RTP/SAVPF", [Crypto(1, CM80, b"\1" * 30)])
    agreed = ours.accept(describe(audio("RTP/SAVPF", crypto(1, CM80, 0x78))))
    assert agreed.keys == Keys(CM80, sending=b"\1" * 30, receiving=b"\x78" * 30)


def test_a_secret_session_does_not_become_plain() -> None:
    ours = session(Policy.OFFERED)
    answer(ours, audio("RTP/AVP", crypto(1, CM80)))
    with pytest.raises(NotAcceptable, match="Encryption Required"):
        answer(ours, audio("RTP/AVP"))
    offer(ours)
    with pytest.raises(NotAcceptable, match="Encryption Required"):
        ours.accept(describe(audio("RTP/AVP")))
    assert ours.agreed is not None
    assert ours.agreed.keys is not None


def test_a_plain_session_may_become_secret() -> None:
    ours = session(Policy.OFFERED)
    _, before = answer(ours, audio("RTP/AVP"))
    _, after = answer(ours, audio("RTP/SAVP", crypto(1, GCM)))
    assert (before.keys, after.keys) == (None, Keys(GCM, b"\1" * 28, b"\x77" * 28))


def test_one_branch_may_be_plain_and_another_secret() -> None:
    """Of a forked call, whose answers come one after another."""
    ours = session(Policy.OFFERED)
    offer(ours)
    found = [
        ours.accept(describe(media)).keys
        for media in (audio("RTP/AVP", crypto(2, CM80)), audio("RTP/AVP"), audio("RTP/AVP", crypto(1, GCM)))
    ]
    assert [isinstance(keys, Keys) and keys.suite for keys in found] == [CM80, False, GCM]


def test_the_same_again_is_the_same_bytes() -> None:
    ours = session(Policy.REQUIRED)
    assert ours.offer(*OURS, CODECS) == ours.offer(*OURS, CODECS)
    offered = describe(audio("RTP/SAVP", crypto(1, CM80)))
    assert ours.answer(offered, *OURS, CODECS) == ours.answer(offered, *OURS, CODECS)


def test_hold_keeps_the_keys() -> None:
    ours = session(Policy.OFFERED)
    _, talking = answer(ours, audio("RTP/SAVP", crypto(1, CM80)))
    _, held = answer(ours, audio("RTP/SAVP", crypto(1, CM80), "a=sendonly\r\n"))
    assert (held.direction, held.keys) == (Direction.RECVONLY, talking.keys)


def test_no_key_is_shown_where_what_was_agreed_on_is() -> None:
    _, agreed = answer(session(Policy.OFFERED), audio("RTP/SAVP", crypto(1, CM80)))
    assert "wwww" not in repr(agreed)
    assert b64encode(b"w" * 30).decode() not in repr(agreed)


# --- keys by a handshake ---

OWN = Own("sha-256 00:11", "ours", "our-password-of-22-octets")
PRINT = "a=fingerprint:SHA-256 AB:CD\r\n"
ICE = "a=ice-ufrag:them\r\na=ice-pwd:their-password-of-many\r\na=rtcp-mux\r\n"
DTLS = "UDP/TLS/RTP/SAVPF"


def shaking(policy: Policy = Policy.OFFERED, *, shakes: bool = False) -> MediaSession:
    return MediaSession(42, Secrecy(policy, (CM80,), bytes, lambda: OWN, shakes=shakes))


def shaken(agreed: Agreed) -> Shaken:
    assert isinstance(agreed.keys, Shaken)
    return agreed.keys


@pytest.mark.parametrize("profile", ["UDP/TLS/RTP/SAVP", DTLS])
@pytest.mark.parametrize(
    ("setup", "ours", "active"),
    [("actpass", "passive", False), ("active", "passive", False), ("passive", "active", True)],
)
def test_a_handshake_is_answered(profile: str, setup: str, ours: str, active: bool) -> None:
    line, agreed = answer(shaking(), audio(profile, PRINT, f"a=setup:{setup}\r\n"))
    assert line.profile == profile
    assert (line.attribute("fingerprint"), line.attribute("setup")) == ("sha-256 00:11", ours)
    assert line.attribute("ice-ufrag") is None
    assert line.attribute("rtcp-mux") is None
    assert shaken(agreed) == Shaken("SHA-256 AB:CD", active, OWN, None, muxed=False)


def test_with_ice_we_are_lite_and_have_one_candidate() -> None:
    sent, agreed = shaking().answer(describe(audio(DTLS, PRINT, ICE)), *OURS, CODECS)
    description = parse_sdp(sent)
    (line,) = description.media
    assert ("ice-lite", None) in description.attributes
    assert (line.attribute("ice-ufrag"), line.attribute("ice-pwd")) == (OWN.ufrag, OWN.password)
    assert line.attribute("candidate") == "1 1 UDP 2130706431 10.0.0.1 4000 typ host"
    assert line.attribute("rtcp-mux") == ""
    assert shaken(agreed).ice == ("them", "their-password-of-many")
    assert shaken(agreed).muxed


def test_what_the_session_says_is_said_of_the_line() -> None:
    general = HEAD + PRINT + "a=setup:active\r\n" + ICE.replace("a=rtcp-mux\r\n", "")
    _, agreed = shaking().answer((general + audio(DTLS, "a=rtcp-mux\r\n")).encode(), *OURS, CODECS)
    assert shaken(agreed).ice is not None


def test_two_that_only_answer_have_no_ice() -> None:
    line, agreed = answer(shaking(), audio(DTLS, PRINT, ICE, "a=ice-lite\r\n"))
    assert shaken(agreed).ice is None
    assert line.attribute("ice-ufrag") is None


@pytest.mark.parametrize(
    ("media", "fault"),
    [
        (audio(DTLS), "Fingerprint Required"),
        (audio(DTLS, "a=fingerprint:sha-1 AB:CD\r\n"), "Fingerprint Required"),
        (audio(DTLS, PRINT, ICE.replace("a=rtcp-mux\r\n", "")), "RTCP Multiplexing Required"),
    ],
)
def test_a_handshake_that_proves_nothing_is_refused(media: str, fault: str) -> None:
    with pytest.raises(NotAcceptable, match=fault):
        answer(shaking(), media)


def test_never_shakes_no_hands() -> None:
    with pytest.raises(NotAcceptable, match="Transport Not Supported"):
        answer(shaking(Policy.NEVER), audio(DTLS, PRINT))


def test_our_offer_of_a_handshake_and_its_answer() -> None:
    ours = shaking(shakes=True)
    line = offer(ours)
    assert (line.profile, line.attribute("setup"), lines(line)) == (DTLS, "actpass", [])
    agreed = ours.accept(describe(audio(DTLS, PRINT, "a=setup:active\r\n")))
    assert shaken(agreed) == Shaken("SHA-256 AB:CD", False, OWN, None, muxed=False)
    again = offer(ours)
    assert (again.profile, again.attribute("ice-ufrag")) == (DTLS, None)
    with pytest.raises(NotAcceptable, match="Encryption Required"):
        ours.accept(describe(audio("RTP/AVP")))


def test_a_session_by_handshake_does_not_become_plain() -> None:
    ours = shaking()
    answer(ours, audio(DTLS, PRINT))
    with pytest.raises(NotAcceptable, match="Encryption Required"):
        answer(ours, audio("RTP/AVP"))
    assert answer(ours, audio(DTLS, PRINT))[1].keys == answer(ours, audio(DTLS, PRINT))[1].keys
