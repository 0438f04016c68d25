"""Messages out of a byte stream: TCP has no datagrams (RFC 3261 section 18.3)."""

import re
from typing import Final

from sip.syntax.limits import MAX_MESSAGE_BYTES, exceeded
from sip.syntax.malformed import Fault, Malformed
from sip.syntax.message import content_length, salvage

_END: Final = b"\r\n\r\n"
_LENGTH = re.compile(
    rb"\r\n(?:content-length|l)[ \t]*+:[ \t]*+([^\r\n]*+(?:\r\n[ \t]++[^\r\n]*+)*+)", re.IGNORECASE
)


class Framer:
    """Cuts one connection's bytes into messages by their Content-Length.

    `pings` counts the double line ends that peers send to keep the connection open; each wants a single line
    end back (RFC 5626 section 4.4.1). `awaits_pong` is set after such a ping of ours: the next line end
    answers it and counts in `pongs`. `fault` is set once the stream cannot be understood any more: nothing
    behind that point can be trusted, so the connection must be closed.
    """

    __slots__ = (
        "_buffer", "_line_ends", "_needed", "_searched", "awaits_pong", "fault", "pings", "pongs",
    )  # fmt: skip

    def __init__(self) -> None:
        self.pings = 0
        self.pongs = 0
        self.awaits_pong = False
        self.fault: Malformed | None = None
        self._buffer = bytearray()
        self._line_ends = 0
        self._searched = 0  # how far the end of the headers has been looked for
        self._needed = 0  # length of the message whose headers are complete, 0 while they are not

    def feed(self, chunk: bytes) -> list[bytes]:
        """The messages that `chunk` completes.

        Raises Malformed at the fault; when whole messages come before it in the same chunk they are returned,
        `fault` is set and the next call raises.
        """
        if self.fault is not None:
            raise self.fault
        self._buffer += chunk
        messages = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except Malformed as fault:
            self.fault = fault
            self._buffer.clear()
            if not messages:
                raise
        return messages

    @property
    def is_within_message(self) -> bool:
        """Whether a message has begun that is not complete."""
        return bool(self._buffer)

    def _next(self) -> bytes | None:
        if not self._needed:
            self._skip_line_ends()
            self._needed = self._measure()
        if not self._needed or len(self._buffer) < self._needed:
            return None
        message = bytes(self._buffer[: self._needed])
        del self._buffer[: self._needed]
        self._needed = self._searched = 0
        return message

    def _skip_line_ends(self) -> None:
        """RFC 3261 7.5: line ends before a message are no part of it."""
        blank = 0
        while self._buffer.startswith(b"\r\n", blank):
            blank += 2
        if blank:
            del self._buffer[:blank]
            self._line_ends += blank // 2
            self._take_pong()
            self.pings += self._line_ends // 2
            self._line_ends %= 2
        if self._buffer and self._buffer != b"\r":
            self._line_ends = 0

    def _take_pong(self) -> None:
        if self.awaits_pong:
            self.awaits_pong = False
            self.pongs += 1
            self._line_ends -= 1

    def _measure(self) -> int:
        """The length of the message at the start of the buffer, 0 while its headers are not complete."""
        end = self._buffer.find(_END, max(0, self._searched - len(_END) + 1), MAX_MESSAGE_BYTES)
        self._searched = len(self._buffer)
        if end < 0:
            if len(self._buffer) >= MAX_MESSAGE_BYTES:
                raise self._fault(exceeded(Fault.MESSAGE_TOO_LARGE))
            return 0
        try:
            length = content_length(self._lengths(end))
        except Malformed as error:
            raise self._fault(error) from None
        if length is None:
            raise self._fault(Malformed(400, Fault.CONTENT_LENGTH_MISSING))
        if end + len(_END) + length > MAX_MESSAGE_BYTES:
            raise self._fault(exceeded(Fault.MESSAGE_TOO_LARGE))
        return end + len(_END) + length

    def _lengths(self, end: int) -> list[str]:
        values = _LENGTH.findall(self._buffer, 0, end)
        return [bytes(value).decode("utf-8", "surrogateescape").strip(" \t\r\n") for value in values]

    def _fault(self, error: Malformed) -> Malformed:
        return Malformed(error.status, error.fault, salvage(bytes(self._buffer)), error.where)
