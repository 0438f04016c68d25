"""Statuses, Q.850 causes and reasons, both ways (RFC 3398, RFC 3326)."""

import re

import pytest

from sip.events import IncomingInvite, SessionId
from switch.calls.causes import STATUS_OF, Farewell, completed_elsewhere, crossing, farewell, q850_of, refusal
from switch.calls.ending import Reason, Result
from tests.switch.far_end import FarEnd, answering
from tests.switch.stage import NUMBER, Stage


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        *((404, 1), (480, 18), (486, 17), (487, 16), (503, 41), (603, 21)),
        *((406, 79), (413, 127), (481, 41), (483, 25), (485, 1), (501, 79), (505, 127), (513, 127)),
        *((491, 31), (499, 31)),
    ],
)
def test_rfc3398_7_2_4_1_the_cause_of_a_status(status: int, cause: int) -> None:
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


@pytest.mark.parametrize(
    ("status", "crossed"),
    [
        *(
            (status, status)
            for status in (403, 404, 408, 410, 480, 482, 483, 484, 486, 488, 500, 502, 503, 504)
        ),
        *((status, status) for status in (600, 603, 604, 606, 607, 608)),
        (302, 480),
        (401, 403),
        (407, 403),
        (415, 488),
        (420, 500),
        (487, 480),
        (491, 500),
        (513, 500),
    ],
)
def test_a_refusal_crosses_for_what_it_says_of_the_callee(status: int, crossed: int) -> None:
    assert crossing(status) == crossed


@pytest.mark.parametrize(
    ("reason", "elsewhere"),
    [
        ('SIP;cause=200;text="Call completed elsewhere"', True),
        ("sip ; cause = 200", True),
        ("Q.850;cause=26, SIP;cause=200", True),
        ('SIP;text="Taken, by another";cause=200', True),
        ('SIP;text="a \\", SIP;cause=487";cause=200', True),
        ('Q.850;cause=16;text="x, SIP;cause=200"', False),
        ("SIP", False),
        ("SIP;cause=200;cause=487", False),
        ('SIP;cause=200;text="open', False),
        ("Q.850;cause=200", False),
        ('SIP;cause=487;text="cause=200"', False),
        ("SIP;cause=2000", False),
        ("", False),
    ],
)
def test_completed_elsewhere(reason: str, elsewhere: bool) -> None:
    assert completed_elsewhere(reason) is elsewhere


# Across a call


def reason_of(stage: Stage, end: FarEnd, method: str) -> str | None:
    """The Reason of the last request or response of that kind which came to an end."""
    wanted = [data.decode() for data in end.received if data.startswith(method.encode())]
    found = re.search(r"^Reason: (.*)\r$", wanted[-1], re.MULTILINE)
    return found[1] if found else None


async def part(stage: Stage, end: FarEnd, session: SessionId, reason: str) -> None:
    end.endpoint.hangup(session, stage.now(), headers=[("Reason", reason)] if reason else [])
    stage.moved(end)
    await stage.settle()


CAUSES = [
    ("Q.850;cause=31", "Q.850;cause=31"),
    ("", "Q.850;cause=16"),
    ("Preemption;cause=1", "Q.850;cause=16"),
]


@pytest.mark.parametrize(("said", "told"), CAUSES)
@pytest.mark.parametrize("by", ["caller", "callee"])
async def test_the_cause_of_a_bye_crosses(stage: Stage, by: str, said: str, told: str) -> None:
    phone = await stage.phone()
    phone.behave = answering
    session = await stage.carrier.dial("81001")
    if by == "caller":
        await part(stage, stage.carrier, session, said)
        assert reason_of(stage, phone, "BYE") == told
    else:
        await part(stage, phone, phone.invited.session, said)
        assert reason_of(stage, stage.carrier, "BYE") == told


@pytest.mark.parametrize(("said", "told"), [*CAUSES, ('SIP;cause=200;text="Call completed elsewhere"',) * 2])
@pytest.mark.parametrize("number", ["81001", NUMBER], ids=["direct", "queue"])
async def test_the_reason_of_a_cancel_crosses(stage: Stage, number: str, said: str, told: str) -> None:
    await stage.reload(queues={"support": {"answer": "on-agent", "requires": "support >= 1"}})
    phone = await stage.phone()
    session = await stage.carrier.dial(number)
    assert phone.invited
    await part(stage, stage.carrier, session, said)
    assert reason_of(stage, phone, "CANCEL") == told


@pytest.mark.parametrize(
    ("status", "said", "crossed", "told"),
    [
        (486, "", 486, "Q.850;cause=17"),
        (486, "Q.850;cause=34", 486, "Q.850;cause=34"),
        (404, "", 404, "Q.850;cause=1"),
        (603, "", 603, "Q.850;cause=21"),
        (503, "Q.850;cause=38", 503, "Q.850;cause=38"),
        (407, "", 403, "Q.850;cause=21"),
        (491, "", 500, "Q.850;cause=31"),
    ],
)
async def test_a_refusal_crosses_with_its_cause(
    stage: Stage, status: int, said: str, crossed: int, told: str
) -> None:
    def refuse(end: FarEnd, invite: IncomingInvite) -> None:
        headers = [("Reason", said)] if said else []
        end.endpoint.reject(invite.session, status, stage.now(), reason="Private Words", headers=headers)

    phone = await stage.phone()
    phone.behave = refuse
    session = await stage.carrier.dial("81001")
    assert stage.carrier.status(session) == crossed
    assert reason_of(stage, stage.carrier, f"SIP/2.0 {crossed}") == told
    assert b"Private Words" not in b"".join(stage.carrier.received)
