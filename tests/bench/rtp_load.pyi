"""A load of RTP, compiled: N legs that send 20 ms of audio at a time, and count and time what comes back."""

from collections.abc import Iterable, Sequence

from ext.srtp import ReceivingKey, SendingKey

class Load:
    """Legs on connected UDP sockets, sent and received by one thread without the GIL.

    Legs send packets that say when they left, in the guise of G.711, unless they are told what to `talk`.
    Only packets of a measured `run` count, however late they come, and delays are from just before send() to
    the kernel's time stamp at the receiving socket. Where the other end makes audio anew, packets that come
    during a measured run count, and a delay is how much more a packet lags behind its timestamp than the
    quickest of its stream. Lags are how long after its time a packet was sent.
    """

    def __init__(self, fds: Sequence[int], payload_type: int = 8, made_anew: bool = False) -> None:
        """`fds` are connected, non-blocking sockets; they stay the caller's and must outlive the load.

        Leg n has SSRC 0x10000000 + n.
        """

    def talk(self, legs: Iterable[int], payloads: Sequence[bytes], payload_type: int, rate_hz: int) -> None:
        """Let legs say these 20 ms each, over and over, not in step; for up to two kinds of legs."""

    def secure(self, leg: int, sending: SendingKey, receiving: ReceivingKey) -> None:
        """Let a leg speak SRTP."""

    @property
    def sent(self) -> int: ...
    @property
    def received(self) -> int: ...
    @property
    def lost(self) -> int:
        """Sent and not received; where audio is made anew, what numbers or the time show to be missing."""

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
        """Delay below which this part of the packets was, to 0.01 ms."""

    def lag_ms(self, quantile: float) -> float:
        """Lateness of our own sending below which this part of the packets was, to 0.01 ms."""

    def quickest_ms(self) -> list[float]:
        """Where audio is made anew: how far each leg's quickest packet since this was last asked lagged
        behind its timestamp, counted from the leg's first. As it changes, the two clocks run apart.
        """

    def received_by_leg(self) -> list[int]:
        """How many measured packets came to each leg."""

def relay(fds: Sequence[int], seconds: float) -> tuple[int, float]:
    """Relay between each two neighbouring connected sockets, in the smallest loop that can.

    Edge-triggered epoll, a batch from each socket, a send for each packet, a nap of 1.5 ms. How many packets,
    and the seconds of CPU on this thread.
    """
