"""Which connection carries what: RFC 3261 section 18.2.2, RFC 5923, RFC 5626 section 4.4.1."""

import pytest

from sip.aio.closing import Closed
from sip.aio.connection import Connection
from sip.flow import Address, Flow
from tests.sip.aio.stage import LOCAL, REMOTE, Stage, Transport

TARGET = ("192.0.2.9", 5060)
OK = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"
OPTIONS = b"OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/%s;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"


def test_what_comes_before_garbage_is_still_read() -> None:
    stage = Stage()
    connection, transport = stage.accept()
    message = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n"
    connection.data_received(message + b"GET / HTTP/1.1\r\n\r\n")
    assert stage.messages == [message]
    assert (len(stage.garbled), transport.end) == (1, "closed")
    assert stage.pool.closed["tcp", Closed.GARBAGE] == 1


def test_a_connection_given_up_while_it_is_made_is_cut_off() -> None:
    stage = Stage()
    connection = stage.pool.to(Flow("tcp", LOCAL, TARGET))
    connection.abort(Closed.UNREACHABLE)
    assert stage.flows_failed == [connection.flow]
    assert stage.meet(connection).end == "aborted"


def test_a_peer_that_does_not_read_is_cut_off() -> None:
    stage = Stage()
    connection, transport = stage.accept()
    stage.pool.send(b"x" * 200_000, connection.flow)
    assert transport.end == ""
    stage.pool.send(b"x" * 200_000, connection.flow)
    assert transport.end == "aborted"
    assert stage.pool.closed["tcp", Closed.UNREAD] == 1


def test_what_takes_no_last_words_is_cut_off() -> None:
    stage = Stage()
    connection, transport = stage.accept()
    connection.data_received(b"GET / HTTP/1.1\r\n\r\n")
    assert transport.end == "closed"
    stage.now = 6.0
    stage.pool.sweep()
    assert transport.end == "aborted"


def test_18_2_2_answers_go_back_by_the_connection_of_the_request() -> None:
    stage = Stage()
    first, one = stage.accept()
    second, two = stage.accept(("192.0.2.9", 51001))
    stage.pool.send(OK % b"192.0.2.9:5070", first.flow)
    stage.pool.send(OK % b"192.0.2.9:5070", second.flow)
    assert one.written == two.written == OK % b"192.0.2.9:5070"


@pytest.mark.parametrize(
    ("sent_by", "port"), [(b"192.0.2.9:5070", 5070), (b"192.0.2.9", 5060), (b"pbx.example:5080", 5080)]
)
def test_18_2_2_or_to_where_the_sender_listens_once_that_is_gone(sent_by: bytes, port: int) -> None:
    stage = Stage()
    connection, _ = stage.accept()
    connection.connection_lost(None)
    stage.pool.send(OK % sent_by, connection.flow)
    (made,) = stage.wished
    assert (made.flow.remote, made.is_ours) == ((REMOTE[0], port), True)
    assert stage.meet(made).written == OK % sent_by


def test_a_request_goes_by_what_is_open_and_else_by_a_new_connection() -> None:
    stage = Stage()
    flow = stage.pool.to(Flow("tcp", LOCAL, TARGET)).flow
    stage.pool.send(b"1", flow)
    stage.pool.send(b"2", Flow("tcp", LOCAL, TARGET))
    (made,) = stage.wished
    assert stage.meet(made).written == b"12"
    made.connection_lost(ConnectionResetError())
    assert stage.pool.closed["tcp", Closed.RESET] == 1
    assert stage.pool.to(Flow("tcp", LOCAL, TARGET)) is not made


@pytest.mark.parametrize(
    ("via", "introduced", "reused"),
    [
        (b"TCP 192.0.2.9:5060;alias", True, True),
        (b"TCP 192.0.2.9;alias", True, True),
        (b"TCP 192.0.2.9;alias", False, False),
        (b"TCP 192.0.2.9", True, False),
        (b"TCP 192.0.2.9:5070;alias", True, False),
        (b"TCP 192.0.2.8;alias", True, False),
        (b"TCP pbx.example;alias", True, False),
        (b"TLS 192.0.2.9;alias", True, False),
    ],
)
def test_rfc_5923_on_tcp_the_very_host_may_offer_its_connection(
    via: bytes, introduced: bool, reused: bool
) -> None:
    stage = Stage()
    connection, _ = stage.accept()
    connection.data_received(OPTIONS % via)
    if introduced:
        stage.pool.send(OK % b"192.0.2.9", connection.flow)
    assert (stage.pool.to(Flow("tcp", LOCAL, TARGET)) is connection) == reused


@pytest.mark.parametrize(
    ("names", "via", "wanted", "reused"),
    [
        (("pbx.example",), b"TLS pbx.example;alias", "pbx.example", True),
        (("pbx.example",), b"TLS 192.0.2.9;alias", "PBX.example.", True),
        (("pbx.example",), b"TLS pbx.example;alias", "other.example", False),
        (("*.example",), b"TLS pbx.example;alias", "pbx.example", False),
        ((), b"TLS 192.0.2.9;alias", "192.0.2.9", False),
        ((), b"TLS 192.0.2.9;alias", "", False),
    ],
)
def test_rfc_5923_on_tls_only_whom_the_certificate_names(
    names: tuple[str, ...], via: bytes, wanted: str, reused: bool
) -> None:
    stage = Stage()
    connection, _ = stage.accept(REMOTE, "tls", *names)
    connection.data_received(OPTIONS % via)
    stage.pool.send(OK % b"192.0.2.9", connection.flow)
    flow = Flow("tls", LOCAL, ("192.0.2.9", 5061))
    assert (stage.pool.to(flow, wanted) is connection) == reused


def test_rfc_5922_a_server_must_have_the_name_that_was_wanted() -> None:
    stage = Stage()
    flow = stage.pool.to(Flow("tls", LOCAL, TARGET), "sip.carrier.example").flow
    stage.pool.send(b"x", flow)
    transport = stage.meet(stage.wished[0], "other.example")
    assert (transport.end, transport.written) == ("aborted", b"")
    assert stage.flows_failed == [flow]
    assert stage.pool.closed["tls", Closed.CERTIFICATE] == 1


def test_rfc_5922_one_connection_for_each_name_unless_its_certificate_has_both() -> None:
    stage = Stage()
    flow = Flow("tls", LOCAL, TARGET)
    first = stage.pool.to(flow, "a.example")
    stage.meet(first, "a.example", "b.example")
    assert stage.pool.to(flow, "a.example") is stage.pool.to(flow, "b.example") is first
    assert stage.pool.to(flow, "c.example") is not first


def test_a_connection_is_made_again_for_the_name_that_was_wanted_first() -> None:
    """A request in a dialog knows only the address."""
    stage = Stage()
    flow = Flow("tls", LOCAL, TARGET)
    first = stage.pool.to(flow, "sip.carrier.example")
    stage.meet(first, "sip.carrier.example")
    first.connection_lost(None)
    stage.pool.send(b"BYE", flow)
    assert stage.wished[1].wanted == "sip.carrier.example"


@pytest.mark.parametrize("remote", [("192.0.2.8", 5061), ("2001:db8:0::8", 5061)])
def test_without_a_name_the_certificate_must_have_the_address(remote: Address) -> None:
    stage = Stage()
    stage.pool.send(b"BYE", Flow("tls", LOCAL, remote))
    assert stage.wished[0].wanted in ("192.0.2.8", "2001:db8::8")


def test_what_was_to_be_sent_fails_where_no_connection_is_made() -> None:
    stage = Stage()
    flow = Flow("tcp", LOCAL, TARGET)
    stage.pool.send(b"x", flow)
    stage.wished[0].abort(Closed.UNREACHABLE)
    assert set(stage.flows_failed) == {flow, stage.wished[0].flow}


def test_a_full_house_makes_none() -> None:
    stage = Stage(most=0)
    flow = Flow("tcp", LOCAL, TARGET)
    stage.pool.send(b"x", flow)
    assert stage.wished == []
    assert flow in stage.flows_failed
    assert len(stage.pool) == 0


def test_it_counts_what_is_open() -> None:
    stage = Stage()
    connection, transport = stage.accept()
    stage.accept(("192.0.2.9", 51001), "tls")
    assert dict(stage.pool.open) == {"tcp": 1, "tls": 1}
    connection.connection_lost(None)
    assert (stage.pool.open["tcp"], stage.flows_closed, transport.end) == (0, [connection.flow], "")


class TestKeepAlive:
    """RFC 5626 section 4.4.1."""

    def test_a_ping_gets_a_pong(self) -> None:
        connection, transport = Stage().accept()
        connection.data_received(b"\r\n\r\n")
        assert transport.written == b"\r\n"

    def test_ours_are_asked_when_they_have_been_silent(self) -> None:
        stage, _, transport = self.made()
        stage.now = 96.0
        stage.pool.sweep()
        stage.pool.sweep()
        assert transport.written == b"\r\n\r\n"
        stage.now = 192.0
        stage.pool.sweep()
        assert transport.written == b"\r\n\r\n" * 2, "again, though it was not answered"
        assert transport.end == "", "for not all do"

    def test_who_answered_once_and_does_not_now_is_gone(self) -> None:
        stage, connection, transport = self.made()
        stage.now = 96.0
        stage.pool.sweep()
        stage.now = 97.0
        connection.data_received(b"\r\n")
        stage.now = 193.0
        stage.pool.sweep()
        assert (transport.written, transport.end) == (b"\r\n\r\n" * 2, "")
        stage.now = 204.0
        stage.pool.sweep()
        assert transport.end == "aborted"
        assert stage.pool.closed["tcp", Closed.UNANSWERED] == 1

    def test_theirs_are_their_business(self) -> None:
        stage = Stage()
        connection, transport = stage.accept()
        stage.pool.send(b"INVITE", connection.flow)
        stage.now = 200.0
        stage.pool.sweep()
        assert transport.written == b"INVITE"

    def made(self) -> tuple[Stage, Connection, Transport]:
        stage = Stage()
        connection = stage.pool.to(Flow("tcp", LOCAL, TARGET))
        return stage, connection, stage.meet(connection)


def test_17_1_4_what_is_not_answered_fails_with_its_connection() -> None:
    stage = Stage()
    made = stage.pool.to(Flow("tcp", LOCAL, TARGET))
    stage.meet(made)
    stage.pool.send(b"BYE", Flow("tcp", LOCAL, TARGET))
    accepted, _ = stage.accept()
    stage.pool.send(b"INVITE", accepted.flow)
    stranger, _ = stage.accept(("192.0.2.9", 51001))
    for connection in (made, accepted, stranger):
        connection.connection_lost(ConnectionResetError())
    assert set(stage.flows_failed) == {made.flow, Flow("tcp", LOCAL, TARGET), accepted.flow}


def test_where_we_could_not_get_is_remembered_for_a_while() -> None:
    stage = Stage()
    stage.pool.to(Flow("tcp", LOCAL, TARGET)).abort(Closed.UNREACHABLE)
    assert stage.pool.is_unreachable(TARGET)
    stage.now = 301.0
    assert not stage.pool.is_unreachable(TARGET)
    stage.pool.to(Flow("tcp", LOCAL, TARGET)).abort(Closed.UNREACHABLE)
    stage.meet(stage.pool.to(Flow("tcp", LOCAL, TARGET)))
    assert not stage.pool.is_unreachable(TARGET)


def test_a_stranger_at_the_port_where_a_peer_listens_does_not_displace_ours() -> None:
    stage = Stage()
    ours = stage.pool.to(Flow("tcp", LOCAL, TARGET))
    stage.meet(ours)
    stage.accept(TARGET)
    assert stage.pool.to(Flow("tcp", LOCAL, TARGET)) is ours
