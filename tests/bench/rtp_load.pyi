"""A load of RTP, compiled: N legs that send G.711 every 20 ms, and count and time what comes back."""

from collections.abc import Sequence

class Load:
    """Legs on connected UDP sockets, sent and received by one thread without the GIL.

    Only packets of a measured `run` count, however late they come. Delays are from just before send() to the
    kernel's time stamp at the receiving socket; lags are how long after its time a packet was sent.
    """

    def __init__(self, fds: Sequence[int], payload_type: int = 8) -> None:
        """`fds` are connected, non-blocking sockets; they stay the caller's and must outlive the load."""

    @property
    def sent(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def send_errors(self) -> int: ...
    @property
    def foreign(self) -> int:
        """Packets that no load sent: music, RTCP on the wrong port, a stray."""

    def start(self) -> None:
        """Spread the legs evenly over the next 20 ms."""

    def run(self, seconds: float, measured: bool) -> None:
        """Send and receive for so long. OSError never: failed sends are counted."""

    def drain(self, seconds: float) -> None:
        """Only receive for so long."""

    def delay_ms(self, quantile: float) -> float:
        """One-way delay through the relay below which this part of the packets was, to 0.01 ms."""

    def lag_ms(self, quantile: float) -> float:
        """Lateness of our own sending below which this part of the packets was, to 0.01 ms."""

    def received_by_leg(self) -> list[int]:
        """How many measured packets came to each leg."""

def floor_us(sender: int, receiver: int, packets: int) -> float:
    """CPU microseconds to send a packet and receive it in a batch, on this thread. OSError if one is lost."""

def echo(fds: Sequence[int], seconds: float) -> None:
    """Relay between each two neighbouring sockets, barely: what the generator is tried on."""
