"""Connections are bounded in number, memory and silence; who is worth least goes first."""

import pytest

from sip.aio.closing import Closed
from sip.aio.connection import Connection
from sip.flow import Address, Flow
from tests.sip.aio.stage import LOCAL, Stage, Transport

TRYING = b"SIP/2.0 100 Trying\r\n\r\n"
CHALLENGE = b"SIP/2.0 401 Unauthorized\r\n\r\n"
PING = b"\r\n\r\n"


def known(stage: Stage, remote: Address) -> tuple[Connection, Transport]:
    connection, transport = stage.accept(remote)
    stage.pool.send(TRYING, connection.flow)
    return connection, transport


@pytest.mark.parametrize(
    ("said", "stays"), [(b"", False), (CHALLENGE, False), (TRYING, True), (b"BYE", True)]
)
def test_a_peer_whom_we_do_not_come_to_know_is_cut_off_after_64_t1(said: bytes, stays: bool) -> None:
    stage = Stage()
    connection, transport = stage.accept()
    if said:
        stage.pool.send(said, connection.flow)
    stage.now = 31.0
    connection.data_received(PING)
    stage.pool.sweep()
    assert transport.end == ""
    stage.now = 33.0
    stage.pool.sweep()
    assert transport.end == ("" if stays else "aborted")
    assert stage.pool.closed["tcp", Closed.STRANGER] == (0 if stays else 1)


def test_a_connection_that_is_silent_for_long_is_cut_off() -> None:
    stage = Stage(idle_s=100.0)
    connection, transport = known(stage, ("192.0.2.9", 1))
    stage.now = 99.0
    connection.data_received(PING)
    stage.now = 198.0
    stage.pool.sweep()
    assert transport.end == ""
    stage.now = 200.0
    stage.pool.sweep()
    assert transport.end == "aborted"
    assert stage.pool.closed["tcp", Closed.IDLE] == 1


def test_a_message_must_be_complete_in_time_however_it_drips() -> None:
    stage = Stage()
    connection, transport = known(stage, ("192.0.2.9", 1))
    other, unhurried = known(stage, ("192.0.2.9", 2))
    for second in range(11):
        stage.now = float(second)
        connection.data_received(b"O")
        other.data_received(PING)
        stage.pool.sweep()
        assert transport.end == ""
    stage.now = 11.0
    stage.pool.sweep()
    assert (transport.end, unhurried.end) == ("aborted", "")
    assert stage.pool.closed["tcp", Closed.SLOW] == 1


def test_each_message_has_its_own_time() -> None:
    stage = Stage()
    connection, transport = known(stage, ("192.0.2.9", 1))
    message = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n"
    for second in range(0, 60, 5):
        stage.now = float(second)
        connection.data_received(message[20:] + message[:20] if second else message[:20])
        stage.pool.sweep()
    assert (transport.end, len(stage.messages)) == ("", 11)


def test_strangers_make_room_the_oldest_first() -> None:
    stage = Stage(most=3)
    connections = [stage.accept(("192.0.2.9", port)) for port in range(3)]
    stage.pool.send(TRYING, connections[0][0].flow)
    stage.accept(("192.0.2.9", 3))
    assert [transport.end for _, transport in connections] == ["", "aborted", ""]
    assert stage.pool.closed["tcp", Closed.CROWDED_OUT] == 1
    assert len(stage.pool) == 3


def test_who_is_known_makes_room_only_after_a_long_silence() -> None:
    stage = Stage(most=2)
    _, first = known(stage, ("192.0.2.9", 1))
    second, other = known(stage, ("192.0.2.9", 2))
    assert stage.pool.admit("tcp", LOCAL, ("192.0.2.9", 3)) is None
    assert stage.pool.closed["tcp", Closed.TOO_MANY] == 1
    stage.now = 301.0
    second.data_received(PING)
    stage.accept(("192.0.2.9", 3))
    assert (first.end, other.end) == ("aborted", "")


def test_what_we_made_never_makes_room() -> None:
    stage = Stage(most=1)
    connection = stage.pool.to(Flow("tcp", LOCAL, ("192.0.2.9", 5060)))
    stage.meet(connection)
    stage.now = 1000.0
    assert stage.pool.admit("tcp", LOCAL, ("192.0.2.9", 3)) is None


@pytest.mark.parametrize(
    ("first", "second", "third", "fits"),
    [
        ("192.0.2.9", "192.0.2.9", "192.0.2.9", False),
        ("192.0.2.9", "192.0.2.9", "192.0.2.8", True),
        ("2001:db8::1", "2001:db8::2", "2001:db8::3", False),
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::3", True),
    ],
)
def test_one_address_has_so_many_and_no_more(first: str, second: str, third: str, fits: bool) -> None:
    """Of IPv6 one /64 is one address: within it they cost nothing."""
    stage = Stage(per_address=2)
    for host in (first, second):
        known(stage, (host, 1))
    assert (stage.pool.admit("tcp", LOCAL, (third, 1)) is not None) == fits
    assert stage.pool.closed["tcp", Closed.TOO_MANY_OF_ADDRESS] == (0 if fits else 1)


def test_of_one_address_the_stranger_goes_first_and_then_the_longest_silent() -> None:
    stage = Stage(per_address=3)
    one, _ = known(stage, ("192.0.2.9", 1))
    _, two = known(stage, ("192.0.2.9", 2))
    _, stranger = stage.accept(("192.0.2.9", 3))
    known(stage, ("192.0.2.9", 4))
    assert stranger.end == "aborted"
    stage.now = 301.0
    one.data_received(PING)
    stage.accept(("192.0.2.9", 5))
    assert two.end == "aborted"
