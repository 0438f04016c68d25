"""A call's record against what others saw of it: the wire, the phones, SIPp; the API against the database."""

import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.centre import NUMBER, Tell, centre, desks, ending
from tests.peers.capture import Capture, Datagram
from tests.peers.phone import Phones
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch

CLOCK_S = 0.05
"""Between the moment on the wire and the one in the record, on a busy machine."""


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def seen(wire: Sequence[Datagram], call_id: str, start: str, method: str = "") -> float:
    """When a message of the call was first on the wire."""
    for datagram in wire:
        text = datagram.payload.decode()
        if text.startswith(start) and call_id in text and f"{method}\r\n" in text:
            return datagram.time
    raise AssertionError(f"no {start} of {call_id}")


def port_of(wire: Sequence[Datagram], call_id: str, address: str) -> int:
    """Our RTP port in the call, from the SDP that we sent."""
    ours = [it.payload.decode() for it in wire if it.source[0] == address]
    sdp = next(text for text in ours if call_id in text and "m=audio " in text)
    return int(sdp.split("m=audio ")[1].split()[0])


async def test_a_record_agrees_with_the_wire_and_the_phones(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        rtp = await stack.enter_async_context(Capture.running(f"udp and host {switch.address}"))
        (ana,) = await desks(stack, switch, 1)
        carrier = await stack.enter_async_context(Phones.running())
        caller = await carrier.phone("+34600111222")
        call = await caller.dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        answered = await ana.next_call()
        await call.listen(0.5)
        await answered.answer()
        await answered.until("established")
        await answered.say(1000.0)
        await call.listen(1.0)
        await answered.hang_up()
        await call.until("closed")
        await switch.agent_is("ana", "ready")
        (record,) = await switch.until(
            lambda: switch.items("/api/v1/calls?state=ended"), lambda calls: calls[0]["wrap_up_s"] is not None
        )
        wire = switch.wire()
    caller_leg, agent_leg = record["legs"]
    assert ending(record) == ("answered", "agent_hung_up", "agent")
    assert record["from"] == "+34600111222"
    assert record["to"] == NUMBER
    for leg, phone_call, role, peer in (
        (caller_leg, call, "caller", "carrier"),
        (agent_leg, answered, "agent", "1001"),
    ):
        assert (leg["role"], leg["peer"], leg["sip_call_id"]) == (role, peer, phone_call.sip_call_id)
        assert (leg["sip_status"], leg["q850"], leg["codec"]) == (200, 16, "PCMA")
        call_id = phone_call.sip_call_id
        assert moment(leg["invited_at"]) == pytest.approx(seen(wire, call_id, "INVITE"), abs=CLOCK_S)
        ok = seen(wire, call_id, "SIP/2.0 200", "INVITE")
        assert moment(leg["answered_at"]) == pytest.approx(ok, abs=CLOCK_S)
        assert moment(leg["ended_at"]) == pytest.approx(seen(wire, call_id, "BYE"), abs=CLOCK_S)
        port = port_of(wire, call_id, switch.address)
        sent = [it for it in rtp.rtp() if it.source == (switch.address, port)]
        came = [it for it in rtp.rtp() if it.destination == (switch.address, port)]
        assert 0 <= len(sent) - leg["packets_sent"] <= 1, "one may leave while the port is being closed"
        assert 0 <= len(came) - leg["packets_received"] <= 5, "a few come after the end"
        assert (leg["packets_lost"], leg["mos"] > 4.0) == (0, True)
    ringing = seen(wire, answered.sip_call_id, "SIP/2.0 180")
    assert moment(agent_leg["ringing_at"]) == pytest.approx(ringing, abs=CLOCK_S)
    assert record["started_at"] <= caller_leg["invited_at"] <= record["connected_at"] <= record["queued_at"]
    assert moment(record["answered_at"]) == pytest.approx(moment(agent_leg["answered_at"]), abs=CLOCK_S)
    talked_s = answered.reached["closed"] - answered.reached["established"]
    assert record["talk_s"] == pytest.approx(talked_s, abs=4 * CLOCK_S)
    assert record["wait_s"] == pytest.approx(
        moment(record["answered_at"]) - moment(record["queued_at"]), abs=0.01
    )
    assert record["wrap_up_s"] == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    ("scenario", "number", "status", "q850", "how"),
    [
        ("refused", "999", 404, 1, ("rejected", "no_route", "switch")),
        ("caller_gives_up", NUMBER, 487, 16, ("abandoned", "caller_hung_up", "caller")),
        ("caller_hangs_up", "600", 200, 16, ("completed", "caller_hung_up", "caller")),
    ],
)
async def test_a_record_has_the_status_that_sipp_saw(
    tell_on_failure: Tell, scenario: str, number: str, status: int, q850: int, how: tuple[str, str, str]
) -> None:
    async with Switch.running(**centre(1, {"answer": "on-agent"})) as switch:
        tell_on_failure("switch", switch.story)
        async with Sipp.running(
            scenario, target=switch.sip, number=number, status=status, talk_ms=300
        ) as caller:
            outcome = await caller.finished()
            assert (outcome.successful, outcome.failed) == (1, 0)
        (record,) = await switch.ended_calls(1)
        assert ending(record) == how
        (leg,) = record["legs"]
        assert (leg["sip_status"], leg["q850"]) == (status, q850)
        assert f"Call-ID: {leg['sip_call_id']}" in caller.story()
        took_s = moment(record["connected_at"] or record["ended_at"]) - moment(record["started_at"])
        assert outcome.response_s == pytest.approx(took_s, abs=2 * CLOCK_S)


async def test_the_api_says_what_the_database_holds(tell_on_failure: Tell) -> None:
    """One answered call with a hold in it, one abandoned and one refused."""
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        async with Sipp.running("caller_hangs_up", target=switch.sip, number=NUMBER, talk_ms=200) as caller:
            assert (await caller.finished()).failed == 0
        async with Sipp.running("refused", target=switch.sip, number="999", status=404) as caller:
            assert (await caller.finished()).failed == 0
        (ana,) = await desks(stack, switch, 1)
        carrier = await stack.enter_async_context(Phones.running())
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        answered = await ana.next_call()
        await answered.answer()
        await answered.until("established")
        await call.listen(0.3)
        await answered.hold()
        await call.listen(0.3)
        await call.hang_up()
        await switch.ended_calls(3)
        await switch.agent_is("ana", "ready")
        records = await switch.until(
            lambda: switch.items("/api/v1/calls?state=ended"), lambda calls: calls[0]["wrap_up_s"] is not None
        )
        assert [ending(record) for record in records] == [
            ("answered", "caller_hung_up", "caller"),
            ("rejected", "no_route", "switch"),
            ("abandoned", "caller_hung_up", "caller"),
        ]
        for record in records:
            assert await switch.get(f"/api/v1/calls/{record['id']}") == record
            (row,) = switch.rows("select * from calls where id = ?", record["id"])
            agree(record, row)
            recording = record["recording"] or {"path": None, "duration_s": None, "sha256": None}
            agree({f"recording_{key}": value for key, value in recording.items()}, row)
            for part, table, order in (
                ("legs", "legs", "invited_at"),
                ("visits", "queue_visits", "n"),
                ("segments", "segments", "n"),
            ):
                rows = switch.rows(f"select * from {table} where call = ? order by {order}", record["id"])
                for shown, kept in zip(record[part], rows, strict=True):
                    agree(shown, kept)
        (offer,) = switch.rows("select * from offers where call = ?", records[0]["id"])
        assert (offer["agent"], offer["queue"], offer["result"]) == ("ana", "support", "answered")
        states = switch.rows("select state from agent_states where agent = 'ana' order by since")
        assert [row["state"] for row in states] == ["ready", "ringing", "on_call", "wrap_up", "ready"]


def agree(shown: dict[str, Any], kept: dict[str, Any]) -> None:
    """What the API shows is what the row keeps, column by column."""
    for column in shown.keys() & kept.keys():
        value = shown[column]
        if column in ("legs", "skills"):
            assert " ".join(value) == kept[column]
        elif column == "variables":
            assert json.loads(kept[column] or "{}") == value
        elif isinstance(value, str) and kept[column] != value:
            assert datetime.fromisoformat(value) == datetime.fromisoformat(f"{kept[column]}+00:00"), column
        else:
            assert kept[column] == value, column


async def test_digits_arrive_at_the_other_side(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        (ana,) = await desks(stack, switch, 1)
        await ana.behave("answer", tone_hz=1000.0)
        carrier = await stack.enter_async_context(Phones.running())
        call = await (await carrier.phone("caller")).dial(f"sip:{NUMBER}@{switch.sip}", tone_hz=440.0)
        answered = await ana.next_call()
        await answered.until("established")
        await call.until("established")
        await call.listen(0.3)
        await call.press("1234567890*#")
        await answered.until(lambda leg: leg.digits == "1234567890*#")
        await answered.press("911")
        await call.until(lambda leg: leg.digits == "911")
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert all(leg["packets_lost"] == 0 for leg in record["legs"])
