"""The media of a leg: who may speak, which family of addresses, what a refresh means."""

from ipaddress import ip_network

import pytest

from media.tuning import UNTUNED, Tuning
from sip import events as sip
from sip.syntax.sdp_crypto import Crypto, Suite
from switch.calls.digits import DigitsIn, DigitsOut
from switch.calls.legs.leg import Leg
from switch.calls.legs.media import LegMedia, Terms
from switch.calls.legs.secrecy import secrecy
from switch.config.trunk import Dtmf
from switch.peers import Peer, PhonePeer, TrunkPeer
from tests.switch.calls.legs.test_leg import echoing
from tests.switch.far_end import sdp
from tests.switch.plane import NotingPort
from tests.switch.stage import CARRIER, OURS, Stage


def media(stage: Stage, peer: Peer, host: str, *codecs: str) -> tuple[LegMedia, NotingPort]:
    """Of a leg whose signalling comes from there; PCMA alone unless other codecs are named."""
    port = stage.plane.open()
    flow = stage.carrier.flow._replace(local=OURS, remote=(host, 5060))
    digits = DigitsIn(), DigitsOut(port, Dtmf.AUTO)
    terms = Terms(codecs or ("PCMA",), secrecy(stage.exchange.config, peer, flow, stage.exchange.fingerprint))
    return LegMedia(stage.exchange, peer, flow, port, terms, *digits), port


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("192.0.2.21", "192.0.2.21/32"),
        ("::ffff:192.0.2.21", "192.0.2.21/32"),
        ("2001:db8::1", "2001:db8::1/128"),
    ],
)
async def test_a_phone_may_speak_from_where_its_signalling_comes(
    stage: Stage, host: str, allowed: str
) -> None:
    """A socket on :: shows it mapped."""
    leg_media, port = media(stage, PhonePeer("1001"), host)
    leg_media.answer(sdp("192.0.2.99"))
    assert port.peer is not None
    assert port.peer.allowed == (ip_network(allowed),)


async def test_a_peer_that_our_ports_do_not_reach_has_no_media(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.exchange.shell, "local_address_for", lambda peer: "2001:db8::2")
    with pytest.raises(OSError, match="do not reach 2001:db8::1"):
        media(stage, TrunkPeer("carrier"), "2001:db8::1")


async def test_each_side_sends_the_payload_type_that_the_other_named(stage: Stage) -> None:
    """Both of a codec without a static one: RFC 3264 section 6.1."""
    leg_media, port = media(stage, TrunkPeer("carrier"), CARRIER[0], "OPUS")
    assert b"a=rtpmap:111 opus/48000/2" in leg_media.offer()
    answer = sdp(CARRIER[0], types="96 101").replace(
        b"a=rtpmap:101", b"a=rtpmap:96 opus/48000/2\r\na=rtpmap:101"
    )
    assert leg_media.accept(answer)
    assert port.peer is not None
    assert (port.peer.payload_type, port.peer.receive_payload_type) == (96, 111)


async def test_one_answer_for_each_early_dialog_and_the_last_one_of_all(stage: Stage) -> None:
    leg_media, port = media(stage, TrunkPeer("carrier"), CARRIER[0])
    leg_media.offer()
    for host, tag in (("192.0.2.31", "one"), ("192.0.2.32", "two"), ("192.0.2.31", "one")):
        assert leg_media.accept_early(tag, sdp(host))
    leg_media.early_over("two")
    assert port.peer is not None
    assert port.peer.address == "192.0.2.31", "two spoke before"
    assert leg_media.accept_final("two", None), "he has said nothing, but media was agreed"
    assert leg_media.accept_final("three", sdp("192.0.2.33"))
    assert port.peer.address == "192.0.2.33"


def encrypted(answer: bytes) -> bytes:
    """With the first suite of ours."""
    suite = Suite.AEAD_AES_256_GCM
    return answer + f"a=crypto:{Crypto(1, suite, bytes(suite.octets))}\r\n".encode()


@pytest.mark.parametrize("sections", [{"media": {"srtp_keys_in_clear": "yes"}}])
async def test_what_an_early_dialog_encrypts_stays_so_in_its_200(stage: Stage) -> None:
    """Another fork may be in the clear where keys are only offered."""
    leg_media, port = media(stage, TrunkPeer("carrier"), CARRIER[0])
    leg_media.offer()
    for tag, answer, secret in (
        ("one", encrypted(sdp("192.0.2.31")), True),
        ("two", sdp("192.0.2.32"), False),
        ("one", encrypted(sdp("192.0.2.33")), True),
    ):
        assert leg_media.accept_early(tag, answer)
        assert port.peer is not None
        assert (port.peer.srtp is not None) is secret
    assert not leg_media.accept_early("one", sdp("192.0.2.34"))
    assert leg_media.accept_final("one", sdp("192.0.2.34")), "it goes on as it was"
    assert port.peer is not None
    assert port.peer.srtp is not None
    assert port.peer.address == "192.0.2.33"


async def test_a_200_that_cannot_be_used_is_not_made_up_for_by_another_dialog(stage: Stage) -> None:
    leg_media, port = media(stage, TrunkPeer("carrier"), CARRIER[0])
    leg_media.offer()
    assert leg_media.accept_early("one", sdp("192.0.2.31"))
    assert leg_media.accept_early("two", sdp("192.0.2.32"))
    assert leg_media.accept_final("one", sdp("192.0.2.33", types="18")), "what it said before counts"
    assert port.peer is not None
    assert port.peer.address == "192.0.2.31"
    assert leg_media.accept_early("two", sdp("192.0.2.32"))
    assert not leg_media.accept_final("three", sdp("192.0.2.33", types="18"))


async def test_early_media_that_says_nothing_does_not_flow(stage: Stage) -> None:
    leg_media, _ = media(stage, TrunkPeer("carrier"), CARRIER[0])
    leg_media.offer()
    assert not leg_media.accept_early("one", sdp("192.0.2.31", direction="inactive"))
    assert not leg_media.accept_early("one", sdp("192.0.2.31", direction="recvonly"))
    assert leg_media.accept_early("one", sdp("192.0.2.31", direction="sendonly"))


OPUS = b"a=rtpmap:111 opus/48000/2\r\na=rtpmap:112 opus/48000/2\r\n"


async def test_the_peer_gets_what_its_description_wants(stage: Stage) -> None:
    """Of the format that is taken; at each description anew."""
    leg_media, port = media(stage, TrunkPeer("carrier"), CARRIER[0], "OPUS")
    told = []
    for said in (b"111 usedtx=1; useinbandfec=1", b"112 usedtx=1", b"111 maxaveragebitrate=20000"):
        leg_media.answer(sdp(CARRIER[0], types="111 112") + OPUS + b"a=fmtp:" + said + b"\r\n")
        assert port.peer is not None
        told.append(port.peer.tuning)
    assert told == [Tuning(fec=True, dtx=True), UNTUNED, Tuning(bits_per_s=20000)]


async def test_an_answer_that_cannot_be_used_changes_nothing(stage: Stage) -> None:
    leg_media, port = media(stage, TrunkPeer("carrier"), CARRIER[0])
    assert not leg_media.accept(sdp("192.0.2.31")), "nothing was offered"
    leg_media.offer()
    assert leg_media.accept(sdp("192.0.2.31"))
    assert not leg_media.accept(sdp("192.0.2.32", types="18"))
    assert not leg_media.accept(b"v=0")
    assert port.peer is not None
    assert port.peer.address == "192.0.2.31"


def peer_of(stage: Stage, leg: Leg) -> str:
    """Where we send to."""
    peer = stage.port(leg).peer
    assert peer is not None
    return peer.address


async def test_our_refresh_changes_nothing_unless_our_description_was_an_offer(stage: Stage) -> None:
    """Our answer, sent once more, is confirmed; theirs to our offer may be new."""
    leg, _, _ = await echoing(stage)
    assert leg.session is not None
    leg.sip_event(sip.Refreshed(leg.session, sdp("192.0.2.77")))
    assert peer_of(stage, leg) == CARRIER[0]
    leg.offer()
    leg.sip_event(sip.Refreshed(leg.session, sdp("192.0.2.77")))
    assert peer_of(stage, leg) == "192.0.2.77"
    leg.sip_event(sip.Refreshed(leg.session, None))
    assert peer_of(stage, leg) == "192.0.2.77"
