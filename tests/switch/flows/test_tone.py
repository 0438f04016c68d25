"""`go: tone`: the milliwatt of the test lines, until the caller hangs up."""

from media.port import Tone
from tests.switch.stage import Stage


async def test_the_caller_hears_the_milliwatt(stage: Stage) -> None:
    session = await stage.carrier.dial("602")
    assert stage.carrier.status(session) == 200
    assert stage.port(stage.call.caller).source == Tone(hz=1004.0, level_dbm0=0.0)
    await stage.pass_by(3600)
    assert not stage.call.over
    await stage.carrier.hang_up(session)
    (record,) = stage.history.calls
    assert (record.result, record.reason) == ("completed", "caller_hung_up")
