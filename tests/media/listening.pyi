"""A Python face of the decoded chain and the resampler, for tests."""

class Listener:
    """One port's ears. Times are nanoseconds."""

    def __init__(self, codec: str = "PCMA") -> None: ...
    def put(
        self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now_ns: int, *, noise: bool = False
    ) -> None:
        """A packet arrived."""
    def note(self, ssrc: int, sequence: int, timestamp: int) -> None:
        """One that is no audio did."""
    def tick(self, now_ns: int, rate_hz: int = 8000) -> bytes | None:
        """The frame of this tick, if there is one."""
    @property
    def waiting(self) -> int:
        """Samples that are decoded and not yet played."""
    @property
    def timestamp(self) -> int: ...
    @property
    def delay_ms(self) -> float: ...
    @property
    def wanted_ms(self) -> float: ...
    @property
    def late(self) -> int: ...
    @property
    def made_up_ms(self) -> float: ...
    @property
    def cut_ms(self) -> float: ...

def to_wide(pcm: bytes) -> bytes:
    """8 to 16 kHz, frame by frame."""

def to_narrow(pcm: bytes) -> bytes:
    """16 to 8 kHz, frame by frame."""
