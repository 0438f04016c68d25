"""The forks of a call: who else hears it while it happens."""

from collections.abc import Sequence
from itertools import count
from typing import Any, Final

import structlog

from media.aio.fork_stream import ForkStream
from media.port import Port
from switch.api.rows import ForkRow
from switch.config.choices import RecordDigits
from switch.config.forks import refusal

RATES_HZ: Final = (8000, 16000)
MOST: Final = 4
"""Of one call."""


class ForkRefused(ValueError):
    """Why nobody may hear the call there, in words."""


def fork_row(id: str, stream: ForkStream) -> ForkRow:
    """As the API shows it."""
    return ForkRow(
        id=id,
        url=stream.url,
        rate=stream.start["rate"],
        state=stream.state.value,
        frames_sent=stream.sent,
        frames_dropped=stream.dropped,
        error=stream.error,
    )


class CallForks:
    """Each taps the caller's port: left what the caller says, right what the caller hears, music included."""

    def __init__(self, call: str, paused: bool) -> None:
        self.streams: dict[str, ForkStream] = {}
        """Those that run, and those that have ended."""
        self._call = call
        self._ids = count(1)
        self._blank = paused

    def begin(self, port: Port, url: str, rate_hz: int, allowed: Sequence[str], digits: RecordDigits) -> str:
        """Let the service at `url` hear the call; the fork's id. Raises ForkRefused."""
        if (why := refusal(url, allowed)) is not None:
            raise ForkRefused(why)
        if sum(not stream.fork.ended for stream in self.streams.values()) >= MOST:
            raise ForkRefused(f"a call has {MOST} forks at most")
        fork, id = port.fork(rate_hz, masks_digits=digits is RecordDigits.MASKED), str(next(self._ids))
        if self._blank:
            fork.blank()
        self.streams[id] = ForkStream(fork, url, self._start(id, rate_hz))
        structlog.get_logger("call").info("fork begins", call=self._call, fork=id, url=url)
        return id

    def _start(self, id: str, rate_hz: int) -> dict[str, Any]:
        return {
            "call": self._call,
            "fork": id,
            "rate": rate_hz,
            "encoding": "pcm_s16le",
            "channels": ["caller", "agent"],
            "frame_ms": 20,
        }

    def pause(self, paused: bool) -> None:
        """What is not to be recorded is not to be heard either."""
        self._blank = paused
        for stream in self.streams.values():
            if paused:
                stream.fork.blank()
            else:
                stream.fork.resume()

    def end(self) -> None:
        """The call is over; the services are told."""
        for stream in self.streams.values():
            stream.stop()
