"""The gate: what is dropped unread, and what is refused while there is an overload."""

import pytest

from sip.flow import Flow
from sip.screen import Known, Refuse, Silence
from sip.syntax.message import Request, parse
from switch.config.schema import Bans as BanSettings
from switch.config.schema import Sip
from switch.peers import Peer, PhonePeer, TrunkPeer
from switch.wall.bans import Bans
from switch.wall.crowd import PEERS, STRANGERS
from switch.wall.gate import Gate

ATTACKER = Flow("udp", ("10.0.0.1", 5060), ("203.0.113.66", 5060))
OTHER = Flow("udp", ("10.0.0.1", 5060), ("203.0.113.67", 5060))
CARRIER = Flow("udp", ("10.0.0.1", 5060), ("192.0.2.1", 5060))
CHALLENGE = Refuse(401, "Unauthorized")
ANSWER = "Authorization: Digest nc=00000001\r\n"
INSIDE = [
    b"SIP/2.0 200 OK\r\n\r\n",
    b"ACK sip:x SIP/2.0\r\n\r\n",
    b"CANCEL sip:x SIP/2.0\r\n\r\n",
    b"BYE sip:x SIP/2.0\r\n\r\n",
    b"PRACK sip:x SIP/2.0\r\n\r\n",
    b"UPDATE sip:x SIP/2.0\r\n\r\n",
    b"INFO sip:x SIP/2.0\r\n\r\n",
    b"INVITE sip:x SIP/2.0\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:x>;tag=2\r\n\r\n",
    b"INVITE sip:x SIP/2.0\r\nt:<sip:x> ; TAG = 2\r\n\r\n",
    b"OPTIONS sip:x SIP/2.0\r\nto : <sip:x>;foo;tag=2\r\n\r\n",
]
OUTSIDE = [
    b"INVITE sip:x SIP/2.0\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:x>\r\n\r\n",
    b"REGISTER sip:x SIP/2.0\r\nTo: <sip:x>;tag=2\r\n\r\n",
    b"OPTIONS sip:x SIP/2.0\r\nTo: <sip:x>\r\n\r\n",
    b"DANCE sip:x SIP/2.0\r\n\r\n",
    b"\x00\x01garbage",
    b"",
]


def gate(*emergencies: str) -> Gate:
    settings = BanSettings.model_validate({"failures": 1})
    bans = Bans(settings, lambda address: address == CARRIER.remote[0], lambda address: False)

    def is_emergency(request: Request, peer: Peer | None) -> bool:
        return request.target.user in emergencies

    return Gate(Sip(), bans, lambda address: address == CARRIER.remote[0], is_emergency)


def request(method: str, user: str = "600", to_tag: str = "", headers: str = "") -> Request:
    text = (
        f"{method} sip:{user}@pbx.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
        f"From: <sip:1001@pbx.example>;tag=1\r\nTo: <sip:{user}@pbx.example>{to_tag}\r\nCall-ID: 1\r\n"
        f"CSeq: 1 {method}\r\n{headers}\r\n"
    )
    message = parse(text.encode())
    assert isinstance(message, Request)
    return message


def overloaded(*emergencies: str) -> Gate:
    it = gate(*emergencies)
    it.overload.waited(1, 1.0)
    return it


@pytest.mark.parametrize("data", OUTSIDE)
def test_a_banned_address_is_dropped_unread(data: bytes) -> None:
    it = gate()
    assert it.silences(data, ATTACKER, 0.0) is None
    for user in ("1001", "1002"):
        it.bans.failed(ATTACKER.remote[0], user, 0.0)
    it.bans.failed(ATTACKER.remote[0], "1001", 0.0)
    it.bans._ban(ATTACKER.remote[0], None, 1, 0.0)
    assert it.silences(data, ATTACKER, 0.0) is Silence.BANNED
    assert it.silences(data, CARRIER, 0.0) is None


@pytest.mark.parametrize("data", INSIDE)
def test_what_may_belong_to_a_call_passes_a_ban_and_a_crowd(data: bytes) -> None:
    it = gate()
    it.bans._ban(ATTACKER.remote[0], None, 1, 0.0)
    assert it.silences(data, ATTACKER, 0.0) is None
    it.bans.remove(ATTACKER.remote[0])
    for _ in range(STRANGERS.most_per_s):
        it.heard(OTHER, 0.0)
    assert it.silences(data, ATTACKER, 0.1) is None


@pytest.mark.parametrize("data", OUTSIDE)
def test_a_crowd_is_dropped_unread_but_for_whom_we_know(data: bytes) -> None:
    it = gate()
    for _ in range(STRANGERS.most_per_s):
        it.heard(ATTACKER, 0.0)
        it.heard(CARRIER, 0.0)
    assert it.silences(data, ATTACKER, 0.1) is Silence.CROWD
    assert it.silences(data, CARRIER, 0.1) is None


@pytest.mark.parametrize("data", INSIDE)
def test_in_a_crowd_who_names_calls_that_are_none_is_dropped_too(data: bytes) -> None:
    it = gate()
    for _ in range(STRANGERS.most_per_s):
        it.heard(ATTACKER, 0.0)
    assert it.silences(data, ATTACKER, 0.0) is Silence.CROWD
    assert it.silences(data, CARRIER, 0.0) is None
    assert it.silences(data, ATTACKER, 1.1) is None


def test_whom_we_know_is_of_another_crowd() -> None:
    it = gate()
    for _ in range(2 * STRANGERS.most_per_s):
        it.heard(CARRIER, 0.0)
    assert it.silences(OUTSIDE[0], ATTACKER, 0.1) is None


@pytest.mark.parametrize("data", OUTSIDE)
def test_a_flood_from_a_trunks_forged_address_is_held_back(data: bytes) -> None:
    it, read = gate(), 0
    for number in range(10_000):
        if it.silences(data, CARRIER, number / 10_000) is None:
            it.heard(CARRIER, number / 10_000)
            read += 1
    assert PEERS.free_per_s < read <= PEERS.most_per_s


@pytest.mark.parametrize(
    ("method", "verdict", "counts"),
    [
        ("INVITE", Known(TrunkPeer("carrier")), True),
        ("OPTIONS", Known(TrunkPeer("carrier")), True),
        ("OPTIONS", Known(PhonePeer("1001")), True),
        ("INVITE", Known(TrunkPeer("carrier"), proven=True), False),
        ("INVITE", Known(PhonePeer("1001"), proven=True), False),
        ("REGISTER", Known(PhonePeer("1001"), proven=True), False),
    ],
)
def test_what_only_an_address_vouches_for_counts_and_what_a_password_proves_does_not(
    method: str, verdict: Known, counts: bool
) -> None:
    it = gate()
    for _ in range(PEERS.most_per_s):
        it.sheds(request(method), verdict, CARRIER, 0.0)
    assert it.silences(OUTSIDE[0], CARRIER, 0.0) is (Silence.CROWD if counts else None)


@pytest.mark.parametrize(
    ("method", "verdict"),
    [
        ("INVITE", Known(TrunkPeer("carrier"))),
        ("INVITE", Known(PhonePeer("1001"))),
        ("INVITE", CHALLENGE),
        ("REGISTER", CHALLENGE),
    ],
)
def test_new_calls_and_registrations_are_refused_in_an_overload(method: str, verdict: Known | Refuse) -> None:
    refused = overloaded().sheds(request(method), verdict, CARRIER, 1.0)
    wait_s = "5" if method == "INVITE" else "2"
    assert refused == Refuse(503, "Service Unavailable", [("Retry-After", wait_s)])
    assert gate().sheds(request(method), verdict, CARRIER, 1.0) is None


def test_phones_that_come_at_once_are_told_to_come_back_one_after_another() -> None:
    it = overloaded()
    refused = [it.sheds(request("REGISTER"), CHALLENGE, CARRIER, 1.0) for _ in range(10)]
    waits = [int(value) for each in refused if each is not None for _, value in each.headers]
    assert sorted(waits) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (request("OPTIONS"), Known(TrunkPeer("carrier"))),
        (request("INVITE", to_tag=";tag=2"), Known(TrunkPeer("carrier"))),
        (request("INVITE", user="112"), Known(PhonePeer("1001"))),
        (request("INVITE", user="112"), CHALLENGE),
        (request("REGISTER", headers=ANSWER), Known(PhonePeer("1001"), proven=True)),
        (request("INVITE", headers=ANSWER), Known(TrunkPeer("carrier"), proven=True)),
    ],
    ids=[
        "OPTIONS",
        "of a dialog",
        "emergency",
        "emergency before the challenge",
        "answers our challenge",
        "a trunk answers our challenge",
    ],
)
def test_what_an_overload_does_not_refuse(asked: Request, verdict: Known | Refuse) -> None:
    assert overloaded("112").sheds(asked, verdict, CARRIER, 1.0) is None


def test_an_answer_that_nobody_verified_is_no_way_past_an_overload() -> None:
    asked = request("INVITE", headers=ANSWER)
    assert overloaded().sheds(asked, Known(TrunkPeer("carrier")), CARRIER, 1.0) is not None


def test_refusals_are_counted_by_method() -> None:
    it = overloaded()
    assert it.refused == {"INVITE": 0, "REGISTER": 0}
    for method in ("INVITE", "INVITE", "REGISTER"):
        it.sheds(request(method), CHALLENGE, ATTACKER, 1.0)
    assert it.refused == {"INVITE": 2, "REGISTER": 1}


def test_a_reload_sets_the_limit_and_what_is_told() -> None:
    it = overloaded()
    it.configure(Sip.model_validate({"overload": {"loop_lag": "5s", "retry_after": "1500ms"}}))
    assert it.sheds(request("INVITE"), CHALLENGE, CARRIER, 1.0) is None
    it.overload.waited(1, 5.0)
    refused = it.sheds(request("INVITE"), CHALLENGE, CARRIER, 1.0)
    assert refused is not None
    assert refused.headers == [("Retry-After", "2")]
