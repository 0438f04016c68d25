"""The peer's fault: a message that cannot be understood, with the status that says so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partial:
    """What could be read of a malformed message: enough to tell who sent it and to form an answer.

    `method` is None for a response and for a request whose start line cannot be read. Every other
    value is the raw text of the header, None when it is missing.
    """

    method: str | None
    vias: list[str]
    from_: str | None
    to: str | None
    call_id: str | None
    cseq: str | None


class Malformed(Exception):
    """A message from the network breaks a rule: never our fault, and never worth more than an answer.

    `status` is the response to send when the message is a request (400, 413, 505, 513; 416 for a URI scheme),
    `reason` its reason phrase, `partial` what could be read (None when nothing could).
    """

    def __init__(self, status: int, reason: str, partial: Partial | None = None) -> None:
        super().__init__(status, reason, partial)
        self.status = status
        self.reason = reason
        self.partial = partial

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"
