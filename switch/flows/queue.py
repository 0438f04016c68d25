"""`go: queue:NAME`: wait with music for an agent, and go where the queue overflows to."""

import asyncio

from acd.commands import LeaveQueue
from switch.calls.flow import Call, Flow
from switch.calls.visits import REASONS, RESULTS
from switch.config.choices import Answer
from switch.config.queue import Queue
from switch.flows.closed import REASON, tell
from switch.identities.caller import Caller


def queue(
    name: str, settings: Queue, priority: int, caller: Caller, prefer: str = "", requires: str = ""
) -> Flow:
    """The flow of a call to the queue `name`, for which the agent `prefer` comes first, and which `requires`
    skills of its own.
    """

    async def wait_for_an_agent(call: Call) -> None:
        await _greet(call, settings)
        await _go(call, await call.queue(name, priority, prefer, requires), caller)

    return wait_for_an_agent


def queue_again(word: asyncio.Future[LeaveQueue]) -> Flow:
    """Of a caller who has lost an agent to whom another flow had led him."""

    async def wait_for_another(call: Call) -> None:
        await _go(call, await word, call.identity)

    return wait_for_another


async def _go(call: Call, left: LeaveQueue, caller: Caller) -> None:
    """Where the router sends him."""
    kind, _, target = left.target.partition(":")
    if kind == "phone":
        await call.dial_phone(target, caller, f"{left.queue} {caller.shown}")
    else:
        reason = REASONS[left.reason]
        if reason in REASON.values() and call.left_queue is not None:
            await tell(call, call.left_queue.closed_prompt)
        await call.hangup(RESULTS[left.result], reason)


async def _greet(call: Call, settings: Queue) -> None:
    match settings.answer:
        case Answer.AT_ONCE:
            await call.answer()
        case Answer.EARLY:
            await call.early()
        case Answer.ON_AGENT:
            await call.ring()
    if settings.answer is not Answer.ON_AGENT or call.caller.answered:
        await call.music(settings.music)
