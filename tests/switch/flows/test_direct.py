"""`go: phone` and `go: trunk:NAME`: ringing crosses as it is, and no number breaks what we write."""

import pytest

from media.events import Silent
from sip.events import IncomingInvite
from switch.calls.ending import Reason, Result
from tests.switch.far_end import FarEnd, answering, refusing
from tests.switch.stage import Stage


@pytest.mark.parametrize("status", [180, 181, 182, 183])
async def test_ringing_crosses_as_itself(stage: Stage, status: int) -> None:
    def rings(end: FarEnd, invite: IncomingInvite) -> None:
        end.endpoint.progress(invite.session, status, stage.now())

    phone = await stage.phone()
    phone.behave = rings
    await stage.carrier.dial("81001")
    assert f"SIP/2.0 {status} ".encode() in b"".join(stage.carrier.received)


async def test_early_media_for_a_caller_without_an_offer_is_ringing(stage: Stage) -> None:
    def early(end: FarEnd, invite: IncomingInvite) -> None:
        end.endpoint.progress(invite.session, 183, stage.now(), sdp=end.sdp)

    phone = await stage.phone()
    phone.behave = early
    await stage.carrier.dial("81001", None)
    assert b"SIP/2.0 180 " in b"".join(stage.carrier.received)


async def test_a_caller_with_a_strange_number_is_shown_escaped(stage: Stage) -> None:
    phone = await stage.phone()
    stage.carrier.name = "a%3E%22%20Via"
    await stage.carrier.dial("81001")
    assert phone.invited.request.from_.uri.user == 'a>" Via'


async def test_a_withheld_caller_is_anonymous_to_a_phone(stage: Stage) -> None:
    phone = await stage.phone()
    await stage.carrier.dial("81001", b"", ("Privacy", "id"))
    shown = phone.invited.request.from_
    assert (shown.display, shown.uri.user) == ("Anonymous", "anonymous")


@pytest.mark.parametrize(
    "sections", [{"agents": {"ana": {"phone": "1001", "name": "Ana Ruiz"}, "luis": {"phone": "1002"}}}]
)
async def test_a_phone_shows_who_sits_at_the_other(stage: Stage) -> None:
    ana, luis = await stage.phone("1001"), await stage.phone("1002")
    await ana.dial("1002", b"", ("P-Asserted-Identity", '"The King" <sip:1@h>'))
    assert luis.invited.request.from_.display == "Ana Ruiz"
    await luis.dial("1001")
    assert ana.invited.request.from_.display == "1002"


async def test_a_caller_whose_number_breaks_lines_has_none(stage: Stage) -> None:
    phone = await stage.phone()
    stage.carrier.name = "a%3E%0D%0AVia"
    await stage.carrier.dial("81001")
    assert phone.invited.request.from_.uri.user == "anonymous"
    assert len(phone.invited.request.vias) == 1


async def test_a_phone_that_is_lost_in_a_call_of_its_own_makes_its_agent_unreachable(stage: Stage) -> None:
    phone = await stage.phone()
    phone.behave = answering
    await stage.carrier.dial("81001")
    assert stage.agent() == "on_call"
    stage.lose = lambda data: data.startswith(b"OPTIONS")
    stage.tell(Silent(stage.port(stage.call.party), 20.0))
    await stage.pass_by(5)
    (record,) = stage.history.calls
    assert (record.result, record.reason) == (Result.COMPLETED, Reason.MEDIA_LOST)
    assert stage.agent() == "unreachable"
    stage.lose = lambda data: False
    await stage.pass_by(60)
    assert stage.agent() == "ready", "it answered a probe"


async def test_who_cancels_has_had_a_final_response(stage: Stage) -> None:
    await stage.phone()
    session = await stage.carrier.dial("81001")
    await stage.carrier.hang_up(session)
    assert stage.metrics().value("centralita_call_setup_seconds_count") == 1


async def test_a_trunk_where_nobody_is_there_is_down_until_it_is_tried_again(stage: Stage) -> None:
    phone = await stage.phone()
    assert stage.metrics().value("centralita_trunk_up", trunk="carrier") == 1
    stage.lose = lambda data: data.startswith(b"INVITE sip:600")
    await phone.dial("0600111222")
    await stage.pass_by(3.1)
    assert stage.metrics().value("centralita_trunk_up", trunk="carrier") == 0
    assert [row.up for row in stage.running.trunks()] == [False]
    await stage.pass_by(30)
    stage.lose = lambda data: False
    stage.carrier.behave = refusing(486)
    await phone.dial("0600111222")
    assert stage.metrics().value("centralita_trunk_up", trunk="carrier") == 1, "busy, but there"
