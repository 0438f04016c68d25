"""`go: clock`: the time of day, spoken in the call's language."""

from collections.abc import Callable
from datetime import datetime

from media.spoken.sayings import PAUSE, Prompt, TimeOfDay
from switch.calls.flow import Call, Flow


def clock(now: Callable[[], datetime]) -> Flow:
    """Answer, say twice what time it is, and hang up."""

    async def say_the_time(call: Call) -> None:
        await call.answer()
        for _ in range(2):
            time = now()
            await call.say(Prompt(PAUSE), TimeOfDay(time.hour, time.minute))

    return say_the_time
