"""What arrives before anybody has proved anything: no memory, and no more out than thrice what came in."""

import gc
import tracemalloc
from collections.abc import Hashable, Iterator

import pytest

from sip.accounts.digest import Challenger, Failure, FailureKind
from sip.endpoint import Endpoint
from sip.flow import Flow, Transport
from sip.screen import Banned, Gate, Known, OpenGate, Refuse, Silence, Stranger, Verdict
from sip.syntax.message import Malformed, Request
from tests.sip.wire import tokens

HERE = ("10.0.0.1", 5060)
FORGED = ("203.0.113.66", 5060)


class Screening:
    """Gives everybody the same verdict; challenges are real ones."""

    def __init__(self, verdict: Verdict | None = None) -> None:
        self.challenger = Challenger(b"k" * 32, "a-rather-long-domain.of-our.pbx.example")
        self.verdict = verdict

    def identify(self, message: Request | Malformed, flow: Flow, now: float) -> Verdict:
        if self.verdict is not None:
            return self.verdict
        stale = Failure(FailureKind.STALE)
        challenges = self.challenger.challenges(now, stale, flow.remote[0])
        return Refuse(401, "Unauthorized", [("WWW-Authenticate", value) for value in challenges])

    def same_peer(self, peer: Hashable, flow: Flow) -> bool:
        return False

    def may_return(self, invite: Request, peer: Hashable, flow: Flow) -> bool:
        return False


class Crowded:
    """A gate that lets nothing in."""

    def __init__(self, silence: Silence) -> None:
        self.silence = silence

    def silences(self, data: bytes, flow: Flow, now: float) -> Silence | None:
        return self.silence

    def heard(self, flow: Flow, now: float) -> None:
        raise AssertionError("it was not read")

    def sheds(self, request: Request, verdict: Refuse | Known, flow: Flow, now: float) -> Refuse | None:
        raise AssertionError("it was not read")


def endpoint(screen: Screening | None = None, gate: Gate | None = None) -> Endpoint:
    return Endpoint(screen or Screening(), token=tokens("t"), advertise=lambda flow: flow.local, gate=gate)


def flow(transport: Transport = "udp") -> Flow:
    return Flow(transport, HERE, FORGED, 0 if transport == "udp" else 1)


def request(method: str, number: int = 0, padding: str = "", compact: bool = False) -> bytes:
    lines = [
        f"{method} sip:a SIP/2.0",
        f"{'v' if compact else 'Via'}:SIP/2.0/UDP a;branch=z9hG4bK{number}",
        f"{'f' if compact else 'From'}:<sip:a>;tag=1",
        f"{'t' if compact else 'To'}:<sip:a>",
        f"{'i' if compact else 'Call-ID'}:{number}",
        f"CSeq:1 {method}",
        f"Contact:<sip:a>{padding}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def answers() -> Iterator[tuple[str, Screening, bytes]]:
    """Everything that we say to a source which has proved nothing, to requests of many sizes."""
    for compact in (True, False):
        for size in (0, 20, 60, 120, 200, 300, 500, 1000):
            padding = ";x=" + "y" * size if size else ""
            name = f"{size}{' compact' if compact else ''}"
            for method in ("REGISTER", "INVITE", "OPTIONS", "SUBSCRIBE", "DANCE"):
                sent = request(method, padding=padding, compact=compact)
                yield f"challenge {method} {name}", Screening(), sent
                yield f"forbidden {method} {name}", Screening(Refuse(403, "Forbidden")), sent
                yield f"known {method} {name}", Screening(Known("carrier")), sent
                for old, new in (
                    (b"CSeq:1", b"CSeq:x"),
                    (b"sip:a SIP", b"sip:: SIP"),
                    (b"SIP/2.0\r", b"SIP/9\r"),
                ):
                    yield f"malformed {method} {name}", Screening(), sent.replace(old, new, 1)
                    yield f"malformed {method} {name}", Screening(Known("carrier")), sent.replace(old, new, 1)


def test_no_answer_to_an_unproven_udp_source_is_more_than_thrice_its_request() -> None:
    answered = 0
    for name, screen, sent in answers():
        if name.startswith("known") and name.split()[1] in ("INVITE", "OPTIONS", "REGISTER"):
            continue  # served: the carrier's address is proof by configuration
        there = endpoint(screen)
        there.receive(sent, flow(), 0.0)
        told = sum(len(data) for data, _ in there.datagrams())
        answered += told > 0
        assert told <= 3 * len(sent), (name, sent)
    assert answered > 200


def test_a_small_request_gets_the_challenge_that_every_phone_knows_or_none() -> None:
    there = endpoint()
    wide = request("REGISTER", padding=";x=" + "y" * 300)
    there.receive(wide, flow(), 0.0)
    ((full, _),) = there.datagrams()
    assert full.count(b"WWW-Authenticate") == 2
    there.receive(request("REGISTER", padding=";x=" + "y" * 20), flow(), 0.0)
    ((short, _),) = there.datagrams()
    assert short.count(b"WWW-Authenticate") == 1
    assert b"algorithm=MD5" in short
    there.receive(request("REGISTER", compact=True).replace(b"Contact:<sip:a>\r\n", b""), flow(), 0.0)
    assert not there.datagrams()


def test_a_stream_proves_its_address_so_its_answers_are_whole() -> None:
    there = endpoint()
    there.receive(request("REGISTER", compact=True), flow("tcp"), 0.0)
    ((data, _),) = there.datagrams()
    assert data.count(b"WWW-Authenticate") == 2


METHODS = ("REGISTER", "INVITE", "OPTIONS", "CANCEL", "ACK", "BYE", "DANCE")


@pytest.mark.parametrize(
    "verdict",
    [None, Stranger(), Banned(), Refuse(403, "Forbidden")],
    ids=["challenged", "stranger", "banned", "403"],
)
def test_a_flood_leaves_nothing_in_memory(verdict: Verdict | None) -> None:
    there = endpoint(Screening(verdict))

    def flood(first: int, count: int) -> None:
        for number in range(first, first + count):
            source = Flow("udp", HERE, (f"10.{number % 200}.{number // 200}.1", 1024 + number))
            padding = ";x=" + "y" * 300
            method = METHODS[number % len(METHODS)]
            there.receive(request(method, number, padding), source, number / 1000)
            broken = request(method, number, padding).replace(
                b"CSeq:1", b"CSeq:" + str(number).encode() + b"x"
            )
            there.receive(broken, source, number / 1000)
            there.datagrams()
            assert not there.events()

    flood(0, 100)
    labels = len(there.counters.messages), len(there.counters.parse_errors)
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        flood(100, 700)
        gc.collect()  # which empties the free lists, too
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert (there.counts().transactions, there.counts().sessions, there.counts().timers) == (0, 0, 0)
    assert there.deadline() is None
    assert labels == (len(there.counters.messages), len(there.counters.parse_errors))
    assert grown < 10_000, f"{grown} octets after 1,400 requests, 200 of each method"


@pytest.mark.parametrize("silence", Silence)
def test_what_is_silenced_is_not_read_but_counted(silence: Silence) -> None:
    there = endpoint(gate=Crowded(silence))
    for data in (request("INVITE"), request("REGISTER"), b"garbage"):
        there.receive(data, flow(), 0.0)
    counted = there.counters.banned if silence is Silence.BANNED else there.counters.unread
    assert counted == {"udp": 3}
    assert not there.datagrams()
    assert not there.counters.messages


class Counting(OpenGate):
    """An open gate that counts what proves nothing."""

    def __init__(self) -> None:
        self.unknown = 0

    def heard(self, flow: Flow, now: float) -> None:
        self.unknown += 1


@pytest.mark.parametrize("method", ["INVITE", "REGISTER", "ACK", "CANCEL", "BYE", "INFO", "SIP/2.0 200 OK"])
def test_whatever_belongs_to_nothing_of_ours_is_of_the_crowd(method: str) -> None:
    gate = Counting()
    there = endpoint(Screening(Stranger()), gate)
    data = request("BYE" if method.startswith("SIP/") else method)
    if method.startswith("SIP/"):
        data = b"SIP/2.0 200 OK" + data[data.index(b"\r\n") :]
    there.receive(data, flow(), 0.0)
    assert gate.unknown == 1


@pytest.mark.parametrize("data", [b"garbage", request("INVITE").replace(b"CSeq:1 ", b"CSeq:one ")])
@pytest.mark.parametrize("verdict", [Stranger(), Known("carrier")])
def test_whatever_cannot_be_read_proves_nothing(data: bytes, verdict: Verdict) -> None:
    gate = Counting()
    endpoint(Screening(verdict), gate).receive(data, flow(), 0.0)
    assert gate.unknown == 1


def test_a_banned_sender_hears_nothing_and_is_counted() -> None:
    there = endpoint(Screening(Banned()))
    there.receive(request("INVITE"), flow(), 0.0)
    there.receive(request("INVITE").replace(b"CSeq:1", b"CSeq:x"), flow(), 0.0)
    there.receive(request("CANCEL"), flow(), 0.0)
    assert there.counters.banned == {"udp": 3}
    assert not there.datagrams()
    assert not there.counters.strangers
