"""`go: queue:NAME`: where the caller goes when the queue lets go of him, and what the phones are told."""

import pytest

from sip.events import IncomingInvite
from switch.calls.ending import Reason, Result
from tests.switch.stage import NUMBER, Stage

SHORT = {"requires": "support >= 1", "max_wait": "5s", "wrap_up": "7s"}


def cancels(stage: Stage) -> list[bytes]:
    """The CANCELs that left."""
    return [data for data in stage.sent if data.startswith(b"CANCEL")]


@pytest.mark.parametrize("sections", [{"queues": {"support": {**SHORT, "overflow": "phone:1002"}}}])
async def test_a_phone_whose_caller_overflowed_is_told_that_he_is_elsewhere(stage: Stage) -> None:
    await stage.phone("1001")
    other = await stage.phone("1002")
    other.events.clear()
    session = await stage.carrier.dial(NUMBER)
    await stage.pass_by(5.2)
    (cancel,) = cancels(stage)
    assert b'Reason: SIP;cause=200;text="Call completed elsewhere"' in cancel
    await other.answer()
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.result, record.reason, record.queue) == (
        Result.OVERFLOWED,
        Reason.CALLER_HUNG_UP,
        "support",
    )


@pytest.mark.parametrize("sections", [{"queues": {"support": SHORT}}])
async def test_a_phone_whose_caller_was_sent_away_has_missed_him(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial(NUMBER)
    assert phone.all(IncomingInvite)
    await stage.pass_by(5.2)
    (cancel,) = cancels(stage)
    assert b"cause=200" not in cancel
    assert stage.history.calls[0].reason is Reason.MAX_WAIT


@pytest.mark.parametrize("sections", [{"queues": {"support": SHORT}}])
async def test_wrap_up_is_measured_though_the_call_is_booked_before_it_ends(stage: Stage) -> None:
    phone = await stage.phone()
    session = await stage.carrier.dial(NUMBER)
    await phone.answer()
    await stage.carrier.hang_up(session)
    await stage.pass_by(8)
    labels = {"queue": "support", "phase": "wrap_up"}
    metrics = stage.metrics()
    assert metrics.value("centralita_handle_seconds_count", **labels) == 1
    assert metrics.value("centralita_handle_seconds_sum", **labels) == pytest.approx(7, abs=0.1)
