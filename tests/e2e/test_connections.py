"""Connections that break, that strangers open, and that carry more than one thing."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.e2e.centre import NUMBER, SECRETS, Tell, centre
from tests.peers import ports
from tests.peers.phone import Phone, Phones
from tests.peers.raw import SDP, RawSip
from tests.peers.stream_party import StreamParty
from tests.peers.switch import Metrics, Switch

CLOSED = "centralita_sip_connections_closed_total"
OPEN = "centralita_sip_connections"
BINDING = bytes.fromhex("000100002112a442") + b"twelve bytes"


@asynccontextmanager
async def office(
    tell: Tell,
    *,
    alias: bool = False,
    proxy: str = "sip:{};transport=tcp",
    queue: dict[str, Any] | None = None,
    **trunk: Any,
) -> AsyncIterator[tuple[Switch, StreamParty, Phone]]:
    """A switch whose trunk is a carrier on TCP, and Ana's phone; `proxy` has a place for where it listens."""
    async with StreamParty.open("", alias=alias) as carrier, Phones.running() as desk:
        trunks = {"carrier": {"proxy": proxy.format(carrier.here), "options": "0", **trunk}}
        async with Switch.running(**centre(1, queue, trunks=trunks)) as switch:
            tell("switch", switch.story)
            carrier.target = switch.sip
            ana = await desk.phone("1001", SECRETS["1001"], switch.sip)
            await ana.register()
            await switch.agent_is("ana", "ready")
            yield switch, carrier, ana


async def test_after_a_reset_the_next_call_goes_by_a_new_connection(tell_on_failure: Tell) -> None:
    async with office(tell_on_failure) as (switch, carrier, ana):
        call = await ana.dial(f"sip:0600111222@{switch.sip}")
        outbound = await carrier.invited()
        await outbound.answer(SDP.format(carrier.host, 9000))
        await call.until("established")
        carrier.hang_up()
        await outbound.expect("OPTIONS")
        assert carrier.accepted == 2, "the call goes on: the switch asks whether the carrier still has it"
        await call.hang_up()
        await outbound.expect("BYE")
        assert carrier.accepted == 2

        carrier.hang_up()
        await switch.until(switch.metrics, lambda seen: seen.value(OPEN, transport="tcp") == 0)
        call = await ana.dial(f"sip:0600111222@{switch.sip}")
        await (await carrier.invited()).answer(SDP.format(carrier.host, 9000))
        await call.until("established")
        assert carrier.accepted == 3
        metrics = await switch.metrics()
        assert metrics.value(CLOSED, transport="tcp", reason="reset") == 2


async def test_a_reset_before_any_answer_ends_the_call_at_once(tell_on_failure: Tell) -> None:
    async with office(tell_on_failure) as (switch, carrier, ana):
        call = await ana.dial(f"sip:0600111222@{switch.sip}")
        await carrier.invited()
        carrier.hang_up()
        await call.until("closed", timeout_s=2.0)
        assert "503" in call.end_reason


async def test_an_answer_comes_by_a_new_connection_once_that_of_its_request_is_gone(
    tell_on_failure: Tell,
) -> None:
    """RFC 3261 section 18.2.2: to where the Via says that its sender listens."""
    queue = {"answer": "on-agent"}
    async with office(tell_on_failure, queue=queue, accept_from=["127.0.0.0/8"]) as (switch, carrier, ana):
        call = await carrier.dial("+34911000000", SDP.format(carrier.host, 9000))
        ringing = await ana.next_call()
        carrier.hang_up()
        await switch.until(switch.metrics, lambda seen: seen.value(OPEN, transport="tcp") == 0)
        await ringing.answer()
        await call.answered()
        assert carrier.accepted == 1
        assert (await call.ask("BYE")).status == 200


async def test_calls_to_a_carrier_go_by_the_connection_that_it_offers(tell_on_failure: Tell) -> None:
    """RFC 5923: `alias` in its Via."""
    async with office(tell_on_failure, alias=True, accept_from=["127.0.0.0/8"]) as (switch, carrier, ana):
        inbound = await carrier.dial("600", SDP.format(carrier.host, 9000))
        await inbound.answered()
        call = await ana.dial(f"sip:0600111222@{switch.sip}")
        outbound = await carrier.invited()
        await outbound.answer(SDP.format(carrier.host, 9000))
        await call.until("established")
        assert (carrier.accepted, len(carrier.connections)) == (0, 1)


async def test_strangers_get_so_many_connections_and_garbage_closes_them(tell_on_failure: Tell) -> None:
    sections = centre(
        1, sip={"connections_per_address": 3}, trunks={"carrier": {"proxy": "sip:127.0.0.9:5080"}}
    )
    async with Switch.running(**sections) as switch, Phones.running() as desk:
        tell_on_failure("switch", switch.story)
        host, port = switch.address, 5060
        strangers = [
            socket.create_connection((host, port), source_address=("127.7.7.7", 0)) for _ in range(5)
        ]
        try:
            metrics = await switch.until(switch.metrics, lambda seen: crowded(seen) == 2)
            assert metrics.value(OPEN, transport="tcp") == 3
            strangers[4].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await switch.until(
                switch.metrics, lambda seen: seen.value(CLOSED, transport="tcp", reason="garbage") == 1
            )
            phone = await desk.phone("1001", SECRETS["1001"], switch.sip, transport="tcp")
            await phone.register()
        finally:
            for stranger in strangers:
                stranger.close()


def crowded(metrics: Metrics) -> float:
    return metrics.value(CLOSED, transport="tcp", reason="crowded_out")


async def test_stun_and_line_ends_keep_the_way_open(tell_on_failure: Tell) -> None:
    """RFC 5626 section 4.4: for anybody, and never more than threefold."""
    async with Switch.running(**centre(1)) as switch:
        tell_on_failure("switch", switch.story)
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            udp.connect((switch.address, 5060))
            await loop.sock_sendall(udp, BINDING)
            answer = await asyncio.wait_for(loop.sock_recv(udp, 1000), 5.0)
            assert (answer[:2], answer[8:20], len(answer)) == (b"\x01\x01", b"twelve bytes", 32)
            assert int.from_bytes(answer[26:28], "big") ^ 0x2112 == udp.getsockname()[1]
        reader, writer = await asyncio.open_connection(switch.address, 5060)
        writer.write(b"\r\n\r\n")
        assert await asyncio.wait_for(reader.readexactly(2), 5.0) == b"\r\n"
        writer.close()


async def test_a_call_too_large_for_a_datagram_goes_by_tcp(tell_on_failure: Tell) -> None:
    """RFC 3261 section 18.1.1: where the trunk's URI leaves the transport to us."""
    async with office(tell_on_failure, proxy="sip:{}") as (switch, carrier, ana):
        call = await ana.dial(f"sip:0{'7' * 400}@{switch.sip}")
        outbound = await carrier.invited()
        assert outbound.invite.top_via.transport == "TCP"
        await outbound.answer(SDP.format(carrier.host, 9000))
        await call.until("established")
        await call.hang_up()
        await outbound.expect("BYE")


async def test_a_phone_that_breaks_its_connection_while_it_rings_loses_the_caller_to_the_next_agent(
    tell_on_failure: Tell,
) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(2, {"ring_timeout": "60s"})))
        tell_on_failure("switch", switch.story)
        address = ports.own_address()
        desk = await stack.enter_async_context(RawSip.open(switch.sip, "tcp", address))
        there = f"sip:1001@{switch.sip}"
        register = desk.request("REGISTER", "", there, to=there)
        proven = desk.prove(register, await desk.ask(register), "1001", SECRETS["1001"])
        assert (await desk.ask(proven)).status == 200
        await switch.agent_is("ana", "ready")
        phones = await stack.enter_async_context(Phones.running())
        await (await phones.phone("1002", SECRETS["1002"], switch.sip)).register()
        await switch.agent_is("luis", "ready")
        caller = await stack.enter_async_context(RawSip.open(switch.sip))
        await caller.send(caller.invite(NUMBER))
        assert (await desk.hear()).startswith(b"INVITE ")
        await switch.agent_is("ana", "ringing")
        desk.close()
        await switch.agent_is("luis", "ringing")
        await switch.agent_is("ana", "unreachable")
