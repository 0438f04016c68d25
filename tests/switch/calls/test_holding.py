"""Hold by a program, in memory: who hears what, and what the books say."""

import pytest

from switch.api.backend import Refused
from switch.records import SegmentKind
from tests.switch.calls.test_flow import booked, talking
from tests.switch.far_end import answering, sdp
from tests.switch.referrer import Referrer
from tests.switch.stage import NUMBER, OURS, PHONES, SPARE_PHONE, Stage

DESKS = {"phones": {name: {"secret": f"secret of {name}"} for name in (*PHONES, SPARE_PHONE)}}


def heard(stage: Stage) -> tuple[str, str]:
    """By the caller, and by the phone."""
    call = stage.call
    caller, phone = (stage.heard(leg).split()[0] for leg in (call.caller, call.party))
    return caller, phone


async def test_the_caller_hears_music_and_the_phone_nothing(stage: Stage) -> None:
    session, _ = await talking(stage)
    call = stage.call.id
    await stage.pass_by(5)
    row = stage.running.hold(call, True)
    assert (row.phone, row.held) == ("1001", True)
    assert heard(stage) == ("music", "silence")
    assert stage.running.hold(call, True) == row, "again changes nothing"
    await stage.pass_by(20)
    assert not stage.running.hold(call, False).held
    assert heard(stage) == ("relay", "relay")
    await stage.pass_by(5)
    await stage.carrier.hang_up(session)
    record = await booked(stage, legs=2)
    assert record.talk_s == pytest.approx(10, abs=0.5)
    assert record.hold_s == pytest.approx(20, abs=0.5)
    kinds = [segment.kind for segment in record.segments]
    assert kinds == [SegmentKind.TALK, SegmentKind.HOLD, SegmentKind.TALK]


async def test_a_phone_that_holds_as_well_resumes_for_itself(stage: Stage) -> None:
    session, ana = await talking(stage)
    call, own = stage.call.id, ana.invited.session
    stage.running.hold(call, True)
    await ana.reinvite(own, sdp(PHONES["1001"][0], direction="sendonly", version=2))
    assert stage.running.hold(call, False).held, "the phone still holds"
    assert heard(stage)[0] == "music"
    with pytest.raises(Refused, match="phone '1001' holds by itself"):
        stage.running.hold(call, False)
    await ana.reinvite(own, sdp(PHONES["1001"][0], version=3))
    assert heard(stage) == ("relay", "relay")
    with pytest.raises(Refused, match="nobody is on hold"):
        stage.running.hold(call, False)
    await stage.carrier.hang_up(session)
    await booked(stage, legs=2)


async def test_a_caller_who_only_waits_cannot_be_held(stage: Stage) -> None:
    await stage.carrier.dial(NUMBER)
    with pytest.raises(Refused, match="is not connected"):
        stage.running.hold(stage.call.id, True)


async def test_a_held_caller_is_sent_on(stage: Stage) -> None:
    session, _ = await talking(stage)
    luis = await stage.phone("1002")
    luis.behave = answering
    stage.running.hold(stage.call.id, True)
    stage.running.transfer(stage.call.id, "1002")
    await stage.settle()
    assert heard(stage) == ("relay", "relay")
    await stage.carrier.hang_up(session)
    await booked(stage, legs=3)


@pytest.mark.parametrize("sections", [DESKS])
async def test_a_held_phone_that_is_sent_on_is_held_no_more(stage: Stage) -> None:
    for name in ("1002", SPARE_PHONE):
        (await stage.phone(name)).behave = answering
    ana = stage.add(Referrer(stage, "1001", PHONES["1001"], OURS, "secret of 1001"))
    assert await ana.register() == 200
    session = await ana.dial("1002")
    assert stage.running.hold(stage.call.id, True).phone == "1002"
    await ana.refer(session, SPARE_PHONE)
    assert heard(stage) == ("relay", "relay")
    with pytest.raises(Refused, match="nobody is on hold"):
        stage.running.hold(stage.call.id, False)
