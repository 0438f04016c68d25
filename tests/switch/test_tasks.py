"""What runs beside the calls: it is over when its end has been asked for, and what it raises is logged."""

import asyncio

from structlog.testing import capture_logs

from switch.tasks import Tasks


async def test_the_end_waits_for_what_each_does_at_last() -> None:
    tasks, story = Tasks(asyncio.get_running_loop()), list[str]()

    async def work() -> None:
        story.append("works")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            story.append("has given back what it held")

    tasks.start(one=work())
    await asyncio.sleep(0)
    await tasks.end()
    assert story == ["works", "has given back what it held"]
    await tasks.end()


async def test_what_a_task_raises_is_logged_and_ends_no_other() -> None:
    tasks, goes_on = Tasks(asyncio.get_running_loop()), asyncio.Event()

    async def fail() -> None:
        raise ValueError("broken on purpose")

    async def work() -> None:
        await goes_on.wait()

    with capture_logs() as lines:
        tasks.start(one=work(), other=fail())
        await asyncio.sleep(0)
        goes_on.set()
        await tasks.end()
    (line,) = lines
    assert (line["event"], line["log_level"], line["task"]) == ("a task failed", "error", "other")
