"""A switch with a fault: SIGUSR1 makes its router forget which agents are free, as a bug would.

`python -m tests.operating.forgetful serve --config FILE`
"""

import signal
from contextlib import AsyncExitStack

from switch.cli import main
from switch.server import Server

_start = Server.start


async def _start_forgetful(server: Server, stack: AsyncExitStack) -> None:
    await _start(server, stack)
    exchange = server._exchange
    agents = exchange.dispatch.router._board.eligibility.agents
    exchange.loop.add_signal_handler(signal.SIGUSR1, agents.clear)


if __name__ == "__main__":
    Server.start = _start_forgetful  # type: ignore[method-assign,assignment]
    main()
