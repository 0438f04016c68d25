"""Four queues: one whose calls are answered, one where they ring on, one that rejects, one with nobody."""

from contextlib import AsyncExitStack
from typing import Any

from tests.e2e.centre import AGENTS, SECRETS, centre
from tests.peers.phone import OnCall, Phones
from tests.peers.switch import Switch

QUEUES = {
    "answered": {"requires": "answers >= 1", "wrap_up": "0s"},
    "unanswered": {"requires": "rings >= 1", "on_no_answer": "retry", "ring_timeout": "500ms"},
    "rejected": {"requires": "rejects >= 1", "retry_busy": "500ms", "retry_reject": "500ms"},
    "empty": {"requires": "nobody >= 1", "max_wait": "500ms"},
}
NUMBERS = {queue: f"{n}00" for n, queue in enumerate(QUEUES, 1)}
SKILLS = {"ana": "answers", "luis": "rings", "marta": "rejects"}


def four_queues(**sections: Any) -> dict[str, Any]:
    """Sections for `Switch.running`: each queue with its number and its agent. On a busy machine nobody is
    asked to come later."""
    patient = {"t1": "100ms", "overload": {"loop_lag": 0}}
    found = centre(3, sip=patient, queues=QUEUES, **sections)
    for agent, skill in SKILLS.items():
        found["agents"][agent]["skills"] = {skill: 1}
    found["routes"] = [
        {"trunk": "carrier", "to": number, "go": f"queue:{queue}"} for queue, number in NUMBERS.items()
    ]
    return found


async def staffed(stack: AsyncExitStack, switch: Switch) -> None:
    """All agents are ready, at phones that do as their queues say."""
    phones = await stack.enter_async_context(Phones.running())
    behaviours: tuple[OnCall, ...] = ("answer", "ring", "reject")
    for user, behaviour in zip(SECRETS, behaviours, strict=True):
        phone = await phones.phone(user, SECRETS[user], switch.sip)
        await phone.register()
        await phone.behave(behaviour)
        await switch.agent_is(AGENTS[user], "ready")
