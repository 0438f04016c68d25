"""The endpoint's shell: sockets, one timer in the loop, and nothing that decides."""

from collections.abc import Callable, Sequence

from sip.endpoint import Endpoint
from sip.events import Event
from sip.flow import Address, Flow, Transport

Listen = tuple[Transport, str, int]


class SipShell:
    """Drives one endpoint on the running loop.

    `on_event` is called for every event, in order; what it raises is logged and counted in `handler_errors`. When
    the application calls the endpoint outside of `on_event`, it calls `flush()` afterwards (or `wake()`, which
    flushes once at the end of this turn of the loop however often it is called).
    """

    handler_errors: int
    closed_connections: int

    def __init__(
        self,
        endpoint: Endpoint,
        listen: Sequence[Listen],
        on_event: Callable[[Event], None],
        *,
        max_connections: int = 4096,
        idle_s: float = 3600.0,
    ) -> None:
        raise NotImplementedError

    @property
    def addresses(self) -> list[tuple[Transport, Address]]:
        """What is bound, port 0 replaced by the real port."""
        raise NotImplementedError

    async def start(self) -> None:
        """Bind every socket of `listen`; raises OSError and leaves nothing open if one cannot be bound."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close all sockets, after a last flush."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write the endpoint's datagrams, deliver its events, set the timer."""
        raise NotImplementedError

    def wake(self) -> None:
        """Flush once at the end of this turn of the loop."""
        raise NotImplementedError

    def flow_to(self, host: str, port: int, transport: Transport = "udp") -> Flow:
        """The flow for a request to an address: an open TCP connection to it, or a new one. `host` is an address."""
        raise NotImplementedError

    def local_address_for(self, remote: str) -> str:
        """The address the kernel would send from to `remote`."""
        raise NotImplementedError
