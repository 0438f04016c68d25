"""Who else hears a call: its recording and its forks, both at the caller's port."""

import structlog

from media.port import Port
from switch.calls.ending import EndedBy
from switch.calls.forks import CallForks, ForkRefused
from switch.calls.ledger import Ledger
from switch.calls.recording import CallRecording
from switch.config.choices import RecordDigits
from switch.config.queue import Queue
from switch.exchange import Exchange


class Taps:
    """Of one call, from its first talk to its end, whoever its parties are."""

    def __init__(self, exchange: Exchange, ledger: Ledger, port: Port) -> None:
        self.recording: CallRecording | None = None
        self.forks: CallForks | None = None
        self._exchange = exchange
        self._ledger = ledger
        self.port = port
        """The caller's."""
        self.pauses = False
        """The recording begins paused: a crash of ours has cut one that was."""

    def fork(self, url: str, rate_hz: int, queue: Queue | None) -> str:
        """Let a speech service hear the call until its end, without its digits where the queue wants them
        masked; the fork's id. Raises ForkRefused.
        """
        digits = RecordDigits.MASKED if queue is None else queue.record_digits
        if self.forks is None:
            self.forks = CallForks(self._ledger.id, self.recording is not None and self.recording.paused)
        return self.forks.begin(self.port, url, rate_hz, self._exchange.config.media.fork_to, digits)

    def join(self, queue: Queue) -> bool:
        """Caller and party begin to hear each other, and the call is the queue's: keep what it wants kept.
        Whether a file begins with that.
        """
        begins = queue.record and self._record(queue)
        if queue.fork is not None and self.forks is None:
            try:
                self.fork(queue.fork, 8000, queue)
            except ForkRefused as error:
                structlog.get_logger("call").error("cannot fork", call=self._ledger.id, error=str(error))
        return begins

    def leave_out(self) -> None:
        """The caller talks to nobody: that is not in the file."""
        if self.recording is not None:
            self.recording.leave_out()

    def end(self) -> None:
        """The call is over."""
        if self.recording is not None:
            self.recording.stop()
        if self.forks is not None:
            self.forks.end()

    def _record(self, queue: Queue) -> bool:
        if self.recording is None:
            server = self._exchange.config.server
            alarms = self._exchange.alarms
            self.recording = CallRecording(server, self._ledger, queue.record_digits, alarms)
            if self.pauses:
                self.recording.pause(True, EndedBy.SWITCH)
        return self.recording.go_on(self.port)
