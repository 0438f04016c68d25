"""RFC 3261 section 12: the route set, the remote target, the way of the next request."""

import json

import pytest

from sip.dialogs.dialog import Dialog
from sip.flow import Flow
from sip.syntax.message import Request, Response, parse
from tests.sip.raw import OURS, PEER, UDP, Peer

TCP = Flow("tcp", OURS, PEER, 3)
TLS = Flow("tls", OURS, PEER, 4)
ROUTES = ("Record-Route: <sip:192.0.2.51;lr>, <sip:p2.example;lr>", "Record-Route: <sip:p3.example;lr>")


def request(*lines: str, source: tuple[str, int] = PEER) -> Request:
    message = parse(Peer().invite(*lines, source=source).encode())
    assert isinstance(message, Request)
    return message


def response(*lines: str) -> Response:
    head = [
        "SIP/2.0 200 OK",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "From: <sip:us@192.0.2.1>;tag=ours",
        "To: <sip:them@192.0.2.9>;tag=theirs",
        "Call-ID: call-1",
        "CSeq: 7 INVITE",
        *lines,
    ]
    message = parse(("\r\n".join(head) + "\r\n\r\n").encode())
    assert isinstance(message, Response)
    return message


def written(dialog: Dialog) -> tuple[str, list[str]]:
    """Request-URI and Route of the next request."""
    head = dialog.request_head("SIP/2.0/UDP x;branch=z9hG4bK2", 2)
    message = parse(head.write("BYE", dialog.remote, ""))
    assert isinstance(message, Request)
    return message.uri, message.headers.all("Route")


def test_12_1_1_the_callee_keeps_the_route_set_in_order() -> None:
    dialog = Dialog.of_request(request(*ROUTES), UDP, "ours")
    assert written(dialog) == (
        "sip:them@192.0.2.9",
        ["<sip:192.0.2.51;lr>", "<sip:p2.example;lr>", "<sip:p3.example;lr>"],
    )
    assert dialog.hop().remote == ("192.0.2.51", 5060)
    assert (dialog.local, dialog.remote) == ("<sip:us@192.0.2.1>;tag=ours", "<sip:them@192.0.2.9>;tag=theirs")
    assert (dialog.local_cseq, dialog.remote_cseq) == (0, 1)


def test_12_1_2_the_caller_reverses_the_route_set() -> None:
    dialog = Dialog.of_response(response(*ROUTES, "Contact: <sip:them@10.0.0.1>"), UDP, "sip:x", natted=False)
    assert written(dialog) == (
        "sip:them@10.0.0.1",
        ["<sip:p3.example;lr>", "<sip:p2.example;lr>", "<sip:192.0.2.51;lr>"],
    )
    assert dialog.hop() == UDP  # a name is not looked up
    assert (dialog.local_tag, dialog.remote_tag, dialog.local_cseq) == ("ours", "theirs", 7)


def test_12_2_1_1_a_strict_router_stands_in_the_request_uri() -> None:
    strict = "Record-Route: <sip:192.0.2.51:5070>, <sip:p2.example;lr>"
    dialog = Dialog.of_request(request(strict), UDP, "ours")
    assert written(dialog) == ("sip:192.0.2.51:5070", ["<sip:p2.example;lr>", "<sip:them@192.0.2.9>"])
    assert dialog.hop().remote == ("192.0.2.51", 5070)


@pytest.mark.parametrize(
    ("contact", "source", "flow", "remote"),
    [
        ("sip:them@192.0.2.9", PEER, UDP, PEER),
        ("sip:them@192.0.2.9:5070", PEER, UDP, ("192.0.2.9", 5070)),
        ("sip:them@192.0.2.77:5070", PEER, UDP, ("192.0.2.77", 5070)),
        ("sip:them@[2001:db8::1]:5070", PEER, UDP, ("2001:db8::1", 5070)),
        ("sip:them@pbx.example", PEER, UDP, PEER),
        ("sip:them@0.0.0.0", PEER, UDP, PEER),
        ("sip:them@10.0.0.5", ("10.0.0.5", 5060), UDP, PEER),  # behind a NAT: Via and source differ
        ("sip:them@192.0.2.9:4444", PEER, TCP, PEER),
        ("sip:them@192.0.2.77:5070", PEER, TLS, PEER),  # whose certificate was the right one
        ("sip:them@192.0.2.9", PEER, TLS._replace(connection=0), ("192.0.2.9", 5061)),
    ],
)
def test_where_the_next_request_goes(
    contact: str, source: tuple[str, int], flow: Flow, remote: tuple[str, int]
) -> None:
    dialog = Dialog.of_request(request(f"Contact: <{contact}>", source=source), flow, "ours")
    assert dialog.hop().remote == remote


@pytest.mark.parametrize(
    ("contact", "source", "flow", "hop"),
    [
        ("<sip:them@192.0.2.9;transport=TCP>", PEER, UDP, Flow("tcp", OURS, ("192.0.2.9", 5060))),
        ("<sip:them@192.0.2.9:5070;transport=tcp>", PEER, UDP, Flow("tcp", OURS, ("192.0.2.9", 5070))),
        ("<sip:them@192.0.2.9;transport=udp>", PEER, TCP, Flow("udp", OURS, ("192.0.2.9", 5060))),
        ("<sip:them@192.0.2.9:4444;transport=tcp>", PEER, TCP, TCP),
        ("<sip:them@192.0.2.9>", PEER, TCP, TCP),
        ("<sip:them@192.0.2.9;transport=sctp>", PEER, TCP, TCP),
        ("<sip:them@10.0.0.5;transport=tcp>", ("10.0.0.5", 5060), UDP, UDP),
        ("<sip:them@pbx.example;transport=tcp>", PEER, UDP, UDP),
        ("<sip:them@192.0.2.9;transport=tls>", PEER, UDP, UDP),
        ("<sip:them@192.0.2.9;transport=udp>", PEER, TLS, TLS),
        ("<sip:them@pbx.example;maddr=192.0.2.77>", PEER, UDP, UDP._replace(remote=("192.0.2.77", 5060))),
        ("<sip:them@10.1.1.1;maddr=192.0.2.9>", PEER, TCP, TCP),
        ("<sip:them@10.1.1.1;maddr=[2001:db8::1]>", PEER, UDP, UDP._replace(remote=("2001:db8::1", 5060))),
    ],
)
def test_12_2_1_1_the_target_says_by_which_transport(
    contact: str, source: tuple[str, int], flow: Flow, hop: Flow
) -> None:
    """And the first route likewise. Behind a NAT only the flow leads there."""
    assert Dialog.of_request(request(f"Contact: {contact}", source=source), flow, "ours").hop() == hop
    routed = request(f"Record-Route: {contact.replace('>', ';lr>')}", source=source)
    assert Dialog.of_request(routed, flow, "ours").hop() == hop


def test_a_dialog_survives_as_json() -> None:
    dialog = Dialog.of_request(request(*ROUTES), UDP, "ours")
    assert Dialog.from_dict(json.loads(json.dumps(dialog.to_dict()))) == dialog


@pytest.mark.parametrize("key", ["call_id", "flow", "routes", "remote_cseq"])
def test_half_a_dialog_is_an_error(key: str) -> None:
    saved = Dialog.of_request(request(), UDP, "ours").to_dict()
    del saved[key]
    with pytest.raises(KeyError):
        Dialog.from_dict(saved)


def test_an_unknown_transport_is_an_error() -> None:
    saved = Dialog.of_request(request(), UDP, "ours").to_dict()
    saved["flow"][0] = "sctp"
    with pytest.raises(ValueError, match="sctp"):
        Dialog.from_dict(saved)
