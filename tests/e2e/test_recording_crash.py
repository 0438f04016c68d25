"""A recording through kill -9: good until two seconds before it, and it goes on when the talk does."""

import hashlib
import time
from contextlib import AsyncExitStack
from datetime import datetime

from tests.e2e.centre import Tell, centre
from tests.e2e.test_first_call import channels
from tests.e2e.test_operations import talking
from tests.peers.audio import hears_only
from tests.peers.switch import Switch

MAY_BE_LOST_S = 2.0


async def test_kill_9_costs_a_recording_two_seconds_and_the_gap(tell_on_failure: Tell) -> None:
    async with AsyncExitStack() as stack:
        switch = await stack.enter_async_context(Switch.running(**centre(1)))
        tell_on_failure("switch", switch.story)
        call, answered = await talking(stack, switch)
        await answered.listen(4.0)
        (active,) = await switch.items("/api/v1/calls?state=active")
        part = switch.data_dir / active["recording"]["path"]
        assert part.name == f"{active['id']}.wav.part"
        began_s = datetime.fromisoformat(active["segments"][0]["from"]).timestamp()
        killed_s = time.time()
        await switch.kill()

        left, right = channels(part)
        assert len(left) / 8000 >= killed_s - began_s - MAY_BE_LOST_S
        assert hears_only(left[8000:], 440.0, [1000.0])
        assert hears_only(right[8000:], 1000.0, [440.0])

        with part.open("r+b") as torn:  # as if the power had gone, in the middle of a sample
            torn.write(bytes(44))
            torn.truncate(part.stat().st_size - 33)
        await switch.start()
        await call.listen(2.0)
        await call.hang_up()
        (record,) = await switch.ended_calls(1)
        assert (record["id"], record["reason"]) == (active["id"], "caller_hung_up")
        recording = record["recording"]
        assert switch.data_dir / recording["path"] == part
        assert [file.name for file in part.parent.iterdir()] == [part.name], "one file a call"
        assert recording["sha256"] == hashlib.sha256(part.read_bytes()).hexdigest()
        whole, other = channels(part)
        before = len(left) - 9
        assert (whole[:before] == left[:before]).all()
        assert hears_only(whole[before + 8000 :], 440.0, [1000.0])
        assert hears_only(other[before + 8000 :], 1000.0, [440.0])
        assert abs(recording["duration_s"] - len(whole) / 8000) < 0.001
        assert abs(recording["duration_s"] - record["talk_s"]) < MAY_BE_LOST_S
        answer = await switch.request("GET", f"/api/v1/recordings/{record['id']}")
        assert answer.content == part.read_bytes()


async def test_a_part_that_no_call_knows_is_mended_named_in_the_log_and_kept(tell_on_failure: Tell) -> None:
    async with Switch.running(**centre(1)) as switch:
        tell_on_failure("switch", switch.story)
        await switch.kill()
        today = datetime.now().strftime("%Y/%m/%d")
        part = switch.data_dir / "recordings" / today / "01ORPHAN.wav.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(bytes(44 + 32_000))
        await switch.start()

        async def log() -> str:
            return switch.log()

        await switch.until(log, lambda log: "01ORPHAN.wav.part" in log)
        assert len(channels(part)[0]) == 8000
