"""What the top Via says of the way back: RFC 3261 section 18.2.2, RFC 3581 section 4, RFC 5923."""

import pytest

from sip.events import IncomingInvite
from sip.flow import Flow, Transport
from sip.screen import Refuse
from sip.syntax.headers import Via
from sip.transactions.reuse import alias, introduces, return_flow, return_port, top_via
from tests.sip.raw import Peer

OURS = ("192.0.2.1", 5060)
SOURCE = ("192.0.2.9", 51000)


@pytest.mark.parametrize(
    ("via", "port"),
    [
        ("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1", 5070),
        ("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1", 5060),
        ("SIP/2.0/UDP 192.0.2.9:5070;branch=z9hG4bK1;rport", 51000),
        ("SIP/2.0/UDP gw.example:5070;branch=z9hG4bK1", 5070),
        ("SIP/2.0/UDP 10.0.0.7:5070;branch=z9hG4bK1", 51000),
        ("SIP/2.0/UDP 192.0.2.9:51000;branch=z9hG4bK1", 51000),
    ],
)
def test_18_2_2_where_a_response_goes_on_udp(via: str, port: int) -> None:
    flow = Flow("udp", OURS, SOURCE)
    assert return_flow(Via.parse(via), flow) == flow._replace(remote=("192.0.2.9", port))


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_18_2_2_on_streams_it_stays_on_the_connection(transport: Transport) -> None:
    flow = Flow(transport, OURS, SOURCE, 7)
    assert return_flow(Via.parse("SIP/2.0/TCP 192.0.2.9:5070;branch=z9hG4bK1"), flow) is flow


def test_18_2_2_one_and_the_same_address_of_ipv6_may_be_written_in_two_ways() -> None:
    flow = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::9", 51000))
    via = Via.parse("SIP/2.0/UDP [2001:DB8:0:0::9]:5070;branch=z9hG4bK1")
    assert return_flow(via, flow).remote == ("2001:db8::9", 5070)


@pytest.mark.parametrize("refuse", [None, Refuse(403, "Forbidden")])
def test_18_2_2_refusals_and_answers_go_the_same_way(refuse: Refuse | None) -> None:
    peer = Peer(flow=Flow("udp", OURS, SOURCE))
    peer.screen.refuse = refuse
    text = peer.invite(source=("192.0.2.9", 5070)).replace(";rport", "")
    peer.endpoint.receive(text.encode(), peer.flow, 0.0)
    for event in peer.events():
        assert isinstance(event, IncomingInvite)
        peer.endpoint.reject(event.session, 486, 0.0)
    assert {flow.remote for _, flow in peer.endpoint.datagrams()} == {("192.0.2.9", 5070)}


@pytest.mark.parametrize(
    ("sent_by", "port"), [("192.0.2.9:5070", 5070), ("192.0.2.9", 5061), ("pbx.example", 5061)]
)
def test_18_2_2_the_port_where_a_stream_is_opened_back(sent_by: str, port: int) -> None:
    response = f"SIP/2.0 200 OK\r\nv: SIP/2.0/TLS {sent_by};branch=z9hG4bK1, SIP/2.0/UDP x\r\n\r\n"
    assert return_port(response.encode(), Flow("tls", OURS, SOURCE)) == port


@pytest.mark.parametrize(
    ("message", "offers"),
    [
        ("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;alias;branch=z9hG4bK1\r\n\r\n", True),
        ("OPTIONS sip:x SIP/2.0\r\nSubject: alias\r\nv : SIP/2.0/TCP h;branch=z9hG4bK1;alias\r\n\r\n", True),
        ("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\n\r\n", False),
        ("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TLS h;alias;branch=z9hG4bK1\r\n\r\n", False),
        ("SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP h;alias;branch=z9hG4bK1\r\n\r\n", False),
        ("OPTIONS sip:x SIP/2.0\r\nVia: nonsense;alias\r\n\r\n", False),
        ("OPTIONS sip:x SIP/2.0\r\nTo: x\r\n\r\n", False),
    ],
)
def test_rfc_5923_5_who_offers_his_connection(message: str, offers: bool) -> None:
    assert (alias(message.encode(), Flow("tcp", OURS, SOURCE)) is not None) == offers


def test_the_top_via_of_several() -> None:
    via = top_via(b"OPTIONS sip:x SIP/2.0\r\nVIA: SIP/2.0/TCP a;branch=1,SIP/2.0/TCP b\r\nVia: c\r\n\r\n")
    assert via is not None
    assert via.host == "a"


@pytest.mark.parametrize(
    ("message", "known"),
    [
        (b"SIP/2.0 100 Trying\r\n", True),
        (b"SIP/2.0 200 OK\r\n", True),
        (b"SIP/2.0 302 Moved\r\n", False),
        (b"SIP/2.0 401 Unauthorized\r\n", False),
        (b"SIP/2.0 503 Service Unavailable\r\n", False),
        (b"OPTIONS sip:x SIP/2.0\r\n", True),
    ],
)
def test_what_we_say_only_to_those_we_know(message: bytes, known: bool) -> None:
    assert introduces(message) == known
