"""Statuses, Q.850 causes and reasons, both ways (RFC 3398, RFC 3326)."""

import pytest

from switch.calls.causes import STATUS_OF, Farewell, farewell, q850_of, refusal
from switch.calls.ending import Reason, Result


@pytest.mark.parametrize(
    ("status", "cause"), [(404, 1), (480, 18), (486, 17), (487, 16), (503, 41), (603, 21), (499, 31)]
)
def test_q850_of_a_status(status: int, cause: int) -> None:
    assert q850_of(status) == cause


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        (404, (Result.FAILED, Reason.NOT_FOUND)),
        (480, (Result.REJECTED, Reason.NO_ANSWER)),
        (486, (Result.REJECTED, Reason.BUSY)),
        (488, (Result.FAILED, Reason.NOT_ACCEPTABLE)),
        (408, (Result.FAILED, Reason.UNREACHABLE)),
        (500, (Result.FAILED, Reason.ERROR)),
        (603, (Result.REJECTED, Reason.DECLINED)),
    ],
)
def test_a_refusal_ends_the_call_for_its_own_reason(status: int, ending: tuple[Result, Reason]) -> None:
    assert refusal(status) == ending


def test_every_status_that_we_send_is_final() -> None:
    assert all(400 <= status < 700 for status in STATUS_OF.values())


def test_headers_of_a_farewell() -> None:
    assert Farewell(elsewhere=True).headers == [("Reason", 'SIP;cause=200;text="Call completed elsewhere"')]
    assert Farewell(q850=16).headers == [("Reason", "Q.850;cause=16")]
    assert Farewell(retry_after_s=5).headers == [("Retry-After", "5")]
    assert Farewell().headers == []


def test_a_call_that_went_well_is_cleared_normally() -> None:
    assert farewell(Reason.AGENT_HUNG_UP) == Farewell(status=480, q850=16)
    assert farewell(Reason.DRAINING) == Farewell(status=503, q850=41)
