"""Two shells on a loop of either kind, with an application that answers every call."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import uvloop

from sip.aio.shell import Listen, SipShell
from sip.aio.tls import TlsFiles
from sip.endpoint import Endpoint
from sip.events import Event, IncomingInvite, IncomingRequest, SessionId
from sip.flow import Flow
from tests.sip.wire import ANSWER, Open

_NUMBERS = count(1)


def on_each_loop(test: Callable[[], Awaitable[None]]) -> Callable[[str], None]:
    """Run a test function on uvloop and on asyncio's own loop; pytest gives `loop_kind`."""

    def run(loop_kind: str) -> None:
        factory: Any = uvloop.new_event_loop if loop_kind == "uvloop" else asyncio.new_event_loop
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(_within(test(), 20.0))

    run.__name__ = test.__name__
    run.__doc__ = test.__doc__
    return run


async def _within(work: Awaitable[None], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await work


class Phone:
    """A shell whose application keeps what it hears and answers what rings."""

    def __init__(self, *listen: Listen, tls: TlsFiles | None = None, **options: Any) -> None:
        self.heard: list[Event] = []
        self.closed: list[Flow] = []
        self.changed = asyncio.Event()
        self.endpoint = Endpoint(
            Open(),
            token=lambda: f"t{next(_NUMBERS)}",
            advertise=lambda flow: flow.local,
            t1=0.02,
            t4=0.05,
            **options,
        )
        self.shell = SipShell(self.endpoint, listen, self.on_event, tls=tls, on_closed=self.on_closed)

    def on_closed(self, flow: Flow) -> None:
        self.closed.append(flow)
        self.changed.set()

    def on_event(self, event: Event) -> None:
        self.heard.append(event)
        self.changed.set()
        now = time.monotonic()
        if isinstance(event, IncomingInvite):
            self.endpoint.accept(event.session, ANSWER, now)
        elif isinstance(event, IncomingRequest):
            self.endpoint.respond(event.transaction, 200, now)

    async def hears(self, kind: type[Event]) -> Any:
        """Wait for the first event of a kind."""
        while True:
            for event in self.heard:
                if isinstance(event, kind):
                    return event
            self.changed.clear()
            await self.changed.wait()

    async def loses_a_connection(self) -> None:
        """Wait until one has closed."""
        while not self.closed:
            self.changed.clear()
            await self.changed.wait()

    async def quiet(self) -> None:
        """Wait until nothing is alive, by the endpoint's own deadlines."""
        quiet = asyncio.get_running_loop().create_future()
        self._look(quiet)
        await quiet

    def _look(self, quiet: "asyncio.Future[None]") -> None:
        deadline = self.endpoint.deadline()
        if deadline is None:
            quiet.set_result(None)
        else:
            wait_s = max(0.001, deadline - time.monotonic())
            asyncio.get_running_loop().call_later(wait_s, self._look, quiet)

    def hangup(self, session: SessionId) -> None:
        self.endpoint.hangup(session, time.monotonic())
        self.shell.flush()

    def flow_to(self, other: "Phone", transport: Any, server_name: str | None = None) -> Flow:
        """The way to another phone."""
        (host, port) = next(address for kind, address in other.shell.addresses if kind == transport)
        return self.shell.flow_to(host, port, transport, server_name)

    async def __aenter__(self) -> "Phone":
        await self.shell.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.shell.close()
