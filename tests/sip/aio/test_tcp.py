"""Connections are bounded in number, memory and silence."""

import asyncio

from sip.aio.tcp import Connection, Connections
from sip.flow import Flow
from sip.message import Malformed

LOCAL, REMOTE = ("192.0.2.1", 5060), ("192.0.2.9", 51000)


class Transport(asyncio.Transport):
    """Keeps what is written and never sends it."""

    def __init__(self) -> None:
        super().__init__({"peername": REMOTE})
        self.written = b""
        self.end = ""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return len(self.written)

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"


class Shell:
    """Hears what the connections report."""

    def __init__(self, most: int = 10, idle_s: float = 3600.0) -> None:
        self.now = 0.0
        self.messages: list[bytes] = []
        self.garbage: list[Malformed] = []
        self.failed: list[Flow] = []
        self.closed: list[Flow] = []
        self.pool = Connections(self, lambda: self.now, most, idle_s)

    def tcp_received(self, messages: list[bytes], flow: Flow) -> None:
        self.messages += messages

    def tcp_garbage(self, error: Malformed, flow: Flow) -> None:
        self.garbage.append(error)

    def tcp_failed(self, flow: Flow) -> None:
        self.failed.append(flow)

    def tcp_closed(self, flow: Flow) -> None:
        self.closed.append(flow)

    def accept(self) -> tuple[Connection, Transport]:
        connection, transport = self.pool.accept(LOCAL), Transport()
        assert isinstance(connection, Connection)
        connection.connection_made(transport)
        return connection, transport


def test_a_peer_to_whom_we_have_nothing_to_say_is_cut_off_after_64_t1() -> None:
    shell = Shell()
    _, silent = shell.accept()
    connection, known = shell.accept()
    shell.pool.send(b"x", connection.flow)
    shell.now = 33.0
    shell.pool.sweep()
    assert (silent.end, known.end) == ("aborted", "")


def test_a_connection_that_is_silent_for_long_is_cut_off() -> None:
    shell = Shell(idle_s=100.0)
    connection, transport = shell.accept()
    shell.pool.send(b"x", connection.flow)
    shell.now = 99.0
    connection.data_received(b"\r\n\r\n")
    shell.now = 198.0
    shell.pool.sweep()
    assert transport.end == ""
    shell.now = 200.0
    shell.pool.sweep()
    assert transport.end == "aborted"


def test_a_peer_that_does_not_read_is_cut_off() -> None:
    shell = Shell()
    connection, transport = shell.accept()
    shell.pool.send(b"x" * 200_000, connection.flow)
    assert transport.end == ""
    shell.pool.send(b"x" * 200_000, connection.flow)
    assert transport.end == "aborted"


def test_one_too_many_is_cut_off_and_counted() -> None:
    shell = Shell(most=1)
    shell.accept()
    refused, transport = shell.accept()
    refused.connection_lost(None)
    assert (transport.end, shell.pool.refused, len(shell.pool), shell.closed) == ("aborted", 1, 1, [])


def test_what_comes_before_garbage_is_still_read() -> None:
    shell = Shell()
    connection, transport = shell.accept()
    message = b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n"
    connection.data_received(message + b"GET / HTTP/1.1\r\n\r\n")
    assert shell.messages == [message]
    assert (len(shell.garbage), transport.end) == (1, "closed")


def test_a_connection_given_up_while_it_is_made_is_cut_off() -> None:
    shell = Shell()
    connection, transport = Connection(shell.pool, Flow("tcp", LOCAL, REMOTE)), Transport()
    connection.abort()
    connection.connection_made(transport)
    assert transport.end == "aborted"


def test_answers_go_back_by_the_connection_of_the_request() -> None:
    shell = Shell()
    first, one = shell.accept()
    second, two = shell.accept()
    shell.pool.send(b"1", first.flow)
    shell.pool.send(b"2", second.flow)
    assert (one.written, two.written) == (b"1", b"2")
    assert shell.pool.to(REMOTE, LOCAL) is second
