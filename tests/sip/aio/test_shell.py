"""Real sockets on loopback: calls over UDP and TCP on both loops, and SIPp as the caller."""

import asyncio
import logging
import socket
import time
from dataclasses import replace

import pytest

from sip.aio.closing import Closed
from sip.aio.connection_limits import Bounds
from sip.aio.connector import Connector
from sip.aio.shell import Listen, SipShell
from sip.aio.tls import Tls
from sip.endpoint import Endpoint
from sip.events import (
    Acked,
    Answered,
    Event,
    IncomingInvite,
    Outgoing,
    OutgoingRequest,
    Refused,
    ResponseReceived,
    SessionEnded,
    SessionFlowClosed,
    SessionId,
)
from sip.flow import Flow, Transport
from tests.sip.aio.loops import Phone, on_each_loop
from tests.sip.wire import OFFER

ALICE: list[Listen] = [("udp", "127.0.11.1", 0), ("tcp", "127.0.11.1", 0)]
BOB: list[Listen] = [("udp", "127.0.11.2", 0), ("tcp", "127.0.11.2", 0)]
OPTIONS = (
    b"OPTIONS sip:bob@127.0.11.2 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.11.1:5060;branch=z9hG4bKx\r\n"
    b"From: <sip:a@x>;tag=1\r\nTo: <sip:b@y>\r\nCall-ID: pieces\r\nCSeq: 1 OPTIONS\r\n"
    b"Content-Length: 0\r\n\r\n"
)


def invite(phone: Phone, flow: Flow) -> SessionId:
    session = phone.endpoint.invite(
        Outgoing("sip:bob@127.0.11.2", flow, "<sip:alice@127.0.11.1>", "<sip:bob@127.0.11.2>", OFFER),
        time.monotonic(),
    )
    phone.shell.flush()
    return session


async def call(transport: Transport) -> None:
    async with Phone(*ALICE) as alice, Phone(*BOB) as bob:
        session = invite(alice, alice.flow_to(bob, transport))
        answered = await alice.hears(Answered)
        assert answered.session == session
        await bob.hears(Acked)
        assert (alice.endpoint.counts().dialogs, bob.endpoint.counts().dialogs) == (1, 1)
        alice.hangup(session)
        await bob.hears(SessionEnded)
        await asyncio.gather(alice.quiet(), bob.quiet())
        for phone in (alice, bob):
            counts = phone.endpoint.counts()
            assert (counts.transactions, counts.dialogs, counts.sessions) == (0, 0, 0)
            assert phone.shell.handler_errors == 0


@on_each_loop
async def test_a_call_over_udp() -> None:
    await call("udp")


@on_each_loop
async def test_a_call_over_tcp() -> None:
    await call("tcp")


@on_each_loop
async def test_12_2_a_target_on_tcp_is_reached_by_who_listens_on_udp_only() -> None:
    async with Phone(("udp", "127.0.11.8", 0)) as alice, Phone(*BOB) as bob:
        _, (host, port) = bob.shell.addresses[1]
        session = invite(alice, alice.flow_to(bob, "udp"))
        await alice.hears(Answered)
        dialog = alice.endpoint.dialog(session)
        assert dialog is not None
        dialog.target = f"sip:bob@{host}:{port};transport=tcp"
        alice.hangup(session)
        await bob.hears(SessionEnded)
        await asyncio.gather(alice.quiet(), bob.quiet())
        assert bob.endpoint.counters.messages["in", "BYE", 0, "tcp"] == 1
        assert alice.endpoint.counters.messages["in", "BYE", 200, "tcp"] == 1, "on the same connection"


@on_each_loop
async def test_a_connection_that_closes_is_reported_and_replaced() -> None:
    async with Phone(*ALICE) as alice, Phone(*BOB) as bob:
        session = invite(alice, alice.flow_to(bob, "tcp"))
        await alice.hears(Answered)
        await bob.hears(Acked)
        flow = next(event.flow for event in bob.heard if isinstance(event, IncomingInvite))
        connection = bob.shell._connections.get(flow.connection)
        assert connection is not None
        connection.abort(Closed.OURS)
        await alice.hears(SessionFlowClosed)
        await bob.hears(SessionFlowClosed)
        alice.hangup(session)
        await bob.hears(SessionEnded)


@on_each_loop
async def test_nobody_listens_on_tcp() -> None:
    with socket.create_server(("127.0.11.3", 0)) as taken:
        port = taken.getsockname()[1]
    async with Phone(*ALICE) as alice:
        invite(alice, alice.shell.flow_to("127.0.11.3", port, "tcp"))
        refused = await alice.hears(Refused)
        assert (refused.status, refused.response) == (503, None)


@on_each_loop
async def test_a_request_outside_of_dialogs() -> None:
    async with Phone(*ALICE) as alice, Phone(*BOB) as bob:
        options = OutgoingRequest(
            "OPTIONS", "sip:bob@127.0.11.2", alice.flow_to(bob, "udp"), "<sip:a@x>", "<sip:b@y>"
        )
        alice.endpoint.request(options, time.monotonic())
        alice.shell.wake()
        alice.shell.wake()
        assert (await alice.hears(ResponseReceived)).status == 200


@on_each_loop
async def test_garbage_on_tcp_closes_the_connection_and_a_ping_is_answered() -> None:
    async with Phone(*BOB) as bob:
        host, port = bob.shell.addresses[1][1]
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
        await bob.loses_a_connection()
        assert bob.endpoint.counters.parse_errors.total() == 1
        assert bob.shell.closed_connections == 1


@on_each_loop
async def test_a_message_in_pieces_is_one_message() -> None:
    async with Phone(*BOB) as bob:
        host, port = bob.shell.addresses[1][1]
        reader, writer = await asyncio.open_connection(host, port)
        for start in range(0, len(OPTIONS), 50):
            writer.write(OPTIONS[start : start + 50])
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.readline()) == b"SIP/2.0 200 OK\r\n"
        writer.close()


@on_each_loop
async def test_too_many_connections_are_refused() -> None:
    async with Phone(*BOB) as bob:
        bob.shell.bounds = Bounds(most=1)
        host, port = bob.shell.addresses[1][1]
        reader, first = await asyncio.open_connection(host, port)
        first.write(OPTIONS)
        assert (await reader.readline()) == b"SIP/2.0 200 OK\r\n"
        with socket.create_connection((host, port)) as second:
            second.setblocking(False)
            with pytest.raises(ConnectionResetError):
                await asyncio.get_running_loop().sock_recv(second, 1)
        assert (bob.shell.dropped, bob.shell.connections) == (1, 1)
        first.close()


@on_each_loop
async def test_a_handler_that_raises_stops_nothing() -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("on purpose")

    async with Phone(*ALICE) as alice:
        endpoint = alice.endpoint
        shell = SipShell(endpoint, [("udp", "127.0.11.4", 0)], broken)
        await shell.start()
        flow = shell.flow_to("127.0.11.1", alice.shell.addresses[0][1][1])
        endpoint.flow_failed(flow, time.monotonic())
        endpoint.request(
            OutgoingRequest("OPTIONS", "sip:x", flow, "<sip:a@x>", "<sip:b@y>"), time.monotonic()
        )
        endpoint.flow_failed(flow, time.monotonic())
        shell.flush()
        assert shell.handler_errors == 1
        await shell.close()


@on_each_loop
async def test_what_is_sent_when_events_were_delivered_goes_out_at_once() -> None:
    story: list[str] = []

    async with Phone(*ALICE) as alice:
        shell = SipShell(alice.endpoint, [("udp", "127.0.11.4", 0)], lambda event: story.append("event"))
        await shell.start()
        flow = shell.flow_to("127.0.11.1", alice.shell.addresses[0][1][1])
        options = OutgoingRequest("OPTIONS", "sip:x", flow, "<sip:a@x>", "<sip:b@y>")

        def ask() -> None:
            story.append("delivered")
            alice.endpoint.request(options, time.monotonic())

        alice.endpoint.request(options, time.monotonic())
        alice.endpoint.flow_failed(flow, time.monotonic())
        alice.endpoint.datagrams()
        shell.on_delivered = ask
        shell.on_wire = lambda way, data, flow, now: story.append(f"{way} {data[:7].decode()}")
        shell.flush()
        assert story == ["event", "delivered", "out OPTIONS"]
        shell.on_delivered = None
        await shell.close()


@on_each_loop
async def test_a_fault_in_what_follows_events_stops_nothing() -> None:
    """Least of all the timers, or the connection from which the events came."""

    def broken() -> None:
        raise KeyError("a fault of ours")

    async with Phone(*ALICE) as alice, Phone(*BOB) as bob:
        bob.shell.on_delivered = broken
        session = invite(alice, alice.flow_to(bob, "tcp"))
        await alice.hears(Answered)
        await bob.hears(Acked)
        alice.hangup(session)
        await bob.hears(SessionEnded)
        assert bob.shell.handler_errors > 0
        assert bob.shell.closed_connections == 0


@on_each_loop
async def test_a_call_fails_at_once_where_making_its_connection_goes_wrong() -> None:
    async def broken() -> Tls:
        raise RuntimeError("on purpose")

    async with Phone(*ALICE) as alice, Phone(*BOB) as bob:
        alice.shell._connections._connect = Connector(broken).connect
        (_, (host, port)) = bob.shell.addresses[1]
        invite(alice, alice.shell.flow_to(host, port, "tls", "bob.example"))
        refused = await alice.hears(Refused)
        assert (refused.status, refused.response) == (503, None)
        assert alice.shell.ended_connections["tls", Closed.HANDSHAKE] == 1


class Log(logging.Handler):
    """Keeps the shell's log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.put_nowait(record.getMessage())

    def __enter__(self) -> asyncio.Queue[str]:
        logging.getLogger("sip.aio.shell").addHandler(self)
        return self.lines

    def __exit__(self, *error: object) -> None:
        logging.getLogger("sip.aio.shell").removeHandler(self)


@on_each_loop
async def test_datagrams_that_cannot_be_sent_are_counted_and_not_each_logged() -> None:
    async with Phone(*ALICE) as alice:
        with Log() as lines:
            nowhere = alice.shell.flow_to("255.255.255.255", 5060)
            for _ in range(5):
                alice.endpoint.request(
                    OutgoingRequest("OPTIONS", "sip:x", nowhere, "<sip:a@x>", "<sip:b@y>"), time.monotonic()
                )
            alice.shell.flush()
            assert [each.status for each in alice.heard if isinstance(each, ResponseReceived)] == [None] * 5
            assert (await lines.get()).startswith("cannot send to 255.255.255.255:5060: ")
            assert await lines.get() == "cannot send 4 more datagrams"
            assert lines.empty()


@on_each_loop
async def test_an_address_that_is_taken_leaves_nothing_open() -> None:
    async with Phone(*BOB) as bob:
        _, taken = bob.shell.addresses[0]
        shell = SipShell(bob.endpoint, [("udp", "127.0.11.5", 0), ("udp", *taken)], bob.on_event)
        with pytest.raises(OSError, match="in use"):
            await shell.start()
        assert shell.addresses == []


def test_the_address_towards_a_peer() -> None:
    phone_endpoint = object.__new__(Endpoint)
    shell = SipShell(phone_endpoint, [], lambda event: None)
    assert shell.local_address_for("127.0.0.1") == "127.0.0.1"
    with pytest.raises(ValueError, match="name"):
        shell.flow_to("name", 5060)


@on_each_loop
async def test_five_calls_of_sipp() -> None:
    async with Phone(("udp", "127.0.11.6", 0)) as phone:
        host, port = phone.shell.addresses[0][1]
        sipp = await asyncio.create_subprocess_exec(
            *["sipp", "-sn", "uac", f"{host}:{port}", "-i", "127.0.11.7", "-m", "5", "-r", "50", "-d", "50"],
            *["-nostdin", "-timeout", "15s"],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert await sipp.wait() == 0
        ended = [event for event in phone.heard if isinstance(event, SessionEnded)]
        assert len(ended) == 5
        assert phone.endpoint.counts().sessions == 0


@on_each_loop
async def test_18_1_1_a_large_invite_goes_by_tcp_and_by_udp_where_there_is_none() -> None:
    large = (("X-Large", "x" * 1300),)
    async with Phone(*ALICE) as alice, Phone(*BOB) as bob:
        host, port = bob.shell.addresses[1][1]
        flow = alice.shell.flow_to(*bob.shell.addresses[0][1])
        wide = alice.shell.wide_flow_to(host, port)
        assert wide is not None
        assert alice.shell.connections == 0
        call = Outgoing("sip:bob@b", flow, "<sip:a@x>", "<sip:b@y>", OFFER, headers=large, wide_flow=wide)
        alice.endpoint.invite(call, time.monotonic())
        alice.shell.flush()
        assert (await bob.hears(IncomingInvite)).flow.transport == "tcp"

        bob.heard.clear()
        nowhere = wide._replace(remote=("127.0.11.9", 1))
        alice.endpoint.invite(replace(call, wide_flow=nowhere), time.monotonic())
        alice.shell.flush()
        assert (await bob.hears(IncomingInvite)).flow.transport == "udp"
        assert alice.shell.wide_flow_to("127.0.11.9", 1) is None
