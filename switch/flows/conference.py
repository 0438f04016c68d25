"""`go: conference:NAME`: the caller talks to all who have called the same."""

from switch.calls.conferences import Conferences
from switch.calls.flow import Call, Flow


def conference(name: str, conferences: Conferences) -> Flow:
    """Answer, and be there until the caller hangs up."""

    async def confer(call: Call) -> None:
        await call.answer()
        await call.confer(conferences, name)

    return confer
