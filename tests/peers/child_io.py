"""The child's end of child.py: reads what to do, answers, tells what happens."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.peers.child import LINE_LIMIT, Message

# SIP stacks print what they like: what they print joins the log, and the way to the parent is ours alone.
_to_parent = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)

Handler = Callable[[str, Message], Awaitable[Message]]


def tell(event: str, **facts: Any) -> None:
    _write({"event": event, "at": time.monotonic(), **facts})


def _write(message: Message) -> None:
    _to_parent.write(json.dumps(message) + "\n")


async def serve(handler: Handler) -> None:
    """Hands each order to `handler`, side by side, until the parent closes our input."""
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with asyncio.TaskGroup() as orders:
        tasks = []
        while line := await reader.readline():
            tasks.append(orders.create_task(_carry_out(handler, json.loads(line))))
        for task in tasks:
            task.cancel()


async def _carry_out(handler: Handler, order: Message) -> None:
    try:
        _write({"id": order["id"], "ok": await handler(order["do"], order)})
    except Exception as error:  # noqa: BLE001 - the parent raises it where the order was given
        _write({"id": order["id"], "error": f"{order['do']}: {type(error).__name__}: {error}"})
