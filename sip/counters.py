"""What the endpoint has counted since it began; the application renders it as metrics."""

from collections import Counter


class Counters:
    """Monotonic counts, read by the application and never reset.

    `messages`: (direction "in" or "out", method, status or 0 for a request, transport), retransmissions included.
    `retransmissions`: by method, of requests and responses that we sent again.
    `parse_errors`: (transport, reason). `strangers`: by transport.
    `unexpected`: (machine, state, input) pairs that no table row names: a fault of ours.
    """

    __slots__ = ("messages", "parse_errors", "retransmissions", "strangers", "unexpected")

    def __init__(self) -> None:
        self.messages: Counter[tuple[str, str, int, str]] = Counter()
        self.retransmissions: Counter[str] = Counter()
        self.parse_errors: Counter[tuple[str, str]] = Counter()
        self.strangers: Counter[str] = Counter()
        self.unexpected: Counter[tuple[str, str, str]] = Counter()
