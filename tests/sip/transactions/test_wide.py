"""What is too large for a datagram goes by a stream (RFC 3261 section 18.1.1); Contacts of SIPS (12.1.1)."""

from dataclasses import replace

import pytest

from sip.flow import Flow
from sip.syntax.headers import STAR
from sip.syntax.limits import MAX_DATAGRAM_BYTES
from sip.syntax.message import Request, Response
from sip.syntax.uri import Uri
from tests.sip.calls import Called, Calling, names, over
from tests.sip.raw import OURS, PEER, SDP, UDP, only_request

TCP = Flow("tcp", OURS, PEER)


def by_transport(size: int, wide_flow: Flow | None) -> str:
    """How an INVITE with so large a header goes, by its Via."""
    call = Calling(headers=(("X-Large", "x" * size),), wide_flow=wide_flow)
    return call.invite.top_via.transport


def test_a_datagram_as_long_as_it_fits() -> None:
    assert by_transport(MAX_DATAGRAM_BYTES // 4, TCP) == "UDP"
    assert by_transport(MAX_DATAGRAM_BYTES, TCP) == "TCP"


def test_and_a_datagram_all_the_same_where_there_is_no_stream() -> None:
    assert by_transport(MAX_DATAGRAM_BYTES, None) == "UDP"


def contact_of(message: Request | Response) -> Uri:
    """Where we can be reached."""
    contacts = message.contacts
    assert contacts is not STAR
    return contacts[0].uri


def large() -> Calling:
    return Calling(headers=(("X-Large", "x" * MAX_DATAGRAM_BYTES),), wide_flow=TCP)


def test_the_whole_call_keeps_to_the_stream() -> None:
    call = large()
    assert contact_of(call.invite).params["transport"] == "tcp"
    call.peer.flow = TCP
    (ack,) = call.reply(200, body=SDP)
    assert ack.top_via.transport == "TCP"
    (bye,) = call.hangup()
    assert bye.top_via.transport == "TCP"
    assert over(call.peer)


def test_a_stream_that_cannot_be_had_leaves_the_datagram() -> None:
    call = large()
    call.peer.endpoint.flow_failed(TCP, 0.0)
    again = only_request(call.peer.sent())
    assert (again.method, again.top_via.transport, again.cseq.number) == ("INVITE", "UDP", 2)
    call.invite = again
    (ack,) = call.reply(200, body=SDP)
    assert ack.top_via.transport == "UDP"
    assert names(call.peer.events()) == ["Answered"]
    call.hangup()
    assert over(call.peer)


def test_a_datagram_that_cannot_be_sent_either_is_the_end() -> None:
    call = large()
    call.peer.endpoint.flow_failed(TCP, 0.0)
    call.peer.sent()
    call.peer.endpoint.flow_failed(UDP, 0.0)
    assert names(call.peer.events()) == ["Refused"]
    assert over(call.peer)


@pytest.mark.parametrize(
    ("contact", "scheme"), [("sips:them@192.0.2.9:5061", "sips"), ("sip:them@192.0.2.9", "sip")]
)
def test_12_1_1_a_peer_that_uses_sips_gets_a_contact_of_sips(contact: str, scheme: str) -> None:
    called = Called(f"Contact: <{contact}>", answered=False, flow=Flow("tls", OURS, PEER, 1))
    assert contact_of(called.answer()).scheme == scheme


def test_8_1_1_8_and_so_does_one_whom_we_call_by_sips() -> None:
    call = Calling(flow=Flow("tls", OURS, PEER, 1))
    call.peer.endpoint.invite(replace(call.outgoing, uri="sips:them@192.0.2.9"), 0.0)
    assert contact_of(only_request(call.peer.sent())).scheme == "sips"
