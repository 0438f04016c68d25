"""Route headers of what comes to us (RFC 3261 section 16.4)."""

import pytest

from sip.events import IncomingInvite
from sip.flow import Flow
from sip.syntax.message import Request
from tests.sip.raw import OURS, PEER, Peer


def arrived(*lines: str, uri: str = "sip:600@192.0.2.1") -> Request:
    peer = Peer()
    peer.send(peer.invite(*lines, uri=uri))
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    return event.request


@pytest.mark.parametrize(
    ("uri", "routes", "meant", "left"),
    [
        ("sip:600@192.0.2.1", [], "sip:600@192.0.2.1", []),
        ("sip:600@192.0.2.1", ["<sip:192.0.2.1;lr>"], "sip:600@192.0.2.1", []),
        ("sip:600@x.example", ["<sip:192.0.2.1:5060;lr>, <sip:p.example;lr>"], "sip:600@x.example", ["p"]),
        ("sip:192.0.2.1", ["<sip:p.example;lr>, <sip:600@x.example>"], "sip:600@x.example", ["p"]),
        ("sip:192.0.2.1:5060", ["<sip:600@x.example>"], "sip:600@x.example", []),
        ("sip:192.0.2.1:5070", ["<sip:600@x.example>"], "sip:192.0.2.1:5070", ["x"]),
        ("sip:600@192.0.2.1", ["<sip:p.example>"], "sip:600@192.0.2.1", ["p"]),
        ("sip:192.0.2.1", ["<sip:192.0.2.1;lr>", "<sip:600@x.example>"], "sip:600@x.example", []),
    ],
)
def test_16_4(uri: str, routes: list[str], meant: str, left: list[str]) -> None:
    request = arrived(*[f"Route: {route}" for route in routes], uri=uri)
    assert request.uri == meant
    assert [route.uri.host for route in request.routes] == [f"{name}.example" for name in left]


def test_a_route_that_cannot_be_read_is_400() -> None:
    peer = Peer()
    assert peer.statuses(peer.invite("Route: <sip:", uri="sip:192.0.2.1")) == [400]


def test_what_we_advertise_is_ours_too() -> None:
    behind = Flow("udp", ("10.0.0.1", 5060), PEER)
    peer = Peer(flow=behind)
    peer.endpoint = type(peer.endpoint)(
        peer.screen, token=iter("abcdefgh").__next__, advertise=lambda flow: OURS
    )
    peer.send(peer.invite("Route: <sip:192.0.2.1;lr>", uri="sip:600@x.example"))
    (event,) = peer.events()
    assert isinstance(event, IncomingInvite)
    assert event.request.routes == []
