"""What the endpoint has counted since it began; the application renders it as metrics."""

from collections import Counter
from itertools import product
from typing import Final, get_args

from sip.flow import Transport
from sip.syntax.malformed import Fault

_METHODS: Final = frozenset({  # IANA registry of SIP methods
    "ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER",
    "REGISTER", "SUBSCRIBE", "UPDATE",
})  # fmt: skip


def method_label(method: str) -> str:
    """The method for a counter: a peer may invent any number of names, a counter holds a closed set."""
    return method if method in _METHODS else "other"


class Counters:
    """Monotonic counts, read by the application and never reset.

    `messages`: (direction "in" or "out", method, status or 0 for a request, transport), repetitions included.
    `retransmissions`: by method, of requests and responses that we sent again.
    `parse_errors`: (transport, fault), each there from the beginning.
    `strangers`, `banned`, `unread`: by transport, what got no answer.
    `unexpected`: (machine, state, input) pairs that no table row names: a fault of ours.
    """

    __slots__ = (
        "banned", "messages", "parse_errors", "retransmissions", "strangers", "unexpected", "unread",
    )  # fmt: skip

    def __init__(self) -> None:
        self.messages: Counter[tuple[str, str, int, str]] = Counter()
        self.retransmissions: Counter[str] = Counter()
        self.parse_errors: Counter[tuple[str, Fault]] = Counter(
            dict.fromkeys(product(get_args(Transport), Fault), 0)
        )
        self.strangers: Counter[str] = Counter()
        self.banned: Counter[str] = Counter()
        self.unread: Counter[str] = Counter()
        self.unexpected: Counter[tuple[str, str, str]] = Counter()
