"""`go: echo`: answered at once, and the caller hears himself until he hangs up."""

from switch.calls.ending import EndedBy, Reason, Result
from tests.switch.stage import Stage


async def test_the_caller_hears_himself_until_he_hangs_up(stage: Stage) -> None:
    session = await stage.carrier.dial("600")
    assert stage.carrier.status(session) == 200
    assert stage.heard(stage.call.caller) == "echo"
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    ending = (record.result, record.reason, record.ended_by)
    assert ending == (Result.COMPLETED, Reason.CALLER_HUNG_UP, EndedBy.CALLER)
    await stage.pass_by(60)
    stage.assert_nothing_left()
