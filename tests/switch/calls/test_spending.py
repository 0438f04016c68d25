"""Calls to trunks and what they may cost, with the time that a test moves."""

import pytest

from sip.events import IncomingInvite
from switch.calls.ending import EndedBy, Reason, Result
from tests.switch.far_end import FarEnd, answering
from tests.switch.stage import CARRIER, PHONES, Stage

TOLL = {"minutes_a_day": 10, "calls_at_once": 1}


def limited(**toll: object) -> dict[str, object]:
    return {"phones": {name: {"secret": f"secret of {name}", "toll": toll} for name in PHONES}}


@pytest.mark.parametrize("sections", [limited(**TOLL)])
async def test_a_second_call_at_once_is_refused_and_booked(stage: Stage) -> None:
    phone = await stage.phone()
    first = await phone.dial("0600111222")
    second = await phone.dial("0600111222")
    assert phone.status(second) == 403
    await phone.hang_up(first)
    third = await phone.dial("0600111222")
    assert phone.status(third) != 403
    refused = next(call for call in stage.history.calls if call.result is Result.REJECTED)
    assert (refused.reason, refused.ended_by) == (Reason.TOLL_LIMIT, EndedBy.SWITCH)
    assert stage.metrics().value("centralita_toll_refusals_total", limit="calls_at_once") == 1


@pytest.mark.parametrize("sections", [limited(minutes_a_day=0, calls_an_hour=0, destinations="x")])
async def test_an_emergency_call_costs_nothing(stage: Stage) -> None:
    phone = await stage.phone()
    assert phone.status(await phone.dial("0600111222")) == 403
    assert phone.status(await phone.dial("112")) != 403


@pytest.mark.parametrize("sections", [limited(destinations="x")])
@pytest.mark.parametrize(("number", "status"), [("112", 200), ("900", 480)])
async def test_a_carrier_may_send_an_emergency_call_on_to_itself_but_to_no_other_number(
    stage: Stage, number: str, status: int
) -> None:
    phone = await stage.phone()

    def send_on(end: FarEnd, invite: IncomingInvite) -> None:
        end.behave = answering
        contact = f"<sip:{number}@{CARRIER[0]}>"
        end.endpoint.reject(invite.session, 302, stage.now(), headers=[("Contact", contact)])

    stage.carrier.behave = send_on
    assert phone.status(await phone.dial("112")) == status


@pytest.mark.parametrize("sections", [limited(minutes_a_day=0)])
async def test_calls_between_phones_and_from_carriers_are_free(stage: Stage) -> None:
    phone, other = await stage.phone("1001"), await stage.phone("1002")
    assert phone.status(await phone.dial("1002")) != 403
    assert stage.carrier.status(await stage.carrier.dial("600")) == 200
    assert other.address == PHONES["1002"]
    assert stage.carrier.address == CARRIER


ROUTES = [
    {"phone": "*", "to": "10??", "go": "phone"},
    {"phone": "*", "to": "0*", "strip": "1", "go": "trunk:out"},
]
OUT = {"proxy": f"sip:{CARRIER[0]}"}


def one_an_hour(**out: str) -> dict[str, object]:
    return {**limited(calls_an_hour=1), "trunks": {"out": {**OUT, **out}}, "routes": ROUTES}


@pytest.mark.parametrize("sections", [one_an_hour(max_calls="0")])
async def test_a_redirection_to_a_full_trunk_is_no_call_of_the_hour(stage: Stage) -> None:
    phone, other = await stage.phone("1001"), await stage.phone("1002")

    def send_on(end: FarEnd, invite: IncomingInvite) -> None:
        contact = "<sip:0600111222@pbx.example>"
        end.endpoint.reject(invite.session, 302, stage.now(), headers=[("Contact", contact)])

    other.behave = send_on
    assert phone.status(await phone.dial("1002")) == 480
    await stage.reload(**one_an_hour())
    assert phone.status(await phone.dial("1002")) is None, "it rings at the carrier"
    assert stage.carrier.invited.request.uri.startswith("sip:600111222@")
