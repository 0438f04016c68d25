"""One URL moves the history to PostgreSQL: a call is booked there, and read back after a restart."""

from tests.e2e.centre import Tell, centre
from tests.peers.postgresql import postgresql
from tests.peers.sipp import Sipp
from tests.peers.switch import Switch


async def test_a_call_is_booked_in_postgresql(tell_on_failure: Tell) -> None:
    with postgresql() as url:
        async with Switch.running(**centre(database={"url": url})) as switch:
            tell_on_failure("switch", switch.story)
            async with Sipp.running(
                "caller_hangs_up", target=switch.sip, number="600", talk_ms=300
            ) as caller:
                assert (await caller.finished()).failed == 0
            (record,) = await switch.ended_calls(1)
            await switch.kill()
            assert not (switch.data_dir / "centralita.db").exists()
            await switch.start()
            assert await switch.ended_calls(1) == [record]
