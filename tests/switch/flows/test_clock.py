"""`go: clock`: the time at `server.timezone`, twice, in the call's language."""

import pytest

from switch.calls.ending import EndedBy, Reason, Result
from tests.switch.stage import Stage

CLOCK = {"routes": [{"trunk": "carrier", "to": "603", "go": "clock"}]}
NINE = "en pause, en pause, en it-is, en number-9, en oclock, en in-the-morning"


@pytest.mark.parametrize("sections", [CLOCK])
async def test_the_caller_is_told_the_time_twice_and_the_call_ends(stage: Stage) -> None:
    session = await stage.carrier.dial("603")
    assert stage.carrier.status(session) == 200
    for _ in range(2):
        assert stage.heard(stage.call.caller) == NINE
        stage.played(stage.call.caller)
        await stage.settle()
    (record,) = stage.history.calls
    ending = (record.result, record.reason, record.ended_by)
    assert ending == (Result.COMPLETED, Reason.FLOW_ENDED, EndedBy.SWITCH)
    await stage.pass_by(60)
    stage.assert_nothing_left()
