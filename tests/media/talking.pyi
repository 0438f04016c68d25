"""Says packets at their times, from the calling thread and without the GIL."""

def say(packets: list[tuple[int, int, bytes]], begin_in_ns: int) -> list[tuple[int, int]]:
    """Offset in ns, connected socket and octets of each, in order; when each was due, and when it was sent.

    Offsets count from so long after now. Moments are CLOCK_REALTIME. OSError: not all could be sent.
    """
