"""Who sent this request: the contract's questions in the contract's order."""

from ipaddress import ip_address
from typing import Any

import pytest

from sip.accounts.digest import client_response
from sip.flow import Flow, Transport
from sip.screen import Banned, Known, Refuse, Stranger, Verdict
from sip.syntax.malformed import Fault, Malformed, Partial
from sip.syntax.message import Request, parse
from switch.config.addresses import Address
from switch.config.schema import Config
from switch.peers import Identification, PhonePeer, Sources, TrunkPeer

CONFIG: dict[str, Any] = {
    "sip": {"listen": ["udp:0.0.0.0:5060", "tcp:0.0.0.0:5060", "udp:10.9.9.9:5070"], "domain": "pbx.example"},
    "trunks": {
        "carrier": {"accept_from": ["192.0.2.0/24"]},
        "near": {"accept_from": ["192.0.2.8/32"]},
        "port": {"accept_from": ["192.0.2.8:5080"]},
        "six": {"accept_from": ["2001:db8::/32"]},
    },
    "phones": {"1001": {"secret": "one"}, "1002": {"secret": "two"}},
}

PHONE_FLOW = Flow("udp", ("10.0.0.1", 5060), ("198.51.100.7", 5060))
CARRIER_FLOW = Flow("udp", ("10.0.0.1", 5060), ("192.0.2.1", 5060))
STRANGE_FLOW = Flow("udp", ("10.0.0.1", 5060), ("203.0.113.66", 5060))
OURS = "sip:1001@pbx.example"
THEIRS = "sip:1001@carrier.example"


class Registered:
    """Live registrations, as the registrar has them."""

    def __init__(self, *live: tuple[str, Flow]) -> None:
        self.live = set(live)

    def holds(self, user: str, flow: Flow) -> bool:
        return (user, flow) in self.live

    def is_at(self, host: str) -> bool:
        return any(flow.remote[0] == host for _, flow in self.live)


class OneInterface:
    """A machine with the address 10.0.0.1."""

    def has(self, address: Address) -> bool:
        return address in (ip_address("10.0.0.1"), ip_address("127.0.0.1"))


class Door:
    """An identification, with the failures that it reported."""

    def __init__(self, *live: tuple[str, Flow], config: dict[str, Any] | None = None) -> None:
        self.failures = 0
        self.screen = Identification(
            Config.model_validate(config or CONFIG), b"k" * 32, Registered(*live), OneInterface(), self.failed
        )

    def failed(self) -> None:
        self.failures += 1

    def asks(self, message: Request | Malformed, flow: Flow, now: float = 0.0) -> Verdict:
        return self.screen.identify(message, flow, now)

    def challenged(self, message: Request, flow: Flow, now: float = 0.0) -> list[str]:
        """The challenges that the message gets."""
        verdict = self.asks(message, flow, now)
        assert isinstance(verdict, Refuse)
        assert verdict.status == 401
        assert {name for name, _ in verdict.headers} == {"WWW-Authenticate"}
        return [value for _, value in verdict.headers]


def request(method: str = "INVITE", from_: str = OURS, to: str = "sip:1002@pbx.example") -> Request:
    lines = [
        f"{method} sip:pbx.example SIP/2.0",
        "Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1",
        f"From: <{from_}>;tag=1",
        f"To: <{to}>",
        "Call-ID: 1",
        f"CSeq: 1 {method}",
    ]
    message = parse("\r\n".join([*lines, "", ""]).encode())
    assert isinstance(message, Request)
    return message


def signed(message: Request, challenges: list[str], user: str, password: str, count: int = 1) -> Request:
    answer = client_response(
        challenges, message.method, message.uri, user, password, message.body, cnonce="c", count=count
    )
    assert answer is not None
    message.headers.set("Authorization", answer)
    return message


def malformed(method: str = "INVITE", from_: str | None = f"<{OURS}>;tag=1") -> Malformed:
    return Malformed(
        400, Fault.CSEQ_MISSING, Partial(method, ["SIP/2.0/UDP x"], from_, "<sip:x@y>", "1", None)
    )


def test_a_stranger_hears_nothing() -> None:
    for method in ("INVITE", "OPTIONS", "MESSAGE", "FOO"):
        assert Door().asks(request(method, THEIRS), STRANGE_FLOW) == Stranger()


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "MESSAGE", "FOO"])
def test_a_trunk_is_known_by_its_network(method: str) -> None:
    assert Door().asks(request(method, "sip:+34600@carrier.example"), CARRIER_FLOW) == Known(
        TrunkPeer("carrier")
    )


def test_a_call_of_a_trunk_is_never_one_of_our_phones() -> None:
    assert Door().asks(request(from_=THEIRS), CARRIER_FLOW) == Known(TrunkPeer("carrier"))
    assert Door().asks(request(from_="tel:1001"), CARRIER_FLOW) == Known(TrunkPeer("carrier"))


@pytest.mark.parametrize("user", ["1001", "4711", "%31001"])
@pytest.mark.parametrize("flow", [STRANGE_FLOW, CARRIER_FLOW])
@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "MESSAGE", "REGISTER"])
def test_our_domain_is_challenged_whether_the_user_exists_or_not(user: str, flow: Flow, method: str) -> None:
    door = Door()
    door.challenged(request(method, f"sip:{user}@pbx.example", f"sip:{user}@pbx.example"), flow)
    assert door.failures == 0


@pytest.mark.parametrize(
    ("uri", "ours"),
    [
        ("sip:x@pbx.example", True),
        ("sip:x@PBX.Example", True),
        ("sip:x@pbx.example:9999", True),
        ("sips:x@pbx.example", True),
        ("sip:pbx.example", True),
        ("sip:x@10.0.0.1", True),
        ("sip:x@10.0.0.1:5060", True),
        ("sip:x@127.0.0.1", True),
        ("sip:x@10.0.0.1:5061", False),
        ("sip:x@10.0.0.1:0", False),
        ("sip:x@10.0.0.2", False),
        ("sip:x@10.9.9.9:5070", True),
        ("sip:x@10.9.9.9", False),
        ("sip:x@203.0.113.5", True),
        ("sip:x@203.0.113.5:5070", True),
        ("sip:x@203.0.113.5:5071", False),
        ("sip:x@sub.pbx.example", False),
        ("sip:x@carrier.example", False),
        ("tel:+34600", False),
    ],
)
def test_our_domains(uri: str, ours: bool) -> None:
    sip = {**CONFIG["sip"], "advertise": {"public": "203.0.113.5", "local": ["10.0.0.0/8"]}}
    verdict = Door(config={**CONFIG, "sip": sip}).asks(request(from_=uri), CARRIER_FLOW)
    assert isinstance(verdict, Refuse) is ours
    assert ours or verdict == Known(TrunkPeer("carrier"))


def test_a_port_that_the_kernel_chose_is_ours() -> None:
    door = Door(config={"sip": {"listen": ["udp:127.0.0.1:0"]}})
    flow = Flow("udp", ("127.0.0.1", 40001), ("127.0.0.1", 5080))
    door.challenged(request(from_="sip:1001@127.0.0.1:40001"), flow)
    assert door.asks(request(from_="sip:1001@127.0.0.1:40002"), flow) == Stranger()


@pytest.mark.parametrize(
    ("transport", "uri", "ours"),
    [
        ("tls", "sip:1001@127.0.0.1", True),
        ("tls", "sips:1001@127.0.0.1", True),
        ("udp", "sips:1001@127.0.0.1", True),
        ("udp", "sip:1001@127.0.0.1", False),
    ],
)
def test_the_port_of_tls_need_not_be_written(transport: Transport, uri: str, ours: bool) -> None:
    door = Door(config={"sip": {"listen": ["tls:127.0.0.1:5061", "udp:127.0.0.1:5070"]}})
    local = ("127.0.0.1", 5061 if transport == "tls" else 5070)
    verdict = door.asks(request(from_=uri), Flow(transport, local, ("127.0.0.1", 5080)))
    assert isinstance(verdict, Refuse) is ours


def test_a_phone_proves_itself() -> None:
    door = Door()
    challenges = door.challenged(request(), STRANGE_FLOW)
    answer = signed(request(), challenges, "1001", "one")
    assert door.asks(answer, STRANGE_FLOW, 1.0) == Known(PhonePeer("1001"), proven=True)
    assert door.failures == 0


def test_a_registered_phone_is_still_challenged_for_each_invite() -> None:
    door = Door(("1001", PHONE_FLOW))
    challenges = door.challenged(request(from_=THEIRS), PHONE_FLOW)
    for count in (1, 2):
        call = signed(request(from_=THEIRS), challenges, "1001", "one", count)
        assert door.asks(call, PHONE_FLOW) == Known(PhonePeer("1001"), proven=True)
        door.challenged(request(from_=THEIRS), PHONE_FLOW)


@pytest.mark.parametrize("method", ["OPTIONS", "MESSAGE", "CANCEL", "FOO"])
def test_a_registered_phone_is_known_in_all_else(method: str) -> None:
    door = Door(("1001", PHONE_FLOW))
    assert door.asks(request(method, THEIRS), PHONE_FLOW) == Known(PhonePeer("1001"))
    assert door.asks(request(method, "sip:1002@x.example"), PHONE_FLOW) == Stranger()


def test_a_registration_on_another_flow_is_none() -> None:
    door = Door(("1001", PHONE_FLOW))
    assert door.asks(request("OPTIONS", THEIRS), STRANGE_FLOW) == Stranger()
    door.challenged(request("OPTIONS", OURS), PHONE_FLOW._replace(remote=("198.51.100.7", 5061)))


def test_phone_and_carrier_at_one_address() -> None:
    phone = Flow("udp", ("10.0.0.1", 5060), ("192.0.2.1", 5070))
    door = Door(("1001", phone))
    door.challenged(request(from_=OURS), phone)
    door.challenged(request(from_=OURS), CARRIER_FLOW)
    assert door.asks(request(from_="sip:+34600@192.0.2.1"), CARRIER_FLOW) == Known(TrunkPeer("carrier"))


def test_a_wrong_password_is_answered_like_an_unknown_user() -> None:
    door = Door()
    shapes = []
    for user in ("1001", "4711"):
        from_ = f"sip:{user}@pbx.example"
        challenges = door.challenged(request(from_=from_), STRANGE_FLOW)
        again = door.challenged(signed(request(from_=from_), challenges, user, "wrong"), STRANGE_FLOW)
        shapes.append([value.partition("nonce=")[0] + value.partition(", algorithm")[2] for value in again])
    assert shapes[0] == shapes[1]
    assert not any("stale" in value for value in shapes[0])
    assert door.failures == 2


def test_another_phones_credentials_are_forbidden() -> None:
    door = Door()
    for method in ("INVITE", "REGISTER"):
        message = request(method, OURS, OURS)
        verdict = door.asks(
            signed(message, door.challenged(message, STRANGE_FLOW), "1002", "two"), STRANGE_FLOW
        )
        assert verdict == Refuse(403, "Forbidden")
    assert door.failures == 2


def test_a_register_is_the_one_it_is_for() -> None:
    door = Door()
    message = request("REGISTER", "sip:boss@elsewhere.example", OURS)
    challenges = door.challenged(message, CARRIER_FLOW)
    assert door.asks(signed(message, challenges, "1001", "one"), CARRIER_FLOW) == Known(
        PhonePeer("1001"), proven=True
    )


def test_a_replay_and_an_old_nonce_are_challenged_again() -> None:
    door = Door()
    answer = signed(request(), door.challenged(request(), STRANGE_FLOW), "1001", "one")
    assert door.asks(answer, STRANGE_FLOW) == Known(PhonePeer("1001"), proven=True)
    assert all("stale=true" in value for value in door.challenged(answer, STRANGE_FLOW))
    assert door.failures == 1
    old = signed(request(), door.challenged(request(), STRANGE_FLOW), "1001", "one")
    assert all("stale=true" in value for value in door.challenged(old, STRANGE_FLOW, 3600.0))
    assert door.failures == 1


@pytest.mark.parametrize(
    ("message", "flow", "status"),
    [
        (malformed(), STRANGE_FLOW, 401),
        (malformed("REGISTER"), STRANGE_FLOW, 401),
        (malformed(from_="<sip:x@y.example>"), STRANGE_FLOW, None),
        (malformed(from_="<sip:"), STRANGE_FLOW, None),
        (malformed(from_=None), STRANGE_FLOW, None),
        (Malformed(400, Fault.MALFORMED_START_LINE), STRANGE_FLOW, None),
    ],
)
def test_malformed_from_nobody_we_know(message: Malformed, flow: Flow, status: int | None) -> None:
    verdict = Door().asks(message, flow)
    assert (verdict.status if isinstance(verdict, Refuse) else None) == status
    assert isinstance(verdict, Refuse | Stranger)


@pytest.mark.parametrize(
    "message",
    [
        malformed(from_="<sip:x@y.example>"),
        malformed(from_="<sip:"),
        Malformed(400, Fault.MALFORMED_START_LINE),
    ],
)
def test_malformed_from_a_trunk(message: Malformed) -> None:
    assert Door().asks(message, CARRIER_FLOW) == Known(TrunkPeer("carrier"))


def test_malformed_from_a_registered_phone() -> None:
    assert Door(("1001", PHONE_FLOW)).asks(malformed(), PHONE_FLOW) == Known(PhonePeer("1001"))


def test_a_request_whose_from_cannot_be_read_has_its_address() -> None:
    message = request()
    message.headers.set("From", "<sip:")
    assert Door().asks(message, CARRIER_FLOW) == Known(TrunkPeer("carrier"))
    assert Door().asks(message, STRANGE_FLOW) == Stranger()


@pytest.mark.parametrize(
    ("host", "port", "trunk"),
    [
        ("192.0.2.1", 5060, "carrier"),
        ("192.0.2.8", 5060, "near"),
        ("192.0.2.8", 5080, "port"),
        ("192.0.3.1", 5060, None),
        ("2001:db8::7", 5060, "six"),
        ("2001:db9::7", 5060, None),
        ("::ffff:192.0.2.1", 5060, "carrier"),
    ],
)
def test_the_longest_match_wins(host: str, port: int, trunk: str | None) -> None:
    found = Sources(Config.model_validate(CONFIG).trunks).find(Flow("udp", ("10.0.0.1", 5060), (host, port)))
    assert found == (None if trunk is None else TrunkPeer(trunk))


def test_everywhere_is_a_network_too() -> None:
    sources = Sources(Config.model_validate({"trunks": {"all": {"accept_from": ["0.0.0.0/0"]}}}).trunks)
    assert sources.find(STRANGE_FLOW) == TrunkPeer("all")


def test_in_dialog_requests_may_come_from_a_trunks_other_address() -> None:
    screen = Door(("1001", PHONE_FLOW)).screen
    assert screen.same_peer(TrunkPeer("carrier"), CARRIER_FLOW._replace(remote=("192.0.2.99", 1)))
    assert not screen.same_peer(TrunkPeer("carrier"), CARRIER_FLOW._replace(remote=("192.0.2.8", 1)))
    assert not screen.same_peer(TrunkPeer("carrier"), STRANGE_FLOW)
    assert screen.same_peer(PhonePeer("1001"), PHONE_FLOW)
    assert not screen.same_peer(PhonePeer("1002"), PHONE_FLOW)
    assert not screen.same_peer("someone", CARRIER_FLOW)


def test_16_3_a_call_of_ours_that_a_trunk_sends_back_is_the_trunks() -> None:
    screen = Door(("1001", PHONE_FLOW)).screen
    assert screen.may_return(request(), TrunkPeer("carrier"), CARRIER_FLOW)
    assert not screen.may_return(request(), TrunkPeer("near"), CARRIER_FLOW), "it was sent to another"
    assert not screen.may_return(request(), TrunkPeer("carrier"), STRANGE_FLOW)
    assert not screen.may_return(request(), PhonePeer("1001"), PHONE_FLOW), "a phone proves itself each time"


def test_a_reload_counts_from_now_on() -> None:
    door = Door(("1001", PHONE_FLOW))
    challenges = door.challenged(request(), STRANGE_FLOW)
    door.screen.configure(
        Config.model_validate({**CONFIG, "trunks": {}, "phones": {"1001": {"secret": "new"}}})
    )
    assert door.asks(request(from_=THEIRS), CARRIER_FLOW) == Stranger()
    assert door.asks(signed(request(), challenges, "1001", "new"), STRANGE_FLOW) == Known(
        PhonePeer("1001"), proven=True
    )
    door.screen.configure(Config.model_validate({**CONFIG, "phones": {}}))
    assert door.asks(request("OPTIONS", THEIRS), PHONE_FLOW) == Stranger()
    door.screen.configure(Config.model_validate({**CONFIG, "sip": {"domain": "new.example"}}))
    assert door.asks(request(), STRANGE_FLOW) == Stranger()
    assert 'realm="new.example"' in door.challenged(request(from_="sip:1001@new.example"), STRANGE_FLOW)[0]


class Carriers:
    """One trunk, registered as user `us` with a registrar that also calls from a second address."""

    def registered(self, address: str, user: str | None) -> str | None:
        return "registered" if address in ("198.51.100.1", "198.51.100.2") and user == "us" else None

    def holds(self, name: str, address: str) -> bool:
        return name == "registered" and address in ("198.51.100.1", "198.51.100.2")


LOBBY = {
    **CONFIG,
    "trunks": {
        "proven": {"accept_digest": {"user": "acme", "secret": "s3cret"}},
        "shown": {"accept_certificate": ["Carrier.Example"]},
        "registered": {
            "registration": {"registrar": "sip:198.51.100.1", "user": "us"},
            "credentials": {"user": "us", "secret": "x"},
        },
    },
}


class Lobby:
    """A door that knows trunks by password, by certificate and by registration."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.failures = 0
        self.screen = Identification(
            Config.model_validate(LOBBY),
            b"k" * 32,
            Registered(),
            OneInterface(),
            self.failed,
            Carriers(),
            lambda flow: self.names,
        )

    def failed(self) -> None:
        self.failures += 1


def test_a_trunk_proves_by_digest_who_it_is_wherever_it_calls_from() -> None:
    door = Lobby()
    for flow in (STRANGE_FLOW, PHONE_FLOW):
        verdict = door.screen.identify(request(from_="sip:acme@pbx.example"), flow, 0.0)
        assert isinstance(verdict, Refuse)
        challenges = [value for _, value in verdict.headers]
        right = signed(request(from_="sip:acme@pbx.example"), challenges, "acme", "s3cret")
        assert door.screen.identify(right, flow, 0.0) == Known(TrunkPeer("proven"), proven=True)
        wrong = signed(request(from_="sip:acme@pbx.example"), challenges, "acme", "guess", 2)
        assert isinstance(door.screen.identify(wrong, flow, 0.0), Refuse)
    assert door.failures == 2


def test_a_trunks_password_makes_nobody_a_phone() -> None:
    door = Lobby()
    verdict = door.screen.identify(request(from_=OURS), STRANGE_FLOW, 0.0)
    assert isinstance(verdict, Refuse)
    forged = signed(request(from_=OURS), [value for _, value in verdict.headers], "acme", "s3cret")
    assert door.screen.identify(forged, STRANGE_FLOW, 0.0) == Refuse(403, "Forbidden")


@pytest.mark.parametrize(
    ("transport", "names", "verdict"),
    [
        ("tls", ("other.example", "carrier.EXAMPLE"), Known(TrunkPeer("shown"))),
        ("tls", ("carrier.example.evil.example",), Stranger()),
        ("tls", (), Stranger()),
        ("tcp", ("carrier.example",), Stranger()),
    ],
)
def test_a_trunk_is_known_by_its_certificate(
    transport: Transport, names: tuple[str, ...], verdict: Verdict
) -> None:
    door = Lobby()
    door.names = names
    flow = STRANGE_FLOW._replace(transport=transport, connection=7)
    assert door.screen.identify(request(from_=THEIRS), flow, 0.0) == verdict
    assert door.screen.same_peer(TrunkPeer("shown"), flow) == isinstance(verdict, Known)


@pytest.mark.parametrize(
    ("address", "user", "verdict"),
    [
        ("198.51.100.1", "us", Known(TrunkPeer("registered"))),
        ("198.51.100.2", "us", Known(TrunkPeer("registered"))),
        ("198.51.100.1", "them", Stranger()),
        ("198.51.100.1", None, Stranger()),
        ("198.51.100.3", "us", Stranger()),
    ],
)
def test_a_trunk_calls_where_we_have_registered(address: str, user: str | None, verdict: Verdict) -> None:
    message = request(from_="sip:+34600@carrier.example")
    message.uri = f"sip:{user}@pbx.example" if user else "sip:pbx.example"
    flow = STRANGE_FLOW._replace(remote=(address, 5060))
    assert Lobby().screen.identify(message, flow, 0.0) == verdict


def test_in_its_dialogs_a_trunk_may_speak_from_each_of_its_addresses() -> None:
    screen, flow = Lobby().screen, STRANGE_FLOW._replace(remote=("198.51.100.2", 40000))
    assert screen.same_peer(TrunkPeer("registered"), flow)
    assert screen.same_peer(TrunkPeer("registered"), flow._replace(remote=("::ffff:198.51.100.2", 5060)))
    assert not screen.same_peer(TrunkPeer("shown"), flow)
    assert not screen.same_peer(TrunkPeer("registered"), STRANGE_FLOW)


# Bans

GUESSER = Flow("udp", ("10.0.0.1", 5060), ("203.0.113.66", 40000))


def guess(door: Door, user: str = "1001", flow: Flow = GUESSER, method: str = "REGISTER") -> Verdict:
    """One wrong answer to a fresh challenge."""
    there = f"sip:{user}@pbx.example"
    challenges = door.asks(request(method, there, there), flow)
    if not isinstance(challenges, Refuse):
        return challenges
    values = [value for _, value in challenges.headers]
    return door.asks(signed(request(method, there, there), values, user, "a guess"), flow)


def banning(*live: tuple[str, Flow]) -> Door:
    return Door(*live, config={**CONFIG, "sip": {**CONFIG["sip"], "bans": {"failures": 3}}})


def registers(door: Door, user: str, flow: Flow, password: str) -> Verdict:
    """A phone that knows its password."""
    there = f"sip:{user}@pbx.example"
    verdict = door.asks(request("REGISTER", there, there), flow)
    if not isinstance(verdict, Refuse):
        return verdict
    values = [value for _, value in verdict.headers]
    return door.asks(signed(request("REGISTER", there, there), values, user, password), flow)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
def test_who_guesses_is_banned_and_hears_nothing_more(method: str) -> None:
    door = banning()
    verdicts = [guess(door, method=method) for _ in range(4)]
    assert [type(verdict) for verdict in verdicts] == [Refuse, Refuse, Banned, Banned]
    assert registers(door, "1001", GUESSER, "one") == Banned(), "not even the right password helps"
    assert registers(door, "1002", GUESSER, "two") == Known(PhonePeer("1002"), proven=True), (
        "another user of that address"
    )
    assert registers(door, "1001", PHONE_FLOW, "one") == Known(PhonePeer("1001"), proven=True), (
        "himself, elsewhere"
    )


def test_a_name_in_to_does_not_hide_whose_password_is_guessed() -> None:
    door = banning()
    for number in range(4):
        there = f"sip:{number}@pbx.example"
        challenges = door.asks(request("REGISTER", there, there), GUESSER)
        if isinstance(challenges, Refuse):
            values = [value for _, value in challenges.headers]
            door.asks(signed(request("REGISTER", there, there), values, "1001", "a guess"), GUESSER)
    assert guess(door) == Banned()


def test_a_name_in_to_does_not_tell_whether_a_banned_guess_was_right() -> None:
    door = banning()
    for _ in range(3):
        guess(door)
    there = "sip:1002@pbx.example"
    challenges = door.challenged(request("REGISTER", there, there), GUESSER)
    for password in ("a guess", "one"):
        attempt = signed(request("REGISTER", there, there), challenges, "1001", password)
        assert door.asks(attempt, GUESSER) == Banned()


def test_who_tries_many_names_is_banned_with_his_address() -> None:
    door = banning()
    for user in ("1001", "1002", "1003"):
        guess(door, user)
    assert door.screen.bans.holds(GUESSER.remote[0], None, 0.0)
    assert registers(door, "1004", GUESSER, "x") == Banned()


def test_at_an_office_with_registered_phones_only_the_guessed_name_is_banned() -> None:
    desk = GUESSER._replace(remote=(GUESSER.remote[0], 5060))
    door = banning(("1002", desk), ("1001", desk._replace(remote=(GUESSER.remote[0], 5061))))
    for user in ("1001", "a", "b", "c", "1001", "1001"):
        guess(door, user)
    assert registers(door, "1002", desk, "two") == Known(PhonePeer("1002"), proven=True)
    assert guess(door) == Banned()
    registered = desk._replace(remote=(GUESSER.remote[0], 5061))
    assert registers(door, "1001", registered, "one") == Known(PhonePeer("1001"), proven=True), (
        "by its registered flow"
    )


def test_forged_answers_ban_nobody() -> None:
    """Their sender never saw the nonce that was sent to the address he names."""
    door = banning()
    seen_elsewhere = door.challenged(request("REGISTER", OURS, OURS), PHONE_FLOW)
    own = ['Digest realm="pbx.example", nonce="1-1-00000000000000000000000000000000", qop="auth"']
    for challenges in (seen_elsewhere, own) * 5:
        door.asks(signed(request("REGISTER", OURS, OURS), challenges, "1001", "a guess"), GUESSER)
        door.asks(request("REGISTER", OURS, OURS), GUESSER)
    assert door.screen.bans.active(0.0) == []
    assert door.failures == 0


def test_a_trunk_is_never_banned() -> None:
    door = banning()
    for user in ("1001", "1002") * 5:
        assert isinstance(guess(door, user, CARRIER_FLOW), Refuse)
    assert door.screen.bans.active(0.0) == []


def test_the_right_password_of_another_user_is_no_guess() -> None:
    door = banning()
    for _ in range(5):
        challenges = door.challenged(request("REGISTER", OURS, OURS), GUESSER)
        verdict = door.asks(signed(request("REGISTER", OURS, OURS), challenges, "1002", "two"), GUESSER)
        assert isinstance(verdict, Refuse)
        assert verdict.status == 403
    assert door.screen.bans.active(0.0) == []
