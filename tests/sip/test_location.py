"""Where a URI leads: RFC 3263 sections 4.1 to 4.3 and the order of RFC 2782."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest

from sip.flow import Transport
from sip.location import (
    Answers,
    Destination,
    Kind,
    Located,
    Naptr,
    Open,
    Place,
    Question,
    Record,
    Srv,
    in_turn,
    locate,
)

HOST = "carrier.example"
D2U = Naptr(50, 50, "s", "SIP+D2U", "_sip._udp.carrier.example")
D2T = Naptr(90, 50, "S", "sip+D2T", "_sip._tcp.carrier.example")
D2S = Naptr(10, 50, "s", "SIPS+D2T", "_sips._tcp.carrier.example")
ONE, TWO = Srv(1, 10, 5070, "one.example"), Srv(2, 0, 5080, "two.example")


def answers(**records: Sequence[Record]) -> Answers:
    """By kind and name: `A_one_example=["192.0.2.1"]`; `srv_udp` and so on stand for the services of HOST."""
    names = {"srv_udp": f"_sip._udp.{HOST}", "srv_tcp": f"_sip._tcp.{HOST}", "srv_tls": f"_sips._tcp.{HOST}"}
    found: dict[Question, Sequence[Record]] = {}
    for key, values in records.items():
        kind, _, name = key.partition("_")
        question = Question(names.get(key, name.replace("_", ".")), Kind(kind.upper()))
        found[question] = values
    return found


def walk(
    destination: Destination,
    known: Answers,
    supported: Sequence[Transport] = ("udp", "tcp", "tls"),
    families: Sequence[Kind] = (Kind.A, Kind.AAAA),
) -> tuple[list[Place], list[Question]]:
    """All places in order, and every question in the order asked; what `known` has not, has no records."""
    asked: list[Question] = []
    given: dict[Question, Sequence[Record]] = {}
    for _ in range(10):
        match locate(destination, given, supported, families):
            case Located(servers):
                return [place for server in servers for place in server.places], asked
            case Open(questions):
                assert questions
                asked += questions
                given |= {question: known.get(question, ()) for question in questions}
    raise AssertionError(f"it goes on asking: {asked}")


@pytest.mark.parametrize(
    ("destination", "place"),
    [
        (Destination("192.0.2.1"), Place("udp", "192.0.2.1", 5060, "192.0.2.1")),
        (Destination("192.0.2.1", 5070), Place("udp", "192.0.2.1", 5070, "192.0.2.1")),
        (Destination("192.0.2.1", None, "tcp"), Place("tcp", "192.0.2.1", 5060, "192.0.2.1")),
        (Destination("192.0.2.1", None, "tls"), Place("tls", "192.0.2.1", 5061, "192.0.2.1")),
        (Destination("192.0.2.1", secure=True), Place("tls", "192.0.2.1", 5061, "192.0.2.1")),
        (Destination("2001:DB8::1", 5080), Place("udp", "2001:db8::1", 5080, "2001:db8::1")),
        (Destination("[2001:db8::1]"), Place("udp", "2001:db8::1", 5060, "[2001:db8::1]")),
    ],
)
def test_rfc3263_4_1_a_number_is_never_looked_up(destination: Destination, place: Place) -> None:
    assert walk(destination, {}) == ([place], [])


@pytest.mark.parametrize("transport", [None, "udp", "tcp", "tls"])
def test_rfc3263_4_2_an_explicit_port_means_the_very_host(transport: Transport | None) -> None:
    known = answers(A_carrier_example=["192.0.2.1", "192.0.2.2"], AAAA_carrier_example=["2001:db8::1"])
    places, asked = walk(Destination(HOST, 5090, transport), known)
    assert [place.address for place in places] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert {(place.transport, place.port) for place in places} == {(transport or "udp", 5090)}
    assert asked == [Question(HOST, Kind.A), Question(HOST, Kind.AAAA)]


def test_rfc3263_4_1_naptr_names_the_transport_by_order_then_preference() -> None:
    known = answers(
        naptr_carrier_example=[D2T, D2U],
        srv_udp=[ONE],
        srv_tcp=[TWO],
        A_one_example=["192.0.2.1"],
        A_two_example=["192.0.2.2"],
    )
    places, asked = walk(Destination(HOST), known)
    assert places == [Place("udp", "192.0.2.1", 5070, "one.example")]
    assert asked[:2] == [Question(HOST, Kind.NAPTR), Question(f"_sip._udp.{HOST}", Kind.SRV)]


@pytest.mark.parametrize(
    ("supported", "transport"), [(["udp", "tcp", "tls"], "tls"), (["udp", "tcp"], "udp"), (["tcp"], "tcp")]
)
def test_rfc3263_4_1_services_that_we_have_no_transport_for_are_discarded(
    supported: Sequence[Transport], transport: Transport
) -> None:
    known = answers(
        naptr_carrier_example=[
            D2T,
            D2U,
            D2S,
            Naptr(1, 1, "s", "SIP+D2S", "x"),
            Naptr(0, 0, "u", "SIP+D2U", "y"),
        ],
        srv_udp=[ONE],
        srv_tcp=[ONE],
        srv_tls=[ONE],
        A_one_example=["192.0.2.1"],
    )
    places, _ = walk(Destination(HOST), known, supported)
    assert [place.transport for place in places] == [transport]


def test_rfc3263_4_1_without_naptr_each_transports_srv_is_asked_at_once() -> None:
    known = answers(srv_tcp=[ONE], A_one_example=["192.0.2.1"])
    places, asked = walk(Destination(HOST), known)
    assert places == [Place("tcp", "192.0.2.1", 5070, "one.example")]
    assert asked[1:3] == [Question(f"_sip._udp.{HOST}", Kind.SRV), Question(f"_sip._tcp.{HOST}", Kind.SRV)]


def test_rfc3263_4_2_without_srv_the_host_itself_at_the_usual_port() -> None:
    known = answers(A_carrier_example=["192.0.2.1"])
    assert walk(Destination(HOST), known)[0] == [Place("udp", "192.0.2.1", 5060, HOST)]
    assert walk(Destination(HOST, None, "tls"), known)[0] == [Place("tls", "192.0.2.1", 5061, HOST)]
    assert walk(Destination(HOST, secure=True), known)[0] == [Place("tls", "192.0.2.1", 5061, HOST)]


def test_rfc3263_4_1_sips_asks_for_nothing_but_tls() -> None:
    _, asked = walk(Destination(HOST, secure=True), {})
    assert asked[0] == Question(f"_sips._tcp.{HOST}", Kind.SRV)
    assert {question.kind for question in asked[1:]} == {Kind.A, Kind.AAAA}


def test_rfc2782_a_service_that_is_decidedly_not_there() -> None:
    known = answers(srv_udp=[Srv(0, 0, 0, "")], A_carrier_example=["192.0.2.1"])
    assert walk(Destination(HOST, None, "udp"), known)[0] == []
    assert walk(Destination(HOST), known)[0] == [Place("tcp", "192.0.2.1", 5060, HOST)]
    neither = {**known, **answers(srv_tcp=[Srv(0, 0, 0, "")])}
    assert walk(Destination(HOST), neither)[0] == []
    only_tcp = answers(srv_tcp=[Srv(0, 0, 0, "")], A_carrier_example=["192.0.2.1"])
    assert walk(Destination(HOST), only_tcp)[0] == [Place("udp", "192.0.2.1", 5060, HOST)]


def test_a_host_without_an_address_is_left_out_and_a_name_unknown_to_dns_leads_nowhere() -> None:
    known = answers(srv_udp=[ONE, TWO], A_two_example=["192.0.2.2"])
    assert walk(Destination(HOST, None, "udp"), known)[0] == [Place("udp", "192.0.2.2", 5080, "two.example")]
    assert walk(Destination("nowhere.example"), {})[0] == []


def test_the_hosts_of_all_srv_records_are_asked_for_at_once_and_only_families_that_we_reach() -> None:
    known = answers(srv_udp=[ONE, TWO], A_one_example=["192.0.2.1"], A_two_example=["192.0.2.2"])
    match locate(Destination(HOST, None, "udp"), answers(srv_udp=[ONE, TWO]), families=[Kind.A]):
        case Open(questions):
            assert questions == (Question("one.example", Kind.A), Question("two.example", Kind.A))
        case found:
            raise AssertionError(found)
    match locate(Destination(HOST, None, "udp"), known, families=[Kind.A]):
        case Located(servers):
            assert [(server.priority, server.weight) for server in servers] == [(1, 10), (2, 0)]
        case found:
            raise AssertionError(found)


def test_names_are_compared_in_small_letters_without_the_last_dot() -> None:
    known = answers(A_carrier_example=["192.0.2.1"])
    assert walk(Destination("Carrier.Example.", 5060), known)[0] == [Place("udp", "192.0.2.1", 5060, HOST)]


@dataclass(frozen=True)
class Choice:
    name: str
    priority: int
    weight: int


def test_rfc2782_priorities_come_in_order_whatever_the_weights() -> None:
    items = [Choice("last", 30, 65535), Choice("first", 10, 0), Choice("second", 20, 100)]
    random = Random(1)
    for _ in range(100):
        assert [item.name for item in in_turn(items, random.random)] == ["first", "second", "last"]


def test_rfc2782_weights_are_chances() -> None:
    items = [Choice("a", 0, 60), Choice("b", 0, 30), Choice("c", 0, 10), Choice("none", 0, 0)]
    random = Random(7)
    first = Counter(in_turn(items, random.random)[0].name for _ in range(10_000))
    assert first["a"] == pytest.approx(6000, rel=0.05)
    assert first["b"] == pytest.approx(3000, rel=0.08)
    assert first["c"] == pytest.approx(1000, rel=0.15)
    assert first["none"] < 10


def test_rfc2782_everybody_has_a_turn_once() -> None:
    items = [Choice(str(i), i % 3, i) for i in range(12)]
    random = Random(3)
    for _ in range(50):
        turn = in_turn(items, random.random)
        assert sorted(item.name for item in turn) == sorted(item.name for item in items)
    assert in_turn([], random.random) == []


def test_rfc2782_without_weights_the_order_of_the_list() -> None:
    items = [Choice("a", 0, 0), Choice("b", 0, 0)]
    assert [item.name for item in in_turn(items, lambda: 0.9)] == ["a", "b"]
