"""Which keys a leg may agree on: the policy for its peer, and the way of its messages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from media.aio import keyring
from media.keying import Fingerprint
from media.port import MasterKey, SrtpKeys
from sip.dialogs.offer_answer import MediaSession, NotAcceptable
from sip.dialogs.secrecy import Keys, Own, Shaken
from sip.flow import Flow, Transport
from sip.syntax.sdp_crypto import Suite
from switch.calls.legs import secrecy as leg_secrecy
from switch.calls.legs.secrecy import encryption_by, secrecy, srtp
from switch.config.load import load
from switch.config.schema import Config
from switch.peers import Peer, PhonePeer, TrunkPeer

ALL = list(Suite)


def fingerprint() -> Fingerprint:
    return Fingerprint("sha-256", "AB:CD")


@pytest.fixture
def configured(tmp_path: Path) -> Callable[[str], Config]:
    def read(text: str) -> Config:
        path = tmp_path / "test.yaml"
        path.write_text(text)
        return load(path, {})

    return read


def offered(config: Config, peer: Peer, transport: Transport) -> tuple[bool, str, list[str]]:
    """Whether there can be media; profile and suites of our offer."""
    how = secrecy(config, peer, Flow(transport, ("10.0.0.1", 5060), ("10.0.0.9", 5060)), fingerprint)
    text = MediaSession(1, how).offer("10.0.0.1", 20000, ["PCMA"]).decode()
    profile = text.partition("m=audio 20000 ")[2].partition(" ")[0]
    suites = [line.split(" ")[1] for line in text.splitlines() if line.startswith("a=crypto:")]
    return how.possible, profile, suites


@pytest.mark.parametrize("peer", [PhonePeer("1001"), TrunkPeer("carrier")], ids=["phone", "trunk"])
@pytest.mark.parametrize(
    ("policy", "transport", "in_clear", "expected"),
    [
        ("never", "tls", False, (True, "RTP/AVP", [])),
        ("never", "udp", True, (True, "RTP/AVP", [])),
        ("offered", "tls", False, (True, "RTP/AVP", ALL)),
        ("offered", "udp", False, (True, "RTP/AVP", [])),
        ("offered", "tcp", False, (True, "RTP/AVP", [])),
        ("offered", "udp", True, (True, "RTP/AVP", ALL)),
        ("required", "tls", False, (True, "RTP/SAVP", ALL)),
        ("required", "udp", True, (True, "RTP/SAVP", ALL)),
        ("required", "tcp", False, (False, "RTP/SAVP", [])),
    ],
)
def test_policy_and_transport(
    configured: Callable[[str], Config],
    peer: Peer,
    policy: str,
    transport: Transport,
    in_clear: bool,
    expected: tuple[bool, str, list[str]],
) -> None:
    config = configured(
        f"media: {{srtp_keys_in_clear: {str(in_clear).lower()}}}\n"
        f"phones: {{'1001': {{secret: some-secret-or-other, srtp: {policy}}}}}\n"
        f"trunks: {{carrier: {{accept_from: [10.0.0.9/32], srtp: {policy}}}}}\n"
    )
    assert offered(config, peer, transport) == expected


@pytest.mark.parametrize(
    ("policy", "transport", "in_clear", "expected"),
    [
        ("required", "udp", False, (False, "RTP/SAVP", [])),
        ("required", "udp", True, (True, "UDP/TLS/RTP/SAVPF", [])),
        ("required", "tls", False, (True, "UDP/TLS/RTP/SAVPF", [])),
        ("offered", "udp", False, (True, "UDP/TLS/RTP/SAVPF", [])),
        ("never", "tls", False, (True, "RTP/AVP", [])),
    ],
)
def test_a_fingerprint_that_may_be_changed_on_its_way_is_enough_for_nobody_who_insists(
    configured: Callable[[str], Config],
    policy: str,
    transport: Transport,
    in_clear: bool,
    expected: tuple[bool, str, list[str]],
) -> None:
    config = configured(
        f"media: {{srtp_keys_in_clear: {str(in_clear).lower()}}}\n"
        f"phones: {{'1001': {{secret: some-secret-or-other, srtp: {policy}, srtp_keys: dtls}}}}\n"
    )
    assert offered(config, PhonePeer("1001"), transport) == expected


def test_offered_is_the_default_and_the_order_of_suites_ours(configured: Callable[[str], Config]) -> None:
    config = configured("media: {srtp_suites: [AES_CM_128_HMAC_SHA1_80, AEAD_AES_128_GCM]}")
    expected = (True, "RTP/AVP", ["AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"])
    assert offered(config, PhonePeer("gone"), "tls") == expected


def test_every_suite_is_on_this_machine() -> None:
    assert frozenset(Suite) == keyring.SUITES


def test_keys_as_the_port_takes_them() -> None:
    assert srtp(None) is None
    keys = srtp(Keys(Suite.AEAD_AES_128_GCM, b"s" * 28, b"r" * 28))
    assert keys == SrtpKeys(
        MasterKey("AEAD_AES_128_GCM", b"s" * 28), MasterKey("AEAD_AES_128_GCM", b"r" * 28)
    )
    assert type(keys.sending.suite) is str, "what the engine is built for"


def test_the_record_tells_how_the_keys_were_agreed_on() -> None:
    own = Own("sha-256 AB:CD", "ufrag", "password")
    shaken = Shaken("sha-256 AB:CD", active=True, own=own, ice=None, muxed=False)
    keys = Keys(Suite.AEAD_AES_128_GCM, b"s" * 28, b"r" * 28)
    assert [encryption_by(each) for each in (None, keys, shaken)] == [None, "sdes", "dtls"]


def test_no_two_legs_have_the_same_key(configured: Callable[[str], Config]) -> None:
    flow = Flow("tls", ("10.0.0.1", 5061), ("10.0.0.9", 5061))
    config = configured("phones: {'1001': {secret: some-secret-or-other}}")
    lines = [
        line
        for _ in range(8)
        for line in MediaSession(1, secrecy(config, PhonePeer("1001"), flow, fingerprint))
        .offer("10.0.0.1", 20000, ["PCMA"])
        .splitlines()
        if b"inline:" in line
    ]
    assert len({line.partition(b"inline:")[2] for line in lines}) == len(lines) == 8 * len(Suite)


def test_where_a_library_is_missing_no_hands_are_shaken(
    configured: Callable[[str], Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = (
        b"v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n"
        b"m=audio 4000 UDP/TLS/RTP/SAVP 8\r\na=fingerprint:sha-256 AB:CD\r\na=setup:actpass\r\n"
    )
    config, flow = configured("phones: {}"), Flow("udp", ("10.0.0.1", 5060), ("10.0.0.9", 5060))

    def keys() -> object:
        session = MediaSession(1, secrecy(config, TrunkPeer("carrier"), flow, fingerprint))
        return session.answer(offer, "10.0.0.1", 20000, ["PCMA"])[1].keys

    assert isinstance(keys(), Shaken)
    monkeypatch.setattr(leg_secrecy, "DTLS_LACKS", ("aioice",))
    with pytest.raises(NotAcceptable, match="Transport Not Supported"):
        keys()
