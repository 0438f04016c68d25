"""Tracing in a switch: whose message is whose, what a reload changes, what the Homer server gets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import asyncio_dgram
import pytest
from asyncio_dgram.aio import DatagramServer
from structlog.testing import capture_logs

from sip.flow import Flow
from switch.config.addresses import HostPort
from switch.config.schema import Trace
from switch.trace import exporter, follower
from switch.trace.exporter import HepResult
from switch.trace.filter import read_filter
from switch.trace.tracing import FOLLOWERS, TooManyFollowers, Tracing
from tests.switch.far_end import answering, refusing
from tests.switch.stage import NUMBER, Stage
from tests.switch.trace.packets import hep
from tests.switch.trace.wire import Wire, request

OFF = Trace(calls=0)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def tracing(wire: Wire) -> Tracing:
    return Tracing(wire, wire.now_us, lambda: wire.now)


def shown(stage: Stage, call: str) -> list[tuple[str, str, str]]:
    """Way, first line in short, and party, of each message of a call."""
    found = stage.exchange.tracing.call(call, most=1000)
    assert found is not None
    return [(each.way, each.text.split("\r\n")[0].split(" ", 1)[0], each.party) for each in found]


# Whose message


async def test_a_queued_call_has_the_messages_of_both_legs(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial(NUMBER)
    call = stage.call
    await stage.carrier.hang_up(session)
    found = stage.exchange.tracing.call(call.id, most=1000)
    assert found is not None
    legs = {leg.sip_call_id for leg in stage.history.calls[0].legs}
    assert {message.sip_call_id for message in found} == legs
    assert {message.party for message in found} == {"caller carrier", "agent 1001"}
    of_call = [data for data in stage.sent if any(leg.encode() in data for leg in legs)]
    assert sorted(message.data for message in found) == sorted(of_call)
    assert all(message.call == call.id for message in found)


async def test_the_leg_of_an_agent_who_refused_is_there_too(stage: Stage) -> None:
    (await stage.phone()).behave = refusing(486)
    await stage.carrier.dial(NUMBER)
    assert ("in", "SIP/2.0", "agent 1001") in shown(stage, stage.call.id)


async def test_a_call_from_phone_to_phone(stage: Stage) -> None:
    phone = await stage.phone()
    other = await stage.phone("1002")
    other.behave = answering
    await phone.dial("1002")
    found = shown(stage, stage.call.id)
    assert [way for way, first, _ in found if first == "INVITE"] == ["in", "out"]
    assert {party for *_, party in found} == {"caller 1001", "callee 1002"}


async def test_a_refused_call_has_its_messages(stage: Stage) -> None:
    await stage.carrier.dial("999")
    (record,) = stage.history.calls
    assert [first for _, first, _ in shown(stage, record.id)] == ["INVITE", "SIP/2.0", "ACK"]


async def test_what_is_no_calls_is_kept_beside(stage: Stage) -> None:
    await stage.phone()
    found = await stage.exchange.tracing.recent(read_filter(method="REGISTER"), 100)
    assert [message.call for message in found] == [None] * 4
    assert all(b"response=" not in each.data or b'response="**' in each.data for each in found)


# Reload


@pytest.mark.parametrize("sections", [{"trace": {"calls": "2"}}])
async def test_a_reload_changes_how_many_calls_are_kept(stage: Stage) -> None:
    calls = []
    for _ in range(3):
        session = await stage.carrier.dial("600")
        calls.append(stage.call.id)
        await stage.carrier.hang_up(session)
    tracing = stage.exchange.tracing
    assert [tracing.call(call, most=1) is None for call in calls] == [True, False, False]
    await stage.reload(trace={"calls": "1"})
    assert [tracing.call(call, most=1) is None for call in calls] == [True, True, False]
    await stage.reload(trace={"calls": "0"})
    assert not tracing.keeps
    assert stage.shell.on_wire is None
    assert tracing.call(calls[-1], most=1) is None


async def test_nobody_looks_where_nobody_wants_to_see(wire: Wire, tracing: Tracing) -> None:
    tracing.configure(OFF)
    assert wire.on_wire is None
    tracing.claim("CALL", "leg-1")
    with tracing.follow(read_filter()):
        assert wire.on_wire is not None
    assert wire.on_wire is None
    tracing.configure(Trace())
    assert wire.on_wire is not None
    tracing.close()
    assert wire.on_wire is None


# Followers


async def test_a_follower_sees_what_passes_and_nothing_before(wire: Wire, tracing: Tracing) -> None:
    tracing.configure(OFF)
    wire.show("in", request())
    with tracing.follow(read_filter(method="INVITE")) as following:
        wire.show("in", request("BYE"))
        wire.show("in", request())
        tracing.claim("CALL", "leg-1")
        (message,) = await following.next(1) or []
        assert (message.method, message.call) == ("INVITE", "CALL")
        assert await following.next(0.001) == []
        tracing.close()
        assert await following.next(1) is None


async def test_a_follower_who_is_slow_is_told_what_he_missed(
    wire: Wire, tracing: Tracing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "WAITING", 50)
    tracing.configure(OFF)
    with tracing.follow(read_filter()) as following:
        for number in range(60):
            wire.show("in", request(cseq=number))
        seen = []
        while some := await following.next(0.001):
            seen += some
        assert len(seen) == 50
        assert following.missed == 10
        wire.show("in", request())
        assert len(await following.next(1) or ()) == 1


async def test_followers_are_few(tracing: Tracing) -> None:
    tracing.configure(Trace())
    following = [tracing.follow(read_filter()) for _ in range(FOLLOWERS)]
    for each in following:
        each.__enter__()
    with pytest.raises(TooManyFollowers), tracing.follow(read_filter()):
        pass
    for each in following:
        each.__exit__(None, None, None)
    assert tracing.followers == 0


async def test_without_a_way_to_a_peer_our_address_stays_open(wire: Wire, tracing: Tracing) -> None:
    tracing.configure(Trace())
    wire.has_way = False
    wire.show("in", request(), Flow("udp", ("0.0.0.0", 5060), ("203.0.113.9", 5060)))
    (message,) = await tracing.recent(read_filter(), 1)
    assert message.destination == ("0.0.0.0", 5060)


# The Homer server


@pytest.fixture
async def homer() -> AsyncIterator[DatagramServer]:
    server = await asyncio_dgram.bind(("127.0.0.1", 0))
    yield server
    server.close()


def towards(server: DatagramServer, **settings: Any) -> Trace:
    return Trace(calls=0, hep=HostPort(*server.sockname), **settings)


class Counts(Counter[HepResult]):
    """Of copies; it tells when it has counted one more."""

    def __init__(self) -> None:
        super().__init__()
        self._counted = asyncio.Event()

    def __setitem__(self, result: HepResult, count: int) -> None:
        super().__setitem__(result, count)
        self._counted.set()

    async def next(self) -> None:
        """Until one more is counted."""
        self._counted.clear()
        await self._counted.wait()


async def received(server: DatagramServer, count: int) -> list[dict[int, Any]]:
    async with asyncio.timeout(5):
        return [hep((await server.recv())[0]) for _ in range(count)]


async def test_every_message_is_copied(wire: Wire, tracing: Tracing, homer: DatagramServer) -> None:
    tracing.configure(towards(homer, hep_id=7, hep_secret="open sesame"))
    wire.show("in", request("INVITE", "leg-1", "1", "Proxy-Authorization: Basic c2VjcmV0"))
    tracing.claim("CALL", "leg-1")
    wire.show("in", request("OPTIONS", "probe"))
    first, second = await received(homer, 2)
    assert (first[12], first[14], first[17]) == (7, "open sesame", "CALL")
    assert first[15] == request("INVITE", "leg-1", "1", "Proxy-Authorization: Basic ********")
    assert second[15] == request("OPTIONS", "probe")
    assert 17 not in second
    assert tracing.hep == {HepResult.SENT: 2, HepResult.DROPPED: 0, HepResult.FAILED: 0}
    tracing.close()


async def test_a_reload_moves_to_another_server(wire: Wire, tracing: Tracing, homer: DatagramServer) -> None:
    other = await asyncio_dgram.bind(("127.0.0.1", 0))
    tracing.configure(towards(other))
    tracing.configure(towards(homer))
    wire.show("in", request())
    assert len(await received(homer, 1)) == 1
    tracing.configure(OFF)
    assert wire.on_wire is None
    other.close()


async def test_a_reload_that_changes_nothing_of_it_loses_nothing(
    wire: Wire, tracing: Tracing, homer: DatagramServer
) -> None:
    tracing.configure(towards(homer))
    wire.show("in", request())
    tracing.configure(towards(homer).model_copy(update={"calls": 5}))
    wire.show("in", request())
    assert len(await received(homer, 2)) == 2
    tracing.close()


async def test_more_than_may_wait_is_dropped_and_counted(
    wire: Wire, tracing: Tracing, homer: DatagramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "WAITING", 100)
    tracing.configure(towards(homer))
    for number in range(250):
        wire.show("in", request(cseq=number))
    assert tracing.hep[HepResult.DROPPED] == 150
    await received(homer, 100)
    tracing.close()


async def test_a_server_that_is_not_there_costs_nothing_but_copies(
    wire: Wire, tracing: Tracing, homer: DatagramServer
) -> None:
    settings = towards(homer)
    homer.close()
    await asyncio.sleep(0)
    tracing.hep = counts = Counts()
    tracing.configure(settings)
    async with asyncio.timeout(10):
        while not counts[HepResult.FAILED]:
            wire.show("in", request())
            await counts.next()
    tracing.close()


async def test_a_message_that_cannot_be_copied_is_logged_and_the_next_ones_are_copied(
    wire: Wire, tracing: Tracing, homer: DatagramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bytes:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(exporter, "_RETRY_S", 0.01)
    with monkeypatch.context() as broken, capture_logs() as lines:
        broken.setattr(exporter, "encode", fails)
        tracing.hep = counts = Counts()
        tracing.configure(towards(homer))
        wire.show("in", request())
        async with asyncio.timeout(10):
            await counts.next()
        assert counts == {HepResult.FAILED: 1}
    wire.show("in", request(cseq=2))
    assert (await received(homer, 1))[0][15] == request(cseq=2)
    assert [line["log_level"] for line in lines] == ["error"]
    tracing.close()
