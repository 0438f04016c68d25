"""Every socket on which a shell listens, and which of them talks to whom."""

import asyncio
from collections.abc import Awaitable, Callable

from sip.aio.listener import Admission, Listener
from sip.aio.sources import Sources
from sip.aio.tls import Tls
from sip.aio.udp import UdpPort
from sip.flow import Address, Flow, Transport
from sip.syntax.uri import host_port


class Ports:
    """Bound UDP sockets and listening TCP and TLS sockets."""

    def __init__(
        self,
        on_readable: Callable[[UdpPort], None],
        admission: Admission,
        tls: Callable[[], Awaitable[Tls]],
        sources: Sources,
    ) -> None:
        """`on_readable` is called when datagrams wait; `admission` takes up connections."""
        self._on_readable = on_readable
        self._admission = admission
        self._tls = tls
        self._sources = sources
        self._udp: list[UdpPort] = []
        self._listeners: list[Listener] = []

    @property
    def addresses(self) -> list[tuple[Transport, Address]]:
        """What is bound, port 0 replaced by the real port."""
        bound: list[tuple[Transport, Address]] = [("udp", port.address) for port in self._udp]
        return bound + [(each.transport, each.address) for each in self._listeners]

    @property
    def dropped(self) -> int:
        """Datagrams that the kernel had no room to send."""
        return sum(port.dropped for port in self._udp)

    @property
    def truncated(self) -> int:
        """Datagrams that came larger than any may be."""
        return sum(port.truncated for port in self._udp)

    def open(self, transport: Transport, host: str, port: int) -> None:
        """Bind and listen; an OSError names what cannot be."""
        try:
            if transport == "udp":
                bound = UdpPort(host, port)
                self._udp.append(bound)
                asyncio.get_running_loop().add_reader(bound.socket, self._on_readable, bound)
            else:
                listener = Listener(transport, host, port, self._admission, self._tls)
                self._listeners.append(listener)
                listener.start()
        except OSError as error:
            where = f"{transport}:{host_port(host, port)}"
            raise OSError(error.errno, f"{where}: {error.strerror}") from error

    def udp(self, flow: Flow) -> UdpPort | None:
        """The socket for a datagram: the one that the flow names, else one that fits."""
        for port in self._udp:
            if port.address == flow.local:
                return port
        local = self.local("udp", flow.remote[0])
        return next((port for port in self._udp if port.address == local), None)

    def local(self, transport: Transport, remote: str) -> Address | None:
        """Which of our addresses talks to `remote`; None where none can."""
        bound = [address for kind, address in self.addresses if kind == transport]
        return self._sources.fitting(bound, remote)

    def close(self) -> None:
        """Close all."""
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            listener.close()
        for port in self._udp:
            loop.remove_reader(port.socket)
            port.close()
        self._udp.clear()
        self._listeners.clear()
