"""A Python face of a tap, for tests."""

class Tape:
    """What a port receives in A-law, as a file or a fork has it. Times are nanoseconds."""

    def __init__(self, now_ns: int, *, as_file: bool = True, rate_hz: int = 8000) -> None:
        """Hear from now on: with the patience of a file, or of a fork; 8000 Hz or 16000."""
    def put(self, timestamp: int, payload: bytes, now_ns: int) -> None:
        """A packet arrived."""
    def tick(self, now_ns: int) -> bytes:
        """What left the window: 16-bit PCM of both sides in turn."""
    def end(self, now_ns: int) -> bytes:
        """All the rest."""
