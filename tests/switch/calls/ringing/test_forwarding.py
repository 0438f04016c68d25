"""Calls to a phone that wants them elsewhere, or not at all: who rings, by whose rights, and what is told."""

import pytest

from sip.events import IncomingInvite
from switch.calls.ending import Reason, Result
from switch.preferences import Preferences
from tests.switch.far_end import FarEnd, answering, refusing, silent
from tests.switch.stage import CARRIER, NUMBER, PHONES, Stage

THIRD = "1003"
ROUTES = [
    {"trunk": "carrier", "to": "+34911*", "go": "queue:support"},
    {"trunk": "carrier", "to": "8*", "strip": "1", "go": "phone"},
    {"phone": "*", "to": "112", "go": "trunk:carrier", "emergency": "yes"},
    {"phone": "*", "to": "10??", "go": "phone"},
    {"phone": "*", "to": "600", "go": "echo"},
    {"phone": "1001", "to": "0*", "strip": "1", "go": "trunk:carrier"},
]
CENTRE: dict[str, object] = {
    "phones": {name: {"secret": f"secret of {name}"} for name in (*PHONES, THIRD)},
    "routes": ROUTES,
}
TOLL: dict[str, object] = {
    **CENTRE,
    "phones": {
        "1001": {"secret": "secret of 1001", "toll": {"destinations": ["6*"]}},
        "1002": {"secret": "secret of 1002"},
    },
}


def telling(redirection: str) -> dict[str, object]:
    trunk = {
        "accept_from": [f"{CARRIER[0]}/32"],
        "proxy": f"sip:{CARRIER[0]}:5060",
        "options": "0",
        "caller_id": {"redirection": redirection},
    }
    return {**CENTRE, "trunks": {"carrier": trunk}}


@pytest.fixture
def sections() -> dict[str, object]:
    return CENTRE


@pytest.fixture
async def first(stage: Stage) -> FarEnd:
    return await stage.phone("1001")


@pytest.fixture
async def second(stage: Stage) -> FarEnd:
    return await stage.phone("1002")


def wants(stage: Stage, phone: str = "1001", **wanted: object) -> None:
    stage.running.set_preferences(phone, Preferences(**wanted))  # type: ignore[arg-type]


def invites(*ends: FarEnd) -> list[int]:
    """How often each was called."""
    return [len(end.all(IncomingInvite)) for end in ends]


def diversion(end: FarEnd) -> str:
    return end.invited.request.headers.get("Diversion") or ""


async def test_always(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, always="1002")
    second.behave = answering
    session = await stage.carrier.dial("81001")
    assert invites(first, second) == [0, 1]
    assert diversion(second) == "<sip:81001@pbx.example>;reason=unconditional;counter=1"
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert [leg.peer for leg in record.legs] == ["carrier", "1002"]
    await stage.pass_by(40)
    stage.assert_nothing_left()


async def test_from_phone_to_phone(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    third = await stage.phone(THIRD)
    wants(stage, "1002", always=THIRD)
    third.behave = answering
    await first.dial("1002")
    assert invites(second, third) == [0, 1]
    assert diversion(third).startswith("<sip:1002@pbx.example>;reason=unconditional")


@pytest.mark.parametrize("status", [486, 600, 603])
async def test_on_busy(stage: Stage, first: FarEnd, second: FarEnd, status: int) -> None:
    wants(stage, busy="1002", no_answer=THIRD)
    first.behave, second.behave = refusing(status), answering
    await stage.carrier.dial("81001")
    assert invites(first, second) == [1, 1]
    assert "reason=user-busy" in diversion(second)
    assert stage.call.party is not None
    assert stage.call.party.peer.name == "1002"


async def test_on_no_answer(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, no_answer="1002", no_answer_after=15)
    session = await stage.carrier.dial("81001")
    await stage.pass_by(14)
    assert invites(first, second) == [1, 0]
    second.behave = answering
    await stage.pass_by(2)
    assert invites(first, second) == [1, 1]
    assert "reason=no-answer" in diversion(second)
    assert any(data.startswith(b"CANCEL ") for data in first.received)
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.result, [leg.sip_status for leg in record.legs]) == (Result.COMPLETED, [200, 480, 200])
    await stage.pass_by(40)
    stage.assert_nothing_left()


async def test_who_answers_in_time_keeps_the_call(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, no_answer="1002", no_answer_after=15)
    await stage.carrier.dial("81001")
    await first.answer()
    await stage.pass_by(30)
    assert invites(first, second) == [1, 0]


async def test_who_hangs_up_in_time_calls_nobody_else(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, no_answer="1002", no_answer_after=15)
    session = await stage.carrier.dial("81001")
    await stage.carrier.hang_up(session)
    await stage.pass_by(40)
    assert invites(first, second) == [1, 0]
    stage.assert_nothing_left()


async def test_a_phone_that_is_not_there_does_not_answer(stage: Stage, second: FarEnd) -> None:
    wants(stage, no_answer="1002")
    await stage.carrier.dial("81001")
    assert invites(second) == [1]


async def test_a_phone_that_says_nothing_does_not_answer(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, no_answer="1002", no_answer_after=10)
    first.behave = silent
    await stage.carrier.dial("81001")
    await stage.pass_by(11)
    assert invites(second) == [1]


async def test_do_not_disturb_is_busy(stage: Stage, first: FarEnd) -> None:
    wants(stage, do_not_disturb=True)
    session = await stage.carrier.dial("81001")
    assert (stage.carrier.status(session), invites(first)) == (486, [0])
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.REJECTED, Reason.BUSY)


async def test_do_not_disturb_is_forwarded_as_busy(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, do_not_disturb=True, busy="1002")
    await stage.carrier.dial("81001")
    assert invites(first, second) == [0, 1]
    assert "reason=do-not-disturb" in diversion(second)


@pytest.mark.parametrize(
    ("sections", "header", "told"),
    [
        (telling("diversion"), "Diversion", "<sip:1001@pbx.example>;reason=unconditional;counter=1"),
        (
            telling("history-info"),
            "History-Info",
            "<sip:1001@pbx.example>;index=1, <sip:600111222@pbx.example;cause=302>;index=1.1;mp=1",
        ),
    ],
)
async def test_over_a_trunk_by_the_routes_of_the_phone(
    stage: Stage, first: FarEnd, second: FarEnd, header: str, told: str
) -> None:
    wants(stage, always="0600111222")
    stage.carrier.behave = answering
    await second.dial("1001")
    request = stage.carrier.invited.request
    assert request.target.user == "600111222", "though phone 1002 has no route there"
    assert request.headers.get(header) == told


@pytest.mark.parametrize("sections", [TOLL])
async def test_the_toll_is_that_of_the_phone_and_without_it_the_phone_rings(
    stage: Stage, first: FarEnd, second: FarEnd
) -> None:
    wants(stage, always="0+1900555")
    await second.dial("1001")
    assert (invites(first), invites(stage.carrier)) == ([1], [0])


async def test_what_goes_round_rings_at_the_last(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, "1001", always="1002")
    wants(stage, "1002", always="1001")
    await stage.carrier.dial("81001")
    assert invites(first, second) == [0, 1]


async def test_a_call_is_not_forwarded_to_its_caller(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, "1002", always="1001")
    await first.dial("1002")
    assert invites(first, second) == [0, 1]


async def test_two_who_do_not_answer_ring_once_each(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, "1001", no_answer="1002", no_answer_after=10)
    wants(stage, "1002", no_answer="1001", no_answer_after=10)
    await stage.carrier.dial("81001")
    await stage.pass_by(35)
    assert invites(first, second) == [1, 1]
    await second.answer()
    assert stage.call.party is not None
    assert stage.call.party.answered


async def test_too_often(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, always="1002")
    diverted = ", ".join(f"<sip:{number}@c.example>;reason=no-answer" for number in range(5))
    await stage.carrier.dial("81001", b"", ("Diversion", diverted))
    assert invites(first, second) == [1, 0]


async def test_what_leads_nowhere_any_more_rings(stage: Stage, first: FarEnd) -> None:
    wants(stage, always="0600111222")
    await stage.reload(**{**CENTRE, "routes": ROUTES[:2]})
    await stage.carrier.dial("81001")
    assert invites(first) == [1]


async def test_what_has_become_an_emergency_number_rings(stage: Stage, first: FarEnd) -> None:
    wants(stage, always="0622222222")
    urgent = {"phone": "*", "to": "0622222222", "go": "trunk:carrier", "emergency": "yes"}
    await stage.reload(**{**CENTRE, "routes": [urgent, *ROUTES]})
    await stage.carrier.dial("81001")
    assert invites(first, stage.carrier) == [1, 0]


async def test_calls_of_a_queue_are_not_forwarded(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    wants(stage, always=THIRD)
    await stage.carrier.dial(NUMBER)
    assert invites(first) == [1]


async def test_a_caller_comes_back_to_who_sent_him_on(stage: Stage, first: FarEnd, second: FarEnd) -> None:
    first.behave = answering
    await stage.carrier.dial("81001")
    wants(stage, do_not_disturb=True, always="1002")
    stage.running.transfer(stage.call.id, "1002")
    await stage.settle()
    await second.refuse(486)
    assert invites(first, second) == [2, 1]


async def test_those_who_help_reach_the_phone_that_called_them(stage: Stage, first: FarEnd) -> None:
    wants(stage, do_not_disturb=True, always="1002")
    stage.carrier.behave = answering
    await first.hang_up(await first.dial("112"))
    await stage.carrier.dial("81001")
    assert invites(first) == [1]
    assert stage.running.preferences("1001").do_not_disturb
    await stage.pass_by(3600)
    await stage.carrier.dial("81001")
    assert invites(first) == [1]
