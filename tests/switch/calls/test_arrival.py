"""A call arrives: what it is booked as, and each reason for which it is refused, with nothing left behind."""

import pytest

from switch.calls.ending import EndedBy, Reason, Result
from switch.records import Direction, LegRole
from tests.switch.far_end import FarEnd, sdp
from tests.switch.stage import CARRIER, NUMBER, Stage

VIDEO_ONLY = sdp(CARRIER[0]).replace(b"m=audio", b"m=video")
LIMITED = {
    "trunks": {
        "carrier": {"accept_from": [f"{CARRIER[0]}/32"], "proxy": f"sip:{CARRIER[0]}", "max_calls": "1"}
    }
}


async def refused(
    stage: Stage, end: FarEnd, number: str, offer: bytes | None = b""
) -> tuple[int | None, bytes]:
    """The final status of a call that is not taken, and the response itself."""
    ports = len(stage.plane.open_ports)
    session = await end.dial(number, offer)
    status = end.status(session)
    assert len(stage.plane.open_ports) == ports
    await stage.pass_by(40)
    (response, *_) = [data for data in end.received if data.startswith(f"SIP/2.0 {status} ".encode())]
    return status, response


@pytest.mark.parametrize(
    ("number", "offer", "status", "reason"),
    [
        ("999", b"", 404, Reason.NO_ROUTE),
        ("600", VIDEO_ONLY, 488, Reason.NOT_ACCEPTABLE),
        ("600", b"v=0\r\nthis is no SDP\r\n", 488, Reason.NOT_ACCEPTABLE),
    ],
    ids=["no route", "only video", "no SDP"],
)
async def test_a_call_that_cannot_be_taken(
    stage: Stage, number: str, offer: bytes, status: int, reason: Reason
) -> None:
    assert (await refused(stage, stage.carrier, number, offer))[0] == status
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.ended_by) == (Result.REJECTED, reason, EndedBy.SWITCH)
    assert (record.to, record.from_, record.trunk) == (number, "+34600111222", "carrier")
    (leg,) = record.legs
    assert (leg.role, leg.peer, leg.sip_status) == (LegRole.CALLER, "carrier", status)
    assert (leg.invited_at, leg.ended_at, leg.answered_at) == (record.started_at, record.ended_at, None)
    total = stage.metrics().value("centralita_calls_total", result="rejected", reason=reason.value)
    assert total == 1
    stage.assert_nothing_left()


async def test_no_port_is_503_with_retry_after(stage: Stage) -> None:
    stage.plane.room = 0
    status, response = await refused(stage, stage.carrier, "600")
    assert status == 503
    assert b"Retry-After: 30" in response
    (record,) = stage.history.calls
    assert record.reason is Reason.NO_PORTS
    stage.assert_nothing_left()


@pytest.mark.parametrize("sections", [LIMITED])
async def test_a_full_trunk_is_503_until_its_call_has_ended(stage: Stage) -> None:
    first = await stage.carrier.dial("600")
    status, response = await refused(stage, stage.carrier, "600")
    assert status == 503
    assert b"Retry-After: 5" in response
    await stage.carrier.hang_up(first)
    second = await stage.carrier.dial("600")
    assert stage.carrier.status(second) == 200


@pytest.mark.parametrize("sections", [LIMITED])
async def test_an_emergency_call_passes_a_full_trunk_and_a_drain(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial("600")
    stage.exchange.draining = True
    assert (await refused(stage, phone, "0600111222"))[0] == 503
    await phone.dial("112")
    assert stage.carrier.invited.request.uri.startswith("sip:112@")


async def test_a_draining_switch_takes_no_more_calls(stage: Stage) -> None:
    waiting = await stage.carrier.dial(NUMBER)
    stage.exchange.draining = True
    status, response = await refused(stage, stage.carrier, "600")
    assert status == 503
    assert b"Retry-After: 30" in response
    assert stage.history.calls[0].reason is Reason.DRAINING
    assert not stage.call.over
    await stage.carrier.hang_up(waiting)


@pytest.mark.parametrize(
    ("number", "direction", "trunk"),
    [("1002", Direction.INTERNAL, None), ("0600111222", Direction.OUTBOUND, "carrier")],
)
async def test_a_phones_call_is_internal_or_goes_out(
    stage: Stage, number: str, direction: Direction, trunk: str | None
) -> None:
    phone = await stage.phone("1001")
    await stage.phone("1002")
    session = await phone.dial(number)
    ledger = stage.call.ledger
    assert (ledger.direction, ledger.trunk, ledger.from_, ledger.to) == (direction, trunk, "1001", number)
    await phone.hang_up(session)
    await stage.pass_by(60)
    stage.assert_nothing_left()


async def test_a_reload_between_two_calls_routes_the_second_anew(stage: Stage) -> None:
    assert (await refused(stage, stage.carrier, "999"))[0] == 404
    await stage.reload(routes=[{"trunk": "carrier", "to": "999", "go": "tone"}])
    session = await stage.carrier.dial("999")
    assert stage.carrier.status(session) == 200
